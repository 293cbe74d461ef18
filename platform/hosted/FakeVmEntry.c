/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakeVmEntry.c - what the fake processor checks at a VM entry.
 *
 * Context: user space. SDM Vol. 3, 27.2 (controls and host state), 27.3.1 (guest state), in the manual's
 * order; left out is what belongs to controls that the fake processor does not carry out (virtual APIC, PML,
 * shadow VMCS and the like), which it refuses altogether. NULL: no complaint, otherwise what is wrong.
 */
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/vmx/VmcsFields.h"
#include "platform/PlatformMemory.h"
#include "platform/hosted/FakeVmcs.h"

#define PAGE_OFFSET     0xFFFull
#define IA32_VMX_MISC   0x485u
#define CR0_PE          (1ull << 0)
#define CR0_WP          (1ull << 16)
#define CR0_PG          (1ull << 31)
#define CR4_PAE         (1ull << 5)
#define CR4_PCIDE       (1ull << 17)
#define CR4_CET         (1ull << 23)
#define EFER_LME        (1ull << 8)
#define EFER_LMA        (1ull << 10)
#define EFER_KNOWN      0xD01ull
#define DEBUGCTL_KNOWN  0xDFC3ull
#define DEBUGCTL_BTF    (1ull << 1)
#define RFLAGS_FIXED_1  (1ull << 1)
#define RFLAGS_TF       (1ull << 8)
#define RFLAGS_IF       (1ull << 9)
#define RFLAGS_VM       (1ull << 17)
#define RFLAGS_RESERVED 0xFFFFFFFFFFC08028ull
#define SELECTOR_TI     4u
#define SELECTOR_RPL    3u

/* Controls whose effects the fake does not have. */
#define SECONDARY_CARRIED_OUT                                                                                \
    (SECONDARY_ENABLE_EPT | SECONDARY_ENABLE_RDTSCP | SECONDARY_ENABLE_VPID | SECONDARY_UNRESTRICTED_GUEST | \
     SECONDARY_ENABLE_INVPCID | SECONDARY_CONCEAL_VMX_FROM_PT | SECONDARY_ENABLE_XSAVES |                    \
     SECONDARY_MODE_BASED_EXECUTE | SECONDARY_ENABLE_USER_WAIT_PAUSE)
#define PIN_NOT_CARRIED_OUT     ((1u << 6) | (1u << 7))   /* preemption timer, posted interrupts */
#define PRIMARY_NOT_CARRIED_OUT ((1u << 17) | (1u << 21)) /* tertiary controls, TPR shadow */

/* Of the core that is being entered. */
typedef struct _ENTRY {
    FAKE_CORE *Core;
    UINT32 Pin, Primary, Secondary, Exit, Entry;
    UINT32 Info; /* of the event to be injected, 0 if there is none */
} ENTRY;

typedef const CHAR *(*CHECK)(const ENTRY *E);

#define GET(Field) FakeFieldGet(E->Core, (Field))
#define COMPLAIN_IF(Condition, Text)                                                                         \
    do {                                                                                                     \
        if (Condition)                                                                                       \
            return (Text);                                                                                   \
    } while (0)

static UINT64 Msr(const ENTRY *E, UINT32 Number)
{
    UINT64 Value = 0;

    FakeMsrRead(E->Core, Number, &Value);
    return Value;
}

static BOOLEAN Allowed(const ENTRY *E, UINT32 Value, UINT32 CapabilityMsr)
{
    UINT64 Capability = Msr(E, CapabilityMsr);

    return (Value & (UINT32)Capability) == (UINT32)Capability && (Value & ~(UINT32)(Capability >> 32)) == 0;
}

static BOOLEAN IsPage(UINT64 Physical)
{
    return !(Physical & PAGE_OFFSET) && FakeIsPhysical(Physical);
}

BOOLEAN FakeIsEptp(const FAKE_CORE *Core, UINT64 Eptp)
{
    UINT64 Capability = 0;

    FakeMsrRead(Core, IA32_VMX_EPT_VPID_CAP, &Capability);
    if ((Eptp & 7) == 6 ? !((Capability >> 14) & 1) : (Eptp & 7) == 0 ? !((Capability >> 8) & 1) : TRUE)
        return FALSE;
    if (((Eptp >> 3) & 7) != 3 || ((Eptp >> 7) & 0x1F) != 0 ||
        (((Eptp >> 6) & 1) && !((Capability >> 21) & 1)))
        return FALSE;
    return FakeIsPhysical(Eptp);
}

