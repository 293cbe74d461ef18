// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Btf.c - kernel types from BTF, through libbpf's reader.
 *
 * Context: user space. Types are imported when they are named; the members of a structure when they are asked
 * for, so that naming task_struct does not read half of the kernel.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/engine/Tree.h"

/* Typedefs and qualifiers in a row, arrays of arrays, pointers to pointers: more is no kernel's. */
#define BTF_MAXIMUM_DEPTH 64

struct _SCRIPT_BTF {
    struct btf *Base;
    struct btf *Types;
};

SCRIPT_BTF *ScriptBtfOpen(const CHAR *Path, const CHAR *BasePath, CHAR *Error, SIZE_T ErrorSize)
{
    SCRIPT_BTF *Btf = calloc(1, sizeof(*Btf));

    if (Btf == NULL) {
        snprintf(Error, ErrorSize, "no memory");
        return NULL;
    }
    if (BasePath != NULL) {
        Btf->Base = btf__parse(BasePath, NULL);
    }
    if (Path == NULL) {
        Btf->Types = btf__load_vmlinux_btf();
    } else if (Btf->Base != NULL) {
        Btf->Types = btf__parse_split(Path, Btf->Base);
    } else if (BasePath == NULL) {
        Btf->Types = btf__parse(Path, NULL);
    }
    if (Btf->Types == NULL) {
        snprintf(Error, ErrorSize, "cannot read the kernel's types from %s: %s",
                 Path != NULL ? Path : "/sys/kernel/btf/vmlinux", strerror(errno));
        ScriptBtfClose(Btf);
        return NULL;
    }
    return Btf;
}

VOID ScriptBtfClose(SCRIPT_BTF *Btf)
{
    if (Btf == NULL) {
        return;
    }
    btf__free(Btf->Types);
    btf__free(Btf->Base);
    free(Btf);
}

static const struct btf *BtfOf(const COMPILER *Compiler)
{
    return Compiler->Options->Btf != NULL ? Compiler->Options->Btf->Types : NULL;
}

static const CHAR *BtfName(const struct btf *Btf, const struct btf_type *Type)
{
    const CHAR *Name = btf__name_by_offset(Btf, Type->name_off);

    return Name != NULL ? Name : "";
}

/* --- import --- */

static TYPE *BtfImport(COMPILER *Compiler, UINT32 Id, UINT32 Depth);

static TYPE *BtfImportInteger(const struct btf_type *Type)
{
    UINT32 Encoding = btf_int_encoding(Type);

    if (Encoding == BTF_INT_BOOL && Type->size == 1) {
        return &g_TypeBool;
    }
    if (Type->size != 1 && Type->size != 2 && Type->size != 4 && Type->size != 8) {
        return &g_TypeError; /* __int128 */
    }
    return TypeInteger(Type->size, (Encoding & BTF_INT_SIGNED) != 0);
}

static TYPE *BtfImportRecord(COMPILER *Compiler, UINT32 Id, const struct btf *Btf,
                             const struct btf_type *From)
{
    TYPE *Type       = CompilerTake(Compiler, sizeof(*Type));
    const CHAR *Name = BtfName(Btf, From);

    Type->Kind    = TYPE_RECORD;
    Type->IsUnion = btf_is_union(From);
    Type->Name    = *Name != 0 ? CompilerCopyText(Compiler, Name, strlen(Name)) : NULL;
    Type->Size    = From->size;
    Type->Align   = 8;
    Type->BtfId   = Id;
    return Type;
}

/* A forward declaration stands for the structure of that name, if the types know one. */
static TYPE *BtfImportForward(COMPILER *Compiler, const struct btf *Btf, const struct btf_type *From)
{
    BOOLEAN IsUnion = btf_kflag(From) != 0;
    int Id = btf__find_by_name_kind(Btf, BtfName(Btf, From), IsUnion ? BTF_KIND_UNION : BTF_KIND_STRUCT);
    TYPE *Type;

    if (Id > 0) {
        return BtfImport(Compiler, (UINT32)Id, 0);
    }
    Type          = CompilerTake(Compiler, sizeof(*Type));
    Type->Kind    = TYPE_RECORD;
    Type->Align   = 1;
    Type->IsUnion = IsUnion;
    Type->Name    = CompilerCopyText(Compiler, BtfName(Btf, From), strlen(BtfName(Btf, From)));
    return Type;
}

