/* SPDX-License-Identifier: Apache-2.0 */
#include "dmarc_log.h"

#include "dmarc_record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ADDRESSES_MOST 8u /* of a record that reports go to */

struct line {
	char *p;
	size_t n;
	bool full;
};

static void put(struct line *l, const char *fmt, ...) MW_PRINTF(2, 3);

static void put(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->p + l->n, MW_DMARC_LOG_LINE - l->n, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= MW_DMARC_LOG_LINE - l->n)
		l->full = true;
	else
		l->n += (size_t)n;
}

/* Texts of results are printable ASCII. */
static void put_text(struct line *l, const char *name, const char *text)
{
	put(l, "\"%s\":\"", name);
	for (; *text; text++)
		put(l, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text < ' ' || *text > '~' ? '?' : *text);
	put(l, "\",");
}

static void close_list(struct line *l, char bracket)
{
	if (l->n && l->p[l->n - 1] == ',')
		l->n--;
	put(l, "%c,", bracket);
}

static void put_policy(struct line *l, const struct mw_dmarc_result *d)
{
	const struct mw_dmarc_record *r = d->record;
	struct mw_str rua = r->rua;
	char address[MW_DMARC_ADDRESS], fo[16];

	(void)snprintf(fo, sizeof(fo), "%s%s%s%s", r->fo & MW_DMARC_FO_ALL ? ":0" : "", r->fo & MW_DMARC_FO_ANY ? ":1" : "",
		       r->fo & MW_DMARC_FO_DKIM ? ":d" : "", r->fo & MW_DMARC_FO_SPF ? ":s" : "");
	put(l, "\"policy\":{");
	put_text(l, "domain", d->published);
	put_text(l, "adkim", r->adkim_strict ? "s" : "r");
	put_text(l, "aspf", r->aspf_strict ? "s" : "r");
	put_text(l, "p", mw_dmarc_policy(r->p));
	put_text(l, "sp", mw_dmarc_policy(r->sp ? r->sp : r->p));
	put_text(l, "fo", fo + 1);
	put(l, "\"pct\":%u,\"rua\":[", r->pct);
	for (unsigned i = 0; i < ADDRESSES_MOST && mw_dmarc_address_next(&rua, address); i++)
		put(l, "\"%s\",", address); /* which has neither quotes nor backslashes */
	close_list(l, ']');
	close_list(l, '}');
}

static void put_results(struct line *l, const struct mw_auth_mail *mail, const struct mw_auth *a)
{
	put(l, "\"auth_dkim\":[");
	for (size_t i = 0; i < a->dkims; i++) {
		put(l, "{");
		put_text(l, "domain", a->dkim[i].domain);
		put_text(l, "selector", a->dkim[i].selector);
		put_text(l, "result", mw_auth_word(a->dkim[i].word));
		close_list(l, '}');
	}
	close_list(l, ']');
	put(l, "\"auth_spf\":{");
	put_text(l, "domain", a->mailfrom.domain);
	put_text(l, "scope", mail->sender.n ? "mfrom" : "helo");
	put_text(l, "result", mw_auth_word(a->mailfrom.word));
	close_list(l, '}');
}

static const char *disposition_word(enum mw_disposition d)
{
	return d == MW_DISPOSITION_REJECT ? "reject" : d == MW_DISPOSITION_QUARANTINE ? "quarantine" : "none";
}

/* Why less, or more, was done than the domain asked for. */
static const char *reason(const struct mw_dmarc_result *d, enum mw_disposition done)
{
	static const enum mw_dmarc_policy as[] = {[MW_DISPOSITION_NONE] = MW_DMARC_ASKS_NONE,
						  [MW_DISPOSITION_QUARANTINE] = MW_DMARC_ASKS_QUARANTINE,
						  [MW_DISPOSITION_REJECT] = MW_DMARC_ASKS_REJECT};

	if (d->word != MW_AUTH_FAIL)
		return "";
	if (as[done] != d->asks)
		return "local_policy";
	return d->sampled_out ? "sampled_out" : "";
}

size_t mw_dmarc_log_line(const struct mw_auth_mail *mail, const struct mw_auth *a, enum mw_disposition done,
			 char to[MW_DMARC_LOG_LINE])
{
	const struct mw_dmarc_result *d = &a->dmarc;
	struct line l = {.p = to};
	char ip[64];

	if (!d->record || !*d->from || (d->word != MW_AUTH_PASS && d->word != MW_AUTH_FAIL))
		return 0;
	(void)snprintf(ip, sizeof(ip), "%.*s", (int)(mail->client.n < 60 ? mail->client.n : 60), mail->client.p);
	/* What a message that passes meets is no doing of DMARC. */
	done = d->word == MW_AUTH_FAIL ? done : MW_DISPOSITION_NONE;
	put(&l, "{\"time\":%lld,", (long long)mail->now);
	put_policy(&l, d);
	put(&l, "\"row\":{");
	put_text(&l, "ip", ip);
	put_text(&l, "disposition", disposition_word(done));
	put_text(&l, "dkim", d->dkim_aligned ? "pass" : "fail");
	put_text(&l, "spf", d->spf_aligned ? "pass" : "fail");
	put_text(&l, "reason", reason(d, done));
	put_text(&l, "from", d->from);
	put_text(&l, "sender", mail->sender.n ? a->mailfrom.domain : "");
	put_results(&l, mail, a);
	close_list(&l, '}');
	close_list(&l, '}');
	if (l.full || l.n == 0)
		return 0;
	l.p[l.n - 1] = '\n'; /* in place of the comma */
	return l.n;
}
