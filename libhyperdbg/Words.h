/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Words.h - a line of input cut into commands and words.
 *
 * Blanks separate words, ';' separates commands. '#' or '//' where a word could begin start a comment that
 * ends the line. "..." makes one word of anything; within it \" and \\ stand for the second character. A word
 * that begins with '{' goes to the '}' that closes it, all of it as it stands: a block of the script
 * language, whose strings, characters and comments may hold braces. It may have many lines.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_WORDS_H
#define HYPERDBG_LIBHYPERDBG_WORDS_H

#include "SDK/BasicTypes.h"

#define WORDS_MAX 64

typedef struct _WORDS {
    CHAR *Storage; /* what Item points into */
    UINT32 Count;
    const CHAR *Item[WORDS_MAX];
    UINT32 Start[WORDS_MAX]; /* where each begins: an offset into the line, its quotation mark included */
    UINT32 End;              /* offset behind the command; for WORDS_END of the line's end or its comment */
    BOOLEAN IsLastOpen; /* the line ended inside the last word: no blank, ';' or quotation mark closed it */
} WORDS;

typedef enum _WORDS_RESULT {
    WORDS_COMMAND = 0, /* one command, at least one word */
    WORDS_END,         /* the line holds no more */
    WORDS_OPEN_QUOTE,  /* the last word lacks its closing quotation mark */
    WORDS_OPEN_BLOCK,  /* the last word lacks its closing brace */
    WORDS_TOO_MANY,    /* more than WORDS_MAX */
    WORDS_NO_MEMORY,
} WORDS_RESULT;

/* Reads the next command of Line from *Offset on and moves *Offset behind it. Words is filled as far as
 * possible for every result; WordsFree always follows. */
WORDS_RESULT WordsNext(const CHAR *Line, UINT32 *Offset, WORDS *Words);
VOID WordsFree(WORDS *Words);

/* Does the text end within a block, so that its next line belongs to it? */
BOOLEAN WordsIsBlockOpen(const CHAR *Text);

#endif
