/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Nearest.c - "did you mean": the known word that a mistyped one is closest to.
 *
 * Context: user space.
 */
#include "libhyperdbg/Nearest.h"

#include <ctype.h>
#include <string.h>

#define NEAREST_MAX_LENGTH 32

static const CHAR *NearestBare(const CHAR *Word)
{
    return Word[0] == '!' || Word[0] == '.' ? Word + 1 : Word;
}

static BOOLEAN NearestSame(CHAR A, CHAR B)
{
    return tolower((UINT8)A) == tolower((UINT8)B);
}

static UINT32 NearestMin(UINT32 A, UINT32 B)
{
    return A < B ? A : B;
}

/* Letters inserted, removed, replaced or swapped with their neighbour to make B of A (optimal string
 * alignment). */
static UINT32 NearestDistance(const CHAR *A, const CHAR *B)
{
    UINT32 Rows[3][NEAREST_MAX_LENGTH + 1];
    UINT32 LengthA = (UINT32)strlen(A), LengthB = (UINT32)strlen(B);

    for (UINT32 j = 0; j <= LengthB; j++)
        Rows[0][j] = j;
    for (UINT32 i = 1; i <= LengthA; i++) {
        UINT32 *Row = Rows[i % 3], *Above = Rows[(i - 1) % 3], *TwoAbove = Rows[(i + 1) % 3];

        Row[0] = i;
        for (UINT32 j = 1; j <= LengthB; j++) {
            Row[j] = NearestMin(NearestMin(Row[j - 1], Above[j]) + 1,
                                Above[j - 1] + !NearestSame(A[i - 1], B[j - 1]));
            if (i > 1 && j > 1 && NearestSame(A[i - 1], B[j - 2]) && NearestSame(A[i - 2], B[j - 1]))
                Row[j] = NearestMin(Row[j], TwoAbove[j - 2] + 1);
        }
    }
    return Rows[LengthA % 3][LengthB];
}

VOID NearestBegin(NEAREST *Nearest, const CHAR *Typed)
{
    Nearest->Typed    = NearestBare(Typed);
    Nearest->Best     = NULL;
    Nearest->Distance = NEAREST_MAX_LENGTH;
}

VOID NearestOffer(NEAREST *Nearest, const CHAR *Candidate)
{
    const CHAR *Bare = NearestBare(Candidate);
    SIZE_T Length    = strlen(Bare);

    if (strlen(Nearest->Typed) > NEAREST_MAX_LENGTH || Length > NEAREST_MAX_LENGTH)
        return;
    UINT32 Distance = NearestDistance(Nearest->Typed, Bare);
    if (Distance < Nearest->Distance && Distance * 3 <= Length + 1) {
        Nearest->Best     = Candidate;
        Nearest->Distance = Distance;
    }
}
