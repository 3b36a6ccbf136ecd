/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/dnsmap.h"

#include "base/str.h"
#include "lookup/base64.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct asked {
	struct asked *prev, *next;
	struct mw_dnsmap *map;
	struct mw_dns_query *query;
	mw_answer_done *done;
	void *ctx;
};

struct mw_dnsmap {
	struct mw_dns *dns;
	struct asked *first;
};

int mw_dnsmap_new(struct mw_dns *dns, struct mw_dnsmap **ret, struct mw_err *err)
{
	struct mw_dnsmap *m = calloc(1, sizeof(*m));

	if (!m)
		return mw_fail_memory(err);
	m->dns = dns;
	*ret = m;
	return 0;
}

static void say(mw_answer_done *done, void *ctx, enum mw_answer_kind kind, const char *words)
{
	done(ctx, &(struct mw_answer){.kind = kind, .text = mw_str(words)});
}

static void asked_free(struct asked *a)
{
	*(a->prev ? &a->prev->next : &a->map->first) = a->next;
	if (a->next)
		a->next->prev = a->prev;
	free(a);
}

void mw_dnsmap_free(struct mw_dnsmap **mp)
{
	struct mw_dnsmap *m = *mp;

	if (!m)
		return;
	*mp = NULL;
	while (m->first) {
		struct asked *a = m->first;

		mw_dns_cancel(a->query);
		say(a->done, a->ctx, MW_ANSWER_TEMP, "failed: milward-lookup ends");
		asked_free(a);
	}
	free(m);
}

/* ---- words -------------------------------------------------------------------------------------------------------------------- */
/* What checks of mail ask for. Names in the data of these are not compressed any more. */
static const struct {
	const char *word;
	unsigned type;
} types[] = {{"A", MW_DNS_A},	{"AAAA", MW_DNS_AAAA}, {"CNAME", MW_DNS_CNAME}, {"MX", MW_DNS_MX},
	     {"NS", MW_DNS_NS}, {"PTR", MW_DNS_PTR},   {"TLSA", MW_DNS_TLSA},	{"TXT", MW_DNS_TXT}};

int mw_dnsmap_read(struct mw_str key, unsigned *type, char name[MW_DNS_TEXT_MAX], struct mw_err *err)
{
	const char *blank = key.n ? memchr(key.p, ' ', key.n) : NULL;
	struct mw_str word = {.p = key.p, .n = blank ? (size_t)(blank - key.p) : key.n};
	struct mw_str rest = mw_str_behind(key, blank ? word.n + 1 : key.n);

	if (rest.n >= MW_DNS_TEXT_MAX || !mw_dns_is_name(rest))
		return mw_fail(err, -EINVAL, "no \"TYPE NAME\"");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!mw_str_eq(word, types[i].word))
			continue;
		*type = types[i].type;
		memcpy(name, rest.p, rest.n);
		name[rest.n] = '\0';
		return 0;
	}
	return mw_fail(err, -EINVAL, "that type is not asked for");
}

static void add_packet(const struct mw_dns_answer *a, struct mw_buf *b)
{
	mw_buf_printf(b, "%s %u %lu %s", a->secure ? "secure" : "insecure", a->packet.rcode, (unsigned long)a->packet.ttl,
		      a->packet.name[0] ? a->packet.name : ".");
	for (size_t i = 0; i < a->packet.n && b->n <= MW_DNSMAP_ANSWER_MAX; i++) {
		mw_buf_putc(b, ' ');
		mw_base64_add(b, a->packet.record[i]);
	}
}

void mw_dnsmap_words(const struct mw_dns_answer *a, struct mw_buf *b, struct mw_answer *ret)
{
	*ret = (struct mw_answer){.kind = MW_ANSWER_TEMP};
	mw_buf_clear(b);
	switch (a->status) {
	case MW_DNS_ANSWER:
		add_packet(a, b);
		if (b->n > MW_DNSMAP_ANSWER_MAX) {
			mw_buf_clear(b);
			mw_buf_puts(b, "failed: the answer of DNS is too large");
			break;
		}
		ret->kind = MW_ANSWER_OK;
		break;
	case MW_DNS_BOGUS:
		ret->kind = MW_ANSWER_OK;
		mw_buf_puts(b, "bogus 0 0 .");
		break;
	case MW_DNS_TIMEOUT:
		mw_buf_printf(b, "timeout: %s", a->why);
		break;
	case MW_DNS_FAILED:
		mw_buf_printf(b, "failed: %s", a->why);
		break;
	}
	if (!mw_buf_ok(b))
		*ret = (struct mw_answer){.kind = MW_ANSWER_TEMP, .text = MW_STR_LIT("failed: no memory")};
	else
		ret->text = (struct mw_str){.p = mw_buf_text(b), .n = b->n};
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------- */
static void on_answer(void *ctx, const struct mw_dns_answer *found)
{
	struct asked *a = ctx;
	struct mw_buf text = MW_BUF_INIT;
	mw_answer_done *done = a->done;
	void *done_ctx = a->ctx;
	struct mw_answer answer;

	asked_free(a); /* the query ends with this call */
	mw_dnsmap_words(found, &text, &answer);
	done(done_ctx, &answer);
	mw_buf_free(&text);
}

void mw_dnsmap_ask(void *map, struct mw_str key, mw_answer_done *done, void *ctx)
{
	struct mw_dnsmap *m = map;
	char name[MW_DNS_TEXT_MAX];
	struct asked *a;
	struct mw_err err;
	unsigned type;

	if (mw_dnsmap_read(key, &type, name, &err)) {
		say(done, ctx, MW_ANSWER_PERM, err.text);
		return;
	}
	a = calloc(1, sizeof(*a));
	if (!a) {
		say(done, ctx, MW_ANSWER_TEMP, "failed: no memory");
		return;
	}
	*a = (struct asked){.map = m, .next = m->first, .done = done, .ctx = ctx};
	if (m->first)
		m->first->prev = a;
	m->first = a;
	if (mw_dns_ask_any(m->dns, name, type, on_answer, a, &a->query, &err)) {
		asked_free(a);
		say(done, ctx, MW_ANSWER_TEMP, "failed: milward-lookup has too many questions");
	}
}
