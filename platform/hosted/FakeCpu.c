/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeCpu.c - the fake processor: cores, CPUID, control registers, XCR0. FakeCpu.h tells what it is for.
 *
 * Context: user space; a thread is the core that HostedSetCurrentCpu said. SDM Vol. 2 and 3, 2.5, 24.8.
 *
 * Where things are: FakeMsr.c, FakeSegments.c, FakePaging.c (translations of root mode), FakeApic.c,
 * FakeVmcs.c (VMX instructions), FakeVmEntry.c (what an entry checks), FakeVmExit.c (entries and exits).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/vmx/VmcsFields.h"
#include "platform/PlatformCpu.h"
#include "platform/hosted/FakeCpu.h"

#define MAX_CPUID_ANSWERS 64

#define CR0_PE      (1ull << 0)
#define CR0_NW      (1ull << 29)
#define CR0_CD      (1ull << 30)
#define CR0_PG      (1ull << 31)
#define CR4_PAE     (1ull << 5)
#define CR4_LA57    (1ull << 12)
#define CR4_VMXE    (1ull << 13)
#define CR4_PCIDE   (1ull << 17)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_PKE     (1ull << 22)

#define XCR0_X87 1ull
#define XCR0_SSE 2ull
#define XCR0_AVX 4ull

typedef struct _CPUID_ANSWER {
    UINT32 Leaf;
    UINT32 Subleaf;
    CPUID_RESULT Result;
} CPUID_ANSWER;

static FAKE_CORE g_Cores[HOSTED_MAX_CORES];
static CPUID_ANSWER g_Answers[MAX_CPUID_ANSWERS];
static UINT32 g_AnswerCount;
static VOID (*g_MisuseHandler)(const CHAR *What);
static VOID (*g_TripleFaultHandler)(VOID);

/* --- cores --- */

FAKE_CORE *FakeCore(UINT32 CoreId)
{
    if (CoreId >= PlatformCpuCount())
        HostedDie("there is no such core");
    return &g_Cores[CoreId];
}

FAKE_CORE *FakeThisCore(VOID)
{
    return &g_Cores[PlatformCpuCurrent()];
}

FAKE_REGISTERS *FakeRegisters(UINT32 CoreId)
{
    return &FakeCore(CoreId)->Now;
}

FAKE_MODE FakeMode(UINT32 CoreId)
{
    return FakeCore(CoreId)->Mode;
}

VOID FakeSetMisuseHandler(VOID (*Handler)(const CHAR *What))
{
    g_MisuseHandler = Handler;
}

VOID FakeMisuse(const CHAR *Fmt, ...)
{
    CHAR Message[256];
    va_list Arguments;

    va_start(Arguments, Fmt);
    vsnprintf(Message, sizeof(Message), Fmt, Arguments);
    va_end(Arguments);
    if (g_MisuseHandler)
        g_MisuseHandler(Message);
    HostedDie(Message);
}

VOID FakeRefuse(UINT32 CoreId, FAKE_INSTRUCTION Instruction, UINT32 Nth)
{
    FakeCore(CoreId)->RefuseNth[Instruction] = Nth;
}

UINT64 FakeExecuted(UINT32 CoreId, FAKE_INSTRUCTION Instruction)
{
    return FakeCore(CoreId)->Executed[Instruction];
}

BOOLEAN FakeExecute(FAKE_CORE *Core, FAKE_INSTRUCTION Instruction)
{
    Core->Executed[Instruction]++;
    return Core->RefuseNth[Instruction] == 0 || --Core->RefuseNth[Instruction] != 0;
}

/* --- the state after FakeCpuReset --- */

/* What Linux has: WP, NE, ET, MP and so on; of CR4 all that a processor with XSAVE, SMEP, SMAP and PCIDs has
 * in use. */
#define KERNEL_CR0 0x80050033ull
#define KERNEL_CR4 0x370EF8ull
#define KERNEL_CR3 0x2345001ull /* with PCID 1 */

