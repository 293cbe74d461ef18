/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * RecordTest.c - records of the log, whole and damaged, and the lines they become.
 */
#include "libhyperdbg/output/RecordStream.h"
#include "libhyperdbg/output/TextBuilder.h"
#include "tests/unit/libhyperdbg/Workbench.h"

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the stream ------------------------------------------------------------------------------- */

/* A header as the kernel would write it. */
static LOG_RECORD_HEADER Header(UINT32 PayloadLength)
{
    return (LOG_RECORD_HEADER){.TotalLength   = ((UINT32)sizeof(LOG_RECORD_HEADER) + PayloadLength + 7) & ~7u,
                               .PayloadLength = PayloadLength,
                               .OperationCode = OPERATION_LOG_INFO_MESSAGE};
}

static void RecordsOfEveryLengthAreTakenOneAfterAnother(void **State)
{
    static const UINT32 Lengths[] = {0, 1, 7, 8, 9, LOG_MAX_PAYLOAD - 1, LOG_MAX_PAYLOAD};
    static UINT8 Stream[COUNT_OF(Lengths) * (sizeof(LOG_RECORD_HEADER) + LOG_MAX_PAYLOAD)];
    UINT32 Length = 0, Offset = 0;
    const CHAR *Why;
    RECORD Record;

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Lengths); i++) {
        LOG_RECORD_HEADER One = Header(Lengths[i]);

        memcpy(Stream + Length, &One, sizeof(One));
        memset(Stream + Length + sizeof(One), (int)i, Lengths[i]);
        Length += One.TotalLength;
    }
    for (UINT32 i = 0; i < COUNT_OF(Lengths); i++) {
        assert_int_equal(RecordNext(Stream, Length, &Offset, &Record, &Why), RECORD_WHOLE);
        assert_int_equal(Record.Header.PayloadLength, Lengths[i]);
        assert_true(Lengths[i] == 0 || (Record.Payload[0] == i && Record.Payload[Lengths[i] - 1] == i));
    }
    assert_int_equal(Offset, Length);
    assert_int_equal(RecordNext(Stream, Length, &Offset, &Record, &Why), RECORD_END);
}

/* The record behind each cut is at the end of the heap's block: reading beyond it would be noticed. */
static void RecordsCutAnywhereAreBroken(void **State)
{
    LOG_RECORD_HEADER One = Header(100);

    (void)State;
    for (UINT32 Length = 1; Length < One.TotalLength; Length++) {
        UINT8 *Stream = malloc(Length);
        UINT32 Offset = 0;
        const CHAR *Why;
        RECORD Record;

        assert_non_null(Stream);
        memcpy(Stream, &One, Length < sizeof(One) ? Length : sizeof(One));
        assert_int_equal(RecordNext(Stream, Length, &Offset, &Record, &Why), RECORD_BROKEN);
        assert_non_null(Why);
        assert_int_equal(Offset, 0);
        free(Stream);
    }
}

static void WrongLengthsAreBroken(void **State)
{
    static const struct {
        UINT32 Total;
        UINT32 Payload;
    } Cases[] = {{0, 0},       {8, 0},          {32, 0},          {40, 1},          {41, 1},
                 {44, 4},      {48, 9},         {48, 0},          {56, 8},          {4144, 8},
                 {4144, 4097}, {0xFFFFFFF8, 8}, {48, 0xFFFFFFE0}, {40, 0xFFFFFFFF}, {0xFFFFFFF8, 0xFFFFFFD0},
                 {8192, 100},  {0x80000000, 0}};
    static UINT64 Stream[1024];

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Cases); i++) {
        LOG_RECORD_HEADER One = Header(0);
        UINT32 Offset         = 0;
        const CHAR *Why;
        RECORD Record;

        One.TotalLength   = Cases[i].Total;
        One.PayloadLength = Cases[i].Payload;
        memcpy(Stream, &One, sizeof(One));
        if (RecordNext((UINT8 *)Stream, sizeof(Stream), &Offset, &Record, &Why) != RECORD_BROKEN)
            fail_msg("total %x payload %x was taken", Cases[i].Total, Cases[i].Payload);
    }
}

