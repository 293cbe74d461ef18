/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "hyperhv/core/Hv.h"
#include "hyperhv/core/Globals.h"
#include "platform/hosted/FakeCpu.h"
static BOOLEAN Log(UINT32 OperationCode, BOOLEAN I, BOOLEAN S, BOOLEAN P, const char *Fmt, va_list ArgList)
{
    (void)OperationCode; (void)I; (void)S; (void)P;
    vprintf(Fmt, ArgList); printf("\n");
    return TRUE;
}
static void Loads(void **State)
{
    VMM_CALLBACKS C = {.LogCallbackPrepareAndSendMessageToQueueWrapper = Log};
    CPUID_RESULT R;
    FAKE_REGISTERS Before;
    (void)State;
    HostedReset();
    HostedSetCpuCount(2);
    FakeCpuReset();
    Before = *FakeRegisters(0);
    if (!HvInitVmm(&C)) printf("complaint %s\n", FakeEntryComplaint(0));
    CpuCpuid(0x40000000, 0, &R);
    printf("%llx %llx\n", R.Eax, R.Ebx);
    HvUninitVmm();
    assert_int_equal(memcmp(&Before, FakeRegisters(0), sizeof Before), 0);
}
int main(void)
{
    const struct CMUnitTest Tests[] = {cmocka_unit_test(Loads)};
    return cmocka_run_group_tests(Tests, NULL, NULL);
}
