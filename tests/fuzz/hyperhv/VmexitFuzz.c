/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * VmexitFuzz.c - any exits of a guest in any state that a processor can have, with a user who answers
 * anything: the core goes on as a guest whose state the processor takes, or leaves as the kernel asked.
 *
 * The bytes say, exit after exit, registers, the exit's information and the user's answers; zeros follow when
 * they end. Context: user space; the fake processor (platform/hosted) checks every entry as the manual says.
 */
#include "tests/fuzz/Fuzz.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "SDK/VmcallNumbers.h"
#include "SDK/imports/VmmImports.h"
#include "hyperhv/core/Globals.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/hooks/HookPage.h"
#include "hyperhv/vmx/Vmcs.h"
#include "hyperhv/vmx/VmxState.h"
#include "platform/PlatformMemory.h"
#include "platform/hosted/FakeCpu.h"
#include "platform/hosted/Hosted.h"

const char g_FuzzCorpus[] = "tests/fuzz/hyperhv/corpus/VmexitFuzz";

#define MAX_EXITS       12
#define CODE_ADDRESS    0xFFFFFFFF81000000ull
#define CODE_PAGES      2
#define HOOKED_OFFSET   0x40
#define MONITOR_TAG     7
#define WATCHED_PROCESS 77
#define RFLAGS_TF       (1ull << 8)
#define RFLAGS_IF       (1ull << 9)
#define RFLAGS_FREE     0x3D7FD5ull /* bits that a 64-bit guest can have either way */
#define DEBUGCTL_FREE   0xDFC3ull
#define DEBUGCTL_BTF    2ull
#define CR0_FREE        0x6005000Eull /* CD NW AM WP TS EM MP */
#define CR0_NW          (1ull << 29)
#define CR0_CD          (1ull << 30)
#define CR4_FREE        0x770FDFull
#define CR4_ALWAYS      0x2020ull /* VMXE, as the processor has it, and PAE */
#define CR4_PCIDE       (1ull << 17)
#define BLOCKING_STI    1ull
#define BLOCKING_MOV_SS 2ull
#define BLOCKING_NMI    8ull

/* --- the input --- */

static const uint8_t *g_Input;
static size_t g_Left;

static UINT64 Take(UINT32 Bytes)
{
    UINT64 Value = 0;

    for (; Bytes > 0; Bytes--) {
        Value = (Value << 8) | (g_Left > 0 ? *g_Input : 0);
        g_Input += g_Left > 0;
        g_Left -= g_Left > 0;
    }
    return Value;
}

static UINT64 TakeBelow(UINT64 Limit)
{
    return Take(Limit > 256 ? 2 : 1) % Limit;
}

/* Numbers that code looks at, or any. */
static UINT64 TakeNumber(VOID)
{
    static const UINT64 Interesting[] = {
        0,
        1,
        7,
        0x16,
        0x40000000,
        0x80000008,
        ~0ull,
        1ull << 63,
        1ull << 47,
        0xFFFF800000000000ull,
        0xFFFFFFFF,
        0x100000000ull,
        IA32_EFER,
        IA32_PAT,
        IA32_FS_BASE,
        IA32_GS_BASE,
        IA32_SYSENTER_EIP,
        IA32_DEBUGCTL,
        IA32_FEATURE_CONTROL,
        IA32_VMX_BASIC,
        0xC0002000,
        0x10,
        0xC0000082,
        0x1234,
        0x80050033,
        0x80050013,
        0x370EF8,
        0x372EF8,
        0x350EF8,
        VMCALL_TEST,
        VMCALL_VMXOFF,
        VMCALL_CHANGE_MSR_BITMAP_READ,
        VMCALL_CHANGE_MSR_BITMAP_WRITE,
        VMCALL_INVEPT_SINGLE_CONTEXT,
        VMCALL_DEBUGGER_FIRST,
        CODE_ADDRESS,
        CODE_ADDRESS + HOOKED_OFFSET,
        HOSTED_DIRECT_MAP + HOSTED_RAM_PHYSICAL,
    };
    UINT64 Which = TakeBelow(2 * COUNT_OF(Interesting));

    return Which < COUNT_OF(Interesting) ? Interesting[Which] : Take(8);
}

static UINT64 TakeCanonical(VOID)
{
    return (UINT64)((INT64)(TakeNumber() << 16) >> 16);
}

