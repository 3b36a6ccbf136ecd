/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFFICE_ODFTEXT_H
#define OFFICE_ODFTEXT_H

#include "office.h"

/* The text of a part; NO_ENTRY: of the document, which is no package. Sheets become sections. */
int odftext_read(struct office *, size_t entry, bool unseen);

#endif
