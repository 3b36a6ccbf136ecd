/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include "from.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- lines ------------------------------------------------------------------------------------------------------------------
 */

struct cursor {
	const struct mw_host *host;
	const char *file;
	char *at, *end;
	size_t line;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char *trim_end(char *begin, char *end)
{
	while (end > begin && is_space(end[-1]))
		end--;
	*end = '\0';
	return begin;
}

/* The next line that is not empty, cut into its first word and the rest. 1 a line, 0 the end, negative an error. */
static int next_line(struct cursor *c, char **key, char **value, struct mw_err *err)
{
	while (c->at < c->end) {
		char *begin = c->at, *stop = memchr(begin, '\n', (size_t)(c->end - begin)), *hash;

		if (!stop)
			stop = c->end;
		c->at = stop < c->end ? stop + 1 : stop;
		c->line++;
		if ((size_t)(stop - begin) > MW_DKIM_LINE_MAX)
			return c->host->fail(err, -EINVAL, "%s:%zu: line is longer than %u octets", c->file, c->line,
					     MW_DKIM_LINE_MAX);
		if (memchr(begin, '\0', (size_t)(stop - begin)))
			return c->host->fail(err, -EINVAL, "%s:%zu: line holds a NUL octet", c->file, c->line);
		hash = memchr(begin, '#', (size_t)(stop - begin));
		if (hash)
			stop = hash;
		while (begin < stop && is_space(*begin))
			begin++;
		trim_end(begin, stop);
		if (!*begin)
			continue;
		*key = begin;
		while (*begin && !is_space(*begin))
			begin++;
		if (!*begin)
			return c->host->fail(err, -EINVAL, "%s:%zu: a second word is missing behind the first", c->file, c->line);
		*begin++ = '\0';
		while (is_space(*begin))
			begin++;
		*value = begin;
		return 1;
	}
	return 0;
}

/* Room for one more row of an array that doubles. */
static void *grow(void *row, size_t rows, size_t size)
{
	if (rows >= MW_DKIM_ROWS_MAX)
		return NULL;
	if (rows & (rows - 1))
		return row;
	return realloc(row, (rows ? rows * 2 : 1) * size);
}

/* ---- names ------------------------------------------------------------------------------------------------------------------
 */

/* What may stand in d= and s=: letters, digits, - _ and dots between. Octets above ASCII would need an A-label. */
static bool is_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n >= MW_DKIM_DOMAIN_MAX || s[0] == '.' || s[n - 1] == '.' || strstr(s, ".."))
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

/* A signer goes into i= as it is. */
static bool is_signer(const char *s)
{
	size_t n = strlen(s), plain = strcspn(s, " \t;,\"<>()[]\\:=");

	if (n == 0 || n > MW_DKIM_DOMAIN_MAX + MW_DKIM_LOCAL_MAX || plain != n)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
			return false;
	return true;
}

/* ---- KeyTable ---------------------------------------------------------------------------------------------------------------
 */

static int key_row(const struct cursor *c, char *name, char *value, struct mw_dkim_keyrow *row, struct mw_err *err)
{
	char *selector = strchr(value, ':'), *key = selector ? strchr(selector + 1, ':') : NULL;

	if (!key)
		return c->host->fail(err, -EINVAL, "%s:%zu: \"%s\" needs DOMAIN:SELECTOR:KEY", c->file, c->line, name);
	*selector++ = '\0';
	*key++ = '\0';
	trim_end(value, selector - 1);
	while (is_space(*selector))
		selector++;
	trim_end(selector, key - 1);
	while (is_space(*key))
		key++;
	if (strcmp(value, "%") != 0 && !is_name(value))
		return c->host->fail(err, -EINVAL, "%s:%zu: the domain of \"%s\" is neither a domain nor %%", c->file, c->line,
				     name);
	if (!is_name(selector))
		return c->host->fail(err, -EINVAL, "%s:%zu: the selector of \"%s\" is not a DNS name", c->file, c->line, name);
	if (!*key)
		return c->host->fail(err, -EINVAL, "%s:%zu: \"%s\" names no key", c->file, c->line, name);
	*row = (struct mw_dkim_keyrow){.name = name, .domain = value, .selector = selector, .key = key, .line = c->line};
	return 0;
}

