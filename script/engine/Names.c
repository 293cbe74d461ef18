// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Names.c - the names that the language knows by itself: registers and their parts, pseudo-registers,
 * functions.
 *
 * Context: user space. Parts of registers: Intel SDM vol. 1, 3.4.1 and 3.4.3.
 */
#include <string.h>

#include "script/engine/Tree.h"
#include "script/eval/Opcode.h"

#define WHOLE(Name, Register)                                                                                \
    {                                                                                                        \
        Name, SCRIPT_REGISTER_##Register, 0, 64, FALSE                                                       \
    }
#define PART(Name, Register, First, Bits)                                                                    \
    {                                                                                                        \
        Name, SCRIPT_REGISTER_##Register, First, Bits, FALSE                                                 \
    }
#define HALF(Name, Register)                                                                                 \
    {                                                                                                        \
        Name, SCRIPT_REGISTER_##Register, 0, 32, TRUE                                                        \
    }

/* rax eax ax ah al */
#define LETTER(Letter, Register)                                                                             \
    WHOLE("r" Letter "x", Register), HALF("e" Letter "x", Register), PART(Letter "x", Register, 0, 16),      \
        PART(Letter "h", Register, 8, 8), PART(Letter "l", Register, 0, 8)

/* rsi esi si sil */
#define POINTER(Name, Register)                                                                              \
    WHOLE("r" Name, Register), HALF("e" Name, Register), PART(Name, Register, 0, 16),                        \
        PART(Name "l", Register, 0, 8)

/* r8 r8d r8w r8h r8l r8b */
#define NUMBERED(Name, Register)                                                                             \
    WHOLE(Name, Register), HALF(Name "d", Register), PART(Name "w", Register, 0, 16),                        \
        PART(Name "h", Register, 8, 8), PART(Name "l", Register, 0, 8), PART(Name "b", Register, 0, 8)

static const REGISTER_NAME g_RegisterNames[] = {
    LETTER("a", RAX),
    LETTER("b", RBX),
    LETTER("c", RCX),
    LETTER("d", RDX),
    POINTER("sp", RSP),
    POINTER("bp", RBP),
    POINTER("si", RSI),
    POINTER("di", RDI),
    NUMBERED("r8", R8),
    NUMBERED("r9", R9),
    NUMBERED("r10", R10),
    NUMBERED("r11", R11),
    NUMBERED("r12", R12),
    NUMBERED("r13", R13),
    NUMBERED("r14", R14),
    NUMBERED("r15", R15),
    WHOLE("rip", RIP),
    HALF("eip", RIP),
    PART("ip", RIP, 0, 16),
    WHOLE("rflags", RFLAGS),
    PART("eflags", RFLAGS, 0, 32),
    PART("flags", RFLAGS, 0, 16),
    PART("cf", RFLAGS, 0, 1),
    PART("pf", RFLAGS, 2, 1),
    PART("af", RFLAGS, 4, 1),
    PART("zf", RFLAGS, 6, 1),
    PART("sf", RFLAGS, 7, 1),
    PART("tf", RFLAGS, 8, 1),
    PART("if", RFLAGS, 9, 1),
    PART("df", RFLAGS, 10, 1),
    PART("of", RFLAGS, 11, 1),
    PART("iopl", RFLAGS, 12, 2),
    PART("nt", RFLAGS, 14, 1),
    PART("rf", RFLAGS, 16, 1),
    PART("vm", RFLAGS, 17, 1),
    PART("ac", RFLAGS, 18, 1),
    PART("vif", RFLAGS, 19, 1),
    PART("vip", RFLAGS, 20, 1),
    PART("id", RFLAGS, 21, 1),
    PART("cs", CS, 0, 16),
    PART("ss", SS, 0, 16),
    PART("ds", DS, 0, 16),
    PART("es", ES, 0, 16),
    PART("fs", FS, 0, 16),
    PART("gs", GS, 0, 16),
    WHOLE("cr0", CR0),
    WHOLE("cr2", CR2),
    WHOLE("cr3", CR3),
    WHOLE("cr4", CR4),
    WHOLE("cr8", CR8),
    WHOLE("dr0", DR0),
    WHOLE("dr1", DR1),
    WHOLE("dr2", DR2),
    WHOLE("dr3", DR3),
    WHOLE("dr6", DR6),
    WHOLE("dr7", DR7),
    WHOLE("gdtr", GDTR),
    WHOLE("idtr", IDTR),
    PART("ldtr", LDTR, 0, 16),
    PART("tr", TR, 0, 16),
};

