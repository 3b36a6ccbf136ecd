/* SPDX-License-Identifier: Apache-2.0 */
/* media: what a leaf is, by its label, its content and its file name. Tables only; labels of mail are often wrong. */
#ifndef MW_ENGINE_MEDIA_H
#define MW_ENGINE_MEDIA_H

#include "mail/unwrap.h"
#include <milward/plugin.h>

enum mw_media {
	MW_MEDIA_TEXT = 1,  /* readable as it is */
	MW_MEDIA_HEADER,    /* header fields of another message */
	MW_MEDIA_IMAGE,	    /* pictures of text need other means */
	MW_MEDIA_ENCRYPTED, /* by a means of its own */
	MW_MEDIA_MBOX,	    /* mails, one after the other */
	MW_MEDIA_MAC,	    /* a file with its two forks, as a Macintosh wraps it */
	MW_MEDIA_SIGNATURE, /* or a public key: no text of the sender's, if it is what it says */
	MW_MEDIA_OTHER,	    /* needs an extractor */
};

/* type: lower case. */
enum mw_media mw_media_kind(const char *type);
/* The type that a leaf is read as: its label, unless that says nothing or the content contradicts a label of plain text. name:
 * the file name, "" when none. Returns a static string or `type`. */
const char *mw_media_type(const char *type, const char *name, struct mw_str content);
/* Is this really a detached signature or a public key, and not a text that hides behind the label? */
bool mw_media_is_signature(struct mw_str content);
/* Do the octets look like a text, whatever they are said to be? Nothing that begins like a format that is known does. */
bool mw_media_is_text(struct mw_str);
/* How the lines of such a text are broken. */
enum mw_wrap mw_media_wrap(const char *type);
/* "text/html" against "text/html" or "text/x-*". */
bool mw_media_matches(const char *pattern, const char *type);

#endif
