/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventShow.c - an event that fired, as a line of text or a JSON object.
 *
 * Text holds what one wants to read at a glance, JSON everything that the record holds.
 *
 * Context: user space.
 */
#include "libhyperdbg/output/EventShow.h"

#include "libhyperdbg/MsrNames.h"
#include "libhyperdbg/Session.h"
#include "libhyperdbg/output/EventTypes.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/symbols/Symbols.h"

#include <string.h>

/* --- values ----------------------------------------------------------------------------------- */

UINT64 EventNumber(UINT64 Tag)
{
    return Tag >= HYPERDBG_EVENT_TAG_START ? Tag - HYPERDBG_EVENT_TAG_START : Tag;
}

BOOLEAN EventSeconds(const HYPERDBG_SESSION *Session, UINT64 Time, double *Seconds)
{
    if (Session->LoadedAt == 0 || Session->TscPerMillisecond == 0)
        return FALSE;
    /* Signed: messages of the load itself are older than its end. */
    *Seconds = (double)(INT64)(Time - Session->LoadedAt) / ((double)Session->TscPerMillisecond * 1000);
    return TRUE;
}

static UINT64 EventRegister(const GUEST_REGS *Regs, UINT32 Index)
{
    UINT64 Value;

    memcpy(&Value, (const UINT8 *)Regs + Index * sizeof(Value), sizeof(Value));
    return Value;
}

static UINT64 EventValue(const GUEST_REGS *Regs, const EVENT_VALUE *Value)
{
    UINT64 Number = EventRegister(Regs, (UINT32)Value->Low);

    if (Value->Bits == 32)
        Number = (UINT32)Number;
    if (Value->High >= 0)
        Number |= EventRegister(Regs, (UINT32)Value->High) << 32;
    return Number;
}

static const EVENT_VALUE *EventValues(const DEBUGGER_EVENT_RECORD *Event)
{
    static const EVENT_VALUE Nothing[] = {{0}};
    const EVENT_TYPE *Type             = EventTypeFind(Event->EventType);
    const EVENT_VALUE *Values =
        Event->Stage == VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION ? Type->After : Type->Before;

    return Values != NULL ? Values : Nothing;
}

static BOOLEAN EventHasMsr(const DEBUGGER_EVENT_RECORD *Event)
{
    return Event->EventType == RDMSR_INSTRUCTION_EXECUTION || Event->EventType == WRMSR_INSTRUCTION_EXECUTION;
}

static BOOLEAN EventIsChanged(const DEBUGGER_EVENT_RECORD *Event, UINT32 Index)
{
    return Event->Stage == VMM_CALLBACK_CALLING_STAGE_POST_EVENT_EMULATION &&
           (Event->ChangedRegs >> Index & 1);
}

/* --- text ------------------------------------------------------------------------------------- */

VOID EventAddTime(TEXT *Text, const HYPERDBG_SESSION *Session, UINT64 Time)
{
    double Seconds;

    if (EventSeconds(Session, Time, &Seconds))
        TextAdd(Text, "[%.6f s]", Seconds);
    else
        TextAdd(Text, "[tsc %llu]", Time);
}

/* "  write ffff888000001004 name+4 (physical 1004)" */
static VOID EventAddAccess(HYPERDBG_SESSION *Session, TEXT *Text, const DEBUGGER_EVENT_RECORD *Event)
{
    TextAdd(Text, "  %s ", EventAccessName(Event->Access));
    if (Event->Context != 0)
        SymbolsAddAddress(Session, Text, Event->Context);
    else
        TextAdd(Text, "by the processor");
    TextAdd(Text, " (physical %llx)", Event->PhysicalAddress);
}

/* "  370ef0 -> 370ee0 from rax", or "  = 370ef0 to rax" of one that is read. */
static VOID EventAddRegister(TEXT *Text, const DEBUGGER_EVENT_RECORD *Event)
{
    const VMM_REGISTER_ACCESS *Access = &Event->Register;

    if (Access->IsWrite)
        TextAdd(Text, "  %llx -> %llx", Access->Before, Access->After);
    else
        TextAdd(Text, "  = %llx", Access->Before);
    if (Access->Operand < GUEST_REGS_GENERAL_COUNT)
        TextAdd(Text, " %s %s", Access->IsWrite ? "from" : "to", g_RegisterNames[Access->Operand]);
}

