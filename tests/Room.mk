# SPDX-License-Identifier: GPL-2.0-only OR MIT
# tests - runs the checks of the sources, the unit tests and the tests in booted machines (tests/run).
#
# Rooms add to:
#   UNIT_TESTS     tests/unit/<room>/<What>Test.c
#   UNIT_ARCHIVES  names of archives that unit tests may link; UNIT_LIBS: further linker arguments
#   VM_FILES       files for the guest, HOST[:GUEST], {kernel} standing for the kernel's series; without GUEST in /root
#   VM_DEPS        what must be built before a machine is booted

TEST_DEPS += python3 shellcheck clang-format

# What every machine gets: the tool with the modules beside it, and the programs of the tests. tests/vm/programs/NAME.c
# becomes build/user/tests/vm/NAME, /root/programs/NAME in the guest; a plan may name it as a test, too.
VM_SUPPORT_SOURCES := $(wildcard tests/vm/support/*.c)
VM_PROGRAMS        := $(patsubst tests/vm/programs/%.c,$(BUILD)/user/tests/vm/%,$(wildcard tests/vm/programs/*.c))
VM_DEPS            += $(BUILD)/user/hyperdbg $(VM_PROGRAMS) $(BUILD)/modules/6.1/.built $(BUILD)/modules/6.12/.built
VM_FILES           += $(BUILD)/user/hyperdbg $(foreach program,$(VM_PROGRAMS),$(program):/root/programs/$(notdir $(program)))
VM_FILES           += $(patsubst %,$(BUILD)/modules/{kernel}/%.ko,$(MODULES) $(EXTRA_NAMES))

# The kernel's image, for the machines that start a second one.
VM_KERNELS := $(foreach series,6.1 6.12,$(BUILD)/kernels/vmlinuz-$(series))
VM_DEPS    += $(VM_KERNELS)

$(VM_KERNELS): $(BUILD)/kernels/vmlinuz-%:
	@mkdir -p $(@D)
	$(Q)cp "$$(testbed/kernel --image $*)" $@

entry-hooks_EXTRA_SOURCES := platform/linux/KernelSymbols.c

$(eval $(call archive,vmtest,$(VM_SUPPORT_SOURCES)))

$(VM_PROGRAMS): $(BUILD)/user/tests/vm/%: $(BUILD)/user/tests/vm/programs/%.o $(BUILD)/user/libvmtest.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lm -lpthread

UNIT_PROGRAMS := $(UNIT_TESTS:%.c=$(BUILD)/asan/%)
LINTS         := $(wildcard tests/lint/*)
# make vm PLANS="one another" runs only these
PLANS         ?= $(notdir $(wildcard tests/vm/plans/*))

$(UNIT_PROGRAMS): %: %.o $(UNIT_ARCHIVES:%=$(BUILD)/asan/lib%.a)
	$(Q)$(CC) $(SANITIZE) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcmocka $(UNIT_LIBS)

RUN_LINTS := --lint $(LINTS)
RUN_UNITS := --unit $(UNIT_PROGRAMS)
RUN_PLANS  = $(if $(filter command%,$(origin PLANS)),,--host $(wildcard tests/host/*)) \
             --vm $(PLANS:%=tests/vm/plans/%) $(VM_FILES:%=--add %)

tests: $(UNIT_PROGRAMS) ## build the unit tests

# Two lints look at the built modules.
LINT_DEPS := $(BUILD)/modules/6.1/.built $(BUILD)/modules/6.12/.built

lint: $(LINT_DEPS) ## check the sources and what was built of them
	$(Q)tests/run $(RUN_LINTS)

unit: $(UNIT_PROGRAMS) ## run the unit tests
	$(Q)tests/run $(RUN_UNITS)

VM_DEPS += modules
shell: $(VM_DEPS)

vm: $(VM_DEPS) ## run the tests in booted machines (PLANS="..." for some of them)
	$(Q)tests/run $(RUN_PLANS)

# Plans that take longer than anybody wants to wait for every day. HAMMER_MS="60000": how long each hook is hammered at, in
# the emulated machine's milliseconds; HAMMER_ONLY="LEA": a part of the names of the hooks that are; CYCLES="100": how often
# the VMM comes and goes. SOAK="one another" runs only these.
SOAK ?= $(notdir $(wildcard tests/vm/soak/*))

soak: $(VM_DEPS) ## the long tests in booted machines (SOAK="..." for some; HAMMER_MS, HAMMER_ONLY, CYCLES: how long)
	$(Q)tests/run $(foreach name,HAMMER_MS HAMMER_ONLY CYCLES,$(if $($(name)),--env $(name)=$($(name)))) --vm $(SOAK:%=tests/vm/soak/%) $(VM_FILES:%=--add %)

check: deps ## all of it: lint, unit, vm
	$(Q)$(MAKE) --no-print-directory check-installed

check-installed: $(LINT_DEPS) $(UNIT_PROGRAMS) $(VM_DEPS)
	$(Q)tests/run $(RUN_LINTS) $(RUN_UNITS) $(RUN_PLANS)

# Benches that need a machine: figures in instructions, exact on one core.
BENCH_PROGRAMS := bpf-probe cpuid-cost kvm-cpuid-cost set-events user-cost workload-cost
BENCH_FILES     = $(BUILD)/user/hyperdbg $(patsubst %,$(BUILD)/modules/6.1/%.ko,$(MODULES) hookbench) \
                  $(foreach name,$(BENCH_PROGRAMS),$(BUILD)/user/bench/$(name):/root/programs/$(name))

$(BENCH_PROGRAMS:%=$(BUILD)/user/bench/%): $(BUILD)/user/bench/%: tests/bench/vm/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -static -o $@ $<

bench-vm: $(BUILD)/user/hyperdbg $(BUILD)/modules/6.1/.built $(BENCH_PROGRAMS:%=$(BUILD)/user/bench/%) ## what hooks, exits and loading cost, with others beside
	$(Q)testbed/boot --machine vtx --cores 1 $(BENCH_FILES:%=--add %) --add tests/bench/vm/costs -- /root/costs
	$(Q)testbed/boot --machine vtx --cores 2 $(BENCH_FILES:%=--add %) --add tests/bench/vm/loads -- /root/loads

bench: bench-vm

.PHONY: tests lint unit vm soak check check-installed bench-vm bench
