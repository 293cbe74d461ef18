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

/* The end of a string, character or comment of a script that begins at At; At itself, if none does. The end
 * of the text, if it is not closed. */
static const CHAR *WordsSkipOpaque(const CHAR *At)
{
    if (At[0] == '/' && At[1] == '/')
        return At + strcspn(At, "\n");
    if (At[0] == '/' && At[1] == '*') {
        const CHAR *End = strstr(At + 2, "*/");

        return End != NULL ? End + 2 : At + strlen(At);
    }
    if (At[0] != '"' && At[0] != '\'')
        return At;
    for (const CHAR *Next = At + 1; *Next != '\0' && *Next != '\n'; Next++) {
        if (*Next == *At)
            return Next + 1;
        if (*Next == '\\' && Next[1] != '\0')
            Next++;
    }
    return At + 1; /* no string: the compiler will say so */
}

/* Behind the brace that closes the block at At; NULL: there is none. */
static const CHAR *WordsBlockEnd(const CHAR *At)
{
    UINT32 Depth = 0;

    while (*At != '\0') {
        const CHAR *Behind = WordsSkipOpaque(At);

        if (Behind != At) {
            At = Behind;
            continue;
        }
        if (*At == '{')
            Depth++;
        if (*At == '}' && --Depth == 0)
            return At + 1;
        At++;
    }
    return NULL;
}

/* Copies the block at *At as WordsTake a word. FALSE: it is not closed. */
static BOOLEAN WordsTakeBlock(const CHAR **At, CHAR **Out)
{
    const CHAR *End = WordsBlockEnd(*At);
    SIZE_T Length   = End != NULL ? (SIZE_T)(End - *At) : strlen(*At);

    memcpy(*Out, *At, Length);
    (*Out)[Length] = '\0';
    *Out += Length + 1;
    *At += Length;
    return End != NULL;
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
        if (**At == '{') {
            if (!WordsTakeBlock(At, &Out))
                return WORDS_OPEN_BLOCK;
            continue;
        }
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
    /* Each word needs its characters and a zero. */
    Words->Storage = malloc(2 * strlen(At) + 1);
    if (Words->Storage == NULL)
        return WORDS_NO_MEMORY;

    WORDS_RESULT Result = WordsTakeAll(Line, &At, Words);
    Words->End          = (UINT32)(At - Line);
    *Offset             = Words->End;
    return Result;
}

BOOLEAN WordsIsBlockOpen(const CHAR *Text)
{
    WORDS_RESULT Result;
    UINT32 Offset = 0;

    do {
        WORDS Words;

        Result = WordsNext(Text, &Offset, &Words);
        WordsFree(&Words);
    } while (Result == WORDS_COMMAND);
    return Result == WORDS_OPEN_BLOCK;
}

VOID WordsFree(WORDS *Words)
{
    free(Words->Storage);
    Words->Storage = NULL;
}
