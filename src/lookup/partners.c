/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/partners.h"

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST 32u /* octets of SHA-256 */

struct partner {
	const char *key;
	const char *policy;
	unsigned line;
};

struct mw_partners {
	struct mw_arena *arena;
	struct partner *v;
	size_t n, cap;
};

/* One line while it is read. */
struct line {
	struct mw_arena *arena;
	const char *names;	  /* "a:b" */
	const char *fingerprints; /* " match=AA:… match=BB:…" */
	const char *wrong;
};

static struct mw_str take_word(struct mw_str *rest)
{
	struct mw_str s = mw_str_trim(*rest);
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
		n++;
	*rest = mw_str_behind(s, n);
	return (struct mw_str){.p = s.p, .n = n};
}

/* A name that a certificate must have; ".example" is every name below. What Postfix takes for "whatever host MX records name" is none:
 * who forges these has a certificate for that. */
static bool is_match(struct mw_str name)
{
	return mw_dns_is_host(name.n && name.p[0] == '.' ? mw_str_behind(name, 1) : name) &&
	       !mw_str_casesame(name, mw_str("hostname"));
}

static void take_names(struct line *l, struct mw_str value)
{
	struct mw_str rest = value;

	for (;;) {
		const char *colon = rest.n ? memchr(rest.p, ':', rest.n) : NULL;
		size_t n = colon ? (size_t)(colon - rest.p) : rest.n;

		if (!is_match((struct mw_str){.p = rest.p, .n = n})) {
			l->wrong = "match= takes host names, \".example\" for all below it, with \":\" between them";
			return;
		}
		if (!colon)
			break;
		rest = mw_str_behind(rest, n + 1);
	}
	l->names = mw_arena_dup(l->arena, value.p, value.n);
}

static void take_fingerprint(struct line *l, struct mw_str value)
{
	char text[DIGEST * 3];
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == ':' && n % 3 == 2 && n + 1 < sizeof(text)) {
			text[n++] = ':';
			continue;
		}
		if (n % 3 == 2 || n + 1 >= sizeof(text) || !isxdigit((unsigned char)value.p[i])) {
			n = 0;
			break;
		}
		text[n++] = (char)toupper((unsigned char)value.p[i]);
	}
	if (n != sizeof(text) - 1) {
		l->wrong = "fingerprint= takes a SHA-256: 32 times two hexadecimal digits, with \":\" between them";
		return;
	}
	text[n] = '\0';
	l->fingerprints = mw_arena_printf(l->arena, "%s match=%s", l->fingerprints ? l->fingerprints : "", text);
}

static void take_attribute(struct line *l, struct mw_str word)
{
	const char *equals = memchr(word.p, '=', word.n);
	struct mw_str name = {.p = word.p, .n = equals ? (size_t)(equals - word.p) : word.n};
	struct mw_str value = equals ? mw_str_behind(word, name.n + 1) : (struct mw_str){.p = "", .n = 0};

	if (mw_str_eq(name, "match") && !l->names)
		take_names(l, value);
	else if (mw_str_eq(name, "fingerprint"))
		take_fingerprint(l, value);
	else
		l->wrong = mw_str_eq(name, "match") ? "match= stands there twice" : "write match=NAME:NAME or fingerprint=SHA256";
}

static const char *policy_of(struct line *l)
{
	if (l->names && l->fingerprints) {
		l->wrong = "a certificate is known by match= or by fingerprint=, not by both";
		return NULL;
	}
	if (!l->names && !l->fingerprints) {
		l->wrong = "what must the certificate be? Write match=NAME or fingerprint=SHA256 behind the domain";
		return NULL;
	}
	return l->names ? mw_arena_printf(l->arena, "secure match=%s servername=hostname", l->names)
			: mw_arena_printf(l->arena, "fingerprint%s", l->fingerprints);
}

static const char *key_of(struct line *l, struct mw_str word)
{
	bool below = word.n && word.p[0] == '.';
	struct mw_dest d;

	if (!mw_dest_parse(below ? mw_str_behind(word, 1) : word, &d) || (below && (d.host || strchr(d.key, ':')))) {
		l->wrong = "a line begins with a domain, with \".\" before it for all below it, or with \"[host]:port\"";
		return NULL;
	}
	return mw_arena_printf(l->arena, "%s%s", below ? "." : "", d.key);
}

