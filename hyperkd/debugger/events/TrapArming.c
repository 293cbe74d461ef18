// SPDX-License-Identifier: GPL-2.0-only
/*
 * TrapArming.c - external interrupts, SYSCALL and SYSRET, changes of mode: which settings make sense, and
 * what they ask of the VMM.
 *
 * Context: process.
 */
#include "hyperkd/debugger/events/TrapArming.h"

#include "SDK/imports/VmmImports.h"
#include "platform/PlatformCpu.h"

#define INTERRUPT_FIRST 0x20u /* below are the exceptions */
#define INTERRUPT_LAST  0xFFu
#define MODE_KERNEL     0u
#define MODE_USER       3u

/* What none of these types gives a meaning to. */
static BOOLEAN TrapHasMore(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return Options->OptionalParam2 != 0 || Options->OptionalParam3 != 0 || Options->OptionalParam4 != 0 ||
           (!Options->HasOptionalParam1 && Options->OptionalParam1 != 0);
}

/* A vector must be named: all interrupts would be too many. Those by which the kernel, and so we, reach other
 * cores cannot be dropped: nobody could say any more that they shall come again. */
UINT32 TrapValidateInterrupt(const DEBUGGER_EVENT_OPTIONS *Options)
{
    const UINT64 Vector = Options->OptionalParam1;

    if (TrapHasMore(Options) || !Options->HasOptionalParam1 || Vector < INTERRUPT_FIRST ||
        Vector > INTERRUPT_LAST) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Options->ShortCircuit && PlatformCpuIsCallVector((UINT32)Vector)) {
        return DEBUGGER_ERROR_SHORT_CIRCUIT_NOT_POSSIBLE;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

UINT32 TrapValidateSyscall(const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (!ConfigureHasEferSyscallHook()) {
        return DEBUGGER_ERROR_EVENT_TYPE_NOT_AVAILABLE;
    }
    if (TrapHasMore(Options) || Options->OptionalParam1 > 0xFFFFFFFF) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* After a SYSRET that was skipped the kernel would go on with the bytes behind it. */
UINT32 TrapValidateSysret(const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (Options->HasOptionalParam1) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Options->ShortCircuit) {
        return DEBUGGER_ERROR_SHORT_CIRCUIT_NOT_POSSIBLE;
    }
    return TrapValidateSyscall(Options);
}

/* Kept from entering the kernel, with interrupts off there, a core would never come back. */
UINT32 TrapValidateMode(const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (!ConfigureHasModeExecTrap()) {
        return DEBUGGER_ERROR_NO_MODE_BASED_EXECUTE;
    }
    if (Options->ProcessId == HYPERDBG_ALL_PROCESSES) {
        return DEBUGGER_ERROR_MODE_NEEDS_PROCESS;
    }
    if (TrapHasMore(Options) ||
        (Options->OptionalParam1 != MODE_KERNEL && Options->OptionalParam1 != MODE_USER)) {
        return DEBUGGER_ERROR_INVALID_REQUEST;
    }
    if (Options->ShortCircuit && !(Options->HasOptionalParam1 && Options->OptionalParam1 == MODE_USER)) {
        return DEBUGGER_ERROR_SHORT_CIRCUIT_NOT_POSSIBLE;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

UINT32 TrapArmMode(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    return ConfigureSetModeExecTrap(Options->CoreId, Options->ProcessId) ? DEBUGGER_OPERATION_WAS_SUCCESSFUL
                                                                         : DEBUGGER_ERROR_NO_SUCH_PROCESS;
}

VOID TrapDisarmMode(UINT64 Tag, const DEBUGGER_EVENT_OPTIONS *Options)
{
    (void)Tag;
    ConfigureUnsetModeExecTrap(Options->CoreId, Options->ProcessId);
}
