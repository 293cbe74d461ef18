/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * wide-step.c - one instruction that touches as many monitored pages as an instruction can: gathers and
 * scatters, whose elements lie on a page each, or on the border of two. Every page is told once, and the
 * instruction does what it did.
 *
 * Context: user space of the guest, root; loads and unloads the VMM itself.
 */
#include "tests/vm/support/Client.h"
#include "tests/vm/support/Tap.h"

#include <immintrin.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE     4096u
#define ELEMENTS 16u
#define PAGES    (2 * ELEMENTS)
#define TIMES    3u

static UINT8 *g_Memory;

/* Where element Index is: a page of its own each, or the last two bytes of one and the first of the next. */
static INT32 OffsetOf(UINT32 Index, BOOLEAN IsAcross)
{
    return (INT32)(Index * 2 * PAGE + (IsAcross ? PAGE - 2 : 64));
}

static VOID Offsets(INT32 *Offset, BOOLEAN IsAcross)
{
    for (UINT32 Index = 0; Index < ELEMENTS; Index++)
        Offset[Index] = OffsetOf(Index, IsAcross);
}

static VOID Fill(UINT32 First, BOOLEAN IsAcross)
{
    for (UINT32 Index = 0; Index < ELEMENTS; Index++) {
        const UINT32 Value = First + Index;

        memcpy(g_Memory + OffsetOf(Index, IsAcross), &Value, sizeof(Value));
    }
}

static __attribute__((__target__("avx2"))) VOID Gather8(const INT32 *Offset, UINT32 *Value)
{
    const __m256i Where = _mm256_loadu_si256((const __m256i *)Offset);

    _mm256_storeu_si256((__m256i *)Value, _mm256_i32gather_epi32((const INT32 *)g_Memory, Where, 1));
}

static __attribute__((__target__("avx512f"))) VOID Gather16(const INT32 *Offset, UINT32 *Value)
{
    _mm512_storeu_si512(Value, _mm512_i32gather_epi32(_mm512_loadu_si512(Offset), g_Memory, 1));
}

static __attribute__((__target__("avx512f"))) VOID Scatter16(const INT32 *Offset, UINT32 *Value)
{
    _mm512_i32scatter_epi32(g_Memory, _mm512_loadu_si512(Offset), _mm512_loadu_si512(Value), 1);
}

typedef struct _WIDE {
    const CHAR *Name;
    VOID (*Do)(const INT32 *Offset, UINT32 *Value);
    UINT32 Elements;
    BOOLEAN IsWrite;
} WIDE;

static UINT64 Monitor(BOOLEAN IsWrite)
{
    const DEBUGGER_EVENT_OPTIONS Options = {.EventType = IsWrite ? HIDDEN_HOOK_WRITE : HIDDEN_HOOK_READ,
                                            .CoreId    = HYPERDBG_ALL_CORES,
                                            .ProcessId = (UINT32)getpid(),
                                            .Stage     = VMM_CALLBACK_CALLING_STAGE_PRE_EVENT_EMULATION,
                                            .HasOptionalParam1 = 1,
                                            .OptionalParam1    = (UINT64)g_Memory,
                                            .OptionalParam2    = PAGES * PAGE};

    return ClientSetEvent(&Options);
}

/* TIMES of it; the memory is looked at while nothing is watched. */
static VOID Try(const WIDE *Wide, BOOLEAN IsAcross)
{
    const CHAR *How = IsAcross ? "across pages" : "on a page each";
    INT32 Offset[ELEMENTS];
    UINT32 Wanted[ELEMENTS], Value[ELEMENTS], Seen[ELEMENTS], Wrong = 0;
    UINT64 Tag, Hits;

    Offsets(Offset, IsAcross);
    for (UINT32 Index = 0; Index < ELEMENTS; Index++)
        Wanted[Index] = 1000 + Index;
    Fill(Wide->IsWrite ? 0 : 1000, IsAcross);
    Tag = Monitor(Wide->IsWrite);
    for (UINT32 Time = 0; Time < TIMES; Time++) {
        memcpy(Value, Wide->IsWrite ? Wanted : (UINT32[ELEMENTS]){0}, sizeof(Value));
        Wide->Do(Offset, Value);
        Wrong += memcmp(Value, Wanted, Wide->Elements * sizeof(*Value)) != 0;
    }
    Hits = ClientHits(Tag);
    ClientClearAll();
    for (UINT32 Index = 0; Index < ELEMENTS; Index++)
        memcpy(&Seen[Index], g_Memory + Offset[Index], sizeof(*Seen));
    TapIsNumber(Wrong + (memcmp(Seen, Wanted, Wide->Elements * sizeof(*Seen)) != 0), 0,
                "%s, %s: it does what it did", Wide->Name, How);
    TapIsNumber(Hits, TIMES * Wide->Elements * (IsAcross ? 2 : 1), "%s, %s: every page is told", Wide->Name,
                How);
}

int main(void)
{
    static const WIDE With2[]   = {{"gather of 8", Gather8, 8, FALSE}};
    static const WIDE With512[] = {{"gather of 16", Gather16, 16, FALSE},
                                   {"scatter of 16", Scatter16, 16, TRUE}};

    g_Memory =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (g_Memory == MAP_FAILED || !__builtin_cpu_supports("avx2"))
        TapGiveUp("no memory, or no AVX2");
    memset(g_Memory, 0, PAGES * PAGE);
    ClientStart();
    for (UINT32 Across = 0; Across < 2; Across++) {
        Try(&With2[0], Across != 0);
        for (UINT32 Index = 0; Index < COUNT_OF(With512) && __builtin_cpu_supports("avx512f"); Index++)
            Try(&With512[Index], Across != 0);
    }
    ClientEnd();
    return TapEnd();
}
