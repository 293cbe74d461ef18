/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AsmLinkage.h - what the kernel's objtool wants to know of assembly; put before every .S of a module by the
 * build.
 *
 * Defines ROOT_RETURN: a plain RET, which objtool otherwise takes for a forgotten return thunk. Root mode
 * wants no thunk: it would be a call into the kernel. And ROOT_ENTRY: here the processor enters with a stack
 * that nobody can unwind. And ROOT_RESUME: here an exception handler continues, with a return address on top
 * of the stack.
 */
/* clang-format off */
#ifdef __ASSEMBLY__
#include <linux/linkage.h>
#include <linux/version.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>

.macro ROOT_RETURN
	ANNOTATE_UNRET_SAFE
	ret
	int3
.endm

.macro ROOT_ENTRY
	ANNOTATE_NOENDBR
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	UNWIND_HINT_UNDEFINED
#else
	UNWIND_HINT_EMPTY
#endif
.endm

.macro ROOT_RESUME
	UNWIND_HINT_FUNC
.endm
#endif
