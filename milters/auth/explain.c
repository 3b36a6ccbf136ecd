/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include "dnsname.h"
#include "results.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEEN_MOST 200u /* records of a check that are shown */

/* An answer that the check in work got. */
struct seen {
	char name[MW_RESOLVER_NAME_MAX];
	unsigned type;
	struct mw_records records;
};

struct mw_explain {
	const struct mw_resolver *dns;
	bool json, colour, some;
	struct mw_spf_steps spf;
	struct mw_text steps; /* of the SPF check in work */
	size_t seen;
	struct seen *v;
	struct mw_text out;
};

/* ---- the resolver ----------------------------------------------------------------------------------------------------------- */

static void explain_want(void *ctx, const char *name, unsigned type)
{
	const struct mw_explain *e = ctx;

	e->dns->want(e->dns->ctx, name, type);
}

static void note(struct mw_explain *e, const char *name, unsigned type, const struct mw_records *records)
{
	for (size_t i = 0; i < e->seen; i++)
		if (e->v[i].type == type && strcasecmp(e->v[i].name, name) == 0)
			return;
	if (e->seen == SEEN_MOST)
		return;
	(void)snprintf(e->v[e->seen].name, sizeof(e->v[e->seen].name), "%s", name);
	e->v[e->seen].type = type;
	e->v[e->seen++].records = *records;
}

static int explain_get(void *ctx, const char *name, unsigned type, struct mw_records *ret)
{
	struct mw_explain *e = ctx;
	int r = e->dns->get(e->dns->ctx, name, type, ret);

	if (r == 0)
		note(e, name, type, ret);
	return r;
}

struct mw_explain *mw_explain_new(const struct mw_resolver *dns, bool json, bool colour)
{
	struct mw_explain *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->v = calloc(SEEN_MOST, sizeof(*e->v));
	if (!e->v) {
		free(e);
		return NULL;
	}
	e->dns = dns;
	e->json = json;
	e->colour = colour;
	return e;
}

void mw_explain_free(struct mw_explain *e)
{
	if (!e)
		return;
	mw_text_free(&e->out);
	mw_text_free(&e->steps);
	free(e->v);
	free(e);
}

struct mw_resolver mw_explain_resolver(struct mw_explain *e)
{
	return (struct mw_resolver){.ctx = e, .want = explain_want, .get = explain_get};
}

const struct mw_text *mw_explain_text(const struct mw_explain *e)
{
	return &e->out;
}

/* ---- records ---------------------------------------------------------------------------------------------------------------- */

static void put_safe(struct mw_text *t, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= ' ' && p[i] <= '~' && p[i] != '\\')
			mw_text_putn(t, p + i, 1);
		else
			mw_text_printf(t, "\\%03u", (unsigned)(unsigned char)p[i]);
}

static void put_hex(struct mw_text *t, struct mw_str d)
{
	mw_text_printf(t, "\\# %zu ", d.n);
	for (size_t i = 0; i < d.n; i++)
		mw_text_printf(t, "%02x", (unsigned)(unsigned char)d.p[i]);
}

static void put_strings(struct mw_text *t, struct mw_str d)
{
	for (size_t i = 0; i < d.n;) {
		size_t n = (unsigned char)d.p[i++];

		n = n < d.n - i ? n : d.n - i;
		put_safe(t, d.p + i, n);
		i += n;
	}
}

static bool put_name(struct mw_text *t, struct mw_str d)
{
	char name[MW_RESOLVER_NAME_MAX];

	if (mw_dnsname_length((const uint8_t *)d.p, d.n) != d.n || d.n == 0)
		return false;
	(void)mw_dnsname_text((const uint8_t *)d.p, name);
	mw_text_put(t, *name ? name : ".");
	return true;
}

