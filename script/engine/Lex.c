// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Lex.c - the scanner: characters to tokens, with #include.
 *
 * Context: user space.
 */
#include <stdlib.h>
#include <string.h>

#include "script/engine/Lex.h"

typedef struct _LEXER {
    COMPILER *Compiler;
    const SOURCE *Source;
    POSITION At;  /* of the next character */
    UINT32 Depth; /* of includes */
} LEXER;

static const struct {
    const CHAR *Spelling;
    TOKEN_KIND Kind;
} g_LexPunctuators[] =
    {
#define X(Name, Spelling) {Spelling, TOKEN_##Name},
        LEX_PUNCTUATORS(X)
#undef X
},
  g_LexKeywords[] = {
#define X(Name, Spelling) {Spelling, KEYWORD_##Name},
      LEX_KEYWORDS(X)
#undef X
};

const CHAR *LexDescribe(TOKEN_KIND Kind)
{
    static const CHAR *const Names[TOKEN_KIND_COUNT] = {[TOKEN_END]         = "the end of the script",
                                                        [TOKEN_NUMBER]      = "a number",
                                                        [TOKEN_CHARACTER]   = "a character",
                                                        [TOKEN_STRING]      = "a string",
                                                        [TOKEN_WIDE_STRING] = "a string",
                                                        [TOKEN_NAME]        = "a name",
                                                        [TOKEN_REGISTER]    = "a register",
                                                        [TOKEN_PSEUDO]      = "a pseudo-register",
#define X(Name, Spelling) [TOKEN_##Name] = "'" Spelling "'",
                                                        LEX_PUNCTUATORS(X)
#undef X
#define X(Name, Spelling) [KEYWORD_##Name] = "'" Spelling "'",
                                                            LEX_KEYWORDS(X)
#undef X
    };

    return Names[Kind];
}

/* --- characters --- */

static CHAR LexPeek(const LEXER *Lexer, UINT32 Ahead)
{
    SIZE_T Offset = (SIZE_T)Lexer->At.Offset + Ahead;

    return Offset < Lexer->Source->Size ? Lexer->Source->Text[Offset] : 0;
}

static BOOLEAN LexAtEnd(const LEXER *Lexer)
{
    return Lexer->At.Offset >= Lexer->Source->Size;
}

static VOID LexSkip(LEXER *Lexer, UINT32 Count)
{
    for (; Count > 0 && !LexAtEnd(Lexer); Count--) {
        if (Lexer->Source->Text[Lexer->At.Offset++] == '\n') {
            Lexer->At.Line++;
            Lexer->At.Column = 1;
        } else {
            Lexer->At.Column++;
        }
    }
}

static BOOLEAN LexIsDigit(CHAR Character)
{
    return Character >= '0' && Character <= '9';
}

static BOOLEAN LexIsNameStart(CHAR Character)
{
    return (Character >= 'a' && Character <= 'z') || (Character >= 'A' && Character <= 'Z') ||
           Character == '_';
}

static BOOLEAN LexIsName(CHAR Character)
{
    return LexIsNameStart(Character) || LexIsDigit(Character);
}

/* Value of a digit, or 16 and more for what is none. */
static UINT32 LexDigit(CHAR Character)
{
    if (LexIsDigit(Character)) {
        return (UINT32)(Character - '0');
    }
    if (Character >= 'a' && Character <= 'f') {
        return (UINT32)(Character - 'a') + 10;
    }
    if (Character >= 'A' && Character <= 'F') {
        return (UINT32)(Character - 'A') + 10;
    }
    return 99;
}

/* --- tokens --- */

static TOKEN *LexAdd(LEXER *Lexer, TOKEN_KIND Kind, const POSITION *Position)
{
    COMPILER *Compiler = Lexer->Compiler;
    TOKEN *Token;

    Compiler->Tokens =
        CompilerGrow(Compiler, Compiler->Tokens, Compiler->TokenCount, &Compiler->TokenRoom, sizeof(TOKEN));
    Token           = &Compiler->Tokens[Compiler->TokenCount++];
    Token->Kind     = Kind;
    Token->Position = *Position;
    return Token;
}