/* --- what a session makes of records ---------------------------------------------------------- */

static DEBUGGER_EVENT_RECORD Event(UINT32 Type, UINT32 Stage)
{
    DEBUGGER_EVENT_RECORD Record = {.Tag         = HYPERDBG_EVENT_TAG_START + 3,
                                    .EventType   = Type,
                                    .Stage       = Stage,
                                    .Rip         = 0xffffffff81234567,
                                    .ProcessId   = 1234,
                                    .ThreadId    = 1235,
                                    .ProcessName = "busybox"};

    Record.Regs.rax    = 0xAAAAAAAA00000001;
    Record.Regs.rbx    = 0xBBBBBBBB00000002;
    Record.Regs.rcx    = 0xCCCCCCCC00000003;
    Record.Regs.rdx    = 0xDDDDDDDD00000004;
    Record.Regs.r15    = 0x1515151515151515;
    Record.Regs.rflags = 0x246;
    return Record;
}

/* The line of one event. */
static const CHAR *EventLine(BENCH *Bench, const DEBUGGER_EVENT_RECORD *Record)
{
    BenchClear(Bench);
    Bench->Kernel.Now = 1500099;
    MockSend(&Bench->Kernel, OPERATION_DEBUGGER_EVENT_RECORD, 1, Record, sizeof(*Record));
    HyperDbgProcessRecords(Bench->Session);
    assert_int_equal(Bench->Lines, 1);
    assert_int_equal(Bench->KindLines[HYPERDBG_MESSAGE_EVENT], 1);
    return Bench->Output;
}

static void EventsReadWell(void **State)
{
    BENCH *Bench                 = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    DEBUGGER_EVENT_RECORD Record = Event(CPUID_INSTRUCTION_EXECUTION, 1);

    (void)State;
    Record.Context     = 0x40000000;
    Record.ChangedRegs = 0xFFFFFFFF; /* means nothing at stage pre */
    assert_string_equal(EventLine(Bench, &Record),
                        "[1.500000 s] #3 !cpuid pre   core 1  busybox[1234/1235]  rip ffffffff81234567  "
                        "leaf 40000000  eax 1 ebx 2 ecx 3 edx 4\n");
    Record             = Event(CPUID_INSTRUCTION_EXECUTION, 2);
    Record.ThreadId    = 1234;
    Record.ChangedRegs = 1u << 0 | 1u << 3 | 1u << 15 | 1u << 16;
    assert_string_equal(EventLine(Bench, &Record),
                        "[1.500000 s] #3 !cpuid post  core 1  busybox[1234]  rip ffffffff81234567  leaf 0  "
                        "eax 1 ebx 2 ecx 3 edx 4  changed rax rbx r15=1515151515151515 rflags=246\n");
    Record                = Event(WRMSR_INSTRUCTION_EXECUTION, 1);
    Record.Context        = 0xc0000082;
    Record.Regs.rcx       = 0xc0000082;
    Record.ShortCircuited = 1;
    assert_string_equal(EventLine(Bench, &Record),
                        "[1.500000 s] #3 !msrwrite pre   core 1  busybox[1234/1235]  rip ffffffff81234567  "
                        "msr c0000082 IA32_LSTAR  edx:eax 400000001  short-circuited\n");
    Record = Event(RDMSR_INSTRUCTION_EXECUTION, 1);
    assert_string_equal(
        EventLine(Bench, &Record),
        "[1.500000 s] #3 !msrread pre   core 1  busybox[1234/1235]  rip ffffffff81234567  msr 0  "
        "ecx 3\n");
    Record = Event(77, 9);
    assert_string_equal(
        EventLine(Bench, &Record),
        "[1.500000 s] #3 (unknown type) ?     core 1  busybox[1234/1235]  rip ffffffff81234567  "
        "context 0\n");
    BenchFree(Bench);
}

