/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/code.h"

#include "portal/compose.h"
#include "smtp/post.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define MAIL_MOST (64u * 1024u)
#define REPLY_MS 20000 /* somebody waits for the page */

static int fill(struct mw_arena *a, const struct mw_site *site, const struct mw_pickup_row *row, const char *code,
		int64_t minutes, struct mw_buf *out, struct mw_err *err)
{
	const struct mw_template *t = mw_templates_find(site->templates, mw_str(row->language), "code.txt", NULL);
	struct mw_values *v = mw_values_new(a);
	char shown[MW_PICKUP_CODE + 1];

	if (!t)
		return mw_fail(err, -ENOENT, "there is no template code.txt");
	if (!v)
		return mw_fail_memory(err);
	(void)snprintf(shown, sizeof(shown), "%.4s %.4s", code, code + 4);
	mw_values_puts(v, "site", site->conf->site);
	mw_values_puts(v, "code", shown);
	mw_values_number(v, "minutes", minutes);
	OPENSSL_cleanse(shown, sizeof(shown));
	return mw_template_fill(t, v, MAIL_MOST, out, err);
}

/* "Subject: …" and an empty line off its start. */
static char *take_subject(struct mw_arena *a, struct mw_str *text)
{
	static const char name[] = "Subject:";
	struct mw_str rest = *text, line = mw_str_take_line(&rest);

	if (line.n < sizeof(name) || memcmp(line.p, name, sizeof(name) - 1) != 0 || mw_str_take_line(&rest).n != 0)
		return mw_arena_str(a, "");
	*text = rest;
	line = mw_str_trim(mw_str_behind(line, sizeof(name) - 1));
	return mw_arena_dup(a, line.p, line.n);
}

static void compose(const struct mw_portal_conf *c, const struct mw_pickup_row *row, const char *subject, struct mw_str text,
		    struct mw_buf *out)
{
	GMimeMessage *m = g_mime_message_new(TRUE);
	GMimePart *part = mw_compose_text(text);

	out->failed |= !mw_compose_identify(m, c->from);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, c->site, c->from);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_TO, NULL, row->recipient);
	g_mime_message_set_subject(m, subject, "utf-8");
	g_mime_object_append_header(GMIME_OBJECT(m), "Auto-Submitted", "auto-generated", NULL);
	g_mime_message_set_mime_part(m, GMIME_OBJECT(part));
	g_object_unref(part);
	mw_compose_write(m, out);
	g_object_unref(m);
}

int mw_code_mail(const struct mw_site *site, const char *host, const struct mw_pickup_row *row, const char code[MW_PICKUP_CODE],
		 int64_t minutes, struct mw_err *err)
{
	/* A bounce would bring the code to somebody else. */
	const struct mw_post post = {.to = site->conf->reentry,
				     .name = host,
				     .reply_ms = REPLY_MS,
				     .sender = site->conf->from,
				     .recipient = row->recipient,
				     .notify = "NEVER"};
	struct mw_mail mail = {.head = MW_BUF_INIT, .fd = -1};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf filled = MW_BUF_INIT;
	char queue_id[MW_QUEUE_ID];
	int r = a ? fill(a, site, row, code, minutes, &filled, err) : mw_fail_memory(err);

	if (r == 0) {
		struct mw_str text = {.p = mw_buf_text(&filled), .n = filled.n};
		const char *subject = take_subject(a, &text);

		if (subject)
			compose(site->conf, row, subject, text, &mail.head);
		r = subject ? mw_post_send(&post, &mail, queue_id, err) : mw_fail_memory(err);
	}
	mw_buf_free(&mail.head);
	mw_buf_free(&filled);
	if (a)
		mw_arena_free(&a);
	return r;
}
