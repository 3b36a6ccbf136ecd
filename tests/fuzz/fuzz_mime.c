/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_mime: any octets as a message. The first octet chooses the limits. Every octet is in a leaf, or in something that looks
 * like fields, an empty line or a line that begins with "--": no content is left out. Where readers differ, the policy is told.
 */
#include "mail/mime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mail/header.h"
#include "mail/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_gap(struct mw_str gap)
{
	struct mw_field f;

	while (gap.n) {
		const char *lf, *before;

		mw_header_skip_mbox(&gap); /* also where a message inside begins */
		before = gap.p;
		if (gap.n == 0 || mw_header_next(&gap, &f) || gap.p > before)
			continue;
		lf = memchr(gap.p, '\n', gap.n);
		if ((gap.n < 2 || memcmp(gap.p, "--", 2) != 0) &&
		    mw_str_trim((struct mw_str){.p = gap.p, .n = lf ? (size_t)(lf - gap.p) : gap.n}).n)
			abort();
		gap.n -= lf ? (size_t)(lf - gap.p) + 1 : gap.n;
		gap.p = lf ? lf + 1 : gap.p;
	}
}

/* Leaves stand in the order of the message. A message that was decoded as a whole is not looked for where it stood. */
static void check_tree(const struct mw_tree *t, struct mw_str message)
{
	const char *at = message.p;

	for (size_t i = 0; i < t->n; i++)
		if (t->leaf[i].data.p < message.p || t->leaf[i].data.p > message.p + message.n)
			return;
	for (size_t i = 0; i < t->n; i++) {
		struct mw_str data = t->leaf[i].data;

		if (data.p < at)
			continue;
		check_gap((struct mw_str){.p = at, .n = (size_t)(data.p - at)});
		at = data.p + data.n;
	}
	check_gap((struct mw_str){.p = at, .n = (size_t)(message.p + message.n - at)});
}

static void check_cover(struct mw_arena *a, struct mw_str message, const struct mw_limits *limits)
{
	struct mw_forest forest = {.arena = a, .limits = limits};
	struct mw_tree tree = {0};
	int rc;

	mw_header_skip_mbox(&message);
	rc = mw_walk(&forest, message, (struct mw_reading){.loose = false}, "", &tree);
	if (rc == 0)
		check_tree(&tree, message);
	else if (rc != -EFBIG)
		abort();
	for (struct mw_made *made = forest.made; made; made = made->next)
		mw_buf_free(&made->octets);
}

/* What another reading found is never there without a word to the policy. */
static void check_told(const struct mw_mime *m)
{
	bool other = false, told = false;

	for (size_t i = 0; i < mw_mime_leaves(m); i++) {
		const struct mw_leaf *l = mw_mime_leaf(m, i);

		other = other || strchr(l->path, '/');
		told = told || l->unread;
	}
	if (other && !told)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_limits limits = mw_limits_default();
	struct mw_str message = {.p = (const char *)data + (size > 0), .n = size - (size > 0)};
	bool breach[MW_LIMITS] = {false};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf out = MW_BUF_INIT;
	struct mw_mime *m = NULL;

	mw_mime_init();
	if (size && data[0] & 1) {
		limits.max[MW_LIMIT_PARTS] = 5;
		limits.max[MW_LIMIT_DEPTH] = 3;
	}
	if (!a || mw_mime_parse(a, message, &limits, breach, &m, NULL) < 0)
		abort();
	if (mw_mime_leaves(m) == 0 || mw_mime_leaves(m) > 4 * limits.max[MW_LIMIT_PARTS] + 6)
		abort();
	check_told(m);
	for (size_t i = 0; i < mw_mime_leaves(m); i++)
		if (mw_mime_decode(m, i, size * 8 + 64, &out) < 0)
			abort();
	check_cover(a, message, &limits);
	mw_buf_free(&out);
	mw_mime_free(&m);
	mw_arena_free(&a);
	return 0;
}
