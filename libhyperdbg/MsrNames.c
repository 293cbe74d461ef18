/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * MsrNames.c - well-known model-specific registers by name.
 *
 * Context: user space. SDM Vol. 4, 2.1 (architectural MSRs).
 */
#include "libhyperdbg/MsrNames.h"

#include <string.h>
#include <strings.h>

#define MSR_PREFIX "IA32_"

/* Sorted by number: MsrName searches by halves. */
const MSR_NAME g_MsrNames[] = {
    {0x10, "IA32_TIME_STAMP_COUNTER"},
    {0x17, "IA32_PLATFORM_ID"},
    {0x1B, "IA32_APIC_BASE"},
    {0x3A, "IA32_FEATURE_CONTROL"},
    {0x3B, "IA32_TSC_ADJUST"},
    {0x48, "IA32_SPEC_CTRL"},
    {0x49, "IA32_PRED_CMD"},
    {0x79, "IA32_BIOS_UPDT_TRIG"},
    {0x8B, "IA32_BIOS_SIGN_ID"},
    {0x9B, "IA32_SMM_MONITOR_CTL"},
    {0xC1, "IA32_PMC0"},
    {0xC2, "IA32_PMC1"},
    {0xC3, "IA32_PMC2"},
    {0xC4, "IA32_PMC3"},
    {0xE1, "IA32_UMWAIT_CONTROL"},
    {0xE7, "IA32_MPERF"},
    {0xE8, "IA32_APERF"},
    {0xFE, "IA32_MTRRCAP"},
    {0x10A, "IA32_ARCH_CAPABILITIES"},
    {0x10B, "IA32_FLUSH_CMD"},
    {0x122, "IA32_TSX_CTRL"},
    {0x174, "IA32_SYSENTER_CS"},
    {0x175, "IA32_SYSENTER_ESP"},
    {0x176, "IA32_SYSENTER_EIP"},
    {0x179, "IA32_MCG_CAP"},
    {0x17A, "IA32_MCG_STATUS"},
    {0x17B, "IA32_MCG_CTL"},
    {0x186, "IA32_PERFEVTSEL0"},
    {0x187, "IA32_PERFEVTSEL1"},
    {0x188, "IA32_PERFEVTSEL2"},
    {0x189, "IA32_PERFEVTSEL3"},
    {0x198, "IA32_PERF_STATUS"},
    {0x199, "IA32_PERF_CTL"},
    {0x19A, "IA32_CLOCK_MODULATION"},
    {0x19B, "IA32_THERM_INTERRUPT"},
    {0x19C, "IA32_THERM_STATUS"},
    {0x1A0, "IA32_MISC_ENABLE"},
    {0x1B0, "IA32_ENERGY_PERF_BIAS"},
    {0x1B1, "IA32_PACKAGE_THERM_STATUS"},
    {0x1B2, "IA32_PACKAGE_THERM_INTERRUPT"},
    {0x1C4, "IA32_XFD"},
    {0x1C5, "IA32_XFD_ERR"},
    {0x1D9, "IA32_DEBUGCTL"},
    {0x1F2, "IA32_SMRR_PHYSBASE"},
    {0x1F3, "IA32_SMRR_PHYSMASK"},
    {0x200, "IA32_MTRR_PHYSBASE0"},
    {0x201, "IA32_MTRR_PHYSMASK0"},
    {0x250, "IA32_MTRR_FIX64K_00000"},
    {0x277, "IA32_PAT"},
    {0x2FF, "IA32_MTRR_DEF_TYPE"},
    {0x309, "IA32_FIXED_CTR0"},
    {0x30A, "IA32_FIXED_CTR1"},
    {0x30B, "IA32_FIXED_CTR2"},
    {0x345, "IA32_PERF_CAPABILITIES"},
    {0x38D, "IA32_FIXED_CTR_CTRL"},
    {0x38E, "IA32_PERF_GLOBAL_STATUS"},
    {0x38F, "IA32_PERF_GLOBAL_CTRL"},
    {0x390, "IA32_PERF_GLOBAL_OVF_CTRL"},
    {0x3F1, "IA32_PEBS_ENABLE"},
    {0x480, "IA32_VMX_BASIC"},
    {0x481, "IA32_VMX_PINBASED_CTLS"},
    {0x482, "IA32_VMX_PROCBASED_CTLS"},
    {0x483, "IA32_VMX_EXIT_CTLS"},
    {0x484, "IA32_VMX_ENTRY_CTLS"},
    {0x485, "IA32_VMX_MISC"},
    {0x486, "IA32_VMX_CR0_FIXED0"},
    {0x487, "IA32_VMX_CR0_FIXED1"},
    {0x488, "IA32_VMX_CR4_FIXED0"},
    {0x489, "IA32_VMX_CR4_FIXED1"},
    {0x48A, "IA32_VMX_VMCS_ENUM"},
    {0x48B, "IA32_VMX_PROCBASED_CTLS2"},
    {0x48C, "IA32_VMX_EPT_VPID_CAP"},
    {0x48D, "IA32_VMX_TRUE_PINBASED_CTLS"},
    {0x48E, "IA32_VMX_TRUE_PROCBASED_CTLS"},
    {0x48F, "IA32_VMX_TRUE_EXIT_CTLS"},
    {0x490, "IA32_VMX_TRUE_ENTRY_CTLS"},
    {0x491, "IA32_VMX_VMFUNC"},
    {0x570, "IA32_RTIT_CTL"},
    {0x600, "IA32_DS_AREA"},
    {0x6A0, "IA32_U_CET"},
    {0x6A2, "IA32_S_CET"},
    {0x6A4, "IA32_PL0_SSP"},
    {0x6A7, "IA32_PL3_SSP"},
    {0x6A8, "IA32_INTERRUPT_SSP_TABLE_ADDR"},
    {0x6E0, "IA32_TSC_DEADLINE"},
    {0x770, "IA32_PM_ENABLE"},
    {0x774, "IA32_HWP_REQUEST"},
    {0x802, "IA32_X2APIC_APICID"},
    {0x808, "IA32_X2APIC_TPR"},
    {0x80B, "IA32_X2APIC_EOI"},
    {0x830, "IA32_X2APIC_ICR"},
    {0x832, "IA32_X2APIC_LVT_TIMER"},
    {0x838, "IA32_X2APIC_INIT_COUNT"},
    {0x839, "IA32_X2APIC_CUR_COUNT"},
    {0x83F, "IA32_X2APIC_SELF_IPI"},
    {0xC80, "IA32_DEBUG_INTERFACE"},
    {0xDA0, "IA32_XSS"},
    {0xC0000080, "IA32_EFER"},
    {0xC0000081, "IA32_STAR"},
    {0xC0000082, "IA32_LSTAR"},
    {0xC0000083, "IA32_CSTAR"},
    {0xC0000084, "IA32_FMASK"},
    {0xC0000100, "IA32_FS_BASE"},
    {0xC0000101, "IA32_GS_BASE"},
    {0xC0000102, "IA32_KERNEL_GS_BASE"},
    {0xC0000103, "IA32_TSC_AUX"},
};
const UINT32 g_MsrNameCount = COUNT_OF(g_MsrNames);

