/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/head.h"

#include "base/str.h"
#include "seal/param.h"

#include <errno.h>
#include <string.h>

#define ID_DIGITS 32u

static const char *const hp_params[] = {"hp", "hp-legacy-display", "protected-headers", NULL};

/* Fields of what the sender wrote that the outer header has, too. */
static const char *const shown[] = {
    "Auto-Submitted",
    "Cc",
    "Date",
    "Disposition-Notification-To",
    "From",
    "Importance",
    "In-Reply-To",
    "List-*",
    "Message-ID",
    "Original-From",
    "Precedence",
    "Priority",
    "References",
    "Reply-To",
    "Resent-Cc",
    "Resent-Date",
    "Resent-From",
    "Resent-Message-ID",
    "Resent-Sender",
    "Resent-To",
    "Sender",
    "Sensitivity",
    "Subject",
    "TLS-Required",
    "To",
    "X-Auto-Response-Suppress",
    "X-Priority",
    NULL,
};
/* How a message came here: in the outer header alone. */
static const char *const trace[] = {"Authentication-Results", "Delivered-To", "Received", "Received-SPF", "X-Original-To", NULL};
/* In neither: of milward and of those who tell how they protect the header; what would tell who else got it; signatures over what is
 * not there any more, with a digest of the text. */
static const char *const gone[] = {"ARC-*",	 "Bcc",		"DKIM-Signature", "DomainKey-Signature", "HP-Outer",
				   "Resent-Bcc", "Return-Path", "X-Milward-*",	  "X-Received",		 NULL};
/* What the protected header of a message that was opened may set: what a reader sees of it. Not From: what the MTA has checked of
 * that holds for the outer one. */
static const char *const restored[] = {"Cc",	     "Comments", "Date",	 "In-Reply-To", "Keywords",
				       "References", "Subject",	 "Thread-Topic", "To",		NULL};
static const char *const not_onward[] = {"Bcc", "Resent-Bcc", "Return-Path", "X-Milward-*", NULL};

static bool is_in(struct mw_str name, const char *const *list)
{
	for (; *list; list++) {
		size_t n = strlen(*list);
		bool any = (*list)[n - 1] == '*';

		n -= any;
		if (name.n < n || (!any && name.n > n))
			continue;
		for (size_t i = 0; i <= n; i++) {
			if (i == n)
				return true;
			if (mw_lower(name.p[i]) != mw_lower((*list)[i]))
				break;
		}
	}
	return false;
}

static bool is_content(struct mw_str name)
{
	static const char *const content[] = {"Content-*", NULL};

	return is_in(name, content);
}

static bool is_structure(struct mw_str name)
{
	return is_content(name) || mw_str_caseeq(name, "MIME-Version");
}

/* Is it what the sender wrote? */
static bool is_written(struct mw_str name)
{
	return !is_structure(name) && !is_in(name, trace) && !is_in(name, gone);
}

static void put(struct mw_buf *out, struct mw_str name, struct mw_str value)
{
	mw_buf_add(out, name.p, name.n);
	mw_buf_putc(out, ':');
	mw_buf_add(out, value.p, value.n);
	mw_buf_puts(out, "\r\n");
}

/* Of what a stranger has encrypted: whatever ends a line in the value but a fold would begin a field, so it becomes a blank. */
static void put_clean(struct mw_buf *out, struct mw_str name, struct mw_str value)
{
	mw_buf_add(out, name.p, name.n);
	mw_buf_putc(out, ':');
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i], next = i + 1 < value.n ? value.p[i + 1] : '\0';

		if (c == '\n' && (next == ' ' || next == '\t'))
			mw_buf_puts(out, "\r\n");
		else if (c == '\n' || c == '\0' || (c == '\r' && next != '\n'))
			mw_buf_putc(out, ' ');
		else if (c != '\r')
			mw_buf_putc(out, c);
	}
	mw_buf_puts(out, "\r\n");
}

/* As the outer header shows it. */
static struct mw_str shown_value(const struct mw_field *f)
{
	return mw_str_caseeq(f->name, "Subject") ? mw_str(" [...]") : f->value;
}

