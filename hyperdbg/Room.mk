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
$(BUILD)/user/hyperdbg: $(HYPERDBG_OBJECTS) $(BUILD)/user/libhyperdbg.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(HYPERDBG_LIBS)

DEPS += libedit-dev
.PHONY: tool
