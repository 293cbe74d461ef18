// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * MapTest.c - maps under several cores: a table per core, merged by a reader at the same time.
 *
 * Context: user space; threads stand for cores.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "script/eval/Map.h"

#define CORES  4
#define ROUNDS 100000
#define KEYS   64

/* A key of two words that belong together: a torn one is seen. */
typedef struct _KEY {
    UINT64 Number;
    UINT64 Inverse;
} KEY;

typedef struct _WRITER {
    const SCRIPT_MAP *Map;
    PVOID Storage;
    UINT32 Core;
} WRITER;

static PVOID StorageOf(const SCRIPT_MAP *Map)
{
    UINT64 Bytes  = ScriptMapBytes(Map, CORES);
    PVOID Storage = aligned_alloc(64, Bytes);

    memset(Storage, 0, Bytes);
    return Storage;
}

static PVOID CountKeys(PVOID Argument)
{
    const WRITER *Writer = Argument;
    UINT32 Round;

    for (Round = 0; Round < ROUNDS; Round++) {
        KEY Key = {.Number = Round % KEYS, .Inverse = ~(UINT64)(Round % KEYS)};

        ScriptMapUpdate(Writer->Map, Writer->Storage, CORES, Writer->Core, &Key, 1);
    }
    return NULL;
}

/* Sets and deletes keys that no other core has, so that slots are used again and again. */
static PVOID ChurnKeys(PVOID Argument)
{
    const WRITER *Writer = Argument;
    UINT32 Round;

    for (Round = 0; Round < ROUNDS; Round++) {
        UINT64 Number = (UINT64)Writer->Core << 32 | Round % (2 * KEYS);
        KEY Key       = {.Number = Number, .Inverse = ~Number};

        ScriptMapSet(Writer->Map, Writer->Storage, CORES, Writer->Core, &Key, Number);
        if (Round % 3 != 0) {
            ScriptMapDelete(Writer->Map, Writer->Storage, CORES, Writer->Core, &Key);
        }
    }
    return NULL;
}

/* Reads all keys while others write; how many were not as any writer wrote them. */
static UINT32 ReadTorn(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Times)
{
    UINT64 Value[SCRIPT_MAP_VALUE_WORDS];
    UINT32 Torn = 0;
    KEY Key;

    for (; Times > 0; Times--) {
        UINT64 Position = 0;

        while (ScriptMapNext(Map, Storage, CORES, &Position, &Key, Value)) {
            Torn += Key.Inverse != ~Key.Number;
            Torn += Map->Kind == SCRIPT_MAP_LAST && Value[0] != Key.Number;
        }
    }
    return Torn;
}

static UINT32 RunWriters(const SCRIPT_MAP *Map, PVOID Storage, PVOID (*Work)(PVOID))
{
    pthread_t Threads[CORES];
    WRITER Writers[CORES];
    UINT32 Torn;
    UINT32 Core;

    for (Core = 0; Core < CORES; Core++) {
        Writers[Core] = (WRITER){.Map = Map, .Storage = Storage, .Core = Core};
        assert_int_equal(pthread_create(&Threads[Core], NULL, Work, &Writers[Core]), 0);
    }
    Torn = ReadTorn(Map, Storage, 200);
    for (Core = 0; Core < CORES; Core++) {
        pthread_join(Threads[Core], NULL);
    }
    return Torn;
}

static void CoresCountWithoutLosingAny(void **State)
{
    const SCRIPT_MAP Map = {.Kind = SCRIPT_MAP_SUM, .KeyCount = 1, .KeySize = sizeof(KEY), .Entries = KEYS};
    PVOID Storage        = StorageOf(&Map);
    UINT64 Total         = 0;
    UINT32 Number;

    (void)State;
    assert_int_equal(RunWriters(&Map, Storage, CountKeys), 0);
    for (Number = 0; Number < KEYS; Number++) {
        KEY Key = {.Number = Number, .Inverse = ~(UINT64)Number};

        Total += ScriptMapGet(&Map, Storage, CORES, &Key);
    }
    assert_int_equal(Total, (UINT64)CORES * ROUNDS);
    assert_int_equal(ScriptMapDropped(&Map, Storage, CORES), 0);
    free(Storage);
}

static void AReaderNeverSeesHalfAKey(void **State)
{
    const SCRIPT_MAP Map = {
        .Kind = SCRIPT_MAP_LAST, .KeyCount = 1, .KeySize = sizeof(KEY), .Entries = 2 * KEYS};
    PVOID Storage = StorageOf(&Map);

    (void)State;
    assert_int_equal(RunWriters(&Map, Storage, ChurnKeys), 0);
    assert_int_equal(ScriptMapDropped(&Map, Storage, CORES), 0);
    free(Storage);
}

static void EveryKeyIsEnumeratedOnce(void **State)
{
    const SCRIPT_MAP Map = {.Kind = SCRIPT_MAP_COUNT, .KeyCount = 1, .KeySize = sizeof(KEY), .Entries = 1000};
    PVOID Storage        = StorageOf(&Map);
    UINT64 Position      = 0;
    UINT32 Found         = 0;
    UINT64 Value;
    UINT64 Number;
    KEY Key;

    (void)State;
    for (Number = 0; Number < 1000; Number++) {
        Key = (KEY){.Number = Number, .Inverse = ~Number};
        ScriptMapUpdate(&Map, Storage, CORES, (UINT32)Number % CORES, &Key, 0);
        ScriptMapUpdate(&Map, Storage, CORES, (UINT32)(Number / 7) % CORES, &Key, 0);
    }
    while (ScriptMapNext(&Map, Storage, CORES, &Position, &Key, &Value)) {
        assert_int_equal(Value, 2);
        Found++;
    }
    assert_int_equal(Found, 1000);
    free(Storage);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(CoresCountWithoutLosingAny),
        cmocka_unit_test(AReaderNeverSeesHalfAKey),
        cmocka_unit_test(EveryKeyIsEnumeratedOnce),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}
