# SPDX-License-Identifier: GPL-2.0-only
# hyperhv: the VMM. One list of sources feeds the kernel module and the user-space library of the tests.

HYPERHV_SOURCES := $(addprefix hyperhv/, \
    core/Apic.c core/Counters.c core/Cpuid.c core/ExitControls.c core/Globals.c core/Hv.c core/Io.c core/ModeTrap.c core/Msr.c core/Syscall.c core/Vmcall.c core/Xsetbv.c \
    hooks/Detour.c hooks/DirectInstruction.c hooks/Follow.c hooks/GuestInstruction.c hooks/HiddenBreakpoint.c hooks/Hooks.c hooks/HookPage.c hooks/HookStep.c \
    hooks/Monitor.c hooks/OperandPieces.c hooks/SkipInstruction.c hooks/SyscallHook.c \
    interface/Callback.c interface/Configuration.c interface/Dispatch.c interface/Export.c interface/ExportEvents.c interface/ExportMemory.c interface/ExportRegisters.c interface/ExportText.c \
    memory/InstructionDecode.c memory/InstructionTables.c memory/MemoryMapper.c memory/MemoryRequest.c memory/PhysicalWidth.c memory/RootPageTable.c memory/XsaveArea.c \
    vmx/ControlRegisters.c vmx/Controls.c vmx/DebugRegisters.c vmx/Ept.c vmx/EptStepView.c vmx/EptViews.c vmx/EventInjection.c vmx/ExitSwitches.c vmx/ExternalInterrupt.c vmx/GuestRegisters.c vmx/GuestSegments.c vmx/HostTables.c vmx/IdtEmulation.c \
    vmx/ModeView.c vmx/Mtf.c vmx/Mtrr.c vmx/NmiWindowTrap.c vmx/RootExceptions.c vmx/Vmcs.c vmx/Vmexit.c vmx/Vmx.c vmx/VmxBroadcast.c vmx/VmxIo.c vmx/VmxLeave.c vmx/VmxMsr.c vmx/VmxNmi.c vmx/VmxSyscall.c)

# The kernel alone: the assembly (the hosted platform has the same functions on its fake processor), the module.
HYPERHV_LINUX_SOURCES := hyperhv/hooks/AsmDetour.S hyperhv/vmx/AsmVmexitHandler.S $(addprefix platform/linux/, \
    LinuxModuleHyperhv.c PlatformProcessMemory.c PlatformModule.c PlatformText.c)

$(eval $(call archive,hyperhv,$(HYPERHV_SOURCES)))

# What several of its tests share: the decoder beside Zydis.
$(eval $(call archive,hyperhvtest,tests/unit/hyperhv/DecodeOracle.c))

UNIT_ARCHIVES += hyperhvtest hyperhv
UNIT_LIBS     += -lZydis
TEST_DEPS     += libzydis-dev lz4 xz-utils zstd
UNIT_TESTS    += $(wildcard tests/unit/hyperhv/*Test.c)

# `make check` runs each fuzzer's corpus and some thousand changes of it (tests/fuzz/Driver.c); with libFuzzer, for FUZZ_SECONDS
# each, what it finds of interest lands in build/fuzz/NAME.corpus (needs clang).
UNIT_TESTS += tests/fuzz/hyperhv/VmexitFuzz.c tests/fuzz/hyperhv/InstructionFuzz.c

VMEXIT_FUZZ_SOURCES      := tests/fuzz/hyperhv/VmexitFuzz.c $(HYPERHV_SOURCES) $(wildcard platform/hosted/*.c)
INSTRUCTION_FUZZ_SOURCES := tests/fuzz/hyperhv/InstructionFuzz.c tests/unit/hyperhv/DecodeOracle.c \
                            $(addprefix hyperhv/memory/,InstructionDecode.c InstructionTables.c)
HYPERHV_FUZZERS          := $(BUILD)/fuzz/VmexitFuzz $(BUILD)/fuzz/InstructionFuzz

$(BUILD)/fuzz/VmexitFuzz: $(VMEXIT_FUZZ_SOURCES:%.c=$(BUILD)/fuzz/%.o)
$(BUILD)/fuzz/InstructionFuzz: $(INSTRUCTION_FUZZ_SOURCES:%.c=$(BUILD)/fuzz/%.o)
$(HYPERHV_FUZZERS):
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ -lZydis

fuzz-hyperhv: $(HYPERHV_FUZZERS) ## fuzz the exits and the instruction decoder of the VMM for FUZZ_SECONDS each
	$(Q)for fuzzer in $^; do mkdir -p $$fuzzer.corpus; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=2048 -timeout=10 -print_final_stats=1 $$fuzzer.corpus \
	        tests/fuzz/hyperhv/corpus/$$(basename $$fuzzer) || exit 1; \
	done

fuzz: fuzz-hyperhv
.PHONY: fuzz-hyperhv