static ENTRY EntryOf(FAKE_CORE *Core)
{
    ENTRY E = {.Core = Core};

    E.Pin       = (UINT32)FakeFieldGet(Core, VMCS_PIN_BASED_CONTROLS);
    E.Primary   = (UINT32)FakeFieldGet(Core, VMCS_PRIMARY_PROCESSOR_CONTROLS);
    E.Secondary = E.Primary & PRIMARY_ACTIVATE_SECONDARY_CONTROLS
                      ? (UINT32)FakeFieldGet(Core, VMCS_SECONDARY_PROCESSOR_CONTROLS)
                      : 0;
    E.Exit      = (UINT32)FakeFieldGet(Core, VMCS_VMEXIT_CONTROLS);
    E.Entry     = (UINT32)FakeFieldGet(Core, VMCS_VMENTRY_CONTROLS);
    E.Info      = (UINT32)FakeFieldGet(Core, VMCS_VMENTRY_INTERRUPTION_INFO);
    if (!(E.Info & INTERRUPTION_INFO_VALID))
        E.Info = 0;
    return E;
}

static const CHAR *FirstComplaint(FAKE_CORE *Core, const CHECK *Checks, UINT32 Count)
{
    const ENTRY E         = EntryOf(Core);
    const CHAR *Complaint = NULL;

    while (Count-- > 0 && !Complaint)
        Complaint = (*Checks++)(&E);
    return Complaint;
}

/* --- 27.2.1.1: execution controls --- */

static const CHAR *CheckExecutionControls(const ENTRY *E)
{
    COMPLAIN_IF(!Allowed(E, E->Pin, IA32_VMX_TRUE_PINBASED_CTLS), "pin-based controls");
    COMPLAIN_IF(!Allowed(E, E->Primary, IA32_VMX_TRUE_PROCBASED_CTLS), "primary processor-based controls");
    COMPLAIN_IF(!Allowed(E, E->Secondary, IA32_VMX_PROCBASED_CTLS2), "secondary processor-based controls");
    COMPLAIN_IF((E->Pin & PIN_NOT_CARRIED_OUT) || (E->Primary & PRIMARY_NOT_CARRIED_OUT) ||
                    (E->Secondary & ~SECONDARY_CARRIED_OUT),
                "a control that the fake processor does not carry out");
    COMPLAIN_IF(GET(VMCS_CR3_TARGET_COUNT) > ((Msr(E, IA32_VMX_MISC) >> 16) & 0x1FF), "CR3-target count");
    COMPLAIN_IF((E->Primary & PRIMARY_USE_IO_BITMAPS) &&
                    (!IsPage(GET(VMCS_IO_BITMAP_A)) || !IsPage(GET(VMCS_IO_BITMAP_B))),
                "I/O bitmaps");
    COMPLAIN_IF((E->Primary & PRIMARY_USE_MSR_BITMAPS) && !IsPage(GET(VMCS_MSR_BITMAP)), "MSR bitmap");
    COMPLAIN_IF(!(E->Pin & PIN_BASED_NMI_EXITING) && (E->Pin & PIN_BASED_VIRTUAL_NMIS), "virtual NMIs");
    COMPLAIN_IF(!(E->Pin & PIN_BASED_VIRTUAL_NMIS) && (E->Primary & PRIMARY_NMI_WINDOW_EXITING),
                "NMI window");
    return NULL;
}

static const CHAR *CheckAddressSpaces(const ENTRY *E)
{
    COMPLAIN_IF((E->Secondary & SECONDARY_ENABLE_VPID) && GET(VMCS_VPID) == 0, "VPID 0");
    COMPLAIN_IF((E->Secondary & SECONDARY_ENABLE_EPT) && !FakeIsEptp(E->Core, GET(VMCS_EPT_POINTER)),
                "EPT pointer");
    COMPLAIN_IF((E->Secondary & SECONDARY_UNRESTRICTED_GUEST) && !(E->Secondary & SECONDARY_ENABLE_EPT),
                "unrestricted guest without EPT");
    return NULL;
}

/* --- 27.2.1.2: exit controls --- */

