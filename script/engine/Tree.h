/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tree.h - what the parser makes, the checker completes and the emitter reads: types, symbols, nodes.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_SCRIPT_TREE_H
#define HYPERDBG_SCRIPT_TREE_H

#include "script/engine/Compiler.h"
#include "script/engine/Lex.h"

/* --- types --- */

typedef enum _TYPE_KIND {
    TYPE_VOID,
    TYPE_INTEGER,  /* Size 1, 2, 4, 8; Signed; enumerations and bool too */
    TYPE_POINTER,  /* Target */
    TYPE_ARRAY,    /* Target, Count */
    TYPE_RECORD,   /* a structure or a union: Members */
    TYPE_FUNCTION, /* of the kernel: can only be pointed to */
    TYPE_STRING, /* characters in the script's memory, at most Size with their end; its value is their address
                  */
    TYPE_SYMBOL, /* an address that is shown as a symbol */
    TYPE_STACK,  /* SCRIPT_STACK_FRAMES addresses in the script's memory; its value is their address */
    TYPE_DATE,
    TYPE_TIME,
    TYPE_ERROR, /* of what was reported already */
} TYPE_KIND;

typedef struct _MEMBER {
    struct _MEMBER *Next;
    const CHAR *Name; /* NULL: an anonymous structure or union, whose members count as these */
    TYPE *Type;
    UINT64 BitOffset;
    UINT32 BitSize; /* 0: not a bit-field */
} MEMBER;

struct _TYPE {
    TYPE_KIND Kind;
    UINT64 Size;
    UINT32 Align;
    BOOLEAN Signed;
    BOOLEAN IsBool;
    BOOLEAN IsUnion;
    BOOLEAN IsComplete; /* RECORD: Size and Members are known */
    TYPE *Target;
    UINT64 Count;
    const CHAR *Name; /* RECORD */
    MEMBER *Members;
    UINT32 BtfId;      /* IMPORTED: where it comes from; a RECORD's members are read when first asked for */
    TYPE *Next;        /* in the list of pointer types or of imported ones */
    UINT32 BlockIndex; /* plus 1: where the block describes it; set by the emitter */
};

/* --- symbols --- */

typedef enum _SYMBOL_KIND {
    SYMBOL_VARIABLE, /* of a function; parameters too */
    SYMBOL_GLOBAL,
    SYMBOL_FUNCTION,
    SYMBOL_CONSTANT, /* Value */
    SYMBOL_MAP,
    SYMBOL_TYPEDEF, /* Type */
    SYMBOL_RECORD,  /* Type: struct or union Name */
} SYMBOL_KIND;

#define SYMBOL_IN_FRAME 0xFFFFFFFFu

struct _SYMBOL {
    SYMBOL_KIND Kind;
    SYMBOL *Next;
    const CHAR *Name;
    TYPE *Type; /* FUNCTION: of the result; MAP: of the value, once known */
    POSITION Position;
    UINT64 Value;
    /* VARIABLE */
    BOOLEAN NeedsMemory; /* its address is taken, or it is no number */
    UINT32 Register;     /* or SYMBOL_IN_FRAME */
    UINT32 FrameOffset;
    UINT32 ScopeDepth;
    BOOLEAN IsHidden; /* its scope has ended */
    /* GLOBAL, FUNCTION, MAP: number in the block */
    UINT32 Index;
    /* FUNCTION */
    SYMBOL *Parameters; /* in order, by NextOfFunction */
    SYMBOL *Variables;  /* all of them, parameters included, newest first, by NextOfFunction */
    SYMBOL *NextOfFunction;
    UINT32 ParameterCount;
    NODE *Body;
    /* MAP */
    TYPE **KeyTypes;
    UINT32 KeyCount;
    BOOLEAN KeysKnown;
    BOOLEAN IsShown;
    BOOLEAN IsAssigned;
    BOOLEAN IsAdded;
    BOOLEAN IsAggregated;
    UINT32 MapKind; /* SCRIPT_MAP_KIND, if aggregated */
    UINT32 Entries;
    INT64 Minimum, Maximum, Step;
};

/* --- nodes --- */

