# SPDX-License-Identifier: GPL-2.0-only
# hyperkd: the debugger. Sources whose code runs in VMX root mode reference no function of the kernel; the rest runs in
# process context only.

HYPERKD_ROOT_SOURCES := $(addprefix hyperkd/debugger/, \
    breakpoints/Breakpoint.c \
    communication/KdMessaging.c \
    core/DebuggerCallbacks.c \
    core/Termination.c \
    events/EventTrigger.c \
    halted/Halt.c \
    halted/Kd.c \
    halted/Snapshot.c \
    objects/Process.c \
    script/EventScriptHost.c \
    script/EventScriptRun.c \
    user-level/Attaching.c \
    user-level/UserAccess.c)

HYPERKD_SOURCES := $(addprefix hyperkd/, \
    debugger/core/Debugger.c \
    debugger/events/EventArming.c \
    debugger/events/EventStore.c \
    debugger/events/TrapArming.c \
    debugger/halted/HaltLife.c \
    debugger/halted/SnapshotTake.c \
    debugger/script/EventScriptGlobals.c \
    debugger/script/EventScriptLoad.c \
    driver/Device.c \
    driver/Inspect.c \
    driver/Loader.c \
    driver/ScriptRequests.c)

# The evaluator of scripts runs in root mode too; a map becomes text on the user's side only.
HYPERKD_SCRIPT_SOURCES := $(filter-out %/MapText.c,$(sort $(wildcard script/eval/*.c)))

HYPERKD_LINUX_SOURCES := $(addprefix platform/linux/,LinuxModuleHyperkd.c PlatformPageWalk.c PlatformSymbols.c)

$(eval $(call archive,hyperkd,$(HYPERKD_ROOT_SOURCES) $(HYPERKD_SOURCES)))

UNIT_ARCHIVES += hyperkd
UNIT_TESTS    += $(addprefix tests/unit/hyperkd/, \
    DeviceTest.c \
    EventRaceTest.c \
    EventScriptTest.c \
    EventStoreTest.c \
    EventTriggerTest.c \
    HaltTest.c \
    LoaderTest.c \
    TerminationTest.c)
