/* SPDX-License-Identifier: Apache-2.0 */
/* content: the message that a session is of, as its crate has it. */
#ifndef MW_PORTAL_CONTENT_H
#define MW_PORTAL_CONTENT_H

#include "pickup/crate.h"
#include "pickup/manifest.h"
#include "portal/request.h"

#define MW_CONTENT_TEXT ((size_t)1 << 20) /* octets of a text that are shown; the rest is in the original */
#define MW_CONTENT_HTML ((size_t)8 << 20) /* octets of a larger HTML are not read at all */
#define MW_CONTENT_SIZE 24u		  /* text of a size, with the terminator */

struct mw_content_file {
	uint32_t object;
	const char *name; /* safe, and no other file's */
	const char *type;
	uint64_t size;
};

struct mw_content {
	struct mw_crate *crate;
	struct mw_manifest manifest; /* in the request's arena */
	bool html;		     /* it has one, and that is shown */
	bool cut;		     /* there is more text than is shown */
	/* What can be saved: attachments, pictures that no HTML shows, the original when there is more to it than is listed. */
	size_t files;
	struct mw_content_file *file;
};

/* False: an answer was made that says why not. */
bool mw_content_open(struct mw_request *, struct mw_content *);
/* Leaves the crate to who took it (set it NULL). */
void mw_content_close(struct mw_content *);
/* An object of it as text, at most max octets of it, in the arena. NULL: an answer was made. */
const char *mw_content_text(struct mw_request *, const struct mw_content *, uint32_t object, size_t max, size_t *n);
/* "245 KB" */
void mw_content_size(uint64_t octets, char ret[MW_CONTENT_SIZE]);
/* Is that a kind of picture that browsers show and that holds no program? */
bool mw_content_is_picture(const char *type);
/* Somebody has a file of it, which is written down. Who took that without looking at the page has read, too. detail NULL: a picture that the page
 * shows. False: it could not be written, an answer was made. */
bool mw_content_fetched(struct mw_request *, const char *detail);
/* The mail that its sender gets when somebody has read it. */
enum mw_pickup_mail mw_content_receipt(const struct mw_request *);
/* What becomes of it could not be written down, so it is not shown: an answer in place of the one that was made. */
void mw_content_refuse(struct mw_request *, const unsigned char id[MW_PICKUP_ID], int why, const struct mw_err *);

#endif
