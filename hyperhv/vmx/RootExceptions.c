// SPDX-License-Identifier: GPL-2.0-only
/*
 * RootExceptions.c - exceptions and NMIs that arrive in root mode.
 *
 * Context: VMX root mode, on the interrupted stack or on an IST stack of its own (HostTables.h). SDM Vol.
 * 3, 6.15.
 *
 * Two are expected: NMIs, and the #GP or #PF of an instruction that is tried for the guest. Anything else is
 * a defect of ours; the kernel is stopped with a message that says where, as nothing after it could be
 * trusted.
 */
#include "platform/CpuInstructions.h"
#include "hyperhv/core/CurrentCore.h"
#include "hyperhv/interface/PanicText.h"
#include "hyperhv/vmx/AsmEntry.h"
#include "hyperhv/vmx/EventInjection.h"
#include "hyperhv/vmx/Vmx.h"
#include "hyperhv/vmx/VmxNmi.h"

static BOOLEAN IsTriedInstruction(const ROOT_EXCEPTION_FRAME *Frame)
{
    return (Frame->Vector == VECTOR_GENERAL_PROTECTION || Frame->Vector == VECTOR_PAGE_FAULT) &&
           Frame->Rip >= (UINT64)(UINTPTR)AsmTryStart && Frame->Rip < (UINT64)(UINTPTR)AsmTryEnd;
}

static __attribute__((__cold__, __noinline__)) VOID Unexpected(const ROOT_EXCEPTION_FRAME *Frame)
{
    static CHAR Message[160];
    TEXT Text = TEXT_INIT(Message);

    TextAppend(&Text, "hyperhv: exception ");
    TextAppendHex(&Text, Frame->Vector);
    TextAppend(&Text, " (error code ");
    TextAppendHex(&Text, Frame->ErrorCode);
    TextAppend(&Text, ") in root mode at ");
    TextAppendHex(&Text, Frame->Rip);
    TextAppend(&Text, ", entry of exits at ");
    TextAppendHex(&Text, (UINT64)(UINTPTR)AsmVmexitHandler);
    VmxPanic(CurrentCore(), Message);
}

VOID VmxHandleRootException(ROOT_EXCEPTION_FRAME *Frame)
{
    if (Frame->Vector == VECTOR_NMI)
        VmxNmiArrivedInRoot(CurrentCore());
    else if (IsTriedInstruction(Frame))
        Frame->Rip = (UINT64)(UINTPTR)AsmTryFailed;
    else
        Unexpected(Frame);
}
