// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * ScriptBench.c - how fast scripts run and compile, beside Lua 5.4, plain C and uthash.
 *
 * Context: user space. Both sides of a pair run in turns in one process; what is printed is the median of the
 * rounds of each and the ratio of the medians, with instructions per source operation where the processor
 * counts them.
 */
#include <linux/perf_event.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "script/eval/Verify.h"
#include "script/tool/ScriptTool.h"

#define ROUNDS 21

typedef struct _SAMPLE {
    double Nanoseconds;
    double Instructions; /* 0 where they are not counted */
} SAMPLE;

static int g_Counter = -1;
static UINT32 g_Misses;

/* --- measuring --- */

static VOID CounterOpen(VOID)
{
    struct perf_event_attr Attributes = {.type = PERF_TYPE_HARDWARE, .size = sizeof(Attributes)};

    Attributes.config         = PERF_COUNT_HW_INSTRUCTIONS;
    Attributes.exclude_kernel = 1;
    g_Counter                 = (int)syscall(SYS_perf_event_open, &Attributes, 0, -1, -1, 0);
}

static UINT64 CounterRead(VOID)
{
    UINT64 Value = 0;

    if (g_Counter < 0 || read(g_Counter, &Value, sizeof(Value)) != sizeof(Value)) {
        return 0;
    }
    return Value;
}

static double Now(VOID)
{
    struct timespec Time;

    clock_gettime(CLOCK_MONOTONIC, &Time);
    return (double)Time.tv_sec * 1e9 + (double)Time.tv_nsec;
}

static int CompareDoubles(const void *Left, const void *Right)
{
    double Difference = *(const double *)Left - *(const double *)Right;

    return Difference < 0 ? -1 : Difference > 0;
}

typedef VOID WORK(VOID);

static VOID Measure(WORK *Work, double Operations, double *Nanoseconds, double *Instructions)
{
    UINT64 Counted = CounterRead();
    double Start   = Now();

    Work();
    *Nanoseconds  = (Now() - Start) / Operations;
    *Instructions = (double)(CounterRead() - Counted) / Operations;
}

/* The two in turns, so that what disturbs the machine disturbs both. */
static VOID MeasurePair(WORK *Ours, WORK *Theirs, double Operations, SAMPLE *OursSample, SAMPLE *TheirsSample)
{
    double Times[2][ROUNDS];
    UINT32 Round;

    for (Round = 0; Round < ROUNDS; Round++) {
        Measure(Ours, Operations, &Times[0][Round], &OursSample->Instructions);
        Measure(Theirs, Operations, &Times[1][Round], &TheirsSample->Instructions);
    }
    qsort(Times[0], ROUNDS, sizeof(double), CompareDoubles);
    qsort(Times[1], ROUNDS, sizeof(double), CompareDoubles);
    OursSample->Nanoseconds   = Times[0][ROUNDS / 2];
    TheirsSample->Nanoseconds = Times[1][ROUNDS / 2];
}

/* Ratio is how often as long the other one takes (IsFaster) or ours takes; Limit is what is asked, 0:
 * nothing. */
static VOID Report(const CHAR *What, const CHAR *Other, SAMPLE Ours, SAMPLE Theirs, BOOLEAN IsFaster,
                   double Limit)
{
    double Ratio = IsFaster ? Theirs.Nanoseconds / Ours.Nanoseconds : Ours.Nanoseconds / Theirs.Nanoseconds;
    BOOLEAN Good = Limit == 0 || (IsFaster ? Ratio >= Limit : Ratio <= Limit);

    printf("%-34s script %8.2f ns", What, Ours.Nanoseconds);
    if (g_Counter >= 0) {
        printf(" %6.1f insns", Ours.Instructions);
    }
    printf("   %-8s %8.2f ns", Other, Theirs.Nanoseconds);
    if (g_Counter >= 0) {
        printf(" %6.1f insns", Theirs.Instructions);
    }
    printf("   %5.2f times as %s", Ratio, IsFaster ? "fast" : "long");
    if (Limit != 0) {
        printf(" (asked: %s %.1f)%s", IsFaster ? "at least" : "at most", Limit, Good ? "" : "  MISSED");
    }
    printf("\n");
    g_Misses += !Good;
}

