/* SPDX-License-Identifier: Apache-2.0 */
#include "host/reply.h"

#include "mail/address.h"

#include <stdio.h>
#include <string.h>

/* Sendmail reads the text as a format, so no percent sign; and neither MTA takes line ends or 8-bit octets in it. */
static void clean(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e || *text == '%')
			*text = *text == '\r' || *text == '\n' || *text == '\t' ? ' ' : '?';
}

void mw_reply_set(struct mw_reply *r, const char *code, const char *status, const char *text)
{
	r->code = code;
	r->status = status;
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

void mw_reply_make(const struct mw_outcome *o, const struct mw_verdict *v, const struct mw_rcpt *rcpt, struct mw_reply *r)
{
	const char *where = v ? v->where : "", *reason = o->reason ? o->reason : "";

	r->code = o->effect == MW_TEMPFAIL ? "451" : "550";
	r->status = o->effect == MW_TEMPFAIL ? "4.7.1" : "5.7.1";
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
