/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Command.h - what a command is: its words, its parameters, its help and the function that runs it.
 *
 * Parser, completion and help read the same tables, so that they cannot disagree. Each command is one file
 * that defines one COMMAND; CommandTable.c lists them.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_COMMAND_H
#define HYPERDBG_LIBHYPERDBG_COMMAND_H

#include "libhyperdbg/LibHyperDbg.h"

#define COMMAND_MAX_PARAMETERS 12

typedef enum _PARAMETER_KIND {
    PARAMETER_NUMBER = 0, /* Number.h, up to Maximum */
    PARAMETER_CHOICE,     /* one of Choices */
    PARAMETER_MSR,        /* a number up to 32 bits, or a name of MsrNames.h */
    PARAMETER_EVENT,      /* the number of an event, as `events` shows it; the value is its tag */
    PARAMETER_COMMAND,    /* the name of a command */
    PARAMETER_FILE,       /* a path */
    PARAMETER_ADDRESS,    /* Address.h; SymbolsResolve tells its value */
    PARAMETER_SYMBOLS,    /* [module!]name, in which * and ? stand for others */
    PARAMETER_PROGRAM,    /* a block of the script language: { ... } */
} PARAMETER_KIND;

#define PARAMETER_POSITIONAL 0x1u /* stands alone, without its name before it; in the order of the table */
#define PARAMETER_REQUIRED   0x2u
#define PARAMETER_OR_ALL     0x4u /* "all" is a value too */
#define PARAMETER_SKIPPED    0x8u /* positional; a word that is no value of it is the next one's */

typedef struct _CHOICE {
    const CHAR *Word; /* NULL ends a table */
    UINT64 Value;
} CHOICE;

typedef struct _PARAMETER {
    const CHAR *Name;  /* the keyword; of a positional one the name in help and errors */
    const CHAR *Value; /* what help writes for the value: "N" */
    PARAMETER_KIND Kind;
    UINT32 Flags;
    UINT64 Maximum;        /* PARAMETER_NUMBER */
    const CHOICE *Choices; /* PARAMETER_CHOICE */
    const CHAR *Help;
} PARAMETER;

typedef struct _ARGUMENT {
    BOOLEAN IsGiven;
    BOOLEAN IsAll;
    UINT64 Number;    /* number, value of the choice, tag */
    const CHAR *Text; /* the word as it was written */
} ARGUMENT;

/* One for each parameter of the command's table, in its order. */
typedef struct _ARGUMENTS {
    ARGUMENT Item[COMMAND_MAX_PARAMETERS];
} ARGUMENTS;

typedef enum _COMMAND_GROUP {
    COMMAND_GROUP_EVENTS = 0,
    COMMAND_GROUP_MACHINE,
    COMMAND_GROUP_TERMINAL,
    COMMAND_GROUP_COUNT
} COMMAND_GROUP;

typedef struct _COMMAND_EXAMPLE {
    const CHAR *Line; /* NULL ends a table */
    const CHAR *Meaning;
} COMMAND_EXAMPLE;

typedef struct _COMMAND {
    const CHAR *Name;
    COMMAND_GROUP Group;
    const CHAR *Summary; /* one line of `help` */
    const CHAR *Details; /* more lines for `help NAME`, separated by newlines; or NULL */
    const PARAMETER *Parameters;
    UINT32 ParameterCount;
    const COMMAND_EXAMPLE *Examples;
    HYPERDBG_RESULT (*Run)(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments);
} COMMAND;

/* A name that can be typed; several may stand for one command. */
typedef struct _COMMAND_ENTRY {
    const CHAR *Name;
    const COMMAND *Command;
} COMMAND_ENTRY;

/* Sorted by name (strcasecmp). */
extern const COMMAND_ENTRY g_CommandTable[];
extern const UINT32 g_CommandCount;

/* Upper and lower case are the same; NULL: there is none of this name. */
const COMMAND *CommandFind(const CHAR *Name);

/* The name most like a mistyped one, or NULL. */
const CHAR *CommandNearest(const CHAR *Name);

extern const COMMAND g_CommandContinue, g_CommandCores, g_CommandCpuid, g_CommandEpthook, g_CommandEpthook2,
    g_CommandEvents, g_CommandExit, g_CommandExits, g_CommandFlush, g_CommandHelp, g_CommandLoad,
    g_CommandMaps, g_CommandMonitor, g_CommandMsrread, g_CommandMsrwrite, g_CommandPa2va, g_CommandPause,
    g_CommandPte, g_CommandScript, g_CommandSleep, g_CommandStatus, g_CommandSymbols, g_CommandUnload,
    g_CommandVa2pa;
extern const COMMAND g_CommandException, g_CommandInterrupt, g_CommandIoin, g_CommandIoout, g_CommandMode,
    g_CommandSyscall, g_CommandSysret; /* TrapCommands.c */
extern const COMMAND g_CommandCr3, g_CommandCrread, g_CommandCrwrite, g_CommandDr, g_CommandPmc, g_CommandTsc,
    g_CommandVmcall, g_CommandXsetbv; /* InstructionCommands.c */

#endif