static VOID FakeCoreReset(UINT32 CoreId)
{
    FAKE_CORE *Core = &g_Cores[CoreId];

    memset(Core, 0, sizeof(*Core));
    Core->Now.Cr0         = KERNEL_CR0;
    Core->Now.Cr3         = KERNEL_CR3;
    Core->Now.Cr4         = KERNEL_CR4;
    Core->Now.Dr6         = 0xFFFF0FF0;
    Core->Now.Dr7         = 0x401; /* a breakpoint is set, to see that it is kept */
    Core->Now.Xcr0        = XCR0_X87 | XCR0_SSE;
    Core->Now.Rip         = 0xFFFFFFFF81000000ull;
    Core->Now.Regs.rsp    = 0xFFFFC90000010000ull + ((UINT64)CoreId << 20);
    Core->Now.Regs.rflags = 0x246;
    Core->EntryComplaint  = "";
    FakeMsrsReset(Core, CoreId);
    FakeSegmentsReset(Core);
    FakeTlbFlush(CoreId);
}

VOID FakeCpuReset(VOID)
{
    UINT32 CoreId;

    g_AnswerCount        = 0;
    g_MisuseHandler      = NULL;
    g_TripleFaultHandler = NULL;
    FakePortsReset();
    FakeSetVmwriteHook(NULL);
    FakeSetApicHook(NULL);
    FakeSetHypervisorBelow(NULL);
    for (CoreId = 0; CoreId < HOSTED_MAX_CORES; CoreId++)
        FakeCoreReset(CoreId);

    FakeCpuidSet(0, 0, 0x16, 0x756E6547, 0x6C65746E, 0x49656E69);
    FakeCpuidSet(1, 0, 0x50654, 0x00100800, 0x7FFEFBFF, 0xBFEBFBFF); /* with VMX, SMX, XSAVE; no hypervisor */
    FakeCpuidSet(7, 0, 1, 0xD39FFFFB, 0x0000000C, 0xBC000400);       /* with PKU */
    FakeCpuidSet(7, 1, 0x30, 0, 0, 0);
    FakeCpuidSet(0xD, 0, 7, 0x340, 0x340, 0);
    FakeCpuidSet(0x80000000, 0, 0x80000008, 0, 0, 0);
    FakeCpuidSet(0x80000001, 0, 0, 0, 0x121, 0x2C100800);
    FakeCpuidSet(0x80000008, 0, 0x3028, 0, 0, 0); /* 40 physical, 48 linear bits */
}

/* --- CPUID --- */

/* NULL: no answer was set. */
static CPUID_ANSWER *FindAnswer(UINT32 Leaf, UINT32 Subleaf)
{
    UINT32 Index;

    for (Index = 0; Index < g_AnswerCount; Index++)
        if (g_Answers[Index].Leaf == Leaf && g_Answers[Index].Subleaf == Subleaf)
            return &g_Answers[Index];
    return NULL;
}

VOID FakeCpuidSet(UINT32 Leaf, UINT32 Subleaf, UINT32 Eax, UINT32 Ebx, UINT32 Ecx, UINT32 Edx)
{
    CPUID_ANSWER *Answer = FindAnswer(Leaf, Subleaf);

    if (!Answer && g_AnswerCount == MAX_CPUID_ANSWERS)
        HostedDie("too many answers of CPUID");
    if (!Answer)
        Answer = &g_Answers[g_AnswerCount++];
    *Answer = (CPUID_ANSWER){Leaf, Subleaf, {Eax, Ebx, Ecx, Edx}};
}

VOID FakeCpuidGet(UINT32 Leaf, UINT32 Subleaf, CPUID_RESULT *Result)
{
    const CPUID_ANSWER *Answer = FindAnswer(Leaf, Subleaf);

    if (!Answer)
        Answer = FindAnswer(Leaf, FAKE_ANY_SUBLEAF);
    if (!Answer && (Leaf == 0 || Leaf == 1 || Leaf >> 16 != 0)) /* leaves without subleaves */
        Answer = FindAnswer(Leaf, 0);
    if (Answer)
        *Result = Answer->Result;
    else
        memset(Result, 0, sizeof(*Result));
}

/* Bits that mirror CR4: of the core's own register, whoever owns it now. */
static VOID Mirror(UINT64 *Register, UINT32 Bit, UINT64 Cr4, UINT64 Cr4Bit)
{
    *Register = (Cr4 & Cr4Bit) ? *Register | Bit : *Register & ~(UINT64)Bit;
}

