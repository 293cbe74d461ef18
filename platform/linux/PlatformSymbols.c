// SPDX-License-Identifier: GPL-2.0-only
/*
 * PlatformSymbols.c - names of the kernel's functions and data, by the kernel's own tables. Context: process.
 */
#include <linux/glob.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/version.h>

#include "platform/PlatformSymbols.h"
#include "platform/linux/KernelSymbols.h"

/* --- from the address --- */

/* "name+0x12/0x345", "name+0x12/0x345 [module]"; an address that is nobody's is "0xffff...". */
static bool symbol_parse(char *text, PLATFORM_SYMBOL *symbol, unsigned long *offset)
{
    char *module = strstr(text, " [");
    char *plus;

    if (module) {
        *module = '\0';
        module += 2;
        module[strcspn(module, " ]")] = '\0';
    }
    plus = strrchr(text, '+');
    if (!plus)
        return false;
    *plus        = '\0';
    symbol->Size = 0;
    if (sscanf(plus + 1, "%lx/%llx", offset, &symbol->Size) < 1)
        return false;
    strscpy(symbol->Name, text, sizeof(symbol->Name));
    strscpy(symbol->Module, module ? module : PLATFORM_SYMBOL_KERNEL, sizeof(symbol->Module));
    return true;
}

BOOLEAN PlatformSymbolOfAddress(UINT64 Address, PLATFORM_SYMBOL *Symbol)
{
    char text[KSYM_SYMBOL_LEN];
    unsigned long offset;

    if ((INT64)Address >= 0)
        return FALSE;
    sprint_symbol(text, Address);
    if (!symbol_parse(text, Symbol, &offset))
        return FALSE;
    Symbol->Address = Address - offset;
    return TRUE;
}

/* --- from the name --- */

struct symbol_search {
    const char *module; /* "": any */
    const char *pattern;
    PLATFORM_SYMBOL_FOUND found;
    void *context;
};

/* Names of per-core data have offsets for addresses. */
static int symbol_found(const struct symbol_search *search, const char *module, const char *name,
                        unsigned long address)
{
    if ((long)address >= 0)
        return 0;
    return !search->found(search->context, module, name, address);
}

static bool symbol_wants_module(const struct symbol_search *search, const char *module)
{
    return search->module[0] == '\0' || strcmp(search->module, module) == 0;
}

static int symbol_match(struct symbol_search *search, const char *module, const char *name,
                        unsigned long address)
{
    if (!symbol_wants_module(search, module) || !glob_match(search->pattern, name))
        return 0;
    return symbol_found(search, module, name, address);
}

static int symbol_exact(void *data, unsigned long address)
{
    struct symbol_search *search = data;

    return symbol_found(search, PLATFORM_SYMBOL_KERNEL, search->pattern, address);
}

/* The kernel does not export its walks over the tables, and has changed them meanwhile. */
static int (*each_exact)(int (*fn)(void *, unsigned long), const char *name, void *data);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
typedef int (*symbol_callback)(void *data, const char *name, unsigned long address);
static int (*each_kernel_symbol)(symbol_callback callback, void *data);
static int (*each_module_symbol)(const char *module, symbol_callback callback, void *data);

static int symbol_of_kernel(void *data, const char *name, unsigned long address)
{
    return symbol_match(data, PLATFORM_SYMBOL_KERNEL, name, address);
}

/* The walk does not say whose symbol it is. */
static int symbol_of_module(void *data, const char *name, unsigned long address)
{
    const struct symbol_search *search = data;
    PLATFORM_SYMBOL symbol;

    if (!glob_match(search->pattern, name) || !PlatformSymbolOfAddress(address, &symbol))
        return 0;
    return symbol_found(search, symbol.Module, name, address);
}

static int symbols_of_modules(struct symbol_search *search)
{
    return each_module_symbol(search->module[0] ? search->module : NULL, symbol_of_module, search);
}
#else
typedef int (*symbol_callback)(void *data, const char *name, struct module *module, unsigned long address);
static int (*each_kernel_symbol)(symbol_callback callback, void *data);
static int (*each_module_symbol)(symbol_callback callback, void *data);

static int symbol_of_kernel(void *data, const char *name, struct module *module, unsigned long address)
{
    return symbol_match(data, PLATFORM_SYMBOL_KERNEL, name, address);
}

static int symbol_of_module(void *data, const char *name, struct module *module, unsigned long address)
{
    return symbol_match(data, module->name, name, address);
}

static int symbols_of_modules(struct symbol_search *search)
{
    return each_module_symbol(symbol_of_module, search);
}
#endif

/* The last one looked for is the first one that is missing where any is. */
static bool find_walks(void)
{
    if (each_module_symbol)
        return true;
    each_exact         = KernelSymbolFind("kallsyms_on_each_match_symbol");
    each_kernel_symbol = KernelSymbolFind("kallsyms_on_each_symbol");
    if (each_exact && each_kernel_symbol)
        each_module_symbol = KernelSymbolFind("module_kallsyms_on_each_symbol");
    return each_module_symbol;
}

static int symbols_of_kernel(struct symbol_search *search)
{
    if (!symbol_wants_module(search, PLATFORM_SYMBOL_KERNEL))
        return 0;
    if (!strpbrk(search->pattern, "*?[\\"))
        return each_exact(symbol_exact, search->pattern, search);
    return each_kernel_symbol(symbol_of_kernel, search);
}

BOOLEAN PlatformSymbolsSearch(const CHAR *Module, const CHAR *Pattern, PLATFORM_SYMBOL_FOUND Found,
                              PVOID Context)
{
    struct symbol_search search = {.module = Module, .pattern = Pattern, .found = Found, .context = Context};

    if (!find_walks())
        return FALSE;
    if (symbols_of_kernel(&search) == 0)
        symbols_of_modules(&search);
    return TRUE;
}
