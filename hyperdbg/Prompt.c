/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Prompt.c - the interactive terminal: a line being edited, and messages that come meanwhile.
 *
 * One thread: libedit asks PromptReadCharacter for each key, and that waits for keys, records and signals
 * alike. Before a message is printed the edited line is cleared from the screen; afterwards libedit draws it
 * again.
 *
 * Context: user space.
 */
#include "hyperdbg/Prompt.h"

#include "hyperdbg/Completer.h"
#include "hyperdbg/LineHistory.h"
#include "hyperdbg/Signals.h"

#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

/* libedit takes what stands between these for characters without width. */
#define PROMPT_INVISIBLE '\1'

/* The one prompt of the program: libedit's callbacks and the terminal's have no better place to find it. */
static struct {
    HYPERDBG_SESSION *Session;
    const TERMINAL *Terminal;
    EditLine *Editor;
    BOOLEAN IsEditing; /* a line stands on the screen... */
    BOOLEAN IsCleared; /* ...but was cleared for a message, and must be drawn again */
    BOOLEAN IsLeaving; /* a signal asks to end */
    BOOLEAN IsDumb;    /* the terminal cannot move its cursor */
    CHAR *Begun;       /* lines whose script is not closed yet; or NULL */
} g_Prompt;

/* --- drawing ---------------------------------------------------------------------------------- */

static const CHAR *PromptText(VOID)
{
    if (g_Prompt.Begun != NULL)
        return "> ";
    return HyperDbgIsPaused(g_Prompt.Session) ? "hyperdbg (paused)> " : "hyperdbg> ";
}

static char *PromptForEditor(EditLine *Editor)
{
    static CHAR Coloured[64];

    (void)Editor;
    if (g_Prompt.Terminal->IsColoured)
        snprintf(Coloured, sizeof(Coloured), "\1\033[1m\1%s\1\033[m\1", PromptText());
    else
        snprintf(Coloured, sizeof(Coloured), "%s", PromptText());
    return Coloured;
}

/* Columns that libedit draws a character in: control characters become ^X. */
static UINT32 PromptWidth(wchar_t Character)
{
    INT32 Width = wcwidth(Character);

    return Width < 0 ? 2 : (UINT32)Width;
}

/* How many rows of the screen the cursor is below the prompt's. */
static UINT32 PromptCursorRow(VOID)
{
    const LineInfoW *Line = el_wline(g_Prompt.Editor);
    UINT32 Columns        = (UINT32)strlen(PromptText());
    struct winsize Size   = {0};

    for (const wchar_t *At = Line->buffer; At < Line->cursor; At++)
        Columns += PromptWidth(*At);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &Size) != 0 || Size.ws_col == 0)
        Size.ws_col = 80;
    return Columns / Size.ws_col;
}

/* Makes room for a message: the cursor goes to where the prompt began, and what is below is erased. */
static VOID PromptClear(VOID)
{
    if (!g_Prompt.IsEditing || g_Prompt.IsCleared)
        return;
    g_Prompt.IsCleared = TRUE;
    if (g_Prompt.IsDumb) {
        fputs("\n", stdout);
        return;
    }
    UINT32 Row = PromptCursorRow();
    fputs("\r", stdout);
    if (Row > 0)
        printf("\033[%uA", Row);
    fputs("\033[J", stdout);
}

static VOID PromptRedraw(VOID)
{
    g_Prompt.IsCleared = FALSE;
    el_set(g_Prompt.Editor, EL_REFRESH);
    fflush(stdout);
}

/* --- what happens while a line is edited ------------------------------------------------------ */

static VOID PromptTogglePause(VOID)
{
    BOOLEAN IsPaused = !HyperDbgIsPaused(g_Prompt.Session);

    PromptClear();
    HyperDbgSetPaused(g_Prompt.Session, IsPaused);
    if (IsPaused)
        HyperDbgSay(g_Prompt.Session,
                    "messages are paused; the machine runs on (Ctrl-C, Enter or 'g' resumes)");
    else
        HyperDbgSay(g_Prompt.Session, "messages flow again");
}

