# SPDX-License-Identifier: GPL-2.0-only
# hyperdbg: the terminal.

HYPERDBG_SOURCES := $(sort $(wildcard hyperdbg/*.c))
HYPERDBG_LIBS     = $(LIBHYPERDBG_LIBS) -ledit
# The program has the name that the folder of its objects would have.
HYPERDBG_OBJECTS := $(HYPERDBG_SOURCES:hyperdbg/%.c=$(BUILD)/user/hyperdbg-objects/%.o)

tool: $(BUILD)/user/hyperdbg ## build the debugger's terminal (build/user/hyperdbg)

$(BUILD)/user/hyperdbg-objects/%.o: hyperdbg/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# libhyperdbg/Room.mk is read after this file: its libraries are looked up when the rule runs.
.SECONDEXPANSION:
$(BUILD)/user/hyperdbg: $(HYPERDBG_OBJECTS) $(BUILD)/user/libhyperdbg.a $$(addsuffix .a,$$(addprefix $(BUILD)/user/lib,$$(SCRIPT_ARCHIVES)))
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(HYPERDBG_LIBS) $(SCRIPT_LIBRARIES)

# The same terminal on a mock kernel: what the tests of prompt and options run.
HYPERDBG_MOCK         := $(BUILD)/asan/hyperdbg-mock
HYPERDBG_MOCK_OBJECTS := $(patsubst %.c,$(BUILD)/asan/%.o,$(filter-out %/ToolTransport.c,$(HYPERDBG_SOURCES)) \
                                                          tests/unit/hyperdbg/MockToolTransport.c)
HYPERDBG_TESTS        := tests/unit/hyperdbg/ToolTest.c

$(HYPERDBG_MOCK): $(HYPERDBG_MOCK_OBJECTS) $(BUILD)/asan/libhyperdbg.a $(BUILD)/asan/libhyperdbgmock.a \
                  $$(addsuffix .a,$$(addprefix $(BUILD)/asan/lib,$$(SCRIPT_ARCHIVES)))
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDFLAGS) $(HYPERDBG_LIBS) $(SCRIPT_LIBRARIES)

$(HYPERDBG_TESTS:%.c=$(BUILD)/asan/%): | $(HYPERDBG_MOCK)

# A screen to look at what the prompt draws.
$(eval $(call archive,hyperdbgscreen,tests/unit/hyperdbg/Screen.c))

UNIT_TESTS    += $(HYPERDBG_TESTS)
UNIT_ARCHIVES += hyperdbgscreen
UNIT_LIBS     += -lutil
DEPS          += libedit-dev
.PHONY: tool