static struct json_object *Parse(const CHAR *Line)
{
    struct json_object *Object = json_tokener_parse(Line);

    if (Object == NULL)
        fail_msg("no JSON: %s", Line);
    return Object;
}

static const CHAR *Member(struct json_object *Object, const CHAR *Key)
{
    return json_object_get_string(json_object_object_get(Object, Key));
}

/* What the VMM says of exceptions that tell more than their vector; of others it says that nothing is
 * written.
 */
static const struct {
    UINT64 Vector;
    VMM_REGISTER_ACCESS Register;
    const CHAR *Text, *Key, *Value;
} Exceptions[] = {
    {0xe,
     {.Register = 2, .IsWrite = 1, .Operand = VMM_NO_OPERAND, .Before = 0x1111, .After = 0x7fff12345678},
     "vector e  cr2 7fff12345678",
     "cr2",
     "0x7fff12345678"},
    {1,
     {.Register = 6, .IsWrite = 1, .Operand = VMM_NO_OPERAND, .Before = 0xffff0ff0, .After = 0xffff4ff0},
     "vector 1  dr6 ffff4ff0",
     "dr6",
     "0xffff4ff0"},
    {0xd, {.Operand = VMM_NO_OPERAND}, "vector d", NULL, NULL},
};

static void AnExceptionHasTheRegisterThatTellsMore(void **State)
{
    BENCH *Text = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE), *Json = BenchMake(HYPERDBG_FORMAT_JSON, TRUE);
    CHAR Line[128];

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Exceptions); i++) {
        DEBUGGER_EVENT_RECORD Record = Event(EXCEPTION_OCCURRED, 1);

        Record.Context  = Exceptions[i].Vector;
        Record.Register = Exceptions[i].Register;
        snprintf(Line, sizeof(Line),
                 "[1.500000 s] #3 !exception pre   core 1  busybox[1234/1235]  rip ffffffff81234567  %s\n",
                 Exceptions[i].Text);
        assert_string_equal(EventLine(Text, &Record), Line);

        struct json_object *Object = Parse(EventLine(Json, &Record));

        assert_int_equal(json_object_object_get_ex(Object, "cr2", NULL), Exceptions[i].Vector == 0xe);
        assert_int_equal(json_object_object_get_ex(Object, "dr6", NULL), Exceptions[i].Vector == 1);
        if (Exceptions[i].Key != NULL)
            assert_string_equal(Member(Object, Exceptions[i].Key), Exceptions[i].Value);
        json_object_put(Object);
    }
    BenchFree(Text);
    BenchFree(Json);
}

static void EveryTypeOfEventHasALine(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    for (UINT32 Type = 0; Type < VMM_EVENT_TYPE_COUNT; Type++) {
        DEBUGGER_EVENT_RECORD Record = Event(Type, 1 + Type % 2);

        assert_non_null(strstr(EventLine(Bench, &Record), "#3 !"));
    }
    BenchFree(Bench);
}

static void NamesOfProcessesCannotHarmTheTerminal(void **State)
{
    BENCH *Bench                 = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);
    DEBUGGER_EVENT_RECORD Record = Event(CPUID_INSTRUCTION_EXECUTION, 1);

    (void)State;
    memcpy(Record.ProcessName, "\033[2J\x7f\xc3\xa9\xff\xc2\x9b\x80sixteen!", 16);
    assert_non_null(
        strstr(EventLine(Bench, &Record), "  \\x1b[2J\\x7f\xc3\xa9\\xff\\xc2\\x9b\\x80sixte[1234"));
    BenchFree(Bench);
}