typedef enum _NODE_KIND {
    /* expressions */
    NODE_NUMBER,      /* Value */
    NODE_STRING,      /* Text, Length */
    NODE_NAME,        /* Text; after the check: Symbol, or it has become a NUMBER */
    NODE_GLOBAL,      /* Text, Symbol: .name */
    NODE_REGISTER,    /* Text; Value: index into the table of names */
    NODE_PSEUDO,      /* Text; Value: SCRIPT_PSEUDO */
    NODE_COMM,        /* $comm */
    NODE_CLOCK,       /* $date, $time */
    NODE_ARGUMENT,    /* Text: name in $arg.name; Value: its number */
    NODE_UNARY,       /* Operator: TOKEN_SUBTRACT, _TILDE, _NOT, _ADD; Left */
    NODE_DEREFERENCE, /* Left */
    NODE_ADDRESS,     /* Left */
    NODE_PHYSICAL,    /* Left: address; Type */
    NODE_BINARY,      /* Operator, Left, Right */
    NODE_LOGICAL,     /* Operator, Left, Right */
    NODE_CONDITIONAL, /* Left ? Right : Third */
    NODE_ASSIGN,      /* Operator: TOKEN_ASSIGN or the operation without '='; Left, Right */
    NODE_STEP,        /* ++ and --: Operator TOKEN_ADD or TOKEN_SUBTRACT, IsPostfix, Left */
    NODE_CALL,        /* Text, Right: arguments by Next; Symbol or Value: number of a builtin */
    NODE_INDEX,       /* Left, Right: indexes by Next (several only for maps); Symbol: the map */
    NODE_MEMBER,      /* Left, Text, IsArrow; Member */
    NODE_CAST,        /* Left, Type */
    NODE_SIZEOF,      /* Left or CastType */
    NODE_OFFSETOF,    /* CastType, Left: chain of MEMBER nodes */
    NODE_CONTAINER,   /* Right: pointer, CastType, Left: chain of MEMBER nodes */
    NODE_ONCE,
    NODE_EVERY,   /* Left */
    NODE_LIST,    /* Right: elements by Next: { a, b } */
    NODE_NOTHING, /* root of a chain of MEMBER nodes */
    /* statements */
    NODE_BLOCK,      /* Right: statements by Next */
    NODE_EXPRESSION, /* Left */
    NODE_DECLARE,    /* Symbol, Left: value or NULL */
    NODE_IF,         /* Left, Right, Third */
    NODE_WHILE,      /* Left, Right */
    NODE_DO,         /* Right, Left */
    NODE_FOR,        /* Third: first, Left: condition, Fourth: step, Right: body */
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_RETURN, /* Left or NULL */
    NODE_KIND_COUNT
} NODE_KIND;

struct _NODE {
    NODE_KIND Kind;
    TOKEN_KIND Operator;
    POSITION Position;
    NODE *Next;
    NODE *Left;
    NODE *Right;
    NODE *Third;
    NODE *Fourth;
    UINT32 Depth; /* of the tree below: the stages recurse that deep */
    const CHAR *Text;
    UINT32 Length;
    BOOLEAN IsPostfix;
    BOOLEAN IsArrow;
    BOOLEAN IsBare; /* a NUMBER whose type follows its partner */
    TYPE *CastType;
    /* of the check */
    TYPE *Type;
    BOOLEAN IsConstant; /* Value */
    UINT64 Value;
    SYMBOL *Symbol;
    MEMBER *Member;
    UINT64 MemberBits; /* offset of Member in Left's type, in bits */
    UINT32 Site;       /* of ONCE and EVERY */
    UINT32 ShownKind;  /* of an argument of printf: SCRIPT_TYPE_KIND */
    UINT32 ShownSize;  /* of an argument of printf that is a string: its room */
    TYPE *Operation;   /* in which type a BINARY or ASSIGN is carried out */
};

/* Intrinsics: functions that the compiler itself knows (CheckCall.c). The number of a builtin of the
 * evaluator comes after them in NODE.Value. */
typedef enum _INTRINSIC {
    INTRINSIC_PRINTF,
    INTRINSIC_PRINT,
    INTRINSIC_FORMATS,
    INTRINSIC_EB,
    INTRINSIC_ED,
    INTRINSIC_EQ,
    INTRINSIC_EB_PA,
    INTRINSIC_ED_PA,
    INTRINSIC_EQ_PA,
    INTRINSIC_KSYM,
    INTRINSIC_KSTACK,
    INTRINSIC_STR,
    INTRINSIC_STOP,
    INTRINSIC_DELETE,
    INTRINSIC_COUNT_OF, /* the aggregations, in the order of g_Aggregations */
    INTRINSIC_SUM,
    INTRINSIC_MIN,
    INTRINSIC_MAX,
    INTRINSIC_AVG,
    INTRINSIC_HIST,
    INTRINSIC_LHIST,
    INTRINSIC_COUNT
} INTRINSIC;

/* --- making them --- */

/* Type.c */
extern TYPE g_TypeVoid, g_TypeError, g_TypeBool, g_TypeSymbol, g_TypeStack, g_TypeDate, g_TypeTime,
    g_TypeFunction;
