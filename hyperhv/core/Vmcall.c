// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vmcall.c - calls from the guest into root mode: ours by number, all others as on a machine without us.
 *
 * Context: VMX root mode. The contract, section 6.
 */
#include "SDK/VmcallNumbers.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Broadcast.h"
#include "hyperhv/core/ExitControls.h"
#include "hyperhv/core/Instructions.h"
#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/interface/Callback.h"
#include "hyperhv/memory/MemoryRequest.h"

typedef UINT64 (*VMCALL_FUNCTION)(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2, UINT64 Param3);

static UINT64 VmcallTest(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    (VOID) VCpu;
    if (Param1 == VMCALL_TEST_PARAM1 && Param2 == VMCALL_TEST_PARAM2 && Param3 == VMCALL_TEST_PARAM3)
        return VMCALL_STATUS_SUCCESS;
    return VMCALL_STATUS_UNSUCCESSFUL;
}

/* The backend leaves VMX operation at the end of the exit. */
static UINT64 VmcallVmxoff(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    (VOID) Param1, (VOID)Param2, (VOID)Param3;
    VCpu->ExitEnd |= EXIT_END_LEAVE;
    return VMCALL_STATUS_SUCCESS;
}

/* Param1: a physical address. What is executed on its page follows from what is there, and from its hooks. */
static UINT64 VmcallChangePageAttrib(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    (VOID) VCpu, (VOID)Param2, (VOID)Param3;
    return HookPageRefreshAt(Param1) ? VMCALL_STATUS_SUCCESS : VMCALL_STATUS_INVALID_PARAMETER;
}

static UINT64 VmcallOthersLeave(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    (VOID) Param1, (VOID)Param2, (VOID)Param3;
    return g_Backend->Broadcast(VCpu, NMI_BROADCAST_ACTION_LEAVE, FALSE) ? VMCALL_STATUS_SUCCESS
                                                                         : VMCALL_STATUS_UNSUCCESSFUL;
}

static UINT64 VmcallInveptAllContexts(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2,
                                      UINT64 Param3)
{
    (VOID) Param1, (VOID)Param2, (VOID)Param3;
    g_Backend->ViewFlushAll(VCpu);
    return VMCALL_STATUS_SUCCESS;
}

static UINT64 VmcallInveptSingleContext(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2,
                                        UINT64 Param3)
{
    (VOID) Param1, (VOID)Param2, (VOID)Param3;
    g_Backend->ViewFlushThisCore(VCpu);
    return VMCALL_STATUS_SUCCESS;
}

static UINT64 VmcallAccessMemory(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    (VOID) Param2, (VOID)Param3;
    return MemoryRequestHandle(VCpu, Param1);
}

static UINT64 VmcallUpdateModeTrap(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    (VOID) Param1, (VOID)Param2, (VOID)Param3;
    g_Backend->UpdateModeTrap(VCpu);
    return VMCALL_STATUS_SUCCESS;
}

static const VMCALL_FUNCTION VmcallTable[VMCALL_LAST + 1] = {
    [VMCALL_TEST]                  = VmcallTest,
    [VMCALL_VMXOFF]                = VmcallVmxoff,
    [VMCALL_CHANGE_PAGE_ATTRIB]    = VmcallChangePageAttrib,
    [VMCALL_INVEPT_ALL_CONTEXTS]   = VmcallInveptAllContexts,
    [VMCALL_INVEPT_SINGLE_CONTEXT] = VmcallInveptSingleContext,
    [VMCALL_ACCESS_MEMORY]         = VmcallAccessMemory,
    [VMCALL_OTHERS_LEAVE]          = VmcallOthersLeave,
    [VMCALL_UPDATE_MODE_EXEC_TRAP] = VmcallUpdateModeTrap,
};

UINT64 HvHandleVmcall(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    UINT64 Result;

    if (Number < COUNT_OF(VmcallTable) && VmcallTable[Number] != NULL)
        return VmcallTable[Number](VCpu, Param1, Param2, Param3);
    if (HvHandleControlVmcall(VCpu, Number, Param1, Param2, Param3, &Result))
        return Result;
    if (VmmCallbackVmcallHandler(VCpu->CoreId, Number, Param1, Param2, Param3))
        return VMCALL_STATUS_SUCCESS;
    return VMCALL_STATUS_INVALID_PARAMETER;
}

VOID HvHandleForeignVmcall(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (CpuidIsHypervisorBelow())
        g_Backend->PassVmcallDown(VCpu);
    else
        g_Backend->InjectUndefinedOpcode(VCpu);
}
