/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ModulesTest.c - where modules are looked for, in which order they go in and out, and what failures say.
 *
 * No system call of the real kernel is made: MODULE_CALLS is the test's own.
 */
#include "libhyperdbg/connection/Modules.h"
#include "libhyperdbg/connection/Transport.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    CHAR Trace[512];
    CHAR Directory[64]; /* of the tool; "": not known */
    const CHAR *FailInsert;
    INT32 InsertError;
    const CHAR *FailRemove;
    INT32 RemoveError;
    INT32 ModprobeError;
} g_Fake;

static VOID Trace(const CHAR *What, const CHAR *Name)
{
    SIZE_T Length = strlen(g_Fake.Trace);

    snprintf(g_Fake.Trace + Length, sizeof(g_Fake.Trace) - Length, "%s%s;", What, Name);
}

/* A module's file holds its name. */
static INT32 FakeInsert(INT32 File)
{
    CHAR Name[32] = "";

    assert_true(read(File, Name, sizeof(Name) - 1) > 0);
    Trace("+", Name);
    return g_Fake.FailInsert != NULL && strcmp(g_Fake.FailInsert, Name) == 0 ? g_Fake.InsertError : 0;
}

static INT32 FakeRemove(const CHAR *Name)
{
    Trace("-", Name);
    return g_Fake.FailRemove != NULL && strcmp(g_Fake.FailRemove, Name) == 0 ? g_Fake.RemoveError : 0;
}

static INT32 FakeModprobe(CHAR *Complaint, SIZE_T Size)
{
    Trace("modprobe", "");
    if (g_Fake.ModprobeError != 0)
        snprintf(Complaint, Size, "Module hyperlog not found");
    return g_Fake.ModprobeError;
}

static BOOLEAN FakeToolDirectory(CHAR *Directory, SIZE_T Size)
{
    snprintf(Directory, Size, "%s", g_Fake.Directory);
    return g_Fake.Directory[0] != '\0';
}

static const MODULE_CALLS g_FakeCalls = {FakeInsert, FakeRemove, FakeModprobe, FakeToolDirectory};

static VOID WriteModule(const CHAR *Directory, const CHAR *Name)
{
    CHAR Path[128];
    FILE *File;

    snprintf(Path, sizeof(Path), "%s/%s.ko", Directory, Name);
    File = fopen(Path, "w");
    assert_non_null(File);
    fputs(Name, File);
    fclose(File);
}

/* A directory with the three modules, as the tool's own. */
static int SetUp(void **State)
{
    static CHAR Path[64];

    memset(&g_Fake, 0, sizeof(g_Fake));
    unsetenv(MODULES_DIRECTORY_VARIABLE);
    strcpy(Path, "/tmp/hyperdbg-modules-XXXXXX");
    if (mkdtemp(Path) == NULL)
        return -1;
    WriteModule(Path, "hyperlog");
    WriteModule(Path, "hyperhv");
    WriteModule(Path, "hyperkd");
    strcpy(g_Fake.Directory, Path);
    *State = Path;
    return 0;
}

static int TearDown(void **State)
{
    static const CHAR *const Names[] = {"hyperlog", "hyperhv", "hyperkd"};
    CHAR Path[128];

    for (UINT32 i = 0; i < COUNT_OF(Names); i++) {
        snprintf(Path, sizeof(Path), "%s/%s.ko", (const CHAR *)*State, Names[i]);
        unlink(Path);
    }
    return rmdir(*State);
}

static CHAR g_ErrorText[TRANSPORT_ERROR_SIZE];

static void ModulesGoInFromTheToolsDirectoryInOrder(void **State)
{
    (void)State;
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), 0);
    assert_string_equal(g_Fake.Trace, "+hyperlog;+hyperhv;+hyperkd;");
}

static void TheVariableNamesAnotherDirectory(void **State)
{
    setenv(MODULES_DIRECTORY_VARIABLE, *State, 1);
    strcpy(g_Fake.Directory, "/nonexistent");
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), 0);
    assert_string_equal(g_Fake.Trace, "+hyperlog;+hyperhv;+hyperkd;");
}

static void ADirectoryThatWasNamedMustHoldThem(void **State)
{
    (void)State;
    setenv(MODULES_DIRECTORY_VARIABLE, "/nonexistent", 1);
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), ENOENT);
    assert_string_equal(g_ErrorText,
                        "the module /nonexistent/hyperlog.ko cannot be opened: No such file or directory");
    assert_string_equal(g_Fake.Trace, "");
}

static void AnEmptyVariableIsNone(void **State)
{
    (void)State;
    setenv(MODULES_DIRECTORY_VARIABLE, "", 1);
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), 0);
    assert_string_equal(g_Fake.Trace, "+hyperlog;+hyperhv;+hyperkd;");
}

static void ModprobeIsAskedWhenTheyAreNotBesideTheTool(void **State)
{
    (void)State;
    strcpy(g_Fake.Directory, "/nonexistent");
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), 0);
    assert_string_equal(g_Fake.Trace, "modprobe;");
    g_Fake.Trace[0] = g_Fake.Directory[0] = '\0';
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), 0);
    assert_string_equal(g_Fake.Trace, "modprobe;");
}