/* --- the user of the VMM --- */

static jmp_buf g_Stopped;
static BOOLEAN g_UserTouchedRip;

static BOOLEAN Answer(VOID)
{
    return (BOOLEAN)(Take(1) & 1);
}

static VMM_CALLBACK_TRIGGERING_EVENT_STATUS_TYPE Trigger(VMM_EVENT_TYPE_ENUM EventType,
                                                         VMM_CALLBACK_EVENT_CALLING_STAGE_TYPE CallingStage,
                                                         PVOID Context, BOOLEAN *PostEventRequired,
                                                         GUEST_REGS *Regs)
{
    const UINT64 Does = Take(1);

    (void)EventType;
    (void)CallingStage;
    (void)Context;
    if (PostEventRequired)
        *PostEventRequired = (BOOLEAN)(Does & 1);
    if (Does & 2)
        ((UINT64 *)Regs)[TakeBelow(GUEST_REGS_COUNT)] = TakeNumber();
    if (Does & 4) {
        VmFuncSetRip(TakeNumber());
        g_UserTouchedRip = TRUE;
    }
    if (Does & 8) {
        VmFuncSuppressRipIncrement(VmFuncGetCurrentCoreId());
        g_UserTouchedRip = TRUE;
    }
    if (Does & 16)
        VmFuncGetXmmRegs();
    return Does & 32 ? VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL_IGNORE_EVENT
                     : VMM_CALLBACK_TRIGGERING_EVENT_STATUS_SUCCESSFUL;
}

static BOOLEAN Log(UINT32 OperationCode, BOOLEAN IsImmediateMessage, BOOLEAN ShowCurrentSystemTime,
                   BOOLEAN Priority, const char *Fmt, va_list ArgList)
{
    static CHAR Line[512];

    (void)OperationCode;
    (void)IsImmediateMessage;
    (void)ShowCurrentSystemTime;
    (void)Priority;
    vsnprintf(Line, sizeof(Line), Fmt, ArgList);
    return TRUE;
}

static BOOLEAN OnVmcall(UINT32 CoreId, UINT64 Number, UINT64 Param1, UINT64 Param2, UINT64 Param3)
{
    (void)CoreId;
    (void)Number;
    (void)Param1;
    (void)Param2;
    (void)Param3;
    return Answer();
}

static BOOLEAN OnViolation(UINT32 CoreId, UINT64 Qualification, UINT64 Physical)
{
    (void)CoreId;
    (void)Qualification;
    (void)Physical;
    return Answer();
}

static BOOLEAN OnCore(UINT32 CoreId)
{
    (void)CoreId;
    return Answer();
}

static VOID OnRegisteredMtf(UINT32 CoreId)
{
    g_GuestState[CoreId].RegisterBreakOnMtf = Answer();
}

/* --- one machine, always as after its load --- */

typedef struct _SNAPSHOT {
    FAKE_CORE Core;
    VIRTUAL_MACHINE_STATE VCpu;
    VMX_CORE Vmx;
    UINT8 Vmcs[PLATFORM_PAGE_SIZE];
    UINT8 MsrBitmap[PLATFORM_PAGE_SIZE];
} SNAPSHOT;

static SNAPSHOT g_Snapshot;
static BOOLEAN g_IsLoaded;
static UINT8 *g_Code;    /* what the guest executes, at CODE_ADDRESS */
static UINT64 *g_Tables; /* the guest's page tables, from the top level down */
static UINT64 g_GuestCr3;

static UINT64 Physical(const VOID *Memory)
{
    return PlatformMemoryVirtualToPhysical(Memory);
}

static VOID MapCode(VOID)
{
    UINT32 Level, Page;

    g_Code     = PlatformMemoryAllocatePages(CODE_PAGES);
    g_Tables   = PlatformMemoryAllocatePages(4);
    g_GuestCr3 = Physical(g_Tables);
    for (Level = 4; Level > 1; Level--)
        g_Tables[512 * (4 - Level) + ((CODE_ADDRESS >> (12 + 9 * (Level - 1))) & 511)] =
            Physical(&g_Tables[512 * (5 - Level)]) | 3;
    for (Page = 0; Page < CODE_PAGES; Page++)
        g_Tables[512 * 3 + ((CODE_ADDRESS >> 12) & 511) + Page] =
            Physical(g_Code + Page * PLATFORM_PAGE_SIZE) | 3;
}

