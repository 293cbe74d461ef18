/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * HelpCommand.c - help: the commands, from the tables that the parser reads.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/Command.h"

#include "libhyperdbg/commands/CommandParse.h"
#include "libhyperdbg/output/Output.h"

#include <string.h>

static const PARAMETER g_Parameters[] = {
    {"command", "command", PARAMETER_COMMAND, PARAMETER_POSITIONAL, 0, NULL, "tell all about this one"},
};

static const COMMAND_EXAMPLE g_Examples[] = {
    {"help", "list all commands"},
    {"help !cpuid", "syntax, parameters and examples of one"},
    {NULL, NULL},
};

/* --- one command ------------------------------------------------------------------------------ */

/* The command's name and its parameters: positional ones first, as people write them. */
static VOID HelpAddSyntax(TEXT *Text, const COMMAND *Command)
{
    TextAdd(Text, "%s", Command->Name);
    for (UINT32 Positional = PARAMETER_POSITIONAL;; Positional = 0) {
        for (UINT32 i = 0; i < Command->ParameterCount; i++) {
            if ((Command->Parameters[i].Flags & PARAMETER_POSITIONAL) == Positional) {
                TextAdd(Text, " ");
                CommandAddSyntax(Text, &Command->Parameters[i]);
            }
        }
        if (Positional == 0)
            return;
    }
}

static VOID HelpShowLines(HYPERDBG_SESSION *Session, const CHAR *Lines)
{
    while (*Lines != '\0') {
        SIZE_T Length = strcspn(Lines, "\n");

        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%.*s", (int)Length, Lines);
        Lines += Length + (Lines[Length] == '\n');
    }
}

static VOID HelpShowAliases(HYPERDBG_SESSION *Session, const COMMAND *Command)
{
    TEXT Text;

    TextClear(&Text);
    for (UINT32 i = 0; i < g_CommandCount; i++) {
        if (g_CommandTable[i].Command == Command && strcmp(g_CommandTable[i].Name, Command->Name) != 0)
            TextAdd(&Text, "%s%s", Text.Length == 0 ? "also: " : ", ", g_CommandTable[i].Name);
    }
    if (Text.Length > 0)
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%s", Text.Buffer);
}

static VOID HelpShowText(HYPERDBG_SESSION *Session, const COMMAND *Command)
{
    TEXT Syntax;

    TextClear(&Syntax);
    HelpAddSyntax(&Syntax, Command);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%s", Syntax.Buffer);
    HelpShowAliases(Session, Command);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%s", Command->Summary);
    if (Command->Details != NULL)
        HelpShowLines(Session, Command->Details);
    for (UINT32 i = 0; i < Command->ParameterCount; i++)
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "  %-12s  %s", Command->Parameters[i].Name,
                   Command->Parameters[i].Help);
    for (const COMMAND_EXAMPLE *Example = Command->Examples; Example != NULL && Example->Line != NULL;
         Example++)
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "  > %-34s  %s", Example->Line, Example->Meaning);
}

static VOID HelpShowObject(HYPERDBG_SESSION *Session, const COMMAND *Command)
{
    struct json_object *Object   = JsonObject("help");
    struct json_object *Examples = json_object_new_array();
    TEXT Syntax;

    TextClear(&Syntax);
    HelpAddSyntax(&Syntax, Command);
    JsonAddText(Object, "name", Command->Name);
    JsonAddText(Object, "syntax", Syntax.Buffer);
    JsonAddText(Object, "summary", Command->Summary);
    for (const COMMAND_EXAMPLE *Example = Command->Examples; Example != NULL && Example->Line != NULL;
         Example++)
        json_object_array_add(Examples, json_object_new_string(Example->Line));
    json_object_object_add(Object, "examples", Examples);
    OutputObject(Session, HYPERDBG_MESSAGE_RESULT, Object);
}

static VOID HelpShowOne(HYPERDBG_SESSION *Session, const COMMAND *Command)
{
    if (OutputIsJson(Session))
        HelpShowObject(Session, Command);
    else
        HelpShowText(Session, Command);
}

/* --- all commands ----------------------------------------------------------------------------- */

/* ORDER COMMAND_GROUP */
static const CHAR *const g_GroupTitles[] = {"events", "the machine", "the terminal"};
STATIC_ASSERT(COUNT_OF(g_GroupTitles) == COMMAND_GROUP_COUNT);

static VOID HelpShowGroup(HYPERDBG_SESSION *Session, COMMAND_GROUP Group)
{
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "%s", g_GroupTitles[Group]);
    for (UINT32 i = 0; i < g_CommandCount; i++) {
        const COMMAND *Command = g_CommandTable[i].Command;

        if (Command->Group != Group || strcmp(Command->Name, g_CommandTable[i].Name) != 0)
            continue;
        OutputText(Session, HYPERDBG_MESSAGE_RESULT, "  %-10s  %s", Command->Name, Command->Summary);
        if (OutputIsJson(Session))
            HelpShowObject(Session, Command);
    }
}

static HYPERDBG_RESULT HelpCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    if (Arguments->Item[0].IsGiven) {
        HelpShowOne(Session, CommandFind(Arguments->Item[0].Text));
        return HYPERDBG_SUCCESS;
    }
    for (UINT32 Group = 0; Group < COMMAND_GROUP_COUNT; Group++)
        HelpShowGroup(Session, (COMMAND_GROUP)Group);
    OutputText(Session, HYPERDBG_MESSAGE_RESULT, "'help COMMAND' tells more, with examples.");
    OutputText(Session, HYPERDBG_MESSAGE_RESULT,
               "Numbers are hexadecimal unless written 0n10 (decimal), 0t7 (octal) or 0y1 (binary).");
    return HYPERDBG_SUCCESS;
}

const COMMAND g_CommandHelp = {
    .Name           = "help",
    .Group          = COMMAND_GROUP_TERMINAL,
    .Summary        = "list the commands, or tell all about one",
    .Parameters     = g_Parameters,
    .ParameterCount = COUNT_OF(g_Parameters),
    .Examples       = g_Examples,
    .Run            = HelpCommandRun,
};
