// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * bpf-probe.c - has a BPF program that returns 0 run at a probe: what a filter that is false costs with the
 * kernel's own means.
 *
 *   bpf-probe ID         ID: the file "id" of the probe's event in tracefs
 *
 * Ends when that is so; a process stays behind, which it lasts as long as. Context: user space of the guest,
 * root, one core.
 */
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int Die(const char *What)
{
    perror(What);
    return 1;
}

static int LoadProgram(void)
{
    static const struct bpf_insn Program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr Attributes = {.prog_type = BPF_PROG_TYPE_KPROBE,
                                 .insns     = (uintptr_t)Program,
                                 .insn_cnt  = sizeof(Program) / sizeof(Program[0]),
                                 .license   = (uintptr_t) "GPL"};

    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &Attributes, sizeof(Attributes));
}

static int OpenEvent(unsigned long long Id)
{
    struct perf_event_attr Attributes = {
        .type = PERF_TYPE_TRACEPOINT, .size = sizeof(Attributes), .config = Id, .sample_period = 1};

    return (int)syscall(SYS_perf_event_open, &Attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
}

int main(int Count, char **Arguments)
{
    FILE *IdFile = Count == 2 ? fopen(Arguments[1], "r") : NULL;
    unsigned long long Id;
    int Program, Event;

    if (IdFile == NULL || fscanf(IdFile, "%llu", &Id) != 1)
        return Die("bpf-probe ID");
    Program = LoadProgram();
    if (Program < 0)
        return Die("BPF_PROG_LOAD");
    Event = OpenEvent(Id);
    if (Event < 0)
        return Die("perf_event_open");
    if (ioctl(Event, PERF_EVENT_IOC_SET_BPF, Program) != 0)
        return Die("PERF_EVENT_IOC_SET_BPF");
    if (fork() == 0)
        pause();
    return 0;
}
