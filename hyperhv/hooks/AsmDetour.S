/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AsmDetour.S - where a detoured function's CALL goes.
 *
 * Context: the guest, as the function that was called: any. Detour.h tells what happens. The layout of the register
 * block is GUEST_REGS (SDK/Registers.h); below it on the stack, from the CALL downwards: the address after the CALL, a word
 * for the target of a displaced CALL, the block.
 */

	.text

.macro POP_REGS
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rbx
	lea	8(%rsp), %rsp
	pop	%rbp
	pop	%rsi
	pop	%rdi
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%r11
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	popfq
.endm

	.globl	AsmDetourEntry
	.type	AsmDetourEntry, @function
	.balign	16
AsmDetourEntry:
#ifdef CONFIG_X86_KERNEL_IBT
	endbr64
#endif
	push	%rax
	pushfq
	cli
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	%rdi
	push	%rsi
	push	%rbp
	push	%rsp
	push	%rbx
	push	%rdx
	push	%rcx
	push	%rax
	mov	%rsp, %rdi
	call	DetourHandle
	cmp	$1, %eax
	je	.LCall
	ja	.LReturn

	/* DETOUR_CONTINUE: after the function's entry */
	POP_REGS
	lea	8(%rsp), %rsp
	ROOT_RETURN

	/* DETOUR_CALL: the displaced CALL, with its return address on the stack already */
.LCall:
	POP_REGS
	ROOT_RESUME
	ROOT_RETURN

	/* DETOUR_RETURN: to the function's caller */
.LReturn:
	POP_REGS
	lea	16(%rsp), %rsp
	ROOT_RESUME
	ROOT_RETURN
	.size	AsmDetourEntry, . - AsmDetourEntry

	.section .note.GNU-stack, "", @progbits
