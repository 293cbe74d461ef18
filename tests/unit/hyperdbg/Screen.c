/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Screen.c - a small terminal: what a VT100 would show of the bytes that a program writes.
 *
 * Context: user space. ECMA-48.
 */
#include "tests/unit/hyperdbg/Screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESC '\033'

VOID ScreenInitialize(SCREEN *Screen)
{
    memset(Screen, 0, sizeof(*Screen));
    memset(Screen->Cell, ' ', sizeof(Screen->Cell));
    Screen->Columns = SCREEN_COLUMNS;
}

static VOID ScreenNewLine(SCREEN *Screen)
{
    if (++Screen->Row < SCREEN_ROWS)
        return;
    Screen->Row = SCREEN_ROWS - 1;
    memmove(Screen->Cell[0], Screen->Cell[1], sizeof(Screen->Cell) - sizeof(Screen->Cell[0]));
    memset(Screen->Cell[Screen->Row], ' ', SCREEN_COLUMNS);
}

static VOID ScreenPut(SCREEN *Screen, CHAR Character)
{
    if (Screen->Column >= Screen->Columns) {
        Screen->Column = 0;
        ScreenNewLine(Screen);
    }
    Screen->Cell[Screen->Row][Screen->Column++] = Character;
}

static UINT32 ScreenColumn(const SCREEN *Screen)
{
    return Screen->Column < Screen->Columns ? Screen->Column : Screen->Columns - 1;
}

static VOID ScreenErase(SCREEN *Screen, BOOLEAN IsBelow)
{
    UINT32 Column = ScreenColumn(Screen);

    memset(&Screen->Cell[Screen->Row][Column], ' ', SCREEN_COLUMNS - Column);
    for (UINT32 Row = Screen->Row + 1; IsBelow && Row < SCREEN_ROWS; Row++)
        memset(Screen->Cell[Row], ' ', SCREEN_COLUMNS);
}

static UINT32 ScreenClamp(INT32 Value, UINT32 Limit)
{
    return Value < 0 ? 0 : (UINT32)Value >= Limit ? Limit - 1 : (UINT32)Value;
}

/* A control sequence that is complete: "[", parameters, a letter. */
static VOID ScreenControl(SCREEN *Screen)
{
    CHAR Letter  = Screen->Escape[Screen->EscapeLength - 1];
    INT32 Number = atoi(Screen->Escape + 1);
    INT32 Steps  = Number > 0 ? Number : 1;

    if (Letter == 'A')
        Screen->Row = ScreenClamp((INT32)Screen->Row - Steps, SCREEN_ROWS);
    else if (Letter == 'B')
        Screen->Row = ScreenClamp((INT32)Screen->Row + Steps, SCREEN_ROWS);
    else if (Letter == 'C')
        Screen->Column = ScreenClamp((INT32)ScreenColumn(Screen) + Steps, Screen->Columns);
    else if (Letter == 'D')
        Screen->Column = ScreenClamp((INT32)ScreenColumn(Screen) - Steps, Screen->Columns);
    else if (Letter == 'J' || Letter == 'K')
        ScreenErase(Screen, Letter == 'J');
    else if (Letter == 'm')
        Screen->Colours += Number >= 30;
    else
        fprintf(stderr, "the test's terminal does not know ESC%.*s\n", (int)Screen->EscapeLength,
                Screen->Escape);
}

static VOID ScreenEscape(SCREEN *Screen, CHAR Character)
{
    Screen->Escape[Screen->EscapeLength++] = Character;
    if (Screen->Escape[0] == '[' && (Screen->EscapeLength == 1 || Character < '@') &&
        Screen->EscapeLength < sizeof(Screen->Escape) - 1)
        return;
    Screen->Escape[Screen->EscapeLength] = '\0';
    if (Screen->Escape[0] == '[')
        ScreenControl(Screen);
    Screen->IsEscape     = FALSE;
    Screen->EscapeLength = 0;
}

VOID ScreenWrite(SCREEN *Screen, const CHAR *Bytes, SIZE_T Length)
{
    for (SIZE_T i = 0; i < Length; i++) {
        CHAR Character = Bytes[i];

        if (Screen->IsEscape)
            ScreenEscape(Screen, Character);
        else if (Character == ESC)
            Screen->IsEscape = TRUE;
        else if (Character == '\r')
            Screen->Column = 0;
        else if (Character == '\n')
            ScreenNewLine(Screen);
        else if (Character == '\b')
            Screen->Column = ScreenClamp((INT32)ScreenColumn(Screen) - 1, Screen->Columns);
        else if (Character == '\a')
            Screen->Bells++;
        else if ((UINT8)Character >= ' ')
            ScreenPut(Screen, Character);
    }
}

VOID ScreenText(const SCREEN *Screen, CHAR *Text, SIZE_T Size)
{
    SIZE_T Length = 0, End = 0;

    for (UINT32 Row = 0; Row < SCREEN_ROWS; Row++) {
        UINT32 Width = SCREEN_COLUMNS;

        while (Width > 0 && Screen->Cell[Row][Width - 1] == ' ')
            Width--;
        Length += (SIZE_T)snprintf(Text + Length, Size - Length, "%.*s\n", (int)Width, Screen->Cell[Row]);
        if (Width > 0)
            End = Length;
    }
    Text[End] = '\0';
}
