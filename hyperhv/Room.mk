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

UNIT_ARCHIVES += hyperhv
UNIT_TESTS    += $(wildcard tests/unit/hyperhv/*Test.c)

# Any exits of any guest. `make check` runs the corpus and some thousand changes of it (tests/fuzz/Driver.c); with libFuzzer
# for FUZZ_SECONDS, what it finds of interest lands in build/fuzz/VmexitFuzz.corpus (needs clang).
UNIT_TESTS += tests/fuzz/hyperhv/VmexitFuzz.c

HYPERHV_FUZZ_SOURCES := tests/fuzz/hyperhv/VmexitFuzz.c $(HYPERHV_SOURCES) $(wildcard platform/hosted/*.c)

$(BUILD)/fuzz/VmexitFuzz: $(HYPERHV_FUZZ_SOURCES:%.c=$(BUILD)/fuzz/%.o)
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^

fuzz-hyperhv: $(BUILD)/fuzz/VmexitFuzz ## fuzz the exits of the VMM for FUZZ_SECONDS
	@mkdir -p $<.corpus
	$(Q)$< -max_total_time=$(FUZZ_SECONDS) -max_len=2048 -timeout=10 -print_final_stats=1 $<.corpus \
	    tests/fuzz/hyperhv/corpus/VmexitFuzz

fuzz: fuzz-hyperhv
.PHONY: fuzz-hyperhv
