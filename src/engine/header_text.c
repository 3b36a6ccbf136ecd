/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header_text: the header as the scanner sees it.
 *
 * A person writes the Subject (a part of its own), and perhaps a display name, Comments, Keywords or some X-field; programs write
 * the rest. Left out: traces and signatures (long digits and base64 that look like numbers of patients), identifiers of messages,
 * dates (each would be a date of birth), and the addresses of mailboxes: who writes to whom is the envelope's business, and every
 * message has such addresses. A display name beside an address stays.
 */
#include "engine/private.h"

#include <errno.h>
#include <string.h>

/* A final - matches any rest: "dkim-" is DKIM-Signature and others. Lower case. */
static const char *const machine_fields[] = {
    "received",
    "received-",
    "return-path",
    "delivered-to",
    "x-original-to",
    "dkim-",
    "x-google-dkim-",
    "domainkey-",
    "arc-",
    "authentication-results",
    "x-authentication-",
    "x-spam-",
    "x-virus-",
    "x-ms-exchange-",
    "x-microsoft-antispam",
    "x-microsoft-antispam-",
    "x-forefront-",
    "x-originating-",
    "x-gm-",
    "x-milward-",
    "message-id",
    "x-message-id",
    "in-reply-to",
    "references",
    "thread-index",
    "list-",
    "feedback-id",
    "autocrypt",
    "openpgp",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-id",
    "content-language",
    "content-length",
    "date",
    "resent-date",
    "resent-message-id",
    "user-agent",
    "x-mailer",
    "x-mimeole",
};

static const char *const address_fields[] = {
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-bcc",
    "disposition-notification-to",
    "return-receipt-to",
    "errors-to",
    "mail-followup-to",
    "mail-reply-to",
    "x-envelope-to",
};

static bool in_list(const char *const *list, size_t n, struct mw_str name)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]);

		if (list[i][len - 1] == '-') {
			if (name.n > len && mw_str_caseeq((struct mw_str){.p = name.p, .n = len}, list[i]))
				return true;
		} else if (mw_str_caseeq(name, list[i])) {
			return true;
		}
	}
	return false;
}

#define IN_LIST(list, name) in_list(list, sizeof(list) / sizeof((list)[0]), name)

/* Takes the mailboxes out of a decoded address list, in place: <…>, and bare words with an @. Display names stay. */
static void drop_mailboxes(char *s)
{
	char *const start = s;
	char *out = s;

	while (*s) {
		size_t n = *s == '<' ? strcspn(s, ">") : strcspn(s, " \t,;<");

		if (*s == '<') {
			s += n + (s[n] ? 1 : 0);
		} else if (n == 0) {
			*out++ = *s++;
		} else {
			if (!memchr(s, '@', n)) {
				memmove(out, s, n);
				out += n;
			}
			s += n;
		}
	}
	while (out > start && (out[-1] == ' ' || out[-1] == '\t' || out[-1] == ',' || out[-1] == ';'))
		out--;
	*out = '\0';
}

/* Is there more than what separates addresses? */
static bool has_words(const char *s)
{
	return s[strspn(s, " \t,;\"'()")] != '\0';
}

/* What may name a file. Of our own header, and of a part's, the file names are read where its body is. */
static bool is_label(struct mw_str name)
{
	return mw_str_caseeq(name, "content-type") || mw_str_caseeq(name, "content-disposition");
}

/* A CR alone ends a line to some readers, and what is behind it is a field of its own: of whatever name the one before is. */
static int add_behind_cr(struct mw_arena *a, struct mw_str value, struct mw_buf *out)
{
	const char *cr = value.n ? memchr(value.p, '\r', value.n) : NULL;
	char *text;

	for (; cr; cr = memchr(value.p, '\r', value.n)) {
		value = mw_str_behind(value, (size_t)(cr + 1 - value.p));
		if (value.n == 0 || value.p[0] == '\n')
			continue;
		text = mw_header_decode(a, value);
		if (!text)
			return -ENOMEM;
		mw_buf_puts(out, text);
		mw_buf_putc(out, '\n');
		break;
	}
	return 0;
}

int mw_header_text(struct mw_arena *a, const struct mw_header *h, bool subject, struct mw_buf *out)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct mw_field *f = &h->v[i];
		int r = add_behind_cr(a, f->value, out);
		char *value;

		if (r < 0)
			return r;

		if ((IN_LIST(machine_fields, f->name) && !(subject && is_label(f->name))) ||
		    (!subject && mw_str_caseeq(f->name, "subject")))
			continue;
		value = mw_header_decode(a, f->value);
		if (!value)
			return -ENOMEM;
		if (IN_LIST(address_fields, f->name))
			drop_mailboxes(value);
		if (!has_words(value))
			continue;
		mw_buf_add(out, f->name.p, f->name.n);
		mw_buf_puts(out, ": ");
		mw_buf_puts(out, value);
		mw_buf_putc(out, '\n');
	}
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}
