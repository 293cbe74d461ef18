/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VmxState.h - what one core needs for VT-x; and what all cores share.
 */
#ifndef HYPERHV_VMX_VMX_STATE_H
#define HYPERHV_VMX_VMX_STATE_H

#include "SDK/BasicTypes.h"
#include "hyperhv/core/CurrentCore.h"
#include "hyperhv/core/State.h"
#include "hyperhv/vmx/EptStepView.h"
#include "hyperhv/vmx/EptViews.h"
#include "hyperhv/vmx/HostTables.h"
#include "hyperhv/vmx/NmiWindowTrap.h"

/* The stacks of root mode: one for exits, one for each exception that must not trust the current stack. */
typedef enum _VMX_ROOT_STACK {
    VMX_ROOT_STACK_EXIT = 0,
    VMX_ROOT_STACK_NMI,
    VMX_ROOT_STACK_DOUBLE_FAULT,
    VMX_ROOT_STACK_MACHINE_CHECK,
    VMX_ROOT_STACK_COUNT
} VMX_ROOT_STACK;

/* What a core does with external interrupts (ExternalInterrupt.c). */
typedef enum _VMX_INTERRUPTS {
    VMX_INTERRUPTS_FREE = 0,
    VMX_INTERRUPTS_WATCHED,
    VMX_INTERRUPTS_AWAITED,
    VMX_INTERRUPTS_ACKNOWLEDGING,
} VMX_INTERRUPTS;

typedef struct _VMX_CORE {
    PVOID VmxonRegion; /* one page each, physically contiguous */
    PVOID VmcsRegion;
    UINT8 *MsrBitmap;
    UINT8 *IoBitmaps;                   /* VMX_IO_BITMAP_PAGES: A (ports 0-7FFF) and B behind it */
    PVOID Stacks[VMX_ROOT_STACK_COUNT]; /* ROOT_STACK_PAGES each; see CurrentCore.h */
    HOST_TABLES *HostTables;            /* GDT and TSS of root mode */
    EPT_STEP_VIEW StepView;
    NMI_WINDOW_TRAP Trap;
    UINT64 StepRip;         /* of the instruction that StepMakesShadow is about (Mtf.c) */
    UINT64 OriginalCr0;     /* before VMXON, for a launch that fails */
    EPT_VIEW_KIND BaseView; /* when no step is under way (ModeView.c) */
    UINT64 BaseEptp;        /* of that view */
    BOOLEAN IsWatchingModes;
    BOOLEAN IsFullStepLogged;  /* a step had no room for all that its instruction touches (Mtf.c) */
    VMX_INTERRUPTS Interrupts; /* ExternalInterrupt.c */
    UINT32 PinBased;           /* VMCS_PIN_BASED_CONTROLS, when no step is under way */
    BOOLEAN IsWatchingInterrupts;
    BOOLEAN IsHeldTold;      /* the event of HeldInterrupt has been told */
    UINT8 HeldInterrupt;     /* acknowledged, and the guest could not take it; 0: none */
    BOOLEAN IsSyscallHooked; /* VmxSyscall.c */
    BOOLEAN HidesSce;        /* EFER.SCE is 0, and the guest has it as 1 */
    UINT64 OriginalCr4;
    UINT64 WatchedCr0; /* bits whose change is wanted to exit, beside those that the host owns anyway */
    UINT64 WatchedCr4;
} VMX_CORE;

#define VMX_IO_BITMAP_PAGES 2

/* What AsmVmexitHandler leaves at the top of the exit stack. */
typedef struct _VMX_EXIT_FRAME {
    GUEST_REGS Regs;
    VIRTUAL_MACHINE_STATE *Owner; /* HOST_RSP points here */
    UINT64 Padding[2];            /* so that the handler is called with an aligned stack */
} VMX_EXIT_FRAME;

/* Top of the exit stack: what HOST_RSP is set to. */
static inline UINT64 VmxExitStackTop(const VMX_CORE *Vmx)
{
    return (UINT64)(UINTPTR)Vmx->Stacks[VMX_ROOT_STACK_EXIT] + ROOT_STACK_SIZE - sizeof(VMX_EXIT_FRAME) +
           sizeof(GUEST_REGS);
}

#endif
