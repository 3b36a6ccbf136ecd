/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine: one message through the modules and the policy, with no MTA in sight. The daemon (src/host) and milwardctl (src/ctl)
 * run the same engine, so that `explain` tells what the daemon would do.
 *
 *   loader      module files -> descriptors: checks of section 5 of the design; reading a descriptor runs no code of the module
 *   generation  a policy, its modules opened, its rules compiled. Immutable, counted; a reload builds a new one
 *   message     what is known about one message: envelope, fields, octets, parts, facts, findings, verdicts, staged edits
 *   services    struct mw_host, the table that modules call
 *   chain       the stages: see -> classes -> verdict for each recipient -> act
 */
#ifndef MW_ENGINE_ENGINE_H
#define MW_ENGINE_ENGINE_H

#include "engine/generation.h"
#include "engine/loader.h"
#include "engine/message.h"

#endif
