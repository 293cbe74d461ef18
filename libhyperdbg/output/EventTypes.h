/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventTypes.h - what the tool knows about each type of event: its name, its context, the registers that
 * matter.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_EVENT_TYPES_H
#define HYPERDBG_LIBHYPERDBG_EVENT_TYPES_H

#include "SDK/Events.h"
#include "SDK/Registers.h"

/* A value shown with an event: one register, or two whose low halves make a number. */
typedef struct _EVENT_VALUE {
    const CHAR *Label; /* NULL ends a table */
    INT8 High;         /* element of GUEST_REGS whose low half is the upper half of the number, or -1 */
    INT8 Low;          /* element of GUEST_REGS */
    UINT8 Bits;        /* of Low: 32 or 64 */
} EVENT_VALUE;

typedef struct _EVENT_TYPE {
    const CHAR *Name;          /* of the command that sets it, or what it is */
    const CHAR *ContextName;   /* what the context is: "leaf"; NULL: it means nothing */
    const EVENT_VALUE *Before; /* shown at stage pre; NULL: nothing */
    const EVENT_VALUE *After;  /* shown at stage post */
} EVENT_TYPE;

/* Hidden hooks are at an address; the monitored ones at a range of them. */
BOOLEAN EventTypeIsMonitored(UINT32 Type);
BOOLEAN EventTypeIsHook(UINT32 Type);

/* Control and debug registers: the record tells what was moved where. */
BOOLEAN EventTypeIsOfRegister(UINT32 Type);

/* "read", "read+write"...: bit 0 read, 1 write, 2 execute. */
const CHAR *EventAccessName(UINT32 Access);

/* Never NULL: types of a newer kernel get a description too. */
const EVENT_TYPE *EventTypeFind(UINT32 Type);

/* "pre", "post", "all" or "?". */
const CHAR *EventStageName(UINT32 Stage);

/* Names of the elements of GUEST_REGS. */
extern const CHAR *const g_RegisterNames[GUEST_REGS_COUNT];

#endif
