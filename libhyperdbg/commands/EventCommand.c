/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventCommand.c - what the commands that set an event share: parameters, the request, the answer.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventCommand.h"

#include "libhyperdbg/MsrNames.h"
#include "libhyperdbg/connection/Connection.h"
#include "libhyperdbg/output/EventShow.h"
#include "libhyperdbg/output/EventTypes.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/programs/ProgramCache.h"
#include "libhyperdbg/programs/ProgramCompile.h"
#include "libhyperdbg/symbols/Symbols.h"

#include <string.h>

const CHOICE g_EventStages[] = {
    {"pre", VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION},
    {"post", VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION},
    {"all", VMM_CALLBACK_CALLING_STAGE_ALL_EVENT_EMULATION},
    {NULL, 0},
};

const CHOICE g_EventSwitch[] = {{"on", 1}, {"off", 0}, {NULL, 0}};

/* --- settings in words ------------------------------------------------------------------------ */

static BOOLEAN EventIsOfMsr(const DEBUGGER_EVENT_OPTIONS *Options)
{
    return Options->EventType == RDMSR_INSTRUCTION_EXECUTION ||
           Options->EventType == WRMSR_INSTRUCTION_EXECUTION;
}

/* Where a hook is: "address ffffffff81000000 name", of a range also "length 8". */
static VOID EventAddPlace(HYPERDBG_SESSION *Session, TEXT *Text, const DEBUGGER_EVENT_OPTIONS *Options)
{
    const BOOLEAN IsPhysical = EventTypeIsMonitored(Options->EventType) && Options->OptionalParam3 != 0;

    if (IsPhysical) {
        TextAdd(Text, "physical %llx", Options->OptionalParam1);
    } else {
        TextAdd(Text, "address ");
        SymbolsAddAddress(Session, Text, Options->OptionalParam1);
    }
    if (EventTypeIsMonitored(Options->EventType))
        TextAdd(Text, " length %llx", Options->OptionalParam2);
}

static VOID EventAddContext(HYPERDBG_SESSION *Session, TEXT *Text, const DEBUGGER_EVENT_OPTIONS *Options)
{
    const CHAR *Label = EventTypeFind(Options->EventType)->ContextName;

    if (EventTypeIsHook(Options->EventType)) {
        EventAddPlace(Session, Text, Options);
        return;
    }
    TextAdd(Text, "%s %llx", Label != NULL ? Label : "context", Options->OptionalParam1);
    if (EventIsOfMsr(Options) && MsrName(Options->OptionalParam1) != NULL)
        TextAdd(Text, " (%s)", MsrName(Options->OptionalParam1));
}

VOID EventAddFilters(HYPERDBG_SESSION *Session, TEXT *Text, const DEBUGGER_EVENT_OPTIONS *Options)
{
    if (Options->HasOptionalParam1)
        EventAddContext(Session, Text, Options);
    if (Options->EventType == CONTROL_REGISTER_MODIFIED && Options->OptionalParam2 != 0)
        TextAdd(Text, "%smask %llx", Text->Length > 0 ? " " : "", Options->OptionalParam2);
    if (Options->ProcessId != HYPERDBG_ALL_PROCESSES)
        TextAdd(Text, "%spid 0n%u", Text->Length > 0 ? " " : "", Options->ProcessId);
    if (Options->CoreId != HYPERDBG_ALL_CORES)
        TextAdd(Text, "%score %x", Text->Length > 0 ? " " : "", Options->CoreId);
}

static VOID EventAddPlaceObject(HYPERDBG_SESSION *Session, struct json_object *Object,
                                const DEBUGGER_EVENT_OPTIONS *Options)
{
    CHAR Name[SYMBOL_TEXT_SIZE];

    if (EventTypeIsMonitored(Options->EventType)) {
        JsonAddHex(Object, "length", Options->OptionalParam2);
        JsonAddBoolean(Object, "physical", Options->OptionalParam3 != 0);
    }
    SymbolsName(Session, Options->OptionalParam1, Name);
    if (Name[0] != '\0')
        JsonAddText(Object, "symbol", Name);
}

