/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CommandTest.c - command lines and what must come of them (Commands.txt), and what holds for every command's
 * table.
 */
#include "libhyperdbg/MsrNames.h"
#include "libhyperdbg/Number.h"
#include "libhyperdbg/commands/CommandParse.h"
#include "libhyperdbg/output/ExitReasons.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Tests run in the project's root. */
#define FIXTURES "tests/unit/libhyperdbg/Commands.txt"

/* --- Commands.txt ----------------------------------------------------------------------------- */

/* The requests and lines that a command line makes, requests with a '<' before them. */
static VOID FixtureRun(const CHAR *Line, CHAR *Text, SIZE_T Size)
{
    BENCH *Bench  = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    SIZE_T Length = 0;

    BenchRun(Bench, Line);
    for (CHAR *Request = strtok(Bench->Kernel.Trace, "\n"); Request != NULL; Request = strtok(NULL, "\n"))
        Length += (SIZE_T)snprintf(Text + Length, Size - Length, "< %s\n", Request);
    snprintf(Text + Length, Size - Length, "%s", Bench->Output);
    BenchFree(Bench);
}

static VOID FixtureCheck(UINT32 LineNumber, const CHAR *Line, const CHAR *Expected)
{
    static CHAR Text[BENCH_OUTPUT_SIZE];

    FixtureRun(Line, Text, sizeof(Text));
    if (strcmp(Text, Expected) != 0)
        fail_msg(FIXTURES ":%u: '%s' gave\n%sinstead of\n%s", LineNumber, Line, Text, Expected);
}

static void EveryLineOfTheFixturesGivesItsRequestsAndText(void **State)
{
    static CHAR Line[4096], Command[4096], Expected[65536];
    UINT32 LineNumber = 0, CommandLine = 0, Count = 0;
    FILE *File = fopen(FIXTURES, "r");

    (void)State;
    assert_non_null(File);
    Command[0] = '\0';
    for (BOOLEAN IsMore = TRUE; IsMore;) {
        IsMore = fgets(Line, sizeof(Line), File) != NULL;
        LineNumber++;
        if (Command[0] != '\0' && (!IsMore || Line[0] == '>')) {
            FixtureCheck(CommandLine, Command, Expected);
            Command[0] = '\0';
            Count++;
        }
        if (!IsMore || Line[0] == '#' || Line[0] == '\n')
            continue;
        if (Line[0] == '>') {
            snprintf(Command, sizeof(Command), "%.*s", (int)strcspn(Line + 2, "\n"), Line + 2);
            CommandLine = LineNumber;
            Expected[0] = '\0';
        } else
            strncat(Expected, Line, sizeof(Expected) - strlen(Expected) - 1);
    }
    fclose(File);
    assert_true(Count > 80);
}

/* --- tables ----------------------------------------------------------------------------------- */

static void TheTablesAreSorted(void **State)
{
    (void)State;
    for (UINT32 i = 1; i < g_CommandCount; i++)
        assert_true(strcasecmp(g_CommandTable[i - 1].Name, g_CommandTable[i].Name) < 0);
    for (UINT32 i = 1; i < g_MsrNameCount; i++)
        assert_true(g_MsrNames[i - 1].Number < g_MsrNames[i].Number);
}

static void EveryCommandIsFoundByItsNames(void **State)
{
    (void)State;
    for (UINT32 i = 0; i < g_CommandCount; i++) {
        assert_ptr_equal(CommandFind(g_CommandTable[i].Name), g_CommandTable[i].Command);
        assert_non_null(CommandFind(g_CommandTable[i].Command->Name));
    }
    assert_null(CommandFind(""));
    assert_null(CommandFind("!cpuidx"));
    assert_null(CommandFind("zzz"));
    assert_ptr_equal(CommandFind("!CPUID"), CommandFind("!cpuid"));
}

static void EveryCommandIsComplete(void **State)
{
    (void)State;
    for (UINT32 i = 0; i < g_CommandCount; i++) {
        const COMMAND *Command = g_CommandTable[i].Command;

        assert_non_null(Command->Summary);
        assert_non_null(Command->Run);
        assert_true(Command->ParameterCount <= COMMAND_MAX_PARAMETERS);
        for (UINT32 j = 0; j < Command->ParameterCount; j++) {
            const PARAMETER *Parameter = &Command->Parameters[j];

            assert_non_null(Parameter->Name);
            assert_non_null(Parameter->Help);
            assert_true(Parameter->Kind != PARAMETER_CHOICE || Parameter->Choices != NULL);
        }
    }
}

/* The examples of help are promises. */
static void EveryExampleIsUnderstood(void **State)
{
    UINT32 Examples = 0;

    (void)State;
    for (UINT32 i = 0; i < g_CommandCount; i++) {
        const COMMAND_EXAMPLE *Example = g_CommandTable[i].Command->Examples;

        for (; Example != NULL && Example->Line != NULL; Example++, Examples++) {
            UINT32 Offset = 0;
            WORDS Words;

            while (WordsNext(Example->Line, &Offset, &Words) == WORDS_COMMAND) {
                ARGUMENTS Arguments;
                PARSE_ERROR Error;

                assert_non_null(CommandFind(Words.Item[0]));
                if (!CommandParse(CommandFind(Words.Item[0]), &Words, &Arguments, &Error))
                    fail_msg("%s: %s: %s", Example->Line, Error.Word, Error.Text.Buffer);
                WordsFree(&Words);
            }
            WordsFree(&Words);
        }
    }
    assert_true(Examples > 20);
}

static void EveryMsrNameIsFoundAndIsNoNumber(void **State)
{
    UINT64 Number;

    (void)State;
    for (UINT32 i = 0; i < g_MsrNameCount; i++) {
        assert_true(MsrFind(g_MsrNames[i].Name, &Number));
        assert_int_equal(Number, g_MsrNames[i].Number);
        assert_true(MsrFind(g_MsrNames[i].Name + strlen("IA32_"), &Number));
        assert_int_equal(Number, g_MsrNames[i].Number);
        assert_false(NumberParse(g_MsrNames[i].Name + strlen("IA32_"), &Number));
        assert_string_equal(MsrName(g_MsrNames[i].Number), g_MsrNames[i].Name);
    }
    assert_null(MsrName(0xFFFFFFFFFF));
    assert_null(MsrName(0x1C0000080));
    assert_false(MsrFind("IA32_", &Number));
    assert_false(MsrFind("", &Number));
}

static void ExitReasonsHaveNames(void **State)
{
    (void)State;
    assert_string_equal(ExitReasonName(0), "exception or NMI");
    assert_string_equal(ExitReasonName(10), "CPUID");
    assert_string_equal(ExitReasonName(31), "RDMSR");
    assert_string_equal(ExitReasonName(48), "EPT violation");
    assert_string_equal(ExitReasonName(55), "XSETBV");
    assert_string_equal(ExitReasonName(35), "unknown");
    assert_string_equal(ExitReasonName(127), "unknown");
    assert_string_equal(ExitReasonName(~0u), "unknown");
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(EveryLineOfTheFixturesGivesItsRequestsAndText),
        cmocka_unit_test(TheTablesAreSorted),
        cmocka_unit_test(EveryCommandIsFoundByItsNames),
        cmocka_unit_test(EveryCommandIsComplete),
        cmocka_unit_test(EveryExampleIsUnderstood),
        cmocka_unit_test(EveryMsrNameIsFoundAndIsNoNumber),
        cmocka_unit_test(ExitReasonsHaveNames),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}
