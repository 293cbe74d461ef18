/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeCpu.h - the processor of the pretended machine: what a test can set, see and do.
 *
 * Context: user space. Every core has registers, MSRs, segments and, once it executed VMXON, VMX operation
 * with VM entries and exits that move the registers as SDM Vol. 3, chapters 25-28 say. Code under test sees
 * include/platform/Cpu*.h only. While a core is in the guest, those functions are the guest's instructions:
 * CPUID, RDMSR, WRMSR, XSETBV, MOV to control registers and the VMX instructions leave it where the processor
 * would. What a kernel would not survive (an exception that nothing catches, a value wider than its VMCS
 * field) ends the program with a message, as HostedDie.
 */
#ifndef HYPERDBG_PLATFORM_FAKE_CPU_H
#define HYPERDBG_PLATFORM_FAKE_CPU_H

#include "SDK/Registers.h"
#include "platform/CpuInstructions.h"
#include "platform/CpuVmx.h"
#include "platform/hosted/Hosted.h"

#define FAKE_MAX_MSRS    128
#define FAKE_PMCS        4 /* performance counters: RDPMC of 0-3 */
#define FAKE_SEGMENTS    8 /* ES CS SS DS FS GS LDTR TR, as in a VMCS */
#define FAKE_GDT_ENTRIES 16

#define FAKE_SEGMENT_UNUSABLE (1u << 16)

/* What the processor holds of a segment. Rights have the format of a VMCS (SDM Vol. 3, table 25-2). */
typedef struct _FAKE_SEGMENT {
    UINT64 Base;
    UINT32 Limit;
    UINT32 Rights;
    UINT64 Selector;
} FAKE_SEGMENT;

typedef struct _FAKE_MSR {
    UINT64 Number;
    UINT64 Value;
} FAKE_MSR;

/* All that software can see of a core; two of them compare with memcmp. */
typedef struct _FAKE_REGISTERS {
    GUEST_REGS Regs; /* with RSP and RFLAGS */
    UINT64 Rip;
    UINT64 Cr0, Cr2, Cr3, Cr4, Cr8, Dr0, Dr1, Dr2, Dr3, Dr6, Dr7, Xcr0;
    UINT64 GdtBase, GdtLimit, IdtBase, IdtLimit;
    FAKE_SEGMENT Segments[FAKE_SEGMENTS];
    GUEST_XMM_REGS Xmm;
    UINT64 Tsc; /* what the next RDTSC reads; it adds one */
    UINT64 Pmc[FAKE_PMCS];
    FAKE_MSR Msrs[FAKE_MAX_MSRS]; /* in the order in which they were set; the bases of FS and GS are not among
                                     them */
    UINT64 MsrCount;
} FAKE_REGISTERS;

typedef enum _FAKE_MODE {
    FAKE_OUTSIDE_VMX = 0,
    FAKE_VMX_ROOT,
    FAKE_VMX_GUEST,
} FAKE_MODE;

/* An event that a VM entry gave to the guest. */
typedef struct _FAKE_EVENT {
    UINT32 Info; /* the entry's field; 0: none */
    UINT32 ErrorCode;
    UINT32 InstructionLength;
} FAKE_EVENT;

/* --- setting up --- */

/* Every core as an Intel processor with all capabilities that runs a 64-bit kernel, outside VMX operation; no
 * hook, no refusal. After HostedReset and HostedSetCpuCount. */
VOID FakeCpuReset(VOID);

/* Answers of CPUID, the same on all cores. FAKE_ANY_SUBLEAF: where no other is set. A leaf that is not set is
 * all zeros. */
#define FAKE_ANY_SUBLEAF 0xFFFFFFFFu
VOID FakeCpuidSet(UINT32 Leaf, UINT32 Subleaf, UINT32 Eax, UINT32 Ebx, UINT32 Ecx, UINT32 Edx);
VOID FakeCpuidGet(UINT32 Leaf, UINT32 Subleaf, CPUID_RESULT *Result);

/* An MSR that was not set does not exist. Any value goes; software's own writes are checked as the processor
 * does. */
VOID FakeMsrSet(UINT32 CoreId, UINT32 Msr, UINT64 Value);
VOID FakeMsrSetAll(UINT32 Msr, UINT64 Value);
UINT64 FakeMsrGet(UINT32 CoreId, UINT32 Msr);
BOOLEAN FakeMsrExists(UINT32 CoreId, UINT32 Msr);
VOID FakeMsrRemove(UINT32 CoreId, UINT32 Msr);

/* A control that the processor does not have: clears it in the "may be 1" half of a capability MSR, on all
 * cores. */
VOID FakeCapabilityRemove(UINT32 CapabilityMsr, UINT32 Bit);

/* The registers that are in force now: the guest's while the core is in the guest. */
FAKE_REGISTERS *FakeRegisters(UINT32 CoreId);

FAKE_MODE FakeMode(UINT32 CoreId);

/* --- refusals: the Nth instruction of that kind from now on (1: the next) fails on that core, once --- */

