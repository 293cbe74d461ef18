// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * ScriptMain.c - the program hyperdbg-script.
 *
 * Context: user space.
 */
#include "script/tool/ScriptTool.h"

int main(int argc, char **argv)
{
    return ScriptToolMain(argc, argv);
}