static VOID LexBlockComment(LEXER *Lexer)
{
    POSITION Start = Lexer->At;

    LexSkip(Lexer, 2);
    while (!(LexPeek(Lexer, 0) == '*' && LexPeek(Lexer, 1) == '/')) {
        if (LexAtEnd(Lexer)) {
            CompilerError(Lexer->Compiler, &Start, "this comment does not end");
            return;
        }
        LexSkip(Lexer, 1);
    }
    LexSkip(Lexer, 2);
}

static VOID LexSkipLine(LEXER *Lexer)
{
    while (!LexAtEnd(Lexer) && LexPeek(Lexer, 0) != '\n') {
        LexSkip(Lexer, 1);
    }
}

static VOID LexSkipBlanks(LEXER *Lexer)
{
    for (;;) {
        CHAR Next = LexPeek(Lexer, 0);

        if (LexAtEnd(Lexer)) {
            return;
        }
        if (Next == ' ' || Next == '\t' || Next == '\n' || Next == '\r' || Next == '\\') {
            LexSkip(Lexer, 1);
        } else if (Next == '/' && LexPeek(Lexer, 1) == '/') {
            LexSkipLine(Lexer);
        } else if (Next == '/' && LexPeek(Lexer, 1) == '*') {
            LexBlockComment(Lexer);
        } else {
            return;
        }
    }
}

/* The base that a prefix names; 0x, 0n, 0t, 0y. Without one numbers are hexadecimal. */
static UINT32 LexBase(LEXER *Lexer)
{
    static const struct {
        CHAR Letter;
        UINT32 Base;
    } Prefixes[] = {{'x', 16}, {'X', 16}, {'n', 10}, {'N', 10}, {'t', 8}, {'T', 8}, {'y', 2}, {'Y', 2}};
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(Prefixes) && LexPeek(Lexer, 0) == '0'; Index++) {
        if (LexPeek(Lexer, 1) == Prefixes[Index].Letter) {
            LexSkip(Lexer, 2);
            return Prefixes[Index].Base;
        }
    }
    return 16;
}

/* A point after a number would make it a floating-point one, unless a member follows. */
static BOOLEAN LexFraction(LEXER *Lexer, const POSITION *Start)
{
    if (LexPeek(Lexer, 0) != '.' || !LexIsDigit(LexPeek(Lexer, 1))) {
        return FALSE;
    }
    LexSkip(Lexer, 1);
    while (LexIsName(LexPeek(Lexer, 0))) {
        LexSkip(Lexer, 1);
    }
    CompilerError(Lexer->Compiler, Start, "there is no floating point: scripts run in the kernel");
    return TRUE;
}

static VOID LexNumber(LEXER *Lexer)
{
    POSITION Start = Lexer->At;
    UINT32 Base    = LexBase(Lexer);
    UINT64 Value   = 0;
    UINT32 Digits  = 0;
    BOOLEAN Good   = TRUE;
    BOOLEAN Fits   = TRUE;

    while (LexIsName(LexPeek(Lexer, 0)) || LexPeek(Lexer, 0) == '`') {
        UINT32 Digit = LexDigit(LexPeek(Lexer, 0));

        if (LexPeek(Lexer, 0) != '`' && LexPeek(Lexer, 0) != '_') {
            Good = Good && Digit < Base;
            Fits = Fits && !__builtin_mul_overflow(Value, (UINT64)Base, &Value) &&
                   !__builtin_add_overflow(Value, (UINT64)Digit, &Value);
            Digits++;
        }
        LexSkip(Lexer, 1);
    }
    if (LexFraction(Lexer, &Start)) {
        Value = 0;
    } else if (!Good || Digits == 0) {
        CompilerError(Lexer->Compiler, &Start,
                      "'%.*s' is not a number in base %u (numbers are hexadecimal; 0n: decimal)",
                      (int)(Lexer->At.Offset - Start.Offset > 64 ? 64 : Lexer->At.Offset - Start.Offset),
                      Lexer->Source->Text + Start.Offset, Base);
    } else if (!Fits) {
        CompilerError(Lexer->Compiler, &Start, "the number does not fit into 64 bits");
    }
    LexAdd(Lexer, TOKEN_NUMBER, &Start)->Value = Value;
}

BOOLEAN LexNameAsNumber(const CHAR *Text, UINT64 *Value)
{
    UINT32 Length = 0;

    *Value = 0;
    for (; Text[Length] != 0; Length++) {
        if (LexDigit(Text[Length]) > 15 || Length == 16) {
            return FALSE;
        }
        *Value = *Value << 4 | LexDigit(Text[Length]);
    }
    return Length > 0;
}

