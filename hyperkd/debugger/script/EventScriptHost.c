// SPDX-License-Identifier: GPL-2.0-only
/*
 * EventScriptHost.c - what a script that runs in an exit may see and do: registers, memory, the task, the
 * log, its event.
 *
 * Context: VMX root, within EventScriptRun.
 */
#include "hyperkd/debugger/script/EventScript.h"

#include "SDK/imports/HyperLogImports.h"
#include "SDK/imports/VmmGuestImports.h"
#include "SDK/imports/VmmImports.h"
#include "SDK/imports/VmmMemoryImports.h"
#include "hyperkd/debugger/events/EventTrigger.h"
#include "platform/PlatformMemory.h"
#include "platform/PlatformTime.h"

#define HOST_MAXIMUM_SLEEP 10000      /* microseconds: the core does nothing else meanwhile */
#define NANOSECONDS        1000000ull /* in a millisecond */

/* --- memory --- */

/* The kernel's half is the same in every address space, but with page table isolation user code runs on a
 * table that lacks most of it. */
static UINT64 HostAddressSpace(UINT64 Address)
{
    return (INT64)Address < 0 ? LayoutGetKernelCr3() : LayoutGetCurrentProcessCr3();
}

static BOOLEAN HostReadVirtual(PVOID Context, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    (void)Context;
    return MemoryMapperReadMemorySafeByProcessCr3(Address, HostAddressSpace(Address), Buffer, Size);
}

static BOOLEAN HostWriteVirtual(PVOID Context, UINT64 Address, const VOID *Buffer, UINT32 Size)
{
    (void)Context;
    return MemoryMapperWriteMemorySafeByProcessCr3(Address, HostAddressSpace(Address), Buffer, Size);
}

static BOOLEAN HostReadPhysical(PVOID Context, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    (void)Context;
    return MemoryMapperReadMemorySafeByPhysicalAddress(Address, Buffer, Size);
}

static BOOLEAN HostWritePhysical(PVOID Context, UINT64 Address, const VOID *Buffer, UINT32 Size)
{
    (void)Context;
    return MemoryMapperWriteMemorySafeByPhysicalAddress(Address, Buffer, Size);
}

/* --- registers --- */

/* Registers that the VMM reads and sets as the guest's own MOV would. */
typedef struct _HOST_REGISTER {
    UINT64 (*Get)(VOID);
    BOOLEAN (*Set)(UINT64 Value); /* FALSE: the processor would not have it */
} HOST_REGISTER;

static const HOST_REGISTER HostRegisters[SCRIPT_REGISTER_COUNT] = {
    [SCRIPT_REGISTER_CR0] = {GetGuestCr0, SetGuestCr0}, [SCRIPT_REGISTER_CR2] = {GetGuestCr2, SetGuestCr2},
    [SCRIPT_REGISTER_CR3] = {GetGuestCr3, SetGuestCr3}, [SCRIPT_REGISTER_CR4] = {GetGuestCr4, SetGuestCr4},
    [SCRIPT_REGISTER_CR8] = {GetGuestCr8, SetGuestCr8}, [SCRIPT_REGISTER_DR0] = {GetGuestDr0, SetGuestDr0},
    [SCRIPT_REGISTER_DR1] = {GetGuestDr1, SetGuestDr1}, [SCRIPT_REGISTER_DR2] = {GetGuestDr2, SetGuestDr2},
    [SCRIPT_REGISTER_DR3] = {GetGuestDr3, SetGuestDr3}, [SCRIPT_REGISTER_DR6] = {GetGuestDr6, SetGuestDr6},
    [SCRIPT_REGISTER_DR7] = {GetGuestDr7, SetGuestDr7},
};

/* A segment register is its selector, a table its base; they are read only: a selector without what the
 * processor holds of its segment would be no load. */
static VOID (*const HostSegments[SCRIPT_REGISTER_COUNT])(GUEST_SEGMENT *Segment) = {
    [SCRIPT_REGISTER_CS] = GetGuestCs,     [SCRIPT_REGISTER_SS] = GetGuestSs,
    [SCRIPT_REGISTER_DS] = GetGuestDs,     [SCRIPT_REGISTER_ES] = GetGuestEs,
    [SCRIPT_REGISTER_FS] = GetGuestFs,     [SCRIPT_REGISTER_GS] = GetGuestGs,
    [SCRIPT_REGISTER_LDTR] = GetGuestLdtr, [SCRIPT_REGISTER_TR] = GetGuestTr,
    [SCRIPT_REGISTER_GDTR] = GetGuestGdtr, [SCRIPT_REGISTER_IDTR] = GetGuestIdtr,
};