static const CHAR *CheckExitControls(const ENTRY *E)
{
    COMPLAIN_IF(!Allowed(E, E->Exit, IA32_VMX_TRUE_EXIT_CTLS), "exit controls");
    COMPLAIN_IF(GET(VMCS_VMEXIT_MSR_STORE_COUNT) != 0 || GET(VMCS_VMEXIT_MSR_LOAD_COUNT) != 0,
                "MSR areas of exits, which the fake processor does not carry out");
    return NULL;
}

/* --- 27.2.1.3: entry controls --- */

static BOOLEAN HasErrorCode(UINT32 Vector)
{
    return Vector == 8 || (Vector >= 10 && Vector <= 14) || Vector == 17;
}

static const CHAR *CheckInterruptionInfo(const ENTRY *E)
{
    UINT32 Vector = INTERRUPTION_INFO_VECTOR(E->Info), Type = INTERRUPTION_INFO_TYPE(E->Info);
    UINT64 Length     = GET(VMCS_VMENTRY_INSTRUCTION_LENGTH);
    BOOLEAN HasCode   = (E->Info & INTERRUPTION_INFO_ERROR_CODE_VALID) != 0;
    BOOLEAN WantsCode = Type == INTERRUPTION_TYPE_HARDWARE_EXCEPTION && HasErrorCode(Vector) &&
                        (GET(VMCS_GUEST_CR0) & CR0_PE);

    if (E->Info == 0)
        return NULL;
    COMPLAIN_IF(Type == 1 || Type == 7, "type of the injected event");
    COMPLAIN_IF(Type == INTERRUPTION_TYPE_NMI && Vector != 2, "vector of the injected NMI");
    COMPLAIN_IF(Type == INTERRUPTION_TYPE_HARDWARE_EXCEPTION && Vector > 31,
                "vector of the injected exception");
    COMPLAIN_IF(HasCode != WantsCode, "error code of the injected event");
    COMPLAIN_IF(E->Info & 0x7FFFF000u, "reserved bits of the injected event");
    COMPLAIN_IF(HasCode && GET(VMCS_VMENTRY_EXCEPTION_ERROR_CODE) >> 16 != 0, "error code above 15 bits");
    COMPLAIN_IF(Type >= INTERRUPTION_TYPE_SOFTWARE_INTERRUPT &&
                    (Length > 15 || (Length == 0 && !((Msr(E, IA32_VMX_MISC) >> 30) & 1))),
                "instruction length of the injected event");
    return NULL;
}

static const CHAR *CheckEntryControls(const ENTRY *E)
{
    COMPLAIN_IF(!Allowed(E, E->Entry, IA32_VMX_TRUE_ENTRY_CTLS), "entry controls");
    COMPLAIN_IF(GET(VMCS_VMENTRY_MSR_LOAD_COUNT) != 0,
                "the MSR area of entries, which the fake processor does not carry out");
    return CheckInterruptionInfo(E);
}

const CHAR *FakeCheckControls(FAKE_CORE *Core)
{
    static const CHECK Checks[] = {CheckExecutionControls, CheckAddressSpaces, CheckExitControls,
                                   CheckEntryControls};

    return FirstComplaint(Core, Checks, COUNT_OF(Checks));
}

/* --- 27.2.2 to 27.2.4: host state --- */

static BOOLEAN IsEfer(UINT64 Efer, BOOLEAN Is64)
{
    return !(Efer & ~EFER_KNOWN) && !!(Efer & EFER_LMA) == Is64 && !!(Efer & EFER_LME) == Is64;
}

