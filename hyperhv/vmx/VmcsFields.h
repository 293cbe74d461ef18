/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VmcsFields.h - encodings of the VMCS fields and the bits of its controls.
 *
 * Context: any. SDM Vol. 3, Appendix B (encodings: bits 14:13 are the width, 11:10 the type) and chapter 25
 * (bits).
 */
#ifndef HYPERHV_VMX_VMCS_FIELDS_H
#define HYPERHV_VMX_VMCS_FIELDS_H

#include "SDK/BasicTypes.h"

#define VMCS_WIDTH(Field)  (((UINT32)(Field) >> 13) & 3)
#define VMCS_WIDTH_16      0
#define VMCS_WIDTH_64      1
#define VMCS_WIDTH_32      2
#define VMCS_WIDTH_NATURAL 3

/* --- B.1: 16-bit --- */
#define VMCS_VPID                0x0000
#define VMCS_GUEST_ES_SELECTOR   0x0800 /* + 2 * segment: ES CS SS DS FS GS LDTR TR */
#define VMCS_GUEST_CS_SELECTOR   0x0802
#define VMCS_GUEST_SS_SELECTOR   0x0804
#define VMCS_GUEST_DS_SELECTOR   0x0806
#define VMCS_GUEST_FS_SELECTOR   0x0808
#define VMCS_GUEST_GS_SELECTOR   0x080A
#define VMCS_GUEST_LDTR_SELECTOR 0x080C
#define VMCS_GUEST_TR_SELECTOR   0x080E
#define VMCS_HOST_ES_SELECTOR    0x0C00
#define VMCS_HOST_CS_SELECTOR    0x0C02
#define VMCS_HOST_SS_SELECTOR    0x0C04
#define VMCS_HOST_DS_SELECTOR    0x0C06
#define VMCS_HOST_FS_SELECTOR    0x0C08
#define VMCS_HOST_GS_SELECTOR    0x0C0A
#define VMCS_HOST_TR_SELECTOR    0x0C0C

/* --- B.2: 64-bit --- */
#define VMCS_IO_BITMAP_A            0x2000
#define VMCS_IO_BITMAP_B            0x2002
#define VMCS_MSR_BITMAP             0x2004
#define VMCS_TSC_OFFSET             0x2010
#define VMCS_VMFUNC_CONTROLS        0x2018
#define VMCS_EPT_POINTER            0x201A
#define VMCS_XSS_EXITING_BITMAP     0x202C
#define VMCS_GUEST_PHYSICAL_ADDRESS 0x2400
#define VMCS_GUEST_LINK_POINTER     0x2800
#define VMCS_GUEST_DEBUGCTL         0x2802
#define VMCS_GUEST_PAT              0x2804
#define VMCS_GUEST_EFER             0x2806
#define VMCS_GUEST_PERF_GLOBAL_CTRL 0x2808
#define VMCS_HOST_PAT               0x2C00
#define VMCS_HOST_EFER              0x2C02