static BOOLEAN HostReadSystemRegister(UINT32 Register, UINT64 *Value)
{
    const BOOLEAN IsTable = Register == SCRIPT_REGISTER_GDTR || Register == SCRIPT_REGISTER_IDTR;
    GUEST_SEGMENT Segment;

    if (HostRegisters[Register].Get != NULL) {
        *Value = HostRegisters[Register].Get();
        return TRUE;
    }
    if (HostSegments[Register] == NULL) {
        return FALSE;
    }
    HostSegments[Register](&Segment);
    *Value = IsTable ? Segment.Base : Segment.Selector;
    return TRUE;
}

static BOOLEAN HostReadRegister(PVOID Context, UINT32 Register, UINT64 *Value)
{
    const EVENT_EXIT *Exit = ((EVENT_SCRIPT_CORE *)Context)->Exit;

    if (Register < GUEST_REGS_GENERAL_COUNT) {
        *Value = ((const UINT64 *)Exit->Regs)[Register];
    } else if (Register == SCRIPT_REGISTER_RIP) {
        *Value = VmFuncGetRip();
    } else if (Register == SCRIPT_REGISTER_RFLAGS) {
        *Value = Exit->Regs->rflags;
    } else {
        return HostReadSystemRegister(Register, Value);
    }
    return TRUE;
}

static BOOLEAN HostWriteRegister(PVOID Context, UINT32 Register, UINT64 Value)
{
    const EVENT_EXIT *Exit = ((EVENT_SCRIPT_CORE *)Context)->Exit;

    if (Register < GUEST_REGS_GENERAL_COUNT) {
        ((UINT64 *)Exit->Regs)[Register] = Value;
    } else if (Register == SCRIPT_REGISTER_RIP) {
        VmFuncSetRip(Value);
    } else if (Register == SCRIPT_REGISTER_RFLAGS) {
        Exit->Regs->rflags = Value;
    } else {
        return HostRegisters[Register].Set != NULL && HostRegisters[Register].Set(Value);
    }
    return TRUE;
}
STATIC_ASSERT(SCRIPT_REGISTER_RAX == 0 && SCRIPT_REGISTER_RSP == 4 && SCRIPT_REGISTER_R15 == 15);

/* --- what the event and its task are --- */

static BOOLEAN HostProcessId(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    (void)Core;
    *Value = PlatformProcessCurrentId();
    return TRUE;
}

static BOOLEAN HostThreadId(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    (void)Core;
    *Value = PlatformProcessCurrentThreadId();
    return TRUE;
}

static BOOLEAN HostCore(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    *Value = Core->CoreId;
    return TRUE;
}

static BOOLEAN HostTask(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    (void)Core;
    *Value = PlatformProcessCurrentTask();
    return TRUE;
}

static BOOLEAN HostInstruction(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    *Value = Core->Exit->Rip;
    return TRUE;
}

static BOOLEAN HostContext(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    *Value = Core->Exit->Context;
    return TRUE;
}

static BOOLEAN HostEventId(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    *Value = Core->Exit->Event->Tag - HYPERDBG_EVENT_TAG_START;
    return TRUE;
}

static BOOLEAN HostEventTag(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    *Value = Core->Exit->Event->Tag;
    return TRUE;
}

static BOOLEAN HostEventStage(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    *Value = Core->Exit->Stage;
    return TRUE;
}

static BOOLEAN HostBuffer(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    *Value = (UINT64)(UINTPTR)Core->Exit->Event->Script->Buffer;
    return TRUE;
}

/* Time stamps as nanoseconds; FALSE: the length of a tick is not known. */
static BOOLEAN HostFromTicks(const EVENT_SCRIPT *Script, UINT64 Ticks, UINT64 *Value)
{
    const UINT64 PerMillisecond = Script->TicksPerMillisecond;

    if (PerMillisecond == 0) {
        return FALSE;
    }
    *Value = Ticks / PerMillisecond * NANOSECONDS + Ticks % PerMillisecond * NANOSECONDS / PerMillisecond;
    return TRUE;
}

static BOOLEAN HostNanoseconds(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    return HostFromTicks(Core->Exit->Event->Script, PlatformTimeTsc(), Value);
}

static BOOLEAN HostWallClock(const EVENT_SCRIPT_CORE *Core, UINT64 *Value)
{
    const EVENT_SCRIPT *Script = Core->Exit->Event->Script;
    UINT64 Since;

    if (!HostFromTicks(Script, PlatformTimeTsc() - Script->WallClockTicks, &Since)) {
        return FALSE;
    }
    *Value = Script->WallClock + Since;
    return TRUE;
}

