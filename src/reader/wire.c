/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/wire.h"

#include <errno.h>
#include <string.h>

/* What a frame of each kind holds, in this order. */
enum { HAS_NUMBER = 1, HAS_FLAGS = 2, HAS_NAME = 4, HAS_CHARSET = 8, HAS_TEXT = 16, MAY_LACK_NAME = 32 };

static const uint32_t holds[MW_FRAMES] = {
    [MW_FRAME_TEXT] = HAS_TEXT,	    [MW_FRAME_SECTION] = HAS_NAME | MAY_LACK_NAME,
    [MW_FRAME_HIDDEN] = 0,	    [MW_FRAME_PAGE] = 0,
    [MW_FRAME_UNREAD] = HAS_NAME,   [MW_FRAME_MEMBER] = HAS_NUMBER | HAS_FLAGS | HAS_NAME | HAS_CHARSET | HAS_TEXT,
    [MW_FRAME_DATA] = HAS_TEXT,	    [MW_FRAME_MEMBER_END] = HAS_NAME | MAY_LACK_NAME,
    [MW_FRAME_LABEL] = HAS_CHARSET, [MW_FRAME_OCTETS] = HAS_TEXT,
    [MW_FRAME_CONVERT] = 0,	    [MW_FRAME_END] = HAS_NUMBER | HAS_NAME | MAY_LACK_NAME,
    [MW_FRAME_GONE] = HAS_NUMBER,   [MW_FRAME_READ] = HAS_NUMBER | HAS_FLAGS | HAS_NAME | HAS_CHARSET | HAS_TEXT,
    [MW_FRAME_SIZE] = HAS_NUMBER,
};

/* ---- taking apart ---------------------------------------------------------------------------------------------------------------- */

static bool take(struct mw_wire *w, void *to, size_t n)
{
	if (w->bad || w->in.n < n) {
		w->bad = true;
		memset(to, 0, n);
		return false;
	}
	memcpy(to, w->in.p, n);
	w->in.p += n;
	w->in.n -= n;
	return true;
}

uint32_t mw_wire_u32(struct mw_wire *w)
{
	uint32_t v;

	(void)take(w, &v, sizeof(v));
	return v;
}

uint64_t mw_wire_u64(struct mw_wire *w)
{
	uint64_t v;

	(void)take(w, &v, sizeof(v));
	return v;
}

/* NULL for one that is said not to be there. */
static const char *text_or_null(struct mw_wire *w)
{
	uint32_t n = mw_wire_u32(w);
	const char *text = w->in.p;

	if (n == 0)
		return NULL;
	if (w->bad || w->in.n < n || memchr(text, '\0', n) != text + n - 1) {
		w->bad = true;
		return "";
	}
	w->in.p += n;
	w->in.n -= n;
	return text;
}

const char *mw_wire_text(struct mw_wire *w)
{
	const char *text = text_or_null(w);

	w->bad = w->bad || !text;
	return text ? text : "";
}

static int payload_take(struct mw_str payload, struct mw_frame *f)
{
	struct mw_wire w = {.in = payload};
	uint32_t has = holds[f->kind];

	if (has & HAS_NUMBER)
		f->number = mw_wire_u64(&w);
	if (has & HAS_FLAGS)
		f->flags = mw_wire_u32(&w);
	if (has & HAS_NAME)
		f->name = has & MAY_LACK_NAME ? text_or_null(&w) : mw_wire_text(&w);
	if (has & HAS_CHARSET)
		f->charset = mw_wire_text(&w);
	if (has & HAS_TEXT)
		f->text = w.in; /* the rest */
	return w.bad || (!(has & HAS_TEXT) && w.in.n) ? -EPROTO : 0;
}

int mw_frame_take(struct mw_str *in, struct mw_frame *ret)
{
	struct mw_wire w = {.in = *in};
	struct mw_frame f = {0};
	uint32_t n;

	if (in->n == 0)
		return 0;
	f.kind = mw_wire_u32(&w);
	n = mw_wire_u32(&w);
	if (w.bad || f.kind == 0 || f.kind >= MW_FRAMES || w.in.n < n)
		return -EPROTO;
	if (payload_take((struct mw_str){.p = w.in.p, .n = n}, &f) < 0)
		return -EPROTO;
	*in = (struct mw_str){.p = w.in.p + n, .n = w.in.n - n};
	*ret = f;
	return 1;
}

/* ---- putting together ------------------------------------------------------------------------------------------------------------ */

void mw_wire_put_u32(struct mw_buf *b, uint32_t v)
{
	mw_buf_add(b, (const char *)&v, sizeof(v));
}

void mw_wire_put_u64(struct mw_buf *b, uint64_t v)
{
	mw_buf_add(b, (const char *)&v, sizeof(v));
}

void mw_wire_put_text(struct mw_buf *b, const char *text)
{
	size_t n = text ? strlen(text) + 1 : 1;

	if (n > UINT32_MAX) {
		b->failed = true;
		return;
	}
	mw_wire_put_u32(b, (uint32_t)n);
	mw_buf_add(b, text ? text : "", n);
}

static void put_name(struct mw_buf *b, const char *name, uint32_t has)
{
	if (!name && (has & MAY_LACK_NAME))
		mw_wire_put_u32(b, 0);
	else
		mw_wire_put_text(b, name);
}

static size_t payload_size(const struct mw_frame *f)
{
	uint32_t has = holds[f->kind];
	size_t n = 0;

	n += has & HAS_NUMBER ? sizeof(uint64_t) : 0;
	n += has & HAS_FLAGS ? sizeof(uint32_t) : 0;
	n += has & HAS_NAME ? sizeof(uint32_t) : 0;
	if ((has & HAS_NAME) && (f->name || !(has & MAY_LACK_NAME)))
		n += (f->name ? strlen(f->name) : 0) + 1;
	if (has & HAS_CHARSET)
		n += sizeof(uint32_t) + (f->charset ? strlen(f->charset) : 0) + 1;
	return n;
}

int mw_frame_put(struct mw_buf *out, const struct mw_frame *f)
{
	uint32_t has = holds[f->kind];
	size_t n = payload_size(f), text = has & HAS_TEXT ? f->text.n : 0;

	if (n > MW_WIRE_MAX || text > MW_WIRE_MAX - n)
		return -EMSGSIZE;
	mw_wire_put_u32(out, f->kind);
	mw_wire_put_u32(out, (uint32_t)(n + text));
	if (has & HAS_NUMBER)
		mw_wire_put_u64(out, f->number);
	if (has & HAS_FLAGS)
		mw_wire_put_u32(out, f->flags);
	if (has & HAS_NAME)
		put_name(out, f->name, has);
	if (has & HAS_CHARSET)
		mw_wire_put_text(out, f->charset);
	if (has & HAS_TEXT)
		mw_buf_add(out, f->text.p, f->text.n);
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}