/* A hidden breakpoint on the code, monitors on the code and on the page of the tables. */
static VOID SetHooks(VOID)
{
    const UINT64 Code = HOSTED_DIRECT_MAP + Physical(g_Code);

    if (ConfigureEptHook(Code + HOOKED_OFFSET, VMM_NO_PROCESS) != 0 ||
        ConfigureEptHookMonitor(MONITOR_TAG, Physical(g_Code) + 0x800, PLATFORM_PAGE_SIZE, TRUE,
                                HOOK_ACCESS_ALL, VMM_NO_PROCESS) != 0 ||
        ConfigureEptHookMonitor(MONITOR_TAG + 1, Physical(g_Tables), 64, TRUE, HOOK_ACCESS_WRITE,
                                VMM_NO_PROCESS) != 0)
        abort();
}

/* Of every kind; a process whose changes of mode are watched has the guest's page tables. */
static VOID TurnExitsOn(VOID)
{
    static BOOLEAN (*const Plain[])(UINT32 CoreId) = {
        ConfigureSetEferSyscallHook, ConfigureSetExternalInterruptExiting, ConfigureSetRdtscExiting,
        ConfigureSetRdpmcExiting,    ConfigureSetMovDebugRegsExiting,      ConfigureSetMovToCr3Exiting,
    };
    static BOOLEAN (*const OfAll[])(UINT32 CoreId,
                                    UINT32 Which) = {ConfigureSetMsrReadExiting, ConfigureSetMsrWriteExiting,
                                                     ConfigureSetIoExiting, ConfigureSetExceptionBitmap};
    BOOLEAN Done                                  = ConfigureSetMovToCrExiting(VMM_ALL_CORES, 0, ~0ull) &&
                   ConfigureSetMovToCrExiting(VMM_ALL_CORES, 4, ~0ull) &&
                   ConfigureSetMovToCrExiting(VMM_ALL_CORES, 8, 0) &&
                   ConfigureSetMovFromCrExiting(VMM_ALL_CORES, 3) &&
                   ConfigureSetMovFromCrExiting(VMM_ALL_CORES, 8);
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Plain); Index++)
        Done = Done && Plain[Index](VMM_ALL_CORES);
    for (Index = 0; Index < COUNT_OF(OfAll); Index++)
        Done = Done && OfAll[Index](VMM_ALL_CORES, VMM_ALL_INDICES);
    HostedSetProcessTable(WATCHED_PROCESS, g_GuestCr3);
    if (!Done || !ConfigureSetModeExecTrap(VMM_ALL_CORES, WATCHED_PROCESS))
        abort();
}

static VOID Load(VOID)
{
    VMM_CALLBACKS Callbacks = {
        .LogCallbackPrepareAndSendMessageToQueueWrapper  = Log,
        .VmmCallbackTriggerEvents                        = Trigger,
        .VmmCallbackVmcallHandler                        = OnVmcall,
        .VmmCallbackRegisteredMtfHandler                 = OnRegisteredMtf,
        .VmmCallbackRestoreEptState                      = OnCore,
        .VmmCallbackCheckUnhandledEptViolations          = OnViolation,
        .DebuggingCallbackHandleBreakpointException      = OnCore,
        .DebuggingCallbackHandleDebugBreakpointException = OnCore,
        .DebuggingCallbackCheckThreadInterception        = OnCore,
        .BreakpointCheckAndHandleReApplyingBreakpoint    = OnCore,
        .KdCheckAndHandleNmiCallback                     = OnCore,
    };

    HostedReset();
    FakeCpuReset();
    if (!VmFuncInitVmm(&Callbacks))
        abort();
    MapCode();
    SetHooks();
    TurnExitsOn();
    g_Snapshot.Core = *FakeCore(0);
    g_Snapshot.VCpu = g_GuestState[0];
    g_Snapshot.Vmx  = *g_GuestState[0].Vmx;
    memcpy(g_Snapshot.Vmcs, g_Snapshot.Vmx.VmcsRegion, PLATFORM_PAGE_SIZE);
    memcpy(g_Snapshot.MsrBitmap, g_Snapshot.Vmx.MsrBitmap, PLATFORM_PAGE_SIZE);
    g_IsLoaded = TRUE;
}

