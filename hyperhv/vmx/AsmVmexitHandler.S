/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AsmVmexitHandler.S - where the processor enters root mode, and the few places that C cannot express.
 *
 * Context: VMX root mode with its own stack, IDT and page tables, interrupts off. SDM Vol. 3, 28.5 (loading host state),
 * 27 (VM entries). The layout of the register block is GUEST_REGS (SDK/Registers.h); AsmEntry.h declares all names.
 */

#define REGS_SIZE 136 /* sizeof(GUEST_REGS) */

	.text

/* Entered by the processor alone, so no function in the eyes of who checks calls and stack frames. */
.macro ENTRY_POINT name
	.globl	\name
	.balign	16
\name:
	ROOT_ENTRY
.endm

.macro FUNCTION name
	.globl	\name
	.type	\name, @function
	.balign	16
\name:
#ifdef CONFIG_X86_KERNEL_IBT
	endbr64
#endif
.endm

/* ROOT_RETURN (a return that speculation cannot run past), ROOT_ENTRY and ROOT_RESUME come from the platform. */

.macro RESTORE_REGS base
	mov	(\base)(%rsp), %rax
	mov	(\base + 8)(%rsp), %rcx
	mov	(\base + 16)(%rsp), %rdx
	mov	(\base + 24)(%rsp), %rbx
	/* rsp is the VMCS's or IRET's affair */
	mov	(\base + 40)(%rsp), %rbp
	mov	(\base + 48)(%rsp), %rsi
	mov	(\base + 56)(%rsp), %rdi
	mov	(\base + 64)(%rsp), %r8
	mov	(\base + 72)(%rsp), %r9
	mov	(\base + 80)(%rsp), %r10
	mov	(\base + 88)(%rsp), %r11
	mov	(\base + 96)(%rsp), %r12
	mov	(\base + 104)(%rsp), %r13
	mov	(\base + 112)(%rsp), %r14
	mov	(\base + 120)(%rsp), %r15
.endm

/* RSP is HOST_RSP: it points at VMX_EXIT_FRAME.Owner, the register block goes below it. */
ENTRY_POINT AsmVmexitHandler
	sub	$REGS_SIZE, %rsp
	mov	%rax, (%rsp)
	mov	%rcx, 8(%rsp)
	mov	%rdx, 16(%rsp)
	mov	%rbx, 24(%rsp)
	mov	%rbp, 40(%rsp)
	mov	%rsi, 48(%rsp)
	mov	%rdi, 56(%rsp)
	mov	%r8, 64(%rsp)
	mov	%r9, 72(%rsp)
	mov	%r10, 80(%rsp)
	mov	%r11, 88(%rsp)
	mov	%r12, 96(%rsp)
	mov	%r13, 104(%rsp)
	mov	%r14, 112(%rsp)
	mov	%r15, 120(%rsp)

	mov	%rsp, %rdi
	call	VmxVmexitHandler
	test	%rax, %rax
	jnz	.LLeave

	RESTORE_REGS 0
	vmresume

	/* only a failed VMRESUME comes here; the registers are still in their block */
	mov	%rsp, %rdi
	call	VmxVmresumeFailed
	int3

	/* VMX operation has been left and the kernel's tables are loaded: go on as it, by IRET. rax: RIP, CS, RFLAGS, RSP, SS */
.LLeave:
	push	32(%rax)
	push	24(%rax)
	push	16(%rax)
	push	8(%rax)
	push	(%rax)
	RESTORE_REGS 40
	iretq
	int3

/* rdi: VCpu. The guest begins at .LGuest with this very stack. Returns 1 there, 0 when the processor refused. */
FUNCTION AsmVmxLaunch
	pushfq
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	lea	.LGuest(%rip), %rsi
	mov	%rsp, %rdx
	call	VmcsSetup
	test	%al, %al
	jz	.LReturn
	vmlaunch
.LGuest:
	/* a refused VMLAUNCH sets CF or ZF; the guest begins with neither (VmcsSetupGuest) */
	seta	%al
.LReturn:
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	popfq
	ROOT_RETURN
	.size	AsmVmxLaunch, . - AsmVmxLaunch

/* rdi: number, rsi rdx rcx: parameters. The signature of SDK/VmcallNumbers.h in r10-r12; number and parameters in rcx, rdx,
 * r8, r9; the result in rax. */
FUNCTION CpuVmCall
	push	%r12
	mov	%rcx, %r9
	mov	%rdx, %r8
	mov	%rsi, %rdx
	mov	%rdi, %rcx
	movabs	$0x4742445245505948, %r10
	movabs	$0x4D4D56204C4C4143, %r11
	movabs	$0x58554E494C204E4F, %r12
	vmcall
	pop	%r12
	ROOT_RETURN
	.size	CpuVmCall, . - CpuVmCall