static void put_record(struct mw_text *t, unsigned type, struct mw_str d)
{
	char address[INET6_ADDRSTRLEN];

	if (type == MW_RR_TXT)
		put_strings(t, d);
	else if (type == MW_RR_A && d.n == 4 && inet_ntop(AF_INET, d.p, address, sizeof(address)))
		mw_text_put(t, address);
	else if (type == MW_RR_AAAA && d.n == 16 && inet_ntop(AF_INET6, d.p, address, sizeof(address)))
		mw_text_put(t, address);
	else if (type == MW_RR_MX && d.n > 2) {
		mw_text_printf(t, "%u ", (unsigned)(unsigned char)d.p[0] << 8 | (unsigned)(unsigned char)d.p[1]);
		if (!put_name(t, (struct mw_str){.p = d.p + 2, .n = d.n - 2}))
			put_hex(t, d);
	} else if ((type != MW_RR_PTR && type != MW_RR_CNAME && type != MW_RR_NS) || !put_name(t, d))
		put_hex(t, d);
}

static const char *type_name(unsigned type, char room[16])
{
	switch (type) {
	case MW_RR_A:
		return "A";
	case MW_RR_AAAA:
		return "AAAA";
	case MW_RR_MX:
		return "MX";
	case MW_RR_NS:
		return "NS";
	case MW_RR_PTR:
		return "PTR";
	case MW_RR_SOA:
		return "SOA";
	case MW_RR_TXT:
		return "TXT";
	default:
		(void)snprintf(room, 16, "TYPE%u", type);
		return room;
	}
}

static const char *status_name(const struct mw_records *r)
{
	switch (r->status) {
	case MW_RECORDS_ANSWER:
		return r->rcode == MW_RCODE_NXDOMAIN ? "no such name" : r->n ? "answer" : "no such record";
	case MW_RECORDS_BOGUS:
		return "bogus";
	case MW_RECORDS_TIMEOUT:
		return "timeout";
	default:
		return "failed";
	}
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------------- */

static void json_string(struct mw_text *t, struct mw_str s)
{
	mw_text_put(t, "\"");
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == '\\')
			mw_text_printf(t, "\\%c", s.p[i]);
		else if (s.p[i] >= ' ' && s.p[i] <= '~')
			mw_text_putn(t, s.p + i, 1);
		else /* an octet that may be no UTF-8 */
			mw_text_printf(t, "\\u%04x", (unsigned)(unsigned char)s.p[i]);
	mw_text_put(t, "\"");
}

static struct mw_str str(const char *s)
{
	return (struct mw_str){.p = s, .n = strlen(s)};
}

static void json_pair(struct mw_text *t, const char *key, const char *value)
{
	mw_text_printf(t, ",\"%s\":", key);
	json_string(t, str(value));
}

static void json_records(struct mw_explain *e)
{
	char room[16];

	mw_text_put(&e->out, ",\"records\":[");
	for (size_t i = 0; i < e->seen; i++) {
		const struct seen *s = &e->v[i];

		mw_text_printf(&e->out, "%s{\"name\":", i ? "," : "");
		json_string(&e->out, str(s->name));
		json_pair(&e->out, "type", type_name(s->type, room));
		json_pair(&e->out, "status", status_name(&s->records));
		mw_text_printf(&e->out, ",\"secure\":%s,\"data\":[", s->records.secure ? "true" : "false");
		for (size_t k = 0; k < s->records.n; k++) {
			struct mw_text one = {0};

			put_record(&one, s->type, s->records.record[k]);
			mw_text_put(&e->out, k ? "," : "");
			json_string(&e->out, str(one.p ? one.p : ""));
			e->out.failed |= one.failed;
			mw_text_free(&one);
		}
		mw_text_put(&e->out, "]}");
	}
	mw_text_put(&e->out, "]");
}

/* ---- for a person ----------------------------------------------------------------------------------------------------------- */

static const char *style(const struct mw_explain *e, const char *escape)
{
	return e->colour ? escape : "";
}

static const char *word_style(const struct mw_explain *e, enum mw_auth_word word)
{
	if (word == MW_AUTH_PASS)
		return style(e, "\033[32m");
	return style(e, word == MW_AUTH_FAIL || word == MW_AUTH_PERMERROR ? "\033[31m"
			: word == MW_AUTH_NONE				  ? "\033[2m"
									  : "\033[33m");
}

static void title(struct mw_explain *e, const char *fmt, ...) MW_PRINTF(2, 3);

