/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Globals.h - the VMM's few machine-wide variables: what each holds, who writes it, and when. Defined in
 * Globals.c.
 */
#ifndef HYPERHV_CORE_GLOBALS_H
#define HYPERHV_CORE_GLOBALS_H

#include "SDK/modules/VMM.h"
#include "hyperhv/core/State.h"

/* What the VMM reports to. Written by HvInitVmm before any core is virtualized, constant while one is. */
extern VMM_CALLBACKS g_Callbacks;

/* One element per core the machine can have, g_CoreCount of them; NULL while not initialized. HvInitVmm,
 * HvUninitVmm. */
extern VIRTUAL_MACHINE_STATE *g_GuestState;
extern UINT32 g_CoreCount;

/* FALSE: CPUID says that a hypervisor is present. Written while nothing is virtualized. */
extern BOOLEAN g_TransparentMode;

/* A page fault that the user wants injected waits for an interrupt window. Cleared by HvInitVmm. */
extern BOOLEAN g_WaitingForInterruptWindowToInjectPageFault;

/* Is an event of that type armed? Read first by each dispatcher; written by the users' requests at any time
 * (VmFuncSetTriggerEvent). */
extern BOOLEAN g_TriggerEvents[VMM_EVENT_TYPE_COUNT];
#define g_TriggerEventForCpuids (g_TriggerEvents[CPUID_INSTRUCTION_EXECUTION])

#endif
