/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KernelTap.h - TAP lines of a test module, which its parameter "report" shows. For inclusion in one file of
 * a module.
 *
 * Context: process.
 */
#ifndef HYPERDBG_TESTS_KERNEL_TAP_H
#define HYPERDBG_TESTS_KERNEL_TAP_H

#include <linux/module.h>
#include <linux/mm.h>

static char report_text[2 * PAGE_SIZE];
static int report_length, test_number;

static void report(bool ok, const char *name, long got, long wanted)
{
    report_length += scnprintf(report_text + report_length, sizeof(report_text) - report_length,
                               "%sok %d - %s\n", ok ? "" : "not ", ++test_number, name);
    if (!ok)
        report_length += scnprintf(report_text + report_length, sizeof(report_text) - report_length,
                                   "# got %lx, wanted %lx\n", got, wanted);
}

static void expect(const char *name, long got, long wanted)
{
    report(got == wanted, name, got, wanted);
}

/* A parameter is shown up to a page of it. */
static int report_get(char *buffer, const struct kernel_param *parameter)
{
    return scnprintf(buffer, PAGE_SIZE, "%s1..%d\n", report_text, test_number);
}

static const struct kernel_param_ops report_ops = {.get = report_get};
module_param_cb(report, &report_ops, NULL, 0400);

#endif
