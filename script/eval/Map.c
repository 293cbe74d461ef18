// SPDX-License-Identifier: GPL-2.0-only
/*
 * Map.c - maps: open addressing with linear probing, one table per core. See Map.h for who may do what.
 *
 * Context: any, VMX root mode included.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Map.h"

/* Of a slot. A slot that was never used ends a search; one that was freed does not. */
#define SLOT_EMPTY   0
#define SLOT_USED    1
#define SLOT_FREED   2
#define SLOT_DELETED 3 /* the key is known to be gone: hides older values of other cores */

#define MAP_NO_SLOT 0xFFFFFFFFu

/* Storage: one SHARED, then per core a TABLE and its slots. All sizes are multiples of 64 bytes. */
typedef struct _MAP_SHARED {
    UINT64 Stamp; /* orders the writes to a map of kind LAST */
    UINT64 Padding[7];
} MAP_SHARED;

typedef struct _MAP_TABLE {
    UINT32 Used; /* slots that are USED or DELETED */
    UINT32 Reserved;
    UINT64 Dropped;
    UINT64 Padding[6];
} MAP_TABLE;

/* A slot: this, the key, the value (LAST: stamp, value). */
typedef struct _MAP_SLOT {
    UINT32 State;
    UINT32 Sequence; /* odd while key or LAST's value change */
    UINT64 Words[];
} MAP_SLOT;

/* The least power of two that leaves a third of the slots empty, so that searches are short. */
static UINT32 MapSlots(const SCRIPT_MAP *Map)
{
    UINT32 Least = Map->Entries + Map->Entries / 2;

    return Map->KeySize == 0 || Least < 2 ? 1 : 1u << (32 - __builtin_clz(Least - 1));
}

static UINT32 MapStoredWords(const SCRIPT_MAP *Map)
{
    return Map->Kind == SCRIPT_MAP_LAST ? 2 : ScriptMapValueWords(Map);
}

static UINT64 MapSlotBytes(const SCRIPT_MAP *Map)
{
    return sizeof(MAP_SLOT) + Map->KeySize + 8 * (UINT64)MapStoredWords(Map);
}

static UINT64 MapTableBytes(const SCRIPT_MAP *Map)
{
    return sizeof(MAP_TABLE) + ((MapSlots(Map) * MapSlotBytes(Map) + 63) & ~63ull);
}

UINT64 ScriptMapBytes(const SCRIPT_MAP *Map, UINT32 Cores)
{
    return sizeof(MAP_SHARED) + Cores * MapTableBytes(Map);
}

UINT32 ScriptMapValueWords(const SCRIPT_MAP *Map)
{
    switch (Map->Kind) {
    case SCRIPT_MAP_AVERAGE:
        return 2;
    case SCRIPT_MAP_HIST:
        return SCRIPT_HIST_BUCKETS;
    case SCRIPT_MAP_LHIST:
        return (UINT32)(((UINT64)Map->Maximum - (UINT64)Map->Minimum) / (UINT64)Map->Step) + 2;
    default:
        return 1;
    }
}

static MAP_TABLE *MapTable(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Core)
{
    return (MAP_TABLE *)((UINT8 *)Storage + sizeof(MAP_SHARED) + Core * MapTableBytes(Map));
}

static MAP_SLOT *MapSlot(const SCRIPT_MAP *Map, MAP_TABLE *Table, UINT32 Index)
{
    return (MAP_SLOT *)((UINT8 *)(Table + 1) + Index * MapSlotBytes(Map));
}

static UINT64 *MapValue(const SCRIPT_MAP *Map, MAP_SLOT *Slot)
{
    return Slot->Words + Map->KeySize / 8;
}

static UINT32 MapHash(const SCRIPT_MAP *Map, const UINT64 *Key)
{
    UINT64 Hash = 0;
    UINT32 Word;

    for (Word = 0; Word < Map->KeySize / 8; Word++) {
        Hash = (Hash ^ Key[Word]) * 0x9E3779B97F4A7C15ull;
        Hash ^= Hash >> 32;
    }
    return (UINT32)Hash;
}

