/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/reply_mail.h"

#include "mail/address.h"
#include "portal/compose.h"
#include "portal/secret.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define REPLY_MS 60000 /* the MTA looks at it before it says yes */
#define LINE 57u       /* octets that make a line of base64 */
#define LINES 256u

/* ---- to whom ----------------------------------------------------------------------------------------------------------------------------- */

static struct mw_str domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return mw_str(at ? at + 1 : "");
}

static bool is_plain(const char *address)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_rcpt rcpt = {0};
	bool plain = arena && strlen(address) < MW_PICKUP_ADDRESS && !strpbrk(address, " \t\r\n<>") &&
		     mw_address_parse(arena, mw_str(address), &rcpt) == 0 && rcpt.form == MW_ADDR_PLAIN;

	if (arena)
		mw_arena_free(&arena);
	return plain;
}

/* The one address of a field, when it is in the domain. */
static bool single(const char *field, struct mw_str domain, char to[MW_PICKUP_ADDRESS])
{
	InternetAddressList *list = internet_address_list_parse(NULL, field);
	InternetAddress *one =
	    list && internet_address_list_length(list) == 1 ? internet_address_list_get_address(list, 0) : NULL;
	const char *address =
	    one && INTERNET_ADDRESS_IS_MAILBOX(one) ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)) : NULL;
	bool good = address && is_plain(address) && mw_str_casesame(domain_of(address), domain);

	if (good)
		(void)snprintf(to, MW_PICKUP_ADDRESS, "%s", address);
	if (list)
		g_object_unref(list);
	return good;
}

bool mw_reply_mail_to(const char *reply_to, const char *from, const char *sender, char to[MW_PICKUP_ADDRESS])
{
	struct mw_str domain = domain_of(sender);

	if (!domain.n)
		return false;
	if (!single(reply_to, domain, to) && !single(from, domain, to))
		(void)snprintf(to, MW_PICKUP_ADDRESS, "%s", sender);
	return true;
}

/* ---- header and text --------------------------------------------------------------------------------------------------------------------- */

static bool message_id_fits(const char *s)
{
	size_t n = strlen(s);

	if (n < 3 || n > 250 || s[0] != '<' || s[n - 1] != '>')
		return false;
	for (size_t i = 1; i < n - 1; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f || s[i] == '<' || s[i] == '>')
			return false;
	return true;
}

static void put_header(GMimeMessage *m, const struct mw_reply_mail *w)
{
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, w->by, w->conf->from);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_REPLY_TO, NULL, w->by);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_TO, NULL, w->to);
	g_mime_message_set_subject(m, w->subject, "utf-8");
	if (message_id_fits(w->message_id)) {
		g_mime_object_append_header(GMIME_OBJECT(m), "In-Reply-To", w->message_id, NULL);
		g_mime_object_append_header(GMIME_OBJECT(m), "References", w->message_id, NULL);
	}
}

/* The mail but for its files. boundary: "" when it has none. */
static void put_head(const struct mw_reply_mail *w, struct mw_str text, const char *boundary, struct mw_buf *out)
{
	GMimeMessage *m = g_mime_message_new(TRUE);
	GMimePart *part = mw_compose_text(text);

	out->failed |= !mw_compose_identify(m, w->conf->from);
	put_header(m, w);
	if (*boundary) {
		GMimeMultipart *mixed = g_mime_multipart_new_with_subtype("mixed");

		g_mime_multipart_set_boundary(mixed, boundary);
		g_mime_multipart_add(mixed, GMIME_OBJECT(part));
		g_mime_message_set_mime_part(m, GMIME_OBJECT(mixed));
		g_object_unref(mixed);
	} else {
		g_mime_message_set_mime_part(m, GMIME_OBJECT(part));
	}
	g_object_unref(part);
	mw_compose_write(m, out);
	g_object_unref(m);
}

/* ---- files ------------------------------------------------------------------------------------------------------------------------------- */

struct files {
	const struct mw_draft *draft;
	struct mw_crate *crate;
	struct mw_crate_object *object; /* of the file that is sent; NULL = none */
	uint64_t at;			/* in it */
	size_t next;
	bool closed;
	char boundary[40];
	struct mw_buf out;
	size_t sent;
	unsigned char piece[LINE * LINES];
};

