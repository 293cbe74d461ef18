/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * DecodeOracle.h - the instruction decoder beside Zydis, on the same bytes.
 *
 * Context: user space.
 */
#ifndef TESTS_UNIT_HYPERHV_DECODE_ORACLE_H
#define TESTS_UNIT_HYPERHV_DECODE_ORACLE_H

#include "SDK/BasicTypes.h"

typedef struct _DECODE_TALLY {
    UINT64 Decoded;    /* by both */
    UINT64 Refused;    /* by both */
    UINT64 Lenient;    /* by us alone: what our contract allows */
    UINT64 Accesses;   /* decoded by both, with a memory operand that is accessed */
    UINT64 KnownSizes; /* those of them whose size we say */
} DECODE_TALLY;

/* Decodes Bytes twice and compares all that INSTRUCTION says. NULL: they agree; else what differs, valid
 * until the next call. Length: that of the instruction, 1 when it is none. */
const CHAR *OracleCompare(const UINT8 *Bytes, UINT32 Available, UINT32 Mode, DECODE_TALLY *Tally,
                          UINT32 *Length);

#endif
