// SPDX-License-Identifier: GPL-2.0-only
/*
 * ExportText.c - strings and blocks of the guest's memory for users of the VMM: length and comparison
 * (SDK/imports/VmmMemoryImports.h tells the contracts).
 *
 * Context: any: inside a callback, or process.
 */
#include "SDK/imports/VmmMemoryImports.h"

#include "platform/PlatformMemory.h"

/* A place in the guest's memory that is read piece by piece, never past a page of which nothing may be
 * mapped.
 */
typedef struct _TEXT_READER {
    UINT64 Next;    /* address of the next byte to be fetched */
    UINT32 Width;   /* of a character, 1 or 2 bytes */
    UINT32 Left;    /* bytes of Bytes that were not given out yet */
    UINT32 Fetched; /* bytes of Bytes that are valid */
    UINT8 Bytes[64];
} TEXT_READER;

static BOOLEAN ReaderFetch(TEXT_READER *Reader)
{
    UINT64 Bytes = PLATFORM_PAGE_SIZE - (Reader->Next & (PLATFORM_PAGE_SIZE - 1));

    if (Bytes > sizeof(Reader->Bytes))
        Bytes = sizeof(Reader->Bytes);
    if (!MemoryMapperReadMemorySafe(Reader->Next, Reader->Bytes, (SIZE_T)Bytes))
        return FALSE;
    Reader->Next += Bytes;
    Reader->Left = Reader->Fetched = (UINT32)Bytes;
    return TRUE;
}

/* A character may lie on two pages. */
static BOOLEAN ReaderNext(TEXT_READER *Reader, UINT32 *Character)
{
    UINT32 Byte;

    *Character = 0;
    for (Byte = 0; Byte < Reader->Width; Byte++) {
        if (Reader->Left == 0 && !ReaderFetch(Reader))
            return FALSE;
        *Character |= (UINT32)Reader->Bytes[Reader->Fetched - Reader->Left--] << (8 * Byte);
    }
    return TRUE;
}

static BOOLEAN TextLength(UINT64 Address, UINT32 Width, UINT32 *Length)
{
    TEXT_READER Reader = {.Next = Address, .Width = Width};
    UINT32 Count, Character;

    for (Count = 0; Count <= VMM_STRING_MAX; Count++) {
        if (!ReaderNext(&Reader, &Character))
            return FALSE;
        if (Character == 0) {
            *Length = Count;
            return TRUE;
        }
    }
    return FALSE;
}

typedef enum _COMPARISON {
    COMPARISON_FAILED, /* something that is needed is not mapped */
    COMPARISON_EQUAL,  /* as far as was looked */
    COMPARISON_DECIDED,
} COMPARISON;

/* Characters: at most as many are looked at. EndsAtZero: equal characters of 0 decide. *Result is written
 * unless it failed. */
static COMPARISON TextCompare(UINT64 Address1, UINT64 Address2, UINT32 Width, UINT32 Characters,
                              BOOLEAN EndsAtZero, INT32 *Result)
{
    TEXT_READER Reader1 = {.Next = Address1, .Width = Width};
    TEXT_READER Reader2 = {.Next = Address2, .Width = Width};
    UINT32 Count, Character1, Character2;

    for (Count = 0; Count < Characters; Count++) {
        if (!ReaderNext(&Reader1, &Character1) || !ReaderNext(&Reader2, &Character2))
            return COMPARISON_FAILED;
        if (Character1 != Character2 || (EndsAtZero && Character1 == 0)) {
            *Result = Character1 == Character2 ? 0 : Character1 < Character2 ? -1 : 1;
            return COMPARISON_DECIDED;
        }
    }
    *Result = 0;
    return COMPARISON_EQUAL;
}

static BOOLEAN StringCompare(UINT64 Address1, UINT64 Address2, UINT32 Width, UINT32 Characters, INT32 *Result)
{
    if (Characters <= VMM_STRING_MAX)
        return TextCompare(Address1, Address2, Width, Characters, TRUE, Result) != COMPARISON_FAILED;
    return TextCompare(Address1, Address2, Width, VMM_STRING_MAX + 1, TRUE, Result) == COMPARISON_DECIDED;
}

BOOLEAN VmFuncVmxCompatibleStrlen(UINT64 Address, UINT32 *Length)
{
    return TextLength(Address, 1, Length);
}

BOOLEAN VmFuncVmxCompatibleWcslen(UINT64 Address, UINT32 *Length)
{
    return TextLength(Address, 2, Length);
}

BOOLEAN VmFuncVmxCompatibleStrcmp(UINT64 Address1, UINT64 Address2, INT32 *Result)
{
    return StringCompare(Address1, Address2, 1, 0xFFFFFFFF, Result);
}

BOOLEAN VmFuncVmxCompatibleStrncmp(UINT64 Address1, UINT64 Address2, UINT32 Characters, INT32 *Result)
{
    return StringCompare(Address1, Address2, 1, Characters, Result);
}

BOOLEAN VmFuncVmxCompatibleWcscmp(UINT64 Address1, UINT64 Address2, INT32 *Result)
{
    return StringCompare(Address1, Address2, 2, 0xFFFFFFFF, Result);
}

BOOLEAN VmFuncVmxCompatibleWcsncmp(UINT64 Address1, UINT64 Address2, UINT32 Characters, INT32 *Result)
{
    return StringCompare(Address1, Address2, 2, Characters, Result);
}

BOOLEAN VmFuncVmxCompatibleMemcmp(UINT64 Address1, UINT64 Address2, UINT32 Bytes, INT32 *Result)
{
    return Bytes <= VMM_MEMORY_ACCESS_MAX &&
           TextCompare(Address1, Address2, 1, Bytes, FALSE, Result) != COMPARISON_FAILED;
}
