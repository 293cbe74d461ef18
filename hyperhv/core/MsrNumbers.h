/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MsrNumbers.h - the MSRs that the VMM names. SDM Vol. 4, chapter 2.
 */
#ifndef HYPERHV_CORE_MSR_NUMBERS_H
#define HYPERHV_CORE_MSR_NUMBERS_H

#define IA32_APIC_BASE               0x1Bu
#define IA32_FEATURE_CONTROL         0x3Au
#define IA32_SPEC_CTRL               0x48u
#define IA32_PRED_CMD                0x49u
#define IA32_MPERF                   0xE7u
#define IA32_APERF                   0xE8u
#define IA32_MTRRCAP                 0xFEu
#define IA32_SYSENTER_CS             0x174u
#define IA32_SYSENTER_ESP            0x175u
#define IA32_SYSENTER_EIP            0x176u
#define IA32_DEBUGCTL                0x1D9u
#define IA32_MTRR_PHYSBASE0          0x200u /* + 2 * n; the mask follows each base */
#define IA32_MTRR_FIX64K_00000       0x250u
#define IA32_MTRR_FIX16K_80000       0x258u
#define IA32_MTRR_FIX16K_A0000       0x259u
#define IA32_MTRR_FIX4K_C0000        0x268u /* ... 26F */
#define IA32_PAT                     0x277u
#define IA32_MTRR_DEF_TYPE           0x2FFu
#define IA32_VMX_BASIC               0x480u
#define IA32_VMX_CR0_FIXED0          0x486u
#define IA32_VMX_CR0_FIXED1          0x487u
#define IA32_VMX_CR4_FIXED0          0x488u
#define IA32_VMX_CR4_FIXED1          0x489u
#define IA32_VMX_PROCBASED_CTLS      0x482u
#define IA32_VMX_PROCBASED_CTLS2     0x48Bu
#define IA32_VMX_EPT_VPID_CAP        0x48Cu
#define IA32_VMX_TRUE_PINBASED_CTLS  0x48Du
#define IA32_VMX_TRUE_PROCBASED_CTLS 0x48Eu
#define IA32_VMX_TRUE_EXIT_CTLS      0x48Fu
#define IA32_VMX_TRUE_ENTRY_CTLS     0x490u
#define IA32_X2APIC_ICR              0x830u
#define IA32_EFER                    0xC0000080u
#define IA32_STAR                    0xC0000081u
#define IA32_LSTAR                   0xC0000082u
#define IA32_FMASK                   0xC0000084u
#define IA32_FS_BASE                 0xC0000100u
#define IA32_GS_BASE                 0xC0000101u
#define IA32_KERNEL_GS_BASE          0xC0000102u
#define IA32_TSC_AUX                 0xC0000103u

#endif
