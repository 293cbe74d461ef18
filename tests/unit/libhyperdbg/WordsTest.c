/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * WordsTest.c - how a line is cut into commands and words.
 */
#include "libhyperdbg/Words.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include <stdio.h>
#include <string.h>

/* All commands of a line as "[word|word][word]", and how it ended. */
static WORDS_RESULT Cut(const CHAR *Line, CHAR *Text, SIZE_T Size)
{
    UINT32 Offset = 0;
    SIZE_T Length = 0;
    WORDS_RESULT Result;
    WORDS Words;

    Text[0] = '\0';
    while ((Result = WordsNext(Line, &Offset, &Words)) == WORDS_COMMAND) {
        for (UINT32 i = 0; i < Words.Count; i++)
            Length +=
                (SIZE_T)snprintf(Text + Length, Size - Length, "%c%s", i == 0 ? '[' : '|', Words.Item[i]);
        Length += (SIZE_T)snprintf(Text + Length, Size - Length, "]");
        WordsFree(&Words);
    }
    WordsFree(&Words);
    return Result;
}

static void LinesAreCut(void **State)
{
    static const struct {
        const CHAR *Line;
        const CHAR *Text;
        WORDS_RESULT End;
    } Cases[] = {
        {"", "", WORDS_END},
        {"  \t\r\n ", "", WORDS_END},
        {";;; ;", "", WORDS_END},
        {"# all comment", "", WORDS_END},
        {"// all comment", "", WORDS_END},
        {"a", "[a]", WORDS_END},
        {"  a  b\tc \n", "[a|b|c]", WORDS_END},
        {"a;b;c", "[a][b][c]", WORDS_END},
        {"a ; b c ;; d ;", "[a][b|c][d]", WORDS_END},
        {"a b # c ; d", "[a|b]", WORDS_END},
        {"a b // c ; d", "[a|b]", WORDS_END},
        {"a;#b", "[a]", WORDS_END},
        {"a#b c//d", "[a#b|c//d]", WORDS_END},
        {"a \"b c;d # e\" f", "[a|b c;d # e|f]", WORDS_END},
        {"\"a \\\" b\" \"c\\\\d\" \"e\\n\"", "[a \" b|c\\d|e\\n]", WORDS_END},
        {"a\"b c\"d", "[ab cd]", WORDS_END},
        {"\"\"", "[]", WORDS_END},
        {"a \"b", "", WORDS_OPEN_QUOTE},
        {"a; \"b", "[a]", WORDS_OPEN_QUOTE},
        {"a {} b", "[a|{}|b]", WORDS_END},
        {"a { b; c } d;e", "[a|{ b; c }|d][e]", WORDS_END},
        {"a {b{c}{d}}e", "[a|{b{c}{d}}|e]", WORDS_END},
        {"a {}{}b", "[a|{}|{}|b]", WORDS_END},
        {"{ # no comment\n}", "[{ # no comment\n}]", WORDS_END},
        {"{ // } comment\n}", "[{ // } comment\n}]", WORDS_END},
        {"{ /* } \n { */ }", "[{ /* } \n { */ }]", WORDS_END},
        {"{ \"}\\\"}\" '}' '\\'' }x", "[{ \"}\\\"}\" '}' '\\'' }|x]", WORDS_END},
        {"{ it's } x", "[{ it's }|x]", WORDS_END},
        {"a}b x{y", "[a}b|x{y]", WORDS_END},
        {"\"{\" }", "[{|}]", WORDS_END},
        {"a {", "", WORDS_OPEN_BLOCK},
        {"a; b { { }", "[a]", WORDS_OPEN_BLOCK},
        {"{ \"} ", "[{ \"}]", WORDS_END},
        {"{ /* } ", "", WORDS_OPEN_BLOCK},
        {"{ // } ", "", WORDS_OPEN_BLOCK},
        {"a \"b\\\"", "", WORDS_OPEN_QUOTE},
    };
    CHAR Text[256];

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Cases); i++) {
        assert_int_equal(Cut(Cases[i].Line, Text, sizeof(Text)), Cases[i].End);
        assert_string_equal(Text, Cases[i].Text);
    }
}

static void PlacesOfWordsAreKept(void **State)
{
    const CHAR *Line = " ab  \"c d\" ; e";
    UINT32 Offset    = 0;
    WORDS Words;

    (void)State;
    assert_int_equal(WordsNext(Line, &Offset, &Words), WORDS_COMMAND);
    assert_int_equal(Words.Start[0], 1);
    assert_int_equal(Words.Start[1], 5);
    assert_int_equal(Words.End, 11);
    assert_false(Words.IsLastOpen);
    WordsFree(&Words);
    assert_int_equal(WordsNext(Line, &Offset, &Words), WORDS_COMMAND);
    assert_int_equal(Words.Start[0], 13);
    assert_true(Words.IsLastOpen);
    WordsFree(&Words);
}

static void TooManyWordsAreRefused(void **State)
{
    CHAR Line[2 * WORDS_MAX + 3] = "";
    UINT32 Offset                = 0;
    WORDS Words;

    (void)State;
    for (UINT32 i = 0; i < WORDS_MAX; i++)
        strcat(Line, "a ");
    assert_int_equal(WordsNext(Line, &Offset, &Words), WORDS_COMMAND);
    assert_int_equal(Words.Count, WORDS_MAX);
    WordsFree(&Words);
    strcat(Line, "a");
    Offset = 0;
    assert_int_equal(WordsNext(Line, &Offset, &Words), WORDS_TOO_MANY);
    WordsFree(&Words);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(LinesAreCut),
        cmocka_unit_test(PlacesOfWordsAreKept),
        cmocka_unit_test(TooManyWordsAreRefused),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}