VOID CpuCpuid(UINT32 Leaf, UINT32 Subleaf, CPUID_RESULT *Result)
{
    FAKE_CORE *Core = FakeThisCore();

    if (Core->Mode == FAKE_VMX_GUEST) {
        GUEST_REGS Regs = {.rax = Leaf, .rcx = Subleaf};

        if (!FakeGuestInstruction(VMX_EXIT_REASON_EXECUTE_CPUID, 2, 0, &Regs))
            FakeMisuse("CPUID %x faulted in the guest", Leaf);
        *Result = (CPUID_RESULT){(UINT32)Regs.rax, (UINT32)Regs.rbx, (UINT32)Regs.rcx, (UINT32)Regs.rdx};
        return;
    }
    FakeCpuidGet(Leaf, Subleaf, Result);
    if (Leaf == 1)
        Result->Ebx |= (UINT64)FakeApicId(PlatformCpuCurrent()) << 24;
    if (Leaf == 1)
        Mirror(&Result->Ecx, 1u << 27, Core->Now.Cr4, CR4_OSXSAVE);
    if (Leaf == 7 && Subleaf == 0)
        Mirror(&Result->Ecx, 1u << 4, Core->Now.Cr4, CR4_PKE);
}

/* --- what the processor refuses --- */

static UINT32 AddressBits(UINT32 Shift)
{
    CPUID_RESULT Sizes;

    FakeCpuidGet(0x80000008, 0, &Sizes);
    return (Sizes.Eax >> Shift) & 0xFF;
}

/* Of the width that the processor can do, whatever CR4.LA57 says: so it is for MSRs and segment bases. */
BOOLEAN FakeIsCanonical(UINT64 Address)
{
    UINT32 Width = AddressBits(8);
    UINT32 Shift = 64 - (Width ? Width : 48);

    return (UINT64)((INT64)(Address << Shift) >> Shift) == Address;
}

BOOLEAN FakeIsPhysical(UINT64 Address)
{
    UINT32 Width = AddressBits(0);

    return Width == 0 ? Address >> 36 == 0 : Address >> Width == 0;
}

static BOOLEAN FitsFixed(const FAKE_CORE *Core, UINT64 Value, UINT32 Fixed0Msr, UINT32 Fixed1Msr,
                         UINT64 Except)
{
    UINT64 Fixed0 = 0, Fixed1 = 0;

    FakeMsrRead(Core, Fixed0Msr, &Fixed0);
    FakeMsrRead(Core, Fixed1Msr, &Fixed1);
    Fixed0 &= ~Except;
    Fixed1 |= Except;
    return (Value & Fixed0) == Fixed0 && (Value & ~Fixed1) == 0;
}

BOOLEAN FakeCr3IsValid(UINT64 Value)
{
    CPUID_RESULT Features;

    FakeCpuidGet(7, 1, &Features);
    return FakeIsPhysical((Features.Eax >> 26) & 1 ? Value & ~(3ull << 61) : Value);
}

BOOLEAN FakeCr0IsValid(const FAKE_CORE *Core, UINT64 Value)
{
    if (Value >> 32 != 0 || ((Value & CR0_PG) && !(Value & CR0_PE)) ||
        ((Value & CR0_NW) && !(Value & CR0_CD)))
        return FALSE;
    return Core->Mode == FAKE_OUTSIDE_VMX ||
           FitsFixed(Core, Value, IA32_VMX_CR0_FIXED0, IA32_VMX_CR0_FIXED1, 0);
}

BOOLEAN FakeCr4IsValid(const FAKE_CORE *Core, UINT64 Value)
{
    /* bits that exist are those that VMX operation lets be 1 */
    if (!FitsFixed(Core, Value | CR4_VMXE, IA32_VMX_CR4_FIXED0, IA32_VMX_CR4_FIXED1, 0))
        return FALSE;
    return Core->Mode == FAKE_OUTSIDE_VMX || (Value & CR4_VMXE);
}

/* --- control registers --- */

/* In the guest, bits of the mask come from the read shadow. SDM Vol. 3, 26.3. */
static UINT64 GuestView(FAKE_CORE *Core, UINT64 Value, UINT32 MaskField, UINT32 ShadowField)
{
    UINT64 Mask;

    if (Core->Mode != FAKE_VMX_GUEST)
        return Value;
    Mask = FakeFieldGet(Core, MaskField);
    return (Value & ~Mask) | (FakeFieldGet(Core, ShadowField) & Mask);
}

