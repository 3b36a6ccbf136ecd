/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embedded: objects and pictures inside a document become members. Their names are ours ("image-1.png", "object-2.xls") where the
 * document has none. Failures: those of struct out, -ENOMEM.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_EMBEDDED_H
#define PLUGINS_EXTRACT_LEGACY_EMBEDDED_H

#include "codepage.h"
#include "give.h"

/* A picture; type: "image/png" or another. */
int embedded_picture(struct out *, const char *type, struct mw_str data, unsigned number, const char *unread);
/* The native data of an object of this class: the file of a package, or the octets as they are. */
int embedded_object(struct out *, struct codepages *, const char *class_name, struct mw_str data, unsigned number,
		    const char *unread);

#endif
