/* SPDX-License-Identifier: Apache-2.0 */
#include "spf_record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_WORD "v=spf1"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool same(struct mw_str s, const char *word)
{
	if (s.n != strlen(word))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (lower(s.p[i]) != word[i])
			return false;
	return true;
}

/* ---- macros ----------------------------------------------------------------------------------------------------------------- */

/* Octets of the macro-expand at p[0] == '%'; 0: it is none. */
static size_t macro(const char *p, size_t n, bool explanation)
{
	size_t at = 3, digits = at;
	unsigned value = 0;

	if (n >= 2 && (p[1] == '%' || p[1] == '_' || p[1] == '-'))
		return 2;
	if (n < 4 || p[1] != '{' || !p[2] || !strchr(explanation ? "slodiphcrtv" : "slodiphv", lower(p[2])))
		return 0;
	for (; at < n && is_digit(p[at]); at++)
		value = value > 128 ? value : value * 10 + (unsigned)(p[at] - '0');
	if ((at > digits && value == 0) || value > 128)
		return 0;
	if (at < n && lower(p[at]) == 'r')
		at++;
	while (at < n && p[at] && strchr(".-+,/_=", p[at]))
		at++;
	return at < n && p[at] == '}' ? at + 1 : 0;
}

/* *last: where the last macro-expand begins, when it is at the end; else s.n. */
static bool is_macro_string(struct mw_str s, bool explanation, size_t *last)
{
	*last = s.n;
	for (size_t i = 0; i < s.n;) {
		size_t used = 1;

		if (s.p[i] == '%') {
			used = macro(s.p + i, s.n - i, explanation);
			if (!used)
				return false;
			if (i + used == s.n)
				*last = i;
		} else if (s.p[i] < (explanation ? ' ' : '!') || s.p[i] > '~') {
			return false;
		}
		i += used;
	}
	return true;
}

bool mw_spf_is_explanation(struct mw_str text)
{
	size_t last;

	return is_macro_string(text, true, &last);
}

/* A label that is not all digits, and has "-" inside only. */
static bool is_top_label(const char *p, size_t n)
{
	bool other = false;

	if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(p[i]) && !is_alpha(p[i]) && p[i] != '-')
			return false;
		other = other || !is_digit(p[i]);
	}
	return other;
}

/* A macro-string that ends with a macro-expand, or with "." and the label of a top-level domain. */
static bool is_domain_spec(struct mw_str s)
{
	size_t last, end = s.n, dot;

	if (s.n == 0 || !is_macro_string(s, false, &last))
		return false;
	if (last < s.n)
		return true;
	if (s.p[end - 1] == '.')
		end--;
	for (dot = end; dot > 0 && s.p[dot - 1] != '.'; dot--)
		;
	return dot > 0 && is_top_label(s.p + dot, end - dot);
}

/* ---- terms ------------------------------------------------------------------------------------------------------------------ */

/* A number of 0 to most, without a zero in front. */
static bool is_length(struct mw_str s, unsigned most, unsigned *ret)
{
	unsigned v = 0;

	if (s.n == 0 || s.n > 3 || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*ret = v;
	return v <= most;
}

/* What stands behind the last "/" of s when those are digits only, or nothing; else s.n is returned. */
static size_t slash(struct mw_str s)
{
	size_t i = s.n;

	while (i > 0 && is_digit(s.p[i - 1]))
		i--;
	return i > 0 && s.p[i - 1] == '/' ? i - 1 : s.n;
}

/* Takes "/LENGTH//LENGTH" off the end of *s: either may be there alone. */
static bool take_dual_length(struct mw_str *s, struct mw_spf_term *t)
{
	size_t at = slash(*s);

	t->prefix4 = 32;
	t->prefix6 = 128;
	if (at == s->n)
		return true;
	if (at > 0 && s->p[at - 1] == '/') {
		if (!is_length((struct mw_str){s->p + at + 1, s->n - at - 1}, 128, &t->prefix6))
			return false;
		s->n = at - 1;
		at = slash(*s);
		if (at == s->n)
			return true;
	}
	if (!is_length((struct mw_str){s->p + at + 1, s->n - at - 1}, 32, &t->prefix4))
		return false;
	s->n = at;
	return true;
}

static bool read_network(struct mw_str value, int family, struct mw_spf_term *t)
{
	const char *cut = value.n ? memchr(value.p, '/', value.n) : NULL;
	char text[INET6_ADDRSTRLEN];
	size_t n = cut ? (size_t)(cut - value.p) : value.n;
	struct mw_str length = {cut ? cut + 1 : "", cut ? value.n - n - 1 : 0};

	t->prefix4 = 32;
	t->prefix6 = 128;
	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, value.p, n);
	text[n] = '\0';
	if (strlen(text) != n || inet_pton(family, text, t->address) != 1)
		return false;
	return !cut || (family == AF_INET ? is_length(length, 32, &t->prefix4) : is_length(length, 128, &t->prefix6));
}

static const struct {
	const char *name;
	enum mw_spf_mechanism mechanism;
	bool needs, takes; /* a value */
} mechanisms[] = {
    {"all", MW_SPF_ALL, false, false}, {"include", MW_SPF_INCLUDE, true, true}, {"a", MW_SPF_A, false, true},
    {"mx", MW_SPF_MX, false, true},    {"ptr", MW_SPF_PTR, false, true},	{"ip4", MW_SPF_IP4, true, true},
    {"ip6", MW_SPF_IP6, true, true},   {"exists", MW_SPF_EXISTS, true, true},
};