static int begin_file(struct files *f, struct mw_err *err)
{
	const struct mw_draft_file *file = mw_draft_file(f->draft, f->next);
	GMimeFormatOptions *format = g_mime_format_options_new();
	const char *slash = strchr(file->type, '/');
	GMimePart *part = g_mime_part_new();
	GMimeContentType *type;
	char first[MW_DRAFT_NAME], *header;

	(void)snprintf(first, sizeof(first), "%.*s", (int)(slash - file->type), file->type);
	type = g_mime_content_type_new(first, slash + 1);
	g_mime_object_set_content_type(GMIME_OBJECT(part), type);
	g_object_unref(type);
	g_mime_object_set_disposition(GMIME_OBJECT(part), GMIME_DISPOSITION_ATTACHMENT);
	g_mime_part_set_filename(part, file->name);
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
	header = g_mime_object_get_headers(GMIME_OBJECT(part), format);
	mw_buf_printf(&f->out, "--%s\r\n%s\r\n", f->boundary, header ? header : "");
	g_free(header);
	g_object_unref(part);
	g_mime_format_options_free(format);
	f->at = 0;
	return mw_crate_get(f->crate, file->object, &f->object, err);
}

/* Some lines of base64. */
static int put_lines(struct files *f, struct mw_err *err)
{
	unsigned char text[LINE / 3 * 4 + 1];
	size_t n = 0;
	ssize_t got = 1;

	while (n < sizeof(f->piece) && got > 0) {
		got = mw_crate_read(f->object, f->at + n, f->piece + n, sizeof(f->piece) - n, err);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		return (int)got;
	for (size_t i = 0; i < n; i += LINE) {
		int made = EVP_EncodeBlock(text, f->piece + i, (int)(n - i < LINE ? n - i : LINE));

		mw_buf_add(&f->out, (const char *)text, (size_t)made);
		mw_buf_puts(&f->out, "\r\n");
	}
	f->at += n;
	if (n < sizeof(f->piece)) {
		mw_crate_put(&f->object);
		f->next++;
	}
	return 0;
}

static int step(struct files *f)
{
	struct mw_err err;

	if (f->object)
		return put_lines(f, &err);
	if (f->next < mw_draft_files(f->draft))
		return begin_file(f, &err);
	f->closed = true;
	mw_buf_printf(&f->out, "--%s--\r\n", f->boundary);
	return 0;
}

static ssize_t read_files(void *ctx, int64_t at, char *p, size_t n)
{
	struct files *f = ctx;
	int r = 0;

	(void)at;
	while (r == 0 && f->sent == f->out.n && !f->closed) {
		mw_buf_clear(&f->out);
		f->sent = 0;
		r = step(f);
	}
	if (r < 0 || !mw_buf_ok(&f->out))
		return r < 0 ? r : -ENOMEM;
	if (n > f->out.n - f->sent)
		n = f->out.n - f->sent;
	if (n)
		memcpy(p, f->out.p + f->sent, n);
	f->sent += n;
	return (ssize_t)n;
}

/* ---- all of it ---------------------------------------------------------------------------------------------------------------------------- */

static int post(const struct mw_reply_mail *w, const struct mw_mail *mail, char queue_id[MW_QUEUE_ID], struct mw_err *err)
{
	const struct mw_portal_conf *c = w->conf;
	const struct mw_post post = {.to = c->submit,
				     .name = w->host,
				     .reply_ms = REPLY_MS,
				     .sender = c->reply_sender ? c->reply_sender : c->from,
				     .recipient = w->to};

	return mw_post_send(&post, mail, queue_id, err);
}

static int send_with_files(const struct mw_reply_mail *w, struct mw_draft *d, char queue_id[MW_QUEUE_ID], struct mw_err *err)
{
	struct files f = {.draft = d};
	struct mw_mail mail = {.head = MW_BUF_INIT, .fd = -1, .seven_bit = true, .read = read_files, .read_ctx = &f};
	int r = mw_draft_open(d, &f.crate, err);
	char end[48];
	char *last;

	if (r < 0)
		return r;
	if (!mw_secret_text(f.boundary, 33))
		mail.head.failed = true;
	put_head(w, mw_draft_text(d), f.boundary, &mail.head);
	(void)snprintf(end, sizeof(end), "--%s--", f.boundary);
	last = mw_buf_ok(&mail.head) ? strstr(mail.head.p, end) : NULL;
	if (last) {
		mw_buf_cut(&mail.head, (size_t)(last - mail.head.p));
		r = post(w, &mail, queue_id, err);
	} else {
		r = mw_fail_memory(err);
	}
	if (f.object)
		mw_crate_put(&f.object);
	mw_crate_close(&f.crate);
	mw_buf_free(&f.out);
	mw_buf_free(&mail.head);
	OPENSSL_cleanse(f.piece, sizeof(f.piece));
	return r;
}

int mw_reply_mail_send(const struct mw_reply_mail *w, struct mw_draft *d, char queue_id[MW_QUEUE_ID], struct mw_err *err)
{
	struct mw_mail mail = {.head = MW_BUF_INIT, .fd = -1};
	int r;

	if (mw_draft_files(d))
		return send_with_files(w, d, queue_id, err);
	put_head(w, mw_draft_text(d), "", &mail.head);
	r = post(w, &mail, queue_id, err);
	mw_buf_free(&mail.head);
	return r;
}