/* TRUE: the guest's write leaves it. SDM Vol. 3, 26.1.3. */
static BOOLEAN GuestWriteExits(FAKE_CORE *Core, UINT64 Value, UINT32 MaskField, UINT32 ShadowField)
{
    return Core->Mode == FAKE_VMX_GUEST &&
           ((Value ^ FakeFieldGet(Core, ShadowField)) & FakeFieldGet(Core, MaskField)) != 0;
}

/* MOV of RAX to the register. */
static VOID GuestWrite(UINT32 Register, UINT64 Value)
{
    GUEST_REGS Regs = {.rax = Value};

    if (!FakeGuestInstruction(VMX_EXIT_REASON_MOV_CR, 3, Register, &Regs))
        FakeMisuse("MOV to CR%u of %llx faulted in the guest", Register, Value);
}

UINT64 CpuReadCr0(VOID)
{
    FAKE_CORE *Core = FakeThisCore();

    return GuestView(Core, Core->Now.Cr0, VMCS_CR0_GUEST_HOST_MASK, VMCS_CR0_READ_SHADOW);
}

UINT64 CpuReadCr4(VOID)
{
    FAKE_CORE *Core = FakeThisCore();

    return GuestView(Core, Core->Now.Cr4, VMCS_CR4_GUEST_HOST_MASK, VMCS_CR4_READ_SHADOW);
}

UINT64 CpuReadCr3(VOID)
{
    return FakeThisCore()->Now.Cr3;
}

VOID CpuWriteCr0(UINT64 Value)
{
    FAKE_CORE *Core = FakeThisCore();

    if (GuestWriteExits(Core, Value, VMCS_CR0_GUEST_HOST_MASK, VMCS_CR0_READ_SHADOW)) {
        GuestWrite(0, Value);
        return;
    }
    if (Core->Mode != FAKE_VMX_GUEST && !FakeCr0IsValid(Core, Value))
        FakeMisuse("CR0 cannot be %llx", Value);
    if ((Value ^ Core->Now.Cr0) & (CR0_PE | CR0_PG))
        FakeMisuse("paging goes off under 64-bit code: CR0 %llx", Value);
    Core->Now.Cr0 = Value;
}

VOID CpuWriteCr3(UINT64 Value)
{
    FAKE_CORE *Core = FakeThisCore();

    Value &= ~(1ull << 63);
    if (!FakeCr3IsValid(Value))
        FakeMisuse("CR3 cannot be %llx", Value);
    if ((Value & 0xFE7) && !(Core->Now.Cr4 & CR4_PCIDE))
        FakeMisuse("CR3 %llx has a PCID and CR4.PCIDE is 0", Value);
    Core->Now.Cr3 = Value;
    FakeTlbFlush(PlatformCpuCurrent());
}

VOID CpuWriteCr4(UINT64 Value)
{
    FAKE_CORE *Core = FakeThisCore();
    UINT64 Changed  = Value ^ Core->Now.Cr4;

    if (GuestWriteExits(Core, Value, VMCS_CR4_GUEST_HOST_MASK, VMCS_CR4_READ_SHADOW)) {
        GuestWrite(4, Value);
        return;
    }
    if (Core->Mode == FAKE_VMX_GUEST) /* a bit of the mask keeps its own value */
        Value = (Value & ~FakeFieldGet(Core, VMCS_CR4_GUEST_HOST_MASK)) |
                (Core->Now.Cr4 & FakeFieldGet(Core, VMCS_CR4_GUEST_HOST_MASK));
    if (!FakeCr4IsValid(Core, Value) || (Changed & (CR4_PAE | CR4_LA57)))
        FakeMisuse("CR4 cannot be %llx", Value);
    if ((Changed & Value & CR4_PCIDE) && (Core->Now.Cr3 & 0xFFF))
        FakeMisuse("CR4.PCIDE set while CR3 is %llx", Core->Now.Cr3);
    Core->Now.Cr4 = Value;
    FakeTlbFlush(PlatformCpuCurrent());
}

#define DEFINE_PLAIN_REGISTER(Name)                                                                          \
    UINT64 CpuRead##Name(VOID)                                                                               \
    {                                                                                                        \
        return FakeThisCore()->Now.Name;                                                                     \
    }                                                                                                        \
                                                                                                             \
    VOID CpuWrite##Name(UINT64 Value)                                                                        \
    {                                                                                                        \
        FakeThisCore()->Now.Name = Value;                                                                    \
    }

