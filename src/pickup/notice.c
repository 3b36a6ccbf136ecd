/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice: the mail that tells a recipient of a message in the portal. It has the link, and nothing of the message or its sender: no Subject,
 * no names. Made from the ticket alone, so that it is the same each time: Date and Message-ID, too, by which a mailbox may know the second
 * one again.
 */
#include "pickup/portal.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTICE_MOST (256u * 1024u) /* octets of each reading */
#define LOGO "logo.png"

struct notice {
	const struct portal *portal;
	const struct mw_custody_work *work;
	const struct portal_ticket *ticket;
	struct mw_arena *arena;
	struct mw_buf text, html;
	struct mw_str logo; /* n == 0: none */
};

/* ---- text ------------------------------------------------------------------------------------------------------------------------ */

static int fill(struct notice *n, const char *name, const struct mw_values *values, struct mw_buf *out, struct mw_err *err)
{
	const struct mw_template *t = mw_templates_find(n->portal->templates, mw_str(n->ticket->t.language), name, NULL);

	return t ? mw_template_fill(t, values, NOTICE_MOST, out, err) : mw_fail(err, -ENOENT, "there is no template %s", name);
}

static int fill_both(struct notice *n, struct mw_err *err)
{
	const struct mw_portal_conf *c = n->portal->conf;
	struct mw_values *v = mw_values_new(n->arena);
	char link[MW_PICKUP_LINK];
	char *url;
	int r;

	mw_pickup_link_text(n->ticket->t.lock.id, n->ticket->secret, link);
	url = mw_arena_printf(n->arena, "%s/m/%s", c->url, link);
	OPENSSL_cleanse(link, sizeof(link));
	if (!v || !url)
		return mw_fail_memory(err);
	if (mw_templates_asset(n->portal->templates, LOGO, &n->logo) < 0)
		n->logo = (struct mw_str){0};
	mw_values_puts(v, "site", c->site);
	mw_values_puts(v, "link", url);
	mw_values_puts(v, "logo", n->logo.n ? LOGO : "");
	mw_values_flag(v, "code", n->ticket->t.proof & MW_PROOF_CODE);
	mw_values_flag(v, "passphrase", n->ticket->t.proof & MW_PROOF_PASSPHRASE);
	mw_values_date(v, "expires", n->ticket->t.expires);
	if (!mw_values_ok(v))
		return mw_fail_memory(err);
	r = fill(n, "notice.txt", v, &n->text, err);
	return r < 0 ? r : fill(n, "notice.html", v, &n->html, err);
}

/* The template's first line, which the text has before an empty one. */
static struct mw_str take_subject(struct mw_str *text)
{
	static const char name[] = "Subject:";
	struct mw_str rest = *text, line = mw_str_take_line(&rest);

	if (line.n < sizeof(name) - 1 || !mw_str_caseeq((struct mw_str){.p = line.p, .n = sizeof(name) - 1}, name))
		return (struct mw_str){0};
	(void)mw_str_take_line(&rest);
	*text = rest;
	return mw_str_trim(mw_str_behind(line, sizeof(name) - 1));
}

/* ---- the message ----------------------------------------------------------------------------------------------------------------- */
static bool is_seven_bit(struct mw_str s)
{
	size_t line = 0;

	for (size_t i = 0; i < s.n; i++) {
		line = s.p[i] == '\n' ? 0 : line + 1;
		if ((unsigned char)s.p[i] > 0x7e || line > 900)
			return false;
	}
	return true;
}

static GMimePart *new_part(const char *type, const char *subtype, struct mw_str content, GMimeContentEncoding encoding)
{
	GMimePart *part = g_mime_part_new_with_type(type, subtype);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(content.p, content.n);
	GMimeDataWrapper *wrapper = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, wrapper);
	g_mime_part_set_content_encoding(part, encoding);
	g_object_unref(wrapper);
	g_object_unref(stream);
	return part;
}

