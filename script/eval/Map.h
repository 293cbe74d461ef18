/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Map.h - maps: bounded tables of keys and values, one table per core, merged when read.
 *
 * Context: writing: any, on the core whose table it is; reading: any, while others write.
 *
 * A core writes its own table only, so there is no lock. What a reader sees of another core's table is
 * checked with the slot's sequence number. In a map of kind LAST the newest value over all cores counts (a
 * shared counter orders them); in the others the parts of the cores are added, or the least or greatest of
 * them counts. A table that is full refuses new keys and counts how often.
 */
#ifndef HYPERDBG_SCRIPT_MAP_H
#define HYPERDBG_SCRIPT_MAP_H

#include "SDK/Bytecode.h"

/* Most words that a value takes. */
#define SCRIPT_MAP_VALUE_WORDS (SCRIPT_MAXIMUM_BUCKETS + 1)

/* HIST: bucket 0 is for negative numbers, 1 for 0, 2 + n for 2^n .. 2^(n+1) - 1. */
#define SCRIPT_HIST_BUCKETS 66

/* Bytes of storage for all cores. */
UINT64 ScriptMapBytes(const SCRIPT_MAP *Map, UINT32 Cores);

/* Words of a value when read: 1, AVERAGE 2 (sum, count), histograms one per bucket. */
UINT32 ScriptMapValueWords(const SCRIPT_MAP *Map);

/* The value under the key as one number; 0 where there is none. A histogram's is its number of samples. */
UINT64 ScriptMapGet(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, const VOID *Key);

/* Kind LAST only. */
VOID ScriptMapSet(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT32 Core, const VOID *Key,
                  UINT64 Value);
VOID ScriptMapDelete(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT32 Core, const VOID *Key);

/* The other kinds; for LAST: add. */
VOID ScriptMapUpdate(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT32 Core, const VOID *Key,
                     UINT64 Value);

/* How many updates were refused because a table was full. */
UINT64 ScriptMapDropped(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores);

/* Enumerates: gives each key once, with its merged value. *Position is 0 in the beginning and opaque after;
 * FALSE when there are no more. Key has Map->KeySize bytes, Value ScriptMapValueWords(Map) words. */
BOOLEAN ScriptMapNext(const SCRIPT_MAP *Map, PVOID Storage, UINT32 Cores, UINT64 *Position, VOID *Key,
                      UINT64 *Value);

#endif
