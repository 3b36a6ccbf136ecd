/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content: octets of a leaf or of a file inside one, to text: by what they are, in the host itself or by an extractor.
 */
#include "engine/media.h"
#include "engine/private.h"
#include "engine/sniff.h"

#include "mail/mime.h"
#include "mail/sealed.h"

#include <errno.h>
#include <string.h>

/* The extractor that was loaded first for this type; NULL = none. */
static struct mw_self *find_extractor(const struct mw_msg *m, const char *type)
{
	for (size_t i = 0; i < m->gen->plan->modules; i++) {
		struct mw_self *s = &m->gen->self[i];

		if (!s->reads)
			continue;
		for (const char *const *t = s->plugin->types; *t; t++)
			if (mw_media_matches(*t, type))
				return s;
	}
	return NULL;
}

static int extract(struct mw_msg *m, const struct mw_self *s, struct part *p, struct mw_str data, const char *charset)
{
	const struct mw_document doc = {.data = data, .type = p->pub.type, .charset = charset, .name = p->pub.name};
	struct mw_sink sink;

	mw_sink_begin(&sink, m, p, data.n);
	mw_msg_extract(m, s, &doc, &sink);
	return mw_sink_end(&sink);
}

/* Lines of text end with LF, however they were sent: a rule's $ means the end of a line, and offsets of one text are the same
 * whether it came as 8bit by SMTP, as base64, or from a file. */
void mw_unify_lines(struct mw_buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != '\r' || i + 1 == b->n || b->p[i + 1] != '\n')
			b->p[n++] = b->p[i];
	mw_buf_cut(b, n);
}

/* Mostly the octets are the text: then it takes the place of the data. */
static int read_text(struct mw_msg *m, struct part *p, struct mw_buf *data, const char *charset)
{
	struct mw_str octets = {.p = mw_buf_text(data), .n = data->n};
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r = 0;

	if (!mw_charset_is_utf8(octets, charset)) {
		r = mw_charset_to_utf8(octets, charset, &utf8, &guessed);
		mw_buf_free(data);
		*data = utf8;
	}
	if (r < 0)
		return r;
	mw_unify_lines(data);
	mw_part_take(m, p, data);
	return 0;
}

/* Where lines were broken by a rule that some programs know and others do not, the text follows once more with its lines joined. */
static int read_wrapped(struct mw_msg *m, struct part *p, struct mw_buf *data, const char *charset, enum mw_wrap wrap)
{
	int r = read_text(m, p, data, charset);
	struct mw_str text = {.p = mw_buf_text(&p->text), .n = p->text.n};
	struct mw_buf joined = MW_BUF_INIT;

	if (r < 0 || wrap == MW_WRAP_NONE)
		return r;
	mw_buf_putc(&joined, '\n');
	r = mw_unwrap(wrap, text, &joined);
	if (r == 0 && !mw_str_same(mw_str_trim(text), mw_str_trim((struct mw_str){.p = joined.p, .n = joined.n})))
		r = mw_part_add(m, p, joined.p, joined.n);
	mw_buf_free(&joined);
	return r == -EFBIG ? 0 : r;
}

/* What nobody can read by its label stays so for the policy; is it a text all the same, its words are scanned. */
static int read_unlabelled(struct mw_msg *m, struct part *p, struct mw_buf *content, const char *charset, const char *reason)
{
	struct mw_str data = {.p = mw_buf_text(content), .n = content->n};
	int r = mw_media_is_text(data) ? read_text(m, p, content, charset) : 0;

	(void)mw_part_unread(p, reason);
	return r;
}

/* Are these the octets of a part that is decoded already ("2.raw" of 2), or all of a message's? */
static bool is_second_look(const struct mw_msg *m, const struct part *p)
{
	const struct part *before = m->parts >= 2 ? m->part[m->parts - 2] : NULL;
	const char *path = p->pub.path;
	size_t n = strlen(path);

	if (n < 3 || strcmp(path + n - 3, "raw") != 0)
		return false;
	return n < 4 || !before || !before->pub.unread || strlen(before->pub.path) != n - 4 ||
	       memcmp(before->pub.path, path, n - 4) != 0;
}

/* The same of any text, and the files that stand in it. In octets that are a second look at a part, letters alone are no sign of one. */
static int read_plain(struct mw_msg *m, struct part *p, struct mw_buf *content, const char *charset, enum mw_wrap wrap)
{
	struct mw_str data = {.p = mw_buf_text(content), .n = content->n};
	struct mw_sink sink;
	int r, end = 0;

	if (strncmp(p->pub.type, "text/", 5) != 0 && wrap != MW_WRAP_FOLDED)
		return read_wrapped(m, p, content, charset, wrap);
	mw_sink_begin(&sink, m, p, data.n);
	r = wrap == MW_WRAP_FOLDED ? mw_sink_properties(&sink, data) : mw_sink_pasted(&sink, data, !is_second_look(m, p));
	if (r == 0 || r == -EFBIG)
		r = read_wrapped(m, p, content, charset, wrap);
	if (sink.member || sink.failed)
		end = mw_sink_end(&sink);
	return r < 0 ? r : end;
}