VOID EventAddOptionsObject(HYPERDBG_SESSION *Session, struct json_object *Object, UINT64 Tag,
                           const DEBUGGER_EVENT_OPTIONS *Options)
{
    const EVENT_TYPE *Type = EventTypeFind(Options->EventType);

    JsonAddNumber(Object, "event", EventNumber(Tag));
    JsonAddNumber(Object, "tag", Tag);
    JsonAddText(Object, "name", Type->Name);
    JsonAddNumber(Object, "event_type", Options->EventType);
    JsonAddText(Object, "stage", EventStageName(Options->Stage));
    JsonAddBoolean(Object, "short_circuit", Options->ShortCircuit != 0);
    if (Options->HasOptionalParam1)
        JsonAddHex(Object, Type->ContextName != NULL ? Type->ContextName : "context",
                   Options->OptionalParam1);
    if (Options->EventType == CONTROL_REGISTER_MODIFIED && Options->OptionalParam2 != 0)
        JsonAddHex(Object, "mask", Options->OptionalParam2);
    if (EventTypeIsHook(Options->EventType))
        EventAddPlaceObject(Session, Object, Options);
    if (Options->ProcessId != HYPERDBG_ALL_PROCESSES)
        JsonAddNumber(Object, "pid", Options->ProcessId);
    if (Options->CoreId != HYPERDBG_ALL_CORES)
        JsonAddNumber(Object, "core", Options->CoreId);
}

/* --- setting ---------------------------------------------------------------------------------- */

static UINT32 EventNumberOr(const ARGUMENT *Argument, UINT32 Default)
{
    return Argument->IsGiven && !Argument->IsAll ? (UINT32)Argument->Number : Default;
}

/* FALSE: the parameters contradict each other, and that was said. */
static BOOLEAN EventFillOptions(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments,
                                DEBUGGER_EVENT_OPTIONS *Options)
{
    const ARGUMENT *Item  = Arguments->Item;
    const ARGUMENT *Stage = &Item[EVENT_PARAMETER_STAGE];

    Options->ProcessId    = EventNumberOr(&Item[EVENT_PARAMETER_PID], HYPERDBG_ALL_PROCESSES);
    Options->CoreId       = EventNumberOr(&Item[EVENT_PARAMETER_CORE], HYPERDBG_ALL_CORES);
    Options->Stage        = EventNumberOr(Stage, VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION);
    Options->ShortCircuit = (UINT8)EventNumberOr(&Item[EVENT_PARAMETER_SHORT_CIRCUIT], FALSE);
    if (Options->ShortCircuit && Options->Stage != VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION) {
        OutputError(Session, "sc", "a short-circuit is possible at stage pre only, not '%s'", Stage->Text);
        return FALSE;
    }
    if (Item[EVENT_PARAMETER_BUDGET].IsGiven && !Item[EVENT_PARAMETER_SCRIPT].IsGiven) {
        OutputError(Session, "budget", "there is no script that could spend it");
        return FALSE;
    }
    return TRUE;
}

/* The function of the kernel that an event is on, for the names of its arguments; "": none. */
static VOID EventFunction(HYPERDBG_SESSION *Session, const DEBUGGER_EVENT_OPTIONS *Options,
                          CHAR Name[SYMBOL_TEXT_SIZE])
{
    const CHAR *Behind;

    Name[0] = '\0';
    if (Options->EventType == HIDDEN_HOOK_EXEC_CC || Options->EventType == HIDDEN_HOOK_EXEC_DETOURS)
        SymbolsName(Session, Options->OptionalParam1, Name);
    Behind = strchr(Name, '!');
    if (Behind != NULL)
        memmove(Name, Behind + 1, strlen(Behind));
    if (strchr(Name, '+') != NULL) /* in its middle the arguments are anywhere */
        Name[0] = '\0';
}