static TYPE *BtfImportArray(COMPILER *Compiler, const struct btf_type *From, UINT32 Depth)
{
    const struct btf_array *Array = btf_array(From);
    TYPE *Target                  = BtfImport(Compiler, Array->type, Depth + 1);

    return Target->Kind == TYPE_ERROR ? Target : TypeArrayOf(Compiler, Target, Array->nelems);
}

static TYPE *BtfImportKind(COMPILER *Compiler, UINT32 Id, const struct btf_type *From, UINT32 Depth)
{
    const struct btf *Btf = BtfOf(Compiler);

    switch (btf_kind(From)) {
    case BTF_KIND_INT:
        return BtfImportInteger(From);
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
        return TypeInteger(From->size, btf_kflag(From) != 0);
    case BTF_KIND_PTR:
        return TypePointerTo(Compiler, BtfImport(Compiler, From->type, Depth + 1));
    case BTF_KIND_ARRAY:
        return BtfImportArray(Compiler, From, Depth);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        return BtfImportRecord(Compiler, Id, Btf, From);
    case BTF_KIND_FWD:
        return BtfImportForward(Compiler, Btf, From);
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_TYPE_TAG:
        return BtfImport(Compiler, From->type, Depth + 1);
    case BTF_KIND_FUNC:
    case BTF_KIND_FUNC_PROTO:
        return &g_TypeFunction;
    default:
        return &g_TypeError; /* floating point and what does not describe data */
    }
}

static TYPE *BtfImport(COMPILER *Compiler, UINT32 Id, UINT32 Depth)
{
    const struct btf_type *From = Id != 0 ? btf__type_by_id(BtfOf(Compiler), Id) : NULL;
    TYPE *Type;

    if (Id == 0) {
        return &g_TypeVoid;
    }
    if (From == NULL || Depth > BTF_MAXIMUM_DEPTH) {
        return &g_TypeError;
    }
    for (Type = Compiler->ImportedTypes; Type != NULL; Type = Type->Next) {
        if (Type->BtfId == Id) {
            return Type;
        }
    }
    Type = BtfImportKind(Compiler, Id, From, Depth);
    if (Type->Kind == TYPE_RECORD && Type->BtfId == Id) {
        Type->Next              = Compiler->ImportedTypes;
        Compiler->ImportedTypes = Type;
    }
    return Type;
}

/* An old encoding keeps the width of a bit-field in its integer type instead of in the member. */
static UINT32 BtfBitSize(const struct btf *Btf, const struct btf_type *Record, UINT32 Index,
                         UINT64 *BitOffset)
{
    const struct btf_type *Type;
    UINT32 Bits = btf_member_bitfield_size(Record, Index);

    if (Bits != 0 || btf_kflag(Record)) {
        return Bits;
    }
    Type = btf__type_by_id(Btf, btf_members(Record)[Index].type);
    if (Type == NULL || !btf_is_int(Type) || btf_int_bits(Type) == 8 * Type->size) {
        return 0;
    }
    *BitOffset += btf_int_offset(Type);
    return btf_int_bits(Type);
}

BOOLEAN BtfCompleteRecord(COMPILER *Compiler, TYPE *Record)
{
    const struct btf *Btf       = BtfOf(Compiler);
    const struct btf_type *From = Btf != NULL ? btf__type_by_id(Btf, Record->BtfId) : NULL;
    MEMBER **End                = &Record->Members;
    UINT32 Index;

    if (From == NULL) {
        return FALSE;
    }
    Record->IsComplete = TRUE;
    for (Index = 0; Index < btf_vlen(From); Index++) {
        const struct btf_member *Each = &btf_members(From)[Index];
        const CHAR *Name              = btf__name_by_offset(Btf, Each->name_off);
        MEMBER *Member                = CompilerTake(Compiler, sizeof(*Member));

        Member->Name = Name != NULL && *Name != 0 ? CompilerCopyText(Compiler, Name, strlen(Name)) : NULL;
        Member->Type = BtfImport(Compiler, Each->type, 0);
        Member->BitOffset = btf_member_bit_offset(From, Index);
        Member->BitSize   = BtfBitSize(Btf, From, Index, &Member->BitOffset);
        if (Member->BitSize != 0 && Member->Type->Kind != TYPE_INTEGER) {
            Member->Type    = &g_TypeError;
            Member->BitSize = 0;
        }
        *End = Member;
        End  = &Member->Next;
    }
    return TRUE;
}

