/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ExitControls.h - every kind of exit that can be turned on and off while the guest runs: how many things it
 * distinguishes, by which VMCALL a core is told, and whether the user has the last word.
 *
 * Context: any, but for what says otherwise.
 */
#ifndef HYPERHV_CORE_EXIT_CONTROLS_H
#define HYPERHV_CORE_EXIT_CONTROLS_H

#include "SDK/modules/VMM.h"
#include "hyperhv/core/State.h"

/* A kind of exit. Behind each: what its indices number. */
typedef enum _HV_CONTROL {
    HV_CONTROL_MSR_READ = 0, /* HvMsrIndex */
    HV_CONTROL_MSR_WRITE,    /* HvMsrIndex */
    HV_CONTROL_IO,           /* ports */
    HV_CONTROL_EXCEPTION,    /* vectors 0-31 */
    HV_CONTROL_CR0_BITS,     /* bits of CR0 whose change exits */
    HV_CONTROL_CR4_BITS,     /* bits of CR4 whose change exits */
    HV_CONTROL_MOV_TO_CR3,   /* this one and all below: one index */
    HV_CONTROL_MOV_TO_CR8,
    HV_CONTROL_MOV_FROM_CR3,
    HV_CONTROL_MOV_FROM_CR8,
    HV_CONTROL_MOV_DR, /* MOV to and from debug registers */
    HV_CONTROL_RDTSC,  /* RDTSC and RDTSCP */
    HV_CONTROL_RDPMC,
    HV_CONTROL_EXTERNAL_INTERRUPT, /* all vectors: the processor does not distinguish them */
    HV_CONTROL_SYSCALL_HOOK,       /* SYSCALL and SYSRET, which become #UD (EFER.SCE) */
    HV_CONTROL_MODE_TRAP,          /* execution in the mode that is watched (MBEC) */
    HV_CONTROL_COUNT
} HV_CONTROL;

/* When the user is asked before exits are turned off. */
typedef enum _HV_PROTECTION {
    HV_PROTECTION_NONE = 0,
    HV_PROTECTION_EACH, /* for each index; the callback's Context is the index */
    HV_PROTECTION_LAST, /* for the last index that goes; the callback's Context is ResourceContext */
} HV_PROTECTION;

typedef struct _HV_CONTROL_INFO {
    UINT32 Count; /* of indices */
    UINT32 VmcallOn;
    UINT32 VmcallOff; /* the same number: Param2 says which (SDK/VmcallNumbers.h) */
    HV_PROTECTION Protection;
    PROTECTED_HV_RESOURCES_TYPE Resource;
    UINT32 ResourceContext;
} HV_CONTROL_INFO;

extern const HV_CONTROL_INFO g_HvControls[HV_CONTROL_COUNT];

/* The indices of MSRs are those of the bitmaps' two ranges, 0-1FFF and C0000000-C0001FFF, one behind the
 * other. FALSE: the MSR lies outside, where every access exits. */
#define HV_MSR_RANGE_LENGTH 0x2000u
#define HV_MSR_HIGH_FIRST   0xC0000000u
BOOLEAN HvMsrIndex(UINT32 Msr, UINT32 *Index);

/* How a VMCALL names an index: an MSR by its own number, anything else by the index. */
UINT64 HvControlNumber(HV_CONTROL Control, UINT32 Index);

/* Root mode. A VMCALL that changes a control: TRUE, and *Result is its NTSTATUS-like answer. FALSE: it is
 * none. */
BOOLEAN HvHandleControlVmcall(VIRTUAL_MACHINE_STATE *VCpu, UINT64 Number, UINT64 Param1, UINT64 Param2,
                              UINT64 Param3, UINT64 *Result);

#endif