/* Names of symbols may say their module: module!name. */
static UINT32 LexNameLength(const LEXER *Lexer)
{
    UINT32 Length = 0;

    while (LexIsName(LexPeek(Lexer, Length))) {
        Length++;
    }
    if (LexPeek(Lexer, Length) == '!' && LexIsNameStart(LexPeek(Lexer, Length + 1))) {
        Length++;
        while (LexIsName(LexPeek(Lexer, Length))) {
            Length++;
        }
    }
    return Length;
}

static TOKEN_KIND LexKeyword(const CHAR *Text)
{
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(g_LexKeywords); Index++) {
        if (strcmp(Text, g_LexKeywords[Index].Spelling) == 0) {
            return g_LexKeywords[Index].Kind;
        }
    }
    return TOKEN_NAME;
}

static VOID LexName(LEXER *Lexer)
{
    POSITION Start = Lexer->At;
    UINT32 Length  = LexNameLength(Lexer);
    CHAR *Text     = CompilerCopyText(Lexer->Compiler, Lexer->Source->Text + Start.Offset, Length);
    TOKEN *Token;

    LexSkip(Lexer, Length);
    /* ffff`80001234 is a number even though it begins with a letter. */
    if (LexPeek(Lexer, 0) == '`' && LexDigit(Text[0]) < 16) {
        Lexer->At = Start;
        LexNumber(Lexer);
        return;
    }
    Token         = LexAdd(Lexer, LexKeyword(Text), &Start);
    Token->Text   = Text;
    Token->Length = Length;
}

/* @register and $pseudo-register. */
static VOID LexPrefixed(LEXER *Lexer, TOKEN_KIND Kind)
{
    POSITION Start = Lexer->At;
    UINT32 Length  = 0;
    TOKEN *Token;

    LexSkip(Lexer, 1);
    while (LexIsName(LexPeek(Lexer, Length))) {
        Length++;
    }
    if (Length == 0) {
        CompilerError(Lexer->Compiler, &Start, "%s has no name", LexDescribe(Kind));
    }
    Token         = LexAdd(Lexer, Kind, &Start);
    Token->Text   = CompilerCopyText(Lexer->Compiler, Lexer->Source->Text + Lexer->At.Offset, Length);
    Token->Length = Length;
    LexSkip(Lexer, Length);
}

/* --- strings --- */

/* One character after a backslash that stands for itself or for a control character; FALSE if it is none. */
static BOOLEAN LexSimpleEscape(CHAR Letter, CHAR *Value)
{
    static const CHAR Letters[] = "abfnrtv0\\'\"?";
    static const CHAR Values[]  = "\a\b\f\n\r\t\v\0\\'\"?";
    const CHAR *Found           = Letter != 0 ? strchr(Letters, Letter) : NULL;

    if (Found == NULL) {
        return FALSE;
    }
    *Value = Values[Found - Letters];
    return TRUE;
}

/* What a backslash and the characters after it stand for. */
static CHAR LexEscape(LEXER *Lexer)
{
    POSITION Start = Lexer->At;
    CHAR Value     = 0;
    UINT32 Digits  = 0;

    LexSkip(Lexer, 1);
    if (LexPeek(Lexer, 0) != 'x') {
        if (!LexSimpleEscape(LexPeek(Lexer, 0), &Value)) {
            CompilerError(Lexer->Compiler, &Start, "unknown escape sequence");
        }
        /* The end of the line is not part of the escape: the string ends there. */
        LexSkip(Lexer, LexPeek(Lexer, 0) != '\n');
        return Value;
    }
    LexSkip(Lexer, 1);
    while (Digits < 2 && LexDigit(LexPeek(Lexer, 0)) < 16) {
        Value = (CHAR)((UINT32)Value << 4 | LexDigit(LexPeek(Lexer, 0)));
        LexSkip(Lexer, 1);
        Digits++;
    }
    if (Digits == 0) {
        CompilerError(Lexer->Compiler, &Start, "\\x has no digits");
    }
    return Value;
}

