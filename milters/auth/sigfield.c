/* SPDX-License-Identifier: Apache-2.0 */
#include "sigfield.h"

#include "taglist.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define LIST_MAX 4000u /* octets of h=: libopendkim cuts it at 4095 */

struct work {
	enum mw_sigfield_kind kind;
	struct mw_taglist tags;
	struct mw_sigfield *to;
	const char **why;
};

static int bad(struct work *w, const char *why)
{
	*w->why = why;
	return -EBADMSG;
}

static const struct mw_str *get(const struct work *w, const char *name)
{
	return mw_taglist_get(&w->tags, name);
}

const char *mw_sigalg_word(enum mw_sigalg algorithm)
{
	static const char *const words[] = {"", "rsa-sha256", "ed25519-sha256", "rsa-sha1"};

	return words[algorithm];
}

bool mw_sigfield_name(struct mw_str value, char to[MW_AUTH_NAME])
{
	size_t label = 0;

	if (value.n == 0 || value.n > 253)
		return false;
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '.' && label == 0)
			return false;
		if (c != '.' && c != '-' && c != '_' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
		to[i] = c;
	}
	to[value.n] = '\0';
	return label > 0;
}

bool mw_field_named(struct mw_str name, const char *that)
{
	return name.n == strlen(that) && strncasecmp(name.p, that, name.n) == 0;
}

bool mw_sigfield_covers(const struct mw_sigfield *f, struct mw_str name)
{
	struct mw_str rest = f->names, member;

	while (mw_tag_member(&rest, &member))
		if (member.n == name.n && strncasecmp(member.p, name.p, name.n) == 0)
			return true;
	return false;
}

/* ---- tags ------------------------------------------------------------------------------------------------------------------- */

static int read_instance(struct work *w)
{
	const struct mw_str *i = get(w, "i");
	uint64_t number;

	if (!i || !mw_tag_number(i, &number) || number < 1 || number > MW_ARC_SETS)
		return bad(w, "no instance (i=) from 1 to 50");
	w->to->instance = (unsigned)number;
	return 0;
}

static int read_algorithm(struct work *w)
{
	const struct mw_str *a = get(w, "a");

	if (!a)
		return bad(w, "no algorithm (a=)");
	for (enum mw_sigalg k = MW_SIGALG_RSA_SHA256; k <= MW_SIGALG_RSA_SHA1; k++)
		if (mw_tag_is(a, mw_sigalg_word(k)))
			w->to->algorithm = k;
	return w->to->algorithm ? 0 : bad(w, "an algorithm (a=) that is not known");
}

static int read_names(struct work *w)
{
	const struct mw_str *d = get(w, "d"), *s = get(w, "s");
	int r = 0;

	if (!d || !mw_sigfield_name(*d, w->to->domain)) {
		w->to->domain[0] = '\0';
		r = bad(w, "the domain (d=) is missing or none");
	} else if (!strchr(w->to->domain, '.')) {
		r = bad(w, "the domain (d=) has one label");
	}
	if (!s || !mw_sigfield_name(*s, w->to->selector)) {
		w->to->selector[0] = '\0';
		r = r < 0 ? r : bad(w, "the selector (s=) is missing or none");
	}
	return r;
}

/* The identity must be of the domain or below it. */
static int read_identity(struct work *w)
{
	const struct mw_str *i = get(w, "i");
	size_t n = strlen(w->to->domain);
	const char *at;
	size_t have;

	if (!i)
		return 0;
	at = memrchr(i->p, '@', i->n);
	if (!at)
		return bad(w, "the identity (i=) has no @");
	have = (size_t)(i->p + i->n - at - 1);
	if (have < n || strncasecmp(at + 1 + have - n, w->to->domain, n) != 0 || (have > n && at[have - n] != '.'))
		return bad(w, "the identity (i=) is not of the domain (d=)");
	w->to->identity = *i;
	return 0;
}

static int read_times(struct work *w)
{
	const struct mw_str *t = get(w, "t"), *x = get(w, "x"), *l = get(w, "l");

	w->to->has_time = t != NULL;
	w->to->has_expiry = x != NULL;
	w->to->has_length = l != NULL;
	if (t && !mw_tag_number(t, &w->to->time))
		return bad(w, "the time (t=) is no number");
	if (x && !mw_tag_number(x, &w->to->expiry))
		return bad(w, "the expiry (x=) is no number");
	if (x && t && w->to->expiry <= w->to->time)
		return bad(w, "the expiry (x=) is not behind the time (t=)");
	if (l && !mw_tag_number(l, &w->to->length))
		return bad(w, "the length (l=) is no number");
	return 0;
}

static bool canon_word(struct mw_str word, bool *simple)
{
	*simple = mw_tag_is(&word, "simple");
	return *simple || mw_tag_is(&word, "relaxed");
}

static int read_canon(struct work *w)
{
	const struct mw_str *c = get(w, "c");
	struct mw_str header, body = {.p = "simple", .n = 6};
	const char *slash;

	w->to->simple_header = w->to->simple_body = true;
	if (!c)
		return 0;
	slash = memchr(c->p, '/', c->n);
	header = (struct mw_str){.p = c->p, .n = slash ? (size_t)(slash - c->p) : c->n};
	if (slash)
		body = (struct mw_str){.p = slash + 1, .n = (size_t)(c->p + c->n - slash - 1)};
	if (!canon_word(header, &w->to->simple_header) || !canon_word(body, &w->to->simple_body))
		return bad(w, "a canonicalisation (c=) that is not known");
	return 0;
}

