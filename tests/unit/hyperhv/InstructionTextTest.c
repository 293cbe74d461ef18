// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * InstructionTextTest.c - the instruction decoder beside Zydis on the code of real programs: the guests'
 * kernels, Python, the C library.
 *
 * Code is walked from the first byte of every section that is executed, as Zydis says how long the
 * instructions are.
 *
 * Context: user space. The kernels are those of the cache (CACHE, or .cache), which `make fetch` fills.
 */
#include <elf.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/hyperhv/DecodeOracle.h"

typedef struct _BYTES {
    UINT8 *Data;
    SIZE_T Size;
} BYTES;

static BYTES ReadAll(FILE *File)
{
    BYTES All   = {0};
    SIZE_T Room = 0, More;

    assert_non_null(File);
    do {
        if (All.Size == Room) {
            Room     = Room * 2 + (1u << 20);
            All.Data = realloc(All.Data, Room);
            assert_non_null(All.Data);
        }
        More = fread(All.Data + All.Size, 1, Room - All.Size, File);
        All.Size += More;
    } while (More > 0);
    return All;
}

static BYTES ReadFile(const CHAR *Path)
{
    FILE *File = fopen(Path, "rb");
    BYTES All;

    if (File == NULL)
        fail_msg("%s: cannot be read", Path);
    All = ReadAll(File);
    fclose(File);
    return All;
}

/* --- a kernel in its boot image: Documentation/x86/boot.rst, "the real-mode kernel header" --- */

#define HEADER_SETUP_SECTORS  0x1F1
#define HEADER_PAYLOAD_OFFSET 0x248
#define HEADER_PAYLOAD_LENGTH 0x24C
#define SECTOR                512

static UINT32 Load32(const UINT8 *Data)
{
    UINT32 Value;

    memcpy(&Value, Data, sizeof(Value));
    return Value;
}

static const CHAR *ProgramThatUnpacks(const UINT8 *Payload)
{
    static const struct {
        UINT8 Magic[4];
        const CHAR *Program;
    } Formats[] = {
        {{0x02, 0x21, 0x4C, 0x18}, "lz4 -dcq"},
        {{0x28, 0xB5, 0x2F, 0xFD}, "zstd -dcq"},
        {{0xFD, 0x37, 0x7A, 0x58}, "xz -dcq"},
    };
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Formats); Index++)
        if (memcmp(Payload, Formats[Index].Magic, sizeof(Formats[Index].Magic)) == 0)
            return Formats[Index].Program;
    fail_msg("a kernel packed in a way that nobody knows");
    return NULL;
}

/* The payload ends with the size of what is in it, which is none of the packer's. */
static BYTES UnpackKernel(const CHAR *Path)
{
    BYTES Image = ReadFile(Path), Kernel;
    SIZE_T Offset =
        (Image.Data[HEADER_SETUP_SECTORS] + 1) * SECTOR + Load32(Image.Data + HEADER_PAYLOAD_OFFSET);
    SIZE_T Length   = Load32(Image.Data + HEADER_PAYLOAD_LENGTH) - sizeof(UINT32);
    CHAR Packed[64] = "/tmp/InstructionTextTest-XXXXXX", Command[256];
    FILE *File;

    assert_true(Offset + Length + sizeof(UINT32) <= Image.Size);
    File = fdopen(mkstemp(Packed), "wb");
    assert_non_null(File);
    assert_int_equal(fwrite(Image.Data + Offset, 1, Length, File), Length);
    fclose(File);

    snprintf(Command, sizeof(Command), "%s < %s", ProgramThatUnpacks(Image.Data + Offset), Packed);
    File   = popen(Command, "r");
    Kernel = ReadAll(File);
    assert_int_equal(pclose(File), 0);
    remove(Packed);
    assert_int_equal(Kernel.Size, Load32(Image.Data + Offset + Length));
    free(Image.Data);
    return Kernel;
}

/* --- code --- */

static UINT64 WalkCode(const UINT8 *Code, SIZE_T Size, DECODE_TALLY *Tally)
{
    const CHAR *Difference;
    SIZE_T At;
    UINT32 Length;

    for (At = 0; At < Size; At += Length) {
        Difference = OracleCompare(Code + At, Size - At < 15 ? (UINT32)(Size - At) : 15, 64, Tally, &Length);
        if (Difference != NULL)
            fail_msg("at %zx: %s", At, Difference);
    }
    return Size;
}

static VOID WalkProgram(const CHAR *Name, BYTES Program, UINT64 Instructions)
{
    const Elf64_Ehdr *Header   = (const Elf64_Ehdr *)(const void *)Program.Data;
    const Elf64_Shdr *Sections = (const Elf64_Shdr *)(const void *)(Program.Data + Header->e_shoff);
    DECODE_TALLY Tally         = {0};
    UINT64 Size                = 0;
    UINT32 Index;

    assert_true(Program.Size > sizeof(*Header) && memcmp(Program.Data, ELFMAG, SELFMAG) == 0);
    assert_true(Header->e_shoff + Header->e_shnum * sizeof(*Sections) <= Program.Size);
    for (Index = 0; Index < Header->e_shnum; Index++)
        if ((Sections[Index].sh_flags & SHF_EXECINSTR) && Sections[Index].sh_type == SHT_PROGBITS)
            Size += WalkCode(Program.Data + Sections[Index].sh_offset, Sections[Index].sh_size, &Tally);
    print_message(
        "    %s: %llu bytes of code, %llu instructions, %llu bytes that are none; %llu of %llu accesses of "
        "known size\n",
        Name, Size, Tally.Decoded, Tally.Refused + Tally.Lenient, Tally.KnownSizes, Tally.Accesses);
    assert_true(Tally.Decoded >= Instructions);
    free(Program.Data);
}

static void TheKernelsOfTheGuests(void **State)
{
    const CHAR *Cache = getenv("CACHE");
    CHAR Pattern[512];
    glob_t Found;
    SIZE_T Index;

    (void)State;
    snprintf(Pattern, sizeof(Pattern), "%s/kernels/*/boot/vmlinuz-*", Cache != NULL ? Cache : ".cache");
    if (glob(Pattern, 0, NULL, &Found) != 0) {
        print_message("    no kernel in %s\n", Pattern);
        skip();
    }
    for (Index = 0; Index < Found.gl_pathc; Index++)
        WalkProgram(Found.gl_pathv[Index], UnpackKernel(Found.gl_pathv[Index]), 1000000);
    globfree(&Found);
}

static void Python(void **State)
{
    (void)State;
    WalkProgram("python3", ReadFile("/usr/bin/python3"), 100000);
}

/* The one that this program uses; with all its forms of memcpy and strlen for vectors of any length. */
static void TheCLibrary(void **State)
{
    CHAR Path[512] = "", Line[1024];
    FILE *Maps     = fopen("/proc/self/maps", "r");

    (void)State;
    assert_non_null(Maps);
    while (Path[0] == '\0' && fgets(Line, sizeof(Line), Maps) != NULL)
        if (strstr(Line, "/libc.so") != NULL)
            sscanf(strchr(Line, '/'), "%511[^\n]", Path);
    fclose(Maps);
    WalkProgram("libc", ReadFile(Path), 100000);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(TheKernelsOfTheGuests),
        cmocka_unit_test(Python),
        cmocka_unit_test(TheCLibrary),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}