static int key_order(const void *a, const void *b)
{
	const struct mw_dkim_keyrow *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : (x->line > y->line) - (x->line < y->line);
}

static void key_sort(struct mw_dkim_keytable *t)
{
	size_t kept = 0;

	if (t->rows == 0)
		return;
	qsort(t->row, t->rows, sizeof(*t->row), key_order);
	for (size_t i = 1; i < t->rows; i++)
		if (strcmp(t->row[kept].name, t->row[i].name) != 0)
			t->row[++kept] = t->row[i];
	t->rows = kept + 1;
}

int mw_dkim_keytable_parse(const struct mw_host *host, const char *file, char *text, size_t n, struct mw_dkim_keytable *ret,
			   struct mw_err *err)
{
	struct cursor c = {.host = host, .file = file, .at = text, .end = text + n};
	struct mw_dkim_keytable t = {.text = text};
	char *name, *value;
	int r;

	while ((r = next_line(&c, &name, &value, err)) > 0) {
		struct mw_dkim_keyrow *row = grow(t.row, t.rows, sizeof(*row));

		if (!row) {
			r = host->fail(err, -ENOMEM, "%s:%zu: no memory for this many rows", file, c.line);
			break;
		}
		t.row = row;
		r = key_row(&c, name, value, &row[t.rows], err);
		if (r < 0)
			break;
		t.rows++;
	}
	if (r < 0) {
		mw_dkim_keytable_free(&t);
		return r;
	}
	key_sort(&t);
	*ret = t;
	return 0;
}

void mw_dkim_keytable_free(struct mw_dkim_keytable *t)
{
	free(t->row);
	free(t->text);
	*t = (struct mw_dkim_keytable){0};
}

static int key_name_order(const void *name, const void *row)
{
	return strcmp(name, ((const struct mw_dkim_keyrow *)row)->name);
}

const struct mw_dkim_keyrow *mw_dkim_keytable_find(const struct mw_dkim_keytable *t, const char *name)
{
	if (t->rows == 0)
		return NULL;
	return bsearch(name, t->row, t->rows, sizeof(*t->row), key_name_order);
}

/* ---- SigningTable -----------------------------------------------------------------------------------------------------------
 */

static int sign_row(const struct cursor *c, bool wild, char *pattern, char *value, struct mw_dkim_signrow *row,
		    struct mw_err *err)
{
	char *signer = strchr(value, ':');

	if (signer) {
		*signer++ = '\0';
		trim_end(value, signer - 1);
		while (is_space(*signer))
			signer++;
	}
	if (!*value || strcspn(value, " \t") != strlen(value))
		return c->host->fail(err, -EINVAL, "%s:%zu: \"%s\" needs one key name", c->file, c->line, pattern);
	if (signer && !is_signer(signer))
		return c->host->fail(err, -EINVAL, "%s:%zu: the signer of \"%s\" is not an address", c->file, c->line, pattern);
	/* OpenDKIM hands these on to regcomp(3) as they are. No address pattern needs them, and a table that has them means
	 * something that its author should be asked. */
	if (wild && strpbrk(pattern, "?()[]{}|^$\\"))
		return c->host->fail(err, -EINVAL, "%s:%zu: \"%s\": * is the only wildcard of a refile", c->file, c->line,
				     pattern);
	*row = (struct mw_dkim_signrow){.pattern = pattern, .name = value, .signer = signer, .line = c->line};
	return 0;
}

static int sign_order(const void *a, const void *b)
{
	const struct mw_dkim_signrow *x = a, *y = b;
	int r = strcasecmp(x->pattern, y->pattern);

	return r ? r : (x->line > y->line) - (x->line < y->line);
}

