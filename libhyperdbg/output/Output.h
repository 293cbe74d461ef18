/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Output.h - what the user sees: each thing said once, as text or as a JSON object, as the session asks.
 *
 * Addresses, registers, leaves and the like are strings of hexadecimal digits in JSON ("0x1f"), because many
 * readers keep numbers as doubles; counts, cores and process numbers are numbers.
 *
 * Context: user space.
 */
#ifndef HYPERDBG_LIBHYPERDBG_OUTPUT_H
#define HYPERDBG_LIBHYPERDBG_OUTPUT_H

#include "libhyperdbg/LibHyperDbg.h"

#include <json-c/json_object.h>

BOOLEAN OutputIsJson(const HYPERDBG_SESSION *Session);

/* One line, of the text a session in text format shows; dropped in JSON format. */
VOID OutputText(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_KIND Kind, const CHAR *Format, ...)
    __attribute__((format(printf, 3, 4)));

/* One object; consumed. Dropped in text format. */
VOID OutputObject(HYPERDBG_SESSION *Session, HYPERDBG_MESSAGE_KIND Kind, struct json_object *Object);

/* A command's result in both forms; Object is consumed. */
VOID OutputResult(HYPERDBG_SESSION *Session, struct json_object *Object, const CHAR *Format, ...)
    __attribute__((format(printf, 3, 4)));

VOID OutputNotice(HYPERDBG_SESSION *Session, const CHAR *Format, ...) __attribute__((format(printf, 2, 3)));

/* An error, with the word that was wrong (or NULL) before the sentence. The second form adds the code that
 * the kernel gave. */
VOID OutputError(HYPERDBG_SESSION *Session, const CHAR *Word, const CHAR *Format, ...)
    __attribute__((format(printf, 3, 4)));
VOID OutputKernelError(HYPERDBG_SESSION *Session, UINT32 KernelStatus);

/* An error that is no command's: in the records of the log. */
VOID OutputStreamError(HYPERDBG_SESSION *Session, const CHAR *Format, ...)
    __attribute__((format(printf, 2, 3)));

/* {"type": Type} */
struct json_object *JsonObject(const CHAR *Type);
VOID JsonAddText(struct json_object *Object, const CHAR *Key, const CHAR *Value);
VOID JsonAddNumber(struct json_object *Object, const CHAR *Key, UINT64 Value);
VOID JsonAddHex(struct json_object *Object, const CHAR *Key, UINT64 Value);
VOID JsonAddSeconds(struct json_object *Object, const CHAR *Key, double Value);
VOID JsonAddBoolean(struct json_object *Object, const CHAR *Key, BOOLEAN Value);

#endif