static const CHAR *CheckHostRegisters(const ENTRY *E)
{
    BOOLEAN Is64 = (E->Exit & VMEXIT_HOST_ADDRESS_SPACE_SIZE) != 0;

    COMPLAIN_IF(!FakeCr0IsValid(E->Core, GET(VMCS_HOST_CR0)), "host CR0");
    COMPLAIN_IF(!FakeCr4IsValid(E->Core, GET(VMCS_HOST_CR4)), "host CR4");
    COMPLAIN_IF((GET(VMCS_HOST_CR4) & CR4_CET) && !(GET(VMCS_HOST_CR0) & CR0_WP), "host CR4.CET");
    COMPLAIN_IF(!FakeIsPhysical(GET(VMCS_HOST_CR3)), "host CR3");
    COMPLAIN_IF(!FakeIsCanonical(GET(VMCS_HOST_SYSENTER_ESP)) ||
                    !FakeIsCanonical(GET(VMCS_HOST_SYSENTER_EIP)),
                "host SYSENTER");
    COMPLAIN_IF((E->Exit & VMEXIT_LOAD_PAT) && !FakeIsPat(GET(VMCS_HOST_PAT)), "host PAT");
    COMPLAIN_IF((E->Exit & VMEXIT_LOAD_EFER) && !IsEfer(GET(VMCS_HOST_EFER), Is64), "host EFER");
    COMPLAIN_IF(!Is64, "a 32-bit host");
    COMPLAIN_IF(!(GET(VMCS_HOST_CR4) & CR4_PAE), "host CR4.PAE");
    COMPLAIN_IF(!FakeIsCanonical(GET(VMCS_HOST_RIP)), "host RIP");
    return NULL;
}

static const CHAR *CheckHostSegments(const ENTRY *E)
{
    static const UINT32 Bases[] = {VMCS_HOST_FS_BASE, VMCS_HOST_GS_BASE, VMCS_HOST_TR_BASE,
                                   VMCS_HOST_GDTR_BASE, VMCS_HOST_IDTR_BASE};
    UINT32 Index;

    for (Index = VMCS_HOST_ES_SELECTOR; Index <= VMCS_HOST_TR_SELECTOR; Index += 2)
        COMPLAIN_IF(GET(Index) & (SELECTOR_TI | SELECTOR_RPL), "host selector with RPL or TI");
    COMPLAIN_IF(GET(VMCS_HOST_CS_SELECTOR) == 0 || GET(VMCS_HOST_TR_SELECTOR) == 0, "host CS or TR is null");
    for (Index = 0; Index < COUNT_OF(Bases); Index++)
        COMPLAIN_IF(!FakeIsCanonical(GET(Bases[Index])), "host base");
    return NULL;
}

const CHAR *FakeCheckHost(FAKE_CORE *Core)
{
    static const CHECK Checks[] = {CheckHostRegisters, CheckHostSegments};

    return FirstComplaint(Core, Checks, COUNT_OF(Checks));
}

/* --- 27.3.1.1: guest control registers, debug registers, MSRs --- */

static const CHAR *CheckGuestControlRegisters(const ENTRY *E)
{
    UINT64 Cr0 = GET(VMCS_GUEST_CR0), Cr4 = GET(VMCS_GUEST_CR4);
    BOOLEAN Is64 = (E->Entry & VMENTRY_IA32E_MODE_GUEST) != 0;
    UINT64 Free  = E->Secondary & SECONDARY_UNRESTRICTED_GUEST ? CR0_PE | CR0_PG : 0;

    COMPLAIN_IF(((Cr0 | Free) & Msr(E, IA32_VMX_CR0_FIXED0)) != Msr(E, IA32_VMX_CR0_FIXED0) ||
                    (Cr0 & ~Msr(E, IA32_VMX_CR0_FIXED1)) != 0,
                "guest CR0");
    COMPLAIN_IF((Cr0 & CR0_PG) && !(Cr0 & CR0_PE), "guest CR0: paging without protection");
    COMPLAIN_IF(!FakeCr4IsValid(E->Core, Cr4), "guest CR4");
    COMPLAIN_IF((Cr4 & CR4_CET) && !(Cr0 & CR0_WP), "guest CR4.CET");
    COMPLAIN_IF(Is64 && (!(Cr0 & CR0_PG) || !(Cr4 & CR4_PAE)), "a 64-bit guest without PG or PAE");
    COMPLAIN_IF(!Is64 && (Cr4 & CR4_PCIDE), "PCIDE outside 64-bit mode");
    COMPLAIN_IF(!FakeCr3IsValid(GET(VMCS_GUEST_CR3)), "guest CR3");
    return NULL;
}

