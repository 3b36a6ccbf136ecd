/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/lmtp.h"

#include <string.h>

#define PATH_MOST 512u /* RFC 5321 4.5.3.1.3 has 256; with a tag, and U-labels */
#define ENVID_MOST 100u
#define ORCPT_MOST 600u

const char *const mw_xforward_names[MW_XFORWARDS] = {"NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"};

static const struct {
	const char *word;
	enum mw_lmtp_verb verb;
} verbs[] = {
    {"LHLO", MW_LMTP_LHLO}, {"HELO", MW_LMTP_HELO}, {"EHLO", MW_LMTP_HELO},	    {"MAIL", MW_LMTP_MAIL},
    {"RCPT", MW_LMTP_RCPT}, {"DATA", MW_LMTP_DATA}, {"RSET", MW_LMTP_RSET},	    {"NOOP", MW_LMTP_NOOP},
    {"VRFY", MW_LMTP_VRFY}, {"QUIT", MW_LMTP_QUIT}, {"XFORWARD", MW_LMTP_XFORWARD},
};

static struct mw_str take_word(struct mw_str *s)
{
	const char *space = s->n ? memchr(s->p, ' ', s->n) : NULL;
	struct mw_str word = {.p = s->p, .n = space ? (size_t)(space - s->p) : s->n};

	*s = mw_str_behind(*s, word.n);
	while (s->n && s->p[0] == ' ')
		*s = mw_str_behind(*s, 1);
	return word;
}

/* Octets of the path behind its "<" up to the ">", which an address in quotes may hold; SIZE_MAX: it does not end. */
static size_t path_length(struct mw_str s)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.p[i] == '>')
			return i;
		else if (!quoted && (s.p[i] == ' ' || s.p[i] == '<'))
			return SIZE_MAX;
	}
	return SIZE_MAX;
}

/* "FROM:<path>" */
static const char *take_path(struct mw_str *rest, const char *prefix, struct mw_str *path)
{
	size_t n = strlen(prefix);

	if (rest->n <= n || !mw_str_caseeq((struct mw_str){.p = rest->p, .n = n}, prefix))
		return "501 5.5.4 syntax: MAIL FROM:<address>, RCPT TO:<address>";
	*rest = mw_str_behind(*rest, n);
	while (rest->n && rest->p[0] == ' ')
		*rest = mw_str_behind(*rest, 1);
	if (!rest->n || rest->p[0] != '<')
		return "501 5.5.4 an address stands in < and >";
	*rest = mw_str_behind(*rest, 1);
	n = path_length(*rest);
	if (n == SIZE_MAX)
		return "501 5.1.3 the address does not end";
	if (n > PATH_MOST)
		return "501 5.1.3 the address is too long";
	*path = (struct mw_str){.p = rest->p, .n = n};
	*rest = mw_str_behind(*rest, n + 1);
	if (rest->n && rest->p[0] != ' ')
		return "501 5.5.4 something stands behind the address";
	while (rest->n && rest->p[0] == ' ')
		*rest = mw_str_behind(*rest, 1);
	return NULL;
}

static bool is_key(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = mw_lower(s.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0)))
			return false;
	}
	return s.n > 0;
}

static const char *take_params(struct mw_str rest, struct mw_lmtp_command *c)
{
	while (rest.n) {
		struct mw_str word = take_word(&rest);
		const char *is = memchr(word.p, '=', word.n);
		struct mw_lmtp_param p = {.key = word};

		if (is) {
			p.key.n = (size_t)(is - word.p);
			p.value = mw_str_behind(word, p.key.n + 1);
		}
		if (!is_key(p.key) || c->params == MW_LMTP_PARAMS)
			return "501 5.5.4 parameters";
		c->param[c->params++] = p;
	}
	return NULL;
}

static bool has_control(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

const char *mw_lmtp_parse(struct mw_str line, struct mw_lmtp_command *ret)
{
	struct mw_lmtp_command c = {.verb = MW_LMTP_UNKNOWN};
	const char *wrong = NULL;
	struct mw_str word = take_word(&line);

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (mw_str_caseeq(word, verbs[i].word))
			c.verb = verbs[i].verb;
	if (has_control(word) || has_control(line))
		wrong = "500 5.5.2 control characters";
	else if (c.verb == MW_LMTP_MAIL)
		wrong = take_path(&line, "FROM:", &c.path);
	else if (c.verb == MW_LMTP_RCPT)
		wrong = take_path(&line, "TO:", &c.path);
	else if (c.verb == MW_LMTP_LHLO && !line.n)
		wrong = "501 5.5.4 LHLO needs a name";
	else if ((c.verb == MW_LMTP_DATA || c.verb == MW_LMTP_RSET || c.verb == MW_LMTP_QUIT) && line.n)
		wrong = "501 5.5.4 no parameters here";
	if (!wrong && (c.verb == MW_LMTP_MAIL || c.verb == MW_LMTP_RCPT || c.verb == MW_LMTP_XFORWARD))
		wrong = take_params(line, &c);
	if (!wrong && c.verb == MW_LMTP_XFORWARD && !c.params)
		wrong = "501 5.5.4 XFORWARD needs attributes";
	*ret = c;
	return wrong;
}

/* ---- parameters ------------------------------------------------------------------------------------------------------------------ */

static bool take_number(struct mw_str s, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i >= 18)
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*ret = v;
	return s.n > 0;
}

