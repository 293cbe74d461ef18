// SPDX-License-Identifier: GPL-2.0-only
/*
 * SyscallHook.c - which #UD is a SYSCALL or SYSRET that the hook has turned off.
 *
 * Context: VMX root mode. SDM Vol. 2, 2.1 (prefixes), SYSCALL, SYSRET.
 */
#include "hyperhv/hooks/SyscallHook.h"

#include "platform/PlatformMemory.h"
#include "hyperhv/core/Backend.h"
#include "hyperhv/hooks/GuestInstruction.h"
#include "hyperhv/interface/Dispatch.h"
#include "hyperhv/memory/MemoryMapper.h"

#define OPCODE_ESCAPE  0x0Fu
#define OPCODE_SYSCALL 0x05u
#define OPCODE_SYSRET  0x07u
#define REX_W          0x08u

typedef enum _SYSCALL_KIND {
    SYSCALL_KIND_NEITHER = 0,
    SYSCALL_KIND_SYSCALL,
    SYSCALL_KIND_SYSRET,
    SYSCALL_KIND_UNREADABLE, /* the page that was executed is gone meanwhile */
} SYSCALL_KIND;

typedef struct _CODE_BYTES {
    UINT8 Byte[INSTRUCTION_MAX_LENGTH];
    UINT32 Count; /* read so far */
} CODE_BYTES;

/* Up to the end of the page first; what lies behind it need not be mapped, and is read only when wanted. */
static BOOLEAN ReadMore(VIRTUAL_MACHINE_STATE *VCpu, CODE_BYTES *Code)
{
    UINT64 Address = VCpu->LastVmexitRip + Code->Count;
    SIZE_T Bytes   = PLATFORM_PAGE_SIZE - (Address & (PLATFORM_PAGE_SIZE - 1));

    if (Bytes > sizeof(Code->Byte) - Code->Count)
        Bytes = sizeof(Code->Byte) - Code->Count;
    if (!MemoryMapperReadVirtual(VCpu, g_Backend->GetCr3(VCpu), Address, Code->Byte + Code->Count, Bytes))
        return FALSE;
    Code->Count += (UINT32)Bytes;
    return TRUE;
}

/* LOCK is none: with it both instructions are #UD anyway. */
static BOOLEAN IsLegacyPrefix(UINT8 Byte)
{
    switch (Byte) {
    case 0x26:
    case 0x2E:
    case 0x36:
    case 0x3E:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xF2:
    case 0xF3:
        return TRUE;
    default:
        return FALSE;
    }
}

static SYSCALL_KIND KindOf(UINT8 Opcode)
{
    if (Opcode == OPCODE_SYSCALL)
        return SYSCALL_KIND_SYSCALL;
    return Opcode == OPCODE_SYSRET ? SYSCALL_KIND_SYSRET : SYSCALL_KIND_NEITHER;
}

/* A REX prefix counts only if the opcode follows it. */
static SYSCALL_KIND Recognize(VIRTUAL_MACHINE_STATE *VCpu)
{
    CODE_BYTES Code = {.Count = 0};
    UINT32 Index;
    UINT8 Byte, Rex = 0;

    for (Index = 0; Index < sizeof(Code.Byte) - 1; Index++) {
        if (Index == Code.Count && !ReadMore(VCpu, &Code))
            return SYSCALL_KIND_UNREADABLE;
        Byte = Code.Byte[Index];
        if (Byte == OPCODE_ESCAPE) {
            if (Index + 1 == Code.Count && !ReadMore(VCpu, &Code))
                return SYSCALL_KIND_UNREADABLE;
            VCpu->SyscallLength   = (UINT8)(Index + 2);
            VCpu->IsSysretTo64Bit = (Rex & REX_W) != 0;
            return KindOf(Code.Byte[Index + 1]);
        }
        if ((Byte & 0xF0) != 0x40 && !IsLegacyPrefix(Byte))
            return SYSCALL_KIND_NEITHER;
        Rex = (Byte & 0xF0) == 0x40 ? Byte : 0;
    }
    return SYSCALL_KIND_NEITHER;
}

/* An unreadable one is executed again: the guest then gets its page fault, or comes back here. */
BOOLEAN SyscallHookHandleUndefinedOpcode(VIRTUAL_MACHINE_STATE *VCpu)
{
    SYSCALL_KIND Kind;

    if (!g_Backend->IsSyscallHooked(VCpu) || g_Backend->GetCodeMode(VCpu) != 64)
        return FALSE;
    Kind = Recognize(VCpu);
    if (Kind == SYSCALL_KIND_NEITHER)
        return FALSE;
    VCpu->IncrementRip = FALSE;
    if (Kind == SYSCALL_KIND_SYSCALL)
        DispatchEventEferSyscall(VCpu);
    else if (Kind == SYSCALL_KIND_SYSRET)
        DispatchEventEferSysret(VCpu);
    return TRUE;
}
