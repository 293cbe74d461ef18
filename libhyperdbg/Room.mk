# SPDX-License-Identifier: GPL-2.0-only
# libhyperdbg: everything the terminal can do, as a C library.

LIBHYPERDBG_SOURCES := $(sort $(wildcard libhyperdbg/*.c libhyperdbg/commands/*.c libhyperdbg/connection/*.c \
                                         libhyperdbg/output/*.c))
LIBHYPERDBG_LIBS    := -ljson-c

$(eval $(call archive,hyperdbg,$(LIBHYPERDBG_SOURCES)))

DEPS += libjson-c-dev