typedef enum _FAKE_INSTRUCTION {
    FAKE_VMXON,
    FAKE_VMCLEAR,
    FAKE_VMPTRLD,
    FAKE_VMWRITE,
    FAKE_VMREAD,
    FAKE_INVEPT,
    FAKE_INVVPID,
    FAKE_VMLAUNCH,     /* VMfailValid(7) */
    FAKE_VMRESUME,     /* VMfailValid(7) */
    FAKE_GUEST_CHECKS, /* an entry ends in an exit of reason 33 */
    FAKE_INSTRUCTION_COUNT
} FAKE_INSTRUCTION;

VOID FakeRefuse(UINT32 CoreId, FAKE_INSTRUCTION Instruction, UINT32 Nth);

/* How often the instruction was executed on that core. */
UINT64 FakeExecuted(UINT32 CoreId, FAKE_INSTRUCTION Instruction);

/* --- the VMCS, from outside: any field, whatever the processor would allow --- */

UINT64 FakeVmcsGet(UINT32 CoreId, UINT32 Field);
VOID FakeVmcsSet(UINT32 CoreId, UINT32 Field, UINT64 Value);

/* Does this processor have the field? */
BOOLEAN FakeVmcsHas(UINT32 CoreId, UINT32 Field);

/* What every port reads as (its low bytes), and the last access by CpuReadPort or CpuWritePort. */
typedef struct _FAKE_PORT_ACCESS {
    UINT32 Count; /* of accesses since the reset */
    BOOLEAN IsIn;
    UINT16 Port;
    UINT32 Size;
    UINT32 Value;
} FAKE_PORT_ACCESS;

VOID FakePortSetValue(UINT32 Value);
FAKE_PORT_ACCESS FakePortLastAccess(VOID);

/* Called before a VMWRITE of the core takes effect; NULL: nobody. */
VOID FakeSetVmwriteHook(VOID (*Hook)(UINT64 Field, UINT64 Value));

/* --- exits --- */

typedef struct _FAKE_EXIT {
    UINT32 Reason;
    UINT32 InstructionLength;
    UINT64 Qualification;
    UINT32 InstructionInfo;
    UINT32 InterruptionInfo;
    UINT32 InterruptionErrorCode;
    UINT32 IdtVectoringInfo;
    UINT32 IdtVectoringErrorCode;
    UINT64 GuestPhysical;
    UINT64 GuestLinear;
} FAKE_EXIT;

/* The guest of the current core, with its registers as they are, exits; returns when the core is in the guest
 * again or has left VMX operation. Registers are the guest's afterwards. */
VOID FakeExit(const FAKE_EXIT *Exit);

/* The most frequent form: reason and instruction length. */
VOID FakeExitInstruction(UINT32 Reason, UINT32 InstructionLength);

/* What the last entry of the current core injected. */
FAKE_EVENT FakeInjected(VOID);

/* What the guest would take before its next instruction: an NMI window that is asked for and open makes an
 * exit. FALSE: none. */
BOOLEAN FakeTakeNmiWindow(VOID);

/* The guest's interruptibility state and pending debug exceptions (SDM Vol. 3, 25.4.2), between exits; 0
 * unless set. */
UINT64 *FakeInterruptibility(UINT32 CoreId);
UINT64 *FakePendingDebug(UINT32 CoreId);

/* Why the last VM entry of the core was refused; "" if it was not. */
const CHAR *FakeEntryComplaint(UINT32 CoreId);

/* --- the local APIC (FakeApic.c) --- */

/* The APIC of a core, and its mode; xAPIC unless set. Its number is the core's times two. */
VOID FakeApicSetX2(UINT32 CoreId);

/* NMIs that were sent to a core, and those that have not been taken yet: at most one waits. */
UINT32 FakeNmisSent(UINT32 CoreId);

/* INITs that were sent to the core, which is outside VMX operation then. */
UINT32 FakeInitsSent(UINT32 CoreId);
BOOLEAN FakeNmiWaits(UINT32 CoreId);

/* The current core takes the NMI that waits for it: an exit in the guest, the IDT's handler in root mode, the
 * kernel's outside. FALSE: none waits. */
BOOLEAN FakeTakeNmi(VOID);

/* Called before a write to a register of the APIC takes effect; NULL: nobody. */
VOID FakeSetApicHook(VOID (*Hook)(UINT32 Register, UINT32 Value));

/* A register of the APIC, from outside. */
UINT32 FakeApicGet(UINT32 CoreId, UINT32 Register);
VOID FakeApicSet(UINT32 CoreId, UINT32 Register, UINT32 Value);

/* The command is never accepted: the APIC stays busy. */
VOID FakeApicSetStuck(UINT32 CoreId, BOOLEAN IsStuck);

/* The one vector that the core has in service, until an EOI; 0: none. */
VOID FakeApicSetInService(UINT32 CoreId, UINT32 Vector);
UINT32 FakeApicInService(UINT32 CoreId);