static const CHAR *CheckGuestMsrs(const ENTRY *E)
{
    UINT64 Efer  = GET(VMCS_GUEST_EFER);
    BOOLEAN Is64 = (E->Entry & VMENTRY_IA32E_MODE_GUEST) != 0;

    if (E->Entry & VMENTRY_LOAD_DEBUG_CONTROLS) {
        COMPLAIN_IF(GET(VMCS_GUEST_DEBUGCTL) & ~DEBUGCTL_KNOWN, "guest DEBUGCTL");
        COMPLAIN_IF(GET(VMCS_GUEST_DR7) >> 32 != 0, "guest DR7");
    }
    COMPLAIN_IF(!FakeIsCanonical(GET(VMCS_GUEST_SYSENTER_ESP)) ||
                    !FakeIsCanonical(GET(VMCS_GUEST_SYSENTER_EIP)),
                "guest SYSENTER");
    COMPLAIN_IF((E->Entry & VMENTRY_LOAD_PAT) && !FakeIsPat(GET(VMCS_GUEST_PAT)), "guest PAT");
    if (E->Entry & VMENTRY_LOAD_EFER) {
        COMPLAIN_IF((Efer & ~EFER_KNOWN) || !!(Efer & EFER_LMA) != Is64, "guest EFER");
        COMPLAIN_IF((GET(VMCS_GUEST_CR0) & CR0_PG) && !!(Efer & EFER_LME) != Is64, "guest EFER.LME");
    }
    return NULL;
}

/* --- 27.3.1.2 and 27.3.1.3: segments and tables --- */

#define RIGHTS(Segment)         ((UINT32)GET(VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * (Segment)))
#define LIMIT(Segment)          GET(VMCS_GUEST_ES_LIMIT + 2 * (Segment))
#define BASE(Segment)           GET(VMCS_GUEST_ES_BASE + 2 * (Segment))
#define SELECTOR(Segment)       GET(VMCS_GUEST_ES_SELECTOR + 2 * (Segment))
#define TYPE(Rights)            ((Rights)&0xF)
#define IS_CODE_OR_DATA(Rights) (((Rights) >> 4) & 1)
#define DPL(Rights)             (((Rights) >> 5) & 3)
#define IS_PRESENT(Rights)      (((Rights) >> 7) & 1)
#define IS_LONG(Rights)         (((Rights) >> 13) & 1)
#define IS_BIG(Rights)          (((Rights) >> 14) & 1)
#define IS_GRANULAR(Rights)     (((Rights) >> 15) & 1)
#define IS_UNUSABLE(Rights)     (((Rights) >> 16) & 1)
#define RIGHTS_RESERVED         0xFFFE0F00u

/* What all usable segments share. */
static const CHAR *CheckUsable(UINT32 Rights, UINT64 Limit, BOOLEAN IsCodeOrData)
{
    COMPLAIN_IF(IS_CODE_OR_DATA(Rights) != IsCodeOrData, "S bit of a segment");
    COMPLAIN_IF(!IS_PRESENT(Rights), "a segment that is not present");
    COMPLAIN_IF(Rights & RIGHTS_RESERVED, "reserved bits of a segment");
    COMPLAIN_IF((Limit & 0xFFF) != 0xFFF && IS_GRANULAR(Rights), "granularity of a segment");
    COMPLAIN_IF((Limit >> 20) != 0 && !IS_GRANULAR(Rights), "limit of a segment");
    return NULL;
}

static const CHAR *CheckCs(const ENTRY *E)
{
    UINT32 Rights = RIGHTS(VMCS_SEGMENT_CS), Type = TYPE(Rights), SsDpl = DPL(RIGHTS(VMCS_SEGMENT_SS));
    BOOLEAN IsUnrestricted = (E->Secondary & SECONDARY_UNRESTRICTED_GUEST) != 0;

    COMPLAIN_IF(IS_UNUSABLE(Rights), "CS is unusable");
    COMPLAIN_IF(BASE(VMCS_SEGMENT_CS) >> 32 != 0, "CS base");
    COMPLAIN_IF(!(Type == 9 || Type == 11 || Type == 13 || Type == 15 || (Type == 3 && IsUnrestricted)),
                "CS type");
    COMPLAIN_IF((Type == 9 || Type == 11) && DPL(Rights) != SsDpl, "DPL of CS and SS");
    COMPLAIN_IF((Type == 13 || Type == 15) && DPL(Rights) > SsDpl, "DPL of conforming CS");
    COMPLAIN_IF((E->Entry & VMENTRY_IA32E_MODE_GUEST) && IS_LONG(Rights) && IS_BIG(Rights), "CS is L and D");
    return CheckUsable(Rights, LIMIT(VMCS_SEGMENT_CS), TRUE);
}