static BOOLEAN MapSameKey(const SCRIPT_MAP *Map, const MAP_SLOT *Slot, const UINT64 *Key)
{
    UINT32 Word;

    for (Word = 0; Word < Map->KeySize / 8; Word++) {
        if (Slot->Words[Word] != Key[Word]) {
            return FALSE;
        }
    }
    return TRUE;
}

static UINT32 MapState(const MAP_SLOT *Slot)
{
    return __atomic_load_n(&Slot->State, __ATOMIC_ACQUIRE);
}

/* Where the key is, MAP_NO_SLOT if nowhere; *Free is then a slot that could take it, or MAP_NO_SLOT. */
static UINT32 MapFind(const SCRIPT_MAP *Map, MAP_TABLE *Table, const UINT64 *Key, UINT32 *Free)
{
    UINT32 Slots = MapSlots(Map);
    UINT32 Index = MapHash(Map, Key) & (Slots - 1);
    UINT32 Probe;

    *Free = MAP_NO_SLOT;
    for (Probe = 0; Probe < Slots; Probe++, Index = (Index + 1) & (Slots - 1)) {
        const MAP_SLOT *Slot = MapSlot(Map, Table, Index);
        UINT32 State         = MapState(Slot);

        if ((State & 1) != 0) { /* USED or DELETED */
            if (MapSameKey(Map, Slot, Key)) {
                return Index;
            }
            continue;
        }
        if (*Free == MAP_NO_SLOT) {
            *Free = Index;
        }
        if (State == SLOT_EMPTY) {
            break;
        }
    }
    return MAP_NO_SLOT;
}

