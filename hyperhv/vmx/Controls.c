// SPDX-License-Identifier: GPL-2.0-only
/*
 * Controls.c - which controls we use, and changing them.
 *
 * Context: process for choosing, VMX root mode for changing. SDM Vol. 3, A.3-A.5 (the low half of a
 * capability MSR has the bits that must be 1, the high half those that may be), A.10 (EPT and VPID).
 */
#include "hyperhv/vmx/Controls.h"

#include "platform/CpuInstructions.h"
#include "hyperhv/core/MsrNumbers.h"
#include "hyperhv/interface/Log.h"
#include "hyperhv/vmx/Vmcs.h"

/* A bit that we want, and what it is called when it is missing. */
typedef struct _WANTED_CONTROL {
    UINT32 Bit;
    const CHAR *Name;   /* NULL: only used where there is one */
    BOOLEAN IsForLater; /* not set at the launch, but while the guest runs */
} WANTED_CONTROL;

/* One control word: where its capabilities stand and what we want in it. */
typedef struct _WANTED_CONTROLS {
    UINT32 CapabilityMsr;
    const WANTED_CONTROL *Wanted;
    UINT32 Count;
} WANTED_CONTROLS;

static const WANTED_CONTROL WantedPinBased[] = {
    {PIN_BASED_NMI_EXITING, "NMI exiting", FALSE},
    {PIN_BASED_VIRTUAL_NMIS, "virtual NMIs", FALSE},
};

static const WANTED_CONTROL WantedPrimary[] = {
    {PRIMARY_USE_MSR_BITMAPS, "MSR bitmaps", FALSE},
    {PRIMARY_USE_IO_BITMAPS, "I/O bitmaps", FALSE},
    {PRIMARY_RDTSC_EXITING, "RDTSC exiting", TRUE},
    {PRIMARY_RDPMC_EXITING, "RDPMC exiting", TRUE},
    {PRIMARY_MOV_DR_EXITING, "MOV-DR exiting", TRUE},
    {PRIMARY_CR3_LOAD_EXITING, "CR3-load exiting", TRUE},
    {PRIMARY_CR3_STORE_EXITING, "CR3-store exiting", TRUE},
    {PRIMARY_CR8_LOAD_EXITING, "CR8-load exiting", TRUE},
    {PRIMARY_CR8_STORE_EXITING, "CR8-store exiting", TRUE},
    {PRIMARY_MONITOR_TRAP_FLAG, NULL, TRUE},
    {PRIMARY_ACTIVATE_SECONDARY_CONTROLS, "secondary controls", FALSE},
};

/* Where the processor has the instructions RDTSCP, INVPCID, XSAVES and TPAUSE, they would be #UD without
 * their bits. */
static const WANTED_CONTROL WantedSecondary[] = {
    {SECONDARY_ENABLE_EPT, "EPT", FALSE},
    {SECONDARY_ENABLE_VPID, "VPID", FALSE},
    {SECONDARY_UNRESTRICTED_GUEST, "unrestricted guest", FALSE},
    {SECONDARY_ENABLE_RDTSCP, NULL, FALSE},
    {SECONDARY_ENABLE_INVPCID, NULL, FALSE},
    {SECONDARY_ENABLE_XSAVES, NULL, FALSE},
    {SECONDARY_ENABLE_USER_WAIT_PAUSE, NULL, FALSE},
    {SECONDARY_CONCEAL_VMX_FROM_PT, NULL, FALSE},
};

static const WANTED_CONTROL WantedExit[] = {
    {VMEXIT_HOST_ADDRESS_SPACE_SIZE, "64-bit host", FALSE},
    {VMEXIT_SAVE_DEBUG_CONTROLS, "saving the debug controls", FALSE},
    {VMEXIT_SAVE_EFER, "saving IA32_EFER", FALSE},
    {VMEXIT_LOAD_EFER, "loading IA32_EFER", FALSE},
    {VMEXIT_SAVE_PAT, "saving IA32_PAT", FALSE},
    {VMEXIT_LOAD_PAT, "loading IA32_PAT", FALSE},
    {VMEXIT_CONCEAL_VMX_FROM_PT, NULL, FALSE},
};

static const WANTED_CONTROL WantedEntry[] = {
    {VMENTRY_IA32E_MODE_GUEST, "64-bit guest", FALSE},
    {VMENTRY_LOAD_DEBUG_CONTROLS, "loading the debug controls", FALSE},
    {VMENTRY_LOAD_EFER, "loading IA32_EFER", FALSE},
    {VMENTRY_LOAD_PAT, "loading IA32_PAT", FALSE},
    {VMENTRY_CONCEAL_VMX_FROM_PT, NULL, FALSE},
};

