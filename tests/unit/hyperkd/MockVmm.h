/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MockVmm.h - the VMM and the log as hyperkd sees them: every function of include/SDK/imports that it calls,
 * defined here, so that a test sees each call and decides each answer. For inclusion in one file of a
 * program.
 *
 * Context: user space. Not for threads, except where said otherwise.
 */
#ifndef HYPERDBG_TESTS_HYPERKD_MOCK_H
#define HYPERDBG_TESTS_HYPERKD_MOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "SDK/Ioctls.h"
#include "SDK/VmcallNumbers.h"
#include "SDK/imports/HyperLogImports.h"
#include "SDK/imports/VmmGuestImports.h"
#include "SDK/imports/VmmImports.h"
#include "SDK/imports/VmmMemoryImports.h"
#include "hyperkd/driver/Loader.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/hosted/Hosted.h"

#define MOCK_MAX_RECORDS 64
#define MOCK_RIP         0xFFFFFFFF81234567ull

static struct {
    /* what the test decides */
    BOOLEAN LogFails;   /* LogInitialize */
    BOOLEAN VmmFails;   /* VmFuncInitVmm, which then says VmmError unless that is 0 */
    UINT32 VmmError;    /* from ErrorCodes.h */
    BOOLEAN LacksTraps; /* no SYSCALL hook, no mode-based execute control */
    BOOLEAN ArmFails;   /* ConfigureSetMsr*Exiting, ConfigureEptHook*: nothing is mapped */
    BOOLEAN HasNoRoom;  /* LogCallbackSendBuffer */
    UINT64 RipMoved;    /* since the exit before */
    BOOLEAN IsQuiet;    /* no trace, for tests with many calls */

    /* what happened: calls in their order, each followed by a space */
    CHAR Trace[4096];
    MESSAGE_TRACING_CALLBACKS Tracing; /* of the last LogInitialize */
    VMM_CALLBACKS Callbacks;           /* of the last VmFuncInitVmm */
    BOOLEAN LogIsUp;
    BOOLEAN VmmIsUp;
    BOOLEAN DoorWasOpen;                /* g_AllowIOCTLFromUsermode at the last LogInitialize */
    INT32 ArmedExits;                   /* exits and hooks set and not unset */
    VMM_REGISTER_ACCESS RegisterAccess; /* of a control or debug register: what the test says */
    INT32 TriggersOn;                   /* types whose exits are reported */
    CHAR Message[512];                  /* the last text sent */
    UINT32 MessageOperation;
    DEBUGGER_EVENT_RECORD Records[MOCK_MAX_RECORDS];
    UINT32 RecordCount;
    DEBUGGER_SCRIPT_RECORD ScriptRecords[MOCK_MAX_RECORDS];
    UINT8 ScriptOutput[MOCK_MAX_RECORDS][256]; /* what follows each, as far as there is room */
    UINT32 ScriptRecordCount;
    UINT64 Rip;    /* VmFuncSetRip; 0: it was not called */
    UINT64 System; /* the last control or debug register set */
    VMM_EVENT_INJECTION Injected;
    UINT32 InjectedNmis;

    /* A broadcast: sends the NMIs, on any thread. NULL: it cannot be sent. */
    VOID (*OnBroadcast)(UINT32 CoreId);
    BOOLEAN IsNotRunning[HOSTED_MAX_CORES]; /* the core is not on the VMM; atomic */

    /* Called for each record instead of keeping it, on the thread that sends it. */
    VOID (*OnRecord)(const DEBUGGER_EVENT_RECORD *Record);
} g_Mock;

static inline VOID MockReset(VOID)
{
    memset(&g_Mock, 0, sizeof(g_Mock));
}

static __attribute__((format(printf, 1, 2))) inline VOID MockTrace(const CHAR *Fmt, ...)
{
    const SIZE_T Length = strlen(g_Mock.Trace);
    va_list Arguments;

    if (g_Mock.IsQuiet) {
        return;
    }
    va_start(Arguments, Fmt);
    vsnprintf(g_Mock.Trace + Length, sizeof(g_Mock.Trace) - Length, Fmt, Arguments);
    va_end(Arguments);
    assert_true(strlen(g_Mock.Trace) + 1 < sizeof(g_Mock.Trace));
    strcat(g_Mock.Trace, " ");
}

