/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeSegments.c - the fake processor's segment registers and descriptor tables. The GDT is real memory.
 *
 * Context: user space. SDM Vol. 3, 3.4-3.5, 8.2.3 (task-state segments).
 */
#include <string.h>

#include "hyperhv/vmx/VmcsFields.h"
#include "platform/PlatformCpu.h"
#include "platform/hosted/FakeCpu.h"

/* As Linux has them; FS with a descriptor whose base is not the MSR's. */
#define KERNEL_CS 0x10
#define KERNEL_SS 0x18
#define USER_DS   0x2B
#define THREAD_FS 0x63
#define KERNEL_TR 0x40

#define DESCRIPTOR_CODE_64   0x00AF9B000000FFFFull
#define DESCRIPTOR_DATA      0x00CF93000000FFFFull
#define DESCRIPTOR_USER_32   0x00CFFB000000FFFFull
#define DESCRIPTOR_USER_DATA 0x00CFF3000000FFFFull
#define DESCRIPTOR_USER_64   0x00AFFB000000FFFFull
#define DESCRIPTOR_THREAD    0xF7CFF3D8A740FFFFull
#define DESCRIPTOR_PRESENT   (1ull << 47)
#define DESCRIPTOR_BUSY      (1ull << 41)
#define DESCRIPTOR_TYPE(D)   (((D) >> 40) & 0x1F) /* with the S bit */
#define TYPE_LDT             0x2
#define TYPE_TSS_AVAILABLE   0x9
#define TYPE_TSS_BUSY        0xB
#define TSS_LIMIT            0x206F /* with an I/O bitmap, so that 67H is seen to be wrong */
#define IDT_LIMIT            0xFFF

/* NULL: beyond the table. */
static UINT64 *Descriptor(const FAKE_CORE *Core, UINT16 Selector)
{
    if ((UINT64)(Selector | 7) > Core->Now.GdtLimit || (Selector & 4))
        return NULL;
    return (UINT64 *)(UINTPTR)(Core->Now.GdtBase + (Selector & ~7u));
}

static BOOLEAN IsSystem(UINT64 D)
{
    return !(DESCRIPTOR_TYPE(D) & 0x10);
}

static UINT64 BaseOf(const UINT64 *D)
{
    UINT64 Base = ((D[0] >> 16) & 0xFFFFFF) | ((D[0] >> 32) & 0xFF000000);

    return IsSystem(D[0]) ? Base | (D[1] << 32) : Base;
}

static UINT32 LimitOf(UINT64 D)
{
    UINT32 Limit = (UINT32)(D & 0xFFFF) | (UINT32)((D >> 32) & 0xF0000);

    return (D >> 55) & 1 ? (Limit << 12) | 0xFFF : Limit;
}

/* Table 25-2: without the limit's bits, which LAR leaves in. */
static UINT32 RightsOf(UINT64 D)
{
    return (UINT32)(D >> 40) & 0xF0FF;
}

VOID FakeSegmentLoad(FAKE_CORE *Core, UINT32 Segment, UINT16 Selector)
{
    FAKE_SEGMENT *To = &Core->Now.Segments[Segment];
    const UINT64 *D  = Descriptor(Core, Selector);

    if (!(Selector & ~3u)) {
        *To = (FAKE_SEGMENT){.Selector = Selector, .Rights = FAKE_SEGMENT_UNUSABLE};
        return;
    }
    if (!D || !(*D & DESCRIPTOR_PRESENT) || (IsSystem(*D) != (Segment >= VMCS_SEGMENT_LDTR)))
        FakeMisuse("segment register %u cannot be loaded with %x", Segment, Selector);
    *To =
        (FAKE_SEGMENT){.Selector = Selector, .Base = BaseOf(D), .Limit = LimitOf(*D), .Rights = RightsOf(*D)};
}

static VOID WriteTss(FAKE_CORE *Core)
{
    UINT64 *D   = &Core->KernelGdt[KERNEL_TR >> 3];
    UINT64 Base = (UINT64)(UINTPTR)Core->KernelTss;

    D[0] = TSS_LIMIT | ((Base & 0xFFFFFF) << 16) | (0x8Bull << 40) | ((Base & 0xFF000000) << 32);
    D[1] = Base >> 32;
}

VOID FakeSegmentsReset(FAKE_CORE *Core)
{
    static const UINT64 Gdt[FAKE_GDT_ENTRIES] = {
        [1] = 0x00CF9B000000FFFFull, [2] = DESCRIPTOR_CODE_64,     [3] = DESCRIPTOR_DATA,
        [4] = DESCRIPTOR_USER_32,    [5] = DESCRIPTOR_USER_DATA,   [6] = DESCRIPTOR_USER_64,
        [12] = DESCRIPTOR_THREAD,    [15] = 0x0040F50000000000ull,
    };

    memcpy(Core->KernelGdt, Gdt, sizeof(Gdt));
    WriteTss(Core);
    Core->KernelIdtBase = 0xFFFFFE0000000000ull;
    Core->Now.GdtBase   = (UINT64)(UINTPTR)Core->KernelGdt;
    Core->Now.GdtLimit  = sizeof(Core->KernelGdt) - 1;
    Core->Now.IdtBase   = Core->KernelIdtBase;
    Core->Now.IdtLimit  = IDT_LIMIT;
    FakeSegmentLoad(Core, VMCS_SEGMENT_ES, USER_DS);
    FakeSegmentLoad(Core, VMCS_SEGMENT_CS, KERNEL_CS);
    FakeSegmentLoad(Core, VMCS_SEGMENT_SS, KERNEL_SS);
    FakeSegmentLoad(Core, VMCS_SEGMENT_DS, USER_DS);
    FakeSegmentLoad(Core, VMCS_SEGMENT_FS, THREAD_FS);
    FakeSegmentLoad(Core, VMCS_SEGMENT_GS, 0);
    FakeSegmentLoad(Core, VMCS_SEGMENT_LDTR, 0);
    FakeSegmentLoad(Core, VMCS_SEGMENT_TR, KERNEL_TR);
    Core->Now.Segments[VMCS_SEGMENT_FS].Base = 0x7FFFF7D8A740ull;
    Core->Now.Segments[VMCS_SEGMENT_GS].Base = 0xFFFF88807DC00000ull;
}