typedef BOOLEAN HOST_PSEUDO(const EVENT_SCRIPT_CORE *Core, UINT64 *Value);

static HOST_PSEUDO *const HostPseudos[SCRIPT_PSEUDO_COUNT] = {
    [SCRIPT_PSEUDO_PID]         = HostProcessId,
    [SCRIPT_PSEUDO_TID]         = HostThreadId,
    [SCRIPT_PSEUDO_CORE]        = HostCore,
    [SCRIPT_PSEUDO_TASK]        = HostTask,
    [SCRIPT_PSEUDO_IP]          = HostInstruction,
    [SCRIPT_PSEUDO_CONTEXT]     = HostContext,
    [SCRIPT_PSEUDO_EVENT_ID]    = HostEventId,
    [SCRIPT_PSEUDO_EVENT_TAG]   = HostEventTag,
    [SCRIPT_PSEUDO_EVENT_STAGE] = HostEventStage,
    [SCRIPT_PSEUDO_BUFFER]      = HostBuffer,
    [SCRIPT_PSEUDO_NANOSECONDS] = HostNanoseconds,
    [SCRIPT_PSEUDO_WALL_CLOCK]  = HostWallClock,
};

static BOOLEAN HostReadPseudo(PVOID Context, UINT32 Pseudo, UINT64 *Value)
{
    return HostPseudos[Pseudo](Context, Value);
}

static BOOLEAN HostReadComm(PVOID Context, CHAR *Comm)
{
    EVENT_SCRIPT_CORE *Core = Context;

    PlatformProcessCurrent(&Core->Process);
    PlatformMemoryCopy(Comm, Core->Process.Name, SCRIPT_COMM_BYTES);
    return TRUE;
}
STATIC_ASSERT(PLATFORM_PROCESS_NAME_LENGTH == SCRIPT_COMM_BYTES);

/* --- the stack ---
 * The kernel has no frame pointers, and the tables that replace them are out of reach: what looks like a
 * return address, because it follows a call, is one. One that a function has left in its frame unused may be
 * among them. */

#define HOST_STACK_WORDS 512
#define HOST_STACK_PIECE 8 /* words, so that a piece lies in one page */

/* Do the bytes before an address end in a CALL? (SDM Vol. 2, CALL: E8 cd, FF /2) */
static BOOLEAN HostFollowsCall(UINT64 Address)
{
    UINT8 Code[8];
    UINT32 Length;

    if (!HostReadVirtual(NULL, Address - sizeof(Code), Code, sizeof(Code))) {
        return FALSE;
    }
    for (Length = 2; Length <= 7; Length++) {
        const UINT8 *At = &Code[sizeof(Code) - Length];

        if ((Length == 5 && At[0] == 0xE8) || (At[0] == 0xFF && (At[1] & 0x38) == 0x10)) {
            return TRUE;
        }
    }
    return FALSE;
}

static UINT32 HostStackPiece(const UINT64 *Words, UINT64 *Addresses, UINT32 Count, UINT32 Maximum)
{
    for (UINT32 Word = 0; Word < HOST_STACK_PIECE && Count < Maximum; Word++) {
        if (PlatformMemoryMayBeKernelCode(Words[Word]) && HostFollowsCall(Words[Word])) {
            Addresses[Count++] = Words[Word];
        }
    }
    return Count;
}

static UINT32 HostReadStack(PVOID Context, UINT64 *Addresses, UINT32 Maximum)
{
    const EVENT_EXIT *Exit = ((EVENT_SCRIPT_CORE *)Context)->Exit;
    UINT64 Address         = Exit->Regs->rsp & ~7ull;
    UINT64 Words[HOST_STACK_PIECE];
    UINT32 Count = 0;

    if (!PlatformMemoryMayBeKernelCode(Exit->Rip)) {
        return 0; /* user code was interrupted: the kernel's stack is empty */
    }
    Addresses[Count++] = Exit->Rip;
    for (UINT32 Read = 0; Read < HOST_STACK_WORDS && Count < Maximum; Read += HOST_STACK_PIECE) {
        if (!HostReadVirtual(NULL, Address, Words, sizeof(Words))) {
            break;
        }
        Count = HostStackPiece(Words, Addresses, Count, Maximum);
        Address += sizeof(Words);
    }
    return Count;
}

/* --- the log --- */