static GMimePart *new_text(const char *subtype, struct mw_str content)
{
	GMimePart *part = new_part("text", subtype, content,
				   is_seven_bit(content) ? GMIME_CONTENT_ENCODING_7BIT : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	return part;
}

/* The same each time, so of the id. */
static GMimeMultipart *new_multipart(const struct notice *n, const char *subtype)
{
	GMimeMultipart *m = g_mime_multipart_new_with_subtype(subtype);
	char id[MW_PICKUP_ID_TEXT], boundary[70];

	mw_pickup_id_text(n->ticket->t.lock.id, id);
	(void)snprintf(boundary, sizeof(boundary), "=_%s_%s", subtype, id);
	g_mime_multipart_set_boundary(m, boundary);
	return m;
}

static void add_part(GMimeMultipart *m, GMimeObject *part)
{
	g_mime_multipart_add(m, part);
	g_object_unref(part);
}

static GMimeObject *new_html(const struct notice *n)
{
	GMimePart *html = new_text("html", (struct mw_str){.p = mw_buf_text(&n->html), .n = n->html.n}), *logo;
	GMimeMultipart *related;

	if (n->logo.n == 0)
		return GMIME_OBJECT(html);
	logo = new_part("image", "png", n->logo, GMIME_CONTENT_ENCODING_BASE64);
	g_mime_object_set_disposition(GMIME_OBJECT(logo), "inline");
	g_mime_part_set_content_id(logo, LOGO);
	related = new_multipart(n, "related");
	add_part(related, GMIME_OBJECT(html));
	add_part(related, GMIME_OBJECT(logo));
	return GMIME_OBJECT(related);
}

static GMimeMessage *new_message(const struct notice *n, struct mw_str text, const char *subject)
{
	GMimeMessage *m = g_mime_message_new(FALSE);
	GMimeMultipart *both = new_multipart(n, "alternative");
	GDateTime *date = g_date_time_new_from_unix_utc(n->ticket->t.created);
	char id[PORTAL_MESSAGE_ID];

	portal_message_id(n->portal, n->ticket->t.lock.id, id);
	id[strlen(id) - 1] = '\0'; /* GMime puts the brackets there */
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, n->portal->conf->site, n->portal->conf->from);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_TO, NULL, n->work->recipient);
	g_mime_message_set_subject(m, subject, "utf-8");
	g_mime_message_set_message_id(m, id + 1);
	if (date) {
		g_mime_message_set_date(m, date);
		g_date_time_unref(date);
	}
	g_mime_object_set_header(GMIME_OBJECT(m), "Auto-Submitted", "auto-generated", NULL);
	g_mime_object_set_header(GMIME_OBJECT(m), "X-Auto-Response-Suppress", "All", NULL);
	add_part(both, GMIME_OBJECT(new_text("plain", text)));
	add_part(both, new_html(n));
	g_mime_message_set_mime_part(m, GMIME_OBJECT(both));
	g_object_unref(both);
	return m;
}

static int write_message(GMimeMessage *m, int fd, struct mw_err *err)
{
	GMimeStream *memory = g_mime_stream_mem_new();
	GMimeFormatOptions *options = g_mime_format_options_new();
	const GByteArray *octets;
	int r = -EIO;

	g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
	if (g_mime_object_write_to_stream(GMIME_OBJECT(m), options, memory) >= 0) {
		octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
		r = mw_file_write_all(fd, (const char *)octets->data, octets->len);
		OPENSSL_cleanse(octets->data, octets->len);
	}
	g_mime_format_options_free(options);
	g_object_unref(memory);
	return r < 0 ? mw_fail(err, r, "the notice: %s", strerror(-r)) : 0;
}

static int make(struct notice *n, struct mw_err *err)
{
	struct mw_str text, subject;
	GMimeMessage *m;
	char *line;
	int r = fill_both(n, err);

	if (r < 0)
		return r;
	text = (struct mw_str){.p = mw_buf_text(&n->text), .n = n->text.n};
	subject = take_subject(&text);
	line = mw_arena_dup(n->arena, subject.p ? subject.p : "", subject.n);
	if (!line)
		return mw_fail_memory(err);
	m = new_message(n, text, line);
	r = write_message(m, n->work->out, err);
	g_object_unref(m);
	return r;
}

int portal_notice(void *inst, const struct mw_custody_work *work, struct mw_str ticket, struct mw_err *err)
{
	struct notice n = {.portal = inst, .work = work, .arena = mw_arena_new(0), .text = MW_BUF_INIT, .html = MW_BUF_INIT};
	struct portal_ticket t;
	int r = n.arena ? portal_ticket_take(ticket, &t, err) : mw_fail_memory(err);

	n.ticket = &t;
	if (r == 0) {
		r = make(&n, err);
		OPENSSL_cleanse(&t, sizeof(t));
	}
	mw_buf_free(&n.text);
	mw_buf_free(&n.html);
	mw_arena_free(&n.arena);
	return r;
}