/* The characters up to the closing quote, in a buffer as long as the rest of the text at most. */
static CHAR *LexQuoted(LEXER *Lexer, CHAR Quote, UINT32 *Length)
{
    POSITION Start = Lexer->At;
    const CHAR *End;
    CHAR *Text;

    LexSkip(Lexer, 1);
    /* No string is longer than its line. */
    End     = memchr(Lexer->Source->Text + Lexer->At.Offset, '\n', Lexer->Source->Size - Lexer->At.Offset);
    Text    = CompilerTake(Lexer->Compiler,
                           (SIZE_T)(End != NULL ? End - (Lexer->Source->Text + Lexer->At.Offset)
                                                : (ptrdiff_t)(Lexer->Source->Size - Lexer->At.Offset)) +
                               1);
    *Length = 0;
    while (LexPeek(Lexer, 0) != Quote) {
        if (LexAtEnd(Lexer) || LexPeek(Lexer, 0) == '\n') {
            CompilerError(Lexer->Compiler, &Start, "this string does not end on its line");
            return Text;
        }
        if (LexPeek(Lexer, 0) == '\\') {
            Text[(*Length)++] = LexEscape(Lexer);
        } else {
            Text[(*Length)++] = LexPeek(Lexer, 0);
            LexSkip(Lexer, 1);
        }
    }
    LexSkip(Lexer, 1);
    return Text;
}

static VOID LexString(LEXER *Lexer)
{
    POSITION Start = Lexer->At;
    UINT32 Length;
    CHAR *Text   = LexQuoted(Lexer, '"', &Length);
    TOKEN *Token = LexAdd(Lexer, TOKEN_STRING, &Start);

    Token->Text   = Text;
    Token->Length = Length;
}

static VOID LexWideString(LEXER *Lexer)
{
    POSITION Start = Lexer->At;
    UINT32 Length;
    UINT32 Index;
    CHAR *Narrow;
    CHAR *Wide;
    TOKEN *Token;

    LexSkip(Lexer, 1);
    Narrow = LexQuoted(Lexer, '"', &Length);
    Wide   = CompilerTake(Lexer->Compiler, 2 * (SIZE_T)Length + 2);
    for (Index = 0; Index < Length; Index++) {
        Wide[2 * Index] = Narrow[Index];
    }
    Token         = LexAdd(Lexer, TOKEN_WIDE_STRING, &Start);
    Token->Text   = Wide;
    Token->Length = 2 * Length;
}

static VOID LexCharacter(LEXER *Lexer)
{
    POSITION Start = Lexer->At;
    UINT32 Length;
    const CHAR *Text = LexQuoted(Lexer, '\'', &Length);

    if (Length != 1) {
        CompilerError(Lexer->Compiler, &Start, "a character constant has one character");
    }
    LexAdd(Lexer, TOKEN_CHARACTER, &Start)->Value = Length > 0 ? (UINT64)(INT64)(INT8)Text[0] : 0;
}

/* --- the whole --- */

static VOID LexText(COMPILER *Compiler, const SOURCE *Source, UINT32 Depth);

static VOID LexIncludeFile(LEXER *Lexer, const POSITION *Position, const CHAR *Name)
{
    COMPILER *Compiler                    = Lexer->Compiler;
    const SCRIPT_COMPILE_OPTIONS *Options = Compiler->Options;
    SOURCE *Source                        = CompilerTake(Compiler, sizeof(*Source));
    CHAR *Path                            = NULL;
    CHAR *Text;

    if (Lexer->Depth == COMPILER_MAXIMUM_INCLUDES) {
        CompilerError(Compiler, Position, "limit COMPILER_MAXIMUM_INCLUDES (%u) reached",
                      COMPILER_MAXIMUM_INCLUDES);
        CompilerGiveUp(Compiler);
    }
    Text = Options->ReadFile != NULL
               ? Options->ReadFile(Options->Context, Name, Lexer->Source->Name, &Path, &Source->Size)
               : NULL;
    if (Text == NULL) {
        CompilerError(Compiler, Position, "cannot read \"%.200s\"", Name);
        return;
    }
    Source->Text = CompilerCopyText(Compiler, Text, Source->Size);
    Source->Name = CompilerCopyText(Compiler, Path, strlen(Path));
    free(Text);
    free(Path);
    LexText(Compiler, Source, Lexer->Depth + 1);
}