static void TimesAreTicksWhereASecondIsNotKnown(void **State)
{
    BENCH *Bench                 = BenchMake(HYPERDBG_FORMAT_TEXT, FALSE);
    DEBUGGER_EVENT_RECORD Record = Event(CPUID_INSTRUCTION_EXECUTION, 1);

    (void)State;
    Bench->Kernel.AreModulesLoaded = TRUE;
    assert_true(HyperDbgConnect(Bench->Session, FALSE));
    assert_memory_equal(EventLine(Bench, &Record), "[tsc 1500100] #3", 16);
    BenchFree(Bench);
}

static void EventsInJsonHoldEverything(void **State)
{
    BENCH *Bench                 = BenchMake(HYPERDBG_FORMAT_JSON, TRUE);
    DEBUGGER_EVENT_RECORD Record = Event(WRMSR_INSTRUCTION_EXECUTION, 2);

    (void)State;
    Record.Context     = 0xc0000082;
    Record.ChangedRegs = 1u << 0 | 1u << 16;
    memcpy(Record.ProcessName, "a\"b\\c\xff\033", 8);
    struct json_object *Object    = Parse(EventLine(Bench, &Record));
    struct json_object *Registers = json_object_object_get(Object, "registers");

    assert_string_equal(Member(Object, "type"), "event");
    assert_string_equal(Member(Object, "event"), "3");
    assert_string_equal(Member(Object, "tag"), "16777219");
    assert_string_equal(Member(Object, "name"), "!msrwrite");
    assert_string_equal(Member(Object, "event_type"), "13");
    assert_string_equal(Member(Object, "stage"), "post");
    assert_string_equal(Member(Object, "core"), "1");
    assert_string_equal(Member(Object, "sequence"), "1");
    assert_string_equal(Member(Object, "tsc"), "1500100");
    assert_true(json_object_get_double(json_object_object_get(Object, "seconds")) == 1.5);
    assert_string_equal(Member(Object, "pid"), "1234");
    assert_string_equal(Member(Object, "tid"), "1235");
    assert_string_equal(Member(Object, "process"), "a\"b\\c\\xff\\x1b");
    assert_string_equal(Member(Object, "rip"), "0xffffffff81234567");
    assert_string_equal(Member(Object, "context"), "0xc0000082");
    assert_string_equal(Member(Object, "context_name"), "msr");
    assert_string_equal(Member(Object, "msr_name"), "IA32_LSTAR");
    assert_int_equal(json_object_object_length(Registers), GUEST_REGS_COUNT);
    assert_string_equal(Member(Registers, "rax"), "0xaaaaaaaa00000001");
    assert_string_equal(Member(Registers, "r15"), "0x1515151515151515");
    assert_string_equal(Member(Registers, "rflags"), "0x246");
    assert_string_equal(Member(Object, "changed"), "[ \"rax\", \"rflags\" ]");
    assert_string_equal(Member(Object, "short_circuited"), "false");
    json_object_put(Object);
    BenchFree(Bench);
}

static void MessagesOfEveryLevelAreShown(void **State)
{
    static const struct {
        UINT32 Code;
        HYPERDBG_MESSAGE_KIND Kind;
        const CHAR *Text;
        const CHAR *Lines;
    } Cases[] = {
        {OPERATION_LOG_INFO_MESSAGE, HYPERDBG_MESSAGE_LOG, "hello\n", "[0.000000 s] core 0  hello\n"},
        {OPERATION_LOG_WARNING_MESSAGE, HYPERDBG_MESSAGE_LOG_WARNING, "careful",
         "[0.000000 s] core 0  warning: careful\n"},
        {OPERATION_LOG_ERROR_MESSAGE, HYPERDBG_MESSAGE_LOG_ERROR, "broken",
         "[0.000000 s] core 0  error: broken\n"},
        {OPERATION_LOG_NON_IMMEDIATE_MESSAGE, HYPERDBG_MESSAGE_LOG, "later", "[0.000000 s] core 0  later\n"},
        {OPERATION_LOG_WITH_TAG, HYPERDBG_MESSAGE_LOG, "\033[31mred\t",
         "[0.000000 s] core 0  \\x1b[31mred\\x09\n"},
        {OPERATION_LOG_INFO_MESSAGE, HYPERDBG_MESSAGE_LOG, "", "[0.000000 s] core 0  \n"},
    };
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Cases); i++) {
        BenchClear(Bench);
        Bench->Kernel.Now = 99;
        MockSendText(&Bench->Kernel, Cases[i].Code, Cases[i].Text);
        HyperDbgProcessRecords(Bench->Session);
        assert_string_equal(Bench->Output, Cases[i].Lines);
        assert_int_equal(Bench->KindLines[Cases[i].Kind], 1);
    }
    BenchFree(Bench);
}