static VOID HostSend(EVENT_SCRIPT_CORE *Core, UINT32 Kind, UINT32 Number, UINT32 Size)
{
    DEBUGGER_SCRIPT_RECORD *Record = &Core->Record;

    Record->Tag         = Core->Exit->Event->Tag;
    Record->Kind        = Kind;
    Record->Number      = Number;
    Record->Instruction = 0;
    Record->ProcessId   = PlatformProcessCurrentId();
    Record->Address     = 0;
    LogCallbackSendBuffer(OPERATION_DEBUGGER_SCRIPT_RECORD, Record, sizeof(*Record) + Size, FALSE);
}

static VOID HostOutput(PVOID Context, const VOID *Record, UINT32 Size)
{
    EVENT_SCRIPT_CORE *Core = Context;

    PlatformMemoryCopy(Core->Output, Record, Size);
    HostSend(Core, DEBUGGER_SCRIPT_RECORD_OUTPUT, 0, Size);
}
STATIC_ASSERT(sizeof(DEBUGGER_SCRIPT_RECORD) + SCRIPT_RECORD_BYTES <= LOG_MAX_PAYLOAD);

static VOID HostPrintMap(PVOID Context, UINT32 Map)
{
    HostSend(Context, DEBUGGER_SCRIPT_RECORD_MAP, Map, 0);
}

/* --- events --- */

static VOID HostStop(PVOID Context)
{
    EVENT_SCRIPT *Script = ((EVENT_SCRIPT_CORE *)Context)->Exit->Event->Script;

    __atomic_store_n(&Script->IsStopped, 1, __ATOMIC_RELAXED);
}

/* An event that is in force, by its number or its tag. Most scripts mean their own. */
static DEBUGGER_EVENT *HostFindEvent(const EVENT_SCRIPT_CORE *Core, UINT64 Id)
{
    const UINT64 Tag      = Id < HYPERDBG_EVENT_TAG_START ? Id + HYPERDBG_EVENT_TAG_START : Id;
    DEBUGGER_EVENT *Event = Core->Exit->Event;

    if (Event->Tag == Tag) {
        return Event;
    }
    for (UINT32 Type = 0; Type < VMM_EVENT_TYPE_COUNT; Type++) {
        for (Event = EventFirstArmed(Type); Event != NULL; Event = EventNextArmed(Event)) {
            if (Event->Tag == Tag) {
                return Event;
            }
        }
    }
    return NULL;
}

static BOOLEAN HostSetWish(const EVENT_SCRIPT_CORE *Core, UINT64 Id, DEBUGGER_EVENT_WISH Wish)
{
    DEBUGGER_EVENT *Event = HostFindEvent(Core, Id);

    return Event != NULL && EventSetWish(Event, Wish);
}

static BOOLEAN HostEventEnable(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Result;
    return HostSetWish(Core, Arguments[0], DEBUGGER_EVENT_WANTED);
}

static BOOLEAN HostEventDisable(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Result;
    return HostSetWish(Core, Arguments[0], DEBUGGER_EVENT_SUSPENDED);
}

static BOOLEAN HostEventClear(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Result;
    return HostSetWish(Core, Arguments[0], DEBUGGER_EVENT_UNWANTED);
}

/* At stage POST the effect has happened, or not, already. */
static BOOLEAN HostEventShortCircuit(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Result;
    if (Core->Exit->Stage != VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION) {
        return FALSE;
    }
    Core->Exit->ShortCircuited = Arguments[0] != 0;
    return TRUE;
}

/* --- injection --- */

/* SDM Vol. 3, 25.8.3: types of events; a software event is as long as the instruction that makes it. */
#define HOST_TYPE_NMI 2

static BOOLEAN HostInject(const UINT64 *Arguments, BOOLEAN HasErrorCode)
{
    const VMM_EVENT_INJECTION Event = {
        .Type              = (UINT32)Arguments[0],
        .Vector            = (UINT32)Arguments[1],
        .HasErrorCode      = HasErrorCode,
        .ErrorCode         = HasErrorCode ? (UINT32)Arguments[2] : 0,
        .InstructionLength = Arguments[0] == VMM_INJECT_SOFTWARE_INTERRUPT ? 2 : 1,
    };

    if ((Arguments[0] | Arguments[1]) > 0xFF) {
        return FALSE;
    }
    if (Event.Type == HOST_TYPE_NMI) {
        VmFuncEventInjectNmi();
        return TRUE;
    }
    return VmFuncEventInjectInterruption(&Event);
}

static BOOLEAN HostEventInject(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Core;
    (void)Result;
    return HostInject(Arguments, FALSE);
}

