/* SPDX-License-Identifier: Apache-2.0 */
/* regex: the patterns of `subject` and `header`, by PCRE2 with limits. Immutable after compile, shared by threads. */
#ifndef MW_POLICY_REGEX_H
#define MW_POLICY_REGEX_H

#include <stdbool.h>
#include <stddef.h>

struct mw_regex {
	const char *pattern; /* as written, borrowed */
	bool caseless, extended;
	void *code;	       /* pcre2_code */
	struct mw_regex *next; /* of the plan, to be freed */
};

#define MW_REGEX_TEXT 200 /* room for PCRE2's message */

/* Fills r. -EINVAL: *offset and text (MW_REGEX_TEXT octets) tell what is wrong where; -ENOMEM. */
int mw_regex_compile(struct mw_regex *r, const char *pattern, size_t n, bool caseless, bool extended, size_t *offset, char *text);
/* Could it match the empty text? */
bool mw_regex_matches_empty(const struct mw_regex *);
/* Has it groups that capture? */
bool mw_regex_captures(const struct mw_regex *);
/* 1 matches, 0 does not; -EAGAIN: a limit was reached before it was known; -ENOMEM. Subject: octets, UTF-8 where valid. */
int mw_regex_match(const struct mw_regex *, const char *subject, size_t n);
void mw_regex_free(struct mw_regex *r);

#endif