static bool field_name(struct mw_str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 0x21 || name.p[i] > 0x7e)
			return false;
	return true;
}

/* Whether From is covered decides what the signature is of; ARC's suite takes message signatures that cover nothing. */
static int read_covered(struct work *w)
{
	const struct mw_str *h = get(w, "h");
	struct mw_str rest, member;
	size_t n = 0;

	if (!h || (h->n == 0 && w->kind == MW_SIGFIELD_DKIM))
		return bad(w, "no list of fields (h=)");
	if (w->kind == MW_SIGFIELD_DKIM && h->n > LIST_MAX)
		return bad(w, "the list of fields (h=) is too long");
	w->to->names = rest = *h;
	while (mw_tag_member(&rest, &member)) {
		if (++n > MW_SIGFIELD_NAMES)
			return bad(w, "too many fields in the list (h=)");
		if (!field_name(member) || (member.n == 0 && w->kind == MW_SIGFIELD_DKIM))
			return bad(w, "the list of fields (h=) holds what is no name");
		if (w->kind == MW_SIGFIELD_AMS && mw_field_named(member, "ARC-Seal"))
			return bad(w, "the list of fields (h=) names ARC-Seal");
	}
	if (w->kind == MW_SIGFIELD_DKIM && !mw_sigfield_covers(w->to, (struct mw_str){.p = "from", .n = 4}))
		return bad(w, "From is not covered (h=)");
	return 0;
}

static int read_query(struct work *w)
{
	const struct mw_str *q = get(w, "q");
	struct mw_str rest, member;

	if (!q)
		return 0;
	rest = *q;
	while (mw_tag_member(&rest, &member))
		if (mw_tag_is(&member, "dns/txt"))
			return 0;
	return bad(w, "no way to ask for the key (q=) that is known");
}

static int read_hashes(struct work *w)
{
	const struct mw_str *b = get(w, "b"), *bh = get(w, "bh");
	unsigned char hash[33];
	ptrdiff_t n;

	n = b ? mw_tag_base64(*b, w->to->b, sizeof(w->to->b)) : -EBADMSG;
	if (n <= 0)
		return bad(w, "the signature (b=) is missing or no base64");
	w->to->b_n = (size_t)n;
	w->to->b_value = *b;
	if (w->kind == MW_SIGFIELD_AS)
		return 0;
	n = bh ? mw_tag_base64(*bh, hash, sizeof(hash)) : -EBADMSG;
	if (n != (w->to->algorithm == MW_SIGALG_RSA_SHA1 ? 20 : 32))
		return bad(w, "the hash of the body (bh=) is missing or none");
	memcpy(w->to->body_hash, hash, (size_t)n);
	return 0;
}

static int read_cv(struct work *w)
{
	const struct mw_str *cv = get(w, "cv");

	if (get(w, "h") || get(w, "bh"))
		return bad(w, "a seal with a list of fields (h=) or a hash of the body (bh=)");
	if (cv && mw_tag_is(cv, "none"))
		w->to->cv = MW_AUTH_NONE;
	else if (cv && mw_tag_is(cv, "pass"))
		w->to->cv = MW_AUTH_PASS;
	else if (cv && mw_tag_is(cv, "fail"))
		w->to->cv = MW_AUTH_FAIL;
	else
		return bad(w, "no state of the chain (cv=)");
	return 0;
}

/* ---- all of it -------------------------------------------------------------------------------------------------------------- */

static int read_tags(struct work *w)
{
	const struct mw_str *v = get(w, "v");
	int r = w->kind == MW_SIGFIELD_DKIM ? 0 : read_instance(w), names;

	if (r == 0)
		r = read_algorithm(w);
	names = read_names(w); /* for the report, whatever else is wrong */
	if (r == 0)
		r = names;
	if (r == 0 && w->kind == MW_SIGFIELD_DKIM && (!v || !mw_tag_is(v, "1")))
		r = bad(w, "the version (v=) is not 1");
	if (r == 0 && w->kind == MW_SIGFIELD_DKIM)
		r = read_identity(w);
	if (r == 0)
		r = read_times(w);
	if (r == 0)
		r = w->kind == MW_SIGFIELD_AS ? read_cv(w) : read_canon(w);
	if (r == 0 && w->kind != MW_SIGFIELD_AS)
		r = read_covered(w);
	if (r == 0)
		r = read_query(w);
	return r < 0 ? r : read_hashes(w);
}

/* What may be told of a field that was refused. */
static void keep_names(struct mw_sigfield *f)
{
	struct mw_sigfield kept = {.algorithm = f->algorithm, .instance = f->instance};

	memcpy(kept.domain, f->domain, sizeof(kept.domain));
	memcpy(kept.selector, f->selector, sizeof(kept.selector));
	*f = kept;
}

int mw_sigfield_parse(enum mw_sigfield_kind kind, struct mw_str value, struct mw_sigfield *ret, const char **why)
{
	struct work w = {.kind = kind, .to = ret, .why = why};
	int r;

	*ret = (struct mw_sigfield){0};
	*why = "the field is too long";
	r = value.n > MW_SIGFIELD_MAX ? -EBADMSG : mw_taglist_parse(value, &w.tags, why);
	if (r == 0)
		r = read_tags(&w);
	if (r < 0)
		keep_names(ret);
	return r;
}
