/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * LogFeed.h - what the module logfeed writes and the test of /dev/hyperlog expects.
 */
#ifndef HYPERDBG_TESTS_LOG_FEED_H
#define HYPERDBG_TESTS_LOG_FEED_H

#include "SDK/BasicTypes.h"

#define LOG_FEED_RECORD      0x7000u /* operation code */
#define LOG_FEED_MAX_CORES   8u
#define LOG_FEED_STREAMS     (LOG_FEED_MAX_CORES * 2) /* core * 2 + is an interrupt */
#define LOG_FEED_MAX_PAYLOAD 256u

/* Each stream numbers its records; the lost ones have numbers too. */
typedef struct _LOG_FEED {
    UINT32 Stream;
    UINT32 Number;
    UINT8 Fill[LOG_FEED_MAX_PAYLOAD - 8];
} LOG_FEED;

static inline UINT32 LogFeedLength(UINT32 Number)
{
    return 8 + Number * 37 % (LOG_FEED_MAX_PAYLOAD - 7);
}

static inline UINT8 LogFeedByte(UINT32 Stream, UINT32 Number, UINT32 Index)
{
    return (UINT8)(Stream * 101 + Number * 7 + Index);
}

static inline BOOLEAN LogFeedIsPriority(UINT32 Number)
{
    return Number % 9 == 0;
}

#endif
