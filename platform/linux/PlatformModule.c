// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformModule.c - modules that are unloaded, on the Linux kernel's notifier.
 *
 * Context: process. The notifier tells of an unload after the module's exit function, of the end of a load
 * before the memory of the initialization is freed.
 */
#include <linux/module.h>
#include <linux/version.h>

#include "platform/PlatformModule.h"

static PLATFORM_MODULE_LEAVES RegisteredLeaves;

static void TellRange(const void *Base, unsigned int Bytes)
{
    if (Bytes != 0)
        RegisteredLeaves((UINT64)Base, (UINT64)Base + Bytes);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)

static void TellMemory(const struct module *Module, bool InitOnly)
{
    for_each_mod_mem_type(Type) if (!InitOnly || mod_mem_type_is_init(Type))
        TellRange(Module->mem[Type].base, Module->mem[Type].size);
}

#else

static void TellMemory(const struct module *Module, bool InitOnly)
{
    TellRange(Module->init_layout.base, Module->init_layout.size);
    if (!InitOnly)
        TellRange(Module->core_layout.base, Module->core_layout.size);
}

#endif

static int ModuleChanged(struct notifier_block *Block, unsigned long Action, void *Data)
{
    if (Action == MODULE_STATE_GOING || Action == MODULE_STATE_LIVE)
        TellMemory(Data, Action == MODULE_STATE_LIVE);
    return NOTIFY_DONE;
}

/* The last of all that are told of an unload: ftrace and kprobes write to the module's code when they are. */
static struct notifier_block ModuleBlock = {.notifier_call = ModuleChanged, .priority = INT_MIN};

BOOLEAN PlatformModuleWatch(PLATFORM_MODULE_LEAVES Leaves)
{
    RegisteredLeaves = Leaves;
    return register_module_notifier(&ModuleBlock) == 0;
}

VOID PlatformModuleUnwatch(VOID)
{
    unregister_module_notifier(&ModuleBlock);
}
