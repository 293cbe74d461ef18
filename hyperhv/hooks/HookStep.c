// SPDX-License-Identifier: GPL-2.0-only
/*
 * HookStep.c - letting one instruction through.
 *
 * Context: VMX root mode.
 */
#include "hyperhv/hooks/HookStep.h"

#include "hyperhv/hooks/HiddenBreakpoint.h"
#include "hyperhv/hooks/Monitor.h"
#include "hyperhv/interface/Dispatch.h"

VOID HookStepNoteWritten(VIRTUAL_MACHINE_STATE *VCpu, HOOK_PAGE *Page)
{
    HV_STEP *Step = &VCpu->Step;

    if (Step->WrittenCount < COUNT_OF(Step->Written))
        Step->Written[Step->WrittenCount++] = Page;
}

VOID HookStepCancel(VIRTUAL_MACHINE_STATE *VCpu)
{
    VCpu->Step.IsCancelled = VCpu->MtfEptHookRestorePoint != NULL;
}

VOID HookStepTellPost(VIRTUAL_MACHINE_STATE *VCpu)
{
    HV_STEP *Step = &VCpu->Step;
    UINT32 Index;

    for (Index = 0; Index < Step->PostCount; Index++)
        MonitorTellPost(VCpu, Step->Post[Index].EventType, &Step->Post[Index].Context);
    Step->PostCount = 0;
}

VOID HookStepFinish(VIRTUAL_MACHINE_STATE *VCpu)
{
    HV_STEP *Step = &VCpu->Step;
    UINT32 Index;

    for (Index = 0; Index < Step->WrittenCount; Index++) {
        HookPageRefresh(Step->Written[Index]);
        HiddenBreakpointsReclassify(Step->Written[Index]);
    }
    Step->WrittenCount = 0;
    HookStepTellPost(VCpu);
    if (Step->BreakpointPost != 0)
        DispatchEventHiddenHookExecCcPost(VCpu, Step->BreakpointPost);
    Step->BreakpointPost = 0;
}