/* The calls since the last time. */
static inline VOID MockExpectTrace(const CHAR *Expected)
{
    assert_string_equal(g_Mock.Trace, Expected);
    g_Mock.Trace[0] = '\0';
}

/* --- the log --- */

BOOLEAN LogInitialize(const MESSAGE_TRACING_CALLBACKS *MsgTracingCallbacks)
{
    MockTrace("LogInitialize");
    g_Mock.Tracing     = *MsgTracingCallbacks;
    g_Mock.LogIsUp     = !g_Mock.LogFails;
    g_Mock.DoorWasOpen = g_AllowIOCTLFromUsermode;
    return g_Mock.LogIsUp;
}

VOID LogUnInitialize(VOID)
{
    MockTrace("LogUnInitialize");
    assert_true(g_Mock.LogIsUp);
    assert_false(g_Mock.VmmIsUp);
    g_Mock.LogIsUp = FALSE;
}

BOOLEAN LogCallbackPrepareAndSendMessageToQueueWrapper(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                       BOOLEAN ShowCurrentSystemTime, BOOLEAN Priority,
                                                       const char *Fmt, va_list ArgList)
{
    (void)IsImmediateMessage;
    (void)ShowCurrentSystemTime;
    (void)Priority;
    g_Mock.MessageOperation = OperationCode;
    vsnprintf(g_Mock.Message, sizeof(g_Mock.Message), Fmt, ArgList);
    return g_Mock.LogIsUp;
}

BOOLEAN LogCallbackPrepareAndSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage,
                                                BOOLEAN ShowCurrentSystemTime, BOOLEAN Priority,
                                                const char *Fmt, ...)
{
    BOOLEAN Result;
    va_list Arguments;

    va_start(Arguments, Fmt);
    Result = LogCallbackPrepareAndSendMessageToQueueWrapper(OperationCode, IsImmediateMessage,
                                                            ShowCurrentSystemTime, Priority, Fmt, Arguments);
    va_end(Arguments);
    return Result;
}

BOOLEAN LogCallbackSendMessageToQueue(UINT32 OperationCode, BOOLEAN IsImmediateMessage, CHAR *LogMessage,
                                      UINT32 BufferLen, BOOLEAN Priority)
{
    (void)OperationCode;
    (void)IsImmediateMessage;
    (void)LogMessage;
    (void)BufferLen;
    (void)Priority;
    return FALSE;
}

static inline BOOLEAN MockSendScriptRecord(const UINT8 *Buffer, UINT32 Length)
{
    const UINT32 Index = g_Mock.ScriptRecordCount++;
    const UINT32 Rest  = Length - (UINT32)sizeof(DEBUGGER_SCRIPT_RECORD);

    assert_true(Index < MOCK_MAX_RECORDS);
    memcpy(&g_Mock.ScriptRecords[Index], Buffer, sizeof(DEBUGGER_SCRIPT_RECORD));
    memcpy(g_Mock.ScriptOutput[Index], Buffer + sizeof(DEBUGGER_SCRIPT_RECORD),
           Rest < sizeof(g_Mock.ScriptOutput[0]) ? Rest : sizeof(g_Mock.ScriptOutput[0]));
    return TRUE;
}

/* Any thread, when OnRecord is set. */
BOOLEAN LogCallbackSendBuffer(UINT32 OperationCode, PVOID Buffer, UINT32 BufferLength, BOOLEAN Priority)
{
    if (OperationCode == OPERATION_DEBUGGER_SCRIPT_RECORD) {
        return MockSendScriptRecord(Buffer, BufferLength);
    }
    assert_int_equal(OperationCode, OPERATION_DEBUGGER_EVENT_RECORD);
    assert_int_equal(BufferLength, sizeof(DEBUGGER_EVENT_RECORD));
    assert_false(Priority);
    if (g_Mock.OnRecord) {
        g_Mock.OnRecord(Buffer);
        return TRUE;
    }
    if (g_Mock.HasNoRoom) {
        return FALSE;
    }
    assert_true(g_Mock.RecordCount < MOCK_MAX_RECORDS);
    memcpy(&g_Mock.Records[g_Mock.RecordCount++], Buffer, BufferLength);
    return TRUE;
}

