/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeVmcs.c - the VMX instructions of the fake processor but for VM entries. A VMCS lives in the memory of
 * its region.
 *
 * Context: user space. SDM Vol. 3, chapter 31 (the instructions), 25.11 (software's use of the VMCS),
 * Appendix B (the fields, listed here by their own numbers so that a wrong one in VmcsFields.h is found).
 */
#include <string.h>

#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/vmx/VmcsFields.h"
#include "platform/PlatformCpu.h"
#include "platform/PlatformMemory.h"
#include "platform/hosted/FakeCpu.h"
#include "platform/hosted/FakeVmcs.h"

#define CR4_VMXE           (1ull << 13)
#define FEATURE_CONTROL_ON 5ull
#define MISC_VMWRITE_ANY   (1ull << 29)
#define IA32_VMX_MISC      0x485u
#define REVISION_MASK      0x7FFFFFFFu
#define NO_VMCS            (~0ull)

/* VM-instruction errors. SDM Vol. 3, 31.4. */
#define ERROR_VMCLEAR_ADDRESS    2
#define ERROR_VMCLEAR_VMXON      3
#define ERROR_VMPTRLD_ADDRESS    9
#define ERROR_VMPTRLD_VMXON      10
#define ERROR_VMPTRLD_REVISION   11
#define ERROR_UNSUPPORTED_FIELD  12
#define ERROR_READ_ONLY_FIELD    13
#define ERROR_VMXON_IN_ROOT      15
#define ERROR_INVALIDATE_OPERAND 28

/* --- Appendix B --- */

#define ALWAYS         0
#define SECONDARY(Bit) (1u << (Bit)) /* exists where this secondary control may be 1 */

typedef struct _FIELDS {
    UINT16 First, Last; /* in steps of 2 */
    UINT32 Needs;
} FIELDS;

static const FIELDS Fields[] = {
    /* B.1 */
    {0x0000, 0x0000, SECONDARY(5)},
    {0x0002, 0x0002, ALWAYS},
    {0x0004, 0x0004, SECONDARY(18)},
    {0x0800, 0x080E, ALWAYS},
    {0x0810, 0x0810, SECONDARY(9)},
    {0x0812, 0x0812, SECONDARY(17)},
    {0x0C00, 0x0C0C, ALWAYS},
    /* B.2 */
    {0x2000, 0x2010, ALWAYS},
    {0x2012, 0x2012, ALWAYS},
    {0x2014, 0x2014, SECONDARY(0)},
    {0x2016, 0x2016, ALWAYS},
    {0x2018, 0x2018, SECONDARY(13)},
    {0x201A, 0x201A, SECONDARY(1)},
    {0x201C, 0x2022, SECONDARY(9)},
    {0x2024, 0x2024, SECONDARY(13)},
    {0x2026, 0x2028, SECONDARY(14)},
    {0x202A, 0x202A, SECONDARY(18)},
    {0x202C, 0x202C, SECONDARY(20)},
    {0x202E, 0x202E, SECONDARY(15)},
    {0x2030, 0x2030, SECONDARY(23)},
    {0x2032, 0x2032, SECONDARY(25)},
    {0x2400, 0x2400, SECONDARY(1)},
    {0x2800, 0x2808, ALWAYS},
    {0x280A, 0x2810, SECONDARY(1)},
    {0x2C00, 0x2C04, ALWAYS},
    /* B.3 */
    {0x4000, 0x401E, ALWAYS},
    {0x4020, 0x4022, SECONDARY(10)},
    {0x4400, 0x440E, ALWAYS},
    {0x4800, 0x482A, ALWAYS},
    {0x482E, 0x482E, ALWAYS},
    {0x4C00, 0x4C00, ALWAYS},
    /* B.4 */
    {0x6000, 0x600E, ALWAYS},
    {0x6400, 0x640A, ALWAYS},
    {0x6800, 0x6826, ALWAYS},
    {0x6C00, 0x6C16, ALWAYS},
};

/* A region, as 64-bit words: revision, launch state, then the fields. */
#define WORD_REVISION     0
#define WORD_LAUNCH_STATE 1
#define WORD_FIELDS       2

#define FIELD_TYPE(Field)    (((UINT32)(Field) >> 10) & 3)
#define FIELD_TYPE_READ_ONLY 1
#define FIELD_IS_HIGH(Field) ((Field)&1)

static VOID (*g_VmwriteHook)(UINT64 Field, UINT64 Value);

VOID FakeSetVmwriteHook(VOID (*Hook)(UINT64 Field, UINT64 Value))
{
    g_VmwriteHook = Hook;
}

static BOOLEAN Exists(const FAKE_CORE *Core, UINT32 Needs)
{
    UINT64 Capability = 0;

    if (Needs == ALWAYS)
        return TRUE;
    FakeMsrRead(Core, IA32_VMX_PROCBASED_CTLS2, &Capability);
    return (Needs & (UINT32)(Capability >> 32)) != 0;
}

/* The word of a field. 0: this processor has none. */
static UINT32 WordOf(const FAKE_CORE *Core, UINT64 Field)
{
    UINT32 Index, Word = WORD_FIELDS;
    UINT64 Full = FIELD_IS_HIGH(Field) && VMCS_WIDTH(Field) == VMCS_WIDTH_64 ? Field & ~1ull : Field;

    for (Index = 0; Index < COUNT_OF(Fields); Index++) {
        if (Full >= Fields[Index].First && Full <= Fields[Index].Last && !(Full & 1))
            return Exists(Core, Fields[Index].Needs) ? Word + (UINT32)(Full - Fields[Index].First) / 2 : 0;
        Word += (Fields[Index].Last - Fields[Index].First) / 2 + 1u;
    }
    return 0;
}

static UINT64 WidthMask(UINT64 Field)
{
    static const UINT64 Masks[] = {0xFFFF, ~0ull, 0xFFFFFFFF, ~0ull};

    return FIELD_IS_HIGH(Field) ? 0xFFFFFFFF : Masks[VMCS_WIDTH(Field)];
}

/* --- for the fake itself and for tests --- */

static UINT64 *MustHave(FAKE_CORE *Core, UINT32 Field)
{
    UINT32 Word = WordOf(Core, Field);

    if (!Core->Vmcs)
        HostedDie("no VMCS is current");
    if (!Word || FIELD_IS_HIGH(Field))
        HostedDie("there is no such VMCS field");
    return &Core->Vmcs[Word];
}

UINT64 FakeFieldGet(FAKE_CORE *Core, UINT32 Field)
{
    return *MustHave(Core, Field);
}

VOID FakeFieldSet(FAKE_CORE *Core, UINT32 Field, UINT64 Value)
{
    *MustHave(Core, Field) = Value & WidthMask(Field);
}

UINT64 FakeVmcsGet(UINT32 CoreId, UINT32 Field)
{
    return FakeFieldGet(FakeCore(CoreId), Field);
}

VOID FakeVmcsSet(UINT32 CoreId, UINT32 Field, UINT64 Value)
{
    FakeFieldSet(FakeCore(CoreId), Field, Value);
}

BOOLEAN FakeVmcsHas(UINT32 CoreId, UINT32 Field)
{
    return WordOf(FakeCore(CoreId), Field) != 0;
}

BOOLEAN FakeVmcsIsLaunched(const FAKE_CORE *Core)
{
    return Core->Vmcs[WORD_LAUNCH_STATE] != 0;
}

VOID FakeVmcsSetLaunched(FAKE_CORE *Core)
{
    Core->Vmcs[WORD_LAUNCH_STATE] = 1;
}

/* --- results --- */

VMX_RESULT FakeVmFail(FAKE_CORE *Core, UINT32 Error)
{
    if (!Core->Vmcs)
        return VMX_FAIL_INVALID;
    FakeFieldSet(Core, VMCS_VM_INSTRUCTION_ERROR, Error);
    return VMX_FAIL_VALID;
}

/* Outside VMX operation they are #UD; in the guest they exit, and the guest gets what root mode gives it. */
static FAKE_CORE *RootCore(const CHAR *Instruction, UINT32 ExitReason)
{
    FAKE_CORE *Core = FakeThisCore();
    GUEST_REGS Regs = {0};

    if (Core->Mode == FAKE_VMX_GUEST && !FakeGuestInstruction(ExitReason, 3, 0, &Regs))
        return NULL;
    if (Core->Mode != FAKE_VMX_ROOT)
        FakeMisuse("%s outside VMX root mode", Instruction);
    return Core;
}

/* A page-aligned address that the processor has. */
static BOOLEAN IsRegion(UINT64 Physical)
{
    return !(Physical & (PLATFORM_PAGE_SIZE - 1)) && FakeIsPhysical(Physical);
}

static UINT64 *Region(UINT64 Physical)
{
    UINT64 *Words = HostedRam(Physical);

    if (!Words)
        FakeMisuse("a VMX region at %llx, which is no memory", Physical);
    return Words;
}

static BOOLEAN HasRevision(const FAKE_CORE *Core, const UINT64 *Words)
{
    UINT64 Basic = 0;

    FakeMsrRead(Core, IA32_VMX_BASIC, &Basic);
    return (UINT32)Words[WORD_REVISION] == (Basic & REVISION_MASK);
}

/* --- VMXON, VMXOFF --- */

VMX_RESULT CpuVmxOn(UINT64 RegionPhysical)
{
    FAKE_CORE *Core       = FakeThisCore();
    GUEST_REGS Regs       = {0};
    UINT64 FeatureControl = 0;

    if (Core->Mode == FAKE_VMX_GUEST) {
        if (FakeGuestInstruction(VMX_EXIT_REASON_EXECUTE_VMXON, 4, 0, &Regs))
            FakeMisuse("VMXON was carried out in the guest");
        return VMX_FAIL_INVALID;
    }
    if (!(Core->Now.Cr4 & CR4_VMXE))
        FakeMisuse("#UD: VMXON without CR4.VMXE");
    if (Core->Mode == FAKE_VMX_ROOT)
        return FakeVmFail(Core, ERROR_VMXON_IN_ROOT);
    FakeMsrRead(Core, IA32_FEATURE_CONTROL, &FeatureControl);
    Core->Mode = FAKE_VMX_ROOT; /* so that the control registers are checked for it */
    if ((FeatureControl & FEATURE_CONTROL_ON) != FEATURE_CONTROL_ON || !FakeCr0IsValid(Core, Core->Now.Cr0) ||
        !FakeCr4IsValid(Core, Core->Now.Cr4))
        FakeMisuse("#GP: VMXON with CR0 %llx, CR4 %llx, IA32_FEATURE_CONTROL %llx", Core->Now.Cr0,
                   Core->Now.Cr4, FeatureControl);
    if (!FakeExecute(Core, FAKE_VMXON) || !IsRegion(RegionPhysical) ||
        !HasRevision(Core, Region(RegionPhysical))) {
        Core->Mode = FAKE_OUTSIDE_VMX;
        return VMX_FAIL_INVALID;
    }
    Core->VmxonRegion = RegionPhysical;
    Core->Vmcs        = NULL;
    return VMX_SUCCEED;
}

VMX_RESULT CpuVmxOff(VOID)
{
    FAKE_CORE *Core = RootCore("VMXOFF", VMX_EXIT_REASON_EXECUTE_VMXOFF);

    if (!Core)
        return VMX_FAIL_INVALID;
    if (Core->Vmcs) /* one that is still active "may be corrupted": 25.11.1 */
        FakeMisuse("VMXOFF while a VMCS is active");
    Core->Mode        = FAKE_OUTSIDE_VMX;
    Core->VmxonRegion = 0;
    return VMX_SUCCEED;
}

/* --- VMCLEAR, VMPTRLD --- */

VMX_RESULT CpuVmClear(UINT64 VmcsPhysical)
{
    FAKE_CORE *Core = RootCore("VMCLEAR", VMX_EXIT_REASON_EXECUTE_VMCLEAR);
    UINT64 *Words;

    if (!Core)
        return VMX_FAIL_INVALID;
    if (!FakeExecute(Core, FAKE_VMCLEAR) || !IsRegion(VmcsPhysical))
        return FakeVmFail(Core, ERROR_VMCLEAR_ADDRESS);
    if (VmcsPhysical == Core->VmxonRegion)
        return FakeVmFail(Core, ERROR_VMCLEAR_VMXON);
    Words                    = Region(VmcsPhysical);
    Words[WORD_LAUNCH_STATE] = 0;
    if (Words == Core->Vmcs)
        Core->Vmcs = NULL;
    return VMX_SUCCEED;
}

VMX_RESULT CpuVmPtrLoad(UINT64 VmcsPhysical)
{
    FAKE_CORE *Core = RootCore("VMPTRLD", VMX_EXIT_REASON_EXECUTE_VMPTRLD);
    UINT32 Other;

    if (!Core)
        return VMX_FAIL_INVALID;
    if (!FakeExecute(Core, FAKE_VMPTRLD) || !IsRegion(VmcsPhysical))
        return FakeVmFail(Core, ERROR_VMPTRLD_ADDRESS);
    if (VmcsPhysical == Core->VmxonRegion)
        return FakeVmFail(Core, ERROR_VMPTRLD_VMXON);
    if (!HasRevision(Core, Region(VmcsPhysical)))
        return FakeVmFail(Core, ERROR_VMPTRLD_REVISION);
    for (Other = 0; Other < PlatformCpuCount(); Other++)
        if (FakeCore(Other) != Core && FakeCore(Other)->Vmcs == Region(VmcsPhysical))
            FakeMisuse("VMPTRLD of a VMCS that is current on core %u", Other);
    Core->Vmcs = Region(VmcsPhysical);
    return VMX_SUCCEED;
}

/* --- VMREAD, VMWRITE --- */

VMX_RESULT CpuVmRead(UINT64 Field, UINT64 *Value)
{
    FAKE_CORE *Core = RootCore("VMREAD", VMX_EXIT_REASON_EXECUTE_VMREAD);
    UINT32 Word;

    if (!Core || !Core->Vmcs)
        return VMX_FAIL_INVALID;
    Word = WordOf(Core, Field);
    if (!FakeExecute(Core, FAKE_VMREAD) || !Word)
        return FakeVmFail(Core, ERROR_UNSUPPORTED_FIELD);
    *Value = FIELD_IS_HIGH(Field) ? Core->Vmcs[Word] >> 32 : Core->Vmcs[Word];
    return VMX_SUCCEED;
}

static VOID Store(UINT64 *Word, UINT64 Field, UINT64 Value)
{
    if (FIELD_IS_HIGH(Field))
        *Word = (UINT32)*Word | (Value << 32);
    else
        *Word = Value;
}

VMX_RESULT CpuVmWrite(UINT64 Field, UINT64 Value)
{
    FAKE_CORE *Core = RootCore("VMWRITE", VMX_EXIT_REASON_EXECUTE_VMWRITE);
    UINT64 Misc     = 0;

    if (!Core || !Core->Vmcs)
        return VMX_FAIL_INVALID;
    if (g_VmwriteHook)
        g_VmwriteHook(Field, Value);
    if (!FakeExecute(Core, FAKE_VMWRITE) || !WordOf(Core, Field))
        return FakeVmFail(Core, ERROR_UNSUPPORTED_FIELD);
    FakeMsrRead(Core, IA32_VMX_MISC, &Misc);
    if (FIELD_TYPE(Field) == FIELD_TYPE_READ_ONLY && !(Misc & MISC_VMWRITE_ANY))
        return FakeVmFail(Core, ERROR_READ_ONLY_FIELD);
    if (Value & ~WidthMask(Field))
        FakeMisuse("VMWRITE of %llx, wider than the field %llx", Value, Field);
    Store(&Core->Vmcs[WordOf(Core, Field)], Field, Value);
    return VMX_SUCCEED;
}

/* --- INVEPT, INVVPID --- */

VMX_RESULT CpuInvept(UINT64 Type, const VMX_INVALIDATE_DESCRIPTOR *Descriptor)
{
    FAKE_CORE *Core   = RootCore("INVEPT", VMX_EXIT_REASON_EXECUTE_INVEPT);
    UINT64 Capability = 0;

    if (!Core)
        return VMX_FAIL_INVALID;
    FakeMsrRead(Core, IA32_VMX_EPT_VPID_CAP, &Capability);
    if (!((Capability >> 20) & 1))
        FakeMisuse("#UD: this processor has no INVEPT");
    if (!FakeExecute(Core, FAKE_INVEPT) || Type < 1 || Type > 2 || !((Capability >> (24 + Type)) & 1) ||
        Descriptor->Address != 0 || (Type == INVEPT_SINGLE_CONTEXT && !FakeIsEptp(Core, Descriptor->Context)))
        return FakeVmFail(Core, ERROR_INVALIDATE_OPERAND);
    return VMX_SUCCEED;
}

VMX_RESULT CpuInvvpid(UINT64 Type, const VMX_INVALIDATE_DESCRIPTOR *Descriptor)
{
    FAKE_CORE *Core   = RootCore("INVVPID", VMX_EXIT_REASON_EXECUTE_INVVPID);
    UINT64 Capability = 0;

    if (!Core)
        return VMX_FAIL_INVALID;
    FakeMsrRead(Core, IA32_VMX_EPT_VPID_CAP, &Capability);
    if (!((Capability >> 32) & 1))
        FakeMisuse("#UD: this processor has no INVVPID");
    if (!FakeExecute(Core, FAKE_INVVPID) || Type > 3 || !((Capability >> (40 + Type)) & 1) ||
        Descriptor->Context > 0xFFFF || (Type != INVVPID_ALL_CONTEXTS && Descriptor->Context == 0) ||
        (Type == 0 && !FakeIsCanonical(Descriptor->Address)))
        return FakeVmFail(Core, ERROR_INVALIDATE_OPERAND);
    return VMX_SUCCEED;
}
