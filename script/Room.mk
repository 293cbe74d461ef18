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
UNIT_LIBS       += $(SCRIPT_LIBRARIES)
DEPS            += libbpf-dev pahole

script: $(BUILD)/user/hyperdbg-script ## the script tool alone: build/user/hyperdbg-script -e 'printf("%d\n", 1 + 2);'

$(BUILD)/user/hyperdbg-script: $(BUILD)/user/script/tool/Main.o $(SCRIPT_ARCHIVES:%=$(BUILD)/user/lib%.a)
	$(Q)$(CC) -o $@ $^ $(SCRIPT_LIBRARIES)

$(BUILD)/asan/hyperdbg-script: $(BUILD)/asan/script/tool/Main.o $(SCRIPT_ARCHIVES:%=$(BUILD)/asan/lib%.a)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(SCRIPT_LIBRARIES)

.PHONY: script

# --- tests -----------------------------------------------------------------------------------------------------------
# The types that unit tests compile against: a small BTF, so that no kernel is needed.
SCRIPT_TYPES := $(BUILD)/tests/script/Types.o

$(SCRIPT_TYPES): tests/script/Types.c
	@mkdir -p $(@D)
	$(Q)$(CC) -g -O1 -fdata-sections -c -o $@ $< && pahole -J $@

SCRIPT_TEST_SUPPORT := tests/unit/script/Case.c
$(eval $(call archive,scripttest,$(SCRIPT_TEST_SUPPORT)))
UNIT_ARCHIVES += scripttest

UNIT_TESTS += $(addprefix tests/unit/script/,CaseTest.c)

$(BUILD)/asan/tests/unit/script/CaseTest: $(SCRIPT_TYPES)
