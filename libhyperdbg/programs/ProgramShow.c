/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ProgramShow.c - what the programs of events print, and what ended their runs.
 *
 * Context: user space.
 */
#include "libhyperdbg/programs/ProgramShow.h"

#include "SDK/Ioctls.h"
#include "libhyperdbg/Session.h"
#include "libhyperdbg/output/EventShow.h"
#include "libhyperdbg/output/Output.h"
#include "libhyperdbg/symbols/Symbols.h"
#include "script/eval/Format.h"

#include <string.h>

#define PROGRAM_TEXT_SIZE 16384

/* A record of the log, with its payload where numbers may be read. */
typedef struct _PROGRAM_RECORD {
    const LOG_RECORD_HEADER *Header;
    DEBUGGER_SCRIPT_RECORD Script;
    UINT64 Output[SCRIPT_RECORD_BYTES / sizeof(UINT64)];
    UINT32 OutputSize;
} PROGRAM_RECORD;

UINT32 ProgramSymbol(PVOID Context, UINT64 Address, CHAR *Buffer, UINT32 Size)
{
    CHAR Name[SYMBOL_TEXT_SIZE];
    SIZE_T Length;

    SymbolsName(Context, Address, Name);
    Length = strlen(Name);
    if (Length == 0 || Length >= Size)
        return 0;
    memcpy(Buffer, Name, Length + 1);
    return (UINT32)Length;
}

/* --- text ------------------------------------------------------------------------------------- */

VOID ProgramFlush(HYPERDBG_SESSION *Session, PROGRAM *Program)
{
    TEXT Line;

    if (Program->LineLength == 0)
        return;
    TextClear(&Line);
    TextAddForeign(&Line, Program->Line, Program->LineLength);
    Program->LineLength = 0;
    OutputText(Session, HYPERDBG_MESSAGE_EVENT, "%s", Line.Buffer);
}

static VOID ProgramShowEmptyLine(HYPERDBG_SESSION *Session, const PROGRAM *Program)
{
    if (Program->LineLength == 0)
        OutputText(Session, HYPERDBG_MESSAGE_EVENT, "%s", "");
}

static VOID ProgramShowText(HYPERDBG_SESSION *Session, PROGRAM *Program, const CHAR *Text)
{
    for (; *Text != '\0'; Text++) {
        if (*Text == '\n') {
            ProgramShowEmptyLine(Session, Program);
            ProgramFlush(Session, Program);
            continue;
        }
        if (Program->LineLength == PROGRAM_LINE_SIZE)
            ProgramFlush(Session, Program);
        Program->Line[Program->LineLength++] = *Text;
    }
}

static VOID ProgramAddRecord(HYPERDBG_SESSION *Session, struct json_object *Object,
                             const PROGRAM_RECORD *Record)
{
    double Seconds;

    JsonAddNumber(Object, "event", EventNumber(Record->Script.Tag));
    JsonAddNumber(Object, "core", Record->Header->Core);
    JsonAddNumber(Object, "pid", Record->Script.ProcessId);
    JsonAddNumber(Object, "sequence", Record->Header->Sequence);
    JsonAddNumber(Object, "tsc", Record->Header->Time);
    if (EventSeconds(Session, Record->Header->Time, &Seconds))
        JsonAddSeconds(Object, "seconds", Seconds);
}

static VOID ProgramShowOutput(HYPERDBG_SESSION *Session, PROGRAM *Program, const PROGRAM_RECORD *Record)
{
    CHAR Buffer[PROGRAM_TEXT_SIZE];
    SCRIPT_TEXT Text = {.Buffer = Buffer, .Size = sizeof(Buffer)};

    if (!ScriptFormatRecord(&Program->View, Record->Output, Record->OutputSize, ProgramSymbol, Session,
                            &Text)) {
        OutputStreamError(Session, "a record of event %llx's script does not fit its program",
                          EventNumber(Record->Script.Tag));
        return;
    }
    if (!OutputIsJson(Session)) {
        ProgramShowText(Session, Program, Buffer);
        return;
    }
    struct json_object *Object = JsonObject("script_output");
    ProgramAddRecord(Session, Object, Record);
    JsonAddText(Object, "text", Buffer);
    OutputObject(Session, HYPERDBG_MESSAGE_EVENT, Object);
}

