// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * ScriptTool.c - compiles a script, shows its bytecode, runs it on a mock machine.
 *
 * Context: user space.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/tool/ScriptTool.h"

enum { TOOL_WELL = 0, TOOL_SCRIPT = 1, TOOL_RUN = 2, TOOL_USE = 3 };

static const CHAR g_ToolHelp[] =
    "usage: %s -e SCRIPT [options]\n"
    "Compiles a script and runs it on a machine that is not there.\n"
    "\n"
    "  -e SCRIPT            the script itself, or file:PATH\n"
    "  --state FILE         registers, memory, tasks and runs of the machine (default: all zero, one run)\n"
    "  --btf FILE           kernel types: raw BTF or an ELF file; `kernel` for this machine's\n"
    "  --module-btf FILE    types of a module, on top of those of --btf\n"
    "  --function NAME      the kernel function that the event is on, for $arg.name\n"
    "  --arg TEXT           $arg0; again for $arg1, ...\n"
    "  --budget NUMBER      operations per run (decimal)\n"
    "  --dump-bytecode      show the program instead of running it\n"
    "  --statistics         show how many operations the last run was charged\n"
    "  --help               this text\n"
    "\n"
    "Exit status: 0 well, 1 errors in the script, 2 a run that failed, 3 wrong use.\n";

#define TOOL_MAXIMUM_ARGUMENTS 16
#define TOOL_FILE_PREFIX       "file:"

typedef struct _TOOL {
    const CHAR *Name;
    const CHAR *Script;
    const CHAR *File;
    const CHAR *StateFile;
    const CHAR *BtfFile;
    const CHAR *ModuleFile;
    const CHAR *Budget;
    BOOLEAN Dump;
    BOOLEAN Statistics;
    SCRIPT_COMPILE_OPTIONS Options;
    const CHAR *Arguments[TOOL_MAXIMUM_ARGUMENTS];
    MOCK_STATE State;
    MOCK_MACHINE Machine;
} TOOL;

static VOID ToolPrint(PVOID Context, const CHAR *Text, UINT32 Length)
{
    (void)Context;
    fwrite(Text, 1, Length, stdout);
}

/* The symbols of the state are names in the script too. */
static BOOLEAN ToolFindSymbol(PVOID Context, const CHAR *Name, UINT64 *Address)
{
    const TOOL *Tool = Context;
    UINT32 Index;

    for (Index = 0; Index < Tool->State.SymbolCount; Index++) {
        if (strcmp(Tool->State.Symbols[Index].Name, Name) == 0) {
            *Address = Tool->State.Symbols[Index].Address;
            return TRUE;
        }
    }
    return FALSE;
}

