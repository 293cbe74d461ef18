/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * InstructionCommands.c - !tsc, !pmc, !dr, !crwrite, !crread, !cr3, !vmcall, !xsetbv: tell each time such an
 * instruction is executed. They differ in what their parameter selects, and in nothing else but !crwrite's
 * mask.
 *
 * Context: user space.
 */
#include "libhyperdbg/commands/EventCommand.h"

#define ONE_OF(Name, Choices, Help)                                                                          \
    {                                                                                                        \
        Name, Name, PARAMETER_CHOICE, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, 0, Choices, Help              \
    }
#define UP_TO(Name, Maximum, Help)                                                                           \
    {                                                                                                        \
        Name, Name, PARAMETER_NUMBER, PARAMETER_POSITIONAL | PARAMETER_OR_ALL, Maximum, NULL, Help           \
    }

static const CHOICE g_TscInstructions[]  = {{"rdtsc", 0}, {"rdtscp", 1}, {NULL, 0}};
static const CHOICE g_WrittenRegisters[] = {{"0", 0}, {"4", 4}, {"8", 8}, {NULL, 0}};
static const CHOICE g_ReadRegisters[]    = {{"3", 3}, {"8", 8}, {NULL, 0}};

static const PARAMETER g_TscParameters[] = {
    EVENT_COMMON_PARAMETERS, ONE_OF("instruction", g_TscInstructions, "only this one; without it both")};
static const PARAMETER g_PmcParameters[] = {
    EVENT_COMMON_PARAMETERS, UP_TO("counter", 0xFFFFFFFF, "only for this counter (ECX); without it for all")};
static const PARAMETER g_DrParameters[] = {
    EVENT_COMMON_PARAMETERS,
    UP_TO("register", 7, "only for this debug register (0 to 7); without it for all")};
static const PARAMETER g_CrreadParameters[] = {
    EVENT_COMMON_PARAMETERS,
    ONE_OF("register", g_ReadRegisters,
           "only for this control register; without it for both (VT-x cannot watch reads of CR0, CR2, CR4)")};
static const PARAMETER g_Cr3Parameters[] = {
    EVENT_COMMON_PARAMETERS,
    UP_TO("value", ~0ull >> 1,
          "only when this value is written (bit 63 aside); without it each time; it tells address space and "
          "PCID")};
static const PARAMETER g_VmcallParameters[] = {
    EVENT_COMMON_PARAMETERS, UP_TO("number", ~0ull, "only with this number in RAX; without it for all")};
static const PARAMETER g_XsetbvParameters[] = {
    EVENT_COMMON_PARAMETERS, UP_TO("xcr", 0xFFFFFFFF, "only for this register (ECX); without it for all")};
static const PARAMETER g_CrwriteParameters[] = {
    EVENT_COMMON_PARAMETERS,
    ONE_OF("register", g_WrittenRegisters,
           "only for this control register; without it for all three (CR3 has !cr3)"),
    {"mask", "N", PARAMETER_NUMBER, 0, ~0ull, NULL,
     "only when one of these bits of CR0 or CR4 changes (PE and PG cannot be watched)"}};
#define CRWRITE_MASK (EVENT_PARAMETER_OWN + 1)

static const COMMAND_EXAMPLE g_TscExamples[] = {
    {"!tsc rdtscp pid 0n1234", "each RDTSCP of process 1234"},
    {"!tsc core 0 sc on", "on core 0 both leave the registers as they are"},
    {NULL, NULL}};
static const COMMAND_EXAMPLE g_PmcExamples[] = {
    {"!pmc", "each RDPMC"}, {"!pmc 0 stage post", "reads of counter 0, with the value"}, {NULL, NULL}};
static const COMMAND_EXAMPLE g_DrExamples[]      = {{"!dr", "each MOV to or from a debug register"},
                                                    {"!dr 7 stage all", "accesses of DR7, before and after"},
                                                    {NULL, NULL}};
