/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MW_ENGINE_LINKED_IN_H
#define MW_ENGINE_LINKED_IN_H

#include <milward/plugin.h>

/* Descriptors of the linked-in modules; NULL ends. The tests of the engine bring a table of their own. */
extern const struct mw_plugin *const mw_linked_in[];

#endif
