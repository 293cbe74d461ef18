/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FollowTest.h - what the module followtest does for test programs: hooks on addresses of theirs, and counts.
 * One ioctl on /proc/followtest for each.
 */
#ifndef TESTS_VM_FOLLOW_TEST_H
#define TESTS_VM_FOLLOW_TEST_H

#include "SDK/BasicTypes.h"

#define FOLLOW_TEST_PATH "/proc/followtest"

typedef struct _FOLLOW_TEST {
    UINT64 Address; /* the monitor's tag is its address */
    UINT32 ProcessId;
    UINT32 Length; /* of a monitor */
    UINT32 Access; /* of a monitor */
    UINT32 Result; /* error, state, or found */
    UINT64 Count;  /* of events */
} FOLLOW_TEST;

#define FOLLOW_TEST_HOOK          0x46540001u /* Result: error */
#define FOLLOW_TEST_UNHOOK        0x46540002u /* Result: found */
#define FOLLOW_TEST_STATE         0x46540003u /* Result: VMM_HOOK_STATE, or NO_STATE */
#define FOLLOW_TEST_MONITOR       0x46540004u /* Result: error */
#define FOLLOW_TEST_UNMONITOR     0x46540005u /* Result: found */
#define FOLLOW_TEST_MONITOR_STATE 0x46540006u /* Result: VMM_HOOK_STATE, or NO_STATE */
#define FOLLOW_TEST_TAKE          0x46540007u /* Count: events at Address in ProcessId since the last take */
#define FOLLOW_TEST_STRAY         0x46540008u /* Count: events that nobody can take any more */

/* The module's own functions and word, which several threads may ask for at once. */
#define FOLLOW_TEST_TARGET 0x46540009u /* Address: of FOLLOW_TARGET number Length */
#define FOLLOW_TEST_WORK                                                                                     \
    0x4654000Au /* Count times that target, interrupts on; Result: how many went wrong                       \
                 */

typedef enum _FOLLOW_TARGET {
    FOLLOW_TARGET_NOP, /* functions, by what they begin with */
    FOLLOW_TARGET_PUSH,
    FOLLOW_TARGET_OTHER, /* takes a step */
    FOLLOW_TARGET_WORD,  /* memory that is written to */
    FOLLOW_TARGET_COUNT
} FOLLOW_TARGET;

#define FOLLOW_TEST_NO_STATE 0xFFu

#endif
