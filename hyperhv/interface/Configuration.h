/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration.h - arming and disarming exits while the guest runs, counted per user.
 *
 * The Configure* functions themselves are exports: SDK/imports/VmmImports.h tells their contracts.
 */
#ifndef HYPERHV_INTERFACE_CONFIGURATION_H
#define HYPERHV_INTERFACE_CONFIGURATION_H

#include "SDK/BasicTypes.h"

/* Process context, the cores' states allocated. FALSE: no memory. */
BOOLEAN ConfigurationInitialize(VOID);
VOID ConfigurationUninitialize(VOID);

/* Process context, on any core. CoreId has just been virtualized: gives it what is armed on all cores or on
 * it.
 */
VOID ConfigurationApplyToCore(UINT32 CoreId);

#endif
