/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LogLifecycle.h - what the log module's own module file and tests need beside its exports.
 */
#ifndef HYPERDBG_HYPERLOG_LOG_LIFECYCLE_H
#define HYPERDBG_HYPERLOG_LOG_LIFECYCLE_H

#include "SDK/BasicTypes.h"

/* Process context, the log closed, no reader left, nobody to call the log any more (the module goes). Frees
 * the rings, which LogUnInitialize leaves to readers. */
VOID LogRelease(VOID);

#endif
