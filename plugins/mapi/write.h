/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write: a message of MAPI properties into the sink. The module that knows where the properties are goes over all of them once for
 * each phase, and gives every value to mapi_property(): so the order of text in the sink is that of a mail, and nothing is kept
 * but a few short values.
 */
#ifndef PLUGINS_MAPI_WRITE_H
#define PLUGINS_MAPI_WRITE_H

#include "prop.h"

/* In this order. */
enum mapi_phase {
	MAPI_SCAN,   /* what must be known before: character sets, the class of the message */
	MAPI_SEEN,   /* lines "Label: value" */
	MAPI_HIDDEN, /* all other text */
	MAPI_FILES,  /* bodies as members */
};

#define MAPI_KEPT 128u
#define MAPI_FOLDER_MAX 256u /* octets of a folder's name, with NUL */

struct mapi_work {
	const struct mw_host *host;
	struct mw_sink *sink;
	const char *folder;	  /* shorter than MAPI_FOLDER_MAX; in front of the names of members: "" or "message 1/" */
	const char *charset;	  /* of MAPI_STRING8; "" = not known */
	const char *html_charset; /* of MAPI_HTML as octets */
	enum mapi_phase phase;
	enum mapi_scope scope; /* of the last line */
	bool text;	       /* the section has text */
	bool hidden;	       /* what comes now is hidden */
	bool damaged;	       /* something was not as it should be */
	bool smime;	       /* the message is S/MIME in one attachment */
	size_t kept;
	struct mapi_kept {
		const char *label; /* borrowed: compared as a pointer */
		char *p;
		size_t n;
	} value[MAPI_KEPT]; /* short values that are in the section: once is enough */
};

/* A new message, in the section that the sink is in. charset: of an enclosing message, or "". */
void mapi_begin(struct mapi_work *, const struct mw_host *, struct mw_sink *, const char *folder, const char *charset);
void mapi_end(struct mapi_work *);

/* Does the phase need the octets of this value? value.n must be known. */
bool mapi_wants(const struct mapi_work *, enum mapi_scope, const struct mapi_prop *);
/* One value, in the phase of the work. What the sink returned. */
int mapi_property(struct mapi_work *, enum mapi_scope, const struct mapi_prop *);

#endif