/* --- B.3: 32-bit --- */
#define VMCS_PIN_BASED_CONTROLS             0x4000
#define VMCS_PRIMARY_PROCESSOR_CONTROLS     0x4002
#define VMCS_EXCEPTION_BITMAP               0x4004
#define VMCS_PAGE_FAULT_ERROR_CODE_MASK     0x4006
#define VMCS_PAGE_FAULT_ERROR_CODE_MATCH    0x4008
#define VMCS_CR3_TARGET_COUNT               0x400A
#define VMCS_VMEXIT_CONTROLS                0x400C
#define VMCS_VMEXIT_MSR_STORE_COUNT         0x400E
#define VMCS_VMEXIT_MSR_LOAD_COUNT          0x4010
#define VMCS_VMENTRY_CONTROLS               0x4012
#define VMCS_VMENTRY_MSR_LOAD_COUNT         0x4014
#define VMCS_VMENTRY_INTERRUPTION_INFO      0x4016
#define VMCS_VMENTRY_EXCEPTION_ERROR_CODE   0x4018
#define VMCS_VMENTRY_INSTRUCTION_LENGTH     0x401A
#define VMCS_SECONDARY_PROCESSOR_CONTROLS   0x401E
#define VMCS_VM_INSTRUCTION_ERROR           0x4400
#define VMCS_EXIT_REASON                    0x4402
#define VMCS_VMEXIT_INTERRUPTION_INFO       0x4404
#define VMCS_VMEXIT_INTERRUPTION_ERROR_CODE 0x4406
#define VMCS_IDT_VECTORING_INFO             0x4408
#define VMCS_IDT_VECTORING_ERROR_CODE       0x440A
#define VMCS_VMEXIT_INSTRUCTION_LENGTH      0x440C
#define VMCS_VMEXIT_INSTRUCTION_INFO        0x440E
#define VMCS_GUEST_ES_LIMIT                 0x4800 /* + 2 * segment */
#define VMCS_GUEST_LDTR_LIMIT               0x480C
#define VMCS_GUEST_TR_LIMIT                 0x480E
#define VMCS_GUEST_GDTR_LIMIT               0x4810
#define VMCS_GUEST_IDTR_LIMIT               0x4812
#define VMCS_GUEST_ES_ACCESS_RIGHTS         0x4814 /* + 2 * segment */
#define VMCS_GUEST_CS_ACCESS_RIGHTS         0x4816
#define VMCS_GUEST_SS_ACCESS_RIGHTS         0x4818
#define VMCS_GUEST_LDTR_ACCESS_RIGHTS       0x4820
#define VMCS_GUEST_TR_ACCESS_RIGHTS         0x4822
#define VMCS_GUEST_INTERRUPTIBILITY_STATE   0x4824
#define VMCS_GUEST_ACTIVITY_STATE           0x4826
#define VMCS_GUEST_SYSENTER_CS              0x482A
#define VMCS_HOST_SYSENTER_CS               0x4C00

/* --- B.4: natural width --- */
#define VMCS_CR0_GUEST_HOST_MASK            0x6000
#define VMCS_CR4_GUEST_HOST_MASK            0x6002
#define VMCS_CR0_READ_SHADOW                0x6004
#define VMCS_CR4_READ_SHADOW                0x6006
#define VMCS_EXIT_QUALIFICATION             0x6400
#define VMCS_GUEST_LINEAR_ADDRESS           0x640A
#define VMCS_GUEST_CR0                      0x6800
#define VMCS_GUEST_CR3                      0x6802
#define VMCS_GUEST_CR4                      0x6804
#define VMCS_GUEST_ES_BASE                  0x6806 /* + 2 * segment */
#define VMCS_GUEST_CS_BASE                  0x6808
#define VMCS_GUEST_FS_BASE                  0x680E
#define VMCS_GUEST_GS_BASE                  0x6810
#define VMCS_GUEST_LDTR_BASE                0x6812
#define VMCS_GUEST_TR_BASE                  0x6814
#define VMCS_GUEST_GDTR_BASE                0x6816
#define VMCS_GUEST_IDTR_BASE                0x6818
#define VMCS_GUEST_DR7                      0x681A
#define VMCS_GUEST_RSP                      0x681C
#define VMCS_GUEST_RIP                      0x681E
#define VMCS_GUEST_RFLAGS                   0x6820
#define VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS 0x6822
#define VMCS_GUEST_SYSENTER_ESP             0x6824
#define VMCS_GUEST_SYSENTER_EIP             0x6826
#define VMCS_HOST_CR0                       0x6C00
#define VMCS_HOST_CR3                       0x6C02
#define VMCS_HOST_CR4                       0x6C04
#define VMCS_HOST_FS_BASE                   0x6C06
#define VMCS_HOST_GS_BASE                   0x6C08
#define VMCS_HOST_TR_BASE                   0x6C0A
#define VMCS_HOST_GDTR_BASE                 0x6C0C
#define VMCS_HOST_IDTR_BASE                 0x6C0E
#define VMCS_HOST_SYSENTER_ESP              0x6C10
#define VMCS_HOST_SYSENTER_EIP              0x6C12
#define VMCS_HOST_RSP                       0x6C14
#define VMCS_HOST_RIP                       0x6C16

/* The segments in the order of their fields. */
typedef enum _VMCS_SEGMENT {
    VMCS_SEGMENT_ES,
    VMCS_SEGMENT_CS,
    VMCS_SEGMENT_SS,
    VMCS_SEGMENT_DS,
    VMCS_SEGMENT_FS,
    VMCS_SEGMENT_GS,
    VMCS_SEGMENT_LDTR,
    VMCS_SEGMENT_TR,
    VMCS_SEGMENT_COUNT
} VMCS_SEGMENT;