/* value: what stands behind the name: "", ":…", "/…". NULL, or what is wrong. */
static const char *read_value(struct mw_str value, bool needs, bool takes, struct mw_spf_term *t)
{
	const enum mw_spf_mechanism m = t->mechanism;
	bool colon;

	if ((m == MW_SPF_A || m == MW_SPF_MX) && !take_dual_length(&value, t))
		return "a length of a network is wrong";
	colon = value.n && *value.p == ':';
	if ((value.n && (!takes || !colon)) || (needs && !colon))
		return "a mechanism has a value that it cannot have, or none";
	if (!colon)
		return NULL;
	value = (struct mw_str){value.p + 1, value.n - 1};
	if (m == MW_SPF_IP4 || m == MW_SPF_IP6)
		return read_network(value, m == MW_SPF_IP4 ? AF_INET : AF_INET6, t) ? NULL : "an address or its length is wrong";
	t->spec = value;
	return is_domain_spec(value) ? NULL : "a domain is wrong";
}

static const char *read_mechanism(struct mw_str word, struct mw_spf_term *t)
{
	size_t n = 0;

	*t = (struct mw_spf_term){.qualifier = '+', .text = word, .spec = {"", 0}};
	if (word.n && strchr("+-?~", *word.p)) {
		t->qualifier = *word.p;
		word = (struct mw_str){word.p + 1, word.n - 1};
	}
	while (n < word.n && word.p[n] != ':' && word.p[n] != '/')
		n++;
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		if (!same((struct mw_str){word.p, n}, mechanisms[i].name))
			continue;
		t->mechanism = mechanisms[i].mechanism;
		return read_value((struct mw_str){word.p + n, word.n - n}, mechanisms[i].needs, mechanisms[i].takes, t);
	}
	return "a mechanism is not known";
}

/* Octets of the name in front of "=", when the word is a modifier. */
static size_t modifier_name(struct mw_str word)
{
	size_t n = 0;

	if (word.n == 0 || !is_alpha(*word.p))
		return 0;
	while (n < word.n && (is_alpha(word.p[n]) || is_digit(word.p[n]) || strchr("-_.", word.p[n])))
		n++;
	return n < word.n && word.p[n] == '=' ? n : 0;
}

static const char *read_modifier(struct mw_str word, size_t n, struct mw_spf_record *r)
{
	struct mw_str name = {word.p, n}, value = {word.p + n + 1, word.n - n - 1};
	struct mw_str *known = same(name, "redirect") ? &r->redirect : same(name, "exp") ? &r->exp : NULL;
	size_t last;

	if (!known)
		return is_macro_string(value, false, &last) ? NULL : "a modifier is wrong";
	if (known->n)
		return "redirect or exp stands there twice";
	*known = value;
	return is_domain_spec(value) ? NULL : "the domain of redirect or exp is wrong";
}

static const char *read_word(struct mw_str word, struct mw_spf_record *r)
{
	size_t n = modifier_name(word);

	if (n)
		return read_modifier(word, n, r);
	if (r->n == MW_SPF_TERMS_MAX)
		return "it has too many mechanisms";
	return read_mechanism(word, &r->term[r->n++]);
}

bool mw_spf_record_is(struct mw_str text)
{
	size_t n = sizeof(FIRST_WORD) - 1;

	return text.n >= n && same((struct mw_str){text.p, n}, FIRST_WORD) && (text.n == n || text.p[n] == ' ');
}

/* NULL, or what is wrong. */
static const char *read_words(struct mw_str text, struct mw_spf_record *r)
{
	const char *why = NULL;
	size_t i = sizeof(FIRST_WORD) - 1;

	for (size_t k = 0; k < text.n; k++)
		if (text.p[k] < ' ' || text.p[k] > '~')
			return "it has octets that are not printable ASCII";
	while (!why && i < text.n) {
		size_t start;

		while (i < text.n && text.p[i] == ' ')
			i++;
		start = i;
		while (i < text.n && text.p[i] != ' ')
			i++;
		if (i > start)
			why = read_word((struct mw_str){text.p + start, i - start}, r);
	}
	return why;
}

void mw_spf_record_clear(struct mw_spf_record *r)
{
	free(r->term);
	*r = (struct mw_spf_record){.redirect = {"", 0}, .exp = {"", 0}};
}

int mw_spf_record_parse(struct mw_str text, struct mw_spf_record *ret, const char **why)
{
	struct mw_spf_record r = {.redirect = {"", 0}, .exp = {"", 0}};
	const char *wrong;

	if (!mw_spf_record_is(text) || text.n > MW_SPF_RECORD_MAX) {
		*why = text.n > MW_SPF_RECORD_MAX ? "it is too long" : "it is no record of SPF";
		return -EINVAL;
	}
	/* A mechanism takes two octets at least, with its blank. */
	r.term = calloc(text.n / 2 < MW_SPF_TERMS_MAX ? text.n / 2 : MW_SPF_TERMS_MAX, sizeof(*r.term));
	if (!r.term)
		return -ENOMEM;
	wrong = read_words(text, &r);
	if (wrong) {
		mw_spf_record_clear(&r);
		*why = wrong;
		return -EINVAL;
	}
	*ret = r;
	return 0;
}
