/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charset: the C library reads a file for each charset, which a reader cannot. What documents are often written in is opened before
 * the process is locked down; all others are converted by milward, which does the same for the text parts of a mail.
 */
#include "reader/inside.h"
#include "reader/keeper.h"
#include "reader/wire.h"

#include "mail/mime.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Each costs a third of a millisecond at the start, and a copy of the process about six microseconds. */
static const char *const ready[] = {"utf-16le",	  "utf-32le",	 "windows-1250", "windows-1251", "windows-1254",
				    "iso-8859-2", "iso-8859-15", "koi8-r",	 "macintosh",	 "cp437",
				    "cp850",	  "cp932",	 "gb18030",	 "cp949"};

void mw_charsets_open(void)
{
	/* One that this system does not have is asked for as the others are. What is opened stays so. */
	for (size_t i = 0; i < sizeof(ready) / sizeof(ready[0]); i++)
		(void)iconv_open("UTF-8", ready[i]);
}

static int receive_all(struct mw_sink *s, char *p, size_t n)
{
	while (n) {
		int fd, r = mw_wait_readable(s->fd, 0);

		r = r > 0 ? mw_receive_with_fd(s->fd, p, n, &fd) : r;
		if (r == -EAGAIN)
			continue;
		if (r <= 0)
			return -EIO;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* The answer of milward: its size, then the octets. */
static int take_answer(struct mw_sink *s, int (*fn)(void *, const char *, size_t), void *ctx)
{
	char head[MW_WIRE_HEAD + sizeof(uint64_t)], *text;
	struct mw_str in = {.p = head, .n = sizeof(head)};
	struct mw_frame f;
	int r = receive_all(s, head, sizeof(head));

	if (r == 0 && (mw_frame_take(&in, &f) != 1 || f.kind != MW_FRAME_SIZE || f.number > SIZE_MAX - 1))
		r = -EIO;
	if (r < 0)
		return r;
	text = malloc((size_t)f.number + 1);
	if (!text)
		return -ENOMEM;
	r = receive_all(s, text, (size_t)f.number);
	if (r == 0)
		r = fn(ctx, text, (size_t)f.number);
	free(text);
	return r;
}

static int ask(struct mw_sink *s, struct mw_str data, const char *charset, int (*fn)(void *, const char *, size_t), void *ctx)
{
	const struct mw_frame label = {.kind = MW_FRAME_LABEL, .charset = strlen(charset) < 64 ? charset : ""};
	const struct mw_frame done = {.kind = MW_FRAME_CONVERT};
	int r = mw_sink_put(s, &label);

	if (r == 0)
		r = mw_sink_pieces(s, MW_FRAME_OCTETS, data.p, data.n);
	if (r == 0)
		r = mw_sink_put(s, &done);
	if (r == 0)
		r = mw_sink_flush(s);
	return r == 0 ? take_answer(s, fn, ctx) : r;
}

int mw_reader_to_utf8(struct mw_sink *s, struct mw_str data, const char *charset, int (*fn)(void *, const char *, size_t),
		      void *ctx)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r;

	if (mw_charset_is_utf8(data, charset))
		return fn(ctx, data.p, data.n);
	/* Not known may be not opened. Octets that hold an escape sequence may be read as a charset that nobody named. */
	if (s && (!mw_charset_knows(charset) || (data.n && memchr(data.p, 0x1b, data.n))))
		return ask(s, data, charset, fn, ctx);
	r = mw_charset_to_utf8(data, charset, &utf8, &guessed);
	if (r == 0)
		r = fn(ctx, mw_buf_text(&utf8), utf8.n);
	mw_buf_free(&utf8);
	return r;
}
