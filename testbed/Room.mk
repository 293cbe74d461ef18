# SPDX-License-Identifier: GPL-2.0-only OR MIT
# testbed - the machines that tests and demo run in. See testbed/README.md.

export CACHE

# What the modules are built with (the guest's kernels are built with gcc 12; pahole writes through llvm-objcopy), and the
# testbed's own needs.
DEPS += gcc-12 pahole llvm binutils util-linux xz-utils ncurses-base

MACHINE ?= vtx
CORES   ?= 1
KERNEL  ?= 6.1

deps: ## install the Debian packages that building and testing needs, where missing
	$(Q)testbed/deps $(sort $(DEPS) $(TEST_DEPS))

# What the demo does with.
deps-of-build:
	$(Q)testbed/deps $(sort $(DEPS))

fetch: ## fill the cache with guest kernels and machines
	$(Q)testbed/fetch all

shell: ## a prompt in a machine: MACHINE=vtx CORES=1 KERNEL=6.1
	$(Q)testbed/boot --shell --machine $(MACHINE) --cores $(CORES) --kernel $(KERNEL) \
	    $(foreach file,$(subst {kernel},$(KERNEL),$(VM_FILES)),--add $(file))

.PHONY: deps deps-of-build fetch shell
