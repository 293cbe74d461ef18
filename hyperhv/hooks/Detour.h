/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Detour.h - events at the entry of a kernel's function, without an exit.
 *
 * Where the kernel keeps five bytes free at a function's entry (PlatformText.h), the copy of the page that is
 * executed has a CALL there, to AsmDetourEntry. It saves all registers, turns interrupts off, has the user
 * told in the guest's own context (DetourHandle), and goes on with what is displaced: a NOP, or the CALL that
 * the kernel has put there meanwhile. Nothing is generated or freed but records; a thread that was preempted
 * between the CALL and its return is in code of this module, which stays until all threads have left it.
 *
 * Bytes of code that others execute are changed as the kernel changes its own: INT3 first, then the rest,
 * then the first byte, with every core serialized in between (SDM Vol. 3, 8.1.3). A core that meets the INT3
 * exits, and has its event from there. So it has while the kernel has something else at the entry: an INT3 of
 * a kprobe or of its own rewriting, which the guest must meet itself.
 */
#ifndef HYPERHV_HOOKS_DETOUR_H
#define HYPERHV_HOOKS_DETOUR_H

#include "hyperhv/core/State.h"
#include "hyperhv/hooks/HookPage.h"

/* One detour. Written in process context under the hooks' lock, Target and IsKnown in root mode too. Kept
 * until the VMM goes: threads may be on their way to it. */
typedef struct _DETOUR {
    struct _DETOUR *NextBySite; /* of the same hash bucket */
    struct _DETOUR *NextOnPage;
    HOOK_PAGE *Page; /* NULL: not set any more */
    UINT64 Virtual;  /* of the function, as its user names it */
    UINT64 Site;     /* of the five bytes */
    UINT64 Physical; /* of the five bytes, which lie on one page */
    UINT64 Target;   /* of the CALL that is displaced; 0: a NOP is */
    UINT32 Users;    /* how often it was set */
    BOOLEAN IsKnown; /* one of the two stands there now */
    BOOLEAN IsArmed; /* its first byte may be the CALL's */
    UINT8 Overlaid;  /* how many of the five bytes differ on the copy: 0, 1 (the INT3), or all */
} DETOUR;

/* What a core in a detour, in the guest, is doing. On the stack of the function that was called; linked from
 * VIRTUAL_MACHINE_STATE, the innermost first: an NMI may come in between and call a detoured function itself.
 */
typedef struct _DETOUR_FRAME {
    struct _DETOUR_FRAME *Outer;
    UINT64 Rip; /* of the function; where it goes on, when the user has changed it */
} DETOUR_FRAME;

/* What AsmDetourEntry does next; it knows the numbers. */
typedef enum _DETOUR_DECISION {
    DETOUR_CONTINUE = 0, /* with the address after the CALL */
    DETOUR_CALL     = 1, /* with the word below it, as by a CALL from the entry */
    DETOUR_RETURN   = 2, /* to the function's caller */
} DETOUR_DECISION;

/* The guest, where the CALL of a detour leads; for its address alone. */
VOID AsmDetourEntry(VOID);

/* The guest, any context, interrupts off, called by AsmDetourEntry with the block on the stack. */
DETOUR_DECISION DetourHandle(GUEST_REGS *Regs);

/* Process context. No core is virtualized any more; waits until no thread is in a detour. */
VOID DetourUninitialize(VOID);

/* Process context, under the hooks' lock. 0 or a DEBUGGER_ERROR_...; FALSE: there is none. */
UINT32 DetourSet(UINT64 Virtual);
BOOLEAN DetourUnset(UINT64 Virtual);

/* Process context, under the hooks' lock: memory of a module that is about to be freed. */
VOID DetoursLeave(UINT64 Start, UINT64 End);

/* Any. Looks at what the page has now where its detours are. */
VOID DetoursReclassify(HOOK_PAGE *Page);

/* Any. Word number Index of the page, which is Word, as its detours want it executed. */
UINT64 DetoursOverlay(const HOOK_PAGE *Page, UINT32 Index, UINT64 Word);

/* Root mode, within the exit of an INT3 at Rip. TRUE: it is a detour's, or there is one there besides, and
 * everything is done. */
BOOLEAN DetourHandleBreakpoint(VIRTUAL_MACHINE_STATE *VCpu);

#endif