/* --- by name --- */

static TYPE *BtfFind(COMPILER *Compiler, const CHAR *Name, UINT32 Kind)
{
    const struct btf *Btf = BtfOf(Compiler);
    int Id                = Btf != NULL ? btf__find_by_name_kind(Btf, Name, Kind) : 0;

    return Id > 0 ? BtfImport(Compiler, (UINT32)Id, 0) : NULL;
}

TYPE *BtfFindRecord(COMPILER *Compiler, const CHAR *Name, BOOLEAN IsUnion)
{
    return BtfFind(Compiler, Name, IsUnion ? BTF_KIND_UNION : BTF_KIND_STRUCT);
}

TYPE *BtfFindEnum(COMPILER *Compiler, const CHAR *Name)
{
    TYPE *Type = BtfFind(Compiler, Name, BTF_KIND_ENUM);

    return Type != NULL ? Type : BtfFind(Compiler, Name, BTF_KIND_ENUM64);
}

TYPE *BtfFindTypedef(COMPILER *Compiler, const CHAR *Name)
{
    return BtfFind(Compiler, Name, BTF_KIND_TYPEDEF);
}

static BOOLEAN BtfEnumerator(const struct btf *Btf, const struct btf_type *Type, const CHAR *Name,
                             UINT64 *Value)
{
    UINT32 Index;

    for (Index = 0; Index < btf_vlen(Type); Index++) {
        UINT32 Offset =
            btf_is_enum64(Type) ? btf_enum64(Type)[Index].name_off : btf_enum(Type)[Index].name_off;
        const CHAR *Each = btf__name_by_offset(Btf, Offset);

        if (Each == NULL || strcmp(Each, Name) != 0) {
            continue;
        }
        if (btf_is_enum64(Type)) {
            *Value = btf_enum64_value(&btf_enum64(Type)[Index]);
        } else {
            *Value = btf_kflag(Type) ? (UINT64)(INT64)btf_enum(Type)[Index].val
                                     : (UINT32)btf_enum(Type)[Index].val;
        }
        return TRUE;
    }
    return FALSE;
}

BOOLEAN BtfFindEnumerator(COMPILER *Compiler, const CHAR *Name, UINT64 *Value)
{
    const struct btf *Btf = BtfOf(Compiler);
    UINT32 Count          = Btf != NULL ? btf__type_cnt(Btf) : 0;
    UINT32 Id;

    for (Id = 1; Id < Count; Id++) {
        const struct btf_type *Type = btf__type_by_id(Btf, Id);

        if (btf_is_any_enum(Type) && BtfEnumerator(Btf, Type, Name, Value)) {
            return TRUE;
        }
    }
    return FALSE;
}

BOOLEAN BtfFindArgument(COMPILER *Compiler, const CHAR *Function, const CHAR *Name, BOOLEAN *Known,
                        UINT32 *Number, TYPE **Type)
{
    const struct btf *Btf = BtfOf(Compiler);
    int Id                = Btf != NULL ? btf__find_by_name_kind(Btf, Function, BTF_KIND_FUNC) : 0;
    const struct btf_type *Prototype;

    if (Id <= 0) {
        return FALSE;
    }
    Prototype = btf__type_by_id(Btf, btf__type_by_id(Btf, (UINT32)Id)->type);
    if (Prototype == NULL || !btf_is_func_proto(Prototype)) {
        return FALSE;
    }
    *Known = TRUE;
    for (*Number = 0; *Number < btf_vlen(Prototype); (*Number)++) {
        const struct btf_param *Parameter = &btf_params(Prototype)[*Number];
        const CHAR *Each                  = btf__name_by_offset(Btf, Parameter->name_off);

        if (Each != NULL && strcmp(Each, Name) == 0) {
            *Type = BtfImport(Compiler, Parameter->type, 0);
            return TRUE;
        }
    }
    return FALSE;
}
