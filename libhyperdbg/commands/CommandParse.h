/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CommandParse.h - words to arguments, by the command's table of parameters, before the command runs.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_COMMAND_PARSE_H
#define HYPERDBG_LIBHYPERDBG_COMMAND_PARSE_H

#include "libhyperdbg/Words.h"
#include "libhyperdbg/commands/Command.h"
#include "libhyperdbg/output/TextBuilder.h"

/* Why words were refused: the word that was wrong (NULL: one is missing) and what was expected. */
typedef struct _PARSE_ERROR {
    const CHAR *Word;
    TEXT Text;
} PARSE_ERROR;

/* Words->Item[0] is the command's name. */
BOOLEAN CommandParse(const COMMAND *Command, const WORDS *Words, ARGUMENTS *Arguments, PARSE_ERROR *Error);

/* What the parser would do with the word after the first Count words of an unfinished line. */
typedef struct _PARSE_STATE {
    UINT32 Given;             /* bit n: parameter n has its value */
    const PARAMETER *Pending; /* a keyword that waits for its value */
    const PARAMETER *Next;    /* the positional parameter that a plain word would fill */
} PARSE_STATE;

/* Words that cannot be understood are passed over: the user may still correct them. */
VOID CommandParsePrefix(const COMMAND *Command, const WORDS *Words, UINT32 Count, PARSE_STATE *State);

/* The first positional parameter without a value (Given: a bit for each that has one); NULL: all have one. */
const PARAMETER *CommandNextPositional(const COMMAND *Command, UINT32 Given);

/* "[pid N|all]", "<leaf>": one parameter as help writes it. */
VOID CommandAddSyntax(TEXT *Text, const PARAMETER *Parameter);

#endif