/* What an exception tells beside its vector; NULL: nothing. */
static const CHAR *EventExceptionRegister(const DEBUGGER_EVENT_RECORD *Event)
{
    if (Event->EventType != EXCEPTION_OCCURRED || !Event->Register.IsWrite)
        return NULL;
    return Event->Register.Register == 2 ? "cr2" : "dr6";
}

/* A breakpoint is where the instruction is, which is on the line already. */
static VOID EventAddContext(HYPERDBG_SESSION *Session, TEXT *Text, const DEBUGGER_EVENT_RECORD *Event)
{
    const CHAR *Label = EventTypeFind(Event->EventType)->ContextName;

    if (EventTypeIsMonitored(Event->EventType)) {
        EventAddAccess(Session, Text, Event);
        return;
    }
    if (Label == NULL || (EventTypeIsHook(Event->EventType) && Event->Context == Event->Rip))
        return;
    TextAdd(Text, "  %s %llx", Label, Event->Context);
    if (EventHasMsr(Event) && MsrName(Event->Context) != NULL)
        TextAdd(Text, " %s", MsrName(Event->Context));
    if (EventTypeIsOfRegister(Event->EventType))
        EventAddRegister(Text, Event);
    if (EventExceptionRegister(Event) != NULL)
        TextAdd(Text, "  %s %llx", EventExceptionRegister(Event), Event->Register.After);
}

/* The values that matter; a register that only repeats the context is left out. Returns a bit for each
 * register shown. */
static UINT32 EventAddValues(TEXT *Text, const DEBUGGER_EVENT_RECORD *Event)
{
    const CHAR *Gap = "  ";
    UINT32 Shown    = 0;

    for (const EVENT_VALUE *Value = EventValues(Event); Value->Label != NULL; Value++) {
        UINT64 Number = EventValue(&Event->Regs, Value);

        Shown |= 1u << Value->Low | (Value->High >= 0 ? 1u << Value->High : 0);
        if (EventHasMsr(Event) && Value->High < 0 && Number == Event->Context)
            continue;
        TextAdd(Text, "%s%s %llx", Gap, Value->Label, Number);
        Gap = " ";
    }
    return Shown;
}

/* Which registers the instruction changed, with the values of those that are not on the line yet. */
static VOID EventAddChanged(TEXT *Text, const DEBUGGER_EVENT_RECORD *Event, UINT32 Shown)
{
    const CHAR *Gap = "  changed ";

    for (UINT32 i = 0; i < GUEST_REGS_COUNT; i++) {
        if (!EventIsChanged(Event, i))
            continue;
        TextAdd(Text, "%s%s", Gap, g_RegisterNames[i]);
        if (!(Shown >> i & 1))
            TextAdd(Text, "=%llx", EventRegister(&Event->Regs, i));
        Gap = " ";
    }
}

