/* SPDX-License-Identifier: Apache-2.0 */
/*
 * told: text that a picture carries beside its pixels: comments, text chunks of PNG, and strings of Exif, XMP and IPTC. A line each.
 */
#ifndef PLUGINS_EXTRACT_IMAGE_TOLD_H
#define PLUGINS_EXTRACT_IMAGE_TOLD_H

#include "picture.h"

struct told {
	const struct mw_host *host;
	struct mw_sink *sink;
	bool begun; /* the sink knows that what follows is hidden */
	size_t n;   /* octets so far */
};

/* All of it, at most 1 MiB, as hidden text. 0 or a failure of the sink. */
int told_read(const struct picture *, struct told *);

#endif