const CHAR *MsrName(UINT64 Number)
{
    UINT32 Low = 0, High = g_MsrNameCount;

    while (Low < High) {
        UINT32 Middle = (Low + High) / 2;

        if (g_MsrNames[Middle].Number == Number)
            return g_MsrNames[Middle].Name;
        if (g_MsrNames[Middle].Number < Number)
            Low = Middle + 1;
        else
            High = Middle;
    }
    return NULL;
}

BOOLEAN MsrFind(const CHAR *Name, UINT64 *Number)
{
    SIZE_T Prefix = strlen(MSR_PREFIX);

    if (strncasecmp(Name, MSR_PREFIX, Prefix) == 0)
        Name += Prefix;
    for (UINT32 i = 0; i < g_MsrNameCount; i++) {
        if (strcasecmp(g_MsrNames[i].Name + Prefix, Name) == 0) {
            *Number = g_MsrNames[i].Number;
            return TRUE;
        }
    }
    return FALSE;
}

VOID MsrOfferNames(NEAREST *Nearest)
{
    SIZE_T Prefix = strlen(MSR_PREFIX);
    SIZE_T Skip   = strncasecmp(Nearest->Typed, MSR_PREFIX, Prefix) == 0 ? 0 : Prefix;

    for (UINT32 i = 0; i < g_MsrNameCount; i++)
        NearestOffer(Nearest, g_MsrNames[i].Name + Skip);
}