static VOID MapBeginChange(MAP_SLOT *Slot)
{
    __atomic_store_n(&Slot->Sequence, Slot->Sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static VOID MapEndChange(MAP_SLOT *Slot)
{
    __atomic_store_n(&Slot->Sequence, Slot->Sequence + 1, __ATOMIC_RELEASE);
}

static VOID MapClearValue(const SCRIPT_MAP *Map, UINT64 *Value)
{
    UINT32 Words = MapStoredWords(Map);
    UINT32 Word;

    for (Word = 0; Word < Words; Word++) {
        Value[Word] = 0;
    }
    if (Map->Kind == SCRIPT_MAP_MIN) {
        Value[0] = Map->Minimum < 0 ? (UINT64)0x7FFFFFFFFFFFFFFFull : ~0ull;
    } else if (Map->Kind == SCRIPT_MAP_MAX && Map->Minimum < 0) {
        Value[0] = 0x8000000000000000ull;
    }
}

/* The core's slot of the key, made if there is none; NULL (and counted) if the table is full. */
static MAP_SLOT *MapClaim(const SCRIPT_MAP *Map, MAP_TABLE *Table, const UINT64 *Key)
{
    UINT32 Free;
    UINT32 Index = MapFind(Map, Table, Key, &Free);
    MAP_SLOT *Slot;
    UINT32 Word;

    if (Index != MAP_NO_SLOT) {
        return MapSlot(Map, Table, Index);
    }
    if (Free == MAP_NO_SLOT || Table->Used >= Map->Entries) {
        Table->Dropped++;
        return NULL;
    }
    Slot = MapSlot(Map, Table, Free);
    MapBeginChange(Slot);
    for (Word = 0; Word < Map->KeySize / 8; Word++) {
        Slot->Words[Word] = Key[Word];
    }
    MapClearValue(Map, MapValue(Map, Slot));
    __atomic_store_n(&Slot->State, SLOT_USED, __ATOMIC_RELEASE);
    MapEndChange(Slot);
    Table->Used++;
    return Slot;
}

/* What a reader may believe of a slot, at one moment. FALSE if it kept changing (then it is left out: the
 * writer is at work, and the reader must not wait for it). */
static BOOLEAN MapReadSlot(const SCRIPT_MAP *Map, MAP_SLOT *Slot, UINT32 *State, UINT64 *Value)
{
    UINT32 Words = MapStoredWords(Map);
    UINT32 Try;

    for (Try = 0; Try < 4; Try++) {
        UINT32 Sequence = __atomic_load_n(&Slot->Sequence, __ATOMIC_ACQUIRE);
        UINT32 Word;

        *State = MapState(Slot);
        for (Word = 0; Word < Words; Word++) {
            Value[Word] = __atomic_load_n(&MapValue(Map, Slot)[Word], __ATOMIC_RELAXED);
        }
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if ((Sequence & 1) == 0 && __atomic_load_n(&Slot->Sequence, __ATOMIC_RELAXED) == Sequence) {
            return TRUE;
        }
    }
    return FALSE;
}

/* --- merging --- */

static VOID MapMergePart(const SCRIPT_MAP *Map, UINT64 *Total, const UINT64 *Part)
{
    BOOLEAN Signed = Map->Minimum < 0;
    BOOLEAN Less   = Signed ? (INT64)Part[0] < (INT64)Total[0] : Part[0] < Total[0];
    UINT32 Words   = ScriptMapValueWords(Map);
    UINT32 Word;

    if (Map->Kind == SCRIPT_MAP_MIN || Map->Kind == SCRIPT_MAP_MAX) {
        if (Part[0] != Total[0] && Less == (Map->Kind == SCRIPT_MAP_MIN)) {
            Total[0] = Part[0];
        }
        return;
    }
    for (Word = 0; Word < Words; Word++) {
        Total[Word] += Part[Word];
    }
}

/* LAST: Total is {stamp, value}; a deleted key has value 0 and leaves *Found FALSE. */
static VOID MapMergeLast(UINT64 *Total, const UINT64 *Part, UINT32 State, BOOLEAN *Found)
{
    if (Part[0] > Total[0]) {
        Total[0] = Part[0];
        Total[1] = State == SLOT_DELETED ? 0 : Part[1];
        *Found   = State != SLOT_DELETED;
    }
}

/* The key's merged value in Total; FALSE if no core has it. Part is room for one core's. */
static BOOLEAN MapMerge(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, const UINT64 *Key, UINT64 *Total,
                        UINT64 *Part)
{
    BOOLEAN Found = FALSE;
    UINT32 Core;

    MapClearValue(Map, Total);
    for (Core = 0; Core < Cores; Core++) {
        MAP_TABLE *Table = MapTable(Map, Storage, Core);
        UINT32 Free;
        UINT32 State;
        UINT32 Index = MapFind(Map, Table, Key, &Free);

        if (Index == MAP_NO_SLOT || !MapReadSlot(Map, MapSlot(Map, Table, Index), &State, Part)) {
            continue;
        }
        if (Map->Kind == SCRIPT_MAP_LAST) {
            MapMergeLast(Total, Part, State, &Found);
        } else {
            MapMergePart(Map, Total, Part);
            Found = TRUE;
        }
    }
    return Found;
}

static UINT64 MapAsNumber(const SCRIPT_MAP *Map, const UINT64 *Total)
{
    UINT64 Sum = 0;
    UINT32 Word;

    switch (Map->Kind) {
    case SCRIPT_MAP_LAST:
        return Total[1];
    case SCRIPT_MAP_AVERAGE:
        if (Total[1] == 0) {
            return 0;
        }
        return Map->Minimum < 0 ? (UINT64)((INT64)Total[0] / (INT64)Total[1]) : Total[0] / Total[1];
    case SCRIPT_MAP_HIST:
    case SCRIPT_MAP_LHIST:
        for (Word = 0; Word < ScriptMapValueWords(Map); Word++) {
            Sum += Total[Word];
        }
        return Sum;
    default:
        return Total[0];
    }
}

/* Values of one word need no room for a histogram on the stack, and no search but one per core. */
static UINT64 MapGetSum(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, const UINT64 *Key)
{
    UINT64 Sum = 0;
    UINT32 Core;
    UINT32 Free;
    UINT32 Word;

    for (Core = 0; Core < Cores; Core++) {
        MAP_TABLE *Table = MapTable(Map, Storage, Core);
        UINT32 Index     = MapFind(Map, Table, Key, &Free);

        if (Index != MAP_NO_SLOT) {
            const UINT64 *Value = MapValue(Map, MapSlot(Map, Table, Index));

            for (Word = 0; Word < ScriptMapValueWords(Map); Word++) {
                Sum += Value[Word];
            }
        }
    }
    return Sum;
}

UINT64 ScriptMapGet(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, const VOID *Key)
{
    UINT64 Total[2];
    UINT64 Part[2];

    switch (Map->Kind) {
    case SCRIPT_MAP_SUM:
    case SCRIPT_MAP_COUNT:
    case SCRIPT_MAP_HIST:
    case SCRIPT_MAP_LHIST:
        return MapGetSum(Map, Storage, Cores, Key);
    default:
        break;
    }
    if (!MapMerge(Map, Storage, Cores, Key, Total, Part)) {
        return 0;
    }
    return MapAsNumber(Map, Total);
}

/* --- writing --- */

static VOID MapStoreLast(const SCRIPT_MAP *Map, PVOID Storage, MAP_SLOT *Slot, UINT32 State, UINT64 Value)
{
    MAP_SHARED *Shared = Storage;

    MapBeginChange(Slot);
    MapValue(Map, Slot)[0] = __atomic_add_fetch(&Shared->Stamp, 1, __ATOMIC_RELAXED);
    MapValue(Map, Slot)[1] = Value;
    __atomic_store_n(&Slot->State, State, __ATOMIC_RELEASE);
    MapEndChange(Slot);
}

VOID ScriptMapSet(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT32 Core, const VOID *Key,
                  UINT64 Value)
{
    MAP_SLOT *Slot = MapClaim(Map, MapTable(Map, Storage, Core), Key);

    (void)Cores;
    if (Slot != NULL) {
        MapStoreLast(Map, Storage, Slot, SLOT_USED, Value);
    }
}

/* Whether another core has the key, so that a deletion must be remembered. */
static BOOLEAN MapOthersHave(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT32 Core,
                             const UINT64 *Key)
{
    UINT32 Other;
    UINT32 Free;

    for (Other = 0; Other < Cores; Other++) {
        if (Other != Core && MapFind(Map, MapTable(Map, Storage, Other), Key, &Free) != MAP_NO_SLOT) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Frees a slot; where the next one is empty, no search needs this one or freed ones before it any more. */
static VOID MapFreeSlot(const SCRIPT_MAP *Map, MAP_TABLE *Table, UINT32 Index)
{
    UINT32 Mask = MapSlots(Map) - 1;
    MAP_SLOT *Slot;

    Table->Used--;
    Slot = MapSlot(Map, Table, Index);
    MapBeginChange(Slot);
    __atomic_store_n(&Slot->State, SLOT_FREED, __ATOMIC_RELEASE);
    MapEndChange(Slot);
    if (MapState(MapSlot(Map, Table, (Index + 1) & Mask)) != SLOT_EMPTY) {
        return;
    }
    while (MapState(Slot) == SLOT_FREED) {
        __atomic_store_n(&Slot->State, SLOT_EMPTY, __ATOMIC_RELEASE);
        Index = (Index - 1) & Mask;
        Slot  = MapSlot(Map, Table, Index);
    }
}

VOID ScriptMapDelete(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT32 Core, const VOID *Key)
{
    MAP_TABLE *Table = MapTable(Map, Storage, Core);
    UINT32 Free;
    UINT32 Index;
    MAP_SLOT *Slot;

    if (MapOthersHave(Map, Storage, Cores, Core, Key)) {
        Slot = MapClaim(Map, Table, Key);
        if (Slot != NULL) {
            MapStoreLast(Map, Storage, Slot, SLOT_DELETED, 0);
        }
        return;
    }
    Index = MapFind(Map, Table, Key, &Free);
    if (Index != MAP_NO_SLOT) {
        MapFreeSlot(Map, Table, Index);
    }
}

static UINT32 MapHistBucket(INT64 Value)
{
    if (Value < 0) {
        return 0;
    }
    return Value == 0 ? 1 : 2 + 63 - (UINT32)__builtin_clzll((UINT64)Value);
}

static UINT32 MapLhistBucket(const SCRIPT_MAP *Map, INT64 Value)
{
    if (Value < Map->Minimum) {
        return 0;
    }
    if (Value >= Map->Maximum) {
        return ScriptMapValueWords(Map) - 1;
    }
    return 1 + (UINT32)(((UINT64)Value - (UINT64)Map->Minimum) / (UINT64)Map->Step);
}

static VOID MapAggregate(const SCRIPT_MAP *Map, UINT64 *Stored, UINT64 Value)
{
    switch (Map->Kind) {
    case SCRIPT_MAP_SUM:
        Stored[0] += Value;
        break;
    case SCRIPT_MAP_COUNT:
        Stored[0]++;
        break;
    case SCRIPT_MAP_MIN:
    case SCRIPT_MAP_MAX:
        MapMergePart(Map, Stored, &Value);
        break;
    case SCRIPT_MAP_AVERAGE:
        Stored[0] += Value;
        Stored[1]++;
        break;
    case SCRIPT_MAP_HIST:
        Stored[MapHistBucket((INT64)Value)]++;
        break;
    default:
        Stored[MapLhistBucket(Map, (INT64)Value)]++;
        break;
    }
}

VOID ScriptMapUpdate(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT32 Core, const VOID *Key,
                     UINT64 Value)
{
    MAP_SLOT *Slot;

    if (Map->Kind == SCRIPT_MAP_LAST) {
        Value += ScriptMapGet(Map, Storage, Cores, Key);
        ScriptMapSet(Map, Storage, Cores, Core, Key, Value);
        return;
    }
    Slot = MapClaim(Map, MapTable(Map, Storage, Core), Key);
    if (Slot != NULL) {
        MapAggregate(Map, MapValue(Map, Slot), Value);
    }
}

/* --- reading all --- */

UINT64 ScriptMapDropped(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores)
{
    UINT64 Dropped = 0;
    UINT32 Core;

    for (Core = 0; Core < Cores; Core++) {
        Dropped += MapTable(Map, Storage, Core)->Dropped;
    }
    return Dropped;
}

/* A key that an earlier core has too was given when that core's turn was. */
static BOOLEAN MapEarlierHas(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Core, const UINT64 *Key)
{
    UINT32 Other;
    UINT32 Free;

    for (Other = 0; Other < Core; Other++) {
        if (MapFind(Map, MapTable(Map, Storage, Other), Key, &Free) != MAP_NO_SLOT) {
            return TRUE;
        }
    }
    return FALSE;
}

BOOLEAN ScriptMapNext(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT64 *Position, VOID *Key,
                      UINT64 *Value)
{
    UINT32 Slots = MapSlots(Map);
    UINT64 Part[SCRIPT_MAP_VALUE_WORDS];
    UINT64 *Words = Key;

    for (; *Position < (UINT64)Cores * Slots; (*Position)++) {
        UINT32 Core    = (UINT32)(*Position / Slots);
        MAP_SLOT *Slot = MapSlot(Map, MapTable(Map, Storage, Core), (UINT32)(*Position % Slots));
        UINT32 Word;

        if ((MapState(Slot) & 1) == 0) {
            continue;
        }
        for (Word = 0; Word < Map->KeySize / 8; Word++) {
            Words[Word] = Slot->Words[Word];
        }
        if (MapEarlierHas(Map, Storage, Core, Words) || !MapMerge(Map, Storage, Cores, Words, Value, Part)) {
            continue;
        }
        if (Map->Kind == SCRIPT_MAP_LAST) {
            Value[0] = Value[1];
        }
        (*Position)++;
        return TRUE;
    }
    return FALSE;
}
