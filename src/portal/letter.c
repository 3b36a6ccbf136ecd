/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/letter.h"

#include "mail/header.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LETTER_MAX (256u * 1024u) /* octets of a template that is filled */

struct kind {
	const char *name, *template;
	const char *disposition; /* RFC 8098 3.2.6; NULL: no report says it */
};

/* A message that was locked or taken back has no disposition. One that expired was deleted, and not shown. */
static const struct kind kinds[] = {
    [MW_MAIL_PICKED_UP] = {"picked-up", "receipt-read.txt", "manual-action/MDN-sent-automatically; displayed"},
    [MW_MAIL_EXPIRED] = {"expired", "receipt-expired.txt", "automatic-action/MDN-sent-automatically; deleted"},
    [MW_MAIL_LOCKED] = {"locked", "receipt-locked.txt", NULL},
    [MW_MAIL_RECALLED] = {"recalled", "receipt-recalled.txt", NULL},
    [MW_MAIL_REMINDER] = {"reminder", "reminder.txt", NULL},
};

static const struct kind *kind_of(enum mw_pickup_mail mail)
{
	return (size_t)mail < sizeof(kinds) / sizeof(*kinds) && kinds[mail].name ? &kinds[mail] : NULL;
}

const char *mw_letter_name(enum mw_pickup_mail mail)
{
	const struct kind *k = kind_of(mail);

	return k ? k->name : NULL;
}

/* ---- its words -------------------------------------------------------------------------------------------------------------- */

struct words {
	struct mw_str subject, body;
};

static struct mw_values *values_of(struct mw_arena *arena, const struct mw_letter_site *site, const struct mw_pickup_letter *l)
{
	struct mw_values *v = mw_values_new(arena);
	const struct mw_pickup_row *row = &l->row;

	if (!v)
		return NULL;
	mw_values_puts(v, "site", site->conf->site);
	mw_values_puts(v, "recipient", row->recipient);
	mw_values_date(v, "sent", row->created);
	mw_values_date(v, "expires", row->expires);
	if (row->noticed)
		mw_values_date(v, "noticed", row->noticed);
	if (row->first_read)
		mw_values_date(v, "read", row->first_read);
	mw_values_date(v, "when",
		       l->kind == MW_MAIL_PICKED_UP && row->first_read ? row->first_read
		       : l->kind != MW_MAIL_LOCKED && row->ended       ? row->ended
								       : l->created);
	return mw_values_ok(v) ? v : NULL;
}

/* The first line of a template of a mail is its subject, then comes an empty line. */
static int split(struct mw_str text, const char *template, struct words *ret, struct mw_err *err)
{
	static const char subject[] = "Subject:";
	struct mw_str line = mw_str_take_line(&text);

	if (line.n < sizeof(subject) || memcmp(line.p, subject, sizeof(subject) - 1) != 0 || mw_str_take_line(&text).n != 0)
		return mw_fail(err, -EINVAL, "template %s does not begin with a subject and an empty line", template);
	ret->subject = mw_str_trim(mw_str_behind(line, sizeof(subject) - 1));
	ret->body = text;
	return 0;
}

static int words_of(struct mw_arena *arena, const struct mw_letter_site *site, const struct mw_pickup_letter *l,
		    struct mw_buf *filled, struct words *ret, struct mw_err *err)
{
	const struct kind *k = kind_of(l->kind);
	/* of a recipient it is known; a sender reads the site's */
	const char *language = l->kind == MW_MAIL_REMINDER ? l->row.language : site->conf->language;
	const struct mw_template *t = mw_templates_find(site->templates, mw_str(language), k->template, NULL);
	struct mw_values *v = values_of(arena, site, l);
	int r;

	if (!v)
		return mw_fail_memory(err);
	if (!t)
		return mw_fail(err, -ENOENT, "there is no template %s", k->template);
	r = mw_template_fill(t, v, LETTER_MAX, filled, err);
	return r < 0 ? r : split((struct mw_str){.p = mw_buf_text(filled), .n = filled->n}, k->template, ret, err);
}

/* ---- its form --------------------------------------------------------------------------------------------------------------- */

