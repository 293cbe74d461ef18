/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Modules.c - putting hyperlog, hyperhv and hyperkd into the kernel and taking them out.
 *
 * Context: user space.
 */
#include "libhyperdbg/connection/Modules.h"

#include "libhyperdbg/connection/Transport.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each needs those before it. */
static const CHAR *const g_ModuleNames[] = {"hyperlog", "hyperhv", "hyperkd"};

/* --- errors ----------------------------------------------------------------------------------- */

typedef struct _MODULE_ERROR {
    INT32 Error;
    const CHAR *Text;
} MODULE_ERROR;

static const MODULE_ERROR g_InsertErrors[] = {
    {EPERM,
     "only root may load modules, and a kernel in lockdown none that is not signed: run hyperdbg with sudo"},
    {EACCES, "only root may read and load it: run hyperdbg with sudo"},
    {ENOEXEC, "it was built for another kernel than the running one: build the modules again (KDIR=...)"},
    {EKEYREJECTED,
     "its signature is not one that this kernel trusts (Secure Boot): sign it or turn Secure Boot off"},
    {ENOKEY,
     "its signature is not one that this kernel trusts (Secure Boot): sign it or turn Secure Boot off"},
    {EBADMSG, "its signature is damaged or not one that this kernel trusts"},
    {ENODEV, "this machine lacks what it needs: see 'dmesg'"},
    {ENOENT, "a function that it needs is missing from this kernel: see 'dmesg'"},
    {EINVAL, "this kernel refused it: see 'dmesg'"},
    {ENOMEM, "the kernel has not enough free memory"},
    {ENOSYS, "this kernel cannot load modules"},
    {EBUSY, "it is just being loaded or unloaded by somebody else: try again"},
};

static const MODULE_ERROR g_RemoveErrors[] = {
    {EPERM, "only root may unload modules: run hyperdbg with sudo"},
    {EBUSY, "it is in use: another program has its device open, or another module uses it"},
    {EAGAIN, "it is in use: another program has its device open, or another module uses it"},
    {ENOSYS, "this kernel cannot unload modules"},
};

static INT32 ModuleFail(CHAR *ErrorText, const CHAR *What, const CHAR *Name, INT32 Error,
                        const MODULE_ERROR *Known, UINT32 KnownCount)
{
    const CHAR *Reason = strerror(Error);

    for (UINT32 i = 0; i < KnownCount; i++) {
        if (Known[i].Error == Error)
            Reason = Known[i].Text;
    }
    snprintf(ErrorText, TRANSPORT_ERROR_SIZE, "%s could not be %s: %s", Name, What, Reason);
    return Error;
}

/* --- finding ---------------------------------------------------------------------------------- */

static VOID ModulePath(CHAR *Path, SIZE_T Size, const CHAR *Directory, const CHAR *Name)
{
    snprintf(Path, Size, "%s/%s.ko", Directory, Name);
}

/* Opens the files of all modules in Directory. On failure none is open, and Path names the one that is
 * missing. */
static INT32 ModulesOpen(const CHAR *Directory, INT32 *Files, CHAR *Path, SIZE_T Size)
{
    for (UINT32 i = 0; i < COUNT_OF(g_ModuleNames); i++) {
        ModulePath(Path, Size, Directory, g_ModuleNames[i]);
        Files[i] = open(Path, O_RDONLY | O_CLOEXEC);
        if (Files[i] < 0) {
            INT32 Error = errno;

            while (i-- > 0)
                close(Files[i]);
            return Error;
        }
    }
    return 0;
}

/* --- loading ---------------------------------------------------------------------------------- */

/* Inserts open files one after another; takes back the new ones if one fails. */
static INT32 ModulesInsert(const MODULE_CALLS *Calls, const INT32 *Files, CHAR *ErrorText)
{
    BOOLEAN IsNew[COUNT_OF(g_ModuleNames)] = {FALSE};

    for (UINT32 i = 0; i < COUNT_OF(g_ModuleNames); i++) {
        INT32 Error = Calls->Insert(Files[i]);

        if (Error != 0 && Error != EEXIST) {
            ModuleFail(ErrorText, "loaded", g_ModuleNames[i], Error, g_InsertErrors,
                       COUNT_OF(g_InsertErrors));
            while (i-- > 0) {
                if (IsNew[i])
                    Calls->Remove(g_ModuleNames[i]);
            }
            return Error;
        }
        IsNew[i] = Error == 0;
    }
    return 0;
}

static INT32 ModulesLoadByModprobe(const MODULE_CALLS *Calls, const CHAR *Directory, CHAR *ErrorText)
{
    CHAR Complaint[TRANSPORT_ERROR_SIZE / 2] = "";
    INT32 Error                              = Calls->Modprobe(Complaint, sizeof(Complaint));

    if (Error != 0)
        snprintf(ErrorText, TRANSPORT_ERROR_SIZE,
                 "the modules are not beside the tool (%.256s), and modprobe failed (%s): "
                 "set " MODULES_DIRECTORY_VARIABLE " to their directory",
                 Directory, Complaint[0] != '\0' ? Complaint : strerror(Error));
    return Error;
}

INT32 ModulesLoad(const MODULE_CALLS *Calls, CHAR *ErrorText)
{
    const CHAR *Named        = getenv(MODULES_DIRECTORY_VARIABLE);
    CHAR Directory[PATH_MAX] = "?";
    CHAR Path[PATH_MAX + 32] = "";
    INT32 Files[COUNT_OF(g_ModuleNames)];
    INT32 Error;

    if (Named != NULL && Named[0] != '\0')
        snprintf(Directory, sizeof(Directory), "%s", Named);
    else if (!Calls->ToolDirectory(Directory, sizeof(Directory)))
        return ModulesLoadByModprobe(Calls, Directory, ErrorText);

    Error = ModulesOpen(Directory, Files, Path, sizeof(Path));
    if (Error == ENOENT && (Named == NULL || Named[0] == '\0'))
        return ModulesLoadByModprobe(Calls, Directory, ErrorText);
    if (Error != 0) {
        snprintf(ErrorText, TRANSPORT_ERROR_SIZE, "the module %.512s cannot be opened: %s", Path,
                 strerror(Error));
        return Error;
    }
    Error = ModulesInsert(Calls, Files, ErrorText);
    for (UINT32 i = 0; i < COUNT_OF(g_ModuleNames); i++)
        close(Files[i]);
    return Error;
}

INT32 ModulesUnload(const MODULE_CALLS *Calls, CHAR *ErrorText)
{
    for (UINT32 i = COUNT_OF(g_ModuleNames); i-- > 0;) {
        INT32 Error = Calls->Remove(g_ModuleNames[i]);

        if (Error != 0 && Error != ENOENT)
            return ModuleFail(ErrorText, "unloaded", g_ModuleNames[i], Error, g_RemoveErrors,
                              COUNT_OF(g_RemoveErrors));
    }
    return 0;
}
