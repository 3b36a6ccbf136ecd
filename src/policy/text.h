/* SPDX-License-Identifier: Apache-2.0 */
/* text: values as the policy would write them. */
#ifndef MW_POLICY_TEXT_H
#define MW_POLICY_TEXT_H

#include "base/buf.h"
#include "match/rule.h"

/* "text" with the escapes of the policy language; NULL gives "". */
void mw_text_quote(const char *text, struct mw_buf *out);
/* "one", "two" */
void mw_text_list(const char *const *v, size_t n, struct mw_buf *out);
/* The name of the word of that value, NULL when there is none. */
const char *mw_word_name(const struct mw_word *words, int64_t value);
/* The value of a row in the struct that it fills. */
void mw_text_value(const struct mw_opt *row, const void *base, struct mw_buf *out);

/* Zones of the bits behind `word`: `in new, quoted`; nothing when there are none. */
void mw_text_zones(uint32_t zones, const char *word, struct mw_buf *out);
/* A condition of a level, as the rule would write it. */
void mw_text_when(const struct mw_rule *, const struct mw_when *, struct mw_buf *out);
/* One `near` entry. */
void mw_text_near(const struct mw_rule *all, const struct mw_rule *, const struct mw_near *, struct mw_buf *out);

#endif