static VOID Restore(VOID)
{
    if (!g_IsLoaded)
        Load();
    *FakeCore(0)         = g_Snapshot.Core;
    g_GuestState[0]      = g_Snapshot.VCpu;
    *g_GuestState[0].Vmx = g_Snapshot.Vmx;
    memcpy(g_Snapshot.Vmx.VmcsRegion, g_Snapshot.Vmcs, PLATFORM_PAGE_SIZE);
    memcpy(g_Snapshot.Vmx.MsrBitmap, g_Snapshot.MsrBitmap, PLATFORM_PAGE_SIZE);
    memset(g_Code, 0x90, CODE_PAGES * PLATFORM_PAGE_SIZE);
}

/* --- a state that a processor can be in --- */

static BOOLEAN StepsEach(const FAKE_REGISTERS *Now)
{
    return (Now->Regs.rflags & RFLAGS_TF) && !(FakeMsrGet(0, IA32_DEBUGCTL) & DEBUGCTL_BTF);
}

static VOID ChooseMode(FAKE_REGISTERS *Now)
{
    static const struct {
        UINT64 Cs, Ss;
        UINT32 CsRights, SsRights;
    } Modes[] = {
        {0x10, 0x18, 0xA09B, 0xC093},
        {0x33, 0x2B, 0xA0FB, 0xC0F3},
        {0x23, 0x2B, 0xC0FB, 0xC0F3},
        {0x10, 0x18, 0xA0BB, 0xC0B3},
    };
    UINT64 Mode = TakeBelow(COUNT_OF(Modes));

    Now->Segments[VMCS_SEGMENT_CS].Selector = Modes[Mode].Cs;
    Now->Segments[VMCS_SEGMENT_CS].Rights   = Modes[Mode].CsRights;
    Now->Segments[VMCS_SEGMENT_SS].Selector = Modes[Mode].Ss;
    Now->Segments[VMCS_SEGMENT_SS].Rights   = Modes[Mode].SsRights;
    if (!(Modes[Mode].CsRights & (1u << 13)))
        Now->Rip = (UINT32)Now->Rip;
}

static VOID ChooseMsrs(VOID)
{
    const UINT64 Which = Take(1);

    if (Which & 1)
        FakeMsrSet(0, IA32_DEBUGCTL, Take(2) & DEBUGCTL_FREE);
    if (Which & 2)
        FakeMsrSet(0, IA32_FS_BASE, TakeCanonical());
    if (Which & 4)
        FakeMsrSet(0, IA32_GS_BASE, TakeCanonical());
    if (Which & 8)
        FakeMsrSet(0, IA32_EFER, 0xD00 | (Take(1) & 1));
    if (Which & 16)
        FakeMsrSet(0, IA32_SYSENTER_EIP, TakeCanonical());
}

/* Anywhere, but not where the pretended memory has nothing that could be read. */
static UINT64 TakePageTable(VOID)
{
    const UINT64 Physical = Take(5);

    return Physical >> 32 == HOSTED_RAM_PHYSICAL >> 32 ? g_GuestCr3 : Physical;
}

static VOID ChooseControlRegisters(FAKE_REGISTERS *Now)
{
    const UINT64 Which = Take(1);

    if (Which & 1)
        Now->Cr0 = (Now->Cr0 & ~CR0_FREE) | (Take(4) & CR0_FREE);
    if ((Now->Cr0 & CR0_NW) && !(Now->Cr0 & CR0_CD))
        Now->Cr0 &= ~CR0_NW;
    if (Which & 2)
        Now->Cr4 = (Take(4) & CR4_FREE) | CR4_ALWAYS;
    Now->Cr3 = Which & 4 ? g_GuestCr3 : TakePageTable();
    if (Now->Cr4 & CR4_PCIDE)
        Now->Cr3 |= Which >> 4;
    else
        Now->Cr3 &= ~0xFE7ull;
    if (Which & 8)
        Now->Dr7 = Take(4) | 0x400;
}

static VOID ChooseRegisters(FAKE_REGISTERS *Now)
{
    const UINT64 Which = Take(2);
    UINT32 Index;

    for (Index = 0; Index < GUEST_REGS_GENERAL_COUNT; Index++)
        if ((Which >> Index) & 1)
            ((UINT64 *)&Now->Regs)[Index] = TakeNumber();
    Now->Regs.rflags = (Take(3) & RFLAGS_FREE) | 2;
    Now->Rip = TakeBelow(2) ? CODE_ADDRESS + TakeBelow(CODE_PAGES * PLATFORM_PAGE_SIZE) : TakeCanonical();
}

