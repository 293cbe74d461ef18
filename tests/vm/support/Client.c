/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Client.c - the debugger's devices, and processes to be watched.
 *
 * Context: user space.
 */
#include "tests/vm/support/Client.h"

#include "tests/vm/support/Tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_SIZE 65536

static INT32 g_Device = -1, g_Log = -1;

/* --- life --- */

INT32 ClientRunTool(const CHAR *Commands)
{
    CHAR Line[512];

    snprintf(Line, sizeof(Line), CLIENT_TOOL " -c '%s' >/tmp/tool.out 2>&1", Commands);
    fflush(stdout);
    const INT32 Status = system(Line);
    return WIFEXITED(Status) ? WEXITSTATUS(Status) : -1;
}

VOID ClientHurry(BOOLEAN Set)
{
    FILE *File = fopen("/sys/kernel/rcu_expedited", "w");

    if (File == NULL || fprintf(File, "%u", Set) < 0 || fclose(File) != 0)
        TapGiveUp("/sys/kernel/rcu_expedited");
}

static VOID ClientNeedTool(const CHAR *Commands)
{
    if (ClientRunTool(Commands) != 0) {
        fflush(stdout);
        if (system("sed 's/^/# /' /tmp/tool.out") != 0)
            TapNote("its output is gone");
        errno = 0;
        TapGiveUp("hyperdbg -c '%s' failed", Commands);
    }
}

VOID ClientOpen(VOID)
{
    g_Device = open(HYPERDBG_DEVICE_PATH, O_RDWR | O_CLOEXEC);
    if (g_Device < 0)
        TapGiveUp(HYPERDBG_DEVICE_PATH);
    g_Log = open(HYPERLOG_DEVICE_PATH, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (g_Log < 0)
        TapGiveUp(HYPERLOG_DEVICE_PATH);
}

static VOID ClientClose(VOID)
{
    close(g_Device);
    close(g_Log);
}

VOID ClientStart(VOID)
{
    CLIENT_RECORDS Old = {0};

    ClientNeedTool("load vmm");
    ClientOpen();
    ClientRead(&Old);
    ClientClear(&Old);
    free(Old.Item);
}

VOID ClientEnd(VOID)
{
    ClientClose();
    ClientNeedTool("unload remove");
}

VOID ClientRunToolWithin(const CHAR *Commands)
{
    ClientClose();
    ClientNeedTool(Commands);
    ClientOpen();
}

/* --- requests --- */

UINT32 ClientRequest(UINT32 Code, PVOID Buffer)
{
    UINT32 Status;

    if (ioctl(g_Device, Code, Buffer) != 0)
        TapGiveUp("request %x", Code);
    memcpy(&Status, (UINT8 *)Buffer + (Code >> 16 & 0x3FFF) - sizeof(Status), sizeof(Status));
    return Status;
}

UINT64 ClientSymbol(const CHAR *Name)
{
    DEBUGGER_QUERY_SYMBOLS Query = {0};

    snprintf(Query.Pattern, sizeof(Query.Pattern), "%s", Name);
    errno = 0;
    if (ClientRequest(IOCTL_QUERY_SYMBOLS, &Query) != DEBUGGER_OPERATION_WAS_SUCCESSFUL || Query.Total != 1)
        TapGiveUp("%llu symbols are %s (%x)", Query.Total, Name, Query.KernelStatus);
    return Query.Symbol[0].Address;
}

UINT64 ClientSetEvent(const DEBUGGER_EVENT_OPTIONS *Options)
{
    DEBUGGER_REGISTER_EVENT Request = {.Options = *Options};
    const UINT32 Status             = ClientRequest(IOCTL_REGISTER_EVENT, &Request);

    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        errno = 0;
        TapGiveUp("an event of type %u was refused with %x", Options->EventType, Status);
    }
    return Request.Tag;
}

VOID ClientModify(UINT64 Tag, UINT32 Action)
{
    DEBUGGER_MODIFY_EVENTS Request = {.Tag = Tag, .TypeOfAction = Action};
    const UINT32 Status            = ClientRequest(IOCTL_MODIFY_EVENTS, &Request);

    if (Status != DEBUGGER_OPERATION_WAS_SUCCESSFUL) {
        errno = 0;
        TapGiveUp("changing event %llx (%u) was refused with %x", Tag, Action, Status);
    }
}

VOID ClientClearAll(VOID)
{
    ClientModify(DEBUGGER_MODIFY_EVENTS_APPLY_TO_ALL_TAG, DEBUGGER_MODIFY_EVENTS_CLEAR);
}

UINT64 ClientHits(UINT64 Tag)
{
    DEBUGGER_QUERY_EVENT Request = {.Tag = Tag};

    if (ClientRequest(IOCTL_QUERY_EVENT, &Request) != DEBUGGER_OPERATION_WAS_SUCCESSFUL ||
        Request.Tag != Tag) {
        errno = 0;
        TapGiveUp("event %llx is not there", Tag);
    }
    return Request.Hits;
}

/* --- records --- */

