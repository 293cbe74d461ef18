/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * NumberTest.c - how users write numbers, and which texts are none.
 */
#include "libhyperdbg/Number.h"
#include "tests/unit/libhyperdbg/Workbench.h"

static void NumbersOfEveryBaseAreRead(void **State)
{
    static const struct {
        const CHAR *Text;
        UINT64 Number;
    } Cases[] = {{"0", 0},
                 {"10", 0x10},
                 {"dead", 0xdead},
                 {"DEAD", 0xdead},
                 {"0x1f", 0x1f},
                 {"0X1F", 0x1f},
                 {"0n31", 31},
                 {"0N31", 31},
                 {"0t17", 017},
                 {"0y101", 5},
                 {"0d", 0xd},
                 {"0b1", 0xb1},
                 {"00000000000000000000001", 1},
                 {"ffffffff`81000000", 0xffffffff81000000},
                 {"0xffff`ffff`8100`0000", 0xffffffff81000000},
                 {"ffffffffffffffff", ~0ull},
                 {"0n18446744073709551615", ~0ull},
                 {"0t1777777777777777777777", ~0ull},
                 {"0y1111111111111111111111111111111111111111111111111111111111111111", ~0ull}};

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Cases); i++) {
        UINT64 Number = 1234;

        if (!NumberParse(Cases[i].Text, &Number) || Number != Cases[i].Number)
            fail_msg("'%s' was read as %llx", Cases[i].Text, Number);
    }
}

static void OtherTextsAreNoNumbers(void **State)
{
    static const CHAR *const Texts[] = {"",
                                        "g",
                                        "0x",
                                        "0n",
                                        "0t",
                                        "0y",
                                        "0n1a",
                                        "0t8",
                                        "0y2",
                                        "1 ",
                                        " 1",
                                        "-1",
                                        "+1",
                                        "1.5",
                                        "0xx1",
                                        "x1",
                                        "`",
                                        "`1",
                                        "1`",
                                        "1``2",
                                        "0x`1",
                                        "10000000000000000",
                                        "0n18446744073709551616",
                                        "0t2000000000000000000000",
                                        "0y10000000000000000000000000000000000000000000000000000000000000000",
                                        "1h",
                                        "\xc3\xa9",
                                        "0x1g"};
    UINT64 Number;

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Texts); i++) {
        if (NumberParse(Texts[i], &Number))
            fail_msg("'%s' was read as %llx", Texts[i], Number);
    }
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(NumbersOfEveryBaseAreRead),
        cmocka_unit_test(OtherTextsAreNoNumbers),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}
