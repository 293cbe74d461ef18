# SPDX-License-Identifier: GPL-2.0-only
# hyperlog: rings, messages, the reader.

# Code that runs in VMX root mode: the kernel build compiles it without tracing, and must stop the compiler from
# turning loops into calls of memset, memcpy and strlen.
HYPERLOG_ROOT_SOURCES := $(addprefix hyperlog/,Ring.c Message.c LogFormat.c)
HYPERLOG_ROOT_CFLAGS  := -fno-tree-loop-distribute-patterns
HYPERLOG_SOURCES      := hyperlog/LogLifecycle.c hyperlog/Reader.c $(HYPERLOG_ROOT_SOURCES)

# Linux alone: the module and its device.
HYPERLOG_LINUX_SOURCES := platform/linux/LinuxModuleHyperlog.c

$(eval $(call archive,hyperlog,$(HYPERLOG_SOURCES)))

UNIT_ARCHIVES += hyperlog
UNIT_TESTS    += $(addprefix tests/unit/hyperlog/,RingTest.c MessageTest.c LogFormatTest.c StressTest.c)

# The device in a booted kernel: tests/vm/hyperlog-device, with a module that writes.
HYPERLOG_VM_TEST := $(BUILD)/user/tests/vm/hyperlog-device

$(HYPERLOG_VM_TEST): %: %.o
	$(Q)$(CC) -o $@ $<

VM_DEPS  += $(HYPERLOG_VM_TEST) modules
VM_FILES += build/modules/{kernel}/hyperlog.ko build/modules/{kernel}/logfeed.ko