static int add(struct mw_partners *p, struct line *l, struct mw_str text, unsigned number)
{
	const char *key = key_of(l, take_word(&text)), *policy;
	struct mw_str word;

	while (!l->wrong && (word = take_word(&text)).n)
		take_attribute(l, word);
	policy = l->wrong ? NULL : policy_of(l);
	if (l->wrong)
		return 0;
	p->v = mw_arena_grow(p->arena, p->v, &p->cap, p->n + 1, sizeof(*p->v));
	if (!p->v || !key || !policy)
		return -ENOMEM;
	p->v[p->n++] = (struct partner){.key = key, .policy = policy, .line = number};
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct partner *x = a, *y = b;
	int r = strcmp(x->key, y->key);

	return r ? r : (x->line > y->line) - (x->line < y->line);
}

typedef void report_fn(void *ctx, unsigned line, const char *text);

static size_t read_lines(struct mw_partners *p, struct mw_str text, report_fn *report, void *ctx, int *failed)
{
	size_t wrong = 0;

	for (unsigned number = 1; text.n && !*failed; number++) {
		struct mw_str s = mw_str_take_line(&text);
		struct line l = {.arena = p->arena};
		const char *comment = s.n ? memchr(s.p, '#', s.n) : NULL;

		if (comment)
			s.n = (size_t)(comment - s.p);
		if (!mw_str_trim(s).n)
			continue;
		*failed = add(p, &l, s, number);
		if (l.wrong) {
			report(ctx, number, l.wrong);
			wrong++;
		}
	}
	return wrong;
}

static size_t find_twins(struct mw_partners *p, report_fn *report, void *ctx)
{
	size_t wrong = 0;

	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_key);
	for (size_t i = 1; i < p->n; i++)
		if (strcmp(p->v[i - 1].key, p->v[i].key) == 0) {
			report(ctx, p->v[i].line, "another line is for the same domain");
			wrong++;
		}
	return wrong;
}

int mw_partners_parse(struct mw_str text, report_fn *report, void *ctx, struct mw_partners **ret, struct mw_err *err)
{
	struct mw_partners *p = calloc(1, sizeof(*p));
	int failed = 0;
	size_t wrong;

	if (p)
		p->arena = mw_arena_new(0);
	if (!p || !p->arena) {
		mw_partners_free(&p);
		return mw_fail_memory(err);
	}
	wrong = read_lines(p, text, report, ctx, &failed);
	if (!failed)
		wrong += find_twins(p, report, ctx);
	if (failed || wrong) {
		mw_partners_free(&p);
		return failed ? mw_fail_memory(err) : mw_fail(err, -EINVAL, "%zu wrong line%s", wrong, wrong == 1 ? "" : "s");
	}
	*ret = p;
	return 0;
}

static void report_to_log(void *ctx, unsigned line, const char *text)
{
	mw_log(MW_ERROR, NULL, "partners", "%s:%u: %s", (const char *)ctx, line, text);
}

int mw_partners_load(const char *path, struct mw_partners **ret, struct mw_err *err)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_str text = {.p = "", .n = 0};
	int r = arena ? 0 : mw_fail_memory(err);

	if (!r && path)
		r = mw_file_read(arena, path, MW_PARTNERS_MAX, &text, err);
	if (r && path)
		mw_err_prefix(err, "partners");
	if (!r) {
		r = mw_partners_parse(text, report_to_log, (void *)(uintptr_t)path, ret, err);
		if (r)
			mw_err_prefix(err, "%s", path);
	}
	mw_arena_free(&arena);
	return r;
}

void mw_partners_free(struct mw_partners **p)
{
	if (!*p)
		return;
	mw_arena_free(&(*p)->arena);
	free(*p);
	*p = NULL;
}

size_t mw_partners_count(const struct mw_partners *p)
{
	return p->n;
}

static const char *find(const struct mw_partners *p, const char *key)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = strcmp(key, p->v[middle].key);

		if (r == 0)
			return p->v[middle].policy;
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *mw_partners_find(const struct mw_partners *p, const struct mw_dest *d)
{
	const char *policy = find(p, d->key);

	if (d->host) /* nothing is below a host */
		return policy;
	for (const char *dot = strchr(d->name, '.'); !policy && dot; dot = strchr(dot + 1, '.'))
		policy = find(p, dot);
	return policy;
}
