/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * EventCommand.h - what the commands that set an event share: parameters, the request, the answer.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_EVENT_COMMAND_H
#define HYPERDBG_LIBHYPERDBG_EVENT_COMMAND_H

#include "SDK/Ioctls.h"
#include "libhyperdbg/commands/Command.h"
#include "libhyperdbg/output/TextBuilder.h"

/* Where the shared parameters stand in each table; an event's own ones follow. */
typedef enum _EVENT_PARAMETER {
    EVENT_PARAMETER_PID = 0,
    EVENT_PARAMETER_CORE,
    EVENT_PARAMETER_STAGE,
    EVENT_PARAMETER_SHORT_CIRCUIT,
    EVENT_PARAMETER_SCRIPT,
    EVENT_PARAMETER_BUDGET,
    EVENT_PARAMETER_OWN
} EVENT_PARAMETER;

extern const CHOICE g_EventStages[];
extern const CHOICE g_EventSwitch[];

/* ORDER EVENT_PARAMETER */
#define EVENT_COMMON_PARAMETERS                                                                               \
    {"pid",                                                                                                   \
     "N",                                                                                                     \
     PARAMETER_NUMBER,                                                                                        \
     PARAMETER_OR_ALL,                                                                                        \
     HYPERDBG_ALL_PROCESSES - 1,                                                                              \
     NULL,                                                                                                    \
     "only in this process (mind that numbers are hexadecimal: 0n1234 for a decimal one)"},                   \
        {"core", "N", PARAMETER_NUMBER, PARAMETER_OR_ALL, HYPERDBG_MAX_CORES - 1, NULL, "only on this core"}, \
        {"stage",                                                                                             \
         "STAGE",                                                                                             \
         PARAMETER_CHOICE,                                                                                    \
         0,                                                                                                   \
         0,                                                                                                   \
         g_EventStages,                                                                                       \
         "before the instruction's effect (pre, the default), after it (post), or both (all)"},               \
        {"sc",                                                                                                \
         "SWITCH",                                                                                            \
         PARAMETER_CHOICE,                                                                                    \
         0,                                                                                                   \
         0,                                                                                                   \
         g_EventSwitch,                                                                                       \
         "short-circuit: the instruction's effect does not happen (stage pre only; default off)"},            \
        {"script",                                                                                            \
         "{...}",                                                                                             \
         PARAMETER_PROGRAM,                                                                                   \
         0,                                                                                                   \
         0,                                                                                                   \
         NULL,                                                                                                \
         "run this instead of telling a line each time; { file:PATH } takes it from a file"},                 \
    {                                                                                                         \
        "budget", "N", PARAMETER_NUMBER, 0, HYPERDBG_MAX_SCRIPT_BUDGET, NULL,                                 \
            "operations that one run of the script may take (default 0n1000000)"                              \
    }

#define EVENT_COMMON_DETAILS                                                                                 \
    "Each time it happens a line says event and stage, time, core, process, address of the instruction\n"    \
    "and the registers that matter; at stage post also which registers were changed. With a script only\n"   \
    "what that prints is shown ('help maps' tells of its maps)."

/* Sets an event of this type; Own (or NULL) is the number that the context must equal. */
HYPERDBG_RESULT EventCommandRun(HYPERDBG_SESSION *Session, VMM_EVENT_TYPE_ENUM EventType,
                                const ARGUMENTS *Arguments, const ARGUMENT *Own);

/* The same for an event whose type and own parameters are in Options already. */
HYPERDBG_RESULT EventCommandRegister(HYPERDBG_SESSION *Session, const ARGUMENTS *Arguments,
                                     const DEBUGGER_EVENT_OPTIONS *Options);

/* "leaf 1 pid 0n1234 core 0": the filters of an event as they would be typed, addresses with their symbols;
 * "" when it has none. */
VOID EventAddFilters(HYPERDBG_SESSION *Session, TEXT *Text, const DEBUGGER_EVENT_OPTIONS *Options);

struct json_object;
/* The members that describe an event's settings. */
VOID EventAddOptionsObject(HYPERDBG_SESSION *Session, struct json_object *Object, UINT64 Tag,
                           const DEBUGGER_EVENT_OPTIONS *Options);

#endif
