# SPDX-License-Identifier: GPL-2.0-only OR MIT
# demo - the show: Debian's kernel goes on under the VMM, in an emulated machine, and comes back.

DEMO_PROBE := $(BUILD)/user/demo-objects/probe

demo: ## see it work, in an emulated machine (INTERACTIVE=1: with a prompt afterwards)
	$(Q)demo/run $(if $(INTERACTIVE),--interactive)

# What the show needs; demo/run calls it.
demo-build: $(BUILD)/modules/6.1/.built $(BUILD)/user/hyperdbg $(DEMO_PROBE)

$(DEMO_PROBE): demo/probe.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $<

.PHONY: demo demo-build