static void AMessageOfSeveralLinesStaysTogether(void **State)
{
    BENCH *Text = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE), *Json = BenchMake(HYPERDBG_FORMAT_JSON, TRUE);

    (void)State;
    MockSendText(&Text->Kernel, OPERATION_LOG_ERROR_MESSAGE, "one\ntwo\n\n");
    MockSendText(&Json->Kernel, OPERATION_LOG_ERROR_MESSAGE, "one\ntwo\n\n");
    Text->Kernel.Now = Json->Kernel.Now = 0;
    HyperDbgProcessRecords(Text->Session);
    HyperDbgProcessRecords(Json->Session);
    assert_string_equal(Text->Output, "[-0.000099 s] core 0  error: one\n[-0.000099 s] core 0  error: two\n");
    assert_int_equal(Json->Lines, 1);
    struct json_object *Object = Parse(Json->Output);
    assert_string_equal(Member(Object, "message"), "one\ntwo");
    assert_string_equal(Member(Object, "level"), "error");
    json_object_put(Object);
    BenchFree(Text);
    BenchFree(Json);
}

static void LostRecordsAreToldBeforeTheNextOne(void **State)
{
    BENCH *Text = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE), *Json = BenchMake(HYPERDBG_FORMAT_JSON, TRUE);

    (void)State;
    Text->Kernel.Dropped = Json->Kernel.Dropped = 17;
    MockSendText(&Text->Kernel, OPERATION_LOG_INFO_MESSAGE, "next");
    MockSendText(&Json->Kernel, OPERATION_LOG_INFO_MESSAGE, "next");
    HyperDbgProcessRecords(Text->Session);
    HyperDbgProcessRecords(Json->Session);
    assert_string_equal(Text->Output, "[-0.000099 s] 17 records were lost here: the rings were full\n"
                                      "[-0.000099 s] core 0  next\n");
    assert_int_equal(Text->KindLines[HYPERDBG_MESSAGE_DROPPED], 1);
    assert_non_null(strstr(Json->Output, "{\"type\":\"dropped\",\"count\":17,\"tsc\":1}\n{\"type\":\"log\""));
    BenchFree(Text);
    BenchFree(Json);
}

/* The reader makes one of no content when nothing follows a loss. */
static void LostRecordsAreToldByARecordWithoutContentToo(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    Bench->Kernel.Dropped = 1;
    MockSend(&Bench->Kernel, OPERATION_LOG_RECORDS_LOST, 0, "", 0);
    HyperDbgProcessRecords(Bench->Session);
    assert_string_equal(Bench->Output, "[-0.000099 s] 1 record was lost here: the rings were full\n");
    BenchFree(Bench);
}

static void RecordsThatAreNotUnderstoodAreNamed(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    MockSend(&Bench->Kernel, 0xABC, 0, "12345", 5);
    MockSend(&Bench->Kernel, OPERATION_DEBUGGER_EVENT_RECORD, 0, "12345", 5);
    MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "good");
    HyperDbgProcessRecords(Bench->Session);
    assert_string_equal(
        Bench->Output,
        "error: a record of the unknown kind abc (5 bytes) was passed over\n"
        "error: an event's record holds 5 bytes instead of 232: are the modules of another version?\n"
        "[-0.000097 s] core 0  good\n");
    BenchFree(Bench);
}

