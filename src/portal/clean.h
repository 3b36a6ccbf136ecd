/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clean: HTML of a stranger, made fit to be shown (ADR 44). What comes out is written anew from the tags and texts that were read, and only
 * from the allow list of html_element.c: no script, no event, no form, no frame, no style sheet, nothing of SVG and MathML, nothing that
 * the browser would load but pictures of the message; all elements closed in order, all values in double quotes, valid UTF-8. Cleaning it
 * once more changes nothing. Pure over (pointer, length); time and memory are linear in the input.
 */
#ifndef MW_PORTAL_CLEAN_H
#define MW_PORTAL_CLEAN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define MW_CLEAN_DEPTH 128u /* elements within elements; further ones lose their tags, not what they hold */

struct mw_clean_site {
	/* Appends the address of the picture with this Content-ID; false: the message has none. */
	bool (*picture)(void *ctx, struct mw_str cid, struct mw_buf *url);
	void *ctx;
	size_t max; /* octets of what comes out at which the end is left out; less than SIZE_MAX / 2 */
};

struct mw_clean_found {
	size_t pictures; /* from elsewhere, which are not shown */
	size_t others;	 /* frames, sounds, programs from elsewhere */
	bool cut;	 /* the end is missing */
};

/* Appends a piece of HTML for within <body>. html: as it stands in the message, in UTF-8. 0, -ENOMEM. */
int mw_clean_html(struct mw_str html, const struct mw_clean_site *, struct mw_buf *out, struct mw_clean_found *ret,
		  struct mw_err *);

#endif
