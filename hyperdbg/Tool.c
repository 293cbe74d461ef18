/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tool.c - the program: its options, and which of prompt, -c and script it is.
 *
 * The room in a glance: Tool.c chooses; Prompt.c edits lines (with Completer.c, LineHistory.c and Signals.c);
 * Terminal.c prints. Everything else is libhyperdbg.
 *
 * Context: user space.
 */
#include "hyperdbg/Prompt.h"
#include "hyperdbg/Signals.h"
#include "hyperdbg/Terminal.h"
#include "hyperdbg/ToolTransport.h"
#include "SDK/Ioctls.h"
#include "script/tool/ScriptTool.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

typedef struct _TOOL_OPTIONS {
    HYPERDBG_FORMAT Format;
    const CHAR *Commands; /* -c; NULL: not given */
    const CHAR *File;     /* NULL: not given */
    const CHAR *Types;    /* --btf; NULL: not given */
} TOOL_OPTIONS;

static const CHAR g_Help[] =
    "usage: hyperdbg [--json]               commands from the terminal (or, without one, from standard "
    "input)\n"
    "       hyperdbg [--json] -c COMMANDS   run COMMANDS, separated by ';', and leave\n"
    "       hyperdbg [--json] FILE          run the commands of FILE ('-': standard input) and leave\n"
    "       hyperdbg -e SCRIPT [OPTIONS]    try a script, or file:PATH, without a machine ('hyperdbg -e' "
    "tells "
    "the options)\n"
    "\n"
    "  -c, --command COMMANDS   what to run\n"
    "  -j, --json               one JSON object a line instead of text\n"
    "      --btf FILE           kernel types that scripts use (default: those of the running kernel)\n"
    "  -h, --help               this text; 'hyperdbg -c help' lists the commands\n"
    "  -V, --version            version of the tool and of its interface to the modules\n"
    "\n"
    "With -c and FILE the first command that fails ends the run and the exit status is 1; it is 0 only when "
    "every\n"
    "command succeeded (2: wrong usage). Events that fire are shown while commands run: 'sleep 0n1000' waits "
    "a\n"
    "second for them. All that was recorded before a command ended is shown before the program ends.\n"
    "\n"
    "In FILE, '#' and '//' begin a comment. Numbers are hexadecimal unless written 0n10 (decimal).\n"
    "Leaving does not unload: the VMM and its events stay until 'unload vmm'.\n"
    "\n"
    "environment: HYPERDBG_MODULES  directory of hyperlog.ko, hyperhv.ko and hyperkd.ko\n"
    "             NO_COLOR          no colours, even on a terminal\n"
    "             CLICOLOR_FORCE    colours, even into a pipe\n"
    "files:       ~/.hyperdbg_history, ~/.editrc\n";

static int ToolUsage(const CHAR *Fault)
{
    fprintf(stderr, "hyperdbg: %s\n'hyperdbg --help' tells the options\n", Fault);
    return EXIT_USAGE;
}

/* -1: go on; otherwise the exit status. */
static int ToolParseOptions(int Count, char **Words, TOOL_OPTIONS *Options)
{
    static const struct option Long[] = {
        {"command", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
        {"btf", required_argument, NULL, 'b'},     {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},       {NULL, 0, NULL, 0}};
    int Option;

    while ((Option = getopt_long(Count, Words, "c:jhV", Long, NULL)) != -1) {
        if (Option == 'h')
            return fputs(g_Help, stdout) < 0;
        if (Option == 'V')
            return printf("hyperdbg %s (interface %u)\n", HYPERDBG_VERSION, HYPERDBG_INTERFACE_VERSION) < 0;
        if (Option == 'j')
            Options->Format = HYPERDBG_FORMAT_JSON;
        else if (Option == 'b')
            Options->Types = optarg;
        else if (Option == 'c' && Options->Commands == NULL)
            Options->Commands = optarg;
        else if (Option == 'c')
            return ToolUsage("-c is given twice: separate commands by ';'");
        else
            return ToolUsage("that option is not known, or lacks its value");
    }
    if (optind < Count)
        Options->File = Words[optind++];
    if (optind < Count)
        return ToolUsage("more than one FILE");
    if (Options->File != NULL && Options->Commands != NULL)
        return ToolUsage("FILE and -c exclude each other");
    return -1;
}

/* -c or FILE. Records of events set by somebody earlier are shown too, if the modules are there. */
static int ToolRunScript(HYPERDBG_SESSION *Session, const TOOL_OPTIONS *Options)
{
    HYPERDBG_RESULT Result;

    SignalsForScript(Session);
    HyperDbgConnect(Session, TRUE);
    if (Options->Commands != NULL)
        Result = HyperDbgRunCommand(Session, Options->Commands);
    else
        Result = HyperDbgRunFile(Session, Options->File != NULL ? Options->File : "-");
    return Result == HYPERDBG_FAILURE ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int ToolRun(const TOOL_OPTIONS *Options)
{
    BOOLEAN IsInteractive     = Options->Commands == NULL && Options->File == NULL && isatty(STDIN_FILENO);
    HYPERDBG_OPTIONS Settings = {
        .Format = Options->Format, .Callback = TerminalPrint, .TypesPath = Options->Types};
    TERMINAL Terminal;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* who reads a pipe sees each line at once */
    TerminalInitialize(&Terminal, Options->Format, IsInteractive);
    Settings.CallbackContext = &Terminal;
    ToolTransport(&Settings);
    HYPERDBG_SESSION *Session = HyperDbgOpen(&Settings);
    if (Session == NULL) {
        perror("hyperdbg");
        return EXIT_FAILURE;
    }
    int Status = IsInteractive ? PromptRun(Session, &Terminal) : ToolRunScript(Session, Options);
    HyperDbgClose(Session);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("hyperdbg: standard output could not be written\n", stderr);
        return EXIT_FAILURE;
    }
    return Status;
}

int main(int argc, char **argv)
{
    TOOL_OPTIONS Options = {0};
    int Status;

    /* A script that is tried needs no machine: the rest of the line is the script tool's. */
    if (argc > 1 && strcmp(argv[1], "-e") == 0)
        return ScriptToolMain(argc, argv);

    Status = ToolParseOptions(argc, argv, &Options);

    return Status >= 0 ? Status : ToolRun(&Options);
}
