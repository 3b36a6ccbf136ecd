/* SPDX-License-Identifier: Apache-2.0 */
/* label: what a reader of mail calls a property. */
#ifndef PLUGINS_MAPI_LABEL_H
#define PLUGINS_MAPI_LABEL_H

#include "prop.h"

/* Static text; NULL when nobody sees the property. */
const char *mapi_label(enum mapi_scope, const struct mapi_prop *);
/* Is it a field that a user or a form has named? A reader sees it by its own name. */
bool mapi_is_user_field(const struct mapi_prop *);

#endif