static const COMMAND_EXAMPLE g_CrwriteExamples[] = {
    {"!crwrite 4", "each change of CR4"},
    {"!crwrite 0 mask 10000", "each time CR0.WP is turned off or on"},
    {"!crwrite 4 mask 100000 sc on", "CR4.SMEP stays as it is"},
    {NULL, NULL}};
static const COMMAND_EXAMPLE g_CrreadExamples[] = {{"!crread 3", "each read of CR3"}, {NULL, NULL}};
static const COMMAND_EXAMPLE g_Cr3Examples[]    = {
       {"!cr3 pid 0n1234", "each change of the address space away from process 1234"},
       {"!cr3 core 1", "each on core 1"},
       {NULL, NULL}};
static const COMMAND_EXAMPLE g_VmcallExamples[] = {
    {"!vmcall", "each VMCALL that is not the debugger's own"},
    {"!vmcall 1 sc on", "number 1 is done nothing with, instead of #UD"},
    {NULL, NULL}};
static const COMMAND_EXAMPLE g_XsetbvExamples[] = {{"!xsetbv 0", "each write of XCR0"}, {NULL, NULL}};

#define DEFINE_COMMAND(Id, Word, EventType, What)                                                            \
    static HYPERDBG_RESULT Id##CommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)             \
    {                                                                                                        \
        return EventCommandRun(Session, EventType, Arguments, &Arguments->Item[EVENT_PARAMETER_OWN]);        \
    }                                                                                                        \
    DEFINE_COMMAND_WITH_RUN(Id, Word, What)

#define DEFINE_COMMAND_WITH_RUN(Id, Word, What)                                                              \
    const COMMAND g_Command##Id = {                                                                          \
        .Name           = Word,                                                                              \
        .Group          = COMMAND_GROUP_EVENTS,                                                              \
        .Summary        = "tell each time " What,                                                            \
        .Details        = EVENT_COMMON_DETAILS,                                                              \
        .Parameters     = g_##Id##Parameters,                                                                \
        .ParameterCount = COUNT_OF(g_##Id##Parameters),                                                      \
        .Examples       = g_##Id##Examples,                                                                  \
        .Run            = Id##CommandRun,                                                                    \
    };

DEFINE_COMMAND(Tsc, "!tsc", TSC_INSTRUCTION_EXECUTION, "the time-stamp counter is read (RDTSC, RDTSCP)")
DEFINE_COMMAND(Pmc, "!pmc", PMC_INSTRUCTION_EXECUTION, "a performance counter is read (RDPMC)")
DEFINE_COMMAND(Dr, "!dr", DEBUG_REGISTERS_ACCESSED, "a debug register is read or written")
DEFINE_COMMAND(Crread, "!crread", CONTROL_REGISTER_READ, "CR3 or CR8 is read")
DEFINE_COMMAND(Cr3, "!cr3", CONTROL_REGISTER_3_MODIFIED, "CR3 is written: the address space changes")
DEFINE_COMMAND(Vmcall, "!vmcall", VMCALL_INSTRUCTION_EXECUTION, "a VMCALL that is not ours is executed")
DEFINE_COMMAND(Xsetbv, "!xsetbv", XSETBV_INSTRUCTION_EXECUTION, "an extended control register is written")

static HYPERDBG_RESULT CrwriteCommandRun(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments)
{
    const ARGUMENT *Register       = &Arguments->Item[EVENT_PARAMETER_OWN];
    DEBUGGER_EVENT_OPTIONS Options = {.EventType      = CONTROL_REGISTER_MODIFIED,
                                      .OptionalParam2 = Arguments->Item[CRWRITE_MASK].Number};

    if (Register->IsGiven && !Register->IsAll) {
        Options.HasOptionalParam1 = TRUE;
        Options.OptionalParam1    = Register->Number;
    }
    return EventCommandRegister(Session, Arguments, &Options);
}

DEFINE_COMMAND_WITH_RUN(Crwrite, "!crwrite", "CR0, CR4 or CR8 is changed")
