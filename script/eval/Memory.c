// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory.c - the checked accessors: every byte that a script reads or writes goes through here.
 *
 * Context: any, VMX root mode included.
 */
#include "SDK/Bytecode.h"
#include "script/eval/Eval.h"
#include "script/eval/Run.h"

/* Strings and copies move in pieces that never cross a line of this size, so a piece lies in one page. */
#define SCRIPT_PIECE 64

UINT8 *ScriptOwnBytes(const SCRIPT_RUN *Run, UINT64 Address, UINT32 Size, BOOLEAN ForWriting)
{
    UINT32 Segment = (UINT32)(Address >> SCRIPT_ADDRESS_SEGMENT_SHIFT) & 0xFFFF;
    UINT32 Offset  = (UINT32)Address;
    UINT32 Limit   = 0;
    UINT8 *Base    = NULL;

    if (Segment == SCRIPT_SEGMENT_FRAME) {
        Base  = (UINT8 *)Run->Machine->Memory;
        Limit = Run->FrameTop;
    } else if (Segment == SCRIPT_SEGMENT_GLOBAL) {
        Base  = Run->Instance->Globals;
        Limit = Run->Instance->GlobalBytes;
    } else if (Segment == SCRIPT_SEGMENT_STRING && !ForWriting) {
        Base  = (UINT8 *)(UINTPTR)Run->Instance->View.Strings;
        Limit = Run->Instance->View.Counts[SCRIPT_SECTION_STRINGS];
    }
    return Offset <= Limit && Size <= Limit - Offset ? Base + Offset : NULL;
}

BOOLEAN ScriptReadMemory(SCRIPT_RUN *Run, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    if (ScriptIsOwnAddress(Address)) {
        const UINT8 *Bytes = ScriptOwnBytes(Run, Address, Size, FALSE);

        if (Bytes == NULL) {
            return ScriptFault(Run, SCRIPT_STATUS_READ, Address);
        }
        ScriptCopyBytes(Buffer, Bytes, Size);
        return TRUE;
    }
    if (Run->Host->ReadVirtual == NULL || !Run->Host->ReadVirtual(Run->Context, Address, Buffer, Size)) {
        return ScriptFault(Run, SCRIPT_STATUS_READ, Address);
    }
    return TRUE;
}

BOOLEAN ScriptWriteMemory(SCRIPT_RUN *Run, UINT64 Address, const VOID *Buffer, UINT32 Size)
{
    if (ScriptIsOwnAddress(Address)) {
        UINT8 *Bytes = ScriptOwnBytes(Run, Address, Size, TRUE);

        if (Bytes == NULL) {
            return ScriptFault(Run, SCRIPT_STATUS_WRITE, Address);
        }
        ScriptCopyBytes(Bytes, Buffer, Size);
        return TRUE;
    }
    if (Run->Host->WriteVirtual == NULL || !Run->Host->WriteVirtual(Run->Context, Address, Buffer, Size)) {
        return ScriptFault(Run, SCRIPT_STATUS_WRITE, Address);
    }
    return TRUE;
}

BOOLEAN ScriptReadPhysical(SCRIPT_RUN *Run, UINT64 Address, PVOID Buffer, UINT32 Size)
{
    if (Run->Host->ReadPhysical == NULL || !Run->Host->ReadPhysical(Run->Context, Address, Buffer, Size)) {
        return ScriptFault(Run, SCRIPT_STATUS_READ, Address);
    }
    return TRUE;
}

BOOLEAN ScriptWritePhysical(SCRIPT_RUN *Run, UINT64 Address, const VOID *Buffer, UINT32 Size)
{
    if (Run->Host->WritePhysical == NULL || !Run->Host->WritePhysical(Run->Context, Address, Buffer, Size)) {
        return ScriptFault(Run, SCRIPT_STATUS_WRITE, Address);
    }
    return TRUE;
}

