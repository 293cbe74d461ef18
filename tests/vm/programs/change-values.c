/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * change-values.c - what a user of hyperhv changes in an event is what the program gets: inputs in PRE,
 * outputs in POST, registers that the instruction has nothing to do with, flags, RIP; and nothing at all
 * after a short-circuit. (Ports, exceptions and system calls: change-traps.)
 *
 * The user is the module change-values; its head tells what it does to which leaf. Context: user space of the
 * guest, root.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/GuestInstructions.h"
#include "tests/vm/support/Tap.h"

#include <stdlib.h>
#include <string.h>

#define LEAF_INPUT   0xCA0000
#define LEAF_OUTPUT  0xCA0001
#define LEAF_NOTHING 0xCA0002
#define LEAF_OTHERS  0xCA0003
#define LEAF_VECTORS 0xCA0004
#define LEAF_RIP     0xCA0005

static BOOLEAN IsSame(const CPUID_REGISTERS *A, const CPUID_REGISTERS *B)
{
    return memcmp(A, B, sizeof(*A)) == 0;
}

static VOID TestInput(UINT32 Core)
{
    CPUID_REGISTERS Leaf0 = {0}, Changed = {.Rax = LEAF_INPUT, .Rcx = 7};

    ExecuteCpuid(&Leaf0);
    ExecuteCpuid(&Changed);
    TapIs(IsSame(&Leaf0, &Changed), "core %u: CPUID works on what PRE put into EAX and ECX", Core);
}

static VOID TestOutput(UINT32 Core)
{
    const CPUID_REGISTERS Expected = {0x1111222233334444, 0x5555666677778888, 0x99990000AAAABBBB,
                                      0xCCCCDDDDEEEEFFFF};
    CPUID_REGISTERS Got            = {.Rax = LEAF_OUTPUT};

    ExecuteCpuid(&Got);
    TapIs(IsSame(&Got, &Expected), "core %u: the program gets what POST put into the results, all 64 bits",
          Core);
}

static VOID TestNothing(UINT32 Core)
{
    const CPUID_REGISTERS Before = {0xAAAAAAAA00000000 | LEAF_NOTHING, 0xBBBB, 0xCCCC, 0xDDDD};
    CPUID_REGISTERS After        = Before;

    ExecuteCpuid(&After);
    TapIs(IsSame(&Before, &After),
          "core %u: a short-circuited CPUID changes no register, and the program goes on", Core);
}

static VOID TestOthers(UINT32 Core)
{
    UINT64 Rdi = 1, R15, Flags;

    __asm__ volatile("mov $2, %%r15\n clc\n cpuid\n pushfq\n pop %[flags]\n mov %%r15, %[r15]\n"
                     : "+D"(Rdi), [flags] "=&S"(Flags), [r15] "=&r"(R15)
                     : "a"(LEAF_OTHERS), "c"(0)
                     : "rbx", "rdx", "r15", "cc", "memory");
    TapIs(Rdi == 0x1234567890ABCDEF && R15 == 0xFEDCBA0987654321,
          "core %u: POST changes registers of no concern to CPUID", Core);
    TapIs(Flags & 1, "core %u: POST sets the carry flag", Core);
}

/* The module sums XMM0 to XMM5 up as they were in the program. */
static VOID TestVectors(UINT32 Core)
{
    UINT64 Words[6][2], Sum = 0, After[6][2], Rbx = 0;

    for (UINT32 Index = 0; Index < 12; Index++) {
        Words[Index / 2][Index % 2] = 0x0123456789ABCDEF * (Index + 1 + Core);
        Sum                         = Sum * 31 + Words[Index / 2][Index % 2];
    }
    __asm__ volatile("movups (%[in]), %%xmm0\n movups 16(%[in]), %%xmm1\n movups 32(%[in]), %%xmm2\n"
                     "movups 48(%[in]), %%xmm3\n movups 64(%[in]), %%xmm4\n movups 80(%[in]), %%xmm5\n"
                     "cpuid\n"
                     "movups %%xmm0, (%[out])\n movups %%xmm1, 16(%[out])\n movups %%xmm2, 32(%[out])\n"
                     "movups %%xmm3, 48(%[out])\n movups %%xmm4, 64(%[out])\n movups %%xmm5, 80(%[out])\n"
                     : "=b"(Rbx)
                     : [in] "S"(Words), [out] "D"(After), "a"(LEAF_VECTORS), "c"(0)
                     : "rdx", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5");
    TapIsNumber(Rbx, Sum, "core %u: a callback sees the program's XMM0 to XMM5", Core);
    TapIs(memcmp(Words, After, sizeof(Words)) == 0, "core %u: which are unharmed", Core);
}

/* The two bytes after CPUID are UD2. */
static VOID TestRip(UINT32 Core)
{
    UINT64 Reached = 0;

    __asm__ volatile("cpuid\n ud2\n mov $1, %0"
                     : "=S"(Reached)
                     : "a"(LEAF_RIP), "c"(0)
                     : "rbx", "rdx", "memory");
    TapIs(Reached == 1, "core %u: POST moves RIP, and nothing moves it further", Core);
}

static VOID TestMsr(UINT32 Core)
{
    const INT32 Device = MsrOpen(Core);
    UINT64 Value       = 0;

    TapIsNumber((UINT64)MsrWrite(Device, MSR_FREE, 0x00001234F0F0F0F0), 0,
                "core %u: WRMSR with another value in PRE", Core);
    MsrRead(Device, MSR_FREE, &Value);
    TapIsNumber(Value, 0x000012340F0F0F10,
                "core %u: the changed value is in the register, plus 1 by POST of RDMSR", Core);
    TapIsNumber((UINT64)MsrWrite(Device, MSR_FREE, 0), 0, "core %u: a short-circuited WRMSR", Core);
    MsrRead(Device, MSR_FREE, &Value);
    TapIsNumber(Value, 0x000012340F0F0F10, "core %u: leaves the register alone", Core);
}

static VOID TestGone(UINT32 Core)
{
    const INT32 Device    = MsrOpen(Core);
    CPUID_REGISTERS Again = {.Rax = LEAF_INPUT, .Rcx = 7}, Leaf0 = {0};
    UINT64 Value = 0;

    ExecuteCpuid(&Leaf0);
    ExecuteCpuid(&Again);
    TapIs(!IsSame(&Leaf0, &Again), "core %u: without the module CPUID is as it was", Core);
    MsrRead(Device, MSR_FREE, &Value);
    TapIsNumber(Value, 0x000012340F0F0F0F, "core %u: and RDMSR tells what is really there", Core);
    MsrWrite(Device, MSR_FREE, 0);
}

int main(void)
{
    static VOID (*const Tests[])(UINT32) = {TestInput,   TestOutput, TestNothing, TestOthers,
                                            TestVectors, TestRip,    TestMsr};
    const UINT32 CoreCount               = ClientCoreCount();

    ClientShell("modprobe msr allow_writes=on");
    ClientShell("insmod /root/hyperhv.ko");
    ClientShell("insmod /root/change-values.ko");
    for (UINT32 Core = 0; Core < CoreCount; Core++) {
        ClientPin(Core);
        for (UINT32 Index = 0; Index < COUNT_OF(Tests); Index++)
            Tests[Index](Core);
    }
    ClientShell("rmmod change-values");
    for (UINT32 Core = 0; Core < CoreCount; Core++) {
        ClientPin(Core);
        TestGone(Core);
    }
    ClientShell("rmmod hyperhv");
    return TapEnd();
}
