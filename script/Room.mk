# SPDX-License-Identifier: GPL-2.0-only
# The script room: compiler (user space), evaluator (kernel and user space), mock machine, tool.

SCRIPT_ENGINE_SOURCES := $(sort $(wildcard script/engine/*.c))
SCRIPT_EVAL_SOURCES   := $(sort $(wildcard script/eval/*.c))
SCRIPT_TOOL_SOURCES   := script/mock/Mock.c script/tool/Tool.c script/tool/State.c script/tool/Instance.c
SCRIPT_LIBRARIES      := -lbpf

$(eval $(call archive,scriptengine,$(SCRIPT_ENGINE_SOURCES)))
$(eval $(call archive,scripteval,$(SCRIPT_EVAL_SOURCES)))
$(eval $(call archive,scripttool,$(SCRIPT_TOOL_SOURCES)))

# Order of linking: each needs those after it.
SCRIPT_ARCHIVES := scripttool scriptengine scripteval
UNIT_ARCHIVES   += $(SCRIPT_ARCHIVES)
UNIT_LIBRARIES  += $(SCRIPT_LIBRARIES)
DEPS            += libbpf-dev pahole

script: $(BUILD)/user/hyperdbg-script ## the script tool alone: build/user/hyperdbg-script -e 'printf("%d\n", 1 + 2);'

$(BUILD)/user/hyperdbg-script: $(BUILD)/user/script/tool/ScriptMain.o $(SCRIPT_ARCHIVES:%=$(BUILD)/user/lib%.a)
	$(Q)$(CC) -o $@ $^ $(SCRIPT_LIBRARIES)

$(BUILD)/asan/hyperdbg-script: $(BUILD)/asan/script/tool/ScriptMain.o $(SCRIPT_ARCHIVES:%=$(BUILD)/asan/lib%.a)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(SCRIPT_LIBRARIES)

.PHONY: script
