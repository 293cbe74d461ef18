/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Completer.c - the Tab key: inserts what all candidates share, and lists them when that is nothing more.
 *
 * Context: user space.
 */
#include "hyperdbg/Completer.h"

#include <ctype.h>
#include <histedit.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Length of what all candidates begin with. */
static UINT32 CompleterShared(const HYPERDBG_COMPLETION *Completion)
{
    UINT32 Length = (UINT32)strlen(Completion->Candidate[0]);

    for (UINT32 i = 1; i < Completion->Count; i++) {
        UINT32 Same = 0;

        while (Same < Length && tolower((UINT8)Completion->Candidate[i][Same]) ==
                                    tolower((UINT8)Completion->Candidate[0][Same]))
            Same++;
        Length = Same;
    }
    return Length;
}

/* Lists the candidates in columns below the line. */
static VOID CompleterList(const HYPERDBG_COMPLETION *Completion)
{
    struct winsize Size = {0};
    UINT32 Width        = 0;

    for (UINT32 i = 0; i < Completion->Count; i++) {
        UINT32 Length = (UINT32)strlen(Completion->Candidate[i]);

        Width = Length + 2 > Width ? Length + 2 : Width;
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &Size) != 0 || Size.ws_col == 0)
        Size.ws_col = 80;
    UINT32 PerRow = Size.ws_col / Width > 0 ? Size.ws_col / Width : 1;
    for (UINT32 i = 0; i < Completion->Count; i++)
        printf("%s%-*s", i % PerRow == 0 ? "\n" : "", (int)Width, Completion->Candidate[i]);
    printf("\n");
}

/* Puts the first Length characters of a candidate in place of what was typed of the word. */
static VOID CompleterInsert(EditLine *Editor, UINT32 Typed, const CHAR *Candidate, UINT32 Length,
                            BOOLEAN IsWhole)
{
    CHAR Text[256];

    el_deletestr(Editor, (int)Typed);
    snprintf(Text, sizeof(Text), "%.*s%s", (int)Length, Candidate, IsWhole ? " " : "");
    el_insertstr(Editor, Text);
}

static UINT8 CompleterComplete(EditLine *Editor, const HYPERDBG_COMPLETION *Completion, UINT32 Typed)
{
    if (Completion->Count == 0)
        return CC_REFRESH_BEEP;
    UINT32 Shared = CompleterShared(Completion);
    if (Completion->Count == 1 || Shared > Typed) {
        CompleterInsert(Editor, Typed, Completion->Candidate[0], Shared, Completion->Count == 1);
        return CC_REFRESH;
    }
    CompleterList(Completion);
    return CC_REDISPLAY;
}

static UINT8 CompleterOnTab(EditLine *Editor, int Key)
{
    HYPERDBG_COMPLETION Completion;
    HYPERDBG_SESSION *Session;
    const LineInfo *Line = el_line(Editor);
    UINT32 Cursor        = (UINT32)(Line->cursor - Line->buffer);
    CHAR Text[1024];

    (void)Key;
    if (Cursor >= sizeof(Text))
        return CC_ERROR;
    memcpy(Text, Line->buffer, Cursor);
    Text[Cursor] = '\0';
    el_get(Editor, EL_CLIENTDATA, &Session);
    HyperDbgComplete(Session, Text, Cursor, &Completion);
    UINT8 Result = CompleterComplete(Editor, &Completion, Cursor - Completion.WordStart);
    HyperDbgFreeCompletion(&Completion);
    return Result;
}

VOID CompleterInstall(struct editline *Editor, HYPERDBG_SESSION *Session)
{
    el_set(Editor, EL_CLIENTDATA, Session);
    el_set(Editor, EL_ADDFN, "hyperdbg-complete", "complete the word at the cursor", CompleterOnTab);
    el_set(Editor, EL_BIND, "^I", "hyperdbg-complete", NULL);
}
