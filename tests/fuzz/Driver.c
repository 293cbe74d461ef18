/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Driver.c - runs a fuzzer without libFuzzer, as a test: every input of its corpus, then random changes of
 * them.
 *
 * Always the same inputs: the seed is fixed. FUZZ_RUNS says how many changed ones (20,000 without it).
 *
 * Context: user space. Prints TAP.
 */
#include "tests/fuzz/Fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIVER_SEED      1
#define DRIVER_RUNS      20000
#define DRIVER_MAX_FILES 512
#define DRIVER_MAX_SIZE  8192

int main(void);

typedef struct _INPUT {
    size_t Length;
    uint8_t Bytes[DRIVER_MAX_SIZE];
} INPUT;

static INPUT g_Corpus[DRIVER_MAX_FILES];
static size_t g_CorpusCount;

/* xorshift64*: the same numbers everywhere. */
static uint64_t DriverRandom(uint64_t Below)
{
    static uint64_t State = DRIVER_SEED;

    State ^= State >> 12;
    State ^= State << 25;
    State ^= State >> 27;
    return (State * 0x2545F4914F6CDD1Dull >> 16) % Below;
}

static void DriverReadCorpus(void)
{
    DIR *Folder = opendir(g_FuzzCorpus);
    struct dirent *Entry;

    while (Folder != NULL && (Entry = readdir(Folder)) != NULL && g_CorpusCount < DRIVER_MAX_FILES) {
        char Path[512];

        snprintf(Path, sizeof(Path), "%s/%s", g_FuzzCorpus, Entry->d_name);
        FILE *File = Entry->d_name[0] != '.' ? fopen(Path, "rb") : NULL;
        if (File == NULL)
            continue;
        INPUT *Input  = &g_Corpus[g_CorpusCount++];
        Input->Length = fread(Input->Bytes, 1, sizeof(Input->Bytes), File);
        fclose(File);
    }
    if (Folder != NULL)
        closedir(Folder);
}

static void DriverFlip(INPUT *Input)
{
    if (Input->Length > 0)
        Input->Bytes[DriverRandom(Input->Length)] ^= (uint8_t)(1 << DriverRandom(8));
}

static void DriverReplace(INPUT *Input)
{
    if (Input->Length > 0)
        Input->Bytes[DriverRandom(Input->Length)] = (uint8_t)DriverRandom(256);
}

static void DriverInsert(INPUT *Input)
{
    size_t At = DriverRandom(Input->Length + 1);

    if (Input->Length == sizeof(Input->Bytes))
        return;
    memmove(Input->Bytes + At + 1, Input->Bytes + At, Input->Length - At);
    Input->Bytes[At] = (uint8_t)DriverRandom(256);
    Input->Length++;
}

static void DriverRemove(INPUT *Input)
{
    if (Input->Length == 0)
        return;
    size_t At = DriverRandom(Input->Length), Count = 1 + DriverRandom(Input->Length - At);
    memmove(Input->Bytes + At, Input->Bytes + At + Count, Input->Length - At - Count);
    Input->Length -= Count;
}

/* The end of another input behind the beginning of this one. */
static void DriverSplice(INPUT *Input)
{
    const INPUT *Other = &g_Corpus[DriverRandom(g_CorpusCount)];
    size_t From = DriverRandom(Other->Length + 1), At = DriverRandom(Input->Length + 1);
    size_t Count = Other->Length - From;

    if (Count > sizeof(Input->Bytes) - At)
        Count = sizeof(Input->Bytes) - At;
    memcpy(Input->Bytes + At, Other->Bytes + From, Count);
    Input->Length = At + Count;
}

/* Runs an input from a block of its exact size, so that reading beyond it is noticed. */
static void DriverRun(const INPUT *Input)
{
    uint8_t *Exact = malloc(Input->Length > 0 ? Input->Length : 1);

    if (Exact == NULL)
        abort();
    memcpy(Exact, Input->Bytes, Input->Length);
    LLVMFuzzerTestOneInput(Exact, Input->Length);
    free(Exact);
}

static void DriverRunChanged(void)
{
    static void (*const Changes[])(INPUT *) = {DriverFlip, DriverReplace, DriverInsert, DriverRemove,
                                               DriverSplice};
    static INPUT Input;

    Input = g_Corpus[DriverRandom(g_CorpusCount)];
    for (uint64_t i = 1 + DriverRandom(6); i > 0; i--)
        Changes[DriverRandom(sizeof(Changes) / sizeof(Changes[0]))](&Input);
    DriverRun(&Input);
}

int main(void)
{
    const char *Runs = getenv("FUZZ_RUNS");
    long Left        = Runs != NULL ? atol(Runs) : DRIVER_RUNS;

    puts("1..2");
    DriverReadCorpus();
    for (size_t i = 0; i < g_CorpusCount; i++)
        DriverRun(&g_Corpus[i]);
    printf("%s 1 - the %zu inputs of %s\n", g_CorpusCount > 0 ? "ok" : "not ok", g_CorpusCount, g_FuzzCorpus);
    if (g_CorpusCount == 0)
        return 1;
    for (; Left > 0; Left--)
        DriverRunChanged();
    puts("ok 2 - random changes of them");
    return 0;
}
