# SPDX-License-Identifier: GPL-2.0-only
# The script room: compiler (user space), evaluator (kernel and user space), mock machine, tool.

SCRIPT_ENGINE_SOURCES := $(sort $(wildcard script/engine/*.c))
SCRIPT_EVAL_SOURCES   := $(sort $(wildcard script/eval/*.c))
SCRIPT_TOOL_SOURCES   := script/mock/Mock.c script/tool/ScriptTool.c script/tool/State.c script/tool/Instance.c
SCRIPT_LIBRARIES      := -lbpf

$(eval $(call archive,scriptengine,$(SCRIPT_ENGINE_SOURCES)))
$(eval $(call archive,scripteval,$(SCRIPT_EVAL_SOURCES)))
$(eval $(call archive,scripttool,$(SCRIPT_TOOL_SOURCES)))

# Order of linking: each needs those after it.
SCRIPT_ARCHIVES := scripttool scriptengine scripteval
UNIT_ARCHIVES   += $(SCRIPT_ARCHIVES)
UNIT_LIBS       += $(SCRIPT_LIBRARIES)
DEPS            += libbpf-dev pahole

# --- tests -----------------------------------------------------------------------------------------------------------
# The types that unit tests compile against: a small BTF, so that no kernel is needed.
SCRIPT_TYPES := $(BUILD)/tests/script/Types.o

$(SCRIPT_TYPES): tests/script/Types.c
	@mkdir -p $(@D)
	$(Q)$(CC) -g -O1 -fdata-sections -c -o $@ $< && pahole -J $@

SCRIPT_TEST_SUPPORT := tests/unit/script/Case.c
$(eval $(call archive,scripttest,$(SCRIPT_TEST_SUPPORT)))
UNIT_ARCHIVES += scripttest

UNIT_TESTS += $(addprefix tests/unit/script/,CaseTest.c CaseShrinkTest.c OperatorTest.c FuzzTest.c VerifyTest.c MapTest.c KernelTypesTest.c)

# The whole room once more with small limits, as a program of its own.
SCRIPT_SHRINK_SOURCES := $(SCRIPT_ENGINE_SOURCES) $(SCRIPT_EVAL_SOURCES) $(SCRIPT_TOOL_SOURCES) $(SCRIPT_TEST_SUPPORT) \
                         tests/unit/script/CaseTest.c

$(BUILD)/shrink/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -DSCRIPT_SHRINK_LIMITS $(CFLAGS) -O1 $(SANITIZE) -MMD -MP -c -o $@ $<

$(BUILD)/shrink/CaseTest: $(SCRIPT_SHRINK_SOURCES:%.c=$(BUILD)/shrink/%.o) $(SCRIPT_TYPES)
	$(Q)$(CC) $(SANITIZE) -o $@ $(filter %.o,$(filter-out $(SCRIPT_TYPES),$^)) -lcmocka $(SCRIPT_LIBRARIES)

-include $(SCRIPT_SHRINK_SOURCES:%.c=$(BUILD)/shrink/%.d)
$(BUILD)/asan/tests/unit/script/CaseShrinkTest: $(BUILD)/shrink/CaseTest

$(BUILD)/asan/tests/unit/script/CaseTest: $(SCRIPT_TYPES)

$(BUILD)/asan/tests/unit/script/KernelTypesTest: $(BUILD)/user/hyperdbg

# Fuzzers: built by clang with libFuzzer and the sanitizers. Seeds are made of the text cases; what a long run finds is
# kept in tests/fuzz/script/found.
TEST_DEPS     += clang libclang-rt-14-dev/libclang-rt-19-dev
FUZZ_CC       ?= clang
FUZZ_SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_SECONDS  ?= 600
SCRIPT_FUZZ_SOURCES := $(SCRIPT_ENGINE_SOURCES) $(SCRIPT_EVAL_SOURCES) script/mock/Mock.c script/tool/Instance.c tests/fuzz/script/ScriptFuzz.c
SCRIPT_FUZZERS      := $(BUILD)/fuzz/CompileFuzz $(BUILD)/fuzz/VerifyFuzz

$(BUILD)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(CPPFLAGS) $(CFLAGS) -O1 $(FUZZ_SANITIZE) -MMD -MP -c -o $@ $<

$(SCRIPT_FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/script/%.o $(SCRIPT_FUZZ_SOURCES:%.c=$(BUILD)/fuzz/%.o)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(SCRIPT_LIBRARIES)

$(BUILD)/fuzz/.seeds: $(BUILD)/asan/tests/fuzz/script/Seeds.o $(BUILD)/asan/libscripttest.a \
                      $(SCRIPT_ARCHIVES:%=$(BUILD)/asan/lib%.a) $(SCRIPT_TYPES) $(wildcard tests/script/cases/*.case)
	@mkdir -p $(BUILD)/fuzz/scripts $(BUILD)/fuzz/programs
	$(Q)$(CC) $(SANITIZE) -o $(BUILD)/fuzz/Seeds $(filter %Seeds.o %.a,$^) $(SCRIPT_LIBRARIES)
	$(Q)$(BUILD)/fuzz/Seeds $(BUILD)/fuzz/scripts $(BUILD)/fuzz/programs && touch $@

-include $(SCRIPT_FUZZ_SOURCES:%.c=$(BUILD)/fuzz/%.d)
$(BUILD)/asan/tests/unit/script/FuzzTest: $(SCRIPT_FUZZERS) $(BUILD)/fuzz/.seeds

fuzz-script: $(SCRIPT_FUZZERS) $(BUILD)/fuzz/.seeds ## fuzz the script room for FUZZ_SECONDS each
	@mkdir -p $(BUILD)/fuzz/grown-scripts $(BUILD)/fuzz/grown-programs
	cd $(BUILD)/.. && $(BUILD)/fuzz/CompileFuzz -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -artifact_prefix=tests/fuzz/script/found/scripts/ $(BUILD)/fuzz/grown-scripts $(BUILD)/fuzz/scripts \
	    tests/fuzz/script/found/scripts
	cd $(BUILD)/.. && $(BUILD)/fuzz/VerifyFuzz -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -artifact_prefix=tests/fuzz/script/found/programs/ $(BUILD)/fuzz/grown-programs $(BUILD)/fuzz/programs \
	    tests/fuzz/script/found/programs

fuzz: fuzz-script ## fuzz everything that has a fuzzer
.PHONY: fuzz fuzz-script

# Benches: beside Lua, C and uthash.
TEST_DEPS += liblua5.4-dev uthash-dev

$(BUILD)/user/ScriptBench: tests/bench/script/ScriptBench.c $(SCRIPT_ARCHIVES:%=$(BUILD)/user/lib%.a)
	$(Q)$(CC) $(CPPFLAGS) -I/usr/include/lua5.4 $(CFLAGS) -o $@ $^ -llua5.4 $(SCRIPT_LIBRARIES)

bench-script: $(BUILD)/user/ScriptBench ## how fast scripts run, beside Lua, C and uthash
	$(Q)$<

bench: bench-script ## all benches
.PHONY: bench bench-script

# The same cases in a booted kernel: a module with the evaluator and the mock machine, and the compiled cases.
scripttest_EXTRA_SOURCES := $(SCRIPT_EVAL_SOURCES) script/mock/Mock.c

SCRIPT_BLOB := $(BUILD)/script-cases.blob

$(SCRIPT_BLOB): $(BUILD)/user/tests/vm/modules/scripttest/Blob.o $(BUILD)/user/libscripttest.a \
                $(SCRIPT_ARCHIVES:%=$(BUILD)/user/lib%.a) $(SCRIPT_TYPES) $(wildcard tests/script/cases/*.case)
	$(Q)$(CC) -o $(BUILD)/user/script-blob $(filter %Blob.o %.a,$^) $(SCRIPT_LIBRARIES)
	$(Q)$(BUILD)/user/script-blob $@

VM_FILES += $(SCRIPT_BLOB)
VM_DEPS  += $(SCRIPT_BLOB)
