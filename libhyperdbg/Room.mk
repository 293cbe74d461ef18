# SPDX-License-Identifier: GPL-2.0-only
# libhyperdbg: everything the terminal can do, as a C library.

LIBHYPERDBG_SOURCES := $(sort $(wildcard libhyperdbg/*.c libhyperdbg/commands/*.c libhyperdbg/connection/*.c \
                                         libhyperdbg/output/*.c))
LIBHYPERDBG_LIBS    := -ljson-c
LIBHYPERDBG_TESTS   := $(wildcard tests/unit/libhyperdbg/*Test.c)

$(eval $(call archive,hyperdbg,$(LIBHYPERDBG_SOURCES)))
# The mock kernel that its tests talk to.
$(eval $(call archive,hyperdbgmock,tests/unit/libhyperdbg/MockKernel.c tests/unit/libhyperdbg/Workbench.c))

UNIT_ARCHIVES += hyperdbg hyperdbgmock
UNIT_TESTS    += $(LIBHYPERDBG_TESTS)
UNIT_LIBS     += $(LIBHYPERDBG_LIBS)
DEPS          += libjson-c-dev