DEFINE_PLAIN_REGISTER(Cr2)
DEFINE_PLAIN_REGISTER(Dr0)
DEFINE_PLAIN_REGISTER(Dr1)
DEFINE_PLAIN_REGISTER(Dr2)
DEFINE_PLAIN_REGISTER(Dr3)

UINT64 CpuReadCr8(VOID)
{
    return FakeThisCore()->Now.Cr8;
}

VOID CpuWriteCr8(UINT64 Value)
{
    if (Value > 15)
        FakeMisuse("CR8 cannot be %llx", Value);
    FakeThisCore()->Now.Cr8 = Value;
}

UINT64 CpuReadDr6(VOID)
{
    return FakeThisCore()->Now.Dr6;
}

VOID CpuWriteDr6(UINT64 Value)
{
    if (Value >> 32)
        FakeMisuse("DR6 cannot be %llx", Value);
    FakeThisCore()->Now.Dr6 = (Value & 0xE00F) | 0xFFFF0FF0;
}

UINT64 CpuReadDr7(VOID)
{
    return FakeThisCore()->Now.Dr7;
}

VOID CpuWriteDr7(UINT64 Value)
{
    if (Value >> 32)
        FakeMisuse("DR7 cannot be %llx", Value);
    FakeThisCore()->Now.Dr7 = Value | 0x400;
}

/* --- XCR0 --- */

static BOOLEAN XcrIsValid(UINT32 Xcr, UINT64 Value)
{
    if (Xcr != 0 || !(Value & XCR0_X87) || (Value & ~(XCR0_X87 | XCR0_SSE | XCR0_AVX)))
        return FALSE;
    return !(Value & XCR0_AVX) || (Value & XCR0_SSE);
}

BOOLEAN CpuTryWriteXcr(UINT32 Xcr, UINT64 Value)
{
    FAKE_CORE *Core = FakeThisCore();

    if (Core->Mode == FAKE_VMX_GUEST) {
        GUEST_REGS Regs = {.rcx = Xcr, .rax = (UINT32)Value, .rdx = Value >> 32};

        return FakeGuestInstruction(VMX_EXIT_REASON_EXECUTE_XSETBV, 3, 0, &Regs);
    }
    if (!(Core->Now.Cr4 & CR4_OSXSAVE))
        FakeMisuse("XSETBV without CR4.OSXSAVE");
    if (!XcrIsValid(Xcr, Value))
        return FALSE;
    Core->Now.Xcr0 = Value;
    return TRUE;
}

/* --- counters --- */

UINT64 CpuReadTsc(VOID)
{
    return FakeThisCore()->Now.Tsc++;
}

BOOLEAN CpuTryReadPmc(UINT32 Counter, UINT64 *Value)
{
    if (Counter >= FAKE_PMCS)
        return FALSE;
    *Value = FakeThisCore()->Now.Pmc[Counter];
    return TRUE;
}

/* --- the rest --- */

/* In root mode the stack that the exit handler runs on. */
UINT64 CpuReadRsp(VOID)
{
    FAKE_CORE *Core = FakeThisCore();

    return Core->StackPointer ? Core->StackPointer : Core->Now.Regs.rsp;
}

VOID CpuWriteBackInvalidateCaches(VOID)
{
    FakeThisCore()->CacheWritebacks++;
}

UINT32 FakeCacheWritebacks(UINT32 CoreId)
{
    return FakeCore(CoreId)->CacheWritebacks;
}

UINT32 FakeKernelNmis(UINT32 CoreId)
{
    return FakeCore(CoreId)->KernelNmis;
}

VOID CpuSoftwareNmi(VOID)
{
    FAKE_CORE *Core = FakeThisCore();

    if (Core->Now.IdtBase != Core->KernelIdtBase)
        FakeRootException(2, 0);
    else
        Core->KernelNmis++;
}

VOID FakeSetTripleFaultHandler(VOID (*Handler)(VOID))
{
    g_TripleFaultHandler = Handler;
}

VOID CpuTripleFault(VOID)
{
    if (g_TripleFaultHandler)
        g_TripleFaultHandler();
    FakeMisuse("triple fault");
}

VOID CpuHaltForever(VOID)
{
    if (g_TripleFaultHandler)
        g_TripleFaultHandler();
    FakeMisuse("a core halts for ever");
}
