// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatch.c - PRE event, the real thing, POST event (Dispatch.h tells the shape).
 *
 * Context: VMX root mode; nothing may sleep, lock or fault.
 */
#include "hyperhv/interface/Dispatch.h"

#include "hyperhv/core/Backend.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/Instructions.h"
#include "hyperhv/interface/Callback.h"
#include "platform/PlatformProcess.h"

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

/* The shape of all that follow. */
static inline VOID DispatchEvent(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType, UINT64 Context,
                                 INSTRUCTION_EFFECT Effect)
{
    if (LIKELY(!g_TriggerEvents[EventType]))
        Effect(VCpu);
    else
        DispatchArmedEvent(VCpu, EventType, Context, Effect);
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
    DispatchEvent(VCpu, RDMSR_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleRdmsr);
}

VOID DispatchEventWrmsr(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchEvent(VCpu, WRMSR_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleWrmsr);
}

VOID DispatchEventXsetbv(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchEvent(VCpu, XSETBV_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleXsetbv);
}

VOID DispatchEventVmcall(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchEvent(VCpu, VMCALL_INSTRUCTION_EXECUTION, VCpu->Regs->rax, HvHandleForeignVmcall);
}

VOID DispatchEventTsc(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN IsRdtscp)
{
    DispatchEvent(VCpu, TSC_INSTRUCTION_EXECUTION, IsRdtscp, IsRdtscp ? HvHandleRdtscp : HvHandleRdtsc);
}

VOID DispatchEventPmc(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchEvent(VCpu, PMC_INSTRUCTION_EXECUTION, (UINT32)VCpu->Regs->rcx, HvHandleRdpmc);
}

VOID DispatchEventMovToFromControlRegisters(VIRTUAL_MACHINE_STATE *VCpu, INSTRUCTION_EFFECT Effect)
{
    const VMM_REGISTER_ACCESS *Access = &VCpu->RegisterAccess;

    if (!Access->IsWrite)
        DispatchEvent(VCpu, CONTROL_REGISTER_READ, Access->Register, Effect);
    else if (Access->Register == 3)
        DispatchEvent(VCpu, CONTROL_REGISTER_3_MODIFIED, Access->After, Effect);
    else
        DispatchEvent(VCpu, CONTROL_REGISTER_MODIFIED, Access->Register, Effect);
}

VOID DispatchEventMov2DebugRegs(VIRTUAL_MACHINE_STATE *VCpu, INSTRUCTION_EFFECT Effect)
{
    DispatchEvent(VCpu, DEBUG_REGISTERS_ACCESSED, VCpu->RegisterAccess.Register, Effect);
}

/* --- the two stages alone: the effect happens elsewhere --- */

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

/* --- IN and OUT --- */

static VMM_EVENT_TYPE_ENUM IoEventType(const VIRTUAL_MACHINE_STATE *VCpu)
{
    return VCpu->Io.IsIn ? IN_INSTRUCTION_EXECUTION : OUT_INSTRUCTION_EXECUTION;
}

/* The guest carries out a string form itself, after this exit; so POST comes with another one. */
static VOID DispatchArmedStringIo(VIRTUAL_MACHINE_STATE *VCpu)
{
    BOOLEAN PostRequired = FALSE;

    if (DispatchHookPre(VCpu, IoEventType(VCpu), (PVOID)(UINTPTR)VCpu->Io.Port, &PostRequired)) {
        if (PostRequired)
            DispatchEventIoPost(VCpu);
        return;
    }
    VCpu->Io.PostRequired = PostRequired;
    HvHandleIo(VCpu);
}

VOID DispatchEventIO(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->Io.PostRequired = FALSE;
    if (!g_TriggerEvents[IoEventType(VCpu)])
        HvHandleIo(VCpu);
    else if (VCpu->Io.IsString)
        DispatchArmedStringIo(VCpu);
    else
        DispatchArmedEvent(VCpu, IoEventType(VCpu), VCpu->Io.Port, HvHandleIo);
}

VOID DispatchEventIoPost(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchHookPost(VCpu, IoEventType(VCpu), (PVOID)(UINTPTR)VCpu->Io.Port);
}

/* --- events that are delivered or dropped --- */

/* POST comes when the event stands ready for the entry: the guest has executed nothing of its handler. */
static VOID DispatchDelivery(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType,
                             INSTRUCTION_EFFECT Deliver, INSTRUCTION_EFFECT Drop)
{
    BOOLEAN PostRequired = FALSE;
    PVOID Vector         = (PVOID)(UINTPTR)VCpu->ExitVector;

    if (!g_TriggerEvents[EventType]) {
        Deliver(VCpu);
        return;
    }
    if (DispatchHookPre(VCpu, EventType, Vector, &PostRequired))
        Drop(VCpu);
    else
        Deliver(VCpu);
    if (PostRequired)
        DispatchHookPost(VCpu, EventType, Vector);
}

