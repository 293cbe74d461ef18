// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Check.c - the check: statements, declarations, scopes and functions.
 *
 * Context: user space.
 */
#include <string.h>

#include "script/engine/Tree.h"

static VOID CheckStatements(COMPILER *Compiler, NODE *List);

BOOLEAN CheckIsNumber(const TYPE *Type)
{
    return TypeIsScalar(Type) || Type->Kind == TYPE_STRING || Type->Kind == TYPE_ARRAY;
}

/* --- scopes --- */

static VOID CheckEnterScope(COMPILER *Compiler)
{
    Compiler->ScopeDepth++;
}

static VOID CheckLeaveScope(COMPILER *Compiler)
{
    SYMBOL *Symbol;

    for (Symbol = Compiler->Locals; Symbol != NULL; Symbol = Symbol->Next) {
        if (Symbol->ScopeDepth == Compiler->ScopeDepth) {
            Symbol->IsHidden = TRUE;
        }
    }
    Compiler->ScopeDepth--;
}

static VOID CheckAddLocal(COMPILER *Compiler, SYMBOL *Symbol)
{
    const SYMBOL *Same = SymbolFindLocal(Compiler, Symbol->Name);

    if (Same != NULL && Same->ScopeDepth == Compiler->ScopeDepth) {
        CompilerError(Compiler, &Symbol->Position, "'%.64s' is declared twice", Symbol->Name);
    }
    Symbol->ScopeDepth = Compiler->ScopeDepth;
    Symbol->Next       = Compiler->Locals;
    Compiler->Locals   = Symbol;
}

/* --- declarations --- */

static VOID CheckInitializer(COMPILER *Compiler, NODE *Node, TYPE *Type);

static VOID CheckArrayList(COMPILER *Compiler, NODE *List, TYPE *Type)
{
    UINT64 Count = 0;
    NODE *Element;

    for (Element = List->Right; Element != NULL; Element = Element->Next) {
        if (Count++ == Type->Count) {
            CompilerError(Compiler, &Element->Position, "more values than the array has elements (%llu)",
                          Type->Count);
            return;
        }
        CheckInitializer(Compiler, Element, Type->Target);
    }
}

static VOID CheckRecordList(COMPILER *Compiler, NODE *List, TYPE *Type)
{
    const MEMBER *Member = Type->Members;
    NODE *Element;

    for (Element = List->Right; Element != NULL; Element = Element->Next) {
        if (Member == NULL) {
            CompilerError(Compiler, &Element->Position, "more values than the structure has members");
            return;
        }
        CheckInitializer(Compiler, Element, Member->Type);
        Member = Type->IsUnion ? NULL : Member->Next;
    }
}

/* Whether a value can be assigned to a variable of the type. */
static BOOLEAN CheckAssignable(const TYPE *To, const NODE *Value)
{
    const TYPE *From = Value->Type;

    if (To->Kind == TYPE_ERROR || From->Kind == TYPE_ERROR) {
        return TRUE;
    }
    if (To->Kind == TYPE_ARRAY) {
        return To->Target->Size == 1 && From->Kind == TYPE_STRING;
    }
    if (To->Kind == TYPE_STRING) {
        return From->Kind == TYPE_STRING || From->Kind == TYPE_POINTER || From->Kind == TYPE_ARRAY;
    }
    if (To->Kind == TYPE_RECORD) {
        return TypeSame(To, From);
    }
    return CheckIsNumber(From);
}

static VOID CheckInitializer(COMPILER *Compiler, NODE *Node, TYPE *Type)
{
    if (Node->Kind == NODE_LIST) {
        Node->Type = Type;
        if (Type->Kind == TYPE_ARRAY) {
            CheckArrayList(Compiler, Node, Type);
        } else if (Type->Kind == TYPE_RECORD) {
            CheckRecordList(Compiler, Node, Type);
        } else if (Type->Kind != TYPE_ERROR) {
            CompilerError(Compiler, &Node->Position, "a list of values is for arrays and structures");
        }
        return;
    }
    CheckExpression(Compiler, Node);
    if (!CheckAssignable(Type, Node)) {
        CompilerError(Compiler, &Node->Position, "cannot put %.200s into %.200s",
                      TypeName(Compiler, Node->Type), TypeName(Compiler, Type));
    }
}

static VOID CheckDeclare(COMPILER *Compiler, NODE *Node)
{
    SYMBOL *Symbol = Node->Symbol;

    if (Symbol == NULL) {
        return; /* reported by the parser */
    }
    if (Symbol->Kind == SYMBOL_GLOBAL && Node->Left != NULL) {
        CompilerError(Compiler, &Node->Position,
                      "a global starts at zero; assign to it where it should change");
        return;
    }
    if (Node->Left != NULL) {
        CheckInitializer(Compiler, Node->Left, Symbol->Type);
    }
    if (Symbol->Kind == SYMBOL_VARIABLE) {
        CheckAddLocal(Compiler, Symbol);
    }
}

/* --- statements --- */

static VOID CheckCondition(COMPILER *Compiler, NODE *Node)
{
    CheckExpression(Compiler, Node);
    if (!CheckIsNumber(Node->Type)) {
        CompilerError(Compiler, &Node->Position, "a condition is a number, not %.200s",
                      TypeName(Compiler, Node->Type));
    }
}