/* --- faults ----------------------------------------------------------------------------------- */

/* "script:3:5: memory cannot be read at 1000" */
static VOID ProgramAddFault(TEXT *Text, const PROGRAM *Program, const DEBUGGER_SCRIPT_RECORD *Fault)
{
    const SCRIPT_LINE *Line = Program != NULL ? ScriptFindLine(&Program->View, Fault->Instruction) : NULL;

    if (Line != NULL)
        TextAdd(Text, "%s:%u:%u: ", Program->View.Strings + Line->File, Line->Line, Line->Column);
    else
        TextAdd(Text, "instruction %u: ", Fault->Instruction);
    if (Fault->Number >= SCRIPT_STATUS_COUNT)
        TextAdd(Text, "unknown status %u", Fault->Number);
    else
        TextAdd(Text, "%s", ScriptStatusText((SCRIPT_STATUS)Fault->Number));
    if (Fault->Number == SCRIPT_STATUS_READ || Fault->Number == SCRIPT_STATUS_WRITE)
        TextAdd(Text, " at %llx", Fault->Address);
}

static VOID ProgramShowFault(HYPERDBG_SESSION *Session, PROGRAM *Program, const PROGRAM_RECORD *Record)
{
    struct json_object *Object = JsonObject("script_error");
    TEXT Text, Fault;

    TextClear(&Fault);
    ProgramAddFault(&Fault, Program, &Record->Script);
    TextClear(&Text);
    EventAddTime(&Text, Session, Record->Header->Time);
    TextAdd(&Text, " #%llx script error: core %u  pid %u  ", EventNumber(Record->Script.Tag),
            Record->Header->Core, Record->Script.ProcessId);
    TextAddForeign(&Text, Fault.Buffer, Fault.Length);
    OutputText(Session, HYPERDBG_MESSAGE_LOG_ERROR, "%s", Text.Buffer);
    ProgramAddRecord(Session, Object, Record);
    JsonAddText(Object, "message", Fault.Buffer);
    JsonAddHex(Object, "address", Record->Script.Address);
    OutputObject(Session, HYPERDBG_MESSAGE_LOG_ERROR, Object);
}

/* --- any of them ------------------------------------------------------------------------------ */

static VOID ProgramShowMapRecord(HYPERDBG_SESSION *Session, PROGRAM *Program, const PROGRAM_RECORD *Record)
{
    if (Record->Script.Number < Program->View.Counts[SCRIPT_SECTION_MAPS])
        ProgramShowMap(Session, Program, Record->Script.Number, HYPERDBG_MESSAGE_EVENT);
}

/* FALSE: it is none of ours. */
static BOOLEAN ProgramTakeRecord(const RECORD *Record, PROGRAM_RECORD *Taken)
{
    const UINT32 Length = Record->Header.PayloadLength;

    if (Length < sizeof(Taken->Script) || Length > sizeof(Taken->Script) + sizeof(Taken->Output))
        return FALSE;
    Taken->Header     = &Record->Header;
    Taken->OutputSize = Length - (UINT32)sizeof(Taken->Script);
    memcpy(&Taken->Script, Record->Payload, sizeof(Taken->Script));
    memcpy(Taken->Output, Record->Payload + sizeof(Taken->Script), Taken->OutputSize);
    return TRUE;
}

VOID ProgramRecordShow(HYPERDBG_SESSION *Session, const RECORD *Record)
{
    PROGRAM_RECORD Taken;
    PROGRAM *Program;

    if (!ProgramTakeRecord(Record, &Taken)) {
        OutputStreamError(Session, "a script's record holds %u bytes: are the modules of another version?",
                          Record->Header.PayloadLength);
        return;
    }
    Program = ProgramFind(Session, Taken.Script.Tag);
    if (Taken.Script.Kind == DEBUGGER_SCRIPT_RECORD_FAULT)
        ProgramShowFault(Session, Program, &Taken);
    else if (Program == NULL)
        OutputStreamError(Session, "event %llx's script is gone: what it printed cannot be shown",
                          EventNumber(Taken.Script.Tag));
    else if (Taken.Script.Kind == DEBUGGER_SCRIPT_RECORD_MAP)
        ProgramShowMapRecord(Session, Program, &Taken);
    else
        ProgramShowOutput(Session, Program, &Taken);
}