static void ADamagedRecordCostsTheRestOfTheReadOnly(void **State)
{
    BENCH *Bench = BenchMake(HYPERDBG_FORMAT_TEXT, TRUE);

    (void)State;
    MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "before");
    MockSendRaw(&Bench->Kernel, "damaged damaged damaged damaged damaged damaged ", 48);
    HyperDbgProcessRecords(Bench->Session); /* the mock gives whole records first */
    HyperDbgProcessRecords(Bench->Session);
    MockSendText(&Bench->Kernel, OPERATION_LOG_INFO_MESSAGE, "after");
    HyperDbgProcessRecords(Bench->Session);
    assert_non_null(strstr(Bench->Output,
                           "before\nerror: the log holds a damaged record (its payload is longer than "
                           "any record's): 48 bytes were passed over\n"));
    assert_non_null(strstr(Bench->Output, "after\n"));
    BenchFree(Bench);
}

/* --- garbage ---------------------------------------------------------------------------------- */

/* A record whose fields are plausible more often than chance would make them. */
static UINT32 RandomRecord(UINT8 *Bytes)
{
    static const UINT32 Codes[] = {OPERATION_LOG_INFO_MESSAGE, OPERATION_LOG_WARNING_MESSAGE,
                                   OPERATION_LOG_WITH_TAG, OPERATION_DEBUGGER_EVENT_RECORD, 0xFFFF};
    UINT32 Length               = rand() % 4 ? (UINT32)sizeof(DEBUGGER_EVENT_RECORD) : (UINT32)rand() % 5000;
    LOG_RECORD_HEADER One       = Header(Length);

    One.OperationCode = Codes[(UINT32)rand() % COUNT_OF(Codes)];
    One.Flags         = (UINT32)rand();
    One.Time          = (UINT64)rand() << 40;
    One.Dropped       = rand() % 10 ? 0 : (UINT32)rand();
    if (rand() % 20 == 0)
        One.TotalLength ^= 1u << rand() % 32;
    if (rand() % 20 == 0)
        One.PayloadLength ^= 1u << rand() % 32;
    memcpy(Bytes, &One, sizeof(One));
    for (UINT32 i = sizeof(One); i < sizeof(One) + Length; i++)
        Bytes[i] = (UINT8)rand();
    return ((UINT32)sizeof(One) + Length + 7) & ~7u;
}

static void GarbageInTheLogIsNeverTrusted(void **State)
{
    static UINT8 Bytes[8192];

    (void)State;
    srand(20231115);
    for (UINT32 Format = HYPERDBG_FORMAT_TEXT; Format <= HYPERDBG_FORMAT_JSON; Format++) {
        BENCH *Bench = BenchMake((HYPERDBG_FORMAT)Format, TRUE);

        for (UINT32 Round = 0; Round < 3000; Round++) {
            UINT32 Length = RandomRecord(Bytes);

            BenchClear(Bench);
            MockSendRaw(&Bench->Kernel, Bytes, rand() % 10 ? Length : (UINT32)rand() % Length);
            while (Bench->Kernel.RecordsLength != 0)
                HyperDbgProcessRecords(Bench->Session);
            for (CHAR *Line = strtok(Bench->Output, "\n"); Format && Line != NULL; Line = strtok(NULL, "\n"))
                json_object_put(Parse(Line));
        }
        BenchFree(Bench);
    }
}

/* --- TextBuilder.c ---------------------------------------------------------------------------- */

