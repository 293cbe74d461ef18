/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CommandTable.c - the names of all commands.
 *
 * Context: user space.
 */
#include "libhyperdbg/Nearest.h"
#include "libhyperdbg/commands/Command.h"

#include <string.h>
#include <strings.h>

/* Sorted: CommandFind searches by halves. */
const COMMAND_ENTRY g_CommandTable[] = {
    {"!cpuid", &g_CommandCpuid},
    {"!cr3", &g_CommandCr3},
    {"!crread", &g_CommandCrread},
    {"!crwrite", &g_CommandCrwrite},
    {"!dr", &g_CommandDr},
    {"!epthook", &g_CommandEpthook},
    {"!epthook2", &g_CommandEpthook2},
    {"!exception", &g_CommandException},
    {"!interrupt", &g_CommandInterrupt},
    {"!ioin", &g_CommandIoin},
    {"!ioout", &g_CommandIoout},
    {"!mode", &g_CommandMode},
    {"!monitor", &g_CommandMonitor},
    {"!msrread", &g_CommandMsrread},
    {"!msrwrite", &g_CommandMsrwrite},
    {"!pa2va", &g_CommandPa2va},
    {"!pmc", &g_CommandPmc},
    {"!pte", &g_CommandPte},
    {"!syscall", &g_CommandSyscall},
    {"!sysret", &g_CommandSysret},
    {"!tsc", &g_CommandTsc},
    {"!va2pa", &g_CommandVa2pa},
    {"!vmcall", &g_CommandVmcall},
    {"!xsetbv", &g_CommandXsetbv},
    {".exits", &g_CommandExits},
    {".help", &g_CommandHelp},
    {".script", &g_CommandScript},
    {".status", &g_CommandStatus},
    {"continue", &g_CommandContinue},
    {"cores", &g_CommandCores},
    {"events", &g_CommandEvents},
    {"exit", &g_CommandExit},
    {"flush", &g_CommandFlush},
    {"g", &g_CommandContinue},
    {"go", &g_CommandContinue},
    {"help", &g_CommandHelp},
    {"load", &g_CommandLoad},
    {"maps", &g_CommandMaps},
    {"pause", &g_CommandPause},
    {"q", &g_CommandExit},
    {"quit", &g_CommandExit},
    {"sleep", &g_CommandSleep},
    {"status", &g_CommandStatus},
    {"unload", &g_CommandUnload},
    {"x", &g_CommandSymbols},
};
const UINT32 g_CommandCount = COUNT_OF(g_CommandTable);

const COMMAND *CommandFind(const CHAR *Name)
{
    UINT32 Low = 0, High = g_CommandCount;

    while (Low < High) {
        UINT32 Middle = (Low + High) / 2;
        INT32 Order   = strcasecmp(Name, g_CommandTable[Middle].Name);

        if (Order == 0)
            return g_CommandTable[Middle].Command;
        if (Order > 0)
            Low = Middle + 1;
        else
            High = Middle;
    }
    return NULL;
}

const CHAR *CommandNearest(const CHAR *Name)
{
    NEAREST Nearest;

    NearestBegin(&Nearest, Name);
    for (UINT32 i = 0; i < g_CommandCount; i++)
        NearestOffer(&Nearest, g_CommandTable[i].Name);
    return Nearest.Best;
}