static void ModulesThatAreNowhereAreToldWithBothPlaces(void **State)
{
    (void)State;
    strcpy(g_Fake.Directory, "/nonexistent");
    g_Fake.ModprobeError = ENOEXEC;
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), ENOEXEC);
    assert_string_equal(g_ErrorText,
                        "the modules are not beside the tool (/nonexistent), and modprobe failed (Module "
                        "hyperlog not found): set HYPERDBG_MODULES to their directory");
}

static void ModulesThatAreInAlreadyStay(void **State)
{
    (void)State;
    g_Fake.FailInsert  = "hyperlog";
    g_Fake.InsertError = EEXIST;
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), 0);
    assert_string_equal(g_Fake.Trace, "+hyperlog;+hyperhv;+hyperkd;");
}

static void AFailureTakesTheNewOnesOutAgain(void **State)
{
    (void)State;
    g_Fake.FailInsert  = "hyperkd";
    g_Fake.InsertError = ENOMEM;
    assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), ENOMEM);
    assert_string_equal(g_Fake.Trace, "+hyperlog;+hyperhv;+hyperkd;-hyperhv;-hyperlog;");
    assert_string_equal(g_ErrorText, "hyperkd could not be loaded: the kernel has not enough free memory");
}

static void EveryKnownFailureOfLoadingSaysWhatToDo(void **State)
{
    static const struct {
        INT32 Error;
        const CHAR *Words;
    } Cases[] = {{EPERM, "sudo"},
                 {EACCES, "sudo"},
                 {ENOEXEC, "another kernel"},
                 {EKEYREJECTED, "Secure Boot"},
                 {ENOKEY, "Secure Boot"},
                 {EBADMSG, "signature"},
                 {ENODEV, "dmesg"},
                 {ENOENT, "dmesg"},
                 {EINVAL, "dmesg"},
                 {ENOMEM, "memory"},
                 {ENOSYS, "cannot load"},
                 {EBUSY, "try again"},
                 {EIO, "Input/output error"}};

    (void)State;
    g_Fake.FailInsert = "hyperhv";
    for (UINT32 i = 0; i < COUNT_OF(Cases); i++) {
        g_Fake.Trace[0]    = '\0';
        g_Fake.InsertError = Cases[i].Error;
        assert_int_equal(ModulesLoad(&g_FakeCalls, g_ErrorText), Cases[i].Error);
        assert_memory_equal(g_ErrorText, "hyperhv could not be loaded: ", 29);
        assert_non_null(strstr(g_ErrorText, Cases[i].Words));
        assert_string_equal(g_Fake.Trace, "+hyperlog;+hyperhv;-hyperlog;");
    }
}

static void ModulesGoOutInTheOppositeOrder(void **State)
{
    (void)State;
    assert_int_equal(ModulesUnload(&g_FakeCalls, g_ErrorText), 0);
    assert_string_equal(g_Fake.Trace, "-hyperkd;-hyperhv;-hyperlog;");
    g_Fake.Trace[0]    = '\0';
    g_Fake.FailRemove  = "hyperhv";
    g_Fake.RemoveError = ENOENT; /* not there: what was wanted */
    assert_int_equal(ModulesUnload(&g_FakeCalls, g_ErrorText), 0);
    assert_string_equal(g_Fake.Trace, "-hyperkd;-hyperhv;-hyperlog;");
}

static void AModuleInUseIsTold(void **State)
{
    (void)State;
    g_Fake.FailRemove  = "hyperkd";
    g_Fake.RemoveError = EAGAIN;
    assert_int_equal(ModulesUnload(&g_FakeCalls, g_ErrorText), EAGAIN);
    assert_string_equal(g_Fake.Trace, "-hyperkd;");
    assert_string_equal(g_ErrorText,
                        "hyperkd could not be unloaded: it is in use: another program has its device "
                        "open, or another module uses it");
}

#define MODULES_TEST(Name) cmocka_unit_test_setup_teardown(Name, SetUp, TearDown)

int main(void)
{
    const struct CMUnitTest Tests[] = {
        MODULES_TEST(ModulesGoInFromTheToolsDirectoryInOrder),
        MODULES_TEST(TheVariableNamesAnotherDirectory),
        MODULES_TEST(ADirectoryThatWasNamedMustHoldThem),
        MODULES_TEST(AnEmptyVariableIsNone),
        MODULES_TEST(ModprobeIsAskedWhenTheyAreNotBesideTheTool),
        MODULES_TEST(ModulesThatAreNowhereAreToldWithBothPlaces),
        MODULES_TEST(ModulesThatAreInAlreadyStay),
        MODULES_TEST(AFailureTakesTheNewOnesOutAgain),
        MODULES_TEST(EveryKnownFailureOfLoadingSaysWhatToDo),
        MODULES_TEST(ModulesGoOutInTheOppositeOrder),
        MODULES_TEST(AModuleInUseIsTold),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}