static void title(struct mw_explain *e, const char *fmt, ...)
{
	char text[2 * MW_AUTH_NAME + 64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mw_text_printf(&e->out, "\n%s%s%s\n", style(e, "\033[1m"), text, style(e, "\033[0m"));
}

static void text_records(struct mw_explain *e)
{
	char room[16];

	for (size_t i = 0; i < e->seen; i++) {
		const struct seen *s = &e->v[i];

		mw_text_printf(&e->out, "  %s%s %s%s", style(e, "\033[36m"), s->name, type_name(s->type, room),
			       style(e, "\033[0m"));
		if (!s->records.n)
			mw_text_printf(&e->out, "  (%s%s)\n", status_name(&s->records), s->records.secure ? ", secure" : "");
		else
			mw_text_put(&e->out, s->records.secure ? "  (secure)\n" : "\n");
		for (size_t k = 0; k < s->records.n; k++) {
			mw_text_put(&e->out, "      ");
			put_record(&e->out, s->type, s->records.record[k]);
			mw_text_put(&e->out, "\n");
		}
	}
}

static void verdict(struct mw_explain *e, enum mw_auth_word word, const char *why)
{
	mw_text_printf(&e->out, "  %s%s%s%s%s\n", word_style(e, word), mw_auth_word(word), style(e, "\033[0m"), *why ? ": " : "",
		       why);
}

/* ---- SPF, term by term ------------------------------------------------------------------------------------------------------- */

static void spf_step(void *ctx, unsigned depth, const char *domain, struct mw_str text, const char *outcome)
{
	struct mw_explain *e = ctx;

	if (e->json) {
		mw_text_printf(&e->steps, "%s{\"depth\":%u,\"domain\":", e->steps.n ? "," : "", depth);
		json_string(&e->steps, str(domain));
		mw_text_put(&e->steps, ",\"term\":");
		json_string(&e->steps, text);
		mw_text_put(&e->steps, ",\"outcome\":");
		json_string(&e->steps, str(outcome));
		mw_text_put(&e->steps, "}");
		return;
	}
	if (!text.n || !*outcome) /* the record, which is shown, or the end, which the result tells */
		return;
	mw_text_printf(&e->steps, "  %*s", (int)(2 * depth), "");
	mw_text_putn(&e->steps, text.p, text.n);
	mw_text_printf(&e->steps, ": %s%s%s\n", style(e, "\033[2m"), outcome, style(e, "\033[0m"));
}

static void show_steps(struct mw_explain *e)
{
	mw_text_put(&e->out, e->json ? ",\"steps\":[" : "");
	mw_text_put(&e->out, e->steps.p ? e->steps.p : "");
	mw_text_put(&e->out, e->json ? "]" : "");
	e->out.failed |= e->steps.failed;
	mw_text_free(&e->steps);
}

/* ---- the checks ------------------------------------------------------------------------------------------------------------- */

static void json_begin(struct mw_explain *e, const char *check, enum mw_auth_word word, const char *why)
{
	mw_text_printf(&e->out, "%s{\"check\":\"%s\"", e->some ? "," : "", check);
	json_pair(&e->out, "result", mw_auth_word(word));
	json_pair(&e->out, "why", why);
	e->some = true;
}

static void show_spf(struct mw_explain *e, const struct mw_spf_result *spf, bool helo)
{
	if (!spf->identity)
		return;
	if (e->json) {
		json_begin(e, "spf", spf->word, spf->why);
		json_pair(&e->out, "identity", helo ? "helo" : "mailfrom");
		json_pair(&e->out, "domain", spf->domain);
		json_pair(&e->out, "mechanism", spf->mechanism);
		json_pair(&e->out, "explanation", spf->explanation);
		mw_text_printf(&e->out, ",\"lookups\":%u", spf->lookups);
		show_steps(e);
		json_records(e);
		mw_text_put(&e->out, "}");
		return;
	}
	title(e, "SPF of %s (%s)", *spf->domain ? spf->domain : "-", helo ? "HELO" : "sender");
	text_records(e);
	show_steps(e);
	if (*spf->mechanism)
		mw_text_printf(&e->out, "  decided by %s, after %u terms that ask DNS\n", spf->mechanism, spf->lookups);
	if (*spf->explanation)
		mw_text_printf(&e->out, "  the domain says: %s\n", spf->explanation);
	verdict(e, spf->word, spf->why);
}

static const struct {
	unsigned flag;
	const char *name;
} flags[] = {
    {MW_DKIM_WEAK, "weak key"},	  {MW_DKIM_LENGTH, "l="},	{MW_DKIM_LENGTH_SHORT, "text behind l="},
    {MW_DKIM_EXPIRED, "expired"}, {MW_DKIM_TESTING, "testing"}, {MW_DKIM_SHA1, "sha1"},
    {MW_DKIM_REVOKED, "revoked"},
};

static void put_flags(struct mw_explain *e, unsigned set)
{
	bool some = false;

	mw_text_put(&e->out, e->json ? ",\"flags\":[" : "");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!(set & flags[i].flag))
			continue;
		mw_text_printf(&e->out, e->json ? "%s\"%s\"" : "%s%s", some ? "," : e->json ? "" : "  flags: ", flags[i].name);
		some = true;
	}
	mw_text_put(&e->out, e->json ? "]" : some ? "\n" : "");
}