/* rdi: GUEST_REGS, in and out (but rsp and rflags). */
FUNCTION AsmVmcallPassDown
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	%rdi, %rax
	mov	8(%rax), %rcx
	mov	16(%rax), %rdx
	mov	24(%rax), %rbx
	mov	40(%rax), %rbp
	mov	48(%rax), %rsi
	mov	56(%rax), %rdi
	mov	64(%rax), %r8
	mov	72(%rax), %r9
	mov	80(%rax), %r10
	mov	88(%rax), %r11
	mov	96(%rax), %r12
	mov	104(%rax), %r13
	mov	112(%rax), %r14
	mov	120(%rax), %r15
	mov	(%rax), %rax
	vmcall
	xchg	%rdi, (%rsp)
	mov	%rax, (%rdi)
	pop	56(%rdi)
	mov	%rcx, 8(%rdi)
	mov	%rdx, 16(%rdi)
	mov	%rbx, 24(%rdi)
	mov	%rbp, 40(%rdi)
	mov	%rsi, 48(%rdi)
	mov	%r8, 64(%rdi)
	mov	%r9, 72(%rdi)
	mov	%r10, 80(%rdi)
	mov	%r11, 88(%rdi)
	mov	%r12, 96(%rdi)
	mov	%r13, 104(%rdi)
	mov	%r14, 112(%rdi)
	mov	%r15, 120(%rdi)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ROOT_RETURN
	.size	AsmVmcallPassDown, . - AsmVmcallPassDown

/* edx: the field of a refused VMREAD or VMWRITE (Vmcs.h). Preserves all registers but rax, which becomes 0. */
FUNCTION AsmVmcsAccessFailed
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	mov	%edx, %edi
	call	VmcsAccessFailed
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	xor	%eax, %eax
	ROOT_RETURN
	.size	AsmVmcsAccessFailed, . - AsmVmcsAccessFailed

/* rdi: GUEST_XMM_REGS. Root mode never uses the registers, so they are still the guest's. */
FUNCTION AsmReadXmmRegs
	movups	%xmm0, (%rdi)
	movups	%xmm1, 16(%rdi)
	movups	%xmm2, 32(%rdi)
	movups	%xmm3, 48(%rdi)
	movups	%xmm4, 64(%rdi)
	movups	%xmm5, 80(%rdi)
	ROOT_RETURN
	.size	AsmReadXmmRegs, . - AsmReadXmmRegs

FUNCTION AsmWriteXmmRegs
	movups	(%rdi), %xmm0
	movups	16(%rdi), %xmm1
	movups	32(%rdi), %xmm2
	movups	48(%rdi), %xmm3
	movups	64(%rdi), %xmm4
	movups	80(%rdi), %xmm5
	ROOT_RETURN
	.size	AsmWriteXmmRegs, . - AsmWriteXmmRegs

/* An IRET to the next instruction. */
FUNCTION AsmUnblockNmis
	mov	%rsp, %rdx
	mov	%ss, %ecx
	push	%rcx
	push	%rdx
	pushfq
	mov	%cs, %ecx
	push	%rcx
	lea	.LUnblocked(%rip), %rcx
	push	%rcx
	iretq
.LUnblocked:
	ROOT_RETURN
	.size	AsmUnblockNmis, . - AsmUnblockNmis

/* Instructions that may fault: VmxHandleRootException sends a #GP or #PF between AsmTryStart and AsmTryEnd to AsmTryFailed. None of
 * them touches the stack before the instruction, so that the return address is on top there. */
	.globl	AsmTryStart, AsmTryEnd, AsmTryFailed
AsmTryStart:
/* edi: MSR, rsi: where the value goes */
FUNCTION CpuTryReadMsr
	mov	%edi, %ecx
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	mov	$1, %eax
	ROOT_RETURN
	.size	CpuTryReadMsr, . - CpuTryReadMsr

/* edi: MSR, rsi: value */
FUNCTION CpuTryWriteMsr
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
	wrmsr
	mov	$1, %eax
	ROOT_RETURN
	.size	CpuTryWriteMsr, . - CpuTryWriteMsr

/* edi: XCR, rsi: value */
FUNCTION CpuTryWriteXcr
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
	xsetbv
	mov	$1, %eax
	ROOT_RETURN
	.size	CpuTryWriteXcr, . - CpuTryWriteXcr

/* edi: counter, rsi: where the value goes */
FUNCTION CpuTryReadPmc
	mov	%edi, %ecx
	rdpmc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	mov	$1, %eax
	ROOT_RETURN
	.size	CpuTryReadPmc, . - CpuTryReadPmc

/* rdi: address, rsi: value */
FUNCTION CpuTryWrite64
	mov	%rsi, (%rdi)
	mov	$1, %eax
	ROOT_RETURN
	.size	CpuTryWrite64, . - CpuTryWrite64

/* rdi: to, rsi: from, rdx: bytes */
FUNCTION CpuTryCopy
	mov	%rdx, %rcx
	rep movsb
	mov	$1, %eax
	ROOT_RETURN
	.size	CpuTryCopy, . - CpuTryCopy
	.size	CpuTryWrite64, . - CpuTryWrite64
AsmTryEnd:
AsmTryFailed:
	ROOT_RESUME
	xor	%eax, %eax
	ROOT_RETURN

/* The stubs of the root IDT: every vector pushes an error code where the processor does not, and its number. */
	.balign	16
.LRootStubs:
	.set	vector, 0
	.rept	256
	.balign	16
	ROOT_ENTRY
	.if	(vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
	.else
	push	$0
	.endif
	push	$vector
	jmp	.LRootException
	.set	vector, vector + 1
	.endr

.LRootException:
	ROOT_ENTRY
	cld
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	mov	%rsp, %rdi
	call	VmxHandleRootException
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq
	int3

/* edi: vector */
FUNCTION AsmRootExceptionEntry
	lea	.LRootStubs(%rip), %rax
	mov	%edi, %edi
	shl	$4, %rdi
	add	%rdi, %rax
	ROOT_RETURN
	.size	AsmRootExceptionEntry, . - AsmRootExceptionEntry

	.section .note.GNU-stack, "", @progbits
