/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/socketmap.h"

#include "base/str.h"

#include <string.h>

#define DIGITS 5u /* of the largest length */

/* The length and its colon. A zero stands in front of no other digit. */
static enum mw_take take_length(const char *p, size_t n, size_t *length, size_t *at)
{
	size_t v = 0, i = 0;

	while (i < n && i < DIGITS && p[i] >= '0' && p[i] <= '9')
		v = v * 10 + (size_t)(p[i++] - '0');
	if (v > MW_SOCKETMAP_MAX || (i > 1 && p[0] == '0'))
		return MW_TAKE_BAD;
	if (i == n)
		return MW_TAKE_MORE;
	if (i == 0 || p[i] != ':')
		return MW_TAKE_BAD;
	*length = v;
	*at = i + 1;
	return MW_TAKE_ONE;
}

enum mw_take mw_socketmap_take(const char *p, size_t n, struct mw_request *ret, size_t *used)
{
	size_t length = 0, at = 0;
	enum mw_take take = take_length(p, n, &length, &at);
	const char *space;

	if (take != MW_TAKE_ONE)
		return take;
	if (n - at < length + 1)
		return MW_TAKE_MORE;
	if (p[at + length] != ',')
		return MW_TAKE_BAD;
	*used = at + length + 1;
	*ret = (struct mw_request){.map = {.p = p + at, .n = length}, .key = {.p = "", .n = 0}};
	space = memchr(p + at, ' ', length);
	if (space) {
		ret->map.n = (size_t)(space - ret->map.p);
		ret->key = mw_str_behind((struct mw_str){.p = p + at, .n = length}, ret->map.n + 1);
	}
	return MW_TAKE_ONE;
}

void mw_socketmap_reply(struct mw_buf *b, const struct mw_answer *a)
{
	static const char *const words[] = {
	    [MW_ANSWER_OK] = "OK ", [MW_ANSWER_NOTFOUND] = "NOTFOUND ", [MW_ANSWER_TEMP] = "TEMP ", [MW_ANSWER_PERM] = "PERM "};
	const char *word = words[a->kind];
	size_t n = a->kind == MW_ANSWER_NOTFOUND ? 0 : a->text.n, start;

	mw_buf_printf(b, "%zu:%s", strlen(word) + n, word);
	start = b->n;
	mw_buf_add(b, a->text.p, n);
	mw_buf_putc(b, ',');
	for (size_t i = 0; mw_buf_ok(b) && i < n; i++)
		if (b->p[start + i] < 0x20 || b->p[start + i] > 0x7e)
			b->p[start + i] = '?';
}
