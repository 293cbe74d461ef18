// SPDX-License-Identifier: GPL-2.0-only
/*
 * HostTables.c - GDT, TSS and IDT of root mode.
 *
 * Context: as HostTables.h says at each. SDM Vol. 3, 3.5, 6.14, 8.7.
 */
#include "hyperhv/vmx/HostTables.h"

#include "platform/PlatformMemory.h"
#include "hyperhv/vmx/AsmEntry.h"

#define SELECTOR_INDEX(Selector)      ((Selector) >> 3)
#define DESCRIPTOR_TYPE_TSS_AVAILABLE 0x9ull
#define DESCRIPTOR_PRESENT            (1ull << 47)
#define DESCRIPTOR_TYPE_SHIFT         40
#define GATE_INTERRUPT_PRESENT        0x8E00u
#define VECTOR_NMI                    2
#define VECTOR_DOUBLE_FAULT           8
#define VECTOR_MACHINE_CHECK          18

/* SDM Vol. 3, figure 6-8. */
typedef struct _IDT_GATE_64 {
    UINT16 OffsetLow;
    UINT16 Selector;
    UINT16 Attributes; /* IST in bits 2:0 */
    UINT16 OffsetMiddle;
    UINT32 OffsetHigh;
    UINT32 Reserved;
} IDT_GATE_64;

STATIC_ASSERT(sizeof(IDT_GATE_64) == 16);
STATIC_ASSERT(sizeof(IDT_GATE_64) * 256 == PLATFORM_PAGE_SIZE);

/* Written by Initialize and Uninitialize only. */
static IDT_GATE_64 *Idt;

/* A 16-byte system descriptor (SDM Vol. 3, figure 8-4) for a TSS. */
static VOID HostSetTssDescriptor(UINT64 *Gdt, UINT16 Selector, UINT64 Base, UINT32 Limit)
{
    UINT32 Index = SELECTOR_INDEX(Selector);

    Gdt[Index] = (Limit & 0xFFFF) | ((Base & 0xFFFFFF) << 16) |
                 (DESCRIPTOR_TYPE_TSS_AVAILABLE << DESCRIPTOR_TYPE_SHIFT) | DESCRIPTOR_PRESENT |
                 ((UINT64)(Limit & 0xF0000) << 32) | ((Base & 0xFF000000) << 32);
    Gdt[Index + 1] = Base >> 32;
}

UINT64 HostTablesSystemBase(const UINT64 *Gdt, UINT16 Selector)
{
    UINT64 Low = Gdt[SELECTOR_INDEX(Selector)];

    return ((Low >> 16) & 0xFFFFFF) | ((Low >> 32) & 0xFF000000) | (Gdt[SELECTOR_INDEX(Selector) + 1] << 32);
}

BOOLEAN HostTablesFill(HOST_TABLES *Tables, UINT16 Tr)
{
    DESCRIPTOR_TABLE_REGISTER Gdtr;
    SIZE_T Bytes;

    CpuStoreGdt(&Gdtr);
    Bytes = Gdtr.Limit + 1u < sizeof(Tables->Gdt) ? Gdtr.Limit + 1u : sizeof(Tables->Gdt);
    if (SELECTOR_INDEX(Tr) + 1u >= Bytes / sizeof(UINT64))
        return FALSE;

    PlatformMemoryCopy(Tables->Gdt, (const VOID *)(UINTPTR)Gdtr.Base, Bytes);
    Tables->Tss.IoMapBase = sizeof(Tables->Tss);
    HostSetTssDescriptor(Tables->Gdt, Tr, (UINT64)(UINTPTR)&Tables->Tss, sizeof(Tables->Tss) - 1);
    return TRUE;
}

VOID HostTablesLoadKernelTr(HOST_TABLES *Tables, UINT16 Tr, UINT64 Base, UINT32 Limit)
{
    DESCRIPTOR_TABLE_REGISTER Gdtr = {.Limit = sizeof(Tables->Gdt) - 1, .Base = (UINT64)(UINTPTR)Tables->Gdt};

    HostSetTssDescriptor(Tables->Gdt, Tr, Base, Limit);
    CpuLoadGdt(&Gdtr);
    CpuLoadTr(Tr);
}

static UINT16 HostIstOf(UINT32 Vector)
{
    switch (Vector) {
    case VECTOR_NMI:
        return HOST_IST_NMI;
    case VECTOR_DOUBLE_FAULT:
        return HOST_IST_DOUBLE_FAULT;
    case VECTOR_MACHINE_CHECK:
        return HOST_IST_MACHINE_CHECK;
    default:
        return 0;
    }
}

BOOLEAN HostIdtInitialize(UINT16 CodeSelector)
{
    UINT32 Vector;

    Idt = PlatformMemoryAllocatePages(1);
    if (Idt == NULL)
        return FALSE;
    for (Vector = 0; Vector < 256; Vector++) {
        UINT64 Offset = AsmRootExceptionEntry(Vector);

        Idt[Vector] = (IDT_GATE_64){
            .OffsetLow    = (UINT16)Offset,
            .Selector     = CodeSelector,
            .Attributes   = (UINT16)(GATE_INTERRUPT_PRESENT | HostIstOf(Vector)),
            .OffsetMiddle = (UINT16)(Offset >> 16),
            .OffsetHigh   = (UINT32)(Offset >> 32),
        };
    }
    return TRUE;
}

VOID HostIdtUninitialize(VOID)
{
    PlatformMemoryFreePages(Idt, 1);
    Idt = NULL;
}

UINT64 HostIdtBase(VOID)
{
    return (UINT64)(UINTPTR)Idt;
}
