// SPDX-License-Identifier: GPL-2.0-only
/*
 * LinuxModuleHyperhv.c - hyperhv.ko: what the VMM exports. Loading the module changes nothing; its users
 * start it.
 *
 * Context: process.
 */
#include <linux/module.h>

#include "SDK/imports/VmmGuestImports.h"
#include "SDK/imports/VmmImports.h"
#include "SDK/imports/VmmMemoryImports.h"

EXPORT_SYMBOL_GPL(VmFuncInitVmm);
EXPORT_SYMBOL_GPL(VmFuncUninitVmm);
EXPORT_SYMBOL_GPL(VmFuncGetBackendName);
EXPORT_SYMBOL_GPL(VmFuncVmxGetCurrentExecutionMode);
EXPORT_SYMBOL_GPL(VmFuncGetCoreCount);
EXPORT_SYMBOL_GPL(VmFuncGetExitCounts);
EXPORT_SYMBOL_GPL(VmFuncGetNmiCounts);
EXPORT_SYMBOL_GPL(VmFuncIsCoreRunning);
EXPORT_SYMBOL_GPL(VmFuncNmiBroadcastRequest);
EXPORT_SYMBOL_GPL(VmFuncNmiBroadcastInvalidateEptSingleContext);
EXPORT_SYMBOL_GPL(VmFuncNmiBroadcastInvalidateEptAllContexts);
EXPORT_SYMBOL_GPL(VmFuncGetCurrentCoreId);
EXPORT_SYMBOL_GPL(VmFuncGetLastVmexitRip);
EXPORT_SYMBOL_GPL(VmFuncGetRip);
EXPORT_SYMBOL_GPL(VmFuncSetRip);
EXPORT_SYMBOL_GPL(VmFuncPerformRipIncrement);
EXPORT_SYMBOL_GPL(VmFuncSuppressRipIncrement);
EXPORT_SYMBOL_GPL(VmFuncGetXmmRegs);
EXPORT_SYMBOL_GPL(VmFuncGetRegisterAccess);
EXPORT_SYMBOL_GPL(VmFuncSetTriggerEvent);
EXPORT_SYMBOL_GPL(VmFuncVmxVmcall);
EXPORT_SYMBOL_GPL(ConfigureEptHook);
EXPORT_SYMBOL_GPL(ConfigureEptUnHook);
EXPORT_SYMBOL_GPL(ConfigureEptHook2);
EXPORT_SYMBOL_GPL(ConfigureEptUnHook2);
EXPORT_SYMBOL_GPL(ConfigureEptHookMonitor);
EXPORT_SYMBOL_GPL(ConfigureEptUnHookMonitor);
EXPORT_SYMBOL_GPL(ConfigureQueryHookState);
EXPORT_SYMBOL_GPL(ConfigureQueryMonitorState);
EXPORT_SYMBOL_GPL(ConfigureSetMsrReadExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetMsrReadExiting);
EXPORT_SYMBOL_GPL(ConfigureSetMsrWriteExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetMsrWriteExiting);
EXPORT_SYMBOL_GPL(ConfigureSetIoExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetIoExiting);
EXPORT_SYMBOL_GPL(ConfigureSetExceptionBitmap);
EXPORT_SYMBOL_GPL(ConfigureUnsetExceptionBitmap);
EXPORT_SYMBOL_GPL(ConfigureSetRdtscExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetRdtscExiting);
EXPORT_SYMBOL_GPL(ConfigureSetRdpmcExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetRdpmcExiting);
EXPORT_SYMBOL_GPL(ConfigureSetMovDebugRegsExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetMovDebugRegsExiting);
EXPORT_SYMBOL_GPL(ConfigureSetMovToCrExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetMovToCrExiting);
EXPORT_SYMBOL_GPL(ConfigureSetMovToCr3Exiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetMovToCr3Exiting);
EXPORT_SYMBOL_GPL(ConfigureSetMovFromCrExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetMovFromCrExiting);
EXPORT_SYMBOL_GPL(ConfigureSetExternalInterruptExiting);
EXPORT_SYMBOL_GPL(ConfigureUnsetExternalInterruptExiting);
EXPORT_SYMBOL_GPL(ConfigureSetEferSyscallHook);
EXPORT_SYMBOL_GPL(ConfigureUnsetEferSyscallHook);
EXPORT_SYMBOL_GPL(ConfigureHasEferSyscallHook);
EXPORT_SYMBOL_GPL(ConfigureHasModeExecTrap);
EXPORT_SYMBOL_GPL(ConfigureSetModeExecTrap);
EXPORT_SYMBOL_GPL(ConfigureUnsetModeExecTrap);

