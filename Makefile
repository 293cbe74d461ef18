# SPDX-License-Identifier: GPL-2.0-only
# The build of the whole house. Each room brings a Room.mk with its sources and its own rules; this file holds what
# they share. `make help` lists the targets.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/bash

BUILD := build
CACHE ?= $(or $(HYPERDBG_CACHE),$(CURDIR)/.cache)

all: modules tool tests examples ## build everything

# --- user space ------------------------------------------------------------------------------------------------------
# Two flavours of every user-space object: build/user (what is installed) and build/asan (what the unit tests and the
# fuzzers run, with AddressSanitizer and UndefinedBehaviorSanitizer).

CC       ?= gcc
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS := -Iinclude -I. -D_GNU_SOURCE -DPLATFORM_HOSTED
CFLAGS   := -std=gnu11 -O2 -g $(WARNINGS) -fno-strict-aliasing
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

$(BUILD)/user/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -O1 $(SANITIZE) -MMD -MP -c -o $@ $<

# An archive per room: $(call archive,NAME,SOURCES) defines build/{user,asan}/libNAME.a
define archive
$(BUILD)/user/lib$(1).a: $(2:%.c=$(BUILD)/user/%.o)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
$(BUILD)/asan/lib$(1).a: $(2:%.c=$(BUILD)/asan/%.o)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
endef

Q := $(if $(V),,@)

# --- rooms -----------------------------------------------------------------------------------------------------------
# UNIT_TESTS: sources of cmocka programs, one program each (tests/Room.mk builds and runs them)
# UNIT_ARCHIVES: names of the archives that unit tests may link
# DEPS: Debian packages that building needs; TEST_DEPS: what testing, benches and fuzzing need besides. ONE/OTHER: whichever
# of them this release of Debian has.
UNIT_TESTS    :=
UNIT_ARCHIVES :=
DEPS          := gcc make
TEST_DEPS     := libcmocka-dev

-include $(sort $(wildcard */Room.mk))
comma := ,
include platform/Modules.mk
-include $(shell find $(BUILD)/user $(BUILD)/asan -name '*.d' 2>/dev/null)

# --- housekeeping ----------------------------------------------------------------------------------------------------
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(filter Makefile %.mk,$(MAKEFILE_LIST))

clean: ## remove what was built (the cache of kernels and machines stays)
	rm -rf $(BUILD)

format: ## apply .clang-format to all C sources
	clang-format -i $$(git ls-files '*.c' '*.h')

.PHONY: all help clean format
