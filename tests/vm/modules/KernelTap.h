/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KernelTap.h - TAP lines of a test module, which a file of /proc shows. For inclusion in one file of a
 * module.
 *
 * Context: process.
 */
#ifndef HYPERDBG_TESTS_KERNEL_TAP_H
#define HYPERDBG_TESTS_KERNEL_TAP_H

#include <linux/module.h>
#include <linux/mm.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static char report_text[4 * PAGE_SIZE];
static int report_length, test_number;

static void report(bool ok, const char *name, long got, long wanted)
{
    report_length += scnprintf(report_text + report_length, sizeof(report_text) - report_length,
                               "%sok %d - %s\n", ok ? "" : "not ", ++test_number, name);
    if (!ok)
        report_length += scnprintf(report_text + report_length, sizeof(report_text) - report_length,
                                   "# got %ld (%lx), wanted %ld (%lx)\n", got, got, wanted, wanted);
}

static void expect(const char *name, long got, long wanted)
{
    report(got == wanted, name, got, wanted);
}

static int report_show(struct seq_file *file, void *unused)
{
    seq_printf(file, "%s1..%d\n", report_text, test_number);
    return 0;
}

static int report_publish(const char *name)
{
    return proc_create_single(name, 0400, NULL, report_show) ? 0 : -ENOMEM;
}

static void report_withdraw(const char *name)
{
    remove_proc_entry(name, NULL);
}

#endif
