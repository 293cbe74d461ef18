/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MockKernel.c - modules that exist in memory only: what a session under test talks to.
 *
 * Context: user space.
 */
#include "tests/unit/libhyperdbg/MockKernel.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- life ------------------------------------------------------------------------------------- */

VOID MockKernelInitialize(MOCK_KERNEL *Kernel)
{
    memset(Kernel, 0, sizeof(*Kernel));
    pthread_mutex_init(&Kernel->Lock, NULL);
    Kernel->CoreCount        = 2;
    Kernel->NextTag          = HYPERDBG_EVENT_TAG_START;
    Kernel->InterfaceVersion = HYPERDBG_INTERFACE_VERSION;
    Kernel->ReadyDescriptor  = eventfd(0, EFD_NONBLOCK);
}

VOID MockFree(MOCK_KERNEL *Kernel)
{
    MockFreeScripts(Kernel);
    close(Kernel->ReadyDescriptor);
    pthread_mutex_destroy(&Kernel->Lock);
}

/* --- records ---------------------------------------------------------------------------------- */

static VOID MockAppend(MOCK_KERNEL *Kernel, const VOID *Bytes, UINT32 Length)
{
    static const UINT64 One = 1;

    if (Kernel->RecordsLength + Length > sizeof(Kernel->Records))
        return;
    memcpy(Kernel->Records + Kernel->RecordsLength, Bytes, Length);
    Kernel->RecordsLength += Length;
    if (write(Kernel->ReadyDescriptor, &One, sizeof(One)) < 0)
        perror("mock");
}

VOID MockSendLocked(MOCK_KERNEL *Kernel, UINT32 OperationCode, UINT32 Core, const VOID *Payload,
                    UINT32 Length)
{
    static const UINT8 Padding[8];
    UINT32 Total             = ((UINT32)sizeof(LOG_RECORD_HEADER) + Length + 7) & ~7u;
    LOG_RECORD_HEADER Header = {.TotalLength   = Total,
                                .PayloadLength = Length,
                                .Sequence      = ++Kernel->Sequence,
                                .Time          = ++Kernel->Now,
                                .OperationCode = OperationCode,
                                .Core          = Core,
                                .Dropped       = Kernel->Dropped};

    Kernel->Dropped = 0;
    MockAppend(Kernel, &Header, sizeof(Header));
    MockAppend(Kernel, Payload, Length);
    MockAppend(Kernel, Padding, Total - (UINT32)sizeof(Header) - Length);
}

VOID MockSend(MOCK_KERNEL *Kernel, UINT32 OperationCode, UINT32 Core, const VOID *Payload, UINT32 Length)
{
    pthread_mutex_lock(&Kernel->Lock);
    MockSendLocked(Kernel, OperationCode, Core, Payload, Length);
    pthread_mutex_unlock(&Kernel->Lock);
}

VOID MockSendText(MOCK_KERNEL *Kernel, UINT32 OperationCode, const CHAR *Text)
{
    MockSend(Kernel, OperationCode, 0, Text, (UINT32)strlen(Text));
}

VOID MockSendRaw(MOCK_KERNEL *Kernel, const VOID *Bytes, UINT32 Length)
{
    pthread_mutex_lock(&Kernel->Lock);
    MockAppend(Kernel, Bytes, Length);
    pthread_mutex_unlock(&Kernel->Lock);
}

/* Bytes of the whole records that fit into Size; 0 when damaged ones leave no choice but all. */
static UINT32 MockWholeRecords(const MOCK_KERNEL *Kernel, UINT32 Size)
{
    UINT32 Available = Kernel->RecordsLength - Kernel->ReadOffset, Length = 0;

    while (Available - Length >= sizeof(LOG_RECORD_HEADER)) {
        UINT32 Next;

        memcpy(&Next, Kernel->Records + Kernel->ReadOffset + Length, sizeof(Next));
        if (Next < sizeof(LOG_RECORD_HEADER) || Next > Available - Length || Length + Next > Size)
            break;
        Length += Next;
    }
    return Length != 0 ? Length : Available < Size ? Available : Size;
}