static VOID PromptStop(VOID)
{
    el_set(g_Prompt.Editor, EL_PREP_TERM, 0);
    raise(SIGSTOP);
    el_set(g_Prompt.Editor, EL_PREP_TERM, 1);
    PromptClear();
    g_Prompt.IsCleared = TRUE;
}

static VOID PromptContinue(VOID)
{
    el_set(g_Prompt.Editor, EL_PREP_TERM, 1);
    PromptClear();
}

static VOID PromptResize(VOID)
{
    PromptClear();
    el_resize(g_Prompt.Editor);
}

static VOID PromptLeave(VOID)
{
    g_Prompt.IsLeaving = TRUE;
}

static VOID PromptTakeSignals(VOID)
{
    static const struct {
        INT32 Number;
        VOID (*Take)(VOID);
    } Signals[] = {{SIGINT, PromptTogglePause}, {SIGTSTP, PromptStop},  {SIGCONT, PromptContinue},
                   {SIGWINCH, PromptResize},    {SIGTERM, PromptLeave}, {SIGHUP, PromptLeave}};
    INT32 Number;

    while ((Number = SignalsNext()) != 0) {
        for (UINT32 i = 0; i < COUNT_OF(Signals); i++) {
            if (Signals[i].Number == Number)
                Signals[i].Take();
        }
    }
}

/* Waits until a key waits (TRUE) or the program is to end (FALSE). */
static BOOLEAN PromptWaitForKey(VOID)
{
    for (;;) {
        struct pollfd Polls[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                 {.fd = SignalsDescriptor(), .events = POLLIN},
                                 {.fd = HyperDbgPollDescriptor(g_Prompt.Session), .events = POLLIN}};

        poll(Polls, COUNT_OF(Polls), -1);
        if (Polls[1].revents != 0)
            PromptTakeSignals();
        if (g_Prompt.IsLeaving)
            return FALSE;
        if (Polls[2].revents != 0)
            HyperDbgProcessRecords(g_Prompt.Session);
        if (g_Prompt.IsCleared)
            PromptRedraw();
        if (Polls[0].revents != 0)
            return TRUE;
    }
}

/* libedit's source of characters: 1 with a character, 0 at the end. */
static int PromptReadCharacter(EditLine *Editor, wchar_t *Character)
{
    mbstate_t State = {0};

    (void)Editor;
    for (;;) {
        CHAR Byte;

        if (!PromptWaitForKey() || read(STDIN_FILENO, &Byte, 1) != 1)
            return 0;
        size_t Length = mbrtowc(Character, &Byte, 1, &State);
        if (Length <= 1)
            return 1;
        if (Length == (size_t)-1)
            memset(&State, 0, sizeof(State)); /* not a character of this locale: passed over */
    }
}

/* --- lines ------------------------------------------------------------------------------------ */

static BOOLEAN PromptIsEmpty(const CHAR *Line)
{
    return Line[strspn(Line, " \t\r\n")] == '\0';
}

/* Keys are not echoed by the terminal: what is typed while a command runs appears when its turn comes.
 * libedit leaves this mode at the end of each line. */
static VOID PromptTakeTerminal(VOID)
{
    el_set(g_Prompt.Editor, EL_PREP_TERM, 1);
}

/* One line from the user; NULL: the end. It belongs to libedit. */
static const CHAR *PromptReadLine(VOID)
{
    int Length;

    SignalsSetEditing(TRUE);
    g_Prompt.IsEditing = TRUE;
    g_Prompt.IsCleared = FALSE;
    PromptTakeTerminal();
    const CHAR *Line = el_gets(g_Prompt.Editor, &Length);
    PromptTakeTerminal();
    g_Prompt.IsEditing = FALSE;
    SignalsSetEditing(FALSE);
    return Line;
}