BOOLEAN LogCallbackCheckIfBufferIsFull(BOOLEAN Priority)
{
    (void)Priority;
    return FALSE;
}

/* --- the VMM --- */

BOOLEAN VmFuncInitVmm(VMM_CALLBACKS *VmmCallbacks)
{
    MockTrace("VmFuncInitVmm");
    g_Mock.Callbacks = *VmmCallbacks;
    if (g_Mock.VmmFails) {
        if (g_Mock.VmmError) {
            VmmCallbacks->VmmCallbackSetLastError(g_Mock.VmmError);
        }
        return FALSE;
    }
    g_Mock.VmmIsUp = TRUE;
    return TRUE;
}

VOID VmFuncUninitVmm(VOID)
{
    MockTrace("VmFuncUninitVmm");
    assert_true(g_Mock.VmmIsUp);
    g_Mock.VmmIsUp = FALSE;
}

const CHAR *VmFuncGetBackendName(VOID)
{
    return g_Mock.VmmIsUp ? "VT-x" : "";
}

BOOLEAN VmFuncVmxGetCurrentExecutionMode(VOID)
{
    return FALSE;
}

UINT32 VmFuncGetCoreCount(VOID)
{
    return g_Mock.VmmIsUp ? PlatformCpuCount() : 0;
}

/* Core n has n+1 exits of each reason. */
BOOLEAN VmFuncGetExitCounts(UINT32 CoreId, UINT64 *Counts, UINT32 Length)
{
    if (!g_Mock.VmmIsUp || CoreId >= PlatformCpuCount()) {
        return FALSE;
    }
    for (UINT32 Reason = 0; Reason < Length; Reason++) {
        Counts[Reason] = CoreId + 1;
    }
    return TRUE;
}

/* 10, 20, 30 and 40 times that of NMIs. */
BOOLEAN VmFuncGetNmiCounts(UINT32 CoreId, VMM_NMI_COUNTS *Counts)
{
    if (!g_Mock.VmmIsUp || CoreId >= PlatformCpuCount()) {
        return FALSE;
    }
    *Counts = (VMM_NMI_COUNTS){10ull * (CoreId + 1), 20ull * (CoreId + 1), 30ull * (CoreId + 1),
                               40ull * (CoreId + 1)};
    return TRUE;
}

/* Any thread: the core that HostedSetCurrentCpu said. */
UINT32 VmFuncGetCurrentCoreId(VOID)
{
    return PlatformCpuCurrent();
}

/* Any thread. */
UINT64 VmFuncGetLastVmexitRip(UINT32 CoreId)
{
    assert_int_equal(CoreId, PlatformCpuCurrent());
    return MOCK_RIP + CoreId + g_Mock.RipMoved;
}

UINT64 VmFuncGetRip(VOID)
{
    return g_Mock.Rip != 0 ? g_Mock.Rip : MOCK_RIP + PlatformCpuCurrent();
}

VOID VmFuncSetRip(UINT64 Rip)
{
    g_Mock.Rip = Rip;
}

/* --- the guest's other registers: each is the number in its name --- */

#define MOCK_GUEST_SETTER(Name)                                                                              \
    BOOLEAN SetGuest##Name(UINT64 Value)                                                                     \
    {                                                                                                        \
        g_Mock.System = Value;                                                                               \
        return Value != 0xBAD;                                                                               \
    }
#define MOCK_GUEST_REGISTER(Name, Number)                                                                    \
    UINT64 GetGuest##Name(VOID)                                                                              \
    {                                                                                                        \
        return Number;                                                                                       \
    }                                                                                                        \
    MOCK_GUEST_SETTER(Name)
MOCK_GUEST_SETTER(Cr0)
MOCK_GUEST_REGISTER(Cr2, 0xC2)
MOCK_GUEST_SETTER(Cr3)
MOCK_GUEST_SETTER(Cr4)
MOCK_GUEST_REGISTER(Cr8, 0xC8)
MOCK_GUEST_REGISTER(Dr0, 0xD0)
MOCK_GUEST_REGISTER(Dr1, 0xD1)
MOCK_GUEST_REGISTER(Dr2, 0xD2)
MOCK_GUEST_REGISTER(Dr3, 0xD3)
MOCK_GUEST_REGISTER(Dr6, 0xD6)
MOCK_GUEST_REGISTER(Dr7, 0xD7)

