/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Backend.h - the vendor seam: all that common code asks of VT-x or AMD-V.
 *
 * vmx/ and svm/ each define one BACKEND. Common code names neither VMCS nor VMCB. An exit's handler decodes
 * in the vendor's room and calls down into common code, which asks back through these. Context as said at
 * each group.
 */
#ifndef HYPERHV_CORE_BACKEND_H
#define HYPERHV_CORE_BACKEND_H

#include "SDK/imports/VmmGuestImports.h"
#include "hyperhv/core/ExitControls.h"
#include "hyperhv/core/GuestState.h"
#include "hyperhv/core/State.h"

/* What SYSCALL and SYSRET load: where to go on, on flat segments. */
typedef struct _HV_FLAT_CODE {
    UINT64 Rip;
    UINT16 CsSelector;
    UINT16 SsSelector;
    UINT32 Cpl;
    BOOLEAN Is64Bit; /* 32-bit code otherwise */
} HV_FLAT_CODE;

typedef struct _BACKEND {
    const CHAR *Name; /* "VT-x", "AMD-V" */

    /* Process context, nothing virtualized. */
    BOOLEAN (*IsPresent)(VOID);         /* does the processor have this vendor's virtualization at all? */
    UINT32 (*CheckCompatibility)(VOID); /* 0, or the DEBUGGER_ERROR_... that says what is missing */
    BOOLEAN (*Initialize)(VOID);        /* what all cores share; FALSE: no memory, nothing left behind */
    VOID (*Uninitialize)(VOID);
    BOOLEAN(*AllocateCore)
    (VIRTUAL_MACHINE_STATE *VCpu); /* what one core needs; FALSE: nothing left behind */
    VOID (*FreeCore)(VIRTUAL_MACHINE_STATE *VCpu);

    /* On the core itself, interrupts off. */
    BOOLEAN(*VirtualizeCore)
    (VIRTUAL_MACHINE_STATE *VCpu); /* FALSE: the core is as before, VCpu->LaunchError says why */
    VOID (*DevirtualizeCore)(VIRTUAL_MACHINE_STATE *VCpu);

    /* A call from the guest's kernel into root mode, with our signature. */
    UINT64 (*Vmcall)(UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3);

    /* Root mode, within an exit of VCpu. Asks all other cores, by NMI (Broadcast.h); with Wait, until they
     * have taken it. FALSE: one could not be reached. */
    BOOLEAN (*Broadcast)(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Actions, BOOLEAN Wait);

    /* Root mode, within an exit of VCpu. */
    /* Executes the guest's VMCALL, for the hypervisor below. */
    VOID (*PassVmcallDown)(VIRTUAL_MACHINE_STATE *VCpu);
    UINT64 (*GetRip)(VIRTUAL_MACHINE_STATE *VCpu);
    VOID (*SetRip)(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Rip); /* as a jump: #GP where Rip is not canonical */
    UINT64 (*GetCr0)(VIRTUAL_MACHINE_STATE *VCpu);           /* as the guest sees it */
    UINT64 (*GetCr4)(VIRTUAL_MACHINE_STATE *VCpu);           /* as the guest sees it */
    UINT64 (*GetCr3)(VIRTUAL_MACHINE_STATE *VCpu);
    UINT32 (*GetCpl)(VIRTUAL_MACHINE_STATE *VCpu);
    /* Of the code segment: 16, 32 or 64, how instructions are decoded; where offset 0 is (0 in 64-bit mode).
     */
    UINT32 (*GetCodeMode)(VIRTUAL_MACHINE_STATE *VCpu);
    UINT64 (*GetCodeBase)(VIRTUAL_MACHINE_STATE *VCpu);
    VOID (*ReadXmmRegs)(VIRTUAL_MACHINE_STATE *VCpu);  /* the guest's XMM0-XMM5 into VCpu->XmmRegs */
    VOID (*WriteXmmRegs)(VIRTUAL_MACHINE_STATE *VCpu); /* and back */

    /* By name: what users look at and change. FALSE: the processor would not have the value. (Those that
     * exits need often have their own way above.) */
    UINT64 (*GetRegister)(VIRTUAL_MACHINE_STATE *VCpu, HV_REGISTER Register);
    BOOLEAN (*SetRegister)(VIRTUAL_MACHINE_STATE *VCpu, HV_REGISTER Register, UINT64 Value);
    VOID (*GetSegment)(VIRTUAL_MACHINE_STATE *VCpu, HV_SEGMENT Segment, GUEST_SEGMENT *Value);
    BOOLEAN (*SetSegment)(VIRTUAL_MACHINE_STATE *VCpu, HV_SEGMENT Segment, const GUEST_SEGMENT *Value);

    /* An exit after the next instruction, or not any more. */
    VOID (*SetMonitorTrapFlag)(VIRTUAL_MACHINE_STATE *VCpu, BOOLEAN On);

    /* Goes in with the entry; RIP stays. FALSE: there is no such event. */
    BOOLEAN (*InjectEvent)(VIRTUAL_MACHINE_STATE *VCpu, const VMM_EVENT_INJECTION *Event);
    /* As if an NMI had arrived now. */
    VOID (*InjectNmi)(VIRTUAL_MACHINE_STATE *VCpu);
    VOID (*InjectUndefinedOpcode)(VIRTUAL_MACHINE_STATE *VCpu);                     /* #UD; RIP stays */
    VOID (*InjectGeneralProtection)(VIRTUAL_MACHINE_STATE *VCpu, UINT32 ErrorCode); /* #GP; RIP stays */

    /* Past an instruction that we carried out; and past a PUSH of 8 bytes in 64-bit mode to rsp in
     * VCpu->Regs. */
    VOID (*AdvanceRip)(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Length);
    VOID (*AdvancePastPush)(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Length);

    /* The shared view of memory "as hooked". Process: the page gets an entry of its own (FALSE: no memory, no
     * such page); a prepared page is mapped to Target with HOOK_ACCESS_... */
    BOOLEAN (*ViewPreparePage)(UINT64 Physical);
    VOID (*ViewSetPage)(UINT64 Physical, UINT64 Target, UINT32 Access);
    /* This core (root mode), or every core (process), uses nothing that was there before; All: of any view.
     */
    VOID (*ViewFlushThisCore)(VIRTUAL_MACHINE_STATE *VCpu);
    VOID (*ViewFlushAll)(VIRTUAL_MACHINE_STATE *VCpu);
    VOID (*ViewFlushAllCores)(VOID);

    /* Root mode: this core sees the page at Physical as it is, for the one instruction at RIP, after which
     * the vendor's room calls HookStepEnd. If there are monitors, all other hooked pages stay as hooked, and
     * the page allows but Access (HOOK_ACCESS_...) in addition to what it allowed: what else the instruction
     * does to it exits, too. Called again within the step, while VCpu->MtfEptHookRestorePoint is set, it adds
     * the page, or the access. */
    VOID (*StepBegin)(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Physical, UINT32 Access);

    /* Root mode, before the step over an instruction that may load SS: the interrupt shadow that it makes is
     * there after the step. */
    VOID (*StepLoadsSs)(VIRTUAL_MACHINE_STATE *VCpu);

    /* The INS or OUTS of VCpu->Io is carried out by the guest itself, in one step in which ports do not exit;
     * of a repeated one that is one iteration. DispatchEventIoPost tells POST afterwards. */
    VOID (*StepIo)(VIRTUAL_MACHINE_STATE *VCpu);
    /* Breakpoints of the guest on the ports of VCpu->Io, which it has just used: their traps become pending.
     */
    VOID (*PendIoBreakpoints)(VIRTUAL_MACHINE_STATE *VCpu);

    /* The exception of VCpu->ExitVector, for which the core left the guest: goes in with the next entry, as
     * it was; or never reaches it, and what raised it is skipped if VCpu->IncrementRip. */
    VOID (*DeliverException)(VIRTUAL_MACHINE_STATE *VCpu);
    VOID (*DropException)(VIRTUAL_MACHINE_STATE *VCpu);

    /* Has the hook turned SYSCALL and SYSRET off, and the guest has them on? */
    BOOLEAN (*IsSyscallHooked)(VIRTUAL_MACHINE_STATE *VCpu);
    /* Goes on at Code, as after SYSCALL or SYSRET; Regs->rflags are the new flags already. */
    VOID (*EnterFlatCode)(VIRTUAL_MACHINE_STATE *VCpu, const HV_FLAT_CODE *Code);

    /* The interrupt of VCpu->ExitVector, which has been taken from the interrupt controller: goes to the
     * guest; or never reaches it, and the controller is told that it was served. */
    VOID (*DeliverInterrupt)(VIRTUAL_MACHINE_STATE *VCpu);
    VOID (*DropInterrupt)(VIRTUAL_MACHINE_STATE *VCpu);

    /* Watched processes (ModeTrap.h) have changed, in process context just before: this core looks again. */
    VOID (*UpdateModeTrap)(VIRTUAL_MACHINE_STATE *VCpu);
    /* The guest may execute in VCpu->ModeEntered; leaving it will be the next change. */
    VOID (*AllowMode)(VIRTUAL_MACHINE_STATE *VCpu);

    /* MSRs whose guest value lives in the vendor's structure. Sets *Done: FALSE means "not one of those".
     * Returns FALSE when the access must become #GP. */
    BOOLEAN (*ReadVirtualizedMsr)(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, UINT64 *Value, BOOLEAN *Done);
    BOOLEAN (*WriteVirtualizedMsr)(VIRTUAL_MACHINE_STATE *VCpu, UINT32 Msr, UINT64 Value, BOOLEAN *Done);

    /* Any. Can this processor make such exits? */
    BOOLEAN (*HasControl)(HV_CONTROL Control);
    /* Root mode. Exits of Count indices from First on or off, on this core; a control that it has. Those that
     * the VMM itself needs stay on. A core that is virtualized begins with all of them off. */
    VOID(*ChangeControl)
    (VIRTUAL_MACHINE_STATE *VCpu, HV_CONTROL Control, UINT32 First, UINT32 Count, BOOLEAN On);
} BACKEND;

extern const BACKEND g_VmxBackend; /* vmx/Vmx.c */

/* The backend in use; NULL while not initialized. Written by HvInitVmm and HvUninitVmm only (Hv.c). */
extern const BACKEND *g_Backend;

#endif