/* ---- sealing --------------------------------------------------------------------------------------------------------------------- */

static void put_type(struct mw_buf *out, struct mw_str name, struct mw_str value)
{
	mw_buf_add(out, name.p, name.n);
	mw_buf_putc(out, ':');
	mw_param_drop(value, hp_params, out);
	mw_buf_puts(out, ";\r\n hp=\"cipher\"\r\n");
}

void mw_head_inner(const struct mw_header *h, bool eight_bit, struct mw_buf *out)
{
	bool typed = false;

	mw_buf_puts(out, "MIME-Version: 1.0\r\n");
	for (size_t i = 0; i < h->n; i++) {
		const struct mw_field *f = &h->v[i];

		if (is_written(f->name))
			put(out, f->name, f->value);
	}
	for (size_t i = 0; i < h->n; i++) {
		const struct mw_field *f = &h->v[i];

		if (!is_written(f->name) || !is_in(f->name, shown))
			continue;
		mw_buf_puts(out, "HP-Outer: ");
		put(out, f->name, shown_value(f));
	}
	for (size_t i = 0; i < h->n; i++) {
		const struct mw_field *f = &h->v[i];

		if (!is_content(f->name))
			continue;
		if (mw_str_caseeq(f->name, "Content-Type") && !typed) {
			put_type(out, f->name, f->value);
			typed = true;
		} else {
			put(out, f->name, f->value);
		}
	}
	if (!typed)
		put_type(out, mw_str("Content-Type"),
			 mw_str(eight_bit ? " text/plain; charset=utf-8" : " text/plain; charset=us-ascii"));
	mw_buf_puts(out, "\r\n");
}

void mw_head_outer(const struct mw_header *h, struct mw_buf *out)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct mw_field *f = &h->v[i];

		if (is_in(f->name, trace) || is_in(f->name, shown))
			put(out, f->name, shown_value(f));
	}
	mw_buf_puts(out, "MIME-Version: 1.0\r\n");
}

static bool is_fit(struct mw_str value)
{
	size_t line = 0;

	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		line = c == '\n' ? 0 : line + 1;
		if (c >= 0x80 || line > 900 || (c == '\n' && (i == 0 || value.p[i - 1] != '\r')) ||
		    (c == '\r' && (i + 1 == value.n || value.p[i + 1] != '\n')))
			return false;
	}
	return true;
}

int mw_head_sealed(const struct mw_header *entity, struct mw_buf *out)
{
	bool typed = false;

	for (size_t i = 0; i < entity->n; i++) {
		const struct mw_field *f = &entity->v[i];

		if (!is_content(f->name))
			continue;
		if (!is_fit(f->value))
			return -EPROTO;
		typed |= mw_str_caseeq(f->name, "Content-Type");
		put(out, f->name, f->value);
	}
	mw_buf_puts(out, "\r\n");
	return typed ? 0 : -EPROTO;
}

/* ---- opening --------------------------------------------------------------------------------------------------------------------- */

void mw_head_entity(const struct mw_header *h, struct mw_buf *out)
{
	for (size_t i = 0; i < h->n; i++)
		if (is_content(h->v[i].name))
			put(out, h->v[i].name, h->v[i].value);
	mw_buf_puts(out, "\r\n");
}

/* Does the entity say that its fields are those of the message? By RFC 9788, or as it was done before. */
static bool is_protected(const struct mw_header *opened)
{
	const struct mw_field *f = mw_header_find(opened, "Content-Type", NULL);
	char value[16];

	if (!f)
		return false;
	if (mw_param_get(f->value, "hp", value, sizeof(value)))
		return strcmp(value, "cipher") == 0 || strcmp(value, "clear") == 0;
	return mw_param_get(f->value, "protected-headers", value, sizeof(value));
}

/* The entity is in clear from here on, so what says that its header was protected goes. */
static void put_content(const struct mw_header *h, struct mw_buf *out)
{
	struct mw_buf type = MW_BUF_INIT;

	for (size_t i = 0; i < h->n; i++) {
		const struct mw_field *f = &h->v[i];

		if (!is_content(f->name))
			continue;
		mw_buf_clear(&type);
		if (mw_str_caseeq(f->name, "Content-Type"))
			mw_param_drop(f->value, hp_params, &type);
		else
			mw_buf_add(&type, f->value.p, f->value.n);
		if (!mw_buf_ok(&type))
			out->failed = true;
		put_clean(out, f->name, (struct mw_str){.p = mw_buf_text(&type), .n = type.n});
	}
	mw_buf_free(&type);
}

