// SPDX-License-Identifier: GPL-2.0-only
/*
 * Record.c - what a printf sends: the format's index and the arguments, strings with their characters.
 *
 * Context: any, VMX root mode included.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Format.h"
#include "script/eval/Run.h"

/* What the arguments from this one on need at least (strings: their length, no characters). */
static UINT32 RecordLeast(const SCRIPT_VIEW *View, const SCRIPT_FORMAT *Format, UINT32 Argument)
{
    UINT32 Bytes = 0;

    for (; Argument < Format->ArgumentCount; Argument++) {
        UINT32 Kind = View->Types[View->Lists[Format->FirstArgument + Argument]].Kind;

        Bytes += Kind == SCRIPT_TYPE_STACK ? SCRIPT_STACK_FRAMES * 8 : 8;
    }
    return Bytes;
}

/* A string, cut to what its type allows and to what the later arguments leave. */
static BOOLEAN RecordString(SCRIPT_RUN *Run, const SCRIPT_TYPE *Type, UINT64 Address, UINT32 Later,
                            UINT32 *Used)
{
    UINT8 *Record = (UINT8 *)Run->Machine->Record;
    UINT32 Room   = SCRIPT_RECORD_BYTES - Later - *Used - 8;
    UINT32 Size   = Type->Size < Room ? Type->Size : Room;
    CHAR *Text    = (CHAR *)Record + *Used + 8;
    UINT32 Length = 0;

    if (!ScriptCharge(Run, Type->Size / 8)) {
        return FALSE;
    }
    if (Size > 0 &&
        !ScriptReadString(Run, Address, Type->Kind == SCRIPT_TYPE_WIDE ? 2 : 1, Text, Size, &Length)) {
        return FALSE;
    }
    ScriptZeroBytes(Text + Length, (0 - Length) & 7);
    *(UINT64 *)(Record + *Used) = Length;
    *Used += 8 + ((Length + 7) & ~7u);
    return TRUE;
}

static BOOLEAN RecordArgument(SCRIPT_RUN *Run, const SCRIPT_TYPE *Type, UINT64 Value, UINT32 Later,
                              UINT32 *Used)
{
    UINT8 *Record = (UINT8 *)Run->Machine->Record;

    if (Type->Kind == SCRIPT_TYPE_STRING || Type->Kind == SCRIPT_TYPE_WIDE) {
        return RecordString(Run, Type, Value, Later, Used);
    }
    if (Type->Kind == SCRIPT_TYPE_STACK) {
        if (!ScriptReadMemory(Run, Value, Record + *Used, SCRIPT_STACK_FRAMES * 8)) {
            return FALSE;
        }
        *Used += SCRIPT_STACK_FRAMES * 8;
        return TRUE;
    }
    *(UINT64 *)(Record + *Used) = Value;
    *Used += 8;
    return TRUE;
}

BOOLEAN ScriptSendRecord(SCRIPT_RUN *Run, UINT32 Index, const UINT64 *Arguments)
{
    const SCRIPT_VIEW *View     = &Run->Instance->View;
    const SCRIPT_FORMAT *Format = &View->Formats[Index];
    SCRIPT_RECORD *Head         = (SCRIPT_RECORD *)Run->Machine->Record;
    UINT32 Used                 = sizeof(*Head);
    UINT32 Argument;

    for (Argument = 0; Argument < Format->ArgumentCount; Argument++) {
        const SCRIPT_TYPE *Type = &View->Types[View->Lists[Format->FirstArgument + Argument]];

        if (!RecordArgument(Run, Type, Arguments[Argument], RecordLeast(View, Format, Argument + 1), &Used)) {
            return FALSE;
        }
    }
    Head->Size   = Used;
    Head->Format = Index;
    if (Run->Host->Output != NULL) {
        Run->Host->Output(Run->Context, Head, Used);
    }
    return TRUE;
}
