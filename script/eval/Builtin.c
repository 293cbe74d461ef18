// SPDX-License-Identifier: GPL-2.0-only
/*
 * Builtin.c - the functions that the evaluator itself provides: strings, memory, interlocked operations, spin
 * locks.
 *
 * Context: any, VMX root mode included. The locks live in the script's own memory, and waiting for one is
 * bounded by the budget of the run: nothing that an exit holds can be waited for without end.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Eval.h"
#include "script/eval/Opcode.h"
#include "script/eval/Run.h"

/* Bytes that comparisons and lengths read at once. Never crosses a line of this size, so it lies in one page.
 */
#define BUILTIN_PIECE 64

typedef BOOLEAN BUILTIN(SCRIPT_RUN *Run, UINT64 *Arguments);

/* --- strings --- */

/* One character; costs 1. */
static BOOLEAN BuiltinCharacter(SCRIPT_RUN *Run, UINT64 Address, UINT32 Width, UINT32 *Character)
{
    UINT8 Bytes[2] = {0, 0};

    if (!ScriptCharge(Run, 1) || !ScriptReadMemory(Run, Address, Bytes, Width)) {
        return FALSE;
    }
    *Character = Bytes[0] | (UINT32)Bytes[1] << 8;
    return TRUE;
}

static BOOLEAN BuiltinLength(SCRIPT_RUN *Run, UINT64 *Arguments, UINT32 Width)
{
    UINT64 Length = 0;
    UINT32 Character;

    for (;;) {
        if (!BuiltinCharacter(Run, Arguments[0] + Length * Width, Width, &Character)) {
            return FALSE;
        }
        if (Character == 0) {
            Arguments[0] = Length;
            return TRUE;
        }
        Length++;
    }
}

static UINT64 BuiltinOrder(UINT32 Left, UINT32 Right)
{
    return Left == Right ? 0 : Left < Right ? (UINT64)-1ll : 1;
}

static BOOLEAN BuiltinCompareStrings(SCRIPT_RUN *Run, UINT64 *Arguments, UINT32 Width, UINT64 Maximum)
{
    UINT64 Index;
    UINT32 Left  = 0;
    UINT32 Right = 0;

    for (Index = 0; Index < Maximum; Index++) {
        if (!BuiltinCharacter(Run, Arguments[0] + Index * Width, Width, &Left) ||
            !BuiltinCharacter(Run, Arguments[1] + Index * Width, Width, &Right)) {
            return FALSE;
        }
        if (Left != Right || Left == 0) {
            break;
        }
    }
    Arguments[0] = BuiltinOrder(Left, Right);
    return TRUE;
}

static BOOLEAN BuiltinStrlen(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinLength(Run, Arguments, 1);
}

static BOOLEAN BuiltinWcslen(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinLength(Run, Arguments, 2);
}

static BOOLEAN BuiltinStrcmp(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinCompareStrings(Run, Arguments, 1, ~0ull);
}

static BOOLEAN BuiltinStrncmp(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinCompareStrings(Run, Arguments, 1, Arguments[2]);
}

static BOOLEAN BuiltinWcscmp(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinCompareStrings(Run, Arguments, 2, ~0ull);
}

static BOOLEAN BuiltinWcsncmp(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinCompareStrings(Run, Arguments, 2, Arguments[2]);
}

/* --- memory --- */

/* Where two pieces differ first, or Size. */
static UINT32 BuiltinDifference(const UINT8 *Left, const UINT8 *Right, UINT32 Size)
{
    UINT32 Index = 0;

    while (Index < Size && Left[Index] == Right[Index]) {
        Index++;
    }
    return Index;
}

