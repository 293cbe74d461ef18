# SPDX-License-Identifier: GPL-2.0-only
# libhyperdbg: everything the terminal can do, as a C library.

LIBHYPERDBG_SOURCES := $(sort $(wildcard libhyperdbg/*.c libhyperdbg/commands/*.c libhyperdbg/connection/*.c \
                                         libhyperdbg/output/*.c libhyperdbg/programs/*.c libhyperdbg/symbols/*.c))
LIBHYPERDBG_LIBS    := -ljson-c
LIBHYPERDBG_TESTS   := $(wildcard tests/unit/libhyperdbg/*Test.c)

$(eval $(call archive,hyperdbg,$(LIBHYPERDBG_SOURCES)))
# The mock kernel that its tests talk to.
$(eval $(call archive,hyperdbgmock,tests/unit/libhyperdbg/MockKernel.c tests/unit/libhyperdbg/MockScript.c \
                               tests/unit/libhyperdbg/Workbench.c))

UNIT_ARCHIVES += hyperdbg hyperdbgmock
UNIT_TESTS    += $(LIBHYPERDBG_TESTS)
UNIT_LIBS     += $(LIBHYPERDBG_LIBS)
DEPS          += libjson-c-dev

# Fuzzers. `make check` runs each as a test (tests/fuzz/Driver.c): its corpus, and some thousand changes of it.
LIBHYPERDBG_FUZZERS := $(wildcard tests/fuzz/libhyperdbg/*Fuzz.c)
$(eval $(call archive,fuzzdriver,tests/fuzz/Driver.c))

UNIT_TESTS    += $(LIBHYPERDBG_FUZZERS)
UNIT_ARCHIVES += fuzzdriver

# With libFuzzer, for FUZZ_SECONDS each; what it finds of interest lands in build/fuzz/NAME.corpus (needs clang).
FUZZ_SECONDS ?= 600
$(BUILD)/fuzz/%: tests/fuzz/libhyperdbg/%.c $(LIBHYPERDBG_SOURCES) $(wildcard tests/unit/libhyperdbg/*[^t].c) \
                 $(wildcard script/engine/*.c script/eval/*.c) script/tool/Instance.c
	@mkdir -p $@.corpus
	$(Q)clang $(CPPFLAGS) -std=gnu11 -g -O1 -fno-strict-aliasing -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=undefined -o $@ $(filter-out %Test.c,$(filter %.c,$^)) $(LIBHYPERDBG_LIBS) $(SCRIPT_LIBRARIES)

fuzz-tool: $(LIBHYPERDBG_FUZZERS:tests/fuzz/libhyperdbg/%.c=$(BUILD)/fuzz/%) ## fuzz the tool's parser and decoder (FUZZ_SECONDS=600 each)
	$(Q)for fuzzer in $^; do \
	    ASAN_OPTIONS=detect_leaks=0 $$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 $$fuzzer.corpus \
	        tests/fuzz/libhyperdbg/corpus/$$(basename $$fuzzer) || exit 1; \
	done

.PHONY: fuzz-tool