static const CHAR *CheckData(const ENTRY *E)
{
    static const VMCS_SEGMENT Data[] = {VMCS_SEGMENT_SS, VMCS_SEGMENT_DS, VMCS_SEGMENT_ES, VMCS_SEGMENT_FS,
                                        VMCS_SEGMENT_GS};
    const CHAR *Complaint            = NULL;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Data) && !Complaint; Index++) {
        UINT32 Rights = RIGHTS(Data[Index]), Type = TYPE(Rights);

        if (IS_UNUSABLE(Rights))
            continue;
        COMPLAIN_IF(Data[Index] == VMCS_SEGMENT_SS && Type != 3 && Type != 7, "SS type");
        COMPLAIN_IF(!(Type & 1) || ((Type & 8) && !(Type & 2)), "data segment not accessed or not readable");
        COMPLAIN_IF(Data[Index] < VMCS_SEGMENT_FS && BASE(Data[Index]) >> 32 != 0, "base of a data segment");
        Complaint = CheckUsable(Rights, LIMIT(Data[Index]), TRUE);
    }
    COMPLAIN_IF(!FakeIsCanonical(BASE(VMCS_SEGMENT_FS)) || !FakeIsCanonical(BASE(VMCS_SEGMENT_GS)),
                "FS or GS base");
    return Complaint;
}

static const CHAR *CheckSystemSegments(const ENTRY *E)
{
    UINT32 Tr = RIGHTS(VMCS_SEGMENT_TR), Ldtr = RIGHTS(VMCS_SEGMENT_LDTR);

    COMPLAIN_IF(IS_UNUSABLE(Tr) || (SELECTOR(VMCS_SEGMENT_TR) & SELECTOR_TI), "TR");
    COMPLAIN_IF(TYPE(Tr) != 11 && !(TYPE(Tr) == 3 && !(E->Entry & VMENTRY_IA32E_MODE_GUEST)), "TR type");
    COMPLAIN_IF(!FakeIsCanonical(BASE(VMCS_SEGMENT_TR)), "TR base");
    COMPLAIN_IF(CheckUsable(Tr, LIMIT(VMCS_SEGMENT_TR), FALSE), "TR rights or limit");
    if (IS_UNUSABLE(Ldtr))
        return NULL;
    COMPLAIN_IF((SELECTOR(VMCS_SEGMENT_LDTR) & SELECTOR_TI) || TYPE(Ldtr) != 2, "LDTR");
    COMPLAIN_IF(!FakeIsCanonical(BASE(VMCS_SEGMENT_LDTR)), "LDTR base");
    return CheckUsable(Ldtr, LIMIT(VMCS_SEGMENT_LDTR), FALSE);
}

static const CHAR *CheckTables(const ENTRY *E)
{
    COMPLAIN_IF(!FakeIsCanonical(GET(VMCS_GUEST_GDTR_BASE)) || GET(VMCS_GUEST_GDTR_LIMIT) >> 16 != 0, "GDTR");
    COMPLAIN_IF(!FakeIsCanonical(GET(VMCS_GUEST_IDTR_BASE)) || GET(VMCS_GUEST_IDTR_LIMIT) >> 16 != 0, "IDTR");
    return NULL;
}

/* --- 27.3.1.4: RIP and RFLAGS --- */

static const CHAR *CheckRipAndRflags(const ENTRY *E)
{
    UINT64 Rip = GET(VMCS_GUEST_RIP), Rflags = GET(VMCS_GUEST_RFLAGS);
    BOOLEAN Is64 = (E->Entry & VMENTRY_IA32E_MODE_GUEST) && IS_LONG(RIGHTS(VMCS_SEGMENT_CS));
    UINT64 Top   = Rip >> 48; /* bits 63:48 are alike, bit 47 may differ */

    COMPLAIN_IF(!Is64 && Rip >> 32 != 0, "RIP above 4 GiB outside 64-bit mode");
    COMPLAIN_IF(Is64 && FakeIsCanonical(1ull << 47) == FALSE && Top != 0 && Top != 0xFFFF,
                "RIP is not canonical");
    COMPLAIN_IF((Rflags & RFLAGS_RESERVED) || !(Rflags & RFLAGS_FIXED_1), "reserved bits of RFLAGS");
    COMPLAIN_IF((Rflags & RFLAGS_VM) && (E->Entry & VMENTRY_IA32E_MODE_GUEST), "RFLAGS.VM");
    COMPLAIN_IF(E->Info && INTERRUPTION_INFO_TYPE(E->Info) == INTERRUPTION_TYPE_EXTERNAL_INTERRUPT &&
                    !(Rflags & RFLAGS_IF),
                "an external interrupt while RFLAGS.IF is 0");
    return NULL;
}