/* Spellings that HyperDbg's scripts have, beside SCRIPT_PSEUDOS. */
static const struct {
    const CHAR *Name;
    UINT32 Pseudo;
} g_PseudoSynonyms[] = {
    {"proc", SCRIPT_PSEUDO_TASK},
    {"thread", SCRIPT_PSEUDO_TASK},
};

/* ORDER INTRINSIC */
static const CHAR *const g_IntrinsicNames[INTRINSIC_COUNT] = {
    "printf", "print", "formats", "eb",    "ed",  "eq",  "eb_pa", "ed_pa", "eq_pa", "ksym",  "kstack",
    "str",    "stop",  "delete",  "count", "sum", "min", "max",   "avg",   "hist",  "lhist",
};

const REGISTER_NAME *NamesFindRegister(const CHAR *Name, UINT32 *Index)
{
    for (*Index = 0; *Index < COUNT_OF(g_RegisterNames); (*Index)++) {
        if (strcmp(Name, g_RegisterNames[*Index].Name) == 0) {
            return &g_RegisterNames[*Index];
        }
    }
    return NULL;
}

const REGISTER_NAME *NamesRegister(UINT32 Index)
{
    return &g_RegisterNames[Index];
}

BOOLEAN NamesFindPseudo(const CHAR *Name, UINT32 *Pseudo)
{
    UINT32 Index;

    for (Index = 0; Index < SCRIPT_PSEUDO_COUNT; Index++) {
        if (strcmp(Name, g_ScriptPseudoNames[Index]) == 0) {
            *Pseudo = Index;
            return TRUE;
        }
    }
    for (Index = 0; Index < COUNT_OF(g_PseudoSynonyms); Index++) {
        if (strcmp(Name, g_PseudoSynonyms[Index].Name) == 0) {
            *Pseudo = g_PseudoSynonyms[Index].Pseudo;
            return TRUE;
        }
    }
    return FALSE;
}

BOOLEAN NamesFindBuiltin(const CHAR *Name, UINT32 *Builtin)
{
    for (*Builtin = 0; *Builtin < SCRIPT_BUILTIN_COUNT; (*Builtin)++) {
        if (strcmp(Name, g_ScriptBuiltins[*Builtin].Spelling) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

BOOLEAN NamesFindIntrinsic(const CHAR *Name, UINT32 *Intrinsic)
{
    for (*Intrinsic = 0; *Intrinsic < INTRINSIC_COUNT; (*Intrinsic)++) {
        if (strcmp(Name, g_IntrinsicNames[*Intrinsic]) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

/* --- symbols of the program --- */

SYMBOL *SymbolFind(COMPILER *Compiler, const CHAR *Name, UINT32 Kinds)
{
    SYMBOL *Symbol;

    for (Symbol = Compiler->Symbols; Symbol != NULL; Symbol = Symbol->Next) {
        if ((Kinds & 1u << Symbol->Kind) != 0 && strcmp(Symbol->Name, Name) == 0) {
            return Symbol;
        }
    }
    return NULL;
}

SYMBOL *SymbolFindLocal(COMPILER *Compiler, const CHAR *Name)
{
    SYMBOL *Symbol;

    for (Symbol = Compiler->Locals; Symbol != NULL; Symbol = Symbol->Next) {
        if (!Symbol->IsHidden && strcmp(Symbol->Name, Name) == 0) {
            return Symbol;
        }
    }
    return NULL;
}

SYMBOL *SymbolAdd(COMPILER *Compiler, SYMBOL_KIND Kind, const CHAR *Name, TYPE *Type,
                  const POSITION *Position)
{
    SYMBOL *Symbol = CompilerTake(Compiler, sizeof(*Symbol));

    Symbol->Kind      = Kind;
    Symbol->Name      = Name;
    Symbol->Type      = Type;
    Symbol->Position  = *Position;
    Symbol->Next      = Compiler->Symbols;
    Compiler->Symbols = Symbol;
    return Symbol;
}
