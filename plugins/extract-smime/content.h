/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content: what a CMS value holds, as it stands or unpacked, piece by piece, so that the sink alone bounds it. Borrows the octets.
 */
#ifndef EXTRACT_SMIME_CONTENT_H
#define EXTRACT_SMIME_CONTENT_H

#include <milward/plugin.h>

struct content {
	struct mw_str data;
	bool packed; /* zlib (RFC 3274) */
};

typedef int content_fn(void *ctx, const char *p, size_t n);

/* Gives fn all of it. 0; what fn returned, when that is not 0; -EBADMSG at an end that comes too early, octets behind it or other
 * damage, behind what could be had; -ENOMEM. */
int content_read(const struct content *, content_fn *fn, void *ctx);

/* What a program that opens it would take it for. */
enum content_kind {
	CONTENT_FILE,
	CONTENT_MAIL,	/* a MIME entity */
	CONTENT_EITHER, /* fields, or white space, in front, but none of MIME */
};
/* By its first octets. */
enum content_kind content_kind(const struct content *);

#endif
