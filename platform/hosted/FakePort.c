/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FakePort.c - the fake machine's I/O ports: one device behind all of them.
 *
 * Context: user space. SDM Vol. 1, 19.3.
 */
#include "platform/hosted/FakeCpu.h"

static FAKE_PORT_ACCESS g_LastAccess;
static UINT32 g_PortValue;

VOID FakePortsReset(VOID)
{
    g_LastAccess = (FAKE_PORT_ACCESS){0};
    g_PortValue  = 0;
}

VOID FakePortSetValue(UINT32 Value)
{
    g_PortValue = Value;
}

FAKE_PORT_ACCESS FakePortLastAccess(VOID)
{
    return g_LastAccess;
}

static UINT32 Access(BOOLEAN IsIn, UINT16 Port, UINT32 Size, UINT32 Value)
{
    if (Size != 1 && Size != 2 && Size != 4)
        FakeMisuse("an access of %u bytes to port %x", Size, Port);
    g_LastAccess = (FAKE_PORT_ACCESS){.Count = g_LastAccess.Count + 1,
                                      .IsIn  = IsIn,
                                      .Port  = Port,
                                      .Size  = Size,
                                      .Value = Value & (UINT32)((1ull << (8 * Size)) - 1)};
    return g_LastAccess.Value;
}

UINT32 CpuReadPort(UINT16 Port, UINT32 Size)
{
    return Access(TRUE, Port, Size, g_PortValue);
}

VOID CpuWritePort(UINT16 Port, UINT32 Value, UINT32 Size)
{
    Access(FALSE, Port, Size, Value);
}
