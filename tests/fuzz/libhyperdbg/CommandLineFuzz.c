/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CommandLineFuzz.c - any bytes as a line of commands: parsed, completed at every place, run on the mock
 * kernel.
 *
 * The first byte chooses format and whether the VMM is loaded. Commands that wait or read files are parsed
 * only.
 *
 * Context: user space.
 */
#include "libhyperdbg/Words.h"
#include "libhyperdbg/commands/CommandParse.h"
#include "tests/fuzz/Fuzz.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include <json-c/json_tokener.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 512

const char g_FuzzCorpus[] = "tests/fuzz/libhyperdbg/corpus/CommandLineFuzz";

/* Parses each command of the line; FALSE: one had better not be run. */
static BOOLEAN ParseLine(const CHAR *Line)
{
    BOOLEAN IsHarmless = TRUE;
    UINT32 Offset      = 0;
    WORDS_RESULT Result;
    WORDS Words;

    while ((Result = WordsNext(Line, &Offset, &Words)) == WORDS_COMMAND) {
        const COMMAND *Command = CommandFind(Words.Item[0]);
        ARGUMENTS Arguments;
        PARSE_ERROR Error;

        if (Command != NULL)
            CommandParse(Command, &Words, &Arguments, &Error);
        IsHarmless &= Command != &g_CommandSleep && Command != &g_CommandScript;
        WordsFree(&Words);
    }
    WordsFree(&Words);
    return IsHarmless;
}

static VOID CompleteEverywhere(BENCH *Bench, const CHAR *Line)
{
    HYPERDBG_COMPLETION Completion;

    for (UINT32 Cursor = 0; Cursor <= strlen(Line); Cursor++) {
        HyperDbgComplete(Bench->Session, Line, Cursor, &Completion);
        if (Completion.WordStart > Cursor)
            abort();
        HyperDbgFreeCompletion(&Completion);
    }
}

/* Every line that a JSON session sends is an object. */
static VOID CheckJson(BENCH *Bench)
{
    for (CHAR *Line = strtok(Bench->Output, "\n"); Line != NULL; Line = strtok(NULL, "\n")) {
        struct json_object *Object = json_tokener_parse(Line);

        if (Object == NULL)
            abort();
        json_object_put(Object);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *Bytes, size_t Length)
{
    static BENCH *Benches[2][2];
    CHAR Line[LINE_SIZE];

    if (Length == 0 || Length >= LINE_SIZE)
        return 0;
    UINT32 Format = Bytes[0] & 1, IsLoaded = Bytes[0] >> 1 & 1;
    memcpy(Line, Bytes + 1, Length - 1);
    Line[Length - 1] = '\0';
    if (Benches[Format][IsLoaded] == NULL)
        Benches[Format][IsLoaded] = BenchMake((HYPERDBG_FORMAT)Format, (BOOLEAN)IsLoaded);

    BENCH *Bench           = Benches[Format][IsLoaded];
    BOOLEAN IsHarmless     = ParseLine(Line);
    HYPERDBG_RESULT Result = HYPERDBG_SUCCESS;
    CompleteEverywhere(Bench, Line);
    BenchClear(Bench);
    if (IsHarmless)
        Result = HyperDbgRunCommand(Bench->Session, Line);
    if (Result == HYPERDBG_FAILURE && Bench->KindLines[HYPERDBG_MESSAGE_ERROR] == 0)
        abort(); /* a failure that nobody was told */
    if (Format == HYPERDBG_FORMAT_JSON)
        CheckJson(Bench);
    return 0;
}