static INT32 MockReadRecords(PVOID Context, PVOID Buffer, UINT32 Size, UINT32 *Length)
{
    MOCK_KERNEL *Kernel = Context;
    UINT64 Count;

    *Length = 0;
    if (Kernel->ReadError != 0)
        return Kernel->ReadError;
    pthread_mutex_lock(&Kernel->Lock);
    if (Kernel->IsEndless)
        MockSendLocked(Kernel, OPERATION_LOG_INFO_MESSAGE, 0, "endless", 7);
    *Length = MockWholeRecords(Kernel,
                               Kernel->ReadLimit != 0 && Kernel->ReadLimit < Size ? Kernel->ReadLimit : Size);
    memcpy(Buffer, Kernel->Records + Kernel->ReadOffset, *Length);
    Kernel->ReadOffset += *Length;
    if (Kernel->ReadOffset == Kernel->RecordsLength) {
        Kernel->ReadOffset = Kernel->RecordsLength = 0;
        while (read(Kernel->ReadyDescriptor, &Count, sizeof(Count)) > 0)
            ;
    }
    pthread_mutex_unlock(&Kernel->Lock);
    return 0;
}

/* --- requests --------------------------------------------------------------------------------- */

static VOID MockTrace(MOCK_KERNEL *Kernel, const CHAR *Line)
{
    strncat(Kernel->Trace, Line, sizeof(Kernel->Trace) - strlen(Kernel->Trace) - 1);
}

