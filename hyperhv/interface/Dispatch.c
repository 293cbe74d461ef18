// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatch.c - PRE event, the real thing, POST event (Dispatch.h tells the shape).
 *
 * Context: VMX root mode; nothing may sleep, lock or fault.
 */
#include "hyperhv/interface/Dispatch.h"

#include "hyperhv/core/Globals.h"
#include "hyperhv/core/Instructions.h"
#include "hyperhv/interface/Callback.h"

typedef VOID (*INSTRUCTION_EFFECT)(VIRTUAL_MACHINE_STATE *VCpu);

/* An armed event: out of line, so that an unarmed exit pays for one test only. */
static __attribute__((__noinline__)) VOID DispatchArmedEvent(VIRTUAL_MACHINE_STATE *VCpu,
                                                             VMM_EVENT_TYPE_ENUM EventType, UINT64 Context,
                                                             INSTRUCTION_EFFECT Effect)
{
    BOOLEAN PostEventRequired = FALSE;
    const GUEST_REGS *Regs    = VCpu->Regs;
    UINT64 Rsp = Regs->rsp, Rflags = Regs->rflags;
    VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE Status;

    Status = VmmCallbackTriggerEvents(EventType, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
                                      (PVOID)(UINTPTR)Context, &PostEventRequired, VCpu->Regs);

    if (Status != VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT)
        Effect(VCpu);

    if (PostEventRequired)
        VmmCallbackTriggerEvents(EventType, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION,
                                 (PVOID)(UINTPTR)Context, NULL, VCpu->Regs);

    if (UNLIKELY(Regs->rsp != Rsp || Regs->rflags != Rflags))
        VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
}

VOID DispatchEventCpuid(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!g_TriggerEventForCpuids)
        HvHandleCpuid(VCpu);
    else
        DispatchArmedEvent(VCpu, CPUID_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rax, HvHandleCpuid);
}

VOID DispatchEventRdmsr(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!g_TriggerEventForRdmsrs)
        HvHandleRdmsr(VCpu);
    else
        DispatchArmedEvent(VCpu, RDMSR_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleRdmsr);
}

VOID DispatchEventWrmsr(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!g_TriggerEventForWrmsrs)
        HvHandleWrmsr(VCpu);
    else
        DispatchArmedEvent(VCpu, WRMSR_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleWrmsr);
}

VOID DispatchEventXsetbv(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!g_TriggerEventForXsetbvs)
        HvHandleXsetbv(VCpu);
    else
        DispatchArmedEvent(VCpu, XSETBV_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleXsetbv);
}

VOID DispatchEventVmcall(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!g_TriggerEventForVmcalls)
        HvHandleForeignVmcall(VCpu);
    else
        DispatchArmedEvent(VCpu, VMCALL_INSTRUCTION_EXECUTION, VCpu->Regs->rax, HvHandleForeignVmcall);
}
