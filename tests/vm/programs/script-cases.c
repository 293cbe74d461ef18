// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * script-cases.c - every text case that compiles, run by the evaluator in this kernel: the output must be the
 * one that the case names, which the unit tests have compared with the evaluator in user space. Prints TAP.
 *
 * Context: user space, as root in the guest, with scripttest.ko and script-cases.blob in /root.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/vm/modules/scripttest/ScriptTest.h"

#define DEVICE "/dev/script-test"

static UINT32 g_Tests;
static UINT32 g_Failures;

static VOID Ok(BOOLEAN Holds, const CHAR *Name)
{
    printf("%s %u - %s\n", Holds ? "ok" : "not ok", ++g_Tests, Name);
    g_Failures += !Holds;
}

static CHAR *ReadWhole(const CHAR *Path, SIZE_T *Size)
{
    FILE *File = fopen(Path, "rb");
    struct stat Status;
    CHAR *Bytes;

    if (File == NULL || fstat(fileno(File), &Status) != 0) {
        return NULL;
    }
    *Size = (SIZE_T)Status.st_size;
    Bytes = malloc(*Size + 1);
    if (Bytes != NULL && fread(Bytes, 1, *Size, File) != *Size) {
        free(Bytes);
        Bytes = NULL;
    }
    fclose(File);
    return Bytes;
}

/* Runs a program on a state; what it printed, ended with a line end as the cases have it. */
static CHAR *RunInKernel(const CHAR *ProgramAndState, const SCRIPT_TEST_CASE *Case)
{
    SCRIPT_TEST_RUN Run = {.ProgramSize = Case->ProgramSize, .StateSize = Case->StateSize};
    SIZE_T Size         = sizeof(Run) + Run.ProgramSize + Run.StateSize;
    CHAR *Buffer        = malloc(Size);
    CHAR *Output        = calloc(1, SCRIPT_TEST_OUTPUT + 2);
    int Device          = open(DEVICE, O_RDWR);
    ssize_t Length      = -1;

    memcpy(Buffer, &Run, sizeof(Run));
    memcpy(Buffer + sizeof(Run), ProgramAndState, Size - sizeof(Run));
    if (write(Device, Buffer, Size) == (ssize_t)Size) {
        Length = read(Device, Output, SCRIPT_TEST_OUTPUT);
    }
    if (Length < 0) {
        strcpy(Output, "(the kernel refused it)");
    } else if (Length > 0 && Output[Length - 1] != '\n') {
        strcpy(Output + Length, "\n");
    }
    close(Device);
    free(Buffer);
    return Output;
}

static VOID RunCase(const CHAR *Bytes, const SCRIPT_TEST_CASE *Case)
{
    const CHAR *Name     = Bytes;
    const CHAR *Expected = Bytes + strlen(Name) + 1;
    CHAR *Found          = RunInKernel(Bytes + Case->TextSize, Case);
    BOOLEAN Good         = strcmp(Found, Expected) == 0;

    Ok(Good, Name);
    if (!Good) {
        printf("# expected: %s\n# found: %s\n", Expected, Found);
    }
    free(Found);
}

/* A program that the verifier in user space would refuse is refused by the one in the kernel as well. */
static VOID RefusesGarbage(VOID)
{
    SCRIPT_TEST_RUN Run = {.ProgramSize = 512};
    CHAR Garbage[1024]  = {0};
    int Device          = open(DEVICE, O_RDWR);

    memcpy(Garbage, &Run, sizeof(Run));
    Ok(write(Device, Garbage, sizeof(Garbage)) < 0, "garbage is refused");
    close(Device);
}

int main(void)
{
    SIZE_T Size;
    SIZE_T At   = 0;
    CHAR *Cases = ReadWhole("/root/script-cases.blob", &Size);

    if (Cases == NULL || system("insmod /root/scripttest.ko") != 0) {
        printf("Bail out! no cases, or the module does not load\n");
        return 1;
    }
    RefusesGarbage();
    while (At + sizeof(SCRIPT_TEST_CASE) <= Size) {
        SCRIPT_TEST_CASE Case;

        memcpy(&Case, Cases + At, sizeof(Case));
        At += sizeof(Case);
        RunCase(Cases + At, &Case);
        At += Case.TextSize + Case.ProgramSize + Case.StateSize;
    }
    Ok(g_Tests > 300, "there were more than 300 cases");
    Ok(system("rmmod scripttest") == 0, "the module unloads");
    printf("1..%u\n", g_Tests);
    return g_Failures != 0;
}