static UINT32 MockInitVmm(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_LOAD_REQUEST *Load = Buffer;

    MockTrace(Kernel, "init vmm\n");
    if (Load->InterfaceVersion != Kernel->InterfaceVersion)
        return (UINT32)DEBUGGER_ERROR_VERSION_MISMATCH;
    if (Kernel->IsVmmLoaded)
        return (UINT32)DEBUGGER_ERROR_VMM_ALREADY_INITIALIZED;
    Kernel->IsVmmLoaded = TRUE;
    Load->Ticks         = 1000;
    MockSendLocked(Kernel, OPERATION_LOG_INFO_MESSAGE, 0, "VMX is on", 9);
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 MockTerminateVmm(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    MockTrace(Kernel, "terminate vmm\n");
    if (!Kernel->IsVmmLoaded)
        return (UINT32)DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    Kernel->IsVmmLoaded                      = FALSE;
    Kernel->EventCount                       = 0;
    ((DEBUGGER_LOAD_REQUEST *)Buffer)->Ticks = 500;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 MockQueryStatus(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_QUERY_STATUS *Status = Buffer;

    Status->InterfaceVersion = Kernel->InterfaceVersion;
    if (!Kernel->IsVmmLoaded)
        return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
    Status->IsVmmLoaded       = TRUE;
    Status->CoreCount         = Kernel->CoreCount;
    Status->EventCount        = Kernel->EventCount;
    Status->ScriptCount       = MockCountScripts(Kernel);
    Status->LoadTicks         = 1000;
    Status->LoadedAt          = 100;
    Status->TscPerMillisecond = 1000;
    Status->TotalExits        = 12345;
    memcpy(Status->Backend, "VT-x", 5);
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 MockQueryExits(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_QUERY_EXITS *Exits = Buffer;

    if (!Kernel->IsVmmLoaded)
        return (UINT32)DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    if (Exits->CoreId < Kernel->FirstCore || Exits->CoreId >= Kernel->FirstCore + Kernel->CoreCount)
        return (UINT32)DEBUGGER_ERROR_INVALID_CORE_ID;
    Exits->Count[10]  = 7;
    Exits->Count[31]  = 100 + Exits->CoreId;
    Exits->Count[127] = 1;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 MockHaltSystem(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_HALT_SYSTEM *Halt = Buffer;

    if (!Kernel->IsVmmLoaded)
        return (UINT32)DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    MockTrace(Kernel, "halt");
    Halt->CoreCount    = Kernel->CoreCount;
    Halt->LatencyTicks = 3;
    Halt->HeldTicks    = 1500;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

/* The first core asked; the others were in a program, or in an exit of the kernel's own. */
static UINT32 MockQueryCoreState(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_CORE_STATE *State = Buffer;
    UINT32 Core                = State->CoreId - Kernel->FirstCore;

    if (State->CoreId < Kernel->FirstCore || Core >= Kernel->CoreCount)
        return (UINT32)DEBUGGER_ERROR_NO_SNAPSHOT;
    State->HaltedFrom = Core < 2 ? Core : (UINT32)DEBUGGER_CORE_FROM_EXIT;
    State->Rip        = 0xffffffff81000000 + Core * 0x10;
    State->Cr0        = 0x80050033;
    State->Cr3        = 0x1000000;
    State->Cr4        = 0x370ef0;
    State->Regs.rax   = 0x1234;
    State->Regs.r15   = ~0ull;
    State->ProcessId  = 100 + Core;
    State->ThreadId   = Core == 1 ? 0x80 : 100 + Core;
    memcpy(State->ProcessName, "work", 5);
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 MockCheckOptions(const MOCK_KERNEL *Kernel, const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (!Kernel->IsVmmLoaded)
        return (UINT32)DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    if (Options->CoreId != HYPERDBG_ALL_CORES && Options->CoreId >= Kernel->CoreCount)
        return (UINT32)DEBUGGER_ERROR_INVALID_CORE_ID;
    if (Options->Stage < 1 || Options->Stage > 3)
        return (UINT32)DEBUGGER_ERROR_INVALID_STAGE;
    if (Kernel->EventCount == MOCK_MAX_EVENTS)
        return (UINT32)DEBUGGER_ERROR_TOO_MANY_EVENTS;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 MockRegisterEvent(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_REGISTER_EVENT *Request      = Buffer;
    const DEBUGGER_EVENT_OPTIONS *Options = &Request->Options;
    UINT32 Status                         = MockCheckOptions(Kernel, Options);
    CHAR Line[256];

    snprintf(Line, sizeof(Line), "register type %u core %x pid %x stage %u sc %u", Options->EventType,
             Options->CoreId, Options->ProcessId, Options->Stage, Options->ShortCircuit);
    MockTrace(Kernel, Line);
    if (Options->HasOptionalParam1) {
        snprintf(Line, sizeof(Line), " param %llx", Options->OptionalParam1);
        MockTrace(Kernel, Line);
    }
    if (Options->OptionalParam2 != 0) {
        snprintf(Line, sizeof(Line), " %llx %llx", Options->OptionalParam2, Options->OptionalParam3);
        MockTrace(Kernel, Line);
    }
    if (Request->ScriptSize != 0) {
        snprintf(Line, sizeof(Line), " script budget %llx", Request->ScriptBudget);
        MockTrace(Kernel, Line);
    }
    MockTrace(Kernel, "\n");
    if (Status == DEBUGGER_OPERATION_WAS_SUCCESSFUL && Request->ScriptSize != 0)
        Status = MockKeepScript(Kernel, Request);
    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        return Status;
    Request->Tag                         = Kernel->NextTag++;
    Kernel->Events[Kernel->EventCount++] = (DEBUGGER_QUERY_EVENT){
        .Tag = Request->Tag, .Options = *Options, .IsEnabled = TRUE, .HasScript = Request->ScriptSize != 0};
    return Status;
}

/* Disabling, enabling or clearing the event at Index. */
static VOID MockModifyOne(MOCK_KERNEL *Kernel, UINT32 Index, UINT32 Action)
{
    if (Action != DEBUGGER_MODIFY_EVENTS_CLEAR) {
        Kernel->Events[Index].IsEnabled = Action == DEBUGGER_MODIFY_EVENTS_ENABLE;
        return;
    }
    Kernel->EventCount--;
    memmove(&Kernel->Events[Index], &Kernel->Events[Index + 1],
            (Kernel->EventCount - Index) * sizeof(Kernel->Events[0]));
}

static UINT32 MockModifyEvents(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    const DEBUGGER_MODIFY_EVENTS *Request = Buffer;
    BOOLEAN IsAll                         = Request->Tag == DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG;
    UINT32 Done                           = 0;
    CHAR Line[128];

    snprintf(Line, sizeof(Line), "modify tag %llx action %u\n", Request->Tag, Request->TypeOfAction);
    MockTrace(Kernel, Line);
    for (UINT32 i = Kernel->EventCount; i-- > 0;) {
        if (IsAll || Kernel->Events[i].Tag == Request->Tag) {
            MockModifyOne(Kernel, i, Request->TypeOfAction);
            Done++;
        }
    }
    return IsAll || Done > 0 ? DEBUGGER_OPERATION_WAS_SUCCESSFUL : (UINT32)DEBUGGER_ERROR_TAG_NOT_FOUND;
}

static UINT32 MockQueryEvent(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_QUERY_EVENT *Request = Buffer;

    for (UINT32 i = 0; i < Kernel->EventCount; i++) {
        if (Kernel->Events[i].Tag >= Request->Tag) {
            *Request = Kernel->Events[i];
            return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
        }
    }
    return (UINT32)DEBUGGER_ERROR_TAG_NOT_FOUND;
}

/* --- what the mock kernel tells of itself --- */

static const DEBUGGER_SYMBOL g_MockSymbols[] = {
    {0xFFFFFFFF81200000, 0x80, "do_sys_open", "kernel"},
    {0xFFFFFFFF81200080, 0x100, "do_sys_openat2", "kernel"},
    {0xFFFFFFFF81200200, 0x20, "twice", "kernel"},
    {0xFFFFFFFF81200220, 0x20, "add", "kernel"},
    {0xFFFFFFFF82000000, 8, "jiffies", "kernel"},
    {0xFFFFFFFFC0000000, 0x40, "twice", "other"},
    {0xFFFFFFFFC0000040, 0x40, "other_open", "other"},
};

/* And "many*" for more symbols than one answer holds. */
static UINT32 MockManySymbols(DEBUGGER_QUERY_SYMBOLS *Query)
{
    Query->Total = 3 * HYPERDBG_SYMBOLS_PER_QUERY / 2;
    while (Query->Count < HYPERDBG_SYMBOLS_PER_QUERY && Query->Skip + Query->Count < Query->Total) {
        DEBUGGER_SYMBOL *Symbol = &Query->Symbol[Query->Count];

        *Symbol         = g_MockSymbols[0];
        Symbol->Address = 0xFFFFFFFF83000000 + Query->Skip + Query->Count;
        snprintf(Symbol->Name, sizeof(Symbol->Name), "many%u", Query->Skip + Query->Count);
        Query->Count++;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 MockQuerySymbols(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_QUERY_SYMBOLS *Query = Buffer;

    if (!Kernel->IsVmmLoaded)
        return (UINT32)DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    if (strcmp(Query->Pattern, "many*") == 0)
        return MockManySymbols(Query);
    for (UINT32 i = 0; i < COUNT_OF(g_MockSymbols); i++) {
        const DEBUGGER_SYMBOL *Symbol = &g_MockSymbols[i];

        if (fnmatch(Query->Pattern, Symbol->Name, 0) == 0 &&
            (Query->Module[0] == '\0' || strcmp(Query->Module, Symbol->Module) == 0) &&
            Query->Total++ >= Query->Skip)
            Query->Symbol[Query->Count++] = *Symbol;
    }
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static UINT32 MockQueryAddress(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    DEBUGGER_QUERY_ADDRESS *Query = Buffer;

    if (!Kernel->IsVmmLoaded)
        return (UINT32)DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    for (UINT32 i = 0; i < COUNT_OF(g_MockSymbols); i++) {
        if (Query->Address - g_MockSymbols[i].Address < g_MockSymbols[i].Size) {
            Query->Symbol = g_MockSymbols[i];
            return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
        }
    }
    return (UINT32)DEBUGGER_ERROR_SYMBOL_NOT_FOUND;
}

/* The kernel's text is one large page, process 4d2 has one page at 401000, and RAM ends at 80000000. */
static UINT32 MockQueryTranslation(MOCK_KERNEL *Kernel, PVOID Buffer)
{
    static const UINT64 Large[]       = {0x2613067, 0x2614063, 0x12001E3},
                        Small[]       = {0x5001067, 0x5002067, 0x5003067, 0x8000000005004865};
    DEBUGGER_QUERY_TRANSLATION *Query = Buffer;
    const BOOLEAN IsKernel            = Query->Address >> 21 == 0xFFFFFFFF81200000 >> 21;
    const BOOLEAN IsUser              = Query->ProcessId == 0x4d2 && Query->Address >> 12 == 0x401;

    if (!Kernel->IsVmmLoaded)
        return (UINT32)DEBUGGER_ERROR_VMM_NOT_INITIALIZED;
    if (Query->ProcessId != HYPERDBG_ALL_PROCESSES && Query->ProcessId != 0x4d2)
        return (UINT32)DEBUGGER_ERROR_NO_PAGE_TABLES;
    if (Query->IsPhysical) {
        Query->PageShift = Query->Address < 0x80000000 ? 12 : 0;
        Query->Result    = Query->PageShift ? 0xFFFF888000000000 + Query->Address : 0;
        return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
    }
    Query->TopLevel  = 4;
    Query->Count     = IsKernel ? COUNT_OF(Large) : IsUser ? COUNT_OF(Small) : 1;
    Query->PageShift = IsKernel ? 21 : IsUser ? 12 : 0;
    for (UINT32 i = 0; (IsKernel || IsUser) && i < Query->Count; i++) {
        Query->Entry[i].Value   = IsKernel ? Large[i] : Small[i];
        Query->Entry[i].Address = 0x1000 * i + 8;
    }
    Query->Result = IsKernel ? 0x1200000 + Query->Address % 0x200000
                    : IsUser ? 0x5004000 + Query->Address % 4096
                             : 0;
    return DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static INT32 MockRequest(PVOID Context, UINT32 Code, PVOID Buffer)
{
    static const struct {
        UINT32 Code;
        UINT32 Size;
        UINT32 (*Serve)(MOCK_KERNEL *Kernel, PVOID Buffer);
    } Requests[] = {
        {IOCTL_INIT_VMM, sizeof(DEBUGGER_LOAD_REQUEST), MockInitVmm},
        {IOCTL_TERMINATE_VMM, sizeof(DEBUGGER_LOAD_REQUEST), MockTerminateVmm},
        {IOCTL_QUERY_STATUS, sizeof(DEBUGGER_QUERY_STATUS), MockQueryStatus},
        {IOCTL_QUERY_EXITS, sizeof(DEBUGGER_QUERY_EXITS), MockQueryExits},
        {IOCTL_HALT_SYSTEM, sizeof(DEBUGGER_HALT_SYSTEM), MockHaltSystem},
        {IOCTL_QUERY_CORE_STATE, sizeof(DEBUGGER_CORE_STATE), MockQueryCoreState},
        {IOCTL_REGISTER_EVENT, sizeof(DEBUGGER_REGISTER_EVENT), MockRegisterEvent},
        {IOCTL_MODIFY_EVENTS, sizeof(DEBUGGER_MODIFY_EVENTS), MockModifyEvents},
        {IOCTL_QUERY_EVENT, sizeof(DEBUGGER_QUERY_EVENT), MockQueryEvent},
        {IOCTL_READ_SCRIPT, sizeof(DEBUGGER_READ_SCRIPT), MockReadScript},
        {IOCTL_READ_MAP, sizeof(DEBUGGER_READ_MAP), MockReadMap},
        {IOCTL_QUERY_SYMBOLS, sizeof(DEBUGGER_QUERY_SYMBOLS), MockQuerySymbols},
        {IOCTL_QUERY_ADDRESS, sizeof(DEBUGGER_QUERY_ADDRESS), MockQueryAddress},
        {IOCTL_QUERY_TRANSLATION, sizeof(DEBUGGER_QUERY_TRANSLATION), MockQueryTranslation},
    };
    MOCK_KERNEL *Kernel = Context;

    if (Kernel->RequestError != 0)
        return Kernel->RequestError;
    for (UINT32 i = 0; i < COUNT_OF(Requests); i++) {
        if (Requests[i].Code != Code)
            continue;
        pthread_mutex_lock(&Kernel->Lock);
        UINT32 Status = Code == Kernel->FailCode ? Kernel->FailStatus : Requests[i].Serve(Kernel, Buffer);
        pthread_mutex_unlock(&Kernel->Lock);
        memcpy((UINT8 *)Buffer + Requests[i].Size - sizeof(Status), &Status, sizeof(Status));
        return 0;
    }
    return ENOTTY;
}

/* --- the rest of the transport ---------------------------------------------------------------- */

static INT32 MockConnect(PVOID Context, CHAR *ErrorText)
{
    MOCK_KERNEL *Kernel = Context;
    INT32 Error = Kernel->ConnectError != 0 ? Kernel->ConnectError : Kernel->AreModulesLoaded ? 0 : ENOENT;

    snprintf(ErrorText, TRANSPORT_ERROR_SIZE, "mock: connecting failed: %s", strerror(Error));
    Kernel->IsConnected = Error == 0;
    return Error;
}

static VOID MockDisconnect(PVOID Context)
{
    ((MOCK_KERNEL *)Context)->IsConnected = FALSE;
}

static INT32 MockPollDescriptor(PVOID Context)
{
    return ((MOCK_KERNEL *)Context)->ReadyDescriptor;
}

static UINT64 MockTicks(PVOID Context)
{
    return ++((MOCK_KERNEL *)Context)->Now;
}

static INT32 MockLoadModules(PVOID Context, CHAR *ErrorText)
{
    MOCK_KERNEL *Kernel = Context;

    MockTrace(Kernel, "load modules\n");
    snprintf(ErrorText, TRANSPORT_ERROR_SIZE, "mock: the modules cannot be loaded");
    Kernel->AreModulesLoaded = Kernel->LoadModulesError == 0;
    return Kernel->LoadModulesError;
}

static INT32 MockUnloadModules(PVOID Context, CHAR *ErrorText)
{
    MOCK_KERNEL *Kernel = Context;
    INT32 Error         = Kernel->IsConnected ? EBUSY : Kernel->UnloadModulesError;

    MockTrace(Kernel, "unload modules\n");
    snprintf(ErrorText, TRANSPORT_ERROR_SIZE, "mock: the modules cannot be unloaded");
    Kernel->AreModulesLoaded = Error != 0;
    return Error;
}

const TRANSPORT g_MockTransport = {
    .Connect        = MockConnect,
    .Disconnect     = MockDisconnect,
    .Request        = MockRequest,
    .ReadRecords    = MockReadRecords,
    .PollDescriptor = MockPollDescriptor,
    .Ticks          = MockTicks,
    .LoadModules    = MockLoadModules,
    .UnloadModules  = MockUnloadModules,
};

/* --- a program that executes something -------------------------------------------------------- */

static BOOLEAN MockMatches(const DEBUGGER_QUERY_EVENT *Event, UINT32 Leaf, UINT32 ProcessId, UINT32 Core)
{
    const DEBUGGER_EVENT_OPTIONS *Options = &Event->Options;

    return Event->IsEnabled && Options->EventType == CPUID_INSTRUCTION_EXECUTION &&
           (!Options->HasOptionalParam1 || Options->OptionalParam1 == Leaf) &&
           (Options->ProcessId == HYPERDBG_ALL_PROCESSES || Options->ProcessId == ProcessId) &&
           (Options->CoreId == HYPERDBG_ALL_CORES || Options->CoreId == Core);
}

static VOID MockFire(MOCK_KERNEL *Kernel, const DEBUGGER_QUERY_EVENT *Event, UINT32 Stage, UINT32 Leaf,
                     UINT32 ProcessId, UINT32 Core)
{
    BOOLEAN IsPost               = Stage == VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION;
    DEBUGGER_EVENT_RECORD Record = {.Tag            = Event->Tag,
                                    .EventType      = CPUID_INSTRUCTION_EXECUTION,
                                    .Stage          = Stage,
                                    .Context        = Leaf,
                                    .Rip            = 0xffffffff81000000,
                                    .ProcessId      = ProcessId,
                                    .ThreadId       = ProcessId,
                                    .ProcessName    = "busybox",
                                    .ChangedRegs    = IsPost ? 0xF : 0,
                                    .ShortCircuited = Event->Options.ShortCircuit};

    Record.Regs.rax = IsPost ? 0x16 : Leaf;
    Record.Regs.rbx = IsPost ? 0x756e6547 : 0;
    Record.Regs.rcx = IsPost ? 0x6c65746e : 0;
    Record.Regs.rdx = IsPost ? 0x49656e69 : 0;
    MockSendLocked(Kernel, OPERATION_DEBUGGER_EVENT_RECORD, Core, &Record, sizeof(Record));
}

UINT32 MockExecuteCpuid(MOCK_KERNEL *Kernel, UINT32 Leaf, UINT32 ProcessId, UINT32 Core)
{
    UINT32 Count = 0;

    pthread_mutex_lock(&Kernel->Lock);
    for (UINT32 Stage = 1; Stage <= 2; Stage++) {
        for (UINT32 i = 0; i < Kernel->EventCount; i++) {
            DEBUGGER_QUERY_EVENT *Event = &Kernel->Events[i];

            if (!MockMatches(Event, Leaf, ProcessId, Core) || !(Event->Options.Stage & Stage))
                continue;
            Event->Hits += Stage == 1 || !(Event->Options.Stage & 1); /* once per instruction */
            if (Event->HasScript)
                MockRunScript(Kernel, Event->Tag, ProcessId, Core);
            else
                MockFire(Kernel, Event, Stage, Leaf, ProcessId, Core);
            Count++;
        }
    }
    pthread_mutex_unlock(&Kernel->Lock);
    return Count;
}
