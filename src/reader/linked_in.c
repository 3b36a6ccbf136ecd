/* SPDX-License-Identifier: Apache-2.0 */
/* linked_in: of the modules that configure was told to link in, the extractors: static_extractors.inc. */
#include "engine/linked_in.h"

#include <stddef.h>

#define MW_STATIC_MODULE(id) extern const struct mw_plugin mw_plugin_##id;
#include "static_extractors.inc"
#undef MW_STATIC_MODULE

const struct mw_plugin *const mw_linked_in[] = {
#define MW_STATIC_MODULE(id) &mw_plugin_##id,
#include "static_extractors.inc"
#undef MW_STATIC_MODULE
    NULL,
};