/* Adds a line to those that were begun. TRUE: the user is to go on; an empty line ends that. */
static BOOLEAN PromptGather(const CHAR *Line)
{
    const SIZE_T Before = g_Prompt.Begun != NULL ? strlen(g_Prompt.Begun) : 0;
    CHAR *Longer        = realloc(g_Prompt.Begun, Before + strlen(Line) + 1);

    if (Longer == NULL)
        return FALSE;
    strcpy(Longer + Before, Line);
    g_Prompt.Begun = Longer;
    return !PromptIsEmpty(Line) && HyperDbgIsUnfinished(Longer);
}

/* FALSE: the user leaves. */
static BOOLEAN PromptRunLine(const CHAR *Line)
{
    HYPERDBG_RESULT Result = HYPERDBG_SUCCESS;

    if (!PromptIsEmpty(Line)) {
        LineHistoryAdd(Line);
        Result = HyperDbgRunCommand(g_Prompt.Session, Line);
    } else if (HyperDbgIsPaused(g_Prompt.Session))
        PromptTogglePause();
    fflush(stdout);
    return Result != HYPERDBG_LEAVE;
}

/* A line from the user, with the ones before it if a script's braces hold them together. FALSE: the user
 * leaves.
 */
static BOOLEAN PromptTakeLine(const CHAR *Line)
{
    CHAR *Begun;
    BOOLEAN GoesOn;

    if (PromptGather(Line))
        return TRUE;
    Begun          = g_Prompt.Begun;
    g_Prompt.Begun = NULL;
    GoesOn         = PromptRunLine(Begun != NULL ? Begun : Line);
    free(Begun);
    return GoesOn;
}

static BOOLEAN PromptInitialize(HYPERDBG_SESSION *Session, TERMINAL *Terminal)
{
    const CHAR *Type = getenv("TERM");

    setlocale(LC_CTYPE, "");
    g_Prompt.Session     = Session;
    g_Prompt.Terminal    = Terminal;
    g_Prompt.IsDumb      = Type == NULL || strcmp(Type, "dumb") == 0;
    Terminal->BeforeLine = PromptClear;
    if (!SignalsForPrompt(Session))
        return FALSE;
    g_Prompt.Editor = el_init("hyperdbg", stdin, stdout, stderr);
    if (g_Prompt.Editor == NULL)
        return FALSE;
    el_set(g_Prompt.Editor, EL_PROMPT_ESC, PromptForEditor, PROMPT_INVISIBLE);
    el_set(g_Prompt.Editor, EL_EDITOR, "emacs");
    el_set(g_Prompt.Editor, EL_GETCFN, PromptReadCharacter);
    CompleterInstall(g_Prompt.Editor, Session);
    LineHistoryOpen(g_Prompt.Editor);
    el_source(g_Prompt.Editor, NULL); /* the user's ~/.editrc has the last word */
    return TRUE;
}

INT32 PromptRun(HYPERDBG_SESSION *Session, TERMINAL *Terminal)
{
    const CHAR *Line;

    if (!PromptInitialize(Session, Terminal)) {
        fprintf(stderr, "hyperdbg: the terminal cannot be used for editing lines\n");
        return EXIT_FAILURE;
    }
    HyperDbgSay(g_Prompt.Session,
                "hyperdbg " HYPERDBG_VERSION ": 'help' lists the commands, Tab completes, Ctrl-D leaves");
    HyperDbgSayWhatRuns(Session);
    fflush(stdout);
    do
        Line = PromptReadLine();
    while (Line != NULL && PromptTakeLine(Line));
    if (Line == NULL)
        puts("");
    HyperDbgSayWhatStays(Session);
    free(g_Prompt.Begun);
    g_Prompt.Begun = NULL;
    LineHistoryClose();
    el_end(g_Prompt.Editor);
    Terminal->BeforeLine = NULL;
    return EXIT_SUCCESS;
}
