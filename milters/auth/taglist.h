/* SPDX-License-Identifier: Apache-2.0 */
/*
 * taglist: `name=value; name=value` of RFC 6376 3.2, as it stands in DKIM-Signature, in the fields of ARC and in key records; and the
 * base64 in it. Pure over (pointer, length): what is found points into the text, which the caller keeps.
 */
#ifndef MW_AUTH_TAGLIST_H
#define MW_AUTH_TAGLIST_H

#include <milward/plugin.h>

#define MW_TAGS_MAX 48u

struct mw_tag {
	struct mw_str name;
	struct mw_str value; /* without white space at its ends; folds inside are kept */
};

struct mw_taglist {
	size_t n;
	struct mw_tag tag[MW_TAGS_MAX];
};

/* 0, or -EBADMSG and *why is a fixed text: no tag list, a tag that is there twice, or more than MW_TAGS_MAX. */
int mw_taglist_parse(struct mw_str text, struct mw_taglist *ret, const char **why);
/* Names are case sensitive. NULL = is not there. */
const struct mw_str *mw_taglist_get(const struct mw_taglist *, const char *name);
/* Is the value this word? Case counts. */
bool mw_tag_is(const struct mw_str *value, const char *word);
/* A member of a list with colons between, without white space around it; moves *rest behind it. False at the end of the list. */
bool mw_tag_member(struct mw_str *rest, struct mw_str *ret);
/* Digits alone, no more than 15. */
bool mw_tag_number(const struct mw_str *value, uint64_t *ret);
/* Base64 with white space anywhere: how many octets were written; -EBADMSG: it is none; -EFBIG: there is no room. */
ptrdiff_t mw_tag_base64(struct mw_str value, unsigned char *to, size_t room);

#endif