static void OnlyWellFormedUtf8IsLetThrough(void **State)
{
    static const struct {
        const CHAR *In;
        const CHAR *Out;
    } Cases[] = {
        {"plain ~", "plain ~"},
        {"\x1f\x20\x7e\x7f", "\\x1f ~\\x7f"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7"},
        {"\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0"},                     /* C1 controls */
        {"\xc0\xaf\xc1\xbf", "\\xc0\\xaf\\xc1\\xbf"},                                     /* overlong */
        {"\xe0\x82\x80", "\\xe0\\x82\\x80"},                                              /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                                              /* surrogate */
        {"\xf4\x90\x80\x80\xf5\x80\x80\x80", "\\xf4\\x90\\x80\\x80\\xf5\\x80\\x80\\x80"}, /* beyond Unicode */
        {"\x80\xbf", "\\x80\\xbf"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xe2\x28\xa1", "\\xe2(\\xa1"},
    };

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Cases); i++) {
        TEXT Text;

        TextClear(&Text);
        TextAddForeign(&Text, Cases[i].In, strlen(Cases[i].In));
        assert_string_equal(Text.Buffer, Cases[i].Out);
    }
}

/* The bytes end a block of the heap: reading beyond them would be noticed. */
static void ACharacterCutAtTheEndIsNotReadBeyondIt(void **State)
{
    static const CHAR *const Cuts[] = {"\xc3", "\xe2\x82", "\xf0\x9f\x90"};

    (void)State;
    for (UINT32 i = 0; i < COUNT_OF(Cuts); i++) {
        SIZE_T Length = strlen(Cuts[i]);
        CHAR *Exact   = malloc(Length);
        TEXT Text;

        assert_non_null(Exact);
        memcpy(Exact, Cuts[i], Length);
        TextClear(&Text);
        TextAddForeign(&Text, Exact, Length);
        assert_int_equal(Text.Length, 4 * Length);
        free(Exact);
    }
}

static void TextIsCutNotOverrun(void **State)
{
    static TEXT Text;

    (void)State;
    TextClear(&Text);
    for (UINT32 i = 0; i < TEXT_SIZE; i++)
        TextAdd(&Text, "%s", "abc");
    assert_int_equal(Text.Length, TEXT_SIZE - 1);
    assert_int_equal(strlen(Text.Buffer), TEXT_SIZE - 1);
    TextAddForeign(&Text, "\xff\xc3\xa9x", 4);
    assert_int_equal(Text.Length, TEXT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(RecordsOfEveryLengthAreTakenOneAfterAnother),
        cmocka_unit_test(RecordsCutAnywhereAreBroken),
        cmocka_unit_test(WrongLengthsAreBroken),
        cmocka_unit_test(EventsReadWell),
        cmocka_unit_test(AnExceptionHasTheRegisterThatTellsMore),
        cmocka_unit_test(EveryTypeOfEventHasALine),
        cmocka_unit_test(NamesOfProcessesCannotHarmTheTerminal),
        cmocka_unit_test(TimesAreTicksWhereASecondIsNotKnown),
        cmocka_unit_test(EventsInJsonHoldEverything),
        cmocka_unit_test(MessagesOfEveryLevelAreShown),
        cmocka_unit_test(AMessageOfSeveralLinesStaysTogether),
        cmocka_unit_test(LostRecordsAreToldBeforeTheNextOne),
        cmocka_unit_test(LostRecordsAreToldByARecordWithoutContentToo),
        cmocka_unit_test(RecordsThatAreNotUnderstoodAreNamed),
        cmocka_unit_test(ADamagedRecordCostsTheRestOfTheReadOnly),
        cmocka_unit_test(GarbageInTheLogIsNeverTrusted),
        cmocka_unit_test(OnlyWellFormedUtf8IsLetThrough),
        cmocka_unit_test(ACharacterCutAtTheEndIsNotReadBeyondIt),
        cmocka_unit_test(TextIsCutNotOverrun),
    };

    return cmocka_run_group_tests(Tests, NULL, NULL);
}
