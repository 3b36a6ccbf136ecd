/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "policy/regex.h"

#include <errno.h>
#include <pcre2.h>

/* A header field is short: a pattern that needs more than this for it is out of hand. */
#define MATCH_LIMIT 200000u
#define DEPTH_LIMIT 5000u
#define HEAP_LIMIT 4096u /* kibibytes */

int mw_regex_compile(struct mw_regex *r, const char *pattern, size_t n, bool caseless, bool extended, size_t *offset, char *text)
{
	uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	pcre2_code *code;
	PCRE2_SIZE at = 0;
	int error = 0;

	flags |= (caseless ? PCRE2_CASELESS : 0) | (extended ? PCRE2_EXTENDED : 0);
	code = pcre2_compile((PCRE2_SPTR)pattern, n, flags, &error, &at, NULL);
	if (!code) {
		if (error == PCRE2_ERROR_HEAP_FAILED)
			return -ENOMEM;
		*offset = at;
		if (pcre2_get_error_message(error, (PCRE2_UCHAR *)text, MW_REGEX_TEXT) < 0)
			text[MW_REGEX_TEXT - 1] = '\0';
		return -EINVAL;
	}
	*r = (struct mw_regex){.pattern = pattern, .caseless = caseless, .extended = extended, .code = code};
	return 0;
}

bool mw_regex_matches_empty(const struct mw_regex *r)
{
	uint32_t empty = 0;

	return pcre2_pattern_info(r->code, PCRE2_INFO_MATCHEMPTY, &empty) == 0 && empty != 0;
}

bool mw_regex_captures(const struct mw_regex *r)
{
	uint32_t groups = 0;

	return pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &groups) == 0 && groups != 0;
}

static int match(const struct mw_regex *r, const char *subject, size_t n, pcre2_match_data *data, pcre2_match_context *limits)
{
	int result;

	(void)pcre2_set_match_limit(limits, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(limits, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(limits, HEAP_LIMIT);
	result = pcre2_match(r->code, (PCRE2_SPTR)subject, n, 0, 0, data, limits);
	if (result >= 0)
		return 1;
	if (result == PCRE2_ERROR_NOMATCH)
		return 0;
	return result == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EAGAIN;
}

int mw_regex_match(const struct mw_regex *r, const char *subject, size_t n)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	int result = data && limits ? match(r, subject, n, data, limits) : -ENOMEM;

	pcre2_match_context_free(limits);
	pcre2_match_data_free(data);
	return result;
}

void mw_regex_free(struct mw_regex *r)
{
	pcre2_code_free(r->code);
	r->code = NULL;
}