/* --- a script --- */

static SCRIPT_MACHINE g_Machine;

static SCRIPT_INSTANCE *Load(const CHAR *Text)
{
    SCRIPT_COMPILATION Compilation;

    if (!ScriptCompile(NULL, "bench", Text, strlen(Text), &Compilation)) {
        fputs(Compilation.Messages, stderr);
        exit(1);
    }
    free(Compilation.Messages);
    return InstanceCreate(Compilation.Program, 1);
}

static BOOLEAN BenchRead(PVOID Context, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    (void)Context;
    if (Size == 8) {
        *(UINT64 *)Buffer = *(const UINT64 *)(UINTPTR)Address;
    } else {
        memcpy(Buffer, (const VOID *)(UINTPTR)Address, Size);
    }
    return TRUE;
}

static UINT64 g_Rdi;
static UINT32 g_Name;
static CHAR g_Names[64][SCRIPT_COMM_BYTES];

static BOOLEAN BenchRegister(PVOID Context, UINT32 Register, UINT64 *Value)
{
    (void)Context;
    (void)Register;
    *Value = g_Rdi;
    return TRUE;
}

__attribute__((noinline)) static BOOLEAN BenchComm(PVOID Context, CHAR *Comm)
{
    (void)Context;
    memcpy(Comm, g_Names[g_Name++ & 63], SCRIPT_COMM_BYTES);
    return TRUE;
}

static const SCRIPT_HOST_OPERATIONS g_BenchOperations = {
    .ReadVirtual = BenchRead, .ReadRegister = BenchRegister, .ReadComm = BenchComm};

static VOID RunInstance(const SCRIPT_INSTANCE *Instance)
{
    SCRIPT_RESULT Result;

    if (ScriptEvaluate(Instance, &g_Machine, &g_BenchOperations, NULL, 0, ~0ull >> 2, &Result) !=
        SCRIPT_STATUS_SUCCESS) {
        fprintf(stderr, "bench: %s\n", ScriptStatusText(Result.Status));
        exit(1);
    }
}

static lua_State *g_Lua;

static VOID LuaDefine(const CHAR *Text)
{
    if (luaL_dostring(g_Lua, Text) != LUA_OK) {
        fprintf(stderr, "bench: %s\n", lua_tostring(g_Lua, -1));
        exit(1);
    }
}

static VOID LuaCall(const CHAR *Name)
{
    lua_getglobal(g_Lua, Name);
    if (lua_pcall(g_Lua, 0, 0, 0) != LUA_OK) {
        fprintf(stderr, "bench: %s\n", lua_tostring(g_Lua, -1));
        exit(1);
    }
}

/* --- arithmetic, compares and branches --- */

#define LOOP_ROUNDS 1000000

static SCRIPT_INSTANCE *g_Loop;

static VOID LoopScript(VOID)
{
    RunInstance(g_Loop);
}

static VOID LoopLua(VOID)
{
    LuaCall("loop");
}

static VOID BenchLoop(VOID)
{
    SAMPLE Ours;
    SAMPLE Theirs;

    g_Loop = Load("total = 0; odd = 0;\n"
                  "for (i = 0; i < 0n1000000; i++) {\n"
                  "    if (i & 1) { odd += 1; } else { total += i * 3; }\n"
                  "    if (total > 0n1000000000) { total -= 0n1000000000; }\n"
                  "}\n.result = total + odd;");
    LuaDefine("function loop()\n"
              "    local total, odd = 0, 0\n"
              "    for i = 0, 999999 do\n"
              "        if i & 1 ~= 0 then odd = odd + 1 else total = total + i * 3 end\n"
              "        if total > 1000000000 then total = total - 1000000000 end\n"
              "    end\n"
              "    result = total + odd\n"
              "end");
    MeasurePair(LoopScript, LoopLua, LOOP_ROUNDS, &Ours, &Theirs);
    Report("arithmetic loop, per round", "Lua 5.4", Ours, Theirs, TRUE, 1.5);
}

/* --- a walk along pointers ---
 * A list of 1024 nodes, two cache lines each, in no order; a walk follows 10 pointers, and the next one
 * begins where it ended, as one event begins with a pointer that the last one knew nothing of. */