static BOOLEAN HostEventInjectErrorCode(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Core;
    (void)Result;
    return HostInject(Arguments, TRUE);
}

/* --- other functions --- */

static BOOLEAN HostVirtualToPhysical(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Core;
    if (!VirtualAddressToPhysicalAddressByProcessCr3(Arguments[0], HostAddressSpace(Arguments[0]), Result)) {
        *Result = 0;
    }
    return TRUE;
}

static BOOLEAN HostPhysicalToVirtual(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Core;
    if (!PhysicalAddressToVirtualAddress(Arguments[0], Result)) {
        *Result = 0;
    }
    return TRUE;
}

static BOOLEAN HostTicks(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Core;
    (void)Arguments;
    *Result = PlatformTimeTsc();
    return TRUE;
}

static BOOLEAN HostLength64(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Core;
    *Result = DisassemblerLengthDisassembleEngine(Arguments[0], 64);
    return TRUE;
}

static BOOLEAN HostLength32(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    (void)Core;
    *Result = DisassemblerLengthDisassembleEngine(Arguments[0], 32);
    return TRUE;
}

static BOOLEAN HostMicrosleep(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result)
{
    const UINT64 PerMillisecond = Core->Exit->Event->Script->TicksPerMillisecond;
    const UINT64 Begin          = PlatformTimeTsc();

    (void)Result;
    if (PerMillisecond == 0 || Arguments[0] > HOST_MAXIMUM_SLEEP) {
        return FALSE;
    }
    while (PlatformTimeTsc() - Begin < Arguments[0] * PerMillisecond / 1000) {
        __builtin_ia32_pause();
    }
    return TRUE;
}

typedef BOOLEAN HOST_FUNCTION(EVENT_SCRIPT_CORE *Core, const UINT64 *Arguments, UINT64 *Result);

/* Those that have no row are refused when the program is loaded. */
static HOST_FUNCTION *const HostFunctions[SCRIPT_BUILTIN_COUNT] = {
    [SCRIPT_BUILTIN_VIRTUAL_TO_PHYSICAL]     = HostVirtualToPhysical,
    [SCRIPT_BUILTIN_PHYSICAL_TO_VIRTUAL]     = HostPhysicalToVirtual,
    [SCRIPT_BUILTIN_RDTSC]                   = HostTicks,
    [SCRIPT_BUILTIN_RDTSCP]                  = HostTicks,
    [SCRIPT_BUILTIN_DISASSEMBLE_LEN]         = HostLength64,
    [SCRIPT_BUILTIN_DISASSEMBLE_LEN32]       = HostLength32,
    [SCRIPT_BUILTIN_DISASSEMBLE_LEN64]       = HostLength64,
    [SCRIPT_BUILTIN_MICROSLEEP]              = HostMicrosleep,
    [SCRIPT_BUILTIN_EVENT_ENABLE]            = HostEventEnable,
    [SCRIPT_BUILTIN_EVENT_DISABLE]           = HostEventDisable,
    [SCRIPT_BUILTIN_EVENT_CLEAR]             = HostEventClear,
    [SCRIPT_BUILTIN_EVENT_SC]                = HostEventShortCircuit,
    [SCRIPT_BUILTIN_EVENT_INJECT]            = HostEventInject,
    [SCRIPT_BUILTIN_EVENT_INJECT_ERROR_CODE] = HostEventInjectErrorCode,
};

static BOOLEAN HostControl(PVOID Context, UINT32 Builtin, const UINT64 *Arguments, UINT64 *Result)
{
    return HostFunctions[Builtin](Context, Arguments, Result);
}

BOOLEAN EventScriptHasBuiltin(UINT32 Builtin)
{
    return Builtin < SCRIPT_BUILTIN_HOST ||
           (Builtin < SCRIPT_BUILTIN_COUNT && HostFunctions[Builtin] != NULL);
}

const SCRIPT_HOST_OPERATIONS g_EventScriptHost = {
    .ReadVirtual   = HostReadVirtual,
    .WriteVirtual  = HostWriteVirtual,
    .ReadPhysical  = HostReadPhysical,
    .WritePhysical = HostWritePhysical,
    .ReadRegister  = HostReadRegister,
    .WriteRegister = HostWriteRegister,
    .ReadPseudo    = HostReadPseudo,
    .ReadComm      = HostReadComm,
    .ReadStack     = HostReadStack,
    .Output        = HostOutput,
    .Control       = HostControl,
    .Stop          = HostStop,
    .PrintMap      = HostPrintMap,
};