/* --- reading --- */

static UINT16 Selector(UINT32 Segment)
{
    return (UINT16)FakeThisCore()->Now.Segments[Segment].Selector;
}

UINT16 CpuReadCs(VOID)
{
    return Selector(VMCS_SEGMENT_CS);
}

UINT16 CpuReadSs(VOID)
{
    return Selector(VMCS_SEGMENT_SS);
}

UINT16 CpuReadDs(VOID)
{
    return Selector(VMCS_SEGMENT_DS);
}

UINT16 CpuReadEs(VOID)
{
    return Selector(VMCS_SEGMENT_ES);
}

UINT16 CpuReadFs(VOID)
{
    return Selector(VMCS_SEGMENT_FS);
}

UINT16 CpuReadGs(VOID)
{
    return Selector(VMCS_SEGMENT_GS);
}

UINT16 CpuReadTr(VOID)
{
    return Selector(VMCS_SEGMENT_TR);
}

UINT16 CpuReadLdtr(VOID)
{
    return Selector(VMCS_SEGMENT_LDTR);
}

UINT32 CpuLoadAccessRights(UINT16 Of)
{
    const UINT64 *D = Of & ~3u ? Descriptor(FakeThisCore(), Of) : NULL;

    return D ? (UINT32)(*D >> 32) & 0x00FFFF00 : 0;
}

UINT32 CpuLoadSegmentLimit(UINT16 Of)
{
    const UINT64 *D = Of & ~3u ? Descriptor(FakeThisCore(), Of) : NULL;

    return D ? LimitOf(*D) : 0;
}

VOID CpuStoreGdt(DESCRIPTOR_TABLE_REGISTER *Register)
{
    const FAKE_REGISTERS *Now = &FakeThisCore()->Now;

    *Register = (DESCRIPTOR_TABLE_REGISTER){.Limit = (UINT16)Now->GdtLimit, .Base = Now->GdtBase};
}

VOID CpuStoreIdt(DESCRIPTOR_TABLE_REGISTER *Register)
{
    const FAKE_REGISTERS *Now = &FakeThisCore()->Now;

    *Register = (DESCRIPTOR_TABLE_REGISTER){.Limit = (UINT16)Now->IdtLimit, .Base = Now->IdtBase};
}

/* --- loading --- */

VOID CpuLoadGdt(const DESCRIPTOR_TABLE_REGISTER *Register)
{
    FakeThisCore()->Now.GdtBase  = Register->Base;
    FakeThisCore()->Now.GdtLimit = Register->Limit;
}

VOID CpuLoadIdt(const DESCRIPTOR_TABLE_REGISTER *Register)
{
    FakeThisCore()->Now.IdtBase  = Register->Base;
    FakeThisCore()->Now.IdtLimit = Register->Limit;
}

VOID CpuLoadDs(UINT16 From)
{
    FakeSegmentLoad(FakeThisCore(), VMCS_SEGMENT_DS, From);
}

VOID CpuLoadEs(UINT16 From)
{
    FakeSegmentLoad(FakeThisCore(), VMCS_SEGMENT_ES, From);
}

VOID CpuLoadFs(UINT16 From)
{
    FakeSegmentLoad(FakeThisCore(), VMCS_SEGMENT_FS, From);
}

VOID CpuLoadGs(UINT16 From)
{
    FakeSegmentLoad(FakeThisCore(), VMCS_SEGMENT_GS, From);
}

VOID CpuLoadLdtr(UINT16 From)
{
    const UINT64 *D = Descriptor(FakeThisCore(), From);

    if ((From & ~3u) && D && DESCRIPTOR_TYPE(*D) != TYPE_LDT)
        FakeMisuse("LLDT %x, which is no LDT", From);
    FakeSegmentLoad(FakeThisCore(), VMCS_SEGMENT_LDTR, From);
}

/* LTR marks the descriptor busy: the kernel's table is read-only. */
VOID CpuLoadTr(UINT16 From)
{
    FAKE_CORE *Core = FakeThisCore();
    UINT64 *D       = Descriptor(Core, From);

    if (!D || DESCRIPTOR_TYPE(*D) != TYPE_TSS_AVAILABLE)
        FakeMisuse("LTR %x, which is no available TSS", From);
    if (Core->Now.GdtBase == (UINT64)(UINTPTR)Core->KernelGdt)
        FakeMisuse("LTR writes to the kernel's read-only GDT");
    *D |= DESCRIPTOR_BUSY;
    FakeSegmentLoad(Core, VMCS_SEGMENT_TR, From);
}
