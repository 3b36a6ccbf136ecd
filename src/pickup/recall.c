/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/recall.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

/* One Message-ID and nothing else. */
static bool take_id(const struct mw_header *h, const char *name, char ret[MW_PICKUP_MESSAGE_ID])
{
	const struct mw_field *f = mw_header_find(h, name, NULL);
	struct mw_str id = f ? mw_str_trim(f->value) : (struct mw_str){0};

	if (id.n < 3 || id.n >= MW_PICKUP_MESSAGE_ID || id.p[0] != '<' || id.p[id.n - 1] != '>')
		return false;
	for (size_t i = 1; i + 1 < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~' || id.p[i] == '<' || id.p[i] == '>')
			return false;
	memcpy(ret, id.p, id.n);
	ret[id.n] = '\0';
	return true;
}

static bool says_recall(struct mw_arena *a, const struct mw_header *h)
{
	static const char word[] = "[recall]";
	const struct mw_field *f = mw_header_find(h, "Subject", NULL);
	const char *text = f ? mw_header_decode(a, f->value) : NULL;
	struct mw_str s = mw_str_trim(mw_str(text));

	if (s.n < sizeof(word) - 1)
		return false;
	s.n = sizeof(word) - 1;
	return mw_str_caseeq(s, word);
}

void mw_recall_find(struct mw_arena *a, const struct mw_header *h, char ret[MW_PICKUP_MESSAGE_ID])
{
	ret[0] = '\0';
	if (!take_id(h, "Supersedes", ret) && says_recall(a, h))
		(void)take_id(h, "In-Reply-To", ret);
}

struct recall {
	struct portal *portal;
	int64_t now;
	struct mw_err *err;
};

static int recall_one(void *ctx, const struct mw_pickup_row *row)
{
	struct recall *c = ctx;
	int r;

	if (row->ended)
		return 0;
	r = mw_pickup_end(c->portal->store, row->id, MW_PICKUP_RECALLED, "by its sender",
			  c->portal->conf->receipts ? MW_MAIL_RECALLED : MW_MAIL_NONE, c->now, NULL, c->err);
	return r < 0 && r != -ENOENT ? r : 0;
}

int mw_recall_do(struct portal *p, const struct mw_custody_work *work, const char *message_id, struct mw_err *err)
{
	struct mw_pickup_filter f = {.sender = work->sender, .recipient = work->recipient, .origin = message_id};
	struct recall c = {.portal = p, .now = work->now, .err = err};

	/* Nobody is behind the null sender. */
	if (!p->conf->recall || message_id[0] != '<' || !*work->sender)
		return 0;
	return mw_pickup_each(p->store, &f, recall_one, &c, err);
}
