/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Words.c - a line of input cut into commands and words.
 *
 * Context: user space.
 */
#include "libhyperdbg/Words.h"

#include <stdlib.h>
#include <string.h>

static BOOLEAN WordsIsBlank(CHAR Character)
{
    return Character == ' ' || Character == '\t' || Character == '\r' || Character == '\n';
}

static BOOLEAN WordsIsComment(const CHAR *At)
{
    return At[0] == '#' || (At[0] == '/' && At[1] == '/');
}

/* Copies the word at *At to *Out with its final zero and moves both. FALSE: the quotation mark is not closed.
 */
static BOOLEAN WordsTake(const CHAR **At, CHAR **Out)
{
    const CHAR *From = *At;
    CHAR *To         = *Out;
    BOOLEAN Quoted   = FALSE;

    for (; *From != '\0'; From++) {
        if (!Quoted && (WordsIsBlank(*From) || *From == ';'))
            break;
        if (*From == '"')
            Quoted = !Quoted;
        else if (Quoted && *From == '\\' && (From[1] == '"' || From[1] == '\\'))
            *To++ = *++From;
        else
            *To++ = *From;
    }
    *To++ = '\0';
    *At   = From;
    *Out  = To;
    return !Quoted;
}

/* Takes words up to the end of the command. */
static WORDS_RESULT WordsTakeAll(const CHAR *Line, const CHAR **At, WORDS *Words)
{
    CHAR *Out = Words->Storage;

    for (;; Words->IsLastOpen = FALSE) {
        while (WordsIsBlank(**At))
            (*At)++;
        if (**At == '\0' || **At == ';' || WordsIsComment(*At))
            return WORDS_COMMAND;
        if (Words->Count == WORDS_MAX)
            return WORDS_TOO_MANY;
        Words->Item[Words->Count]    = Out;
        Words->Start[Words->Count++] = (UINT32)(*At - Line);
        if (!WordsTake(At, &Out)) {
            Words->IsLastOpen = TRUE;
            return WORDS_OPEN_QUOTE;
        }
        if (**At == '\0') {
            Words->IsLastOpen = (*At)[-1] != '"';
            return WORDS_COMMAND;
        }
    }
}

WORDS_RESULT WordsNext(const CHAR *Line, UINT32 *Offset, WORDS *Words)
{
    const CHAR *At = Line + *Offset;

    memset(Words, 0, sizeof(*Words));
    while (WordsIsBlank(*At) || *At == ';')
        At++;
    Words->End = (UINT32)(At - Line);
    if (*At == '\0' || WordsIsComment(At))
        return WORDS_END;
    /* Each word needs its characters and a zero; between two words stands at least one character. */
    Words->Storage = malloc(strlen(At) + 1);
    if (Words->Storage == NULL)
        return WORDS_NO_MEMORY;

    WORDS_RESULT Result = WordsTakeAll(Line, &At, Words);
    Words->End          = (UINT32)(At - Line);
    *Offset             = Words->End;
    return Result;
}

VOID WordsFree(WORDS *Words)
{
    free(Words->Storage);
    Words->Storage = NULL;
}
