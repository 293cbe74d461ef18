/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * KernelModules.c - the system calls behind Modules.h.
 *
 * Context: user space.
 */
#include "libhyperdbg/connection/Modules.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static INT32 KernelInsertModule(INT32 File)
{
    return syscall(SYS_finit_module, File, "", 0) == 0 ? 0 : errno;
}

static INT32 KernelRemoveModule(const CHAR *Name)
{
    return syscall(SYS_delete_module, Name, O_NONBLOCK) == 0 ? 0 : errno;
}

static BOOLEAN KernelToolDirectory(CHAR *Directory, SIZE_T Size)
{
    ssize_t Length = readlink("/proc/self/exe", Directory, Size - 1);

    if (Length <= 0)
        return FALSE;
    Directory[Length] = '\0';
    CHAR *Slash       = strrchr(Directory, '/');
    if (Slash == NULL)
        return FALSE;
    *Slash = '\0';
    return TRUE;
}

/* The first line that comes out of a pipe, up to its end. */
static VOID KernelReadComplaint(INT32 Pipe, CHAR *Complaint, SIZE_T Size)
{
    SIZE_T Length = 0;
    ssize_t Got;

    while (Length < Size - 1 && (Got = read(Pipe, Complaint + Length, Size - 1 - Length)) > 0)
        Length += (SIZE_T)Got;
    Complaint[Length]                   = '\0';
    Complaint[strcspn(Complaint, "\n")] = '\0';
}

/* Starts modprobe with its error output in Pipe[1]; PATH is not asked, for it is root who runs this. */
static INT32 KernelSpawnModprobe(const INT32 *Pipe, pid_t *Child)
{
    static CHAR *const Arguments[]   = {"modprobe", "-a", "hyperlog", "hyperhv", "hyperkd", NULL};
    static CHAR *const Environment[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    static const CHAR *const Paths[] = {"/sbin/modprobe", "/usr/sbin/modprobe", "/bin/modprobe"};
    posix_spawn_file_actions_t Actions;
    INT32 Error = ENOENT;

    posix_spawn_file_actions_init(&Actions);
    posix_spawn_file_actions_adddup2(&Actions, Pipe[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&Actions, Pipe[1], STDERR_FILENO);
    for (UINT32 i = 0; i < COUNT_OF(Paths) && Error == ENOENT; i++)
        Error = posix_spawn(Child, Paths[i], &Actions, NULL, Arguments, Environment);
    posix_spawn_file_actions_destroy(&Actions);
    return Error;
}

static INT32 KernelModprobe(CHAR *Complaint, SIZE_T Size)
{
    INT32 Pipe[2], Status = 0;
    pid_t Child;

    if (pipe2(Pipe, O_CLOEXEC) != 0)
        return errno;
    INT32 Error = KernelSpawnModprobe(Pipe, &Child);
    close(Pipe[1]);
    if (Error == 0) {
        KernelReadComplaint(Pipe[0], Complaint, Size);
        close(Pipe[0]); /* a talkative child must not wait for a reader */
        while (waitpid(Child, &Status, 0) < 0 && errno == EINTR)
            ;
        Error = WIFEXITED(Status) && WEXITSTATUS(Status) == 0 ? 0 : ENOEXEC;
    } else
        close(Pipe[0]);
    return Error;
}

const MODULE_CALLS g_KernelModuleCalls = {
    .Insert        = KernelInsertModule,
    .Remove        = KernelRemoveModule,
    .Modprobe      = KernelModprobe,
    .ToolDirectory = KernelToolDirectory,
};