/* 25.4.2: what can be true between two instructions. */
static VOID ChooseInterruptibility(FAKE_REGISTERS *Now)
{
    static const UINT64 Shadows[] = {0, 0, BLOCKING_STI, BLOCKING_MOV_SS};
    const UINT64 Which            = Take(1);
    UINT64 State                  = Shadows[Which & 3] | (Which & 4 ? BLOCKING_NMI : 0);

    if (!(Now->Regs.rflags & RFLAGS_IF))
        State &= ~BLOCKING_STI;
    *FakeInterruptibility(0) = State;
    *FakePendingDebug(0)     = (State & 3) && StepsEach(Now) ? PENDING_DEBUG_BS : 0;
}

static VOID SignVmcall(FAKE_REGISTERS *Now)
{
    Now->Regs.r10 = VMCALL_SIGNATURE_R10;
    Now->Regs.r11 = VMCALL_SIGNATURE_R11;
    Now->Regs.r12 = VMCALL_SIGNATURE_R12;
}

static VOID ChooseGuest(VOID)
{
    FAKE_REGISTERS *Now = FakeRegisters(0);
    const UINT64 Which  = Take(1);
    UINT32 Index;

    ChooseRegisters(Now);
    ChooseMode(Now);
    if (Which & 1)
        ChooseMsrs();
    if (Which & 2)
        ChooseControlRegisters(Now);
    ChooseInterruptibility(Now);
    if (Which & 4)
        SignVmcall(Now);
    if (Which & 8)
        for (Index = 0; Index < 16; Index++)
            g_Code[(Now->Rip + Index) % (CODE_PAGES * PLATFORM_PAGE_SIZE)] = (UINT8)Take(1);
}

/* --- an exit that a processor can make --- */

static BOOLEAN HasErrorCode(UINT32 Vector)
{
    return Vector == 8 || (Vector >= 10 && Vector <= 14) || Vector == 17;
}

/* An event as the exit's or the vectoring information tells it; 0: none. */
static UINT32 TakeEvent(BOOLEAN MayBeInterrupt)
{
    static const UINT32 Types[] = {
        INTERRUPTION_TYPE_HARDWARE_EXCEPTION, INTERRUPTION_TYPE_NMI,
        INTERRUPTION_TYPE_SOFTWARE_EXCEPTION, INTERRUPTION_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION,
        INTERRUPTION_TYPE_EXTERNAL_INTERRUPT, INTERRUPTION_TYPE_SOFTWARE_INTERRUPT,
    };
    UINT32 Type   = Types[TakeBelow(MayBeInterrupt ? 6 : 4)];
    UINT32 Vector = (UINT32)Take(1);
    UINT32 Info   = INTERRUPTION_INFO_VALID | (Type << 8);

    switch (Type) {
    case INTERRUPTION_TYPE_HARDWARE_EXCEPTION:
        Vector %= 32;
        Info |= Vector | (HasErrorCode(Vector) ? INTERRUPTION_INFO_ERROR_CODE_VALID : 0);
        break;
    case INTERRUPTION_TYPE_NMI:
        Info |= 2;
        break;
    case INTERRUPTION_TYPE_SOFTWARE_EXCEPTION:
        Info |= Vector & 1 ? 3 : 4;
        break;
    case INTERRUPTION_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION:
        Info |= 1;
        break;
    default:
        Info |= Vector;
        break;
    }
    return Info | (Take(1) & 1 ? INTERRUPTION_INFO_NMI_UNBLOCKING : 0);
}

/* An event is delivered only in a state that lets it in; an NMI that is being delivered blocks others. */
static VOID ChooseVectoring(FAKE_EXIT *Exit)
{
    UINT32 Type;

    if (Take(1) & 1)
        return;
    Exit->IdtVectoringInfo      = TakeEvent(TRUE);
    Exit->IdtVectoringErrorCode = (UINT32)Take(2);
    Type                        = INTERRUPTION_INFO_TYPE(Exit->IdtVectoringInfo);
    *FakeInterruptibility(0) &= BLOCKING_NMI;
    *FakePendingDebug(0) = 0;
    if (Type == INTERRUPTION_TYPE_EXTERNAL_INTERRUPT)
        FakeRegisters(0)->Regs.rflags |= RFLAGS_IF;
    if (Type == INTERRUPTION_TYPE_NMI)
        *FakeInterruptibility(0) = BLOCKING_NMI;
}

