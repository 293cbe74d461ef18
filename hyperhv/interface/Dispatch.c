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

/* A user may change the copies of RSP and RFLAGS in Regs. */
typedef struct _REGS_BEFORE {
    UINT64 Rsp;
    UINT64 Rflags;
} REGS_BEFORE;

static inline REGS_BEFORE RegsBefore(const VIRTUAL_MACHINE_STATE *VCpu)
{
    return (REGS_BEFORE){VCpu->Regs->rsp, VCpu->Regs->rflags};
}

static inline VOID NoteChangedRegs(VIRTUAL_MACHINE_STATE *VCpu, REGS_BEFORE Before)
{
    if (UNLIKELY(VCpu->Regs->rsp != Before.Rsp || VCpu->Regs->rflags != Before.Rflags))
        VCpu->ExitEnd |= EXIT_END_WRITE_REGS;
}

/* An armed event: out of line, so that an unarmed exit pays for one test only. */
static __attribute__((__noinline__)) VOID DispatchArmedEvent(VIRTUAL_MACHINE_STATE *VCpu,
                                                             VMM_EVENT_TYPE_ENUM EventType, UINT64 Context,
                                                             INSTRUCTION_EFFECT Effect)
{
    BOOLEAN PostEventRequired = FALSE;
    REGS_BEFORE Before        = RegsBefore(VCpu);
    VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE Status;

    Status = VmmCallbackTriggerEvents(EventType, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
                                      (PVOID)(UINTPTR)Context, &PostEventRequired, VCpu->Regs);

    if (Status != VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT)
        Effect(VCpu);

    if (PostEventRequired)
        VmmCallbackTriggerEvents(EventType, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION,
                                 (PVOID)(UINTPTR)Context, NULL, VCpu->Regs);

    NoteChangedRegs(VCpu, Before);
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
    if (!g_TriggerEvents[RDMSR_INSTRUCTION_EXECUTION])
        HvHandleRdmsr(VCpu);
    else
        DispatchArmedEvent(VCpu, RDMSR_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleRdmsr);
}

VOID DispatchEventWrmsr(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!g_TriggerEvents[WRMSR_INSTRUCTION_EXECUTION])
        HvHandleWrmsr(VCpu);
    else
        DispatchArmedEvent(VCpu, WRMSR_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleWrmsr);
}

VOID DispatchEventXsetbv(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!g_TriggerEvents[XSETBV_INSTRUCTION_EXECUTION])
        HvHandleXsetbv(VCpu);
    else
        DispatchArmedEvent(VCpu, XSETBV_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleXsetbv);
}

VOID DispatchEventVmcall(VIRTUAL_MACHINE_STATE *VCpu)
{
    if (!g_TriggerEvents[VMCALL_INSTRUCTION_EXECUTION])
        HvHandleForeignVmcall(VCpu);
    else
        DispatchArmedEvent(VCpu, VMCALL_INSTRUCTION_EXECUTION, VCpu->Regs->rax, HvHandleForeignVmcall);
}

/* --- hidden hooks: no effect to carry out here, so the answer goes back to the hook --- */

/* PRE of an event whose effect the guest has itself. TRUE: it shall not have it. */
static BOOLEAN DispatchHookPre(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType, PVOID Context,
                               BOOLEAN *PostRequired)
{
    REGS_BEFORE Before = RegsBefore(VCpu);
    VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE Status;

    Status = VmmCallbackTriggerEvents(EventType, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION, Context,
                                      PostRequired, VCpu->Regs);
    NoteChangedRegs(VCpu, Before);
    return Status == VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT;
}

static VOID DispatchHookPost(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType, PVOID Context)
{
    REGS_BEFORE Before = RegsBefore(VCpu);

    VmmCallbackTriggerEvents(EventType, VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION, Context, NULL,
                             VCpu->Regs);
    NoteChangedRegs(VCpu, Before);
}

BOOLEAN DispatchEventHiddenHookExecCc(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual, BOOLEAN *PostRequired)
{
    return DispatchHookPre(VCpu, HIDDEN_HOOK_EXEC_CC, (PVOID)(UINTPTR)Virtual, PostRequired);
}

VOID DispatchEventHiddenHookExecCcPost(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual)
{
    DispatchHookPost(VCpu, HIDDEN_HOOK_EXEC_CC, (PVOID)(UINTPTR)Virtual);
}

#define DEFINE_MONITOR_DISPATCHERS(Access)                                                                   \
    BOOLEAN DispatchEventHiddenHookPageReadWriteExec##Access##PreEvent(                                      \
        VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType, EPT_HOOKS_CONTEXT *Context,              \
        BOOLEAN *PostRequired)                                                                               \
    {                                                                                                        \
        return DispatchHookPre(VCpu, EventType, Context, PostRequired);                                      \
    }                                                                                                        \
    VOID DispatchEventHiddenHookPageReadWriteExec##Access##PostEvent(                                        \
        VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType, EPT_HOOKS_CONTEXT *Context)              \
    {                                                                                                        \
        DispatchHookPost(VCpu, EventType, Context);                                                          \
    }

DEFINE_MONITOR_DISPATCHERS(Read)
DEFINE_MONITOR_DISPATCHERS(Write)
DEFINE_MONITOR_DISPATCHERS(Exec)