/* Sets the event with the program, which may be NULL. */
static BOOLEAN EventRequest(HYPERDBG_SESSION *Session, DEBUGGER_REGISTER_EVENT *Request,
                            const SCRIPT_PROGRAM *Program)
{
    UINT32 Status;

    if (Program != NULL) {
        Request->Script     = (UINT64)(UINTPTR)Program;
        Request->ScriptSize = Program->Size;
    }
    Status = ConnectionTry(Session, IOCTL_REGISTER_EVENT, Request);
    if (Status == (UINT32)DEBUGGER_ERROR_SCRIPT_REFUSED && Program != NULL) {
        Request->Refusal[sizeof(Request->Refusal) - 1] = '\0';
        ProgramSayRefused(Session, Program, Request->RefusedInstruction, Request->Refusal);
    } else if (Status != 0 && Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        OutputKernelError(Session, Status);
    if (Status == DEBUGGER_OPERATION_WAS_SUCCESSFUL && Program != NULL)
        ProgramKeep(Session, Request->Tag, Program);
    return Status == DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static BOOLEAN EventRequestWithScript(HYPERDBG_SESSION *Session, DEBUGGER_REGISTER_EVENT *Request,
                                      const CHAR *Script)
{
    CHAR Function[SYMBOL_TEXT_SIZE];
    SCRIPT_COMPILATION Compilation;
    BOOLEAN IsSet;

    EventFunction(Session, &Request->Options, Function);
    IsSet = ProgramCompile(Session, Script, Function[0] != '\0' ? Function : NULL, &Compilation) &&
            EventRequest(Session, Request, Compilation.Program);
    ScriptCompilationFree(&Compilation);
    return IsSet;
}

static VOID EventSayRegistered(HYPERDBG_SESSION *Session, const DEBUGGER_REGISTER_EVENT *Request)
{
    const DEBUGGER_EVENT_OPTIONS *Options = &Request->Options;
    struct json_object *Object            = JsonObject("event_set");
    TEXT Filters;

    TextClear(&Filters);
    EventAddFilters(Session, &Filters, Options);
    EventAddOptionsObject(Session, Object, Request->Tag, Options);
    JsonAddBoolean(Object, "script", Request->ScriptSize != 0);
    OutputResult(Session, Object, "event %llx set: %s %s%sstage %s%s%s", EventNumber(Request->Tag),
                 EventTypeFind(Options->EventType)->Name, Filters.Buffer, Filters.Length > 0 ? " " : "",
                 EventStageName(Options->Stage), Options->ShortCircuit ? " sc on" : "",
                 Request->ScriptSize != 0 ? " script" : "");
}

HYPERDBG_RESULT EventCommandRegister(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments,
                                     const DEBUGGER_EVENT_OPTIONS *Options)
{
    DEBUGGER_REGISTER_EVENT Request = {.Options      = *Options,
                                       .ScriptBudget = Arguments->Item[EVENT_PARAMETER_BUDGET].Number};
    const ARGUMENT *Script          = &Arguments->Item[EVENT_PARAMETER_SCRIPT];

    if (!EventFillOptions(Session, Arguments, &Request.Options))
        return HYPERDBG_FAILURE;
    if (!(Script->IsGiven ? EventRequestWithScript(Session, &Request, Script->Text)
                          : EventRequest(Session, &Request, NULL)))
        return HYPERDBG_FAILURE;
    EventSayRegistered(Session, &Request);
    return HYPERDBG_SUCCESS;
}

HYPERDBG_RESULT EventCommandRun(HYPERDBG_SESSION *Session, VMM_EVENT_TYPE_ENUM EventType,
                                const ARGUMENTS *Arguments, const ARGUMENT *Own)
{
    DEBUGGER_EVENT_OPTIONS Options = {.EventType = EventType};

    if (Own != NULL && Own->IsGiven && !Own->IsAll) {
        Options.HasOptionalParam1 = TRUE;
        Options.OptionalParam1    = Own->Number;
    }
    return EventCommandRegister(Session, Arguments, &Options);
}
