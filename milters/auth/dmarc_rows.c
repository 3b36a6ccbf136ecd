/* SPDX-License-Identifier: Apache-2.0 */
#include "dmarc_rows.h"

#include "dmarc_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *mw_dmarc_row_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

const char *mw_dmarc_row_part(const char *key, unsigned n)
{
	for (; n; n--)
		key = strchr(key, '\n') + 1;
	return key;
}

/* ---- counting --------------------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct mw_dmarc_row *)a)->key, ((const struct mw_dmarc_row *)b)->key);
}

static void merge(struct mw_dmarc_rows *rows)
{
	size_t kept = 0;

	if (rows->n)
		qsort(rows->v, rows->n, sizeof(*rows->v), by_key);
	for (size_t i = 0; i < rows->n; i++) {
		if (kept && strcmp(rows->v[kept - 1].key, rows->v[i].key) == 0) {
			rows->v[kept - 1].count += rows->v[i].count;
			free(rows->v[i].key);
		} else {
			rows->v[kept++] = rows->v[i];
		}
	}
	rows->n = kept;
}

static int add(struct mw_dmarc_rows *rows, char *key)
{
	if (rows->n == rows->room) {
		size_t room;
		struct mw_dmarc_row *more;

		merge(rows);
		if (rows->n > MW_DMARC_ROWS_MOST)
			return -EFBIG;
		room = rows->n < 500 ? 1000 : 2 * rows->n;
		more = realloc(rows->v, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		rows->v = more;
		rows->room = room;
	}
	rows->v[rows->n++] = (struct mw_dmarc_row){.key = key, .count = 1};
	return 0;
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------ */

static bool is_domain(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	return n && !s[n] && *s != '.' && *s != '-' && n < 254;
}

static bool is_address(const char *s)
{
	struct in6_addr a;

	return inet_pton(AF_INET, s, &a) == 1 || inet_pton(AF_INET6, s, &a) == 1;
}

/* A policy and a row as this module writes them: what a report needs is there. */
static bool is_row(const json_t *policy, const json_t *row)
{
	static const char *const of_policy[] = {"adkim", "aspf", "p", "sp", "fo"};
	static const char *const of_row[] = {"disposition", "dkim", "spf", "from"};

	for (size_t i = 0; i < sizeof(of_policy) / sizeof(of_policy[0]); i++)
		if (!*mw_dmarc_row_text(policy, of_policy[i]))
			return false;
	for (size_t i = 0; i < sizeof(of_row) / sizeof(of_row[0]); i++)
		if (!*mw_dmarc_row_text(row, of_row[i]))
			return false;
	return json_is_integer(json_object_get(policy, "pct")) && json_is_array(json_object_get(policy, "rua")) &&
	       json_is_array(json_object_get(row, "auth_dkim")) && json_is_object(json_object_get(row, "auth_spf")) &&
	       is_domain(mw_dmarc_row_text(policy, "domain")) && is_address(mw_dmarc_row_text(row, "ip"));
}

static char *key_of(const char *domain, const json_t *policy, const json_t *row)
{
	char *p = json_dumps(policy, JSON_COMPACT | JSON_SORT_KEYS), *r = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS),
	     *key = NULL;

	if (p && r && asprintf(&key, "%s\n%s\n%s", domain, p, r) < 0)
		key = NULL;
	free(p);
	free(r);
	return key;
}

static int read_line(struct mw_dmarc_rows *rows, const char *line, size_t n, const char *domain)
{
	json_t *root = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *policy = json_object_get(root, "policy"), *row = json_object_get(root, "row");
	const char *of = mw_dmarc_row_text(policy, "domain");
	char *key;
	int r = 0;

	if (!is_row(policy, row)) {
		rows->bad++;
	} else if (!domain || strcmp(of, domain) == 0) {
		key = key_of(of, policy, row);
		r = key ? add(rows, key) : -ENOMEM;
		if (r < 0)
			free(key);
	}
	json_decref(root);
	return r;
}

int mw_dmarc_rows_read(struct mw_dmarc_rows *rows, FILE *f, const char *domain)
{
	char line[MW_DMARC_LOG_LINE + 2];
	int r = 0;

	while (r == 0 && fgets(line, sizeof(line), f)) {
		size_t n = strlen(line);

		if (n && line[n - 1] == '\n')
			r = read_line(rows, line, n, domain);
		else
			rows->bad++; /* cut off; or too long, and its rest is another that is bad */
	}
	if (r == 0 && ferror(f))
		r = -EIO;
	merge(rows);
	return r == 0 && rows->n > MW_DMARC_ROWS_MOST ? -EFBIG : r;
}

void mw_dmarc_rows_free(struct mw_dmarc_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->v[i].key);
	free(rows->v);
	memset(rows, 0, sizeof(*rows));
}
