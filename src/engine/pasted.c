/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pasted: files that the host itself can take out of what they came in: those that stand in a text, and what a Macintosh wraps a file in.
 * They are members of the part, as if an extractor had found them.
 */
#include "engine/media.h"
#include "engine/private.h"

#include "mail/macfile.h"
#include "mail/mime.h"
#include "mail/pasted.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Octets of base64 that tell whether it is a file at all. */
#define HEAD 8192u
/* Octets that have the head of a BinHex stream. */
#define BINHEX_HEAD 300u
/* A resource fork without resources. */
#define RESOURCE_EMPTY 286u

/* A failure of the sink is kept there; what a limit says is said. */
static int give(struct mw_sink *s, struct mw_str name, const char *type, struct mw_str data, const char *unread)
{
	/* What has neither name nor label, and is a text, was written as one. */
	const bool text = name.n == 0 && !*type && mw_media_is_text(data);
	const struct mw_member member = {.name = name, .type = text ? "text/plain" : type, .charset = ""};
	int r = mw_sink_member(s, &member);

	if (r == 0)
		r = mw_sink_data(s, data.p, data.n);
	return r == 0 ? mw_sink_member_end(s, unread) : r;
}

/* ---- in a text ------------------------------------------------------------------------------------------------------ */

/* Letters alone are no sign of a file: it has to be one when it is decoded. */
static bool is_file(const struct mw_pasted *f)
{
	struct mw_str head = {.p = f->data.p, .n = f->data.n < HEAD ? f->data.n : HEAD};
	struct mw_buf octets = MW_BUF_INIT;
	bool is = false;

	if (!f->guess)
		return true;
	if (mw_transfer_decode(f->transfer, head, UINT64_MAX, &octets) == 0) {
		head = (struct mw_str){.p = mw_buf_text(&octets), .n = octets.n};
		is = mw_media_is_text(head) ||
		     strcmp(mw_media_type("application/octet-stream", "", head), "application/octet-stream") != 0;
	}
	mw_buf_free(&octets);
	return is;
}

static int give_pasted(struct mw_sink *s, const struct mw_pasted *f)
{
	struct mw_buf octets = MW_BUF_INIT;
	const char *unread = f->piece ? "damaged" : NULL;
	int r = mw_transfer_decode(f->transfer, f->data, mw_msg_limit(s->msg, MW_LIMIT_UNPACKED), &octets);

	if (r == -EFBIG)
		unread = "limit";
	if (r == 0 || r == -EFBIG)
		r = give(s, f->name, f->type, (struct mw_str){.p = mw_buf_text(&octets), .n = octets.n}, unread);
	mw_buf_free(&octets);
	return r;
}

int mw_sink_pasted(struct mw_sink *s, struct mw_str text, bool guesses)
{
	struct mw_pasted f;
	int r = 0;

	while (r == 0 && mw_pasted_next(&text, &f))
		if ((guesses || !f.guess) && is_file(&f))
			r = give_pasted(s, &f);
	return r;
}

int mw_sink_properties(struct mw_sink *s, struct mw_str text)
{
	struct mw_buf line = MW_BUF_INIT;
	struct mw_pasted f;
	int r = 0;

	while (r == 0 && mw_pasted_property(&text, &line, &f))
		r = give_pasted(s, &f);
	if (!mw_buf_ok(&line))
		r = -ENOMEM;
	mw_buf_free(&line);
	return r;
}

/* ---- a folder of mails ----------------------------------------------------------------------------------------------- */

/* The next mail with its line "From somebody at some time": one behind an empty line, which is nobody's, begins another. */
static struct mw_str take_mail(struct mw_str *rest)
{
	struct mw_str mail = *rest;
	const char *end = rest->p; /* where the last line began */
	bool empty = false;

	(void)mw_str_take_line(rest);
	while (rest->n && !(empty && rest->n >= 5 && memcmp(rest->p, "From ", 5) == 0)) {
		end = rest->p;
		empty = mw_str_take_line(rest).n == 0;
	}
	mail.n = (size_t)((rest->n && empty ? end : rest->p) - mail.p);
	return mail;
}