#define MOCK_GUEST_SEGMENT(Name, Number)                                                                     \
    VOID GetGuest##Name(GUEST_SEGMENT *Segment)                                                              \
    {                                                                                                        \
        *Segment = (GUEST_SEGMENT){.Selector = (Number), .Base = (Number)*0x1000};                           \
    }
MOCK_GUEST_SEGMENT(Cs, 1)
MOCK_GUEST_SEGMENT(Ss, 2)
MOCK_GUEST_SEGMENT(Ds, 3)
MOCK_GUEST_SEGMENT(Es, 4)
MOCK_GUEST_SEGMENT(Fs, 5)
MOCK_GUEST_SEGMENT(Gs, 6)
MOCK_GUEST_SEGMENT(Ldtr, 7)
MOCK_GUEST_SEGMENT(Tr, 8)
MOCK_GUEST_SEGMENT(Gdtr, 9)
MOCK_GUEST_SEGMENT(Idtr, 10)

BOOLEAN VmFuncEventInjectInterruption(const VMM_EVENT_INJECTION *Event)
{
    g_Mock.Injected = *Event;
    return Event->Vector != 0xBD;
}

VOID VmFuncEventInjectNmi(VOID)
{
    g_Mock.InjectedNmis++;
}

/* --- the guest's memory: this program's own, of which what is not there is found out --- */

UINT64 LayoutGetCurrentProcessCr3(VOID)
{
    return 0x1000;
}

UINT64 LayoutGetKernelCr3(VOID)
{
    return 0x2000;
}

BOOLEAN MemoryMapperReadMemorySafeByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3, PVOID Buffer, SIZE_T Bytes)
{
    (void)Cr3;
    return PlatformMemoryCopyFromUser(Buffer, VirtualAddress, Bytes);
}

BOOLEAN MemoryMapperWriteMemorySafeByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3, const VOID *Buffer,
                                                SIZE_T Bytes)
{
    (void)Cr3;
    return PlatformMemoryCopyToUser(VirtualAddress, Buffer, Bytes);
}

/* A physical address is a virtual one plus MOCK_PHYSICAL. */
#define MOCK_PHYSICAL 0x1000000000000ull

BOOLEAN MemoryMapperReadMemorySafeByPhysicalAddress(UINT64 PhysicalAddress, PVOID Buffer, SIZE_T Bytes)
{
    return PlatformMemoryCopyFromUser(Buffer, PhysicalAddress - MOCK_PHYSICAL, Bytes);
}

BOOLEAN MemoryMapperWriteMemorySafeByPhysicalAddress(UINT64 PhysicalAddress, const VOID *Buffer, SIZE_T Bytes)
{
    return PlatformMemoryCopyToUser(PhysicalAddress - MOCK_PHYSICAL, Buffer, Bytes);
}

BOOLEAN VirtualAddressToPhysicalAddressByProcessCr3(UINT64 VirtualAddress, UINT64 Cr3,
                                                    UINT64 *PhysicalAddress)
{
    UINT8 Byte;

    (void)Cr3;
    *PhysicalAddress = VirtualAddress + MOCK_PHYSICAL;
    return PlatformMemoryCopyFromUser(&Byte, VirtualAddress, 1);
}

BOOLEAN PhysicalAddressToVirtualAddress(UINT64 PhysicalAddress, UINT64 *VirtualAddress)
{
    *VirtualAddress = PhysicalAddress - MOCK_PHYSICAL;
    return PhysicalAddress >= MOCK_PHYSICAL;
}

UINT32 DisassemblerLengthDisassembleEngine(UINT64 VirtualAddress, UINT32 Mode)
{
    (void)VirtualAddress;
    return Mode / 16;
}

const VMM_REGISTER_ACCESS *VmFuncGetRegisterAccess(VOID)
{
    return &g_Mock.RegisterAccess;
}

