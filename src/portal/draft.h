/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft: an answer while it comes from the browser. What was typed is in memory; files go into a crate (pickup/crate.h) without a name in
 * the store's folder, under a key that nobody else ever has and that is gone with the draft.
 */
#ifndef MW_PORTAL_DRAFT_H
#define MW_PORTAL_DRAFT_H

#include "pickup/crate.h"
#include "portal/request.h"

#define MW_DRAFT_FILES 50u
#define MW_DRAFT_TEXT (256u * 1024u) /* octets of what was typed */
#define MW_DRAFT_NAME 256u	     /* octets of a file's name, and of its type */

struct mw_draft_file {
	uint32_t object;
	uint64_t size;
	char name[MW_DRAFT_NAME], type[MW_DRAFT_NAME]; /* safe (portal/filename.h); "type/subtype" */
};

struct mw_draft;

/* Of the route (portal/routes.h). Who has no session is read all the same, without his files: his text is given back to him. */
extern const struct mw_upload mw_draft_upload;

struct mw_str mw_draft_text(struct mw_draft *); /* UTF-8 with LF at line ends */
struct mw_str mw_draft_csrf(const struct mw_draft *);
struct mw_str mw_draft_once(const struct mw_draft *); /* names the form; "" = a template that has no such field */
/* All of it was there, and was a form. */
bool mw_draft_complete(const struct mw_draft *);
/* There were more or larger files than a site takes: what is here of them is of no use. */
bool mw_draft_large(const struct mw_draft *);
/* The same for files that could not be kept. */
bool mw_draft_failed(const struct mw_draft *);
size_t mw_draft_files(const struct mw_draft *);
const struct mw_draft_file *mw_draft_file(const struct mw_draft *, size_t i);
/* The crate of the files, to read them. Call it once, when all is there. */
int mw_draft_open(struct mw_draft *, struct mw_crate **ret, struct mw_err *);

#endif
