/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelope addresses. An MTA rewrites some forms after the milter has seen them; tagging such an address would leave the
 * original recipient in place, in clear. So only a form that no MTA rewrites is PLAIN, and doubt is resolved against it.
 */
#include "mail/address.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "base/str.h"

#define LABEL_MAX 63u

/* What one pass over an address finds. */
struct scan {
	size_t at;	/* index of the only '@' outside quotes; n when there is none */
	unsigned ats;	/* how many of them */
	bool at_quoted; /* an '@' inside quotes */
	bool bang;	/* '!' in or outside quotes: Postfix looks inside (resolve_dequoted_address) */
	bool percent;	/* '%', likewise */
	bool bad;	/* octets or an order that RFC 5321 does not know */
};

static bool is_atext(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80 ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* One octet of a local part, outside of quotes. */
static void scan_bare(struct scan *f, const char *p, size_t i)
{
	unsigned char c = (unsigned char)p[i];

	if (c == '.')
		f->bad |= i == 0 || p[i - 1] == '.'; /* dot-string: no empty atom */
	else if (!is_atext(c))
		f->bad = true;
	f->bang |= c == '!';
	f->percent |= c == '%';
}

/* Walks over a quoted string that opens at i; returns the index behind its closing quote. */
static size_t scan_quoted(struct scan *f, struct mw_str s, size_t i)
{
	for (i++; i < s.n && s.p[i] != '"'; i++) {
		if (s.p[i] == '\\' && ++i == s.n)
			break;
		f->at_quoted |= s.p[i] == '@';
		f->bang |= s.p[i] == '!';
		f->percent |= s.p[i] == '%';
	}
	if (i >= s.n) {
		f->bad = true; /* never closed */
		return s.n;
	}
	return i + 1;
}

static struct scan scan_address(struct mw_str s)
{
	struct scan f = {.at = s.n};
	size_t i = 0;

	while (i < s.n) {
		if (s.p[i] == '"' && f.ats == 0) {
			f.bad |= i != 0 && s.p[i - 1] != '.';
			i = scan_quoted(&f, s, i);
			f.bad |= i < s.n && s.p[i] != '.' && s.p[i] != '@';
			continue;
		}
		if (s.p[i] == '@') {
			f.ats++;
			f.at = i;
		} else if (f.ats == 0) {
			scan_bare(&f, s.p, i);
		}
		i++;
	}
	f.bad |= f.at == 0 || (f.at > 0 && s.p[f.at - 1] == '.');
	return f;
}

static bool domain_octet(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c >= 0x80;
}

/* Dot-separated labels of letters, digits, '-', '_' and UTF-8; no final dot. The length of a U-label in the DNS is not its
 * length here, so only ASCII labels are measured. */
static bool domain_valid(struct mw_str d)
{
	size_t start = 0;
	bool ascii = true;

	for (size_t i = 0; i <= d.n; i++) {
		if (i < d.n && d.p[i] != '.') {
			if (!domain_octet((unsigned char)d.p[i]))
				return false;
			ascii = ascii && (unsigned char)d.p[i] < 0x80;
			continue;
		}
		if (i == start || d.p[start] == '-' || d.p[i - 1] == '-' || (ascii && i - start > LABEL_MAX))
			return false;
		start = i + 1;
		ascii = true;
	}
	return true;
}

/* 192.0.2.1 without brackets: Postfix takes it for a literal, not for a name. */
static bool domain_numeric(struct mw_str d)
{
	for (size_t i = 0; i < d.n; i++)
		if (d.p[i] != '.' && (d.p[i] < '0' || d.p[i] > '9'))
			return false;
	return true;
}

static uint32_t domain_form(struct mw_str *d)
{
	bool dot = d->n > 1 && d->p[d->n - 1] == '.';

	if (d->n && d->p[0] == '[')
		return d->p[d->n - 1] == ']' ? MW_ADDR_LITERAL : MW_ADDR_BAD;
	if (dot)
		d->n--;
	if (!domain_valid(*d))
		return MW_ADDR_BAD;
	if (domain_numeric(*d))
		return MW_ADDR_LITERAL;
	if (dot)
		return MW_ADDR_TRAILING_DOT;
	return d->n > MW_DOMAIN_MAX - MW_TAG_ROOM ? MW_ADDR_TOO_LONG : MW_ADDR_PLAIN;
}

/* "@a,@b:user@c": the domain that the mail is for is the last one. */
static struct mw_str route_domain(struct mw_str a)
{
	size_t i = a.n;

	while (i > 0 && a.p[i - 1] != '@')
		i--;
	return (struct mw_str){.p = a.p + i, .n = a.n - i};
}

static uint32_t local_form(const struct scan *f)
{
	if (f->bang)
		return MW_ADDR_BANG;
	if (f->percent || f->at_quoted)
		return MW_ADDR_PERCENT;
	return MW_ADDR_PLAIN;
}

static bool has_control(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Sets *local and *domain to pieces of `a` and returns the form. */
static uint32_t split(struct mw_str a, struct mw_str *local, struct mw_str *domain)
{
	struct scan f;
	uint32_t form, dform;

	*local = a;
	*domain = (struct mw_str){.p = a.p + a.n, .n = 0};
	if (a.n == 0 || has_control(a) || !g_utf8_validate(a.p, (gssize)a.n, NULL))
		return MW_ADDR_BAD;
	if (a.p[0] == '@') {
		*domain = route_domain(a);
		local->n = (size_t)(domain->p - a.p) - 1;
		return domain->p > a.p + 1 ? MW_ADDR_SOURCE_ROUTE : MW_ADDR_BAD;
	}
	f = scan_address(a);
	form = local_form(&f);
	if (f.ats == 0)
		return f.bad ? MW_ADDR_BAD : form != MW_ADDR_PLAIN ? form : MW_ADDR_NO_DOMAIN;
	local->n = f.at;
	*domain = (struct mw_str){.p = a.p + f.at + 1, .n = a.n - f.at - 1};
	dform = domain_form(domain);
	if (f.bad || f.ats > 1)
		return MW_ADDR_BAD;
	return form == MW_ADDR_PLAIN || dform == MW_ADDR_BAD ? dform : form;
}

static struct mw_str strip_brackets(struct mw_str s)
{
	s = mw_str_trim(s);
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>') {
		s.p++;
		s.n -= 2;
	}
	return s;
}

int mw_address_parse(struct mw_arena *a, struct mw_str arg, struct mw_rcpt *rcpt)
{
	char *copy = mw_arena_dup(a, arg.p, arg.n), *low;
	struct mw_str address, local, domain;
	uint32_t form;

	if (!copy)
		return -ENOMEM;
	arg.p = copy;
	address = strip_brackets(arg);
	form = split(address, &local, &domain);
	low = mw_arena_dup(a, domain.p, domain.n);
	if (!low)
		return -ENOMEM;
	for (size_t i = 0; i < domain.n; i++)
		low[i] = mw_lower(low[i]);
	rcpt->arg = arg;
	rcpt->address = address;
	rcpt->local = local;
	rcpt->domain = (struct mw_str){.p = low, .n = domain.n};
	rcpt->form = form;
	return 0;
}

/* The next octet of a local part without its quoting; -1 at the end. */
static int dequoted_next(struct mw_str s, size_t *i)
{
	while (*i < s.n && s.p[*i] == '"')
		(*i)++;
	if (*i < s.n && s.p[*i] == '\\')
		(*i)++;
	return *i < s.n ? (unsigned char)mw_lower(s.p[(*i)++]) : -1;
}

static bool local_same_ascii(struct mw_str a, struct mw_str b)
{
	size_t i = 0, j = 0;
	int c, d;

	do {
		c = dequoted_next(a, &i);
		d = dequoted_next(b, &j);
	} while (c == d && c >= 0);
	return c == d;
}

static bool is_ascii(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Postfix folds the case of SMTPUTF8 addresses by Unicode's rules. Both sides are valid UTF-8. */
static struct mw_str unicode_fold(struct mw_str s, char **hold)
{
	*hold = g_utf8_casefold(s.p, (gssize)s.n);
	return mw_str(*hold);
}

static bool same_mailbox(struct mw_str a_local, struct mw_str a_domain, struct mw_str b_local, struct mw_str b_domain)
{
	char *hold[4] = {NULL};
	bool same;

	if (is_ascii(a_local) && is_ascii(a_domain))
		return mw_str_casesame(a_domain, b_domain) && local_same_ascii(a_local, b_local);
	same = mw_str_same(unicode_fold(a_domain, &hold[0]), unicode_fold(b_domain, &hold[1])) &&
	       local_same_ascii(unicode_fold(a_local, &hold[2]), unicode_fold(b_local, &hold[3]));
	for (int i = 0; i < 4; i++)
		g_free(hold[i]);
	return same;
}

void mw_address_confirm(struct mw_rcpt *rcpt, struct mw_str mta_addr)
{
	struct mw_str address = strip_brackets(mta_addr), local, domain;

	if (rcpt->form != MW_ADDR_PLAIN || mta_addr.n == 0)
		return;
	if (split(address, &local, &domain) != MW_ADDR_PLAIN || !same_mailbox(rcpt->local, rcpt->domain, local, domain))
		rcpt->form = MW_ADDR_MTA_DIFFERS;
}

void mw_address_confirm_user(struct mw_rcpt *rcpt, struct mw_str user)
{
	if (rcpt->form != MW_ADDR_PLAIN)
		return;
	if (user.n == 0 || !same_mailbox(rcpt->local, rcpt->domain, user, rcpt->domain))
		rcpt->form = MW_ADDR_MTA_DIFFERS;
}

const char *mw_address_form_name(uint32_t form)
{
	static const char *const names[] = {
	    [MW_ADDR_PLAIN] = "plain",
	    [MW_ADDR_NO_DOMAIN] = "no domain",
	    [MW_ADDR_SOURCE_ROUTE] = "source route",
	    [MW_ADDR_BANG] = "bang path",
	    [MW_ADDR_PERCENT] = "percent or quoted domain",
	    [MW_ADDR_LITERAL] = "address literal",
	    [MW_ADDR_TRAILING_DOT] = "final dot",
	    [MW_ADDR_TOO_LONG] = "domain too long",
	    [MW_ADDR_BAD] = "bad syntax",
	    [MW_ADDR_MTA_DIFFERS] = "rewritten by the MTA",
	};

	return form < sizeof(names) / sizeof(names[0]) ? names[form] : "unknown form";
}

/* How far the labels that were just read look like mw-NAME.invalid. */
struct tag_scan {
	size_t len;	    /* octets of this label */
	bool mark, tld;	    /* this label begins with "mw-"; is so far "invalid" */
	bool after_mark;    /* the label before was mw-NAME */
	bool after_tag_dot; /* "mw-NAME.invalid." was read: a tag unless another label follows */
};

static void tag_label_start(struct tag_scan *t, bool after_mark)
{
	*t = (struct tag_scan){.mark = true, .tld = true, .after_mark = after_mark};
}

static void tag_label_octet(struct tag_scan *t, char c)
{
	static const char mark[] = "mw-", tld[] = "invalid";

	t->mark = t->mark && (t->len >= 3 || mw_lower(c) == mark[t->len]);
	t->tld = t->tld && t->len < 7 && mw_lower(c) == tld[t->len];
	t->after_tag_dot = false;
	t->len++;
}

static bool tag_complete(const struct tag_scan *t)
{
	return t->after_tag_dot || (t->after_mark && t->tld && t->len == 7);
}

bool mw_address_is_tag(struct mw_str text)
{
	struct tag_scan t;

	tag_label_start(&t, false);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '\\')
			continue;
		if (domain_octet((unsigned char)c)) {
			tag_label_octet(&t, c);
		} else if (c == '.' && t.len > 0) {
			bool tag = tag_complete(&t);

			tag_label_start(&t, t.mark && t.len > 3);
			t.after_tag_dot = tag;
		} else if (tag_complete(&t)) {
			return true;
		} else {
			tag_label_start(&t, false);
		}
	}
	return tag_complete(&t);
}

char *mw_address_xtext(struct mw_arena *a, struct mw_str s)
{
	static const char hex[] = "0123456789ABCDEF";
	char *x;
	size_t n = 0;

	if (s.n > SIZE_MAX / 3)
		return NULL;
	x = mw_arena_array(a, s.n + 1, 3);
	if (!x)
		return NULL;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c > 32 && c < 127 && c != '+' && c != '=') {
			x[n++] = (char)c;
			continue;
		}
		x[n++] = '+';
		x[n++] = hex[c >> 4];
		x[n++] = hex[c & 15];
	}
	x[n] = '\0';
	return x;
}
