// SPDX-License-Identifier: GPL-2.0-only
/*
 * KernelSymbols.c - functions and data of the kernel that it does not export. Context: process.
 */
#include <linux/kprobes.h>

#include "platform/linux/KernelSymbols.h"

/* kallsyms_lookup_name is not exported either; a kprobe may be put on any function by name, and tells where
 * it is. */
void *KernelSymbolFind(const char *Name)
{
    static unsigned long (*Lookup)(const char *Name);
    struct kprobe Probe = {.symbol_name = "kallsyms_lookup_name"};

    if (Lookup == NULL) {
        if (register_kprobe(&Probe) != 0)
            return NULL;
        Lookup = (unsigned long (*)(const char *))Probe.addr;
        unregister_kprobe(&Probe);
    }
    return (void *)Lookup(Name);
}