static UINT64 TakePhysical(VOID)
{
    switch (TakeBelow(4)) {
    case 0:
        return Physical(g_Code) + TakeBelow(CODE_PAGES * PLATFORM_PAGE_SIZE);
    case 1:
        return Physical(g_Tables) + TakeBelow(PLATFORM_PAGE_SIZE);
    default:
        return Take(5);
    }
}

static FAKE_EXIT TakeExit(VOID)
{
    static const UINT32 Frequent[] = {
        VMX_EXIT_REASON_EXCEPTION_OR_NMI,
        VMX_EXIT_REASON_EXECUTE_CPUID,
        VMX_EXIT_REASON_EXECUTE_RDMSR,
        VMX_EXIT_REASON_EXECUTE_WRMSR,
        VMX_EXIT_REASON_MOV_CR,
        VMX_EXIT_REASON_EXECUTE_VMCALL,
        VMX_EXIT_REASON_EPT_VIOLATION,
        VMX_EXIT_REASON_EXECUTE_XSETBV,
        VMX_EXIT_REASON_MONITOR_TRAP_FLAG,
        VMX_EXIT_REASON_NMI_WINDOW,
        VMX_EXIT_REASON_EXTERNAL_INTERRUPT,
        VMX_EXIT_REASON_INTERRUPT_WINDOW,
        VMX_EXIT_REASON_IO_INSTRUCTION,
        VMX_EXIT_REASON_MOV_DR,
        VMX_EXIT_REASON_EXECUTE_RDTSC,
        VMX_EXIT_REASON_EXECUTE_RDTSCP,
        VMX_EXIT_REASON_EXECUTE_RDPMC,
    };
    UINT64 Which   = TakeBelow(2 * COUNT_OF(Frequent));
    FAKE_EXIT Exit = {.Reason = Which < COUNT_OF(Frequent) ? Frequent[Which] : (UINT32)Take(2)};

    Exit.Qualification     = TakeBelow(2) ? Take(2) : Take(8);
    Exit.InstructionLength = 1 + (UINT32)TakeBelow(15);
    Exit.InstructionInfo   = (UINT32)Take(1);
    if (Exit.Reason == VMX_EXIT_REASON_EXCEPTION_OR_NMI) {
        Exit.InterruptionInfo      = TakeEvent(FALSE);
        Exit.InterruptionErrorCode = (UINT32)Take(2);
    }
    if (Exit.Reason == VMX_EXIT_REASON_EXCEPTION_OR_NMI || Exit.Reason == VMX_EXIT_REASON_EPT_VIOLATION)
        ChooseVectoring(&Exit);
    if (Exit.Reason == VMX_EXIT_REASON_EXTERNAL_INTERRUPT &&
        (FakeVmcsGet(0, VMCS_VMEXIT_CONTROLS) & VMEXIT_ACKNOWLEDGE_INTERRUPT))
        Exit.InterruptionInfo = INTERRUPTION_INFO_VALID | (UINT32)(32 + TakeBelow(224));
    if (Exit.Reason == VMX_EXIT_REASON_NMI_WINDOW || Exit.Reason == VMX_EXIT_REASON_INTERRUPT_WINDOW)
        *FakeInterruptibility(0) = 0; /* it would not be open */
    if (Exit.Reason == VMX_EXIT_REASON_INTERRUPT_WINDOW)
        FakeRegisters(0)->Regs.rflags |= RFLAGS_IF; /* the same */
    Exit.GuestPhysical = TakePhysical();
    Exit.GuestLinear   = TakeNumber();
    return Exit;
}

/* --- what must be true --- */

static VOID Fault(const CHAR *What)
{
    fprintf(stderr, "VmexitFuzz: %s (entry: %s)\n", What, FakeEntryComplaint(0));
    abort();
}

static VOID Panicked(const CHAR *Message)
{
    if (!strstr(Message, "an EPT entry is malformed")) /* the exit of that reason was asked for */
        Fault(Message);
    longjmp(g_Stopped, 1);
}

static VOID TripleFaulted(VOID)
{
    longjmp(g_Stopped, 1);
}

