/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ErrorCodes.h - every error that the modules report to user space, with the sentence that the user reads.
 *
 * One list makes the enum and the texts, so that a code without a text cannot exist. Append, never reorder.
 * Context: any.
 */
#ifndef HYPERDBG_SDK_ERROR_CODES_H
#define HYPERDBG_SDK_ERROR_CODES_H

#include "SDK/BasicTypes.h"

/* KernelStatus of a request that did what was asked. */
#define DEBUGGER_OPERATION_WAS_SUCCESSFUL 0xFFFFFFFFu

/* X(name, value, what the user reads: what is wrong and what to do) */
#define DEBUGGER_ERROR_LIST(X)                                                                               \
    X(DEBUGGER_ERROR_VMX_NOT_SUPPORTED, 0xC0000001,                                                          \
      "this processor has no VT-x (CPUID.1:ECX.VMX is 0): in a virtual machine, turn nested virtualization " \
      "on")                                                                                                  \
    X(DEBUGGER_ERROR_VMX_DISABLED_BY_FIRMWARE, 0xC0000002,                                                   \
      "VT-x is turned off by the firmware (IA32_FEATURE_CONTROL): turn it on in the BIOS or UEFI set-up")    \
    X(DEBUGGER_ERROR_VMX_IN_USE, 0xC0000003,                                                                 \
      "VT-x is in use by another hypervisor (CR4.VMXE is set): stop its machines and unload it (kvm_intel)") \
    X(DEBUGGER_ERROR_VMX_CAPABILITY_MISSING, 0xC0000004,                                                     \
      "this processor's VT-x lacks something that the VMM needs: the log names it")                          \
    X(DEBUGGER_ERROR_OUT_OF_MEMORY, 0xC0000005, "the kernel has not enough free memory")                     \
    X(DEBUGGER_ERROR_VMM_ALREADY_INITIALIZED, 0xC0000006, "the VMM is loaded already: unload it first")      \
    X(DEBUGGER_ERROR_VMM_NOT_INITIALIZED, 0xC0000007, "the VMM is not loaded: 'load vmm' first")             \
    X(DEBUGGER_ERROR_VMLAUNCH_FAILED, 0xC0000008,                                                            \
      "a core could not enter VMX operation: the log names the reason")                                      \
    X(DEBUGGER_ERROR_PLATFORM_NOT_SUPPORTED, 0xC0000009, "this kernel lacks something that the VMM needs")   \
    X(DEBUGGER_ERROR_LOG_INITIALIZATION_FAILED, 0xC000000A, "the message tracing could not be started")      \
    X(DEBUGGER_ERROR_INVALID_EVENT_TYPE, 0xC0000010, "there is no such type of event")                       \
    X(DEBUGGER_ERROR_INVALID_STAGE, 0xC0000011, "the stage of an event is pre, post or all")                 \
    X(DEBUGGER_ERROR_INVALID_CORE_ID, 0xC0000012, "there is no such core, or it is offline")                 \
    X(DEBUGGER_ERROR_SHORT_CIRCUIT_NEEDS_PRE, 0xC0000013, "a short-circuit is possible at stage pre only")   \
    X(DEBUGGER_ERROR_REGISTER_NOT_WATCHABLE, 0xC000001F,                                                     \
      "the processor cannot watch this: writes of CR0 (but PE and PG), CR4 and CR8, reads of CR3 and CR8; "  \
      "writes of CR3 are events of their own")                                                               \
    X(DEBUGGER_ERROR_TAG_NOT_FOUND, 0xC0000014, "there is no event with this number")                        \
    X(DEBUGGER_ERROR_TOO_MANY_EVENTS, 0xC0000015, "no more events can be set: clear one first")              \
    X(DEBUGGER_ERROR_INVALID_REQUEST, 0xC0000016, "the request has a field that is out of range")            \
    X(DEBUGGER_ERROR_EVENT_TYPE_NOT_AVAILABLE, 0xC0000017,                                                   \
      "this type of event is not available on this machine")                                                 \
    X(DEBUGGER_ERROR_SHORT_CIRCUIT_NOT_POSSIBLE, 0xC0000030,                                                 \
      "a short-circuit of this would stop the machine")                                                      \
    X(DEBUGGER_ERROR_NO_MODE_BASED_EXECUTE, 0xC0000031,                                                      \
      "this processor has no mode-based execute control, which !mode needs")                                 \
    X(DEBUGGER_ERROR_MODE_NEEDS_PROCESS, 0xC0000032,                                                         \
      "changes of mode are watched of one process: name it with pid")                                        \
    X(DEBUGGER_ERROR_NO_SUCH_PROCESS, 0xC0000033,                                                            \
      "there is no such process with memory of its own, or too many are watched already")                    \
    X(DEBUGGER_ERROR_INVALID_ADDRESS, 0xC0000019, "the address is not mapped")                               \
    X(DEBUGGER_ERROR_CORE_DID_NOT_HALT, 0xC0000034,                                                          \
      "a core did not halt in time, or could not be reached: all cores go on")                               \
    X(DEBUGGER_ERROR_NO_SNAPSHOT, 0xC0000035, "no snapshot of this core was taken yet")                      \
    X(DEBUGGER_ERROR_VERSION_MISMATCH, 0xC0000018,                                                           \
      "tool and modules are of different versions: install them together")                                   \
    X(DEBUGGER_ERROR_ADDRESS_NEEDS_PROCESS, 0xC000001A,                                                      \
      "an address of user space means something in one process only: name it with pid")                      \
    X(DEBUGGER_ERROR_SYMBOL_NOT_FOUND, 0xC000001E, "there is no such symbol")                                \
    X(DEBUGGER_ERROR_SYMBOLS_NOT_AVAILABLE, 0xC000001C,                                                      \
      "this kernel does not tell the addresses of its symbols: use numbers")                                 \
    X(DEBUGGER_ERROR_NO_PAGE_TABLES, 0xC000001D,                                                             \
      "there is no such process, it has no memory of its own, or the address is not canonical")              \
    X(DEBUGGER_ERROR_SCRIPT_REFUSED, 0xC0000020, "the script's program is refused")                          \
    X(DEBUGGER_ERROR_INVALID_POINTER, 0xC0000021, "the request points to memory that is not there")          \
    X(DEBUGGER_ERROR_INVALID_PROCESS, 0xC000001B,                                                            \
      "there is no such process, or it has no memory of its own")                                            \
    X(DEBUGGER_ERROR_DETOUR_NOT_POSSIBLE, 0xC0000022,                                                        \
      "only the entry of a function that the kernel can trace can be detoured: use !epthook")                \
    X(DEBUGGER_ERROR_DETOUR_IS_PLAIN, 0xC0000023,                                                            \
      "a detour has stage pre only, and runs no script: use !epthook")

typedef enum _DEBUGGER_ERROR {
#define DEBUGGER_ERROR_AS_ENUM(Name, Value, Text) Name = Value,
    DEBUGGER_ERROR_LIST(DEBUGGER_ERROR_AS_ENUM)
#undef DEBUGGER_ERROR_AS_ENUM
} DEBUGGER_ERROR;

#endif