/* Names of the types whose events the tests set. */
static inline const CHAR *MockTypeName(VMM_EVENT_TYPE_ENUM EventType)
{
    static const CHAR *const Names[VMM_EVENT_TYPE_COUNT] = {
        [CPUID_INSTRUCTION_EXECUTION] = "cpuids",
        [RDMSR_INSTRUCTION_EXECUTION] = "rdmsrs",
        [WRMSR_INSTRUCTION_EXECUTION] = "wrmsrs",
    };

    return Names[EventType] != NULL ? Names[EventType] : "others";
}

VOID VmFuncSetTriggerEvent(VMM_EVENT_TYPE_ENUM EventType, BOOLEAN Set)
{
    assert_true((UINT32)EventType < VMM_EVENT_TYPE_COUNT);
    if (EventType <= HIDDEN_HOOK_EXEC_CC)
        return; /* a hook that is set is reported */
    MockTrace("%s=%u", MockTypeName(EventType), Set);
    g_Mock.TriggersOn += Set ? 1 : -1;
    assert_in_range(g_Mock.TriggersOn, 0, VMM_EVENT_TYPE_COUNT);
}

static inline BOOLEAN MockSetExiting(const CHAR *What, UINT32 CoreId, UINT32 Msr)
{
    assert_true(g_Mock.VmmIsUp);
    if (g_Mock.ArmFails) {
        MockTrace("+%s(%x,%x)=0", What, CoreId, Msr);
        return FALSE;
    }
    MockTrace("+%s(%x,%x)", What, CoreId, Msr);
    g_Mock.ArmedExits++;
    return TRUE;
}

static inline VOID MockUnsetExiting(const CHAR *What, UINT32 CoreId, UINT32 Msr)
{
    assert_true(g_Mock.VmmIsUp);
    MockTrace("-%s(%x,%x)", What, CoreId, Msr);
    assert_true(g_Mock.ArmedExits-- > 0);
}

#define MOCK_INDEXED(Name, What)                                                                             \
    BOOLEAN ConfigureSet##Name(UINT32 CoreId, UINT32 Index)                                                  \
    {                                                                                                        \
        return MockSetExiting(What, CoreId, Index);                                                          \
    }                                                                                                        \
    VOID ConfigureUnset##Name(UINT32 CoreId, UINT32 Index)                                                   \
    {                                                                                                        \
        MockUnsetExiting(What, CoreId, Index);                                                               \
    }

#define MOCK_PLAIN(Name, What)                                                                               \
    BOOLEAN ConfigureSet##Name(UINT32 CoreId)                                                                \
    {                                                                                                        \
        return MockSetExiting(What, CoreId, 0);                                                              \
    }                                                                                                        \
    VOID ConfigureUnset##Name(UINT32 CoreId)                                                                 \
    {                                                                                                        \
        MockUnsetExiting(What, CoreId, 0);                                                                   \
    }

MOCK_INDEXED(MsrReadExiting, "read")
MOCK_INDEXED(MsrWriteExiting, "write")
MOCK_INDEXED(MovFromCrExiting, "crread")
MOCK_INDEXED(IoExiting, "io")
MOCK_INDEXED(ModeExecTrap, "mode")
MOCK_PLAIN(ExternalInterruptExiting, "interrupt")
MOCK_PLAIN(EferSyscallHook, "syscall")

BOOLEAN ConfigureHasEferSyscallHook(VOID)
{
    return !g_Mock.LacksTraps;
}

BOOLEAN ConfigureHasModeExecTrap(VOID)
{
    return !g_Mock.LacksTraps;
}

MOCK_INDEXED(ExceptionBitmap, "exception")
MOCK_PLAIN(RdtscExiting, "tsc")
MOCK_PLAIN(RdpmcExiting, "pmc")
MOCK_PLAIN(MovDebugRegsExiting, "dr")
MOCK_PLAIN(MovToCr3Exiting, "cr3")

BOOLEAN ConfigureSetMovToCrExiting(UINT32 CoreId, UINT32 Register, UINT64 Mask)
{
    MockTrace("%llx:", Mask);
    return MockSetExiting("crwrite", CoreId, Register);
}

VOID ConfigureUnsetMovToCrExiting(UINT32 CoreId, UINT32 Register, UINT64 Mask)
{
    MockTrace("%llx:", Mask);
    MockUnsetExiting("crwrite", CoreId, Register);
}

