// SPDX-License-Identifier: GPL-2.0-only
/*
 * ExitControls.c - every kind of exit that can be turned on and off while the guest runs, and the VMCALLs
 * that do it on one core.
 *
 * Context: VMX root mode, but for what ExitControls.h says otherwise. The contract, sections 2
 * (VmmCallbackQueryTerminateProtectedResource) and 6.
 */
#include "hyperhv/core/ExitControls.h"

#include "SDK/VmcallNumbers.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/interface/Callback.h"

#define MSR_COUNT        (2 * HV_MSR_RANGE_LENGTH)
#define PORT_COUNT       0x10000u
#define VECTOR_COUNT     32u
#define REGISTER_BITS    64u
#define SAME(Number)     .VmcallOn = (Number), .VmcallOff = (Number)
#define PROTECTED(Which) .Protection = HV_PROTECTION_LAST, .Resource = (Which)

const HV_CONTROL_INFO g_HvControls[HV_CONTROL_COUNT] = {
    [HV_CONTROL_MSR_READ]           = {.Count = MSR_COUNT, SAME(VMCALL_CHANGE_MSR_BITMAP_READ)},
    [HV_CONTROL_MSR_WRITE]          = {.Count = MSR_COUNT, SAME(VMCALL_CHANGE_MSR_BITMAP_WRITE)},
    [HV_CONTROL_IO]                 = {.Count = PORT_COUNT, SAME(VMCALL_CHANGE_IO_BITMAP)},
    [HV_CONTROL_EXCEPTION]          = {.Count = VECTOR_COUNT,
                                       SAME(VMCALL_CHANGE_EXCEPTION_BITMAP),
                                       .Protection = HV_PROTECTION_EACH,
                                       .Resource   = PROTECTED_HV_RESOURCES_EXCEPTION_BITMAP},
    [HV_CONTROL_CR0_BITS]           = {.Count = REGISTER_BITS,
                                       SAME(VMCALL_CHANGE_CR0_MASK),
                                       PROTECTED(PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING),
                                       .ResourceContext = 0},
    [HV_CONTROL_CR4_BITS]           = {.Count = REGISTER_BITS,
                                       SAME(VMCALL_CHANGE_CR4_MASK),
                                       PROTECTED(PROTECTED_HV_RESOURCES_MOV_CONTROL_REGISTER_EXITING),
                                       .ResourceContext = 4},
    [HV_CONTROL_MOV_TO_CR3]         = {.Count = 1,
                                       SAME(VMCALL_CHANGE_MOV_TO_CR3_EXITING),
                                       PROTECTED(PROTECTED_HV_RESOURCES_MOV_TO_CR3_EXITING)},
    [HV_CONTROL_MOV_TO_CR8]         = {.Count = 1, SAME(VMCALL_CHANGE_MOV_TO_CR8_EXITING)},
    [HV_CONTROL_MOV_FROM_CR3]       = {.Count = 1, SAME(VMCALL_CHANGE_MOV_FROM_CR3_EXITING)},
    [HV_CONTROL_MOV_FROM_CR8]       = {.Count = 1, SAME(VMCALL_CHANGE_MOV_FROM_CR8_EXITING)},
    [HV_CONTROL_MOV_DR]             = {.Count = 1,
                                       SAME(VMCALL_CHANGE_MOV_DR_EXITING),
                                       PROTECTED(PROTECTED_HV_RESOURCES_MOV_TO_DEBUG_REGISTER_EXITING)},
    [HV_CONTROL_RDTSC]              = {.Count = 1,
                                       SAME(VMCALL_CHANGE_RDTSC_EXITING),
                                       PROTECTED(PROTECTED_HV_RESOURCES_RDTSC_RDTSCP_EXITING)},
    [HV_CONTROL_RDPMC]              = {.Count = 1, SAME(VMCALL_CHANGE_RDPMC_EXITING)},
    [HV_CONTROL_EXTERNAL_INTERRUPT] = {.Count = 1,
                                       SAME(VMCALL_CHANGE_EXTERNAL_INTERRUPT_EXITING),
                                       PROTECTED(PROTECTED_HV_RESOURCES_EXTERNAL_INTERRUPT_EXITING)},
    [HV_CONTROL_SYSCALL_HOOK]       = {.Count     = 1,
                                       .VmcallOn  = VMCALL_ENABLE_SYSCALL_HOOK_EFER,
                                       .VmcallOff = VMCALL_DISABLE_SYSCALL_HOOK_EFER},
    [HV_CONTROL_MODE_TRAP]          = {.Count = 1, SAME(VMCALL_CHANGE_MODE_EXEC_TRAP)},
};

BOOLEAN HvMsrIndex(UINT32 Msr, UINT32 *Index)
{
    if (Msr < HV_MSR_RANGE_LENGTH)
        *Index = Msr;
    else if (Msr - HV_MSR_HIGH_FIRST < HV_MSR_RANGE_LENGTH)
        *Index = HV_MSR_RANGE_LENGTH + (Msr - HV_MSR_HIGH_FIRST);
    else
        return FALSE;
    return TRUE;
}