/* A record that only tells of lost ones has the number of the last of them and none of its own. */
static VOID ClientCheckOrder(CLIENT_RECORDS *Records, const LOG_RECORD_HEADER *Header)
{
    const UINT32 Own = Header->OperationCode != OPERATION_LOG_RECORDS_LOST;

    Records->Lost += Header->Dropped;
    if (Records->LastSequence != 0 && Header->Sequence != Records->LastSequence + Own + Header->Dropped) {
        if (!Records->IsDisordered)
            TapNote("record %llu comes after %llu, with %u told to be lost", Header->Sequence,
                    Records->LastSequence, Header->Dropped);
        Records->IsDisordered = TRUE;
    }
    Records->LastSequence = Header->Sequence;
}

static VOID ClientAppend(CLIENT_RECORDS *Records, const LOG_RECORD_HEADER *Header, const UINT8 *Payload)
{
    if (Records->Count == Records->Room) {
        Records->Room = Records->Room == 0 ? 1024 : 2 * Records->Room;
        Records->Item = realloc(Records->Item, Records->Room * sizeof(*Records->Item));
        if (Records->Item == NULL)
            TapGiveUp("memory for %u records", Records->Room);
    }
    Records->Item[Records->Count].Header = *Header;
    memcpy(&Records->Item[Records->Count].Event, Payload, sizeof(DEBUGGER_EVENT_RECORD));
    Records->Count++;
}

VOID ClientRead(CLIENT_RECORDS *Records)
{
    static UINT8 Buffer[READ_SIZE];
    ssize_t Length;

    while ((Length = read(g_Log, Buffer, sizeof(Buffer))) > 0) {
        LOG_RECORD_HEADER Header;

        for (ssize_t Offset = 0; Offset < Length; Offset += Header.TotalLength) {
            memcpy(&Header, Buffer + Offset, sizeof(Header));
            ClientCheckOrder(Records, &Header);
            if (Header.OperationCode == OPERATION_DEBUGGER_EVENT_RECORD)
                ClientAppend(Records, &Header, Buffer + Offset + sizeof(Header));
        }
    }
    if (Length == 0 || errno != EAGAIN)
        TapGiveUp("reading " HYPERLOG_DEVICE_PATH " gave %zd", Length);
}

VOID ClientClear(CLIENT_RECORDS *Records)
{
    Records->Count        = 0;
    Records->Lost         = 0;
    Records->IsDisordered = FALSE;
}

/* --- processes --- */

VOID ClientShell(const CHAR *Command)
{
    if (system(Command) != 0)
        TapGiveUp("%s", Command);
}

VOID ClientPin(UINT32 Core)
{
    cpu_set_t Set;

    CPU_ZERO(&Set);
    CPU_SET(Core, &Set);
    if (sched_setaffinity(0, sizeof(Set), &Set) != 0)
        TapGiveUp("going to core %u", Core);
}

UINT32 ClientCoreCount(VOID)
{
    return (UINT32)sysconf(_SC_NPROCESSORS_ONLN);
}

static VOID ClientBeChild(INT32 Go, UINT32 Core, INT32 (*Work)(PVOID Context), PVOID Context)
{
    CHAR Byte;

    ClientPin(Core);
    if (read(Go, &Byte, 1) != 1)
        _exit(125); /* the parent is gone */
    _exit(Work(Context));
}

VOID ClientFork(CLIENT_CHILD *Child, UINT32 Core, INT32 (*Work)(PVOID Context), PVOID Context)
{
    INT32 Pipe[2];

    fflush(stdout);
    if (pipe2(Pipe, O_CLOEXEC) != 0 || (Child->ProcessId = fork()) < 0)
        TapGiveUp("fork");
    if (Child->ProcessId == 0) {
        close(Pipe[1]);
        ClientBeChild(Pipe[0], Core, Work, Context);
    }
    close(Pipe[0]);
    Child->Go = Pipe[1];
}

/* As the kernel has it: R runs or is ready to, S sleeps, Z has ended... */
static CHAR ClientStateOf(INT32 ProcessId)
{
    CHAR Path[32], State = 0;
    FILE *File;

    snprintf(Path, sizeof(Path), "/proc/%d/stat", ProcessId);
    File = fopen(Path, "r");
    if (File == NULL || fscanf(File, "%*d %*s %c", &State) != 1)
        TapGiveUp("%s", Path);
    fclose(File);
    return State;
}

VOID ClientAwait(const CLIENT_CHILD *Child)
{
    CHAR State;

    while ((State = ClientStateOf(Child->ProcessId)) == 'R' || State == 'D')
        sched_yield();
}

VOID ClientGo(CLIENT_CHILD *Child)
{
    if (write(Child->Go, "g", 1) != 1)
        TapGiveUp("the child is gone");
    close(Child->Go);
}

INT32 ClientWait(CLIENT_CHILD *Child)
{
    INT32 Status;

    if (waitpid(Child->ProcessId, &Status, 0) != Child->ProcessId)
        TapGiveUp("waiting for a child");
    return WIFSIGNALED(Status) ? 128 + WTERMSIG(Status) : WEXITSTATUS(Status);
}

INT32 ClientGoAndWait(CLIENT_CHILD *Child)
{
    ClientGo(Child);
    return ClientWait(Child);
}
