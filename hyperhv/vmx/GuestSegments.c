// SPDX-License-Identifier: GPL-2.0-only
/*
 * GuestSegments.c - segments and descriptor tables of the guest, read and written for users of the VMM.
 *
 * Context: VMX root mode. SDM Vol. 3, 25.4.1 (the fields), 27.3.1.2 and 27.3.1.3 (what an entry refuses; the
 * guest is unrestricted and never in virtual-8086 mode under a 64-bit kernel).
 */
#include "hyperhv/vmx/GuestRegisters.h"

#include "hyperhv/memory/PhysicalWidth.h"
#include "hyperhv/vmx/Vmcs.h"

#define EFER_LMA               (1ull << 10)
#define ATTRIBUTES_KNOWN       (0xF0FFu | GUEST_SEGMENT_UNUSABLE)
#define SELECTOR_LOCAL         4u
#define TABLE_LIMIT_MAX        0xFFFFu
#define LIMIT_PAGE_BITS        0xFFFu
#define LIMIT_WANTS_PAGES_BITS 0xFFF00000u
#define TYPE(Number)           (1u << (Number))
#define DATA_TYPES             (TYPE(1) | TYPE(3) | TYPE(5) | TYPE(7) | TYPE(11) | TYPE(15)) /* accessed, readable */

STATIC_ASSERT((UINT32)HV_SEGMENT_ES == (UINT32)VMCS_SEGMENT_ES &&
              (UINT32)HV_SEGMENT_TR == (UINT32)VMCS_SEGMENT_TR);

/* What an entry wants of each segment register. */
static const struct {
    UINT32 Types; /* bit n: type n is allowed */
    BOOLEAN IsCodeOrData;
    BOOLEAN MayBeUnusable;
    BOOLEAN BaseIs32Bit; /* canonical otherwise */
    BOOLEAN KeepsThePrivilege;
} Rules[HV_SEGMENT_TR + 1] = {
    [HV_SEGMENT_ES]   = {DATA_TYPES, TRUE, TRUE, TRUE, FALSE},
    [HV_SEGMENT_CS]   = {TYPE(9) | TYPE(11) | TYPE(13) | TYPE(15), TRUE, FALSE, TRUE, TRUE},
    [HV_SEGMENT_SS]   = {TYPE(3) | TYPE(7), TRUE, TRUE, TRUE, TRUE},
    [HV_SEGMENT_DS]   = {DATA_TYPES, TRUE, TRUE, TRUE, FALSE},
    [HV_SEGMENT_FS]   = {DATA_TYPES, TRUE, TRUE, FALSE, FALSE},
    [HV_SEGMENT_GS]   = {DATA_TYPES, TRUE, TRUE, FALSE, FALSE},
    [HV_SEGMENT_LDTR] = {TYPE(2), FALSE, TRUE, FALSE, FALSE},
    [HV_SEGMENT_TR]   = {TYPE(11), FALSE, FALSE, FALSE, FALSE},
};

/* Fields of the segments stand in a row. */
#define FIELD(First, Segment) ((First) + 2 * (UINT32)(Segment))

static UINT32 AttributesOf(HV_SEGMENT Segment)
{
    return (UINT32)VmcsReadUnchecked(FIELD(VMCS_GUEST_ES_ACCESS_RIGHTS, Segment));
}

static BOOLEAN IsBase(HV_SEGMENT Segment, const GUEST_SEGMENT *Value)
{
    if (!Rules[Segment].BaseIs32Bit)
        return LinearAddressIsCanonical(Value->Base);
    return (Value->Base >> 32) == 0;
}

/* Limits count bytes or pages; the field has bytes always. */
static BOOLEAN IsLimit(const GUEST_SEGMENT *Value)
{
    if ((Value->Limit & LIMIT_PAGE_BITS) != LIMIT_PAGE_BITS)
        return !(Value->Attributes & GUEST_SEGMENT_GRANULARITY) && !(Value->Limit & LIMIT_WANTS_PAGES_BITS);
    return !(Value->Limit & LIMIT_WANTS_PAGES_BITS) || (Value->Attributes & GUEST_SEGMENT_GRANULARITY);
}

