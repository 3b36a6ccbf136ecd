/* SPDX-License-Identifier: Apache-2.0 */
/* results_write: what we found, as header fields. Each result and each property is on a line of its own, so that none gets too long. */
#include "results.h"

#include <string.h>

#define REASON_MAX ((size_t)MW_AUTH_WHY)
#define SENDER_MAX 320u /* octets of an address that are shown */

static struct mw_str str(const char *s)
{
	return (struct mw_str){.p = s, .n = strlen(s)};
}

static void method(struct mw_text *t, const char *name, enum mw_auth_word word, const char *why)
{
	mw_text_printf(t, ";\n\t%s=%s", name, mw_auth_word(word));
	if (!*why)
		return;
	mw_text_put(t, "\n\t reason=");
	mw_text_quoted(t, str(why), REASON_MAX);
}

static void property(struct mw_text *t, const char *name, const char *value)
{
	if (!*value)
		return;
	mw_text_printf(t, "\n\t %s=", name);
	mw_text_pvalue(t, str(value), MW_AUTH_NAME);
}

static void write_spf(struct mw_text *t, const struct mw_spf_result *spf)
{
	if (!spf->identity)
		return;
	method(t, "spf", spf->word, spf->word == MW_AUTH_PASS ? "" : spf->why);
	property(t, spf->identity == MW_SPF_HELO ? "smtp.helo" : "smtp.mailfrom", spf->domain);
}

static void write_dkim(struct mw_text *t, const struct mw_dkim_result *dkim)
{
	method(t, "dkim", dkim->word, dkim->why);
	if (dkim->bits)
		mw_text_printf(t, "\n\t (%u-bit key%s)", dkim->bits, dkim->secure ? ", secure" : "");
	property(t, "header.d", dkim->domain);
	property(t, "header.i", dkim->identity);
	property(t, "header.s", dkim->selector);
	property(t, "header.a", dkim->algorithm);
	property(t, "header.b", dkim->b);
}

static void write_dmarc(struct mw_text *t, const struct mw_dmarc_result *dmarc)
{
	if (dmarc->word == MW_AUTH_NONE && !*dmarc->from && !*dmarc->why)
		return;
	method(t, "dmarc", dmarc->word, dmarc->word == MW_AUTH_PASS ? "" : dmarc->why);
	if (dmarc->record_asks)
		mw_text_printf(t, "\n\t (p=%s%s%s)", mw_dmarc_policy(dmarc->record_asks), dmarc->sampled_out ? ", asks=" : "",
			       dmarc->sampled_out ? mw_dmarc_policy(dmarc->asks) : "");
	property(t, "header.from", dmarc->from);
}

static void write_arc(struct mw_text *t, const struct mw_auth *a, const struct mw_auth_mail *mail)
{
	if (a->arc.word == MW_AUTH_NONE && !a->arc.sets)
		return;
	method(t, "arc", a->arc.word, a->arc.word == MW_AUTH_PASS ? "" : a->arc.why);
	mw_text_printf(t, "\n\t (i=%u)", a->arc.sets);
	if (a->arc.word == MW_AUTH_PASS)
		mw_text_printf(t, "\n\t header.oldest-pass=%u", a->arc.oldest_pass);
	if (mail->client.n) {
		mw_text_put(t, "\n\t smtp.remote-ip=");
		mw_text_pvalue(t, mail->client, MW_AUTH_NAME);
	}
}

void mw_results_write(struct mw_text *t, const struct mw_auth *a, const struct mw_auth_mail *mail)
{
	size_t id;

	mw_text_put(t, " ");
	mw_text_pvalue(t, str(mail->receiver), MW_AUTH_NAME);
	id = t->n;
	write_dmarc(t, &a->dmarc);
	write_spf(t, &a->mailfrom);
	write_spf(t, &a->helo);
	for (size_t i = 0; i < a->dkims; i++)
		write_dkim(t, &a->dkim[i]);
	write_arc(t, a, mail);
	if (t->n == id)
		mw_text_put(t, "; none");
}

/* RFC 7208 9.1: key-value pairs, of which a value is a dot-atom or a quoted string. */
static void pair(struct mw_text *t, const char *key, struct mw_str value)
{
	if (!value.n)
		return;
	mw_text_printf(t, "\n\t%s=", key);
	mw_text_quoted(t, value, SENDER_MAX);
	mw_text_put(t, ";");
}

void mw_results_write_spf(struct mw_text *t, const struct mw_auth *a, const struct mw_auth_mail *mail)
{
	const struct mw_spf_result *spf = a->mailfrom.identity ? &a->mailfrom : &a->helo;

	mw_text_printf(t, " %s", mw_auth_word(spf->word));
	pair(t, "client-ip", mail->client);
	pair(t, "envelope-from", mail->sender);
	pair(t, "helo", mail->helo);
	pair(t, "identity", str(spf->identity == MW_SPF_HELO ? "helo" : "mailfrom"));
	pair(t, "mechanism", str(spf->mechanism));
	pair(t, "problem", str(spf->word == MW_AUTH_TEMPERROR || spf->word == MW_AUTH_PERMERROR ? spf->why : ""));
	pair(t, "receiver", str(mail->receiver));
}
