// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * File.c - reading the files that scripts include.
 *
 * Context: user space.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/engine/Engine.h"

#define FILE_MAXIMUM_SIZE (4u << 20)

/* Name as seen from the including file's folder. */
static CHAR *FilePath(const CHAR *Name, const CHAR *IncludedFrom)
{
    const CHAR *Slash = IncludedFrom != NULL ? strrchr(IncludedFrom, '/') : NULL;
    CHAR *Path        = NULL;

    if (Name[0] == '/' || Slash == NULL) {
        return strdup(Name);
    }
    return asprintf(&Path, "%.*s/%s", (int)(Slash - IncludedFrom), IncludedFrom, Name) < 0 ? NULL : Path;
}

CHAR *ScriptReadFile(PVOID Context, const CHAR *Name, const CHAR *IncludedFrom, CHAR **Path, SIZE_T *Size)
{
    CHAR *Found = FilePath(Name, IncludedFrom);
    FILE *File  = Found != NULL ? fopen(Found, "rb") : NULL;
    CHAR *Text  = File != NULL ? malloc(FILE_MAXIMUM_SIZE + 1) : NULL;
    CHAR *Exact = NULL;

    (void)Context;
    if (Text != NULL) {
        *Size = fread(Text, 1, FILE_MAXIMUM_SIZE, File);
        if (!ferror(File)) {
            Text[*Size] = 0;
            Exact       = realloc(Text, *Size + 1);
        }
    }
    if (File != NULL) {
        fclose(File);
    }
    if (Exact == NULL) {
        free(Text);
        free(Found);
        return NULL;
    }
    *Path = Found;
    return Exact;
}