extern TYPE g_TypeS8, g_TypeS16, g_TypeS32, g_TypeS64, g_TypeU8, g_TypeU16, g_TypeU32, g_TypeU64;

TYPE *TypeInteger(UINT32 Size, BOOLEAN Signed);
TYPE *TypePointerTo(COMPILER *Compiler, TYPE *Target);
TYPE *TypeArrayOf(COMPILER *Compiler, TYPE *Target, UINT64 Count);
TYPE *TypeStringOf(COMPILER *Compiler, UINT32 Size);
const CHAR *TypeName(COMPILER *Compiler, const TYPE *Type);
BOOLEAN TypeIsScalar(const TYPE *Type); /* fits into a register */
BOOLEAN TypeSame(const TYPE *Left, const TYPE *Right);
TYPE *TypePromote(TYPE *Type);
TYPE *TypeCommon(TYPE *Left, TYPE *Right); /* of two integers */
/* Reads what is missing of a type; FALSE if it cannot be completed. */
BOOLEAN TypeComplete(COMPILER *Compiler, TYPE *Type);
/* Finds a member, in anonymous members too; *Bits is its offset. */
MEMBER *TypeMember(COMPILER *Compiler, TYPE *Record, const CHAR *Name, UINT64 *Bits);
/* A value as the type keeps it, extended to 64 bits. */
UINT64 TypeNormalize(const TYPE *Type, UINT64 Value);
/* Places members one after the other as C does. */
VOID TypeLayOut(TYPE *Record);

/* Btf.c; all give NULL or FALSE without BTF. */
TYPE *BtfFindRecord(COMPILER *Compiler, const CHAR *Name, BOOLEAN IsUnion);
TYPE *BtfFindEnum(COMPILER *Compiler, const CHAR *Name);
TYPE *BtfFindTypedef(COMPILER *Compiler, const CHAR *Name);
BOOLEAN BtfFindEnumerator(COMPILER *Compiler, const CHAR *Name, UINT64 *Value);
BOOLEAN BtfCompleteRecord(COMPILER *Compiler, TYPE *Record);
/* Parameter of a function by name; FALSE if there is no such. *Known tells whether the function is. */
BOOLEAN BtfFindArgument(COMPILER *Compiler, const CHAR *Function, const CHAR *Name, BOOLEAN *Known,
                        UINT32 *Number, TYPE **Type);

/* Names.c */
typedef struct _REGISTER_NAME {
    const CHAR *Name;
    UINT32 Register; /* SCRIPT_REGISTER */
    UINT32 First;    /* bit */
    UINT32 Bits;
    BOOLEAN ClearsUpper; /* writing it clears the upper half, as the processor does */
} REGISTER_NAME;

const REGISTER_NAME *NamesFindRegister(const CHAR *Name, UINT32 *Index);
const REGISTER_NAME *NamesRegister(UINT32 Index);
BOOLEAN NamesFindPseudo(const CHAR *Name, UINT32 *Pseudo);
BOOLEAN NamesFindBuiltin(const CHAR *Name, UINT32 *Builtin);
BOOLEAN NamesFindIntrinsic(const CHAR *Name, UINT32 *Intrinsic);

/* Symbols: of the program, by name and kinds as bits (1 << SYMBOL_...). */
SYMBOL *SymbolFind(COMPILER *Compiler, const CHAR *Name, UINT32 Kinds);
SYMBOL *SymbolFindLocal(COMPILER *Compiler, const CHAR *Name);
SYMBOL *SymbolAdd(COMPILER *Compiler, SYMBOL_KIND Kind, const CHAR *Name, TYPE *Type,
                  const POSITION *Position);

/* Check*.c */
/* Checks an expression outside of any function and gives its value; FALSE (and reported) if it is not
 * constant. */
BOOLEAN CheckConstant(COMPILER *Compiler, NODE *Node, UINT64 *Value);
VOID CheckExpression(COMPILER *Compiler, NODE *Node);
VOID CheckCall(COMPILER *Compiler, NODE *Node);
/* The map behind an INDEX or NAME node, made if the name is unknown; NULL if the node is none. */
SYMBOL *CheckMap(COMPILER *Compiler, NODE *Node);
VOID CheckAggregation(COMPILER *Compiler, NODE *Assign);
VOID CheckMapAssign(COMPILER *Compiler, NODE *Assign);
BOOLEAN CheckIsAggregation(const NODE *Node);
BOOLEAN CheckIsLvalue(const NODE *Node);
VOID CheckNeedsMemory(NODE *Node);
BOOLEAN CheckIsNumber(const TYPE *Type); /* integer or pointer, or what can stand for one */
VOID CheckFold(NODE *Node);

#endif