static void show_signature(struct mw_explain *e, const struct mw_dkim_result *d, size_t n)
{
	if (e->json) {
		json_begin(e, "dkim", d->word, d->why);
		json_pair(&e->out, "domain", d->domain);
		json_pair(&e->out, "selector", d->selector);
		json_pair(&e->out, "algorithm", d->algorithm);
		mw_text_printf(&e->out, ",\"bits\":%u,\"secure\":%s", d->bits, d->secure ? "true" : "false");
		put_flags(e, d->flags);
		if (n == 0)
			json_records(e);
		mw_text_put(&e->out, "}");
		return;
	}
	mw_text_printf(&e->out, "  signature %zu: d=%s s=%s %s", n + 1, d->domain, d->selector, d->algorithm);
	if (d->bits)
		mw_text_printf(&e->out, ", %u bits", d->bits);
	mw_text_put(&e->out, "\n");
	put_flags(e, d->flags);
	verdict(e, d->word, d->why);
}

static void show_dkim(struct mw_explain *e, const struct mw_auth *a)
{
	if (!e->json && a->dkims)
		title(e, "DKIM");
	if (!e->json)
		text_records(e);
	for (size_t i = 0; i < a->dkims; i++)
		show_signature(e, &a->dkim[i], i);
	if (!e->json && a->dkims_more)
		mw_text_printf(&e->out, "  and %zu signatures that were not looked at\n", a->dkims_more);
}

static void show_arc(struct mw_explain *e, const struct mw_arc_result *arc)
{
	if (arc->word == MW_AUTH_NONE && !arc->sets)
		return;
	if (e->json) {
		json_begin(e, "arc", arc->word, arc->why);
		json_pair(&e->out, "sealer", arc->sealer);
		json_pair(&e->out, "said", mw_auth_word(arc->said_dmarc));
		mw_text_printf(&e->out, ",\"sets\":%u", arc->sets);
		json_records(e);
		mw_text_put(&e->out, "}");
		return;
	}
	title(e, "ARC: %u sets, the newest of %s", arc->sets, *arc->sealer ? arc->sealer : "nobody");
	text_records(e);
	if (arc->said_dmarc)
		mw_text_printf(&e->out, "  it says that it saw: dmarc=%s\n", mw_auth_word(arc->said_dmarc));
	verdict(e, arc->word, arc->why);
}