/* A bit of its own for each name that may be set; 0: it may not. A stranger says how many fields there are: they are not compared with
 * each other. */
static unsigned restored_bit(struct mw_str name)
{
	for (unsigned i = 0; restored[i]; i++)
		if (mw_str_caseeq(name, restored[i]))
			return 1u << i;
	return 0;
}

void mw_head_onward(const struct mw_header *h, const struct mw_header *opened, const struct mw_head_results *results,
		    struct mw_buf *out)
{
	bool over = opened && is_protected(opened);
	unsigned replaced = 0;

	for (size_t i = 0; over && i < opened->n; i++)
		replaced |= restored_bit(opened->v[i].name);
	if (results)
		mw_buf_puts(out, results->text);
	for (size_t i = 0; i < h->n; i++) {
		const struct mw_field *f = &h->v[i];

		if (is_in(f->name, not_onward) || (restored_bit(f->name) & replaced) || (opened && is_structure(f->name)))
			continue;
		if (results && mw_str_caseeq(f->name, "Authentication-Results") && results->is_ours(results->ctx, f->value))
			continue;
		put(out, f->name, f->value);
	}
	for (size_t i = 0; over && i < opened->n; i++) { /* the first of each name */
		unsigned bit = restored_bit(opened->v[i].name);

		if (bit & replaced)
			put_clean(out, opened->v[i].name, opened->v[i].value);
		replaced &= ~bit;
	}
	if (opened) {
		mw_buf_puts(out, "MIME-Version: 1.0\r\n");
		put_content(opened, out);
	}
	mw_buf_puts(out, "\r\n");
}

/* ---- looking --------------------------------------------------------------------------------------------------------------------- */

bool mw_head_eight_bit(struct mw_str head)
{
	for (size_t i = 0; i < head.n; i++)
		if ((unsigned char)head.p[i] >= 0x80)
			return true;
	return false;
}

static bool is_id_octet(char c)
{
	return (c >= '0' && c <= '9') || (mw_lower(c) >= 'a' && mw_lower(c) <= 'z') || c == '-' || c == '_';
}

/* "from … by … with ESMTP id 6AM2O93T017564 (…); date": the word behind the last "id" before the date. */
void mw_head_queue_id(const struct mw_header *h, char *ret, size_t n)
{
	const struct mw_field *f = mw_header_find(h, "Received", NULL);
	struct mw_str v = f ? f->value : (struct mw_str){0};
	const char *date = v.n ? memrchr(v.p, ';', v.n) : NULL;
	size_t kept = 0;

	ret[0] = '\0';
	v.n = date ? (size_t)(date - v.p) : v.n;
	for (size_t i = v.n; i-- > 3;) {
		if (!strchr(" \t\n", v.p[i - 3]) || mw_lower(v.p[i - 2]) != 'i' || mw_lower(v.p[i - 1]) != 'd' || v.p[i] != ' ')
			continue;
		for (i++; i < v.n && kept + 1 < n && is_id_octet(v.p[i]); i++)
			ret[kept++] = v.p[i];
		ret[kept] = '\0';
		return;
	}
}

void mw_head_id(const struct mw_header *h, char ret[33])
{
	size_t from = 0;
	const struct mw_field *f = mw_header_find(h, "X-Milward-Id", &from);
	struct mw_str v = f ? mw_str_trim(f->value) : (struct mw_str){0};

	ret[0] = '\0';
	if (v.n != ID_DIGITS || mw_header_find(h, "X-Milward-Id", &from))
		return;
	for (size_t i = 0; i < v.n; i++) {
		char c = mw_lower(v.p[i]);

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return;
	}
	for (size_t i = 0; i < v.n; i++)
		ret[i] = mw_lower(v.p[i]);
	ret[v.n] = '\0';
}