static VOID EventShowText(HYPERDBG_SESSION *Session, const LOG_RECORD_HEADER *Header,
                          const DEBUGGER_EVENT_RECORD *Event)
{
    TEXT Text;

    TextClear(&Text);
    EventAddTime(&Text, Session, Header->Time);
    TextAdd(&Text, " #%llx %s %-4s  core %u  ", EventNumber(Event->Tag),
            EventTypeFind(Event->EventType)->Name, EventStageName(Event->Stage), Header->Core);
    TextAddForeign(&Text, Event->ProcessName, sizeof(Event->ProcessName));
    TextAdd(&Text, "[%u", Event->ProcessId);
    if (Event->ThreadId != Event->ProcessId)
        TextAdd(&Text, "/%u", Event->ThreadId);
    TextAdd(&Text, "]  rip ");
    SymbolsAddAddress(Session, &Text, Event->Rip);
    EventAddContext(Session, &Text, Event);
    EventAddChanged(&Text, Event, EventAddValues(&Text, Event));
    if (Event->ShortCircuited)
        TextAdd(&Text, "  short-circuited");
    OutputText(Session, HYPERDBG_MESSAGE_EVENT, "%s", Text.Buffer);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct json_object *EventRegistersObject(const DEBUGGER_EVENT_RECORD *Event)
{
    struct json_object *Registers = json_object_new_object();

    for (UINT32 i = 0; i < GUEST_REGS_COUNT; i++)
        JsonAddHex(Registers, g_RegisterNames[i], EventRegister(&Event->Regs, i));
    return Registers;
}

static struct json_object *EventChangedArray(const DEBUGGER_EVENT_RECORD *Event)
{
    struct json_object *Changed = json_object_new_array();

    for (UINT32 i = 0; i < GUEST_REGS_COUNT; i++) {
        if (EventIsChanged(Event, i))
            json_object_array_add(Changed, json_object_new_string(g_RegisterNames[i]));
    }
    return Changed;
}

static VOID EventAddSymbolObject(HYPERDBG_SESSION *Session, struct json_object *Object, const CHAR *Key,
                                 UINT64 Address)
{
    CHAR Name[SYMBOL_TEXT_SIZE];

    SymbolsName(Session, Address, Name);
    if (Name[0] != '\0')
        JsonAddText(Object, Key, Name);
}

static VOID EventAddAccessObject(HYPERDBG_SESSION *Session, struct json_object *Object,
                                 const DEBUGGER_EVENT_RECORD *Event)
{
    JsonAddText(Object, "access", EventAccessName(Event->Access));
    JsonAddHex(Object, "physical", Event->PhysicalAddress);
    EventAddSymbolObject(Session, Object, "context_symbol", Event->Context);
}

static VOID EventAddRegisterObject(struct json_object *Object, const VMM_REGISTER_ACCESS *Access)
{
    JsonAddBoolean(Object, "write", Access->IsWrite != 0);
    JsonAddHex(Object, "value_before", Access->Before);
    JsonAddHex(Object, "value_after", Access->After);
    if (Access->Operand < GUEST_REGS_GENERAL_COUNT)
        JsonAddText(Object, "operand", g_RegisterNames[Access->Operand]);
}

static VOID EventAddContextObject(HYPERDBG_SESSION *Session, struct json_object *Object,
                                  const DEBUGGER_EVENT_RECORD *Event)
{
    const CHAR *Label = EventTypeFind(Event->EventType)->ContextName;

    JsonAddHex(Object, "context", Event->Context);
    if (Label != NULL)
        JsonAddText(Object, "context_name", Label);
    if (EventHasMsr(Event) && MsrName(Event->Context) != NULL)
        JsonAddText(Object, "msr_name", MsrName(Event->Context));
    if (EventTypeIsMonitored(Event->EventType))
        EventAddAccessObject(Session, Object, Event);
    if (EventTypeIsOfRegister(Event->EventType))
        EventAddRegisterObject(Object, &Event->Register);
    if (EventExceptionRegister(Event) != NULL)
        JsonAddHex(Object, EventExceptionRegister(Event), Event->Register.After);
}

static VOID EventShowObject(HYPERDBG_SESSION *Session, const LOG_RECORD_HEADER *Header,
                            const DEBUGGER_EVENT_RECORD *Event)
{
    struct json_object *Object = JsonObject("event");
    CHAR Name[HYPERDBG_PROCESS_NAME_LENGTH + 1];
    double Seconds;

    memcpy(Name, Event->ProcessName, HYPERDBG_PROCESS_NAME_LENGTH);
    Name[HYPERDBG_PROCESS_NAME_LENGTH] = '\0';
    JsonAddNumber(Object, "event", EventNumber(Event->Tag));
    JsonAddNumber(Object, "tag", Event->Tag);
    JsonAddText(Object, "name", EventTypeFind(Event->EventType)->Name);
    JsonAddNumber(Object, "event_type", Event->EventType);
    JsonAddText(Object, "stage", EventStageName(Event->Stage));
    JsonAddNumber(Object, "core", Header->Core);
    JsonAddNumber(Object, "sequence", Header->Sequence);
    JsonAddNumber(Object, "tsc", Header->Time);
    if (EventSeconds(Session, Header->Time, &Seconds))
        JsonAddSeconds(Object, "seconds", Seconds);
    JsonAddNumber(Object, "pid", Event->ProcessId);
    JsonAddNumber(Object, "tid", Event->ThreadId);
    JsonAddText(Object, "process", Name);
    JsonAddHex(Object, "rip", Event->Rip);
    EventAddSymbolObject(Session, Object, "symbol", Event->Rip);
    EventAddContextObject(Session, Object, Event);
    json_object_object_add(Object, "registers", EventRegistersObject(Event));
    json_object_object_add(Object, "changed", EventChangedArray(Event));
    JsonAddBoolean(Object, "short_circuited", Event->ShortCircuited != 0);
    OutputObject(Session, HYPERDBG_MESSAGE_EVENT, Object);
}

VOID EventShow(HYPERDBG_SESSION *Session, const LOG_RECORD_HEADER *Header, const DEBUGGER_EVENT_RECORD *Event)
{
    if (OutputIsJson(Session))
        EventShowObject(Session, Header, Event);
    else
        EventShowText(Session, Header, Event);
}