/* IA32_VMX_EPT_VPID_CAP: a capability that is no control. */
static const struct {
    UINT64 Bit;
    const CHAR *Name;
} WantedEptVpid[] = {
    {1ull << 0, "execute-only EPT pages"},
    {1ull << 6, "EPT with four levels"},
    {1ull << 14, "write-back EPT structures"},
    {1ull << 16, "2 MiB EPT pages"},
    {1ull << 17, "1 GiB EPT pages"},
    {1ull << 20, "INVEPT"},
    {1ull << 25, "INVEPT of one context"},
    {1ull << 26, "INVEPT of all contexts"},
    {1ull << 32, "INVVPID"},
    {1ull << 41, "INVVPID of one context"},
    {1ull << 42, "INVVPID of all contexts"},
};

#define BASIC_TRUE_CONTROLS (1ull << 55)

VMX_CONTROLS g_VmxControls;

static BOOLEAN ChooseWord(const WANTED_CONTROLS *Word, UINT32 *Chosen)
{
    UINT64 Capability = CpuReadMsr(Word->CapabilityMsr);
    UINT32 MustBeOne  = (UINT32)Capability;
    UINT32 MayBeOne   = (UINT32)(Capability >> 32);
    UINT32 Index;

    *Chosen = MustBeOne;
    for (Index = 0; Index < Word->Count; Index++) {
        const WANTED_CONTROL *Wanted = &Word->Wanted[Index];

        if (MayBeOne & Wanted->Bit) {
            *Chosen |= Wanted->IsForLater ? 0 : Wanted->Bit;
        } else if (Wanted->Name != NULL) {
            LogError("this processor's VT-x lacks %s", Wanted->Name);
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN CheckEptVpid(VOID)
{
    UINT64 Capability = CpuReadMsr(IA32_VMX_EPT_VPID_CAP);
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(WantedEptVpid); Index++) {
        if (!(Capability & WantedEptVpid[Index].Bit)) {
            LogError("this processor's VT-x lacks %s", WantedEptVpid[Index].Name);
            return FALSE;
        }
    }
    return TRUE;
}

#define WANTED(Msr, Table) (&(const WANTED_CONTROLS){(Msr), (Table), COUNT_OF(Table)})

BOOLEAN VmxControlsChoose(VOID)
{
    if (!(CpuReadMsr(IA32_VMX_BASIC) & BASIC_TRUE_CONTROLS)) {
        LogError("this processor's VT-x lacks the TRUE capability MSRs");
        return FALSE;
    }
    g_VmxControls.HasMonitorTrapFlag =
        ((CpuReadMsr(IA32_VMX_TRUE_PROCBASED_CTLS) >> 32) & PRIMARY_MONITOR_TRAP_FLAG) != 0;
    return ChooseWord(WANTED(IA32_VMX_TRUE_PINBASED_CTLS, WantedPinBased), &g_VmxControls.PinBased) &&
           ChooseWord(WANTED(IA32_VMX_TRUE_PROCBASED_CTLS, WantedPrimary), &g_VmxControls.Primary) &&
           ChooseWord(WANTED(IA32_VMX_PROCBASED_CTLS2, WantedSecondary), &g_VmxControls.Secondary) &&
           ChooseWord(WANTED(IA32_VMX_TRUE_EXIT_CTLS, WantedExit), &g_VmxControls.Exit) &&
           ChooseWord(WANTED(IA32_VMX_TRUE_ENTRY_CTLS, WantedEntry), &g_VmxControls.Entry) && CheckEptVpid();
}

/* Without the flag, an NMI's window: it opens at the next instruction unless the guest blocks NMIs. */
UINT32 VmxExitSoonControl(VOID)
{
    return g_VmxControls.HasMonitorTrapFlag ? PRIMARY_MONITOR_TRAP_FLAG : PRIMARY_NMI_WINDOW_EXITING;
}

static UINT32 AskedForByNmis(const VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Bits = 0;

    if (__atomic_load_n(&VCpu->PendingNmis, __ATOMIC_SEQ_CST) != 0)
        Bits |= PRIMARY_NMI_WINDOW_EXITING;
    if (__atomic_load_n(&VCpu->NmiWantsExit, __ATOMIC_SEQ_CST))
        Bits |= VmxExitSoonControl();
    return Bits;
}

/* NMIs only ever ask for more: two bits, so two rounds beyond the first at most. */
VOID VmxKeepWhatNmisAskFor(const VIRTUAL_MACHINE_STATE *VCpu)
{
    UINT32 Bits;

    do {
        Bits = AskedForByNmis(VCpu);
        VmcsWrite32(VMCS_PRIMARY_PROCESSOR_CONTROLS, VmcsRead32(VMCS_PRIMARY_PROCESSOR_CONTROLS) | Bits);
    } while (AskedForByNmis(VCpu) != Bits);
}
