// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * OperatorTest.c - every operator on every pair of integer types against the compiler of this machine.
 *
 * Context: user space. For each operator the same expression is expanded here by the C preprocessor and
 * written into a script; both go over all pairs of types and of interesting values, and the results must be
 * equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "script/tool/ScriptTool.h"

/* What both sides leave to chance otherwise: overflow wraps, shifts take the count modulo the width. */
#pragma GCC optimize("wrapv")
#define UNCHECKED __attribute__((no_sanitize("undefined")))

static const UINT64 g_Values[] = {
    0,
    1,
    2,
    3,
    7,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x12345678,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x123456789abcdef0,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffffffffff80,
    0xffffffff80000000,
    0xfffffffffffffffd,
    0xffffffffffffffff,
};
#define VALUES COUNT_OF(g_Values)
#define TYPES  8
#define PAIRS  (TYPES * TYPES)

/* Where the script finds the values and puts its results. */
#define INPUT_ADDRESS  0x1000
#define OUTPUT_ADDRESS 0x100000

#define FOR_A(X, Op)                                                                                         \
    X(signed char, Op)                                                                                       \
    X(unsigned char, Op)                                                                                     \
    X(short, Op)                                                                                             \
    X(unsigned short, Op)                                                                                    \
    X(int, Op)                                                                                               \
    X(unsigned int, Op)                                                                                      \
    X(long, Op)                                                                                              \
    X(unsigned long, Op)

#define FOR_B(X, A, Op)                                                                                      \
    X(A, signed char, Op)                                                                                    \
    X(A, unsigned char, Op)                                                                                  \
    X(A, short, Op)                                                                                          \
    X(A, unsigned short, Op)                                                                                 \
    X(A, int, Op)                                                                                            \
    X(A, unsigned int, Op)                                                                                   \
    X(A, long, Op)                                                                                           \
    X(A, unsigned long, Op)

static const CHAR *const g_TypeNames[TYPES] = {
#define NAME(Type, Op) #Type,
    FOR_A(NAME, )
#undef NAME
};

static UINT64 g_Expected[PAIRS * VALUES * VALUES];
static UINT64 g_Found[PAIRS * VALUES * VALUES];

/* --- the machine --- */

static BOOLEAN TestRead(PVOID Context, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    (void)Context;
    if (Address < INPUT_ADDRESS || Address + Size > INPUT_ADDRESS + sizeof(g_Values)) {
        return FALSE;
    }
    memcpy(Buffer, (const UINT8 *)g_Values + (Address - INPUT_ADDRESS), Size);
    return TRUE;
}

static BOOLEAN TestWrite(PVOID Context, UINT64 Address, const VOID *Buffer, UINT32 Size)
{
    (void)Context;
    if (Address < OUTPUT_ADDRESS || Address + Size > OUTPUT_ADDRESS + sizeof(g_Found)) {
        return FALSE;
    }
    memcpy((UINT8 *)g_Found + (Address - OUTPUT_ADDRESS), Buffer, Size);
    return TRUE;
}

static const SCRIPT_HOST_OPERATIONS g_TestOperations = {.ReadVirtual = TestRead, .WriteVirtual = TestWrite};

static VOID TestRun(const CHAR *Script)
{
    static SCRIPT_MACHINE Machine;
    SCRIPT_COMPILATION Compilation;
    SCRIPT_INSTANCE *Instance;
    SCRIPT_RESULT Result;

    if (!ScriptCompile(NULL, "generated", Script, strlen(Script), &Compilation)) {
        print_error("%s", Compilation.Messages);
        fail();
    }
    Instance = InstanceCreate(Compilation.Program, 1);
    memset(g_Found, 0x55, sizeof(g_Found));
    ScriptEvaluate(Instance, &Machine, &g_TestOperations, NULL, 0, ~0ull, &Result);
    assert_int_equal(Result.Status, SCRIPT_STATUS_SUCCESS);
    InstanceFree(Instance);
    ScriptCompilationFree(&Compilation);
}