static BOOLEAN BuiltinMemcmp(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    UINT8 Left[BUILTIN_PIECE];
    UINT8 Right[BUILTIN_PIECE];
    UINT64 Done = 0;

    if (!ScriptCharge(Run, Arguments[2] / 8)) {
        return FALSE;
    }
    while (Done < Arguments[2]) {
        UINT64 Rest  = Arguments[2] - Done;
        UINT32 Piece = Rest < BUILTIN_PIECE ? (UINT32)Rest : BUILTIN_PIECE;
        UINT32 Differs;

        if (!ScriptReadMemory(Run, Arguments[0] + Done, Left, Piece) ||
            !ScriptReadMemory(Run, Arguments[1] + Done, Right, Piece)) {
            return FALSE;
        }
        Differs = BuiltinDifference(Left, Right, Piece);
        if (Differs < Piece) {
            Arguments[0] = BuiltinOrder(Left[Differs], Right[Differs]);
            return TRUE;
        }
        Done += Piece;
    }
    Arguments[0] = 0;
    return TRUE;
}

static BOOLEAN BuiltinMemcpy(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return ScriptCopyMemory(Run, Arguments[0], Arguments[1], Arguments[2]);
}

static BOOLEAN BuiltinMemcpyPhysical(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    UINT8 Buffer[BUILTIN_PIECE];
    UINT64 Done = 0;

    if (!ScriptCharge(Run, Arguments[2] / 8)) {
        return FALSE;
    }
    while (Done < Arguments[2]) {
        UINT64 Rest  = Arguments[2] - Done;
        UINT32 Piece = Rest < BUILTIN_PIECE ? (UINT32)Rest : BUILTIN_PIECE;

        if (!ScriptReadPhysical(Run, Arguments[1] + Done, Buffer, Piece) ||
            !ScriptWritePhysical(Run, Arguments[0] + Done, Buffer, Piece)) {
            return FALSE;
        }
        Done += Piece;
    }
    return TRUE;
}

static BOOLEAN BuiltinCheckAddress(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    UINT8 Byte;

    Arguments[0] = ScriptReadMemory(Run, Arguments[0], &Byte, 1);
    return TRUE;
}

/* --- interlocked operations --- */

/* The 8 aligned bytes of the script at an address; what the guest owns is not ours to lock. */
static UINT64 *BuiltinShared(SCRIPT_RUN *Run, UINT64 Address)
{
    UINT8 *Bytes = ScriptIsOwnAddress(Address) ? ScriptOwnBytes(Run, Address, 8, TRUE) : NULL;

    if (Bytes == NULL || (Address & 7) != 0) {
        ScriptFault(Run, SCRIPT_STATUS_NOT_SHARED, Address);
        return NULL;
    }
    return (UINT64 *)Bytes;
}

static BOOLEAN BuiltinAdd(SCRIPT_RUN *Run, UINT64 *Arguments, UINT64 Value, BOOLEAN GiveNew)
{
    UINT64 *Shared = BuiltinShared(Run, Arguments[0]);

    if (Shared == NULL) {
        return FALSE;
    }
    Arguments[0] = __atomic_fetch_add(Shared, Value, __ATOMIC_SEQ_CST) + (GiveNew ? Value : 0);
    return TRUE;
}

static BOOLEAN BuiltinIncrement(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinAdd(Run, Arguments, 1, TRUE);
}

static BOOLEAN BuiltinDecrement(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinAdd(Run, Arguments, ~0ull, TRUE);
}

static BOOLEAN BuiltinExchangeAdd(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinAdd(Run, Arguments, Arguments[1], FALSE);
}

static BOOLEAN BuiltinExchange(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    UINT64 *Shared = BuiltinShared(Run, Arguments[0]);

    if (Shared == NULL) {
        return FALSE;
    }
    Arguments[0] = __atomic_exchange_n(Shared, Arguments[1], __ATOMIC_SEQ_CST);
    return TRUE;
}