static void show_dmarc(struct mw_explain *e, const struct mw_dmarc_result *d)
{
	if (e->json) {
		json_begin(e, "dmarc", d->word, d->why);
		json_pair(&e->out, "from", d->from);
		json_pair(&e->out, "organisation", d->organisation);
		json_pair(&e->out, "published", d->published);
		json_pair(&e->out, "policy", mw_dmarc_policy(d->record_asks));
		json_pair(&e->out, "asks", mw_dmarc_policy(d->asks));
		mw_text_printf(&e->out, ",\"spf_aligned\":%s,\"dkim_aligned\":%s", d->spf_aligned ? "true" : "false",
			       d->dkim_aligned ? "true" : "false");
		json_records(e);
		mw_text_put(&e->out, "}");
		return;
	}
	title(e, "DMARC of %s", *d->from ? d->from : "nobody");
	text_records(e);
	if (*d->published)
		mw_text_printf(&e->out, "  record of %s, organisation %s; aligned: SPF %s, DKIM %s\n", d->published,
			       d->organisation, d->spf_aligned ? "yes" : "no", d->dkim_aligned ? "yes" : "no");
	verdict(e, d->word, d->why);
	if (d->asks)
		mw_text_printf(&e->out, "  the domain asks for: %s%s\n", mw_dmarc_policy(d->asks),
			       d->sampled_out ? " (made milder by pct or t)" : "");
}

static void explain_done(void *ctx, enum mw_checked check, const struct mw_auth *a)
{
	struct mw_explain *e = ctx;

	switch (check) {
	case MW_CHECKED_MAILFROM:
		show_spf(e, &a->mailfrom, false);
		break;
	case MW_CHECKED_HELO:
		show_spf(e, &a->helo, true);
		break;
	case MW_CHECKED_DKIM:
		show_dkim(e, a);
		break;
	case MW_CHECKED_ARC:
		show_arc(e, &a->arc);
		break;
	case MW_CHECKED_DMARC:
		show_dmarc(e, &a->dmarc);
		break;
	}
	e->seen = 0;
}

struct mw_checks_watch mw_explain_watch(struct mw_explain *e)
{
	e->spf = (struct mw_spf_steps){.ctx = e, .step = spf_step};
	return (struct mw_checks_watch){.ctx = e, .done = explain_done, .spf = &e->spf};
}

/* ---- the message ------------------------------------------------------------------------------------------------------------ */

void mw_explain_begin(struct mw_explain *e, const struct mw_auth_mail *mail)
{
	struct mw_text *t = &e->out;

	if (e->json) {
		mw_text_put(t, "{\"client\":");
		json_string(t, mail->client);
		mw_text_put(t, ",\"helo\":");
		json_string(t, mail->helo);
		mw_text_put(t, ",\"sender\":");
		json_string(t, mail->sender);
		mw_text_put(t, ",\"checks\":[");
		return;
	}
	mw_text_put(t, "client ");
	put_safe(t, mail->client.n ? mail->client.p : "-", mail->client.n ? mail->client.n : 1);
	mw_text_put(t, ", HELO ");
	put_safe(t, mail->helo.n ? mail->helo.p : "-", mail->helo.n ? mail->helo.n : 1);
	mw_text_put(t, ", sender <");
	put_safe(t, mail->sender.p, mail->sender.n);
	mw_text_put(t, ">\n");
}

static void show_likeness(struct mw_explain *e, const struct mw_likeness_result *l)
{
	if (e->json) {
		json_pair(&e->out, "look_alike", l->found ? l->of : "");
		return;
	}
	if (!l->found)
		return;
	title(e, "Look-alike");
	mw_text_printf(&e->out, "  %s%s%s can be taken for %s: %s\n", style(e, "\033[33m"), l->domain, style(e, "\033[0m"), l->of,
		       l->why);
}

void mw_explain_end(struct mw_explain *e, const struct mw_auth_mail *mail, const struct mw_auth *a)
{
	struct mw_text value = {0};

	mw_text_put(&e->out, e->json ? "]" : "");
	show_likeness(e, &a->likeness);
	mw_results_write(&value, a, mail);
	if (e->json) {
		mw_text_put(&e->out, ",\"authentication_results\":");
		json_string(&e->out, str(value.p ? value.p : ""));
		mw_text_put(&e->out, "}\n");
	} else {
		mw_text_printf(&e->out, "\n%s:%s\n", MW_RESULTS_FIELD, value.p ? value.p : "");
	}
	e->out.failed |= value.failed;
	mw_text_free(&value);
}
