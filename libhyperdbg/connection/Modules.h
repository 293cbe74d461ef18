/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Modules.h - putting hyperlog, hyperhv and hyperkd into the kernel and taking them out.
 *
 * They are looked for in the directory that HYPERDBG_MODULES names; without it beside the tool; if they are
 * not there, modprobe is asked.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_MODULES_H
#define HYPERDBG_LIBHYPERDBG_MODULES_H

#include "SDK/BasicTypes.h"

#define MODULES_DIRECTORY_VARIABLE "HYPERDBG_MODULES"

/* What the system is asked to do; tests put their own here. Each returns 0 or an errno. */
typedef struct _MODULE_CALLS {
    INT32 (*Insert)(INT32 File);
    INT32 (*Remove)(const CHAR *Name);
    /* Runs modprobe on all modules; what it complains of goes to Complaint (zero-terminated). */
    INT32 (*Modprobe)(CHAR *Complaint, SIZE_T Size);
    /* The directory of the tool; FALSE: not known. */
    BOOLEAN (*ToolDirectory)(CHAR *Directory, SIZE_T Size);
} MODULE_CALLS;

extern const MODULE_CALLS g_KernelModuleCalls;

/* 0, or an errno with the sentence in ErrorText (TRANSPORT_ERROR_SIZE bytes). ModulesLoad takes out again
 * what it put in when a later one fails; one that is there already is no error. ModulesUnload passes over
 * those that are not there. */
INT32 ModulesLoad(const MODULE_CALLS *Calls, CHAR *ErrorText);
INT32 ModulesUnload(const MODULE_CALLS *Calls, CHAR *ErrorText);

#endif