/* --- 25.6.1: pin-based --- */
#define PIN_BASED_EXTERNAL_INTERRUPT_EXITING (1u << 0)
#define PIN_BASED_NMI_EXITING                (1u << 3)
#define PIN_BASED_VIRTUAL_NMIS               (1u << 5)

/* --- 25.6.2: processor-based --- */
#define PRIMARY_INTERRUPT_WINDOW_EXITING    (1u << 2)
#define PRIMARY_HLT_EXITING                 (1u << 7)
#define PRIMARY_RDPMC_EXITING               (1u << 11)
#define PRIMARY_RDTSC_EXITING               (1u << 12)
#define PRIMARY_CR3_LOAD_EXITING            (1u << 15)
#define PRIMARY_CR3_STORE_EXITING           (1u << 16)
#define PRIMARY_CR8_LOAD_EXITING            (1u << 19)
#define PRIMARY_CR8_STORE_EXITING           (1u << 20)
#define PRIMARY_NMI_WINDOW_EXITING          (1u << 22)
#define PRIMARY_MOV_DR_EXITING              (1u << 23)
#define PRIMARY_UNCONDITIONAL_IO_EXITING    (1u << 24)
#define PRIMARY_USE_IO_BITMAPS              (1u << 25)
#define PRIMARY_MONITOR_TRAP_FLAG           (1u << 27)
#define PRIMARY_USE_MSR_BITMAPS             (1u << 28)
#define PRIMARY_ACTIVATE_SECONDARY_CONTROLS (1u << 31)

#define SECONDARY_ENABLE_EPT             (1u << 1)
#define SECONDARY_ENABLE_RDTSCP          (1u << 3)
#define SECONDARY_ENABLE_VPID            (1u << 5)
#define SECONDARY_UNRESTRICTED_GUEST     (1u << 7)
#define SECONDARY_ENABLE_INVPCID         (1u << 12)
#define SECONDARY_CONCEAL_VMX_FROM_PT    (1u << 19)
#define SECONDARY_ENABLE_XSAVES          (1u << 20)
#define SECONDARY_MODE_BASED_EXECUTE     (1u << 22)
#define SECONDARY_ENABLE_USER_WAIT_PAUSE (1u << 26)

/* --- 25.7.1 and 25.8.1: exit and entry --- */
#define VMEXIT_SAVE_DEBUG_CONTROLS     (1u << 2)
#define VMEXIT_HOST_ADDRESS_SPACE_SIZE (1u << 9)
#define VMEXIT_ACKNOWLEDGE_INTERRUPT   (1u << 15)
#define VMEXIT_SAVE_PAT                (1u << 18)
#define VMEXIT_LOAD_PAT                (1u << 19)
#define VMEXIT_SAVE_EFER               (1u << 20)
#define VMEXIT_LOAD_EFER               (1u << 21)
#define VMEXIT_CONCEAL_VMX_FROM_PT     (1u << 24)

#define VMENTRY_LOAD_DEBUG_CONTROLS (1u << 2)
#define VMENTRY_IA32E_MODE_GUEST    (1u << 9)
#define VMENTRY_LOAD_PAT            (1u << 14)
#define VMENTRY_LOAD_EFER           (1u << 15)
#define VMENTRY_CONCEAL_VMX_FROM_PT (1u << 17)

/* --- 25.4.2: interruptibility state, activity state, pending debug exceptions --- */
#define INTERRUPTIBILITY_BLOCKING_BY_STI    (1u << 0)
#define INTERRUPTIBILITY_BLOCKING_BY_MOV_SS (1u << 1)
#define INTERRUPTIBILITY_SHADOWS            (INTERRUPTIBILITY_BLOCKING_BY_STI | INTERRUPTIBILITY_BLOCKING_BY_MOV_SS)
#define INTERRUPTIBILITY_BLOCKING_BY_NMI    (1u << 3)
#define INTERRUPTIBILITY_SHADOWS            (INTERRUPTIBILITY_BLOCKING_BY_STI | INTERRUPTIBILITY_BLOCKING_BY_MOV_SS)

#define ACTIVITY_STATE_ACTIVE        0
#define ACTIVITY_STATE_WAIT_FOR_SIPI 3

#define PENDING_DEBUG_ENABLED_BREAKPOINT (1ull << 12)
#define PENDING_DEBUG_BS                 (1ull << 14)