/* One script for all pairs of types: Body uses a and b and leaves its result in r. */
static VOID TestScript(const CHAR *Body, UINT32 SecondTypes)
{
    CHAR *Text;
    size_t Size;
    FILE *Out = open_memstream(&Text, &Size);
    UINT32 A;
    UINT32 B;

    fprintf(Out, "unsigned long *in = (unsigned long *)0n%u;\nunsigned long *out = (unsigned long *)0n%u;\n",
            INPUT_ADDRESS, OUTPUT_ADDRESS);
    for (A = 0; A < TYPES; A++) {
        for (B = 0; B < SecondTypes; B++) {
            fprintf(Out, "for (i = 0; i < 0n%zu; i++) { for (j = 0; j < 0n%zu; j++) {\n", VALUES, VALUES);
            fprintf(Out, "    %s a = in[i]; %s b = in[j]; long r = 0;\n    %s\n    *out++ = r; } }\n",
                    g_TypeNames[A], g_TypeNames[B], Body);
        }
    }
    fclose(Out);
    TestRun(Text);
    free(Text);
}

static VOID TestCompare(const CHAR *Body, UINT32 SecondTypes)
{
    UINT32 Index;

    for (Index = 0; Index < TYPES * SecondTypes * VALUES * VALUES; Index++) {
        if (g_Expected[Index] != g_Found[Index]) {
            UINT32 Pair = Index / (VALUES * VALUES);

            print_error("%s a = 0x%llx; %s b = 0x%llx; %s: C says 0x%llx, the script 0x%llx\n",
                        g_TypeNames[Pair / SecondTypes], g_Values[Index / VALUES % VALUES],
                        g_TypeNames[Pair % SecondTypes], g_Values[Index % VALUES], Body, g_Expected[Index],
                        g_Found[Index]);
            fail();
        }
    }
}

/* --- the operators --- */

/* Whether C divides at all: not by 0, and not the least number by -1. */
#define DIVIDES(a, b)                                                                                        \
    ((b) != 0 &&                                                                                             \
     !((long)(b) == -1 && (long)(a) < 0 && ((a) == (int)0x80000000 || (a) == (long)0x8000000000000000)))

#define EXPAND(A, B, Statement)                                                                              \
    for (i = 0; i < VALUES; i++) {                                                                           \
        for (j = 0; j < VALUES; j++) {                                                                       \
            A a    = (A)g_Values[i];                                                                         \
            B b    = (B)g_Values[j];                                                                         \
            long r = 0;                                                                                      \
            Statement;                                                                                       \
            (void)a;                                                                                         \
            (void)b;                                                                                         \
            *Out++ = (UINT64)r;                                                                              \
        }                                                                                                    \
    }
#define EXPAND_A(A, Statement) FOR_B(EXPAND, A, Statement)

#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wtype-limits"
#pragma GCC diagnostic ignored "-Wint-in-bool-context"
#pragma GCC diagnostic ignored "-Wparentheses"

/* Name of the test; statement in C; the same in the script's spelling (numbers are hexadecimal there). */
#define TEST(Name, Statement, Script)                                                                        \
    UNCHECKED static VOID Expect##Name(VOID)                                                                 \
    {                                                                                                        \
        UINT64 *Out = g_Expected;                                                                            \
        UINT32 i, j;                                                                                         \
        FOR_A(EXPAND_A, Statement)                                                                           \
    }                                                                                                        \
    static void Name##IsAsInC(void **State)                                                                  \
    {                                                                                                        \
        (void)State;                                                                                         \
        Expect##Name();                                                                                      \
        TestScript(Script, TYPES);                                                                           \
        TestCompare(Script, TYPES);                                                                          \
    }
#define SIMPLE(Name, Statement) TEST(Name, Statement, #Statement ";")

/* The width that a shift's left side has, as a mask. */
#define MASK_OF(a) (sizeof(+(a)) == 8 ? 63 : 31)

