/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ProgramCache.c - the programs of events that have one.
 *
 * Context: user space.
 */
#include "libhyperdbg/programs/ProgramCache.h"

#include "libhyperdbg/Session.h"
#include "libhyperdbg/connection/Connection.h"
#include "script/eval/Verify.h"

#include <stdlib.h>
#include <string.h>

/* Block is taken. NULL: no memory, or not a program. */
static PROGRAM *ProgramAdd(HYPERDBG_SESSION *Session, UINT64 Tag, PVOID Block, UINT32 Size)
{
    PROGRAM *Program = calloc(1, sizeof(*Program));
    SCRIPT_REFUSAL Refusal;

    if (Program == NULL || !ScriptVerify(Block, Size, &Refusal)) {
        free(Program);
        free(Block);
        return NULL;
    }
    Program->Tag      = Tag;
    Program->LoadedAt = Session->LoadedAt;
    Program->Block    = Block;
    ScriptViewProgram(Block, &Program->View);
    Program->Next     = Session->Programs;
    Session->Programs = Program;
    return Program;
}

VOID ProgramKeep(HYPERDBG_SESSION *Session, UINT64 Tag, const SCRIPT_PROGRAM *Block)
{
    PVOID Copy = malloc(Block->Size);

    if (Copy == NULL)
        return; /* it will be asked for */
    memcpy(Copy, Block, Block->Size);
    ProgramAdd(Session, Tag, Copy, Block->Size);
}

/* As the kernel has it; errors are no one's business here. */
static BOOLEAN ProgramRequest(HYPERDBG_SESSION *Session, DEBUGGER_READ_SCRIPT *Read)
{
    return ConnectionAsk(Session, IOCTL_READ_SCRIPT, Read) == DEBUGGER_OPERATION_WAS_SUCCESSFUL;
}

static PROGRAM *ProgramFetch(HYPERDBG_SESSION *Session, UINT64 Tag)
{
    DEBUGGER_READ_SCRIPT Read = {.Tag = Tag};

    if (!ProgramRequest(Session, &Read) || Read.Size > SCRIPT_MAXIMUM_BLOCK)
        return NULL;

    PVOID Block = malloc(Read.Size);
    UINT32 Size = Read.Size;
    Read.Buffer = (UINT64)(UINTPTR)Block;
    if (Block == NULL || !ProgramRequest(Session, &Read) || Read.Size != Size) {
        free(Block);
        return NULL;
    }
    return ProgramAdd(Session, Tag, Block, Size);
}

PROGRAM *ProgramFind(HYPERDBG_SESSION *Session, UINT64 Tag)
{
    for (PROGRAM *Program = Session->Programs; Program != NULL; Program = Program->Next) {
        if (Program->Tag == Tag && Program->LoadedAt == Session->LoadedAt)
            return Program;
    }
    return ProgramFetch(Session, Tag);
}

VOID ProgramForgetAll(HYPERDBG_SESSION *Session)
{
    while (Session->Programs != NULL) {
        PROGRAM *Program = Session->Programs;

        Session->Programs = Program->Next;
        free(Program->Block);
        free(Program);
    }
}
