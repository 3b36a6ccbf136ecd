/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_spf: the whole check, libspf2 and all, over any DNS: the first line of the input is "CLIENT HELO SENDER", what stands behind it is a
 * text file of records (milters/auth/zone.h) as a stranger could have it.
 */
#include "milters/auth/spf.h"
#include "milters/auth/zone.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static struct mw_str take(struct mw_str *s, char end)
{
	const char *p = s->n ? memchr(s->p, end, s->n) : NULL;
	struct mw_str word = {s->p, p ? (size_t)(p - s->p) : s->n};
	size_t used = word.n + (p != NULL);

	*s = (struct mw_str){s->p + used, s->n - used};
	return word;
}

/* What counts the questions: no zone may make this ask without an end. */
struct counter {
	struct mw_resolver zone;
	unsigned questions;
};

static void want(void *ctx, const char *name, unsigned type)
{
	struct counter *c = ctx;

	c->zone.want(c->zone.ctx, name, type);
}

static int get(void *ctx, const char *name, unsigned type, struct mw_records *ret)
{
	struct counter *c = ctx;

	check(++c->questions < 400);
	for (const char *p = name; *p; p++)
		check(*p > ' ' && *p <= '~');
	return c->zone.get(c->zone.ctx, name, type, ret);
}

static void is_line(const char *p, size_t size)
{
	check(memchr(p, '\0', size) != NULL);
	for (; *p; p++)
		check(*p >= ' ' && *p <= '~');
}

static void ask(const struct mw_auth_mail *mail, struct counter *c, enum mw_spf_identity identity)
{
	const struct mw_resolver resolver = {.ctx = c, .want = want, .get = get};
	struct mw_spf_result r;

	c->questions = 0;
	mw_spf_want(mail, &resolver);
	check(mw_spf_check(mail, &resolver, identity, NULL, &r) == 0);
	check(r.word <= MW_AUTH_PERMERROR && r.word != MW_AUTH_POLICY && r.identity == identity);
	check(r.word != MW_AUTH_PASS || r.mechanism[0]);
	check(!r.explanation[0] || r.word == MW_AUTH_FAIL);
	is_line(r.domain, sizeof(r.domain));
	is_line(r.mechanism, sizeof(r.mechanism));
	is_line(r.why, sizeof(r.why));
	is_line(r.explanation, sizeof(r.explanation));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str text = {(const char *)data, size}, line = take(&text, '\n');
	struct mw_auth_mail mail = {.receiver = "mx.example.org", .now = 1};
	struct mw_zonefile *zone = NULL;
	struct counter c = {.questions = 0};
	struct mw_err err;
	const char *at;

	mail.client = take(&line, ' ');
	mail.helo = take(&line, ' ');
	mail.sender = line;
	at = line.n ? memrchr(line.p, '@', line.n) : NULL;
	if (at)
		mail.sender_domain = (struct mw_str){at + 1, line.n - (size_t)(at + 1 - line.p)};
	if (size > 65536 || mw_zonefile_parse(text.p, text.n, &zone, &err))
		return 0;
	c.zone = mw_zonefile_resolver(zone);
	ask(&mail, &c, MW_SPF_MAILFROM);
	ask(&mail, &c, MW_SPF_HELO);
	mw_zonefile_free(&zone);
	return 0;
}