BOOLEAN ScriptCharge(SCRIPT_RUN *Run, UINT64 Cost)
{
    if (Run->Budget < 0 || Cost > (UINT64)Run->Budget) {
        Run->Budget = -1;
        return ScriptFault(Run, SCRIPT_STATUS_BUDGET, 0);
    }
    Run->Budget -= (INT64)Cost;
    return TRUE;
}

/* How far a piece beginning at Address may go, at most Size. */
static UINT32 ScriptPiece(UINT64 Address, UINT64 Size)
{
    UINT32 Room = SCRIPT_PIECE - (UINT32)(Address & (SCRIPT_PIECE - 1));

    return Size < Room ? (UINT32)Size : Room;
}

BOOLEAN ScriptCopyMemory(SCRIPT_RUN *Run, UINT64 Destination, UINT64 Source, UINT64 Size)
{
    UINT8 Buffer[SCRIPT_PIECE];

    if (!ScriptCharge(Run, Size / 8)) {
        return FALSE;
    }
    while (Size > 0) {
        UINT32 Piece = Size < SCRIPT_PIECE ? (UINT32)Size : SCRIPT_PIECE;

        if (!ScriptReadMemory(Run, Source, Buffer, Piece) ||
            !ScriptWriteMemory(Run, Destination, Buffer, Piece)) {
            return FALSE;
        }
        Source += Piece;
        Destination += Piece;
        Size -= Piece;
    }
    return TRUE;
}

/* Reads up to Limit bytes at Address, fewer where the string's segment or the line of memory ends before. */
static BOOLEAN ScriptReadPiece(SCRIPT_RUN *Run, UINT64 Address, UINT8 *Buffer, UINT32 Limit, UINT32 *Size)
{
    UINT32 Piece = ScriptPiece(Address, Limit);

    /* The last string of a segment may end before the piece does. */
    if (ScriptIsOwnAddress(Address)) {
        while (Piece > 1 && ScriptOwnBytes(Run, Address, Piece, FALSE) == NULL) {
            Piece /= 2;
        }
    }
    *Size = Piece;
    if (ScriptReadMemory(Run, Address, Buffer, Piece)) {
        return TRUE;
    }
    /* Not all of the piece is there; the string may end before. */
    *Size = 1;
    return Piece > 1 && ScriptReadMemory(Run, Address, Buffer, 1);
}

static CHAR ScriptNarrow(UINT32 Low, UINT32 High)
{
    return High == 0 && Low < 0x80 ? (CHAR)Low : '?';
}

static BOOLEAN ScriptReadWideString(SCRIPT_RUN *Run, UINT64 Address, CHAR *Buffer, UINT32 Size,
                                    UINT32 *Length)
{
    UINT32 Index;

    for (Index = 0; Index + 1 < Size; Index++) {
        UINT8 Bytes[2];

        if (!ScriptReadMemory(Run, Address + 2 * (UINT64)Index, Bytes, 2)) {
            return FALSE;
        }
        if (Bytes[0] == 0 && Bytes[1] == 0) {
            break;
        }
        Buffer[Index] = ScriptNarrow(Bytes[0], Bytes[1]);
    }
    Buffer[Index] = 0;
    *Length       = Index;
    return TRUE;
}

BOOLEAN ScriptReadString(SCRIPT_RUN *Run, UINT64 Address, UINT32 Width, CHAR *Buffer, UINT32 Size,
                         UINT32 *Length)
{
    UINT32 Done = 0;

    if (Width == 2) {
        return ScriptReadWideString(Run, Address, Buffer, Size, Length);
    }
    while (Done + 1 < Size) {
        UINT32 Piece;
        UINT32 Index;

        if (!ScriptReadPiece(Run, Address + Done, (UINT8 *)Buffer + Done, Size - 1 - Done, &Piece)) {
            return FALSE;
        }
        for (Index = 0; Index < Piece; Index++) {
            if (Buffer[Done + Index] == 0) {
                *Length = Done + Index;
                return TRUE;
            }
        }
        Done += Piece;
    }
    Buffer[Done] = 0;
    *Length      = Done;
    return TRUE;
}