/* RFC 3461 4: printable ASCII, "+" and two digits for everything else. UTF-8 in an ORCPT of RFC 6533 is let pass. */
static bool is_xtext(struct mw_str s, bool utf8)
{
	static const char hex[] = "0123456789ABCDEFabcdef";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '+') {
			if (s.n - i < 3 || !strchr(hex, s.p[i + 1]) || !strchr(hex, s.p[i + 2]))
				return false;
		} else if (c <= 32 || (c >= 127 && !utf8)) {
			return false;
		}
	}
	return s.n > 0;
}

static const char *mail_param(const struct mw_lmtp_param *p, struct mw_lmtp_mail *m)
{
	if (mw_str_caseeq(p->key, "SIZE"))
		return take_number(p->value, &m->size) ? NULL : "501 5.5.4 SIZE";
	if (mw_str_caseeq(p->key, "BODY")) {
		m->eight_bit = mw_str_caseeq(p->value, "8BITMIME");
		return m->eight_bit || mw_str_caseeq(p->value, "7BIT") ? NULL : "501 5.5.4 BODY";
	}
	if (mw_str_caseeq(p->key, "SMTPUTF8")) {
		m->utf8 = true;
		return p->value.p ? "501 5.5.4 SMTPUTF8" : NULL;
	}
	if (mw_str_caseeq(p->key, "RET")) {
		m->ret = p->value;
		return mw_str_caseeq(p->value, "FULL") || mw_str_caseeq(p->value, "HDRS") ? NULL : "501 5.5.4 RET";
	}
	if (mw_str_caseeq(p->key, "ENVID")) {
		m->envid = p->value;
		return is_xtext(p->value, false) && p->value.n <= ENVID_MOST ? NULL : "501 5.5.4 ENVID";
	}
	return "555 5.5.4 unknown parameter of MAIL";
}

const char *mw_lmtp_mail_params(const struct mw_lmtp_command *c, struct mw_lmtp_mail *ret)
{
	struct mw_lmtp_mail m = {0};
	const char *wrong = NULL;

	for (size_t i = 0; i < c->params && !wrong; i++)
		wrong = mail_param(&c->param[i], &m);
	*ret = m;
	return wrong;
}

/* NEVER, or a list of SUCCESS, FAILURE and DELAY. */
static bool is_notify(struct mw_str s)
{
	if (mw_str_caseeq(s, "NEVER"))
		return true;
	for (;;) {
		const char *comma = s.n ? memchr(s.p, ',', s.n) : NULL;
		struct mw_str word = {.p = s.p, .n = comma ? (size_t)(comma - s.p) : s.n};

		if (!mw_str_caseeq(word, "SUCCESS") && !mw_str_caseeq(word, "FAILURE") && !mw_str_caseeq(word, "DELAY"))
			return false;
		if (!comma)
			return true;
		s = mw_str_behind(s, word.n + 1);
	}
}

/* "rfc822;" or another type, and the address in xtext. */
static bool is_orcpt(struct mw_str s)
{
	const char *semicolon = s.n ? memchr(s.p, ';', s.n) : NULL;
	size_t n = semicolon ? (size_t)(semicolon - s.p) : 0;

	return n && s.n <= ORCPT_MOST && is_key((struct mw_str){.p = s.p, .n = n}) && is_xtext(mw_str_behind(s, n + 1), true);
}

const char *mw_lmtp_rcpt_params(const struct mw_lmtp_command *c, struct mw_lmtp_rcpt *ret)
{
	struct mw_lmtp_rcpt r = {0};

	for (size_t i = 0; i < c->params; i++) {
		const struct mw_lmtp_param *p = &c->param[i];

		if (mw_str_caseeq(p->key, "NOTIFY") && is_notify(p->value))
			r.notify = p->value;
		else if (mw_str_caseeq(p->key, "ORCPT") && is_orcpt(p->value))
			r.orcpt = p->value;
		else
			return "501 5.5.4 parameter of RCPT";
	}
	*ret = r;
	return NULL;
}

const char *mw_lmtp_xforward(const struct mw_lmtp_command *c, char known[MW_XFORWARDS][MW_XFORWARD_VALUE])
{
	for (size_t i = 0; i < c->params; i++) {
		const struct mw_lmtp_param *p = &c->param[i];
		size_t k = 0;

		while (k < MW_XFORWARDS && !mw_str_caseeq(p->key, mw_xforward_names[k]))
			k++;
		if (k == MW_XFORWARDS || !is_xtext(p->value, true) || p->value.n >= MW_XFORWARD_VALUE)
			return "501 5.5.4 attribute of XFORWARD";
		memcpy(known[k], p->value.p, p->value.n);
		known[k][p->value.n] = '\0';
	}
	return NULL;
}