int mw_dkim_signtable_parse(const struct mw_host *host, const char *file, bool wild, char *text, size_t n,
			    struct mw_dkim_signtable *ret, struct mw_err *err)
{
	struct cursor c = {.host = host, .file = file, .at = text, .end = text + n};
	struct mw_dkim_signtable t = {.text = text, .wild = wild};
	char *pattern, *value;
	int r;

	while ((r = next_line(&c, &pattern, &value, err)) > 0) {
		struct mw_dkim_signrow *row = grow(t.row, t.rows, sizeof(*row));

		if (!row) {
			r = host->fail(err, -ENOMEM, "%s:%zu: no memory for this many rows", file, c.line);
			break;
		}
		t.row = row;
		r = sign_row(&c, wild, pattern, value, &row[t.rows], err);
		if (r < 0)
			break;
		t.rows++;
	}
	if (r < 0) {
		mw_dkim_signtable_free(&t);
		return r;
	}
	if (!wild && t.rows)
		qsort(t.row, t.rows, sizeof(*t.row), sign_order);
	*ret = t;
	return 0;
}

void mw_dkim_signtable_free(struct mw_dkim_signtable *t)
{
	free(t->row);
	free(t->text);
	*t = (struct mw_dkim_signtable){0};
}

/* ---- who signs for this author ----------------------------------------------------------------------------------------------
 */

struct search {
	const struct mw_dkim_signtable *table;
	bool multiple;
	const struct mw_dkim_signrow **ret;
	size_t max, found;
};

static bool search_done(const struct search *s)
{
	return s->found > 0 && !s->multiple;
}

static void search_hit(struct search *s, const struct mw_dkim_signrow *row)
{
	if (search_done(s))
		return;
	if (s->found < s->max)
		s->ret[s->found] = row;
	s->found++;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* * stands for any run of characters. Goes back to the last * only: time is pattern times text at worst. */
static bool wild_match(const char *pattern, const char *text)
{
	const char *star = NULL, *mark = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			mark = text;
		} else if (lower(*pattern) == lower(*text)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* Every row with this key. */
static void lookup(struct search *s, const char *key)
{
	const struct mw_dkim_signtable *t = s->table;
	size_t low = 0, high = t->rows;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcasecmp(t->row[mid].pattern, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < t->rows && strcasecmp(t->row[low].pattern, key) == 0; low++)
		search_hit(s, &t->row[low]);
}

static void lookup_at(struct search *s, const char *local, const char *domain)
{
	char key[MW_DKIM_LOCAL_MAX + MW_DKIM_DOMAIN_MAX + 1];
	int n = snprintf(key, sizeof(key), "%s@%s", local, domain);

	if (n > 0 && (size_t)n < sizeof(key))
		lookup(s, key);
}

size_t mw_dkim_signtable_find(const struct mw_dkim_signtable *t, const char *local, const char *domain, bool multiple,
			      const struct mw_dkim_signrow **ret, size_t max)
{
	struct search s = {.table = t, .multiple = multiple, .ret = ret, .max = max};
	char address[MW_DKIM_LOCAL_MAX + MW_DKIM_DOMAIN_MAX + 1];

	if (t->wild) {
		(void)snprintf(address, sizeof(address), "%s@%s", local, domain);
		for (size_t i = 0; i < t->rows && !search_done(&s); i++)
			if (wild_match(t->row[i].pattern, address))
				search_hit(&s, &t->row[i]);
		return s.found;
	}
	/* user@host, host, then user@.domain and .domain for each parent, user@*, * */
	lookup_at(&s, local, domain);
	lookup(&s, domain);
	for (const char *dot = strchr(domain, '.'); dot; dot = strchr(dot + 1, '.')) {
		lookup_at(&s, local, dot);
		lookup(&s, dot);
	}
	lookup_at(&s, local, "*");
	lookup(&s, "*");
	return s.found;
}
