/* SPDX-License-Identifier: Apache-2.0 */
#include "host/reply.h"

#include "engine/message.h"
#include "mail/address.h"

#include <stdio.h>
#include <string.h>

#define NAMES_SHOWN 3u /* recipients in one line */
#define PIECE 300u     /* octets of one line that say why, so that there is room for the line of the policy */

/* Sendmail reads the text as a format, so no percent sign; and neither MTA takes line ends or 8-bit octets in it. */
static void clean(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e || *text == '%')
			*text = *text == '\r' || *text == '\n' || *text == '\t' ? ' ' : '?';
}

void mw_reply_set(struct mw_reply *r, const char *code, const char *status, const char *text)
{
	*r = (struct mw_reply){.code = code, .status = status};
	(void)snprintf(r->text, sizeof(r->text), "%s", text);
	clean(r->text);
}

/* What, why, and the line of the policy, which stays whatever the length of the reason. */
static void set_because(struct mw_reply *r, const char *what, const char *why, const char *more, const char *where)
{
	char reason[260];

	(void)snprintf(reason, sizeof(reason), "%s%s%s", why, *why && *more ? ": " : "", more);
	(void)snprintf(r->text, sizeof(r->text), "%s%s%s%s%.80s%s", what, *reason ? ": " : "", reason, *where ? " (" : "", where,
		       *where ? ")" : "");
	clean(r->text);
}

/* No means is left for an address that an MTA would rewrite behind our back: the sender can mend that by writing it plainly. */
static bool form_decided(const struct mw_verdict *v, const struct mw_rcpt *rcpt)
{
	return v && rcpt && v->effect == MW_REFUSE && rcpt->form != MW_ADDR_PLAIN && *v->skipped;
}

static const char *what_is_done(uint32_t effect, bool judged)
{
	switch (effect) {
	case MW_HOLD:
		return judged ? "held by policy" : "held, could not be judged";
	case MW_TEMPFAIL:
		return judged ? "message not taken now by policy" : "message cannot be judged now, try again later";
	default:
		return judged ? "message refused by policy" : "message cannot be judged";
	}
}

static void start(const struct mw_outcome *o, struct mw_reply *r)
{
	bool later = o->effect == MW_TEMPFAIL;

	*r = (struct mw_reply){.code = later ? "451" : "550", .status = later ? "4.7.1" : "5.7.1"};
}

/* ---- no means is there ---------------------------------------------------------------------------------------------- */
static struct mw_str named(const struct mw_rcpt *rcpt)
{
	return rcpt->alias.n ? rcpt->alias : rcpt->address;
}

/* For both the same was passed over, by the same line. */
static bool same_reason(const struct mw_reply_rcpt *a, const struct mw_reply_rcpt *b)
{
	return strcmp(a->verdict->skipped, b->verdict->skipped) == 0 && strcmp(a->verdict->where, b->verdict->where) == 0;
}

static bool same_name(const struct mw_reply_rcpt *a, const struct mw_reply_rcpt *b)
{
	struct mw_str x = named(a->rcpt), y = named(b->rcpt);

	return x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
}

/* Is the i-th the first of those that are told in its line, and does it bring a new name? */
static bool is_first(const struct mw_reply_rcpt *v, size_t i, bool by_name)
{
	for (size_t k = 0; k < i; k++)
		if (same_reason(&v[k], &v[i]) && (!by_name || same_name(&v[k], &v[i])))
			return false;
	return true;
}

/* `a@x.example, b@y.example and 3 more` */
static void put_names(const struct mw_reply_rcpt *v, size_t n, size_t first, char *text, size_t room)
{
	size_t shown = 0, more = 0, at = 0;

	for (size_t i = first; i < n; i++) {
		struct mw_str s = named(v[i].rcpt);

		if (!same_reason(&v[first], &v[i]) || !is_first(v, i, true))
			continue;
		if (shown == NAMES_SHOWN || s.n + at + 20 > room) {
			more++;
			continue;
		}
		at += (size_t)snprintf(text + at, room - at, "%s%.*s", shown++ ? ", " : "", (int)s.n, s.p);
	}
	if (!shown)
		(void)snprintf(text, room, "%zu recipients", more);
	else if (more)
		(void)snprintf(text + at, room - at, " and %zu more", more);
}

/* Of a text that is too long for a line the part that goes on one, up to the end of a reason if it can be. */
static size_t piece_of(const char *text)
{
	size_t n = strlen(text), cut = 0;

	if (n <= PIECE)
		return n;
	for (size_t i = PIECE / 3; i < PIECE; i++)
		if (text[i - 1] == ';' && text[i] == ' ')
			cut = i;
	return cut ? cut : PIECE;
}

/* One line, or more when the reasons are long. keep: lines that others need. */
static void put_route(const struct mw_reply_rcpt *v, size_t n, size_t i, const char *what, struct mw_reply *r, size_t keep)
{
	const struct mw_verdict *verdict = v[i].verdict;
	const char *reason = strcmp(verdict->reason, MW_NO_ROUTE) == 0 ? "" : verdict->reason, *p;
	char *line = *r->text ? r->more[r->lines++] : r->text;
	char names[100], text[PIECE * (2 + MW_REPLY_MORE)]; /* more than all lines take */
	size_t len;

	put_names(v, n, i, names, sizeof(names));
	(void)snprintf(text, sizeof(text), "%.40s%sno route for %s: %s%s%s", what, *what ? ": " : "", names, reason,
		       *reason && *verdict->skipped ? "; " : "", verdict->skipped);
	for (p = text; len = piece_of(p), p[len] && r->lines + keep < MW_REPLY_MORE; p += len + (p[len] == ' ')) {
		(void)snprintf(line, MW_REPLY_LINE, "%.*s", (int)len, p);
		clean(line);
		line = r->more[r->lines++];
	}
	(void)snprintf(line, MW_REPLY_LINE, "%.*s%s (%.60s)", (int)len, p, p[len] ? "..." : "", verdict->where);
	clean(line);
}

void mw_reply_routes(const struct mw_outcome *o, const struct mw_reply_rcpt *v, size_t n, struct mw_reply *r)
{
	size_t left = 0;

	start(o, r);
	for (size_t i = 0; i < n; i++)
		left += is_first(v, i, false);
	for (size_t i = 0; i < n && (!*r->text || r->lines + (left > 1) < MW_REPLY_MORE); i++)
		if (is_first(v, i, false))
			put_route(v, n, i, i ? "" : what_is_done(o->effect, true), r, --left);
	if (left)
		(void)snprintf(r->more[r->lines++], MW_REPLY_LINE, "and %zu more, for other reasons: see the log", left);
}

void mw_reply_make(const struct mw_outcome *o, const struct mw_verdict *v, const struct mw_rcpt *rcpt, struct mw_reply *r)
{
	const char *where = v ? v->where : "", *reason = o->reason ? o->reason : "";

	start(o, r);
	if (o->cause) {
		set_because(r, what_is_done(o->effect, false), o->cause, strcmp(reason, o->cause) != 0 ? reason : "", where);
		return;
	}
	if (form_decided(v, rcpt)) {
		r->code = "553";
		r->status = "5.1.3";
		set_because(r, "address form not supported", mw_address_form_name(rcpt->form), "", where);
		return;
	}
	set_because(r, what_is_done(o->effect, true), reason, v ? v->skipped : "", where);
}
