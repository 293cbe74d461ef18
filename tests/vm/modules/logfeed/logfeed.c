// SPDX-License-Identifier: GPL-2.0-only
/*
 * logfeed.c - writes to the log, for the test of /dev/hyperlog: one message, or a storm from all cores with
 * interrupts from one core in the other's writing. Interrupts say that they are in VMX root mode, so that
 * both kinds of rings are used.
 *
 *   parameters/message  (write) text: goes to the log
 *   parameters/storm    (write) a number of records for each core; returns when they are written
 *                       (read) how many were taken, how many lost
 *   parameters/cost     (read) TSC ticks that it takes to send a record of 256 bytes, the fewest of many
 * tries
 *
 * Context: process and interrupts.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/msr.h>

#include "SDK/imports/HyperLogImports.h"
#include "tests/vm/modules/logfeed/LogFeed.h"

struct feed_stream {
    u32 number; /* of the next record; only its core, in its context, writes */
    u32 sent;
    u32 lost;
};

static struct feed_stream feed_streams[LOG_FEED_STREAMS];
static u32 feed_records;
static atomic_t feed_writers;
static DECLARE_COMPLETION(feed_done);

static BOOLEAN feed_is_root(VOID)
{
    return in_hardirq() != 0;
}

static const MESSAGE_TRACING_CALLBACKS feed_callbacks = {.VmxOperationCheck = feed_is_root};

static void feed_write(u32 stream_number)
{
    struct feed_stream *stream = &feed_streams[stream_number];
    LOG_FEED record            = {.Stream = stream_number, .Number = stream->number++};
    u32 length                 = LogFeedLength(record.Number), i;

    for (i = 0; i < length - 8; i++)
        record.Fill[i] = LogFeedByte(stream_number, record.Number, i);
    if (LogCallbackSendBuffer(LOG_FEED_RECORD, &record, length, LogFeedIsPriority(record.Number)))
        stream->sent++;
    else
        stream->lost++;
}

static void feed_interrupt(void *unused)
{
    feed_write(smp_processor_id() * 2 + 1);
}

/* Writes as the task of one core, and lets the other cores be interrupted in their writing. */
static int feed_task(void *context)
{
    u32 cpu = (unsigned long)context, i;

    for (i = 0; i < feed_records; i++) {
        feed_write(cpu * 2);
        if (i % 4 == 0)
            smp_call_function(feed_interrupt, NULL, 0);
    }
    smp_call_function(feed_interrupt, NULL, 1);
    if (atomic_dec_and_test(&feed_writers))
        complete(&feed_done);
    return 0;
}

static int feed_start(u32 cpu)
{
    struct task_struct *task = kthread_create(feed_task, (void *)(unsigned long)cpu, "logfeed/%u", cpu);

    if (IS_ERR(task))
        return PTR_ERR(task);
    kthread_bind(task, cpu);
    atomic_inc(&feed_writers);
    wake_up_process(task);
    return 0;
}

static int feed_storm_set(const char *value, const struct kernel_param *param)
{
    int error = kstrtou32(value, 0, &feed_records);
    u32 cpu;

    if (error)
        return error;
    reinit_completion(&feed_done);
    atomic_set(&feed_writers, 1);
    for_each_online_cpu(cpu)
    {
        if (!error && cpu < LOG_FEED_MAX_CORES)
            error = feed_start(cpu);
    }
    if (!atomic_dec_and_test(&feed_writers))
        wait_for_completion(&feed_done);
    return error;
}

static int feed_storm_get(char *buffer, const struct kernel_param *param)
{
    u32 sent = 0, lost = 0, i;

    for (i = 0; i < LOG_FEED_STREAMS; i++) {
        sent += feed_streams[i].sent;
        lost += feed_streams[i].lost;
    }
    return sysfs_emit(buffer, "%u %u\n", sent, lost);
}

static int feed_message_set(const char *value, const struct kernel_param *param)
{
    return LogCallbackSendMessageToQueue(OPERATION_LOG_INFO_MESSAGE, FALSE, (CHAR *)value, strlen(value),
                                         FALSE)
               ? 0
               : -ENOSPC;
}

static int feed_cost_get(char *buffer, const struct kernel_param *param)
{
    static CHAR record[256];
    u64 least = ~0ull, begin, ticks;
    u32 i;

    for (i = 0; i < 200; i++) {
        begin = rdtsc();
        LogCallbackSendBuffer(LOG_FEED_RECORD, record, sizeof(record), FALSE);
        ticks = rdtsc() - begin;
        least = min(least, ticks);
    }
    LogMarkAllAsRead();
    return sysfs_emit(buffer, "%llu\n", least);
}

static const struct kernel_param_ops feed_cost_ops    = {.get = feed_cost_get};
static const struct kernel_param_ops feed_storm_ops   = {.set = feed_storm_set, .get = feed_storm_get};
static const struct kernel_param_ops feed_message_ops = {.set = feed_message_set};

module_param_cb(storm, &feed_storm_ops, NULL, 0600);
module_param_cb(cost, &feed_cost_ops, NULL, 0400);
module_param_cb(message, &feed_message_ops, NULL, 0200);

static int __init feed_init(void)
{
    return LogInitialize(&feed_callbacks) ? 0 : -EBUSY;
}

static void __exit feed_exit(void)
{
    LogUnInitialize();
}

module_init(feed_init);
module_exit(feed_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Feeds the log, for the test of /dev/hyperlog");