static BOOLEAN IsOfMsrs(HV_CONTROL Control)
{
    return Control == HV_CONTROL_MSR_READ || Control == HV_CONTROL_MSR_WRITE;
}

UINT64 HvControlNumber(HV_CONTROL Control, UINT32 Index)
{
    if (!IsOfMsrs(Control) || Index < HV_MSR_RANGE_LENGTH)
        return Index;
    return HV_MSR_HIGH_FIRST + (Index - HV_MSR_RANGE_LENGTH);
}

/* --- VMCALL --- */

/* What a VMCALL asks for. */
typedef struct _CONTROL_CHANGE {
    HV_CONTROL Control;
    UINT32 First;
    UINT32 Count; /* 0: nothing to change */
    BOOLEAN On;
    BOOLEAN OthersStay;
} CONTROL_CHANGE;

static BOOLEAN FindControl(UINT64 Number, HV_CONTROL *Control)
{
    UINT32 Index;

    for (Index = 0; Index < HV_CONTROL_COUNT; Index++) {
        if (g_HvControls[Index].VmcallOn == Number || g_HvControls[Index].VmcallOff == Number) {
            *Control = (HV_CONTROL)Index;
            return TRUE;
        }
    }
    return FALSE;
}

/* FALSE: the parameters make no sense. An MSR outside the bitmap exits anyway: nothing to change. */
static BOOLEAN DecodeRange(CONTROL_CHANGE *Change, UINT64 First, UINT64 Further)
{
    UINT32 Limit = g_HvControls[Change->Control].Count;

    if (First > 0xFFFFFFFF || Further >= Limit)
        return FALSE;
    Change->First = (UINT32)First;
    if (IsOfMsrs(Change->Control) && !HvMsrIndex((UINT32)First, &Change->First))
        return Further == 0;
    if (Change->First >= Limit || Further >= Limit - Change->First)
        return FALSE;
    Change->Count = (UINT32)Further + 1;
    return TRUE;
}

/* A number of its own for on and for off has no parameters. */
static BOOLEAN DecodeChange(CONTROL_CHANGE *Change, UINT64 Number, UINT64 Param1, UINT64 Param2,
                            UINT64 Param3)
{
    const HV_CONTROL_INFO *Info = &g_HvControls[Change->Control];

    if (Info->VmcallOn != Info->VmcallOff) {
        Change->On    = Number == Info->VmcallOn;
        Change->Count = 1;
        return TRUE;
    }
    if (Param2 > VMCALL_CHANGE_ON &&
        (Param2 != VMCALL_CHANGE_OTHERS_STAY || Info->Protection != HV_PROTECTION_LAST))
        return FALSE;
    Change->On         = (Param2 & VMCALL_CHANGE_ON) != 0;
    Change->OthersStay = (Param2 & VMCALL_CHANGE_OTHERS_STAY) != 0;
    return DecodeRange(Change, Param1, Param3);
}

/* The user has the last word about turning off. Each index is one question, so that a refusal is about that
 * one. */
static BOOLEAN IsAllowed(const VIRTUAL_MACHINE_STATE *VCpu, const CONTROL_CHANGE *Change)
{
    const HV_CONTROL_INFO *Info = &g_HvControls[Change->Control];
    UINT32 Context;

    if (Change->On || Info->Protection == HV_PROTECTION_NONE)
        return TRUE;
    if (Info->Protection == HV_PROTECTION_LAST && Change->OthersStay)
        return TRUE;
    Context = Info->Protection == HV_PROTECTION_EACH ? Change->First : Info->ResourceContext;
    return VmmCallbackQueryTerminateProtectedResource(VCpu->CoreId, Info->Resource, (PVOID)(UINTPTR)Context,
                                                      PASSING_OVER_NONE);
}

static UINT64 CarryOut(VIRTUAL_MACHINE_STATE *VCpu, const CONTROL_CHANGE *Change)
{
    if (!Change->On && g_HvControls[Change->Control].Protection == HV_PROTECTION_EACH && Change->Count > 1)
        return VMCALL_STATUS_INVALID_PARAMETER;
    if (!g_Backend->HasControl(Change->Control))
        return VMCALL_STATUS_NOT_SUPPORTED;
    if (!IsAllowed(VCpu, Change))
        return VMCALL_STATUS_UNSUCCESSFUL;
    if (Change->Count != 0)
        g_Backend->ChangeControl(VCpu, Change->Control, Change->First, Change->Count, Change->On);
    return VMCALL_STATUS_SUCCESS;
}

BOOLEAN HvHandleControlVmcall(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Number, UINT64 Param1, UINT64 Param2,
                              UINT64 Param3, UINT64 *Result)
{
    CONTROL_CHANGE Change = {0};

    if (!FindControl(Number, &Change.Control))
        return FALSE;
    *Result = DecodeChange(&Change, Number, Param1, Param2, Param3) ? CarryOut(VCpu, &Change)
                                                                    : VMCALL_STATUS_INVALID_PARAMETER;
    return TRUE;
}