#define WALK_NODES  1024
#define WALK_LENGTH 10
#define WALK_ROUNDS 20000

struct node {
    struct node *Next;
    long Value;
    UINT64 Padding[14];
};

static struct node g_Nodes[WALK_NODES];
static SCRIPT_INSTANCE *g_Walk;
static volatile UINT64 g_Sink;

static VOID WalkScript(VOID)
{
    UINT32 Round;

    for (Round = 0; Round < WALK_ROUNDS; Round++) {
        RunInstance(g_Walk);
        g_Rdi = *(const UINT64 *)g_Walk->Globals;
    }
}

__attribute__((noinline)) static const struct node *WalkOnce(const struct node *Node)
{
    UINT64 Count = 0;
    UINT32 Index;

    for (Index = 0; Index < WALK_LENGTH; Index++) {
        if (Node->Value > 3) {
            Count++;
        }
        Node = Node->Next;
    }
    g_Sink = Count;
    return Node;
}

static VOID WalkC(VOID)
{
    UINT32 Round;

    for (Round = 0; Round < WALK_ROUNDS; Round++) {
        g_Rdi = (UINTPTR)WalkOnce((const struct node *)(UINTPTR)g_Rdi);
    }
}

static VOID WalkLua(VOID)
{
    LuaCall("walk");
}

static int LuaNodeNext(lua_State *Lua)
{
    struct node **Node = luaL_checkudata(Lua, 1, "node");
    struct node **Next = lua_newuserdata(Lua, sizeof(*Next));

    *Next = (*Node)->Next;
    luaL_setmetatable(Lua, "node");
    return 1;
}

static int LuaNodeValue(lua_State *Lua)
{
    struct node **Node = luaL_checkudata(Lua, 1, "node");

    lua_pushinteger(Lua, (*Node)->Value);
    return 1;
}

static VOID WalkPrepareLua(VOID)
{
    struct node **First;

    luaL_newmetatable(g_Lua, "node");
    lua_newtable(g_Lua);
    lua_pushcfunction(g_Lua, LuaNodeNext);
    lua_setfield(g_Lua, -2, "next");
    lua_pushcfunction(g_Lua, LuaNodeValue);
    lua_setfield(g_Lua, -2, "value");
    lua_setfield(g_Lua, -2, "__index");
    First  = lua_newuserdata(g_Lua, sizeof(*First));
    *First = g_Nodes;
    luaL_setmetatable(g_Lua, "node");
    lua_setglobal(g_Lua, "first");
    LuaDefine("function walk()\n"
              "    for round = 1, 20000 do\n"
              "        local p, count = first, 0\n"
              "        for i = 1, 10 do if p:value() > 3 then count = count + 1 end p = p:next() end\n"
              "        result = count\n"
              "        first = p\n"
              "    end\n"
              "end");
}

static VOID BenchWalk(VOID)
{
    SAMPLE Ours;
    SAMPLE Theirs;
    UINT32 Index;

    for (Index = 0; Index < WALK_NODES; Index++) {
        /* A full cycle through all nodes: the multiplier is 1 modulo 4, the summand odd. */
        g_Nodes[Index].Next  = &g_Nodes[(Index * 389 + 7) % WALK_NODES];
        g_Nodes[Index].Value = Index % 7;
    }
    g_Rdi  = (UINTPTR)g_Nodes;
    g_Walk = Load("struct node { struct node *next; long value; unsigned long padding[0n14]; };\n"
                  "struct node *p = (struct node *)@rdi; n = 0;\n"
                  "for (i = 0; i < 0n10; i++) { if (p->value > 3) { n++; } p = p->next; }\n"
                  ".last = p; .result = n;");
    WalkPrepareLua();
    MeasurePair(WalkScript, WalkC, (double)WALK_ROUNDS * WALK_LENGTH, &Ours, &Theirs);
    Report("struct walk, per pointer", "C", Ours, Theirs, FALSE, 12);
    MeasurePair(WalkScript, WalkLua, (double)WALK_ROUNDS * WALK_LENGTH, &Ours, &Theirs);
    Report("struct walk, per pointer", "Lua 5.4", Ours, Theirs, TRUE, 0);
}