SIMPLE(Addition, r = a + b)
SIMPLE(Subtraction, r = a - b)
SIMPLE(Multiplication, r = a * b)
SIMPLE(And, r = a & b)
SIMPLE(Or, r = a | b)
SIMPLE(Xor, r = a ^ b)
SIMPLE(Equal, r = a == b)
SIMPLE(NotEqual, r = a != b)
SIMPLE(Less, r = a < b)
SIMPLE(LessOrEqual, r = a <= b)
SIMPLE(Greater, r = a > b)
SIMPLE(GreaterOrEqual, r = a >= b)
SIMPLE(LogicalAnd, r = a && b)
SIMPLE(LogicalOr, r = a || b)
SIMPLE(Conditional, r = a ? a : b)
SIMPLE(Branch, if (a < b) r = 5; else r = 6)
SIMPLE(AddAssign, a += b; r = a)
SIMPLE(SubtractAssign, a -= b; r = a)
SIMPLE(MultiplyAssign, a *= b; r = a)
SIMPLE(AndAssign, a &= b; r = a)
SIMPLE(OrAssign, a |= b; r = a)
SIMPLE(XorAssign, a ^= b; r = a)
SIMPLE(PlainAssign, r = (a = b))
SIMPLE(Negation, r = -a + b)
SIMPLE(Inversion, r = ~a ^ b)
SIMPLE(LogicalNot, r = !a + !b)
SIMPLE(PlusSign, r = +a)
SIMPLE(Steps, r = a++ + --b; r += a + b)
SIMPLE(SmallConstantOnTheRight, r = (a + 5) * (b - 3))
SIMPLE(ConstantComparison,
       r = (a < 5) + (b > 9) * 2 + (a == -1) * 4 + (b <= -5) * 8 + (a != 0) * 0x10 + (5 >= b) * 0x20)
SIMPLE(BitTests, if (a & 1) r = 1; if ((b & 0x80) == 0) r += 2; if (!(a & 6)) r += 4;
       if ((b & 3) != 0) r += 8)
TEST(Division, r = DIVIDES(a, b) ? a / b : 0,
     "if (b != 0 && !((long)b == -1 && (long)a < 0 && (a == (int)80000000 || a == (long)8000000000000000))) "
     "r = a / b;")
TEST(Modulo, r = DIVIDES(a, b) ? a % b : 0,
     "if (b != 0 && !((long)b == -1 && (long)a < 0 && (a == (int)80000000 || a == (long)8000000000000000))) "
     "r = a % b;")
TEST(ShiftLeft, r = a << (b & MASK_OF(a)), "r = a << b;")
TEST(ShiftRight, r = a >> (b & MASK_OF(a)), "r = a >> b;")
TEST(ShiftLeftAssign, a <<= (b & MASK_OF(a)); r = a, "a <<= b; r = a;")
TEST(ShiftRightAssign, a >>= (b & MASK_OF(a)); r = a, "a >>= b; r = a;")
TEST(Casts, r = (signed char)a + (unsigned short)b + (int)a + (unsigned int)b,
     "r = (signed char)a + (unsigned short)b + (int)a + (unsigned int)b;")

/* The least number divided by -1 traps in C; in a script it is itself, and the remainder is 0. */
static void LeastNumberByMinusOneIsItself(void **State)
{
    (void)State;
    g_Found[0] = 0;
    TestRun("int a = 80000000; int b = -1; long c = 8000000000000000; long d = -1;\n"
            "unsigned long *out = (unsigned long *)100000;\n"
            "out[0] = a / b; out[1] = a % b; out[2] = c / d; out[3] = c % d;");
    assert_int_equal(g_Found[0], 0xffffffff80000000);
    assert_int_equal(g_Found[1], 0);
    assert_int_equal(g_Found[2], 0x8000000000000000);
    assert_int_equal(g_Found[3], 0);
}

int main(void)
{
#define RUN(Name) cmocka_unit_test(Name##IsAsInC)
    const struct CMUnitTest Tests[] = {
        RUN(Addition),
        RUN(Subtraction),
        RUN(Multiplication),
        RUN(And),
        RUN(Or),
        RUN(Xor),
        RUN(Equal),
        RUN(NotEqual),
        RUN(Less),
        RUN(LessOrEqual),
        RUN(Greater),
        RUN(GreaterOrEqual),
        RUN(LogicalAnd),
        RUN(LogicalOr),
        RUN(Conditional),
        RUN(Branch),
        RUN(AddAssign),
        RUN(SubtractAssign),
        RUN(MultiplyAssign),
        RUN(AndAssign),
        RUN(OrAssign),
        RUN(XorAssign),
        RUN(PlainAssign),
        RUN(Negation),
        RUN(Inversion),
        RUN(LogicalNot),
        RUN(PlusSign),
        RUN(Steps),
        RUN(SmallConstantOnTheRight),
        RUN(ConstantComparison),
        RUN(BitTests),
        RUN(Division),
        RUN(Modulo),
        RUN(ShiftLeft),
        RUN(ShiftRight),
        RUN(ShiftLeftAssign),
        RUN(ShiftRightAssign),
        RUN(Casts),
        cmocka_unit_test(LeastNumberByMinusOneIsItself),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}
