/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * script-garbage.c - programs that no compiler made: each is refused, or runs within its budget and does no
 * harm. They are changes of the program of the event that is set (by the tool) when this begins.
 *
 * Context: user space of the guest, root; the VMM is loaded. Programs that may write to the machine are left
 * out: what they are allowed to do is harm enough.
 */
#include "SDK/Bytecode.h"
#include "SDK/Ioctls.h"
#include "tests/vm/support/GuestInstructions.h"
#include "tests/vm/support/Tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define ROUNDS     1500
#define LEAF       0x00CAFE07u
#define BLOCK_SIZE 16384

static int g_Device;
static UINT8 g_Good[BLOCK_SIZE], g_Changed[BLOCK_SIZE] __attribute__((aligned(8)));
static UINT32 g_Size;

static UINT32 Request(UINT32 Code, PVOID Buffer, UINT32 Size)
{
    UINT32 Status;

    if (ioctl(g_Device, Code, Buffer) != 0)
        TapGiveUp("request %x", Code);
    memcpy(&Status, (UINT8 *)Buffer + Size - sizeof(Status), sizeof(Status));
    return Status;
}

/* The program of the only event, which is cleared. */
static VOID TakeProgram(VOID)
{
    DEBUGGER_QUERY_EVENT Event   = {0};
    DEBUGGER_READ_SCRIPT Read    = {.Buffer = (UINT64)(UINTPTR)g_Good, .Size = sizeof(g_Good)};
    DEBUGGER_MODIFY_EVENTS Clear = {.Tag          = DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG,
                                    .TypeOfAction = DEBUGGER_MODIFY_EVENTS_CLEAR};

    if (Request(IOCTL_QUERY_EVENT, &Event, sizeof(Event)) != DEBUGGER_OPERATION_WAS_SUCCESSFUL ||
        !Event.HasScript)
        TapGiveUp("an event with a script");
    Read.Tag = Event.Tag;
    if (Request(IOCTL_READ_SCRIPT, &Read, sizeof(Read)) != DEBUGGER_OPERATION_WAS_SUCCESSFUL ||
        Read.Size > sizeof(g_Good))
        TapGiveUp("its program");
    g_Size = Read.Size;
    Request(IOCTL_MODIFY_EVENTS, &Clear, sizeof(Clear));
}

/* Bytes of any kind, mostly near others that mean something. */
static UINT8 RandomByte(UINT8 Before)
{
    const UINT8 Bytes[] = {0, 1, 0xFF, (UINT8)(Before + 1), (UINT8)(Before - 1), (UINT8)random()};

    return Bytes[(UINT32)random() % COUNT_OF(Bytes)];
}

static VOID Change(VOID)
{
    const UINT32 Changes = 1 + (UINT32)random() % 4;

    memcpy(g_Changed, g_Good, g_Size);
    for (UINT32 Count = 0; Count < Changes; Count++) {
        const UINT32 Place = (UINT32)random() % g_Size;

        g_Changed[Place] = RandomByte(g_Changed[Place]);
    }
}

/* May it write to the machine's memory or registers, or read devices? */
static BOOLEAN IsHarmful(UINT8 Opcode)
{
    static const UINT8 Harmful[] = {SCRIPT_OP_BUILTIN, SCRIPT_OP_COPY, SCRIPT_OP_REGISTER_WRITE,
#define X(Name, Type, Width) SCRIPT_OP_STORE_##Name, SCRIPT_OP_PHYSICAL_STORE_##Name,
                                    SCRIPT_STORE_OPCODES(X)
#undef X
#define X(Name, Type, Width) SCRIPT_OP_PHYSICAL_LOAD_##Name,
                                        SCRIPT_LOAD_OPCODES(X)
#undef X
    };

    return memchr(Harmful, Opcode, sizeof(Harmful)) != NULL;
}

/* Looks at all that could be code, wherever the header says that it is. */
static BOOLEAN MayDoHarm(VOID)
{
    const SCRIPT_PROGRAM *Program = (const SCRIPT_PROGRAM *)g_Changed;
    const SCRIPT_SECTION *Code    = &Program->Sections[SCRIPT_SECTION_CODE];

    for (UINT64 Index = 0; Index < Code->Count; Index++) {
        const UINT64 Place = Code->Offset + Index * sizeof(SCRIPT_INSTRUCTION);

        if (Place >= g_Size)
            return FALSE; /* the verifier sees that too */
        if (IsHarmful(g_Changed[Place]))
            return TRUE;
    }
    return FALSE;
}

/* Sets, runs and clears it; returns the answer to setting it. */
static UINT32 Try(UINT32 Size)
{
    DEBUGGER_REGISTER_EVENT Register = {.Options      = {.EventType         = CPUID_INSTRUCTION_EXECUTION,
                                                         .CoreId            = HYPERDBG_ALL_CORES,
                                                         .ProcessId         = HYPERDBG_ALL_PROCESSES,
                                                         .Stage             = 3,
                                                         .HasOptionalParam1 = 1,
                                                         .OptionalParam1    = LEAF},
                                        .Script       = (UINT64)(UINTPTR)g_Changed,
                                        .ScriptSize   = Size,
                                        .ScriptBudget = 1000};
    DEBUGGER_MODIFY_EVENTS Clear     = {.TypeOfAction = DEBUGGER_MODIFY_EVENTS_CLEAR};
    CPUID_REGISTERS Registers        = {.Rax = LEAF};
    const UINT32 Status              = Request(IOCTL_REGISTER_EVENT, &Register, sizeof(Register));

    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL)
        return Status;
    ExecuteCpuid(&Registers);
    Clear.Tag = Register.Tag;
    Request(IOCTL_MODIFY_EVENTS, &Clear, sizeof(Clear));
    return Status;
}

int main(void)
{
    UINT32 Run = 0, Refused = 0, Strange = 0;

    g_Device = open(HYPERDBG_DEVICE_PATH, O_RDWR);
    if (g_Device < 0)
        TapGiveUp(HYPERDBG_DEVICE_PATH);
    TakeProgram();
    srandom(11);
    for (UINT32 Round = 0; Round < ROUNDS; Round++) {
        UINT32 Status;

        Change();
        if (MayDoHarm())
            continue;
        Status = Try(random() % 16 != 0 ? g_Size : (UINT32)random() % g_Size + 1);
        Run += Status == DEBUGGER_OPERATION_WAS_SUCCESSFUL;
        Refused += Status == (UINT32)DEBUGGER_ERROR_SCRIPT_REFUSED;
        Strange += Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL &&
                   Status != (UINT32)DEBUGGER_ERROR_SCRIPT_REFUSED &&
                   Status != (UINT32)DEBUGGER_ERROR_OUT_OF_MEMORY;
    }
    TapIs(Run > 20, "%u programs that nobody wrote are run", Run);
    TapIs(Refused > 20, "%u are refused", Refused);
    TapIsNumber(Strange, 0, "and nothing else comes of any");
    return TapEnd();
}