static VOID ExpectSound(UINT64 Rip, const FAKE_EXIT *Exit)
{
    const FAKE_REGISTERS *Now = FakeRegisters(0);
    const UINT64 Next         = Rip + Exit->InstructionLength;
    UINT32 Field;

    if (VmcsFailedAccessCount(&Field) != 0)
        Fault("the processor refused an access of the VMCS");
    if (FakeMode(0) == FAKE_VMX_ROOT)
        Fault("the core is left in root mode");
    if (FakeMode(0) == FAKE_OUTSIDE_VMX)
        return;
    if (g_GuestState[0].IsOnVmxRootMode)
        Fault("the core thinks that it is in root mode");
    /* hidden breakpoints carry out instructions of other lengths */
    if (!g_UserTouchedRip && Exit->Reason != VMX_EXIT_REASON_EXCEPTION_OR_NMI &&
        Exit->Reason != VMX_EXIT_REASON_EPT_VIOLATION && Now->Rip != Rip && Now->Rip != Next &&
        Now->Rip != (UINT32)Next)
        Fault("RIP is neither at the instruction nor behind it");
}

static VOID MakeOneExit(VOID)
{
    FAKE_EXIT Exit;
    UINT64 Rip;

    ChooseGuest();
    Exit             = TakeExit();
    Rip              = FakeRegisters(0)->Rip;
    g_UserTouchedRip = FALSE;
    FakeExit(&Exit);
    ExpectSound(Rip, &Exit);
}

static VOID Arm(UINT64 Which)
{
    VmFuncSetTriggerEvent(CPUID_INSTRUCTION_EXECUTION, Which & 1);
    VmFuncSetTriggerEvent(RDMSR_INSTRUCTION_EXECUTION, (Which >> 1) & 1);
    VmFuncSetTriggerEvent(WRMSR_INSTRUCTION_EXECUTION, (Which >> 2) & 1);
    VmFuncSetTriggerEvent(VMCALL_INSTRUCTION_EXECUTION, (Which >> 3) & 1);
    VmFuncSetTriggerEvent(XSETBV_INSTRUCTION_EXECUTION, (Which >> 4) & 1);
    VmFuncSetTriggerEvent(IN_INSTRUCTION_EXECUTION, (Which >> 7) & 1);
    VmFuncSetTriggerEvent(OUT_INSTRUCTION_EXECUTION, (Which >> 7) & 1);
    VmFuncSetTriggerEvent(EXCEPTION_OCCURRED, (Which >> 8) & 1);
    VmFuncSetTriggerEvent(EXTERNAL_INTERRUPT_OCCURRED, (Which >> 9) & 1);
    VmFuncSetTriggerEvent(SYSCALL_HOOK_EFER_SYSCALL, (Which >> 10) & 1);
    VmFuncSetTriggerEvent(SYSCALL_HOOK_EFER_SYSRET, (Which >> 10) & 1);
    VmFuncSetTriggerEvent(TSC_INSTRUCTION_EXECUTION, (Which >> 11) & 1);
    VmFuncSetTriggerEvent(PMC_INSTRUCTION_EXECUTION, (Which >> 11) & 1);
    VmFuncSetTriggerEvent(DEBUG_REGISTERS_ACCESSED, (Which >> 12) & 1);
    VmFuncSetTriggerEvent(CONTROL_REGISTER_MODIFIED, (Which >> 13) & 1);
    VmFuncSetTriggerEvent(CONTROL_REGISTER_READ, (Which >> 13) & 1);
    VmFuncSetTriggerEvent(CONTROL_REGISTER_3_MODIFIED, (Which >> 14) & 1);
    VmFuncSetTriggerEvent(TRAP_EXECUTION_MODE_CHANGED, (Which >> 15) & 1);
    g_GuestState[0].RegisterBreakOnMtf = (Which >> 5) & 1;
    g_GuestState[0].IgnoreMtfUnset     = (Which >> 6) & 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *Bytes, size_t Length)
{
    UINT32 Exits;

    g_Input = Bytes;
    g_Left  = Length;
    Restore();
    HostedSetPanicHandler(Panicked);
    FakeSetTripleFaultHandler(TripleFaulted);
    Arm(Take(2));
    if (setjmp(g_Stopped) == 0)
        for (Exits = 0; Exits < MAX_EXITS && g_Left > 0 && FakeMode(0) == FAKE_VMX_GUEST; Exits++)
            MakeOneExit();
    return 0;
}