/* --- 25.8.3 and 25.9.2: interruption information --- */
#define INTERRUPTION_INFO_VECTOR(Info)     ((UINT32)(Info)&0xFF)
#define INTERRUPTION_INFO_TYPE(Info)       (((UINT32)(Info) >> 8) & 7)
#define INTERRUPTION_INFO_ERROR_CODE_VALID (1u << 11)
#define INTERRUPTION_INFO_NMI_UNBLOCKING   (1u << 12) /* exits and IDT-vectoring: undefined in the latter */
#define INTERRUPTION_INFO_VALID            (1u << 31)

#define INTERRUPTION_TYPE_EXTERNAL_INTERRUPT            0
#define INTERRUPTION_TYPE_NMI                           2
#define INTERRUPTION_TYPE_HARDWARE_EXCEPTION            3
#define INTERRUPTION_TYPE_SOFTWARE_INTERRUPT            4
#define INTERRUPTION_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION 5
#define INTERRUPTION_TYPE_SOFTWARE_EXCEPTION            6

/* Access rights of a segment that is not usable (25.4.1). */
#define SEGMENT_ACCESS_RIGHTS_UNUSABLE  (1u << 16)
#define SEGMENT_ACCESS_RIGHTS_LONG_MODE (1u << 13)
#define SEGMENT_ACCESS_RIGHTS_DEFAULT32 (1u << 14)

/* --- Appendix C: basic exit reasons --- */
#define VMX_EXIT_REASON_EXCEPTION_OR_NMI     0
#define VMX_EXIT_REASON_EXTERNAL_INTERRUPT   1
#define VMX_EXIT_REASON_TRIPLE_FAULT         2
#define VMX_EXIT_REASON_INIT_SIGNAL          3
#define VMX_EXIT_REASON_STARTUP_IPI          4
#define VMX_EXIT_REASON_INTERRUPT_WINDOW     7
#define VMX_EXIT_REASON_NMI_WINDOW           8
#define VMX_EXIT_REASON_TASK_SWITCH          9
#define VMX_EXIT_REASON_EXECUTE_CPUID        10
#define VMX_EXIT_REASON_EXECUTE_GETSEC       11
#define VMX_EXIT_REASON_EXECUTE_INVD         13
#define VMX_EXIT_REASON_EXECUTE_RDPMC        15
#define VMX_EXIT_REASON_EXECUTE_RDTSC        16
#define VMX_EXIT_REASON_EXECUTE_VMCALL       18
#define VMX_EXIT_REASON_EXECUTE_VMCLEAR      19
#define VMX_EXIT_REASON_EXECUTE_VMLAUNCH     20
#define VMX_EXIT_REASON_EXECUTE_VMPTRLD      21
#define VMX_EXIT_REASON_EXECUTE_VMPTRST      22
#define VMX_EXIT_REASON_EXECUTE_VMREAD       23
#define VMX_EXIT_REASON_EXECUTE_VMRESUME     24
#define VMX_EXIT_REASON_EXECUTE_VMWRITE      25
#define VMX_EXIT_REASON_EXECUTE_VMXOFF       26
#define VMX_EXIT_REASON_EXECUTE_VMXON        27
#define VMX_EXIT_REASON_MOV_CR               28
#define VMX_EXIT_REASON_MOV_DR               29
#define VMX_EXIT_REASON_IO_INSTRUCTION       30
#define VMX_EXIT_REASON_EXECUTE_RDMSR        31
#define VMX_EXIT_REASON_EXECUTE_WRMSR        32
#define VMX_EXIT_REASON_INVALID_GUEST_STATE  33
#define VMX_EXIT_REASON_MSR_LOADING          34
#define VMX_EXIT_REASON_MONITOR_TRAP_FLAG    37
#define VMX_EXIT_REASON_EPT_VIOLATION        48
#define VMX_EXIT_REASON_EPT_MISCONFIGURATION 49
#define VMX_EXIT_REASON_EXECUTE_INVEPT       50
#define VMX_EXIT_REASON_EXECUTE_RDTSCP       51
#define VMX_EXIT_REASON_EXECUTE_INVVPID      53
#define VMX_EXIT_REASON_EXECUTE_XSETBV       55
#define VMX_EXIT_REASON_EXECUTE_VMFUNC       59
#define VMX_EXIT_REASON_COUNT                80

#define VMX_EXIT_REASON_ENTRY_FAILURE (1u << 31)

#endif