/* --- a map --- */

#define MAP_ROUNDS 200000

typedef struct _ENTRY {
    CHAR Name[SCRIPT_COMM_BYTES];
    UINT64 Count;
    UT_hash_handle hh;
} ENTRY;

static SCRIPT_INSTANCE *g_Map;
static ENTRY *g_Entries;

static VOID MapScript(VOID)
{
    RunInstance(g_Map);
}

static VOID MapUthash(VOID)
{
    UINT32 Round;

    for (Round = 0; Round < MAP_ROUNDS; Round++) {
        CHAR Name[SCRIPT_COMM_BYTES];
        ENTRY *Entry;

        BenchComm(NULL, Name);
        HASH_FIND(hh, g_Entries, Name, sizeof(Name), Entry);
        if (Entry == NULL) {
            Entry = calloc(1, sizeof(*Entry));
            memcpy(Entry->Name, Name, sizeof(Name));
            HASH_ADD(hh, g_Entries, Name, sizeof(Entry->Name), Entry);
        }
        Entry->Count++;
    }
}

static VOID BenchMap(VOID)
{
    SAMPLE Ours;
    SAMPLE Theirs;
    UINT32 Index;

    for (Index = 0; Index < 64; Index++) {
        snprintf(g_Names[Index], sizeof(g_Names[Index]), "task-%u", Index * 7919 % 1000);
    }
    g_Map = Load("for (i = 0; i < 0n200000; i++) { n[$comm] = count(); }");
    MeasurePair(MapScript, MapUthash, MAP_ROUNDS, &Ours, &Theirs);
    Report("map count by a 16-byte string", "uthash", Ours, Theirs, FALSE, 2);
}

/* --- compiling --- */

static CHAR *CompileText(VOID)
{
    CHAR *Text;
    size_t Size;
    FILE *Out = open_memstream(&Text, &Size);
    UINT32 Line;

    fprintf(Out, "struct node { struct node *next; long value; int flags : 3; };\n");
    for (Line = 0; Line < 33; Line++) {
        fprintf(Out,
                "int f%u_(int x, struct node *p) { if (x > %u && p->value != 3) return x * 2; return "
                "p->flags + x; }\n",
                Line, Line);
        fprintf(Out,
                "for (i = 0; i < 5; i++) { y = f%u_(i, (struct node *)@rdi); bytes[$comm, y] += poi(@rsi + "
                "i); }\n",
                Line);
        fprintf(Out, "printf(\"%%-16s %%8d %%s\\n\", $comm, @rax + y, ksym(@rip));\n");
    }
    fclose(Out);
    return Text;
}

static VOID BenchCompile(VOID)
{
    CHAR *Text = CompileText();
    double Times[ROUNDS];
    UINT32 Round;

    for (Round = 0; Round < ROUNDS; Round++) {
        SCRIPT_COMPILATION Compilation;
        SCRIPT_REFUSAL Refusal;
        double Start = Now();

        if (!ScriptCompile(NULL, "bench", Text, strlen(Text), &Compilation) ||
            !ScriptVerify(Compilation.Program, Compilation.Program->Size, &Refusal)) {
            fputs(Compilation.Messages, stderr);
            exit(1);
        }
        Times[Round] = Now() - Start;
        ScriptCompilationFree(&Compilation);
    }
    qsort(Times, ROUNDS, sizeof(double), CompareDoubles);
    printf("%-34s %.3f ms (asked: at most 5)%s\n", "compile and verify 100 lines", Times[ROUNDS / 2] / 1e6,
           Times[ROUNDS / 2] < 5e6 ? "" : "  MISSED");
    g_Misses += Times[ROUNDS / 2] >= 5e6;
    free(Text);
}

int main(void)
{
    g_Lua = luaL_newstate();
    luaL_openlibs(g_Lua);
    CounterOpen();
    if (g_Counter < 0) {
        printf("(the processor's instructions cannot be counted here)\n");
    }
    BenchLoop();
    BenchWalk();
    BenchMap();
    BenchCompile();
    lua_close(g_Lua);
    return g_Misses > 0;
}