EXPORT_SYMBOL_GPL(LayoutGetCurrentProcessCr3);
EXPORT_SYMBOL_GPL(LayoutGetCr3ByProcessId);
EXPORT_SYMBOL_GPL(LayoutGetKernelCr3);
EXPORT_SYMBOL_GPL(VirtualAddressToPhysicalAddress);
EXPORT_SYMBOL_GPL(VirtualAddressToPhysicalAddressByProcessCr3);
EXPORT_SYMBOL_GPL(VirtualAddressToPhysicalAddressByProcessId);
EXPORT_SYMBOL_GPL(PhysicalAddressToVirtualAddress);
EXPORT_SYMBOL_GPL(MemoryMapperReadMemorySafe);
EXPORT_SYMBOL_GPL(MemoryMapperWriteMemorySafe);
EXPORT_SYMBOL_GPL(MemoryMapperReadMemorySafeByProcessCr3);
EXPORT_SYMBOL_GPL(MemoryMapperWriteMemorySafeByProcessCr3);
EXPORT_SYMBOL_GPL(MemoryMapperReadMemorySafeByPhysicalAddress);
EXPORT_SYMBOL_GPL(MemoryMapperWriteMemorySafeByPhysicalAddress);
EXPORT_SYMBOL_GPL(MemoryMapperReadMemorySafeOnTargetProcess);
EXPORT_SYMBOL_GPL(MemoryMapperWriteMemorySafeOnTargetProcess);
EXPORT_SYMBOL_GPL(CheckAccessValidityAndSafety);
EXPORT_SYMBOL_GPL(CheckAddressPhysical);
EXPORT_SYMBOL_GPL(CheckAddressMaximumInstructionLength);
EXPORT_SYMBOL_GPL(DisassemblerLengthDisassembleEngine);
EXPORT_SYMBOL_GPL(VmFuncVmxCompatibleStrlen);
EXPORT_SYMBOL_GPL(VmFuncVmxCompatibleWcslen);
EXPORT_SYMBOL_GPL(VmFuncVmxCompatibleStrcmp);
EXPORT_SYMBOL_GPL(VmFuncVmxCompatibleStrncmp);
EXPORT_SYMBOL_GPL(VmFuncVmxCompatibleWcscmp);
EXPORT_SYMBOL_GPL(VmFuncVmxCompatibleWcsncmp);
EXPORT_SYMBOL_GPL(VmFuncVmxCompatibleMemcmp);