int mw_sink_mbox(struct mw_sink *s, struct mw_str data)
{
	int r = 0;

	for (size_t i = 1; data.n && r == 0; i++) {
		struct mw_str mail = take_mail(&data);
		char name[32];
		const struct mw_member member = {.name = {.p = name, .n = (size_t)snprintf(name, sizeof(name), "%zu.eml", i)},
						 .type = "message/rfc822",
						 .charset = ""};

		r = mw_sink_member(s, &member);
		if (r == 0)
			r = mw_sink_data(s, mail.p, mail.n);
		if (r == 0)
			r = mw_sink_member_end(s, NULL);
	}
	return r;
}

/* ---- of a Macintosh ------------------------------------------------------------------------------------------------- */

static int add_mac_text(struct mw_sink *s, struct mw_str text)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r = text.n ? mw_charset_to_utf8(text, "macintosh", &utf8, &guessed) : 0;

	if (r == 0 && utf8.n) {
		mw_buf_putc(&utf8, '\n');
		r = mw_buf_ok(&utf8) ? mw_sink_text(s, utf8.p, utf8.n) : -ENOMEM;
	}
	mw_buf_free(&utf8);
	return r;
}

static int give_mac(struct mw_sink *s, struct mw_str mac_name, const char *suffix, struct mw_str data)
{
	struct mw_buf name = MW_BUF_INIT;
	bool guessed;
	int r = mac_name.n ? mw_charset_to_utf8(mac_name, "macintosh", &name, &guessed) : 0;

	if (mac_name.n == 0)
		mw_buf_puts(&name, s->part->pub.name);
	if (name.n)
		mw_buf_puts(&name, suffix);
	if (r == 0)
		r = mw_buf_ok(&name) ? give(s, (struct mw_str){.p = mw_buf_text(&name), .n = name.n}, "", data, NULL) : -ENOMEM;
	mw_buf_free(&name);
	return r;
}

static int give_forks(struct mw_sink *s, const struct mw_macfile *f)
{
	int r = add_mac_text(s, f->name);

	if (r == 0)
		r = add_mac_text(s, f->comment);
	if (r == 0 && f->data.n)
		r = give_mac(s, f->name, "", f->data);
	if (r == 0 && f->resource.n > RESOURCE_EMPTY)
		r = give_mac(s, f->name, ".rsrc", f->resource);
	return r == 0 && !f->whole ? mw_sink_unread(s, "damaged") : r;
}

/* Few octets can stand for many: how many it is said to have is looked at first. */
static int give_binhex(struct mw_sink *s, struct mw_str text)
{
	uint64_t max = mw_msg_limit(s->msg, MW_LIMIT_UNPACKED), size = 0;
	struct mw_buf octets = MW_BUF_INIT;
	struct mw_macfile f;
	int r = mw_binhex_decode(text, BINHEX_HEAD, &octets);

	if (r == 0 || r == -EFBIG)
		size = mw_binhex_size((struct mw_str){.p = mw_buf_text(&octets), .n = octets.n});
	mw_buf_free(&octets);
	if (r < 0 && r != -EFBIG)
		return r;
	if (size == 0)
		return -EINVAL;
	if (size > max || s->msg->unpacked > max - size)
		return mw_sink_breach(s, MW_LIMIT_UNPACKED);
	if (mw_msg_more(s->msg, size) < 0)
		return -ENOMEM;
	r = mw_binhex_decode(text, size, &octets);
	if ((r == 0 || r == -EFBIG) && mw_binhex_read((struct mw_str){.p = mw_buf_text(&octets), .n = octets.n}, &f))
		r = give_forks(s, &f);
	mw_buf_free(&octets);
	return r;
}

int mw_sink_mac(struct mw_sink *s, struct mw_str data)
{
	struct mw_macfile f;

	if (mw_macfile_read(data, &f))
		return give_forks(s, &f);
	return give_binhex(s, data);
}
