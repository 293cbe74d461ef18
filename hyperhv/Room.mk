# SPDX-License-Identifier: GPL-2.0-only
# hyperhv: the VMM. One list of sources feeds the kernel module and the user-space library of the tests.

HYPERHV_SOURCES := $(addprefix hyperhv/, \
    core/Cpuid.c core/Globals.c core/Hv.c core/Msr.c core/Vmcall.c core/Xsetbv.c \
    hooks/DirectInstruction.c hooks/GuestInstruction.c hooks/HiddenBreakpoint.c hooks/Hooks.c hooks/HookPage.c hooks/HookStep.c \
    hooks/Monitor.c hooks/SkipInstruction.c \
    interface/Callback.c interface/Configuration.c interface/Dispatch.c interface/Export.c \
    memory/InstructionDecode.c memory/InstructionTables.c memory/MemoryMapper.c memory/PhysicalWidth.c memory/RootPageTable.c \
    vmx/ControlRegisters.c vmx/Controls.c vmx/Ept.c vmx/EptStepView.c vmx/EptViews.c vmx/EventInjection.c vmx/HostTables.c vmx/IdtEmulation.c \
    vmx/Mtf.c vmx/Mtrr.c vmx/RootExceptions.c vmx/Vmcs.c vmx/Vmexit.c vmx/Vmx.c vmx/VmxLeave.c vmx/VmxMsr.c vmx/VmxNmi.c)

# The kernel alone: the assembly (the hosted platform has the same functions on its fake processor), the module.
HYPERHV_LINUX_SOURCES := hyperhv/vmx/AsmVmexitHandler.S platform/linux/LinuxModuleHyperhv.c

$(eval $(call archive,hyperhv,$(HYPERHV_SOURCES)))

# What several of its tests share: the decoder beside Zydis.
$(eval $(call archive,hyperhvtest,tests/unit/hyperhv/DecodeOracle.c))

UNIT_ARCHIVES += hyperhvtest hyperhv
UNIT_LIBS     += -lZydis
DEPS          += libzydis-dev lz4 xz-utils zstd
UNIT_TESTS    += $(wildcard tests/unit/hyperhv/*Test.c)

# Fuzzers. `make check` runs each as a test (tests/fuzz/Driver.c).
HYPERHV_FUZZERS := $(wildcard tests/fuzz/hyperhv/*Fuzz.c)
UNIT_TESTS      += $(HYPERHV_FUZZERS)

# With libFuzzer, for FUZZ_SECONDS each; what it finds of interest lands in build/fuzz/NAME.corpus (needs clang).
$(BUILD)/fuzz/%: tests/fuzz/hyperhv/%.c $(addprefix hyperhv/memory/,InstructionDecode.c InstructionTables.c) \
                 tests/unit/hyperhv/DecodeOracle.c
	@mkdir -p $@.corpus
	$(Q)clang $(CPPFLAGS) -std=gnu11 -g -O1 -fno-strict-aliasing -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=undefined -o $@ $(filter %.c,$^) -lZydis

fuzz-hyperhv: $(HYPERHV_FUZZERS:tests/fuzz/hyperhv/%.c=$(BUILD)/fuzz/%) ## fuzz the instruction decoder (FUZZ_SECONDS=600 each)
	$(Q)for fuzzer in $^; do \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=512 $$fuzzer.corpus \
	        tests/fuzz/hyperhv/corpus/$$(basename $$fuzzer) || exit 1; \
	done

fuzz: fuzz-hyperhv
.PHONY: fuzz-hyperhv