UINT32 ConfigureEptHook(UINT64 VirtualAddress, UINT32 ProcessId)
{
    MockTrace("+hook(%llx,%x)%s", VirtualAddress, ProcessId, g_Mock.ArmFails ? "=0" : "");
    g_Mock.ArmedExits += !g_Mock.ArmFails;
    return g_Mock.ArmFails ? DEBUGGER_ERROR_INVALID_ADDRESS : 0;
}

BOOLEAN ConfigureEptUnHook(UINT64 VirtualAddress, UINT32 ProcessId)
{
    MockTrace("-hook(%llx,%x)", VirtualAddress, ProcessId);
    assert_true(g_Mock.ArmedExits-- > 0);
    return TRUE;
}

UINT32 ConfigureEptHook2(UINT64 VirtualAddress)
{
    MockTrace("+detour(%llx)%s", VirtualAddress, g_Mock.ArmFails ? "=0" : "");
    g_Mock.ArmedExits += !g_Mock.ArmFails;
    return g_Mock.ArmFails ? DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE : 0;
}

BOOLEAN ConfigureEptUnHook2(UINT64 VirtualAddress)
{
    MockTrace("-detour(%llx)", VirtualAddress);
    assert_true(g_Mock.ArmedExits-- > 0);
    return TRUE;
}

UINT32 ConfigureEptHookMonitor(UINT64 Tag, UINT64 Address, UINT64 Length, BOOLEAN IsPhysical, UINT32 Access,
                               UINT32 ProcessId)
{
    MockTrace("+monitor(%llx,%llx,%llx,%u,%u,%x)%s", Tag, Address, Length, IsPhysical, Access, ProcessId,
              g_Mock.ArmFails ? "=0" : "");
    g_Mock.ArmedExits += !g_Mock.ArmFails;
    return g_Mock.ArmFails ? DEBUGGER_ERROR_INVALID_ADDRESS : 0;
}

BOOLEAN ConfigureEptUnHookMonitor(UINT64 Tag)
{
    MockTrace("-monitor(%llx)", Tag);
    assert_true(g_Mock.ArmedExits-- > 0);
    return TRUE;
}

/* Even addresses and numbers are live, the others gone. */
BOOLEAN ConfigureQueryHookState(UINT64 VirtualAddress, UINT32 ProcessId, VMM_HOOK_STATE *State)
{
    (void)ProcessId;
    *State = VirtualAddress % 2 ? VMM_HOOK_GONE : VMM_HOOK_LIVE;
    return TRUE;
}

BOOLEAN ConfigureQueryMonitorState(UINT64 Tag, VMM_HOOK_STATE *State)
{
    *State = Tag % 2 ? VMM_HOOK_GONE : VMM_HOOK_LIVE;
    return TRUE;
}

/* --- halting: any thread --- */

BOOLEAN VmFuncIsCoreRunning(UINT32 CoreId)
{
    return CoreId < PlatformCpuCount() && !__atomic_load_n(&g_Mock.IsNotRunning[CoreId], __ATOMIC_SEQ_CST);
}

BOOLEAN VmFuncNmiBroadcastRequest(UINT32 CoreId)
{
    if (g_Mock.OnBroadcast == NULL) {
        return FALSE;
    }
    g_Mock.OnBroadcast(CoreId);
    return TRUE;
}

UINT64 VmFuncVmxVmcall(UINT64 VmcallNumber, UINT64 OptionalParam1, UINT64 OptionalParam2,
                       UINT64 OptionalParam3)
{
    return g_Mock.Callbacks.VmmCallbackVmcallHandler(PlatformCpuCurrent(), VmcallNumber, OptionalParam1,
                                                     OptionalParam2, OptionalParam3)
               ? VMCALL_STATUS_SUCCESS
               : VMCALL_STATUS_INVALID_PARAMETER;
}

/* Core n has n in its registers. */
GUEST_REGS *VmFuncGetGuestRegs(VOID)
{
    static __thread GUEST_REGS Regs;

    Regs.rax = PlatformCpuCurrent();
    return &Regs;
}

UINT64 GetGuestCr0(VOID)
{
    return 0x80050033;
}

UINT64 GetGuestCr3(VOID)
{
    return 0x1000ull * PlatformCpuCurrent();
}

UINT64 GetGuestCr4(VOID)
{
    return 0x370EF8;
}

#endif