static VOID CheckBody(COMPILER *Compiler, NODE *List, BOOLEAN IsLoop)
{
    CheckEnterScope(Compiler);
    Compiler->LoopDepth += IsLoop;
    CheckStatements(Compiler, List);
    Compiler->LoopDepth -= IsLoop;
    CheckLeaveScope(Compiler);
}

static VOID CheckFor(COMPILER *Compiler, NODE *Node)
{
    CheckEnterScope(Compiler);
    CheckStatements(Compiler, Node->Third);
    if (Node->Left != NULL) {
        CheckCondition(Compiler, Node->Left);
    }
    CheckBody(Compiler, Node->Right, TRUE);
    CheckStatements(Compiler, Node->Fourth);
    CheckLeaveScope(Compiler);
}

static VOID CheckReturn(COMPILER *Compiler, NODE *Node)
{
    const TYPE *Result = Compiler->Function->Type;

    if (Node->Left != NULL) {
        CheckExpression(Compiler, Node->Left);
        if (Result->Kind == TYPE_VOID) {
            CompilerError(Compiler, &Node->Position, "there is nothing to return a value to");
        } else if (!CheckIsNumber(Node->Left->Type)) {
            CompilerError(Compiler, &Node->Position, "cannot return %.200s",
                          TypeName(Compiler, Node->Left->Type));
        }
    } else if (Result->Kind != TYPE_VOID) {
        CompilerError(Compiler, &Node->Position, "this function returns a value");
    }
}

static VOID CheckStatement(COMPILER *Compiler, NODE *Node)
{
    switch (Node->Kind) {
    case NODE_BLOCK:
        CheckBody(Compiler, Node->Right, FALSE);
        break;
    case NODE_DECLARE:
        CheckDeclare(Compiler, Node);
        break;
    case NODE_IF:
        CheckCondition(Compiler, Node->Left);
        CheckBody(Compiler, Node->Right, FALSE);
        CheckBody(Compiler, Node->Third, FALSE);
        break;
    case NODE_WHILE:
    case NODE_DO:
        CheckCondition(Compiler, Node->Left);
        CheckBody(Compiler, Node->Right, TRUE);
        break;
    case NODE_FOR:
        CheckFor(Compiler, Node);
        break;
    case NODE_BREAK:
    case NODE_CONTINUE:
        if (Compiler->LoopDepth == 0) {
            CompilerError(Compiler, &Node->Position, "there is no loop around this");
        }
        break;
    case NODE_RETURN:
        CheckReturn(Compiler, Node);
        break;
    default:
        CheckExpression(Compiler, Node->Left);
        break;
    }
}

static VOID CheckStatements(COMPILER *Compiler, NODE *List)
{
    for (; List != NULL; List = List->Next) {
        CheckStatement(Compiler, List);
    }
}

/* --- functions --- */

static VOID CheckFunction(COMPILER *Compiler, SYMBOL *Function, NODE *Statements)
{
    SYMBOL *Parameter;

    Compiler->Function   = Function;
    Compiler->Locals     = NULL;
    Compiler->ScopeDepth = 0;
    Compiler->LoopDepth  = 0;
    for (Parameter = Function->Parameters; Parameter != NULL; Parameter = Parameter->NextOfFunction) {
        CheckAddLocal(Compiler, Parameter);
    }
    /* Names that are assigned without a declaration belong to scope 0; what a block declares is above it. */
    CheckEnterScope(Compiler);
    CheckStatements(Compiler, Statements);
    CheckLeaveScope(Compiler);
    Function->Variables = Compiler->Locals;
}

/* Every map that is read or shown must be written somewhere, and in one way only. */
static VOID CheckMaps(COMPILER *Compiler)
{
    const SYMBOL *Symbol;

    for (Symbol = Compiler->Symbols; Symbol != NULL; Symbol = Symbol->Next) {
        if (Symbol->Kind != SYMBOL_MAP || (!Symbol->KeysKnown && !Symbol->IsShown)) {
            continue;
        }
        if (!Symbol->IsAssigned && !Symbol->IsAdded && !Symbol->IsAggregated) {
            CompilerError(Compiler, &Symbol->Position,
                          "'%.64s' is unknown: no variable, and no map that is written anywhere",
                          Symbol->Name);
        }
        if (Symbol->IsAggregated &&
            (Symbol->IsAssigned || (Symbol->IsAdded && Symbol->MapKind != SCRIPT_MAP_SUM))) {
            CompilerError(Compiler, &Symbol->Position,
                          "map '%.64s' is an aggregation and is assigned to as well", Symbol->Name);
        }
    }
}

VOID CheckProgram(COMPILER *Compiler)
{
    static const POSITION Nowhere;
    SYMBOL *Main = CompilerTake(Compiler, sizeof(*Main));
    SYMBOL *Function;

    Main->Kind     = SYMBOL_FUNCTION;
    Main->Name     = "main";
    Main->Type     = &g_TypeVoid;
    Main->Position = Nowhere;
    Main->Body     = Compiler->Program;
    CheckFunction(Compiler, Main, Compiler->Program);
    for (Function = Compiler->Symbols; Function != NULL; Function = Function->Next) {
        if (Function->Kind == SYMBOL_FUNCTION && Function->Body != NULL) {
            CheckFunction(Compiler, Function, Function->Body->Right);
        }
    }
    CheckMaps(Compiler);
    Compiler->Function = Main;
}