static BOOLEAN BuiltinCompareExchange(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    UINT64 *Shared  = BuiltinShared(Run, Arguments[0]);
    UINT64 Expected = Arguments[2];

    if (Shared == NULL) {
        return FALSE;
    }
    __atomic_compare_exchange_n(Shared, &Expected, Arguments[1], FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    Arguments[0] = Expected;
    return TRUE;
}

/* --- spin locks --- */

static BOOLEAN BuiltinTryLock(SCRIPT_RUN *Run, UINT64 *Arguments, UINT64 Tries)
{
    UINT64 *Lock = BuiltinShared(Run, Arguments[0]);

    if (Lock == NULL) {
        return FALSE;
    }
    for (; Tries > 0; Tries--) {
        if (__atomic_exchange_n(Lock, 1, __ATOMIC_ACQUIRE) == 0) {
            Arguments[0] = 1;
            return TRUE;
        }
        if (!ScriptCharge(Run, 1)) {
            return FALSE;
        }
        __builtin_ia32_pause();
    }
    Arguments[0] = 0;
    return TRUE;
}

static BOOLEAN BuiltinLock(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinTryLock(Run, Arguments, ~0ull);
}

static BOOLEAN BuiltinLockCustomWait(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    return BuiltinTryLock(Run, Arguments, Arguments[1]);
}

static BOOLEAN BuiltinUnlock(SCRIPT_RUN *Run, UINT64 *Arguments)
{
    UINT64 *Lock = BuiltinShared(Run, Arguments[0]);

    if (Lock == NULL) {
        return FALSE;
    }
    __atomic_store_n(Lock, 0, __ATOMIC_RELEASE);
    Arguments[0] = 0;
    return TRUE;
}

/* In the order of SCRIPT_BUILTINS up to SCRIPT_BUILTIN_HOST. */
static BUILTIN *const g_Builtins[SCRIPT_BUILTIN_HOST] = {
    [SCRIPT_BUILTIN_STRLEN]                       = BuiltinStrlen,
    [SCRIPT_BUILTIN_STRCMP]                       = BuiltinStrcmp,
    [SCRIPT_BUILTIN_STRNCMP]                      = BuiltinStrncmp,
    [SCRIPT_BUILTIN_WCSLEN]                       = BuiltinWcslen,
    [SCRIPT_BUILTIN_WCSCMP]                       = BuiltinWcscmp,
    [SCRIPT_BUILTIN_WCSNCMP]                      = BuiltinWcsncmp,
    [SCRIPT_BUILTIN_MEMCMP]                       = BuiltinMemcmp,
    [SCRIPT_BUILTIN_MEMCPY]                       = BuiltinMemcpy,
    [SCRIPT_BUILTIN_MEMCPY_PA]                    = BuiltinMemcpyPhysical,
    [SCRIPT_BUILTIN_CHECK_ADDRESS]                = BuiltinCheckAddress,
    [SCRIPT_BUILTIN_INTERLOCKED_INCREMENT]        = BuiltinIncrement,
    [SCRIPT_BUILTIN_INTERLOCKED_DECREMENT]        = BuiltinDecrement,
    [SCRIPT_BUILTIN_INTERLOCKED_EXCHANGE]         = BuiltinExchange,
    [SCRIPT_BUILTIN_INTERLOCKED_EXCHANGE_ADD]     = BuiltinExchangeAdd,
    [SCRIPT_BUILTIN_INTERLOCKED_COMPARE_EXCHANGE] = BuiltinCompareExchange,
    [SCRIPT_BUILTIN_SPINLOCK_LOCK]                = BuiltinLock,
    [SCRIPT_BUILTIN_SPINLOCK_LOCK_CUSTOM_WAIT]    = BuiltinLockCustomWait,
    [SCRIPT_BUILTIN_SPINLOCK_UNLOCK]              = BuiltinUnlock,
};

static BOOLEAN BuiltinOfHost(SCRIPT_RUN *Run, UINT32 Builtin, UINT64 *Arguments)
{
    UINT64 Result = 0;

    if (Run->Host->Control == NULL || !Run->Host->Control(Run->Context, Builtin, Arguments, &Result)) {
        return ScriptFault(Run, SCRIPT_STATUS_REFUSED, Builtin);
    }
    Arguments[0] = Result;
    return TRUE;
}

BOOLEAN ScriptCallBuiltin(SCRIPT_RUN *Run, UINT32 Builtin, UINT32 Count, UINT64 *Arguments)
{
    (void)Count; /* the verifier has compared it with the table */
    if (Builtin >= SCRIPT_BUILTIN_HOST) {
        return BuiltinOfHost(Run, Builtin, Arguments);
    }
    return g_Builtins[Builtin](Run, Arguments);
}