/* How often NMIs were unblocked in root mode. */
UINT32 FakeNmisUnblocked(UINT32 CoreId);

/* In root mode: an exception or NMI goes through the IDT that is loaded, on the stack that its gate names. */
VOID FakeRootException(UINT32 Vector, UINT32 ErrorCode);

/* --- what happened --- */

/* NMIs that reached the kernel outside VMX operation (CpuSoftwareNmi). */
UINT32 FakeKernelNmis(UINT32 CoreId);
UINT32 FakeCacheWritebacks(UINT32 CoreId);

/* VMCALLs that root mode passed down, and what the hypervisor below does; NULL: #UD, which root mode would
 * not survive. */
VOID FakeSetHypervisorBelow(VOID (*Vmcall)(GUEST_REGS *Regs));

/* CpuTripleFault, CpuHaltForever: must not return, so it leaves by longjmp. NULL: the program ends. */
VOID FakeSetTripleFaultHandler(VOID (*Handler)(VOID));

/* What a kernel would not survive: called before the program ends, and may leave by longjmp. */
VOID FakeSetMisuseHandler(VOID (*Handler)(const CHAR *What));

/* --- for the fake processor's own files --- */

typedef struct _FAKE_CORE {
    FAKE_REGISTERS Now;
    FAKE_MODE Mode;
    UINT64 VmxonRegion;
    UINT64 *Vmcs; /* the current one's region; NULL: none */
    UINT64 Interruptibility, PendingDebug, ActivityState;
    UINT64 StackPointer; /* on the exit stack: what CpuReadRsp answers; 0: it is Now.Regs.rsp */
    FAKE_EVENT Injected;
    const CHAR *EntryComplaint;
    UINT32 RefuseNth[FAKE_INSTRUCTION_COUNT];
    UINT64 Executed[FAKE_INSTRUCTION_COUNT];
    UINT32 KernelNmis, CacheWritebacks;
    UINT32 IcrLow, IcrHigh;
    UINT32 NmisSent, NmisUnblocked, InitsSent;
    BOOLEAN NmiWaits; /* written by other cores; atomic */
    BOOLEAN ApicIsStuck;
    UINT32 InService;
    UINT64 KernelIdtBase;
    UINT64 KernelGdt[FAKE_GDT_ENTRIES];
    UINT8 KernelTss[104];
} FAKE_CORE;

/* A field for the fake's own use, by the current VMCS of Core. */
UINT64 FakeFieldGet(FAKE_CORE *Core, UINT32 Field);
VOID FakeFieldSet(FAKE_CORE *Core, UINT32 Field, UINT64 Value);

FAKE_CORE *FakeCore(UINT32 CoreId);
FAKE_CORE *FakeThisCore(VOID);

/* Does not return: HostedDie, or the handler's longjmp. */
VOID FakeMisuse(const CHAR *Fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Counts one instruction. FALSE: this one was to be refused. */
BOOLEAN FakeExecute(FAKE_CORE *Core, FAKE_INSTRUCTION Instruction);

/* What the processor would refuse (TRUE: it takes it). */
BOOLEAN FakeIsCanonical(UINT64 Address);
BOOLEAN FakeIsPhysical(UINT64 Address);
BOOLEAN FakeIsPat(UINT64 Value);
BOOLEAN FakeCr3IsValid(UINT64 Value);
BOOLEAN FakeCr0IsValid(const FAKE_CORE *Core, UINT64 Value);
BOOLEAN FakeCr4IsValid(const FAKE_CORE *Core, UINT64 Value);

/* What root mode's page tables make of an address. */
UINT64 FakeTranslate(UINT64 Virtual);

UINT32 FakeApicId(UINT32 CoreId);

/* A command to the APIC. */
VOID FakeApicCommand(UINT32 Command, UINT32 ApicId);
VOID FakePortsReset(VOID);

/* Forgets translations (FakePaging.c). */
VOID FakeTlbFlush(UINT32 CoreId);

/* Loads a segment register from the GDT that is in force (FakeSegments.c). */
VOID FakeSegmentLoad(FAKE_CORE *Core, UINT32 Segment, UINT16 Selector);
VOID FakeSegmentsReset(FAKE_CORE *Core);

/* The value of an MSR without checks, and with those of WRMSR (FakeMsr.c). FALSE: #GP. */
BOOLEAN FakeMsrRead(const FAKE_CORE *Core, UINT32 Msr, UINT64 *Value);
BOOLEAN FakeMsrWrite(FAKE_CORE *Core, UINT32 Msr, UINT64 Value);
VOID FakeMsrsReset(FAKE_CORE *Core, UINT32 CoreId);

/* An exit that an instruction of the code under test makes, with the general registers of Regs in and out;
 * the core's own, RIP too, are as before, as its kernel is not executed. FALSE: the instruction faulted. */
BOOLEAN FakeGuestInstruction(UINT32 Reason, UINT32 Length, UINT64 Qualification, GUEST_REGS *Regs);

#endif