EXPORT_SYMBOL_GPL(VmFuncGetGuestRegs);
EXPORT_SYMBOL_GPL(VmFuncSetGuestRegs);
EXPORT_SYMBOL_GPL(GetGuestRSP);
EXPORT_SYMBOL_GPL(SetGuestRSP);
EXPORT_SYMBOL_GPL(VmFuncGetRflags);
EXPORT_SYMBOL_GPL(VmFuncSetRflags);
EXPORT_SYMBOL_GPL(VmFuncSetXmmRegs);
EXPORT_SYMBOL_GPL(GetGuestCr0);
EXPORT_SYMBOL_GPL(SetGuestCr0);
EXPORT_SYMBOL_GPL(GetGuestCr2);
EXPORT_SYMBOL_GPL(SetGuestCr2);
EXPORT_SYMBOL_GPL(GetGuestCr3);
EXPORT_SYMBOL_GPL(SetGuestCr3);
EXPORT_SYMBOL_GPL(GetGuestCr4);
EXPORT_SYMBOL_GPL(SetGuestCr4);
EXPORT_SYMBOL_GPL(GetGuestCr8);
EXPORT_SYMBOL_GPL(SetGuestCr8);
EXPORT_SYMBOL_GPL(GetGuestDr0);
EXPORT_SYMBOL_GPL(SetGuestDr0);
EXPORT_SYMBOL_GPL(GetGuestDr1);
EXPORT_SYMBOL_GPL(SetGuestDr1);
EXPORT_SYMBOL_GPL(GetGuestDr2);
EXPORT_SYMBOL_GPL(SetGuestDr2);
EXPORT_SYMBOL_GPL(GetGuestDr3);
EXPORT_SYMBOL_GPL(SetGuestDr3);
EXPORT_SYMBOL_GPL(GetGuestDr6);
EXPORT_SYMBOL_GPL(SetGuestDr6);
EXPORT_SYMBOL_GPL(GetGuestDr7);
EXPORT_SYMBOL_GPL(SetGuestDr7);
EXPORT_SYMBOL_GPL(GetGuestEfer);
EXPORT_SYMBOL_GPL(SetGuestEfer);
EXPORT_SYMBOL_GPL(GetGuestCs);
EXPORT_SYMBOL_GPL(SetGuestCs);
EXPORT_SYMBOL_GPL(GetGuestSs);
EXPORT_SYMBOL_GPL(SetGuestSs);
EXPORT_SYMBOL_GPL(GetGuestDs);
EXPORT_SYMBOL_GPL(SetGuestDs);
EXPORT_SYMBOL_GPL(GetGuestEs);
EXPORT_SYMBOL_GPL(SetGuestEs);
EXPORT_SYMBOL_GPL(GetGuestFs);
EXPORT_SYMBOL_GPL(SetGuestFs);
EXPORT_SYMBOL_GPL(GetGuestGs);
EXPORT_SYMBOL_GPL(SetGuestGs);
EXPORT_SYMBOL_GPL(GetGuestLdtr);
EXPORT_SYMBOL_GPL(SetGuestLdtr);
EXPORT_SYMBOL_GPL(GetGuestTr);
EXPORT_SYMBOL_GPL(SetGuestTr);
EXPORT_SYMBOL_GPL(GetGuestGdtr);
EXPORT_SYMBOL_GPL(SetGuestGdtr);
EXPORT_SYMBOL_GPL(GetGuestIdtr);
EXPORT_SYMBOL_GPL(SetGuestIdtr);
EXPORT_SYMBOL_GPL(VmFuncRegisterBreakOnMtf);
EXPORT_SYMBOL_GPL(VmFuncSetMonitorTrapFlag);
EXPORT_SYMBOL_GPL(VmFuncChangeIgnoreOneMtfState);
EXPORT_SYMBOL_GPL(VmFuncSetRflagTrapFlag);
EXPORT_SYMBOL_GPL(VmFuncGetInterruptibilityState);
EXPORT_SYMBOL_GPL(VmFuncSetInterruptibilityState);
EXPORT_SYMBOL_GPL(VmFuncEventInjectBreakpoint);
EXPORT_SYMBOL_GPL(VmFuncEventInjectPageFaultWithCr2);
EXPORT_SYMBOL_GPL(VmFuncEventInjectInterruption);
EXPORT_SYMBOL_GPL(VmFuncEventInjectNmi);
EXPORT_SYMBOL_GPL(VmFuncInvalidateEptSingleContext);
EXPORT_SYMBOL_GPL(VmFuncInvalidateEptAllContexts);

/* A user that is unloaded has stopped the VMM; one that died with it running is caught here. */
static void __exit HyperhvExit(void)
{
    VmFuncUninitVmm();
}

static int __init HyperhvInit(void)
{
    return 0;
}

module_init(HyperhvInit);
module_exit(HyperhvExit);

MODULE_DESCRIPTION("VMM that slides under the running kernel and reports to its user through callbacks");
MODULE_LICENSE("GPL");
