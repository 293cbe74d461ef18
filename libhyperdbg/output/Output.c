/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Output.c - what the user sees: each thing said once, as text or as a JSON object, as the session asks.
 *
 * Context: user space.
 */
#include "libhyperdbg/output/Output.h"

#include "SDK/ErrorCodes.h"
#include "libhyperdbg/Session.h"
#include "libhyperdbg/output/TextBuilder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- delivery --------------------------------------------------------------------------------- */

BOOLEAN OutputIsJson(const HYPERDBG_SESSION *Session)
{
    return Session->Options.Format == HYPERDBG_FORMAT_JSON;
}

static VOID OutputLine(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Line)
{
    if (Session->Options.Callback != NULL)
        Session->Options.Callback(Session->Options.CallbackContext, Kind, Line);
}

VOID OutputText(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Format, ...)
{
    TEXT Line;
    va_list ArgList;

    if (OutputIsJson(Session))
        return;
    TextClear(&Line);
    va_start(ArgList, Format);
    TextAddList(&Line, Format, ArgList);
    va_end(ArgList);
    OutputLine(Session, Kind, Line.Buffer);
}

VOID OutputObject(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_KIND Kind, struct json_object *Object)
{
    if (OutputIsJson(Session))
        OutputLine(
            Session, Kind,
            json_object_to_json_string_ext(Object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(Object);
}

VOID OutputResult(HYPERDBG_SESSION *Session, struct json_object *Object, const CHAR *Format, ...)
{
    TEXT Line;
    va_list ArgList;

    TextClear(&Line);
    va_start(ArgList, Format);
    TextAddList(&Line, Format, ArgList);
    va_end(ArgList);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%s", Line.Buffer);
    OutputObject(Session, HYPERDBG_MESSAGE_RESULT, Object);
}

VOID OutputNotice(HYPERDBG_SESSION *Session, const CHAR *Format, ...)
{
    struct json_object *Object = JsonObject("notice");
    TEXT Line;
    va_list ArgList;

    TextClear(&Line);
    va_start(ArgList, Format);
    TextAddList(&Line, Format, ArgList);
    va_end(ArgList);
    OutputText(Session, HYPERDBG_MESSAGE_NOTICE, "%s", Line.Buffer);
    JsonAddText(Object, "message", Line.Buffer);
    OutputObject(Session, HYPERDBG_MESSAGE_NOTICE, Object);
}

/* --- errors ----------------------------------------------------------------------------------- */

typedef struct _ERROR_TEXT {
    UINT32 Code;
    const CHAR *Name;
    const CHAR *Text;
} ERROR_TEXT;

static const ERROR_TEXT g_ErrorTexts[] = {
#define ERROR_AS_TEXT(Name, Value, Text) {Value, #Name, Text},
    DEBUGGER_ERROR_LIST(ERROR_AS_TEXT)
#undef ERROR_AS_TEXT
};

static VOID OutputErrorObject(HYPERDBG_SESSION *Session, const CHAR *Line, struct json_object *Object)
{
    JsonAddText(Object, "message", Line);
    OutputObject(Session, HYPERDBG_MESSAGE_ERROR, Object);
}

/* Sends the sentence with the command that it is about; Object holds what is special about it. */
static VOID OutputCommandError(HYPERDBG_SESSION *Session, const CHAR *Line, struct json_object *Object)
{
    if (Session->ScriptName != NULL)
        OutputText(Session, HYPERDBG_MESSAGE_ERROR, "%s:%u: error: %s", Session->ScriptName,
                   Session->ScriptLine, Line);
    else
        OutputText(Session, HYPERDBG_MESSAGE_ERROR, "error: %s", Line);

    if (Session->Command != NULL)
        JsonAddText(Object, "command", Session->Command);
    if (Session->ScriptName != NULL) {
        JsonAddText(Object, "file", Session->ScriptName);
        JsonAddNumber(Object, "line", Session->ScriptLine);
    }
    OutputErrorObject(Session, Line, Object);
}

VOID OutputError(HYPERDBG_SESSION *Session, const CHAR *Word, const CHAR *Format, ...)
{
    struct json_object *Object = JsonObject("error");
    TEXT Sentence, Line;
    va_list ArgList;

    TextClear(&Sentence);
    va_start(ArgList, Format);
    TextAddList(&Sentence, Format, ArgList);
    va_end(ArgList);
    TextClear(&Line);
    if (Word != NULL) {
        TextAdd(&Line, "'");
        TextAddForeign(&Line, Word, TEXT_SIZE);
        TextAdd(&Line, "': ");
        JsonAddText(Object, "word", Word);
    }
    TextAdd(&Line, "%s", Sentence.Buffer);
    OutputCommandError(Session, Line.Buffer, Object);
}

VOID OutputStreamError(HYPERDBG_SESSION *Session, const CHAR *Format, ...)
{
    TEXT Line;
    va_list ArgList;

    TextClear(&Line);
    va_start(ArgList, Format);
    TextAddList(&Line, Format, ArgList);
    va_end(ArgList);
    OutputText(Session, HYPERDBG_MESSAGE_ERROR, "error: %s", Line.Buffer);
    OutputErrorObject(Session, Line.Buffer, JsonObject("error"));
}

VOID OutputKernelError(HYPERDBG_SESSION *Session, UINT32 KernelStatus)
{
    struct json_object *Object = JsonObject("error");
    CHAR Unknown[128];
    const CHAR *Sentence = Unknown;

    snprintf(Unknown, sizeof(Unknown),
             "the modules gave the unknown error code %x: are they of another version than the tool?",
             KernelStatus);
    JsonAddHex(Object, "kernel_status", KernelStatus);
    for (UINT32 i = 0; i < COUNT_OF(g_ErrorTexts); i++) {
        if (g_ErrorTexts[i].Code == KernelStatus) {
            Sentence = g_ErrorTexts[i].Text;
            JsonAddText(Object, "kernel_error", g_ErrorTexts[i].Name);
        }
    }
    OutputCommandError(Session, Sentence, Object);
}

/* --- JSON ------------------------------------------------------------------------------------- */

struct json_object *JsonObject(const CHAR *Type)
{
    struct json_object *Object = json_object_new_object();

    JsonAddText(Object, "type", Type);
    return Object;
}

VOID JsonAddText(struct json_object *Object, const CHAR *Key, const CHAR *Value)
{
    TEXT Clean;

    TextClear(&Clean);
    for (;; Value++) {
        SIZE_T Plain = strcspn(Value, "\n\t"); /* which JSON spells in its own way */

        TextAddForeign(&Clean, Value, Plain);
        Value += Plain;
        if (*Value == '\0')
            break;
        TextAdd(&Clean, "%c", *Value);
    }
    json_object_object_add(Object, Key, json_object_new_string_len(Clean.Buffer, (int)Clean.Length));
}

VOID JsonAddNumber(struct json_object *Object, const CHAR *Key, UINT64 Value)
{
    json_object_object_add(Object, Key, json_object_new_uint64(Value));
}

VOID JsonAddHex(struct json_object *Object, const CHAR *Key, UINT64 Value)
{
    CHAR Text[2 + 16 + 1];

    snprintf(Text, sizeof(Text), "0x%llx", Value);
    json_object_object_add(Object, Key, json_object_new_string(Text));
}

/* Nanoseconds are enough; the shortest exact form of a double would be long and unreadable. */
VOID JsonAddSeconds(struct json_object *Object, const CHAR *Key, double Value)
{
    CHAR Text[64];

    snprintf(Text, sizeof(Text), "%.9f", Value);
    json_object_object_add(Object, Key, json_object_new_double_s(Value, Text));
}

VOID JsonAddBoolean(struct json_object *Object, const CHAR *Key, BOOLEAN Value)
{
    json_object_object_add(Object, Key, json_object_new_boolean(Value));
}