static VOID LexDirective(LEXER *Lexer)
{
    POSITION Start = Lexer->At;
    UINT32 Length;
    const CHAR *Name;

    LexSkip(Lexer, 1);
    LexSkipBlanks(Lexer);
    if (LexNameLength(Lexer) != 7 || memcmp(Lexer->Source->Text + Lexer->At.Offset, "include", 7) != 0) {
        CompilerError(Lexer->Compiler, &Start, "unknown directive; there is #include \"file\"");
        LexSkipLine(Lexer);
        return;
    }
    LexSkip(Lexer, 7);
    LexSkipBlanks(Lexer);
    if (LexPeek(Lexer, 0) != '"') {
        CompilerError(Lexer->Compiler, &Lexer->At, "#include wants a name in quotes");
        LexSkipLine(Lexer);
        return;
    }
    Name = LexQuoted(Lexer, '"', &Length);
    LexIncludeFile(Lexer, &Start, Name);
}

static VOID LexPunctuator(LEXER *Lexer)
{
    POSITION Start = Lexer->At;
    UINT32 Index;

    for (Index = 0; Index < COUNT_OF(g_LexPunctuators); Index++) {
        const CHAR *Spelling = g_LexPunctuators[Index].Spelling;
        UINT32 Length        = (UINT32)strlen(Spelling);

        if (Lexer->Source->Size - Lexer->At.Offset >= Length &&
            memcmp(Lexer->Source->Text + Lexer->At.Offset, Spelling, Length) == 0) {
            LexSkip(Lexer, Length);
            LexAdd(Lexer, g_LexPunctuators[Index].Kind, &Start);
            return;
        }
    }
    LexSkip(Lexer, 1);
    CompilerError(Lexer->Compiler, &Start, "unexpected character");
}

static VOID LexOne(LEXER *Lexer)
{
    CHAR Next = LexPeek(Lexer, 0);

    if (LexIsDigit(Next)) {
        LexNumber(Lexer);
    } else if (Next == 'L' && LexPeek(Lexer, 1) == '"') {
        LexWideString(Lexer);
    } else if (LexIsNameStart(Next)) {
        LexName(Lexer);
    } else if (Next == '@') {
        LexPrefixed(Lexer, TOKEN_REGISTER);
    } else if (Next == '$') {
        LexPrefixed(Lexer, TOKEN_PSEUDO);
    } else if (Next == '"') {
        LexString(Lexer);
    } else if (Next == '\'') {
        LexCharacter(Lexer);
    } else if (Next == '#') {
        LexDirective(Lexer);
    } else {
        LexPunctuator(Lexer);
    }
}

static VOID LexText(COMPILER *Compiler, const SOURCE *Source, UINT32 Depth)
{
    LEXER Lexer = {.Compiler = Compiler, .Source = Source, .Depth = Depth};

    Lexer.At = (POSITION){.Source = Source, .Line = 1, .Column = 1};
    Compiler->SourceUsed += Source->Size;
    if (Compiler->SourceUsed > COMPILER_MAXIMUM_SOURCE) {
        CompilerError(Compiler, &Lexer.At, "limit COMPILER_MAXIMUM_SOURCE (%u) reached",
                      COMPILER_MAXIMUM_SOURCE);
        CompilerGiveUp(Compiler);
    }
    for (LexSkipBlanks(&Lexer); !LexAtEnd(&Lexer); LexSkipBlanks(&Lexer)) {
        LexOne(&Lexer);
    }
    if (Depth == 0) {
        LexAdd(&Lexer, TOKEN_END, &Lexer.At);
    }
}

VOID LexSource(COMPILER *Compiler, const CHAR *Name, const CHAR *Text, SIZE_T Size)
{
    static const POSITION Nowhere;
    SOURCE *Source = CompilerTake(Compiler, sizeof(*Source));

    if (Size > COMPILER_MAXIMUM_SOURCE) {
        CompilerError(Compiler, &Nowhere, "limit COMPILER_MAXIMUM_SOURCE (%u) reached",
                      COMPILER_MAXIMUM_SOURCE);
        CompilerGiveUp(Compiler);
    }
    Source->Name = Name;
    Source->Text = CompilerCopyText(Compiler, Text, Size);
    Source->Size = Size;
    LexText(Compiler, Source, 0);
}