VOID DispatchEventException(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchDelivery(VCpu, EXCEPTION_OCCURRED, g_Backend->DeliverException, g_Backend->DropException);
}

/* Whoever tracks switches of threads looks at each interrupt that can bring one. */
static VOID DispatchSwitchTracking(VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 CoreId = VCpu->CoreId;

    if (!PlatformProcessMaySwitchAt(VCpu->ExitVector))
        return;
    if (VmmCallbackQueryThreadOrProcessTracingDetailsByCoreId(
            CoreId, DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_INTERRUPTS_FOR_THREAD_CHANGE) ||
        VmmCallbackQueryThreadOrProcessTracingDetailsByCoreId(
            CoreId, DEBUGGER_THREAD_PROCESS_TRACING_INTERCEPT_CLOCK_INTERRUPTS_FOR_PROCESS_CHANGE))
        VmmCallbackCheckProcessOrThreadChange(CoreId);
}

VOID DispatchEventExternalInterrupts(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchSwitchTracking(VCpu);
    DispatchDelivery(VCpu, EXTERNAL_INTERRUPT_OCCURRED, g_Backend->DeliverInterrupt,
                     g_Backend->DropInterrupt);
}

/* --- changes of mode --- */

VOID DispatchEventMode(VIRTUAL_MACHINE_STATE *VCpu)
{
    BOOLEAN PostRequired = FALSE;
    PVOID Mode           = (PVOID)(UINTPTR)VCpu->ModeEntered;

    if (g_TriggerEvents[TRAP_EXECUTION_MODE_CHANGED] &&
        DispatchHookPre(VCpu, TRAP_EXECUTION_MODE_CHANGED, Mode, &PostRequired))
        return;
    g_Backend->AllowMode(VCpu);
    if (PostRequired)
        DispatchHookPost(VCpu, TRAP_EXECUTION_MODE_CHANGED, Mode);
}

/* --- SYSCALL and SYSRET --- */

/* RIP is moved here, as the exit is one of an exception. */
static VOID DispatchSyscall(VIRTUAL_MACHINE_STATE *VCpu, VMM_EVENT_TYPE_ENUM EventType,
                            INSTRUCTION_EFFECT Effect)
{
    BOOLEAN PostRequired = FALSE;
    PVOID Rip            = (PVOID)(UINTPTR)VCpu->LastVmexitRip;

    if (!g_TriggerEvents[EventType]) {
        Effect(VCpu);
        return;
    }
    if (DispatchHookPre(VCpu, EventType, Rip, &PostRequired))
        HvSkipSyscall(VCpu);
    else
        Effect(VCpu);
    if (PostRequired)
        DispatchHookPost(VCpu, EventType, Rip);
}

VOID DispatchEventEferSyscall(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchSyscall(VCpu, SYSCALL_HOOK_EFER_SYSCALL, HvHandleSyscall);
}

VOID DispatchEventEferSysret(VIRTUAL_MACHINE_STATE *VCpu)
{
    DispatchSyscall(VCpu, SYSCALL_HOOK_EFER_SYSRET, HvHandleSysret);
}

/* --- hooks --- */

BOOLEAN DispatchEventHiddenHookExecCc(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual, BOOLEAN *PostRequired)
{
    return DispatchHookPre(VCpu, HIDDEN_HOOK_EXEC_CC, (PVOID)(UINTPTR)Virtual, PostRequired);
}

VOID DispatchEventHiddenHookExecCcPost(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual)
{
    DispatchHookPost(VCpu, HIDDEN_HOOK_EXEC_CC, (PVOID)(UINTPTR)Virtual);
}

BOOLEAN DispatchEventHiddenHookExecDetours(UINT64 Virtual, GUEST_REGS *Regs)
{
    BOOLEAN PostRequired = FALSE; /* which there is none of */

    return VmmCallbackTriggerEvents(HIDDEN_HOOK_EXEC_DETOURS, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
                                    (PVOID)(UINTPTR)Virtual, &PostRequired,
                                    Regs) == VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT;
}

BOOLEAN DispatchEventHiddenHookExecDetoursInRoot(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Virtual)
{
    BOOLEAN PostRequired = FALSE;

    return DispatchHookPre(VCpu, HIDDEN_HOOK_EXEC_DETOURS, (PVOID)(UINTPTR)Virtual, &PostRequired);
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
