# SPDX-License-Identifier: GPL-2.0-only
# platform/hosted: the platform on malloc and pthreads, for unit tests and fuzzing. Whoever links it compiles with
# PLATFORM_HOSTED defined (root Makefile) and links -lpthread.

PLATFORM_HOSTED_SOURCES := $(addprefix platform/hosted/,PlatformMemory.c PlatformPages.c PlatformCpu.c \
                             PlatformLock.c PlatformTime.c PlatformProcess.c PlatformProcessMemory.c FakeCpu.c FakeMsr.c FakeSegments.c FakePaging.c FakeApic.c FakePort.c \
                             PlatformText.c FakeVmcs.c FakeVmEntry.c FakeVmExit.c)

PLATFORM_HOSTED_SOURCES += $(addprefix platform/hosted/,PlatformPageWalk.c PlatformSymbols.c)

$(eval $(call archive,platform-hosted,$(PLATFORM_HOSTED_SOURCES)))

UNIT_ARCHIVES += platform-hosted
UNIT_TESTS    += $(addprefix tests/unit/platform/,HostedTest.c FakeCpuTest.c)
