/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Signals.c - signals as bytes in a pipe, so that a poll never misses one.
 *
 * Context: user space. The handler is async-signal-safe.
 */
#include "hyperdbg/Signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Set before the handlers are, and then read by them. */
static HYPERDBG_SESSION *g_Session;
static INT32 g_Pipe[2] = {-1, -1};
static volatile sig_atomic_t g_IsEditing;

static VOID SignalsOnScript(int Number)
{
    (void)Number;
    HyperDbgInterrupt(g_Session);
}

static VOID SignalsOnPrompt(int Number)
{
    UINT8 Byte  = (UINT8)Number;
    INT32 Saved = errno;

    if (!g_IsEditing && Number == SIGTSTP)
        raise(SIGSTOP);
    else if (!g_IsEditing && Number == SIGINT)
        HyperDbgInterrupt(g_Session);
    else if (write(g_Pipe[1], &Byte, sizeof(Byte)) < 0)
        errno = Saved; /* full: enough signals wait there already */
}

static VOID SignalsInstall(INT32 Number, VOID (*Handler)(int), INT32 Flags)
{
    struct sigaction Action = {.sa_handler = Handler, .sa_flags = Flags};

    sigaction(Number, &Action, NULL);
}

VOID SignalsForScript(HYPERDBG_SESSION *Session)
{
    g_Session = Session;
    SignalsInstall(SIGINT, SignalsOnScript, SA_RESETHAND | SA_RESTART);
}

BOOLEAN SignalsForPrompt(HYPERDBG_SESSION *Session)
{
    static const INT32 Numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH};

    g_Session = Session;
    if (pipe2(g_Pipe, O_NONBLOCK | O_CLOEXEC) != 0)
        return FALSE;
    for (UINT32 i = 0; i < COUNT_OF(Numbers); i++)
        SignalsInstall(Numbers[i], SignalsOnPrompt, SA_RESTART);
    return TRUE;
}

VOID SignalsSetEditing(BOOLEAN IsEditing)
{
    g_IsEditing = IsEditing;
}

INT32 SignalsDescriptor(VOID)
{
    return g_Pipe[0];
}

INT32 SignalsNext(VOID)
{
    UINT8 Byte;

    return read(g_Pipe[0], &Byte, sizeof(Byte)) == 1 ? Byte : 0;
}
