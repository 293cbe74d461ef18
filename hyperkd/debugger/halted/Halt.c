// SPDX-License-Identifier: GPL-2.0-only
/*
 * Halt.c - all cores but one stand still in root mode, and do what they are asked to.
 *
 * Context: VMX root. SDM Vol. 3, 26.2 (NMI exits).
 *
 * What waits for what: a core that waits - for the halt to be its own, for others to stand still, for a
 * function to be done - goes on doing what it is asked to, and honours a halt of its own. So no two of them
 * wait for each other.
 */
#include "hyperkd/debugger/halted/Halt.h"

#include "SDK/imports/VmmImports.h"
#include "hyperkd/debugger/halted/HaltState.h"
#include "platform/PlatformLock.h"
#include "platform/PlatformTime.h"

/* A core halts within one exit and one instruction; a thousand times the longest exit. */
#ifdef PLATFORM_HOSTED
#define PATIENCE 200000u /* in tests a core that does not halt is found sooner */
#else
#define PATIENCE 50000000u
#endif

BOOLEAN g_HaltIsUp;
HALT_CORE *g_HaltCores;
UINT32 g_HaltCoreCount;
UINT32 g_HaltOwner = HALT_NO_OWNER;
UINT32 g_HaltDepth;

VOID HaltReleaseAll(VOID)
{
    for (UINT32 Other = 0; Other < g_HaltCoreCount; Other++) {
        STORE(g_HaltCores[Other].MustHalt, FALSE);
    }
}

/* --- functions on halted cores --- */

static VOID HaltServe(UINT32 CoreId)
{
    HALT_CORE *Core       = &g_HaltCores[CoreId];
    HALT_REQUEST *Request = LOAD(Core->Requests);

    if (Request == NULL) {
        return;
    }
    Request = __atomic_exchange_n(&Core->Requests, NULL, __ATOMIC_SEQ_CST);
    while (Request != NULL) {
        HALT_REQUEST *Next = Request->Next;

        Request->Function(CoreId, Request->Context);
        STORE(Request->IsDone, TRUE);
        Request = Next;
    }
}

static VOID HaltWaitBriefly(UINT32 CoreId)
{
    HaltServe(CoreId);
    PlatformRelax();
}

BOOLEAN HaltRunOnCore(UINT32 CoreId, UINT32 Target, HALT_FUNCTION Function, PVOID Context)
{
    HALT_REQUEST Request = {.Function = Function, .Context = Context};

    if (Target == CoreId) {
        Function(CoreId, Context);
        return TRUE;
    }
    if (Target >= g_HaltCoreCount || (!LOAD(g_HaltCores[Target].IsHalted) && LOAD(g_HaltOwner) != Target)) {
        return FALSE;
    }
    Request.Next = LOAD(g_HaltCores[Target].Requests);
    while (!__atomic_compare_exchange_n(&g_HaltCores[Target].Requests, &Request.Next, &Request, FALSE,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    while (!LOAD(Request.IsDone)) {
        HaltWaitBriefly(CoreId);
    }
    return TRUE;
}

/* --- the cores that are halted --- */

VOID HaltNmiInRoot(UINT32 CoreId)
{
    if (LOAD(g_HaltIsUp)) {
        STORE(g_HaltCores[CoreId].Origin, HALT_ORIGIN_ROOT);
    }
}

static __attribute__((__noinline__)) BOOLEAN HaltStandStill(UINT32 CoreId)
{
    HALT_CORE *Core = &g_HaltCores[CoreId];

    STORE(Core->Since, PlatformTimeTsc());
    STORE(Core->IsHalted, TRUE);
    while (LOAD(Core->MustHalt)) {
        HaltWaitBriefly(CoreId);
    }
    STORE(Core->IsHalted, FALSE);
    return TRUE;
}

/* The NMI of a halt that was given up may come late: MustHalt says. Asked at the end of every step. */
BOOLEAN HaltThisCore(UINT32 CoreId)
{
    return LOAD(g_HaltIsUp) && UNLIKELY(LOAD(g_HaltCores[CoreId].MustHalt)) && HaltStandStill(CoreId);
}

HALT_ORIGIN HaltOrigin(UINT32 CoreId)
{
    return LOAD(g_HaltOwner) == CoreId ? HALT_ORIGIN_OWNER : LOAD(g_HaltCores[CoreId].Origin);
}

UINT64 HaltedSince(UINT32 CoreId)
{
    return LOAD(g_HaltCores[CoreId].Since);
}

/* --- the core that halts them --- */

BOOLEAN HaltIsOwner(UINT32 CoreId)
{
    return LOAD(g_HaltOwner) == CoreId;
}

BOOLEAN HaltIsHalted(UINT32 CoreId)
{
    return CoreId < g_HaltCoreCount && LOAD(g_HaltCores[CoreId].IsHalted);
}

/* The present owner halts this core, too, if this core does not get in between. */
static VOID HaltBecomeOwner(UINT32 CoreId)
{
    UINT32 Nobody = HALT_NO_OWNER;

    while (!__atomic_compare_exchange_n(&g_HaltOwner, &Nobody, CoreId, FALSE, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST)) {
        Nobody = HALT_NO_OWNER;
        HaltThisCore(CoreId);
        PlatformRelax();
    }
}

static BOOLEAN HaltWaitFor(UINT32 CoreId, UINT32 Other)
{
    for (UINT32 Patience = PATIENCE; Patience > 0; Patience--) {
        if (LOAD(g_HaltCores[Other].IsHalted) || !VmFuncIsCoreRunning(Other)) {
            return TRUE;
        }
        HaltWaitBriefly(CoreId);
    }
    return FALSE;
}

static BOOLEAN HaltOthers(UINT32 CoreId)
{
    for (UINT32 Other = 0; Other < g_HaltCoreCount; Other++) {
        STORE(g_HaltCores[Other].Origin, HALT_ORIGIN_GUEST);
        STORE(g_HaltCores[Other].MustHalt, Other != CoreId && VmFuncIsCoreRunning(Other));
    }
    if (!VmFuncNmiBroadcastRequest(CoreId)) {
        return FALSE;
    }
    for (UINT32 Other = 0; Other < g_HaltCoreCount; Other++) {
        if (Other != CoreId && !HaltWaitFor(CoreId, Other)) {
            return FALSE;
        }
    }
    return TRUE;
}

BOOLEAN HaltSystem(UINT32 CoreId)
{
    if (!LOAD(g_HaltIsUp)) {
        return FALSE;
    }
    if (HaltIsOwner(CoreId) || HaltIsHalted(CoreId)) {
        __atomic_add_fetch(&g_HaltDepth, 1, __ATOMIC_SEQ_CST);
        return TRUE;
    }
    HaltBecomeOwner(CoreId);
    STORE(g_HaltCores[CoreId].Since, PlatformTimeTsc());
    if (HaltOthers(CoreId)) {
        return TRUE;
    }
    HaltContinue(CoreId);
    return FALSE;
}

/* Only when all have left may the next halt begin: MustHalt would be its own by then. */
VOID HaltContinue(UINT32 CoreId)
{
    if (LOAD(g_HaltDepth) != 0) {
        __atomic_sub_fetch(&g_HaltDepth, 1, __ATOMIC_SEQ_CST);
        return;
    }
    HaltReleaseAll();
    for (UINT32 Other = 0; Other < g_HaltCoreCount; Other++) {
        while (LOAD(g_HaltCores[Other].IsHalted)) {
            HaltWaitBriefly(CoreId);
        }
    }
    STORE(g_HaltOwner, HALT_NO_OWNER);
}
