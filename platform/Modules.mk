# SPDX-License-Identifier: GPL-2.0-only
# The kernel modules. The sources are linked into build/modules/<kernel>/<module>/ and built there by the kernel's own
# build, so that modules for several kernels stand side by side and the source tree stays clean.
#
#   make modules                 for the guest kernels in KERNELS
#   make modules KDIR=PATH       for one kernel of yours, in build/modules/custom

KERNELS ?= 6.1 6.12
MODULES := hyperlog hyperhv hyperkd

# What every module needs of the operating system.
PLATFORM_LINUX_SOURCES := $(addprefix platform/linux/,KernelSymbols.c PlatformCpu.c PlatformLock.c PlatformMemory.c PlatformProcess.c \
                            PlatformTime.c)

# $(call module_sources,NAME): all sources of a module
module_sources = $($(1)_MODULE_SOURCES)
hyperlog_MODULE_SOURCES := $(HYPERLOG_SOURCES) $(HYPERLOG_LINUX_SOURCES) $(PLATFORM_LINUX_SOURCES)
hyperhv_MODULE_SOURCES  := $(HYPERHV_SOURCES) $(HYPERHV_LINUX_SOURCES) $(PLATFORM_LINUX_SOURCES)
hyperkd_MODULE_SOURCES  := $(HYPERKD_ROOT_SOURCES) $(HYPERKD_SCRIPT_SOURCES) $(HYPERKD_SOURCES) $(HYPERKD_LINUX_SOURCES) $(PLATFORM_LINUX_SOURCES)

# Third parties' modules on hyperhv: examples/NAME/NAME.c; and modules of the tests: tests/vm/modules/NAME/NAME.c.
# A room may give one more sources: NAME_EXTRA_SOURCES.
EXTRA_MODULES := $(foreach file,$(wildcard examples/*/*.c tests/vm/modules/*/*.c),$(if $(filter $(basename $(notdir $(file))),$(notdir $(patsubst %/,%,$(dir $(file))))),$(file)))
EXTRA_NAMES   := $(basename $(notdir $(EXTRA_MODULES)))
$(foreach file,$(EXTRA_MODULES),$(eval $(basename $(notdir $(file)))_MODULE_SOURCES := $(file) $($(basename $(notdir $(file)))_EXTRA_SOURCES)))

MODULE_INPUTS := $(sort $(foreach module,$(MODULES) $(EXTRA_NAMES),$(call module_sources,$(module))))
MODULE_HEADERS := $(wildcard include/*.h include/*/*.h include/*/*/*.h $(addsuffix /*.h,hyperlog hyperhv/* hyperkd/* hyperkd/*/* platform/linux script/* tests/vm/modules tests/vm/modules/*))

# The directory that a kernel's modules are built in, and the kernel's build directory.
kernel_dir = $(if $(filter custom,$(1)),$(KDIR),$$($(CURDIR)/testbed/kernel $(1)))

MODULE_STAMPS := $(patsubst %,$(BUILD)/modules/%/.built,$(KERNELS) custom)

# The kernel's build does not say a warning again while the object is there that gave it: objects of a build whose log has
# warnings go before the next one.
$(MODULE_STAMPS): $(BUILD)/modules/%/.built: $(MODULE_INPUTS) $(MODULE_HEADERS) platform/Modules.mk platform/link-modules
	@echo "modules for kernel $*"
	$(Q)! grep -qsE 'warning:|WARNING:' $(@D)/build.log || find $(@D) -name '*.o' -delete
	$(Q)platform/link-modules $(@D) $(foreach module,$(MODULES) $(EXTRA_NAMES),$(module):$(subst $(eval ) ,$(comma),$(strip $(call module_sources,$(module)))))
	$(Q)kdir=$(call kernel_dir,$*) && $(MAKE) --no-print-directory -C "$$kdir" M=$(abspath $(@D)) \
	    HYPERDBG_ROOT=$(CURDIR) $(if $(V),V=1) MAKEFLAGS= modules > $(@D)/build.log 2>&1 || { cat $(@D)/build.log; exit 1; }
	$(Q)! grep -E 'warning:|WARNING:' $(@D)/build.log
	$(Q)cp $(@D)/*/*.ko $(@D)/ && touch $@

modules: $(if $(KDIR),$(BUILD)/modules/custom/.built,$(KERNELS:%=$(BUILD)/modules/%/.built)) ## build the kernel modules (KDIR=, or KERNELS="6.1 6.12")

.PHONY: modules