static int ToolParse(TOOL *Tool, int argc, char **argv)
{
    static const struct option Options[] = {
        {"state", required_argument, NULL, 's'},
        {"btf", required_argument, NULL, 'b'},
        {"module-btf", required_argument, NULL, 'm'},
        {"function", required_argument, NULL, 'f'},
        {"arg", required_argument, NULL, 'a'},
        {"budget", required_argument, NULL, 'B'},
        {"dump-bytecode", no_argument, NULL, 'd'},
        {"statistics", no_argument, NULL, 'S'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int Option;

    Tool->Name              = argv[0];
    Tool->Options.Arguments = Tool->Arguments;
    optind                  = 1;
    while ((Option = getopt_long(argc, argv, "e:", Options, NULL)) != -1) {
        switch (Option) {
        case 'e':
            Tool->Script = optarg;
            break;
        case 's':
            Tool->StateFile = optarg;
            break;
        case 'b':
            Tool->BtfFile = optarg;
            break;
        case 'm':
            Tool->ModuleFile = optarg;
            break;
        case 'f':
            Tool->Options.Function = optarg;
            break;
        case 'a':
            if (Tool->Options.ArgumentCount < TOOL_MAXIMUM_ARGUMENTS) {
                Tool->Arguments[Tool->Options.ArgumentCount++] = optarg;
            }
            break;
        case 'B':
            Tool->Budget = optarg;
            break;
        case 'd':
            Tool->Dump = TRUE;
            break;
        case 'S':
            Tool->Statistics = TRUE;
            break;
        case 'h':
            printf(g_ToolHelp, Tool->Name);
            return -1;
        default:
            fprintf(stderr, "try '%s --help'\n", Tool->Name);
            return TOOL_USE;
        }
    }
    if (Tool->Script != NULL && strncmp(Tool->Script, TOOL_FILE_PREFIX, sizeof(TOOL_FILE_PREFIX) - 1) == 0) {
        Tool->File = Tool->Script + sizeof(TOOL_FILE_PREFIX) - 1;
    }
    if (Tool->Script == NULL || optind < argc) {
        fprintf(stderr, g_ToolHelp, Tool->Name);
        return TOOL_USE;
    }
    return TOOL_WELL;
}

static int ToolReadState(TOOL *Tool)
{
    CHAR Error[200];
    CHAR *Path;
    CHAR *Text;
    SIZE_T Size;
    BOOLEAN Good;

    MockInitialize(&Tool->State);
    if (Tool->StateFile != NULL) {
        Text = ScriptReadFile(NULL, Tool->StateFile, NULL, &Path, &Size);
        if (Text == NULL) {
            fprintf(stderr, "%s: cannot read %s\n", Tool->Name, Tool->StateFile);
            return TOOL_USE;
        }
        Good = StateParse(&Tool->State, Text, Error, sizeof(Error));
        free(Text);
        free(Path);
        if (!Good) {
            fprintf(stderr, "%s: %s: %s\n", Tool->Name, Tool->StateFile, Error);
            return TOOL_USE;
        }
    }
    if (Tool->Budget != NULL) {
        Tool->State.Budget = strtoull(Tool->Budget, NULL, 10);
    }
    return TOOL_WELL;
}

static int ToolOpenBtf(TOOL *Tool)
{
    CHAR Error[200];
    const CHAR *Base = Tool->BtfFile != NULL && strcmp(Tool->BtfFile, "kernel") == 0 ? NULL : Tool->BtfFile;

    if (Tool->BtfFile == NULL && Tool->ModuleFile == NULL) {
        return TOOL_WELL;
    }
    if (Tool->ModuleFile != NULL) {
        Tool->Options.Btf = ScriptBtfOpen(Tool->ModuleFile, Base != NULL ? Base : "/sys/kernel/btf/vmlinux",
                                          Error, sizeof(Error));
    } else {
        Tool->Options.Btf = ScriptBtfOpen(Base, NULL, Error, sizeof(Error));
    }
    if (Tool->Options.Btf == NULL) {
        fprintf(stderr, "%s: %s\n", Tool->Name, Error);
        return TOOL_USE;
    }
    return TOOL_WELL;
}

static int ToolCompile(TOOL *Tool, SCRIPT_COMPILATION *Compilation)
{
    CHAR *Path = NULL;
    CHAR *Text = NULL;
    SIZE_T Size;
    BOOLEAN Good;

    if (Tool->File == NULL) {
        Good = ScriptCompile(&Tool->Options, "script", Tool->Script, strlen(Tool->Script), Compilation);
    } else {
        Text = ScriptReadFile(NULL, Tool->File, NULL, &Path, &Size);
        if (Text == NULL) {
            fprintf(stderr, "%s: cannot read %s\n", Tool->Name, Tool->File);
            memset(Compilation, 0, sizeof(*Compilation));
            return TOOL_USE;
        }
        Good = ScriptCompile(&Tool->Options, Path, Text, Size, Compilation);
        free(Text);
        free(Path);
    }
    fputs(Compilation->Messages, stderr);
    return Good ? TOOL_WELL : TOOL_SCRIPT;
}

static int ToolRun(TOOL *Tool, const SCRIPT_PROGRAM *Program)
{
    MOCK Mock            = {.State = &Tool->State, .Machine = &Tool->Machine, .Print = ToolPrint};
    SCRIPT_RESULT Result = {0};
    SCRIPT_STATUS Status;

    Mock.Instance = InstanceCreate(Program, Tool->State.Cores);
    if (Mock.Instance == NULL) {
        fprintf(stderr, "%s: no memory for the program's maps and globals\n", Tool->Name);
        return TOOL_USE;
    }
    Status = MockRun(&Mock, &Result);
    if (Tool->Statistics) {
        printf("%llu operations\n", Result.Operations);
    }
    InstanceFree(Mock.Instance);
    return Status == SCRIPT_STATUS_SUCCESS ? TOOL_WELL : TOOL_RUN;
}

static int ToolShow(const SCRIPT_PROGRAM *Program)
{
    CHAR *Listing = ScriptListProgram(Program);

    if (Listing != NULL) {
        fputs(Listing, stdout);
    }
    free(Listing);
    return TOOL_WELL;
}

static int ToolWork(TOOL *Tool)
{
    SCRIPT_COMPILATION Compilation = {0};
    int Status                     = ToolReadState(Tool);

    if (Status == TOOL_WELL) {
        Status = ToolOpenBtf(Tool);
    }
    if (Status == TOOL_WELL) {
        Status = ToolCompile(Tool, &Compilation);
    }
    if (Status == TOOL_WELL) {
        Status = Tool->Dump ? ToolShow(Compilation.Program) : ToolRun(Tool, Compilation.Program);
    }
    ScriptCompilationFree(&Compilation);
    ScriptBtfClose(Tool->Options.Btf);
    return Status;
}

int ScriptToolMain(int argc, char **argv)
{
    TOOL *Tool = calloc(1, sizeof(*Tool));
    int Status;

    if (Tool == NULL) {
        return TOOL_USE;
    }
    Tool->Options.FindSymbol = ToolFindSymbol;
    Tool->Options.ReadFile   = ScriptReadFile;
    Tool->Options.Context    = Tool;
    Status                   = ToolParse(Tool, argc, argv);
    if (Status == TOOL_WELL) {
        Status = ToolWork(Tool);
    }
    free(Tool);
    return Status < 0 ? TOOL_WELL : Status;
}