/* What a Macintosh wraps its files in. */
static int read_mac(struct mw_msg *m, struct part *p, struct mw_buf *content, const char *charset)
{
	struct mw_sink sink;
	int r, end;

	mw_sink_begin(&sink, m, p, content->n);
	r = mw_sink_mac(&sink, (struct mw_str){.p = mw_buf_text(content), .n = content->n});
	end = mw_sink_end(&sink);
	if (r == -EINVAL && end == 0)
		return read_unlabelled(m, p, content, charset, "damaged");
	return r < 0 && r != -EFBIG ? r : end;
}

/* A folder of mails in one file: each is a member. */
static int read_mbox(struct mw_msg *m, struct part *p, struct mw_str data)
{
	struct mw_sink sink;
	int r, end;

	mw_sink_begin(&sink, m, p, data.n);
	r = mw_sink_mbox(&sink, data);
	end = mw_sink_end(&sink);
	return r < 0 && r != -EFBIG ? r : end;
}

/* Another message's header: read like our own, with its Subject. */
static int read_header(struct mw_msg *m, struct part *p, struct mw_str data)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf text = MW_BUF_INIT;
	struct mw_header h = {0};
	struct mw_str rest;
	bool guessed;
	int r = a ? mw_header_parse(a, data, &h, &rest) : -ENOMEM;

	if (r == 0)
		r = mw_header_text(a, &h, true, &text);
	if (r == 0 && rest.n) /* a part that says it is a header alone, and holds more */
		r = mw_charset_to_utf8(rest, "", &text, &guessed);
	mw_unify_lines(&text);
	if (r == 0)
		r = mw_part_add(m, p, mw_buf_text(&text), text.n);
	mw_buf_free(&text);
	mw_arena_free(&a);
	return r == -EFBIG ? 0 : r;
}

/* Text in a charset that we do not know is for a reader who does, and noise to whoever scans it. */
static bool is_noise(const char *type, const char *charset, struct mw_str data)
{
	return (mw_media_kind(type) == MW_MEDIA_TEXT || strncmp(type, "text/", 5) == 0) && !mw_charset_knows(charset) &&
	       !mw_media_is_text(data);
}

static int read_typed(struct mw_msg *m, struct part *p, struct mw_buf *content, const char *charset, bool delsp)
{
	const char *type = p->pub.type;
	struct mw_str data = {.p = mw_buf_text(content), .n = content->n};
	const struct mw_self *s = find_extractor(m, type);

	if (s)
		return extract(m, s, p, data, charset);
	if (strcmp(type, "message/rfc822") == 0)
		return mw_msg_read_mail(m, p, data);
	switch (mw_media_kind(type)) {
	case MW_MEDIA_TEXT:
		return read_plain(m, p, content, charset, delsp ? MW_WRAP_FLOWED : mw_media_wrap(type));
	case MW_MEDIA_HEADER:
		return read_header(m, p, data);
	case MW_MEDIA_SIGNATURE:
		if (mw_media_is_signature(data))
			return 0;
		break;
	case MW_MEDIA_MAC:
		return read_mac(m, p, content, charset);
	case MW_MEDIA_MBOX:
		return read_mbox(m, p, data);
	case MW_MEDIA_ENCRYPTED:
		(void)mw_part_unread(p, "encrypted");
		return 0;
	case MW_MEDIA_IMAGE:
		if (mw_sniff_no_picture(data))
			return 0;
		return read_unlabelled(m, p, content, charset, "image");
	case MW_MEDIA_OTHER:
		/* A leaf that is sealed does not come here: this is a file inside of one. */
		if (!mw_sealed(type, data, MW_TRANSFER_NONE))
			break;
		(void)mw_part_unread(p, "sealed");
		return 0;
	}
	return read_unlabelled(m, p, content, charset, "unknown-format");
}

int mw_part_read(struct mw_msg *m, struct part *p, struct mw_buf *content, const char *charset, bool delsp)
{
	struct mw_str data = {.p = mw_buf_text(content), .n = content->n};
	const char *type = mw_media_type(p->pub.type, p->pub.name, data);
	bool noise = is_noise(type, charset, data);
	int r;

	p->pub.type = type; /* static, or what it was */
	r = read_typed(m, p, content, charset, delsp);
	if (noise && !p->pub.unread)
		(void)mw_part_unread(p, "unknown-format");
	return r;
}