/* Behind a quoted string (RFC 5321 4.1.2); NULL: it has no end, or a control character. */
static const char *behind_quoted(const char *s)
{
	for (s++; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return NULL;
	}
	return s + 1;
}

/* What stands in <> of a header field and of a command: no control character, and no blank and no bracket but in a local part that is quoted. */
static bool address_fits(const char *s)
{
	const char *rest = *s == '"' ? behind_quoted(s) : s;

	if (!rest)
		return false;
	for (const char *p = rest; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '<' || *p == '>')
			return false;
	return *rest && strchr(rest, '@');
}

static bool ascii(struct mw_str s)
{
	size_t line = 0;

	for (size_t i = 0; i < s.n; i++) {
		line = s.p[i] == '\n' ? 0 : line + 1;
		if ((unsigned char)s.p[i] > 126 || line > 900)
			return false;
	}
	return true;
}

/* Lines end with CRLF, whatever they ended with. */
static void add_lines(struct mw_buf *out, struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			mw_buf_puts(out, "\r\n");
		else if (s.p[i] != '\r')
			mw_buf_putc(out, s.p[i]);
	}
	if (s.n && s.p[s.n - 1] != '\n')
		mw_buf_puts(out, "\r\n");
}

/* A part with the text, its fields first. */
static void add_text(struct mw_buf *out, struct mw_str body)
{
	enum { OCTETS = 57 }; /* of a line of base64 */
	bool plain = ascii(body);
	struct mw_buf lines = MW_BUF_INIT;

	mw_buf_printf(out, "Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n",
		      plain ? "us-ascii" : "utf-8", plain ? "7bit" : "base64");
	add_lines(&lines, body);
	out->failed |= lines.failed;
	for (size_t i = 0; !plain && i < lines.n; i += OCTETS) {
		size_t n = lines.n - i < OCTETS ? lines.n - i : OCTETS;
		unsigned char line[4 * (OCTETS / 3) + 1];

		(void)EVP_EncodeBlock(line, (const unsigned char *)lines.p + i, (int)n);
		mw_buf_printf(out, "%s\r\n", (const char *)line);
	}
	if (plain)
		mw_buf_add(out, lines.p, lines.n);
	mw_buf_free(&lines);
}

/* The name of the site in front of its address. */
static int add_from(struct mw_buf *out, struct mw_arena *arena, const struct mw_portal_conf *conf)
{
	mw_buf_puts(out, "From:");
	if (ascii(mw_str(conf->site))) {
		mw_buf_puts(out, " \"");
		for (const char *p = conf->site; *p; p++) {
			if (*p == '"' || *p == '\\')
				mw_buf_putc(out, '\\');
			mw_buf_putc(out, *p);
		}
		mw_buf_putc(out, '"');
	} else {
		const char *name = mw_header_encode(arena, "From", conf->site);

		if (!name)
			return -ENOMEM;
		for (; *name; name++) {
			if (*name == '\n')
				mw_buf_putc(out, '\r');
			mw_buf_putc(out, *name);
		}
	}
	mw_buf_printf(out, "\r\n <%s>\r\n", conf->from);
	return 0;
}

static void add_date(struct mw_buf *out, int64_t at)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)at;
	struct tm tm = {0};

	(void)gmtime_r(&seconds, &tm); /* not by the locale, as strftime() would */
	mw_buf_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday % 7], tm.tm_mday,
		      months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool message_id_fits(const char *s)
{
	return s[0] == '<' && s[1] && s[strlen(s) - 1] == '>' && ascii(mw_str(s)) && !strpbrk(s, " \t\r\n");
}