/* 32-bit code begins below 4 GiB; L and D together mean nothing. */
static BOOLEAN IsCode(const GUEST_SEGMENT *Value)
{
    UINT32 Sizes   = Value->Attributes & (GUEST_SEGMENT_LONG_MODE | GUEST_SEGMENT_DEFAULT32);
    BOOLEAN IsLong = (VmcsRead64(VMCS_GUEST_EFER) & EFER_LMA) != 0;

    if (IsLong && Sizes == (GUEST_SEGMENT_LONG_MODE | GUEST_SEGMENT_DEFAULT32))
        return FALSE;
    return (IsLong && (Sizes & GUEST_SEGMENT_LONG_MODE)) || (VmcsReadNatural(VMCS_GUEST_RIP) >> 32) == 0;
}

/* The privilege level is that of SS, whose descriptor's it is even when SS is not usable. Conforming code may
 * have a lower one. */
static BOOLEAN KeepsThePrivilege(HV_SEGMENT Segment, const GUEST_SEGMENT *Value)
{
    UINT32 Cpl = GUEST_SEGMENT_DPL(AttributesOf(HV_SEGMENT_SS));

    if (Segment == HV_SEGMENT_CS && GUEST_SEGMENT_TYPE(Value->Attributes) >= 13)
        return GUEST_SEGMENT_DPL(Value->Attributes) <= Cpl;
    return GUEST_SEGMENT_DPL(Value->Attributes) == Cpl;
}

static BOOLEAN IsBaseAlwaysUsed(HV_SEGMENT Segment)
{
    return Segment == HV_SEGMENT_FS || Segment == HV_SEGMENT_GS;
}

static BOOLEAN IsSegment(HV_SEGMENT Segment, const GUEST_SEGMENT *Value)
{
    UINT32 Attributes = Value->Attributes;

    if ((Attributes & ~ATTRIBUTES_KNOWN) ||
        (Rules[Segment].KeepsThePrivilege && !KeepsThePrivilege(Segment, Value)))
        return FALSE;
    if (Attributes & GUEST_SEGMENT_UNUSABLE)
        return Rules[Segment].MayBeUnusable && (!IsBaseAlwaysUsed(Segment) || IsBase(Segment, Value));
    if (!((Rules[Segment].Types >> GUEST_SEGMENT_TYPE(Attributes)) & 1) ||
        !(Attributes & GUEST_SEGMENT_PRESENT) ||
        !(Attributes & GUEST_SEGMENT_IS_CODE_OR_DATA) != !Rules[Segment].IsCodeOrData)
        return FALSE;
    if (!Rules[Segment].IsCodeOrData && (Value->Selector & SELECTOR_LOCAL))
        return FALSE;
    return IsBase(Segment, Value) && IsLimit(Value) && (Segment != HV_SEGMENT_CS || IsCode(Value));
}

VOID VmxGetSegment(VIRTUAL_MACHINE_STATE *VCpu, HV_SEGMENT Segment, GUEST_SEGMENT *Value)
{
    (VOID) VCpu;
    *Value = (GUEST_SEGMENT){.Base  = VmcsReadUnchecked(FIELD(VMCS_GUEST_ES_BASE, Segment)),
                             .Limit = (UINT32)VmcsReadUnchecked(FIELD(VMCS_GUEST_ES_LIMIT, Segment))};
    if (Segment > HV_SEGMENT_TR)
        return;
    Value->Attributes = AttributesOf(Segment);
    Value->Selector   = (UINT16)VmcsReadUnchecked(FIELD(VMCS_GUEST_ES_SELECTOR, Segment));
}

BOOLEAN VmxSetSegment(VIRTUAL_MACHINE_STATE *VCpu, HV_SEGMENT Segment, const GUEST_SEGMENT *Value)
{
    (VOID) VCpu;
    if (Segment > HV_SEGMENT_TR) {
        if (!LinearAddressIsCanonical(Value->Base) || Value->Limit > TABLE_LIMIT_MAX)
            return FALSE;
    } else if (IsSegment(Segment, Value)) {
        VmcsWriteUnchecked(FIELD(VMCS_GUEST_ES_ACCESS_RIGHTS, Segment), Value->Attributes);
        VmcsWriteUnchecked(FIELD(VMCS_GUEST_ES_SELECTOR, Segment), Value->Selector);
    } else {
        return FALSE;
    }
    VmcsWriteUnchecked(FIELD(VMCS_GUEST_ES_BASE, Segment), Value->Base);
    VmcsWriteUnchecked(FIELD(VMCS_GUEST_ES_LIMIT, Segment), Value->Limit);
    return TRUE;
}