/* --- 27.3.1.5: the state that is no register --- */

static const CHAR *CheckInterruptibility(const ENTRY *E)
{
    UINT64 State   = GET(VMCS_GUEST_INTERRUPTIBILITY_STATE);
    UINT64 Shadows = State & (INTERRUPTIBILITY_BLOCKING_BY_STI | INTERRUPTIBILITY_BLOCKING_BY_MOV_SS);
    UINT32 Type    = INTERRUPTION_INFO_TYPE(E->Info);

    COMPLAIN_IF(State & ~0x1Full, "reserved bits of the interruptibility state");
    COMPLAIN_IF(Shadows == 3, "blocking by STI and by MOV SS");
    COMPLAIN_IF((State & INTERRUPTIBILITY_BLOCKING_BY_STI) && !(GET(VMCS_GUEST_RFLAGS) & RFLAGS_IF),
                "blocking by STI while RFLAGS.IF is 0");
    COMPLAIN_IF(E->Info && Type == INTERRUPTION_TYPE_EXTERNAL_INTERRUPT && Shadows,
                "an external interrupt in an interrupt shadow");
    COMPLAIN_IF(E->Info && Type == INTERRUPTION_TYPE_NMI && Shadows, "an NMI in an interrupt shadow");
    COMPLAIN_IF(E->Info && Type == INTERRUPTION_TYPE_NMI && (E->Pin & PIN_BASED_VIRTUAL_NMIS) &&
                    (State & INTERRUPTIBILITY_BLOCKING_BY_NMI),
                "an NMI while NMIs are blocked");
    return NULL;
}

static const CHAR *CheckPendingDebug(const ENTRY *E)
{
    UINT64 Pending = GET(VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS);
    UINT64 Shadows = GET(VMCS_GUEST_INTERRUPTIBILITY_STATE) & 3;
    BOOLEAN Steps  = (GET(VMCS_GUEST_RFLAGS) & RFLAGS_TF) && !(GET(VMCS_GUEST_DEBUGCTL) & DEBUGCTL_BTF);

    COMPLAIN_IF(Pending & ~0x1500Full, "reserved bits of the pending debug exceptions");
    COMPLAIN_IF(Shadows && !!(Pending & PENDING_DEBUG_BS) != Steps, "BS in an interrupt shadow");
    return NULL;
}

static const CHAR *CheckActivity(const ENTRY *E)
{
    UINT64 Activity = GET(VMCS_GUEST_ACTIVITY_STATE);

    COMPLAIN_IF(Activity > 3 || (Activity != 0 && !((Msr(E, IA32_VMX_MISC) >> (5 + Activity)) & 1)),
                "activity state");
    COMPLAIN_IF(Activity == 1 && DPL(RIGHTS(VMCS_SEGMENT_SS)) != 0, "HLT outside CPL 0");
    COMPLAIN_IF(Activity != 0 && (GET(VMCS_GUEST_INTERRUPTIBILITY_STATE) & 3),
                "inactive in an interrupt shadow");
    COMPLAIN_IF(Activity == 3 && E->Info, "an event for a core that waits for SIPI");
    COMPLAIN_IF(GET(VMCS_GUEST_LINK_POINTER) != ~0ull, "VMCS link pointer");
    return NULL;
}

const CHAR *FakeCheckGuest(FAKE_CORE *Core)
{
    static const CHECK Checks[] = {
        CheckGuestControlRegisters, CheckGuestMsrs, CheckCs,           CheckData,
        CheckSystemSegments,        CheckTables,    CheckRipAndRflags, CheckInterruptibility,
        CheckPendingDebug,          CheckActivity,
    };

    return FirstComplaint(Core, Checks, COUNT_OF(Checks));
}