static int add_header(struct mw_buf *out, struct mw_arena *arena, const struct mw_letter_site *site,
		      const struct mw_pickup_letter *l, const char *to, struct mw_str subject)
{
	bool reminder = l->kind == MW_MAIL_REMINDER;
	const char *about = reminder ? l->row.message_id : l->row.origin_message_id;
	char *text = mw_arena_dup(arena, subject.p, subject.n), id[MW_PICKUP_ID_TEXT];
	char *value = text ? mw_header_encode(arena, "Subject", text) : NULL;

	if (!value || add_from(out, arena, site->conf) < 0)
		return -ENOMEM;
	mw_buf_printf(out, "To: <%s>\r\nSubject:", to);
	for (; *value; value++) {
		if (*value == '\n')
			mw_buf_putc(out, '\r');
		mw_buf_putc(out, *value);
	}
	mw_buf_puts(out, "\r\n");
	add_date(out, l->created);
	mw_pickup_id_text(l->row.id, id);
	mw_buf_printf(out, "Message-ID: <%s.%lld.%s@%s>\r\n", mw_letter_name(l->kind), (long long)l->number, id,
		      strrchr(site->conf->from, '@') + 1);
	if (message_id_fits(about))
		mw_buf_printf(out, "In-Reply-To: %s\r\nReferences: %s\r\n", about, about);
	mw_buf_printf(out, "Auto-Submitted: %s\r\nMIME-Version: 1.0\r\n", reminder ? "auto-generated" : "auto-replied");
	return 0;
}

/* A disposition notification, RFC 8098. */
static void add_report(struct mw_buf *out, const struct mw_letter_site *site, const struct mw_pickup_letter *l,
		       struct mw_str body)
{
	const char *original = l->row.origin_message_id;
	char id[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(l->row.id, id);
	mw_buf_printf(
	    out, "Content-Type: multipart/report; report-type=disposition-notification;\r\n boundary=\"=_%s\"\r\n\r\n--=_%s\r\n",
	    id, id);
	add_text(out, body);
	/* RFC 6533 has another form for addresses that are not ASCII */
	mw_buf_printf(out,
		      "\r\n--=_%s\r\nContent-Type: message/disposition-notification\r\n\r\nReporting-UA: %s; milward-portal\r\n",
		      id, site->host);
	if (ascii(mw_str(l->row.recipient)) && address_fits(l->row.recipient))
		mw_buf_printf(out, "Final-Recipient: rfc822; %s\r\n", l->row.recipient);
	else
		mw_buf_puts(out, "Final-Recipient: unknown; not-printable\r\n");
	if (message_id_fits(original))
		mw_buf_printf(out, "Original-Message-ID: %s\r\n", original);
	mw_buf_printf(out, "Disposition: %s\r\n\r\n--=_%s--\r\n", kind_of(l->kind)->disposition, id);
}

static int compose(struct mw_arena *arena, const struct mw_letter_site *site, const struct mw_pickup_letter *l, const char *to,
		   struct mw_buf *out, struct mw_err *err)
{
	struct mw_buf filled = MW_BUF_INIT;
	struct words words;
	int r = words_of(arena, site, l, &filled, &words, err);

	if (r == 0 && add_header(out, arena, site, l, to, words.subject) < 0)
		r = mw_fail_memory(err);
	if (r == 0 && kind_of(l->kind)->disposition)
		add_report(out, site, l, words.body);
	else if (r == 0)
		add_text(out, words.body);
	if (r == 0 && !mw_buf_ok(out))
		r = mw_fail_memory(err);
	mw_buf_free(&filled);
	return r;
}

int mw_letter_make(const struct mw_letter_site *site, const struct mw_pickup_letter *l, struct mw_letter *ret, struct mw_err *err)
{
	const char *to = l->kind == MW_MAIL_REMINDER ? l->row.recipient : l->row.sender;
	struct mw_buf out = MW_BUF_INIT;
	struct mw_arena *arena;
	int r;

	if (!kind_of(l->kind))
		return mw_fail(err, -EINVAL, "there is no mail of kind %d", (int)l->kind);
	if (!address_fits(to) || strlen(to) >= sizeof(ret->to))
		return mw_fail(err, -EINVAL, "its address is none that mail can be sent to");
	arena = mw_arena_new(4 * LETTER_MAX);
	r = arena ? compose(arena, site, l, to, &out, err) : mw_fail_memory(err);
	mw_arena_free(&arena);
	if (r < 0) {
		mw_buf_free(&out);
		return r;
	}
	(void)snprintf(ret->to, sizeof(ret->to), "%s", to);
	ret->utf8 = !ascii(mw_str(to)) || !ascii(mw_str(site->conf->from));
	ret->text = out;
	return 0;
}
