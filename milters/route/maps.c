/* SPDX-License-Identifier: Apache-2.0 */
#include "maps.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 1024
#define ARGS_MAX 8
#define KEY_SIZE 260
#define FORMS_MAX 16 /* labels of a probe, and two */

/* What went wrong, for a person: the first line that tells of an error, without its "postmap: fatal: ". */
static void tell_error(const struct mw_run_result *res, const char *program, char *why, size_t why_n)
{
	const char *p = strstr(res->err, ": fatal: ");
	int n;

	if (!p)
		p = strstr(res->err, ": error: ");
	p = p ? p + 9 : res->err;
	n = (int)strcspn(p, "\n");
	if (n)
		(void)snprintf(why, why_n, "%s: %.*s", program, n, p);
	else
		(void)snprintf(why, why_n, "%s ends with status %d", program, res->status);
}

int mw_postfix_run(const struct mw_postfix *pf, const char *program, const char *const *args, const char *in,
		   struct mw_run_result *ret, char *why, size_t why_n)
{
	const char *argv[ARGS_MAX + 4];
	struct mw_run_result res = {0};
	char path[PATH_SIZE];
	size_t n = 0;
	int r = snprintf(path, sizeof(path), "%s/%s", pf->command_dir, program);

	if (r < 0 || (size_t)r >= sizeof(path)) {
		(void)snprintf(why, why_n, "the name of the folder of %s is too long", program);
		return -ENAMETOOLONG;
	}
	argv[n++] = path;
	if (pf->config_dir) {
		argv[n++] = "-c";
		argv[n++] = pf->config_dir;
	}
	for (size_t i = 0; args[i] && i < ARGS_MAX; i++)
		argv[n++] = args[i];
	argv[n] = NULL;
	r = mw_run(argv, in, pf->deadline, &res);
	if (r < 0) {
		(void)snprintf(why, why_n, "%s: %s", path, r == -ETIMEDOUT ? "no answer in time" : strerror(-r));
		return r;
	}
	/* Status 1 without an error is how postmap says "nothing found". */
	if (res.status > 1 || (res.status == 1 && strcmp(program, "postmap") != 0) || strstr(res.err, ": fatal: ") ||
	    strstr(res.err, ": error: ")) {
		tell_error(&res, program, why, why_n);
		mw_run_result_free(&res);
		return -EIO;
	}
	*ret = res;
	return 0;
}

/* Keys of x@DOMAIN in the order of transport(5). Returns how many. */
static size_t key_forms(const char *domain, bool parents_match, char keys[FORMS_MAX][KEY_SIZE])
{
	const char *dot = strchr(domain, '.');
	size_t n = 0;

	(void)snprintf(keys[n++], KEY_SIZE, "x@%s", domain);
	(void)snprintf(keys[n++], KEY_SIZE, "%s", domain);
	for (; dot && n < FORMS_MAX; dot = strchr(dot + 1, '.'))
		(void)snprintf(keys[n++], KEY_SIZE, "%s", parents_match ? dot + 1 : dot);
	return n;
}

static char *all_keys(const char *const *domains, size_t n, bool pattern, bool parents_match)
{
	char keys[FORMS_MAX][KEY_SIZE];
	size_t size = MW_RUN_IN_MAX + 1, at = 0;
	char *text = malloc(size);

	if (!text)
		return NULL;
	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t forms = key_forms(domains[i], parents_match, keys);

		for (size_t k = 0; k < (pattern ? 1 : forms); k++) {
			int r = snprintf(text + at, size - at, "%s\n", keys[k]);

			if (r < 0 || (size_t)r >= size - at) {
				free(text);
				return NULL;
			}
			at += (size_t)r;
		}
	}
	return text;
}

static bool is_of_type(const char *name, const char *const *types)
{
	if (strncmp(name, "proxy:", 6) == 0)
		name += 6;
	for (size_t i = 0; types[i]; i++)
		if (strncmp(name, types[i], strlen(types[i])) == 0)
			return true;
	return false;
}

static bool is_pattern(const char *name)
{
	static const char *const types[] = {"pcre:", "regexp:", "cidr:", "tcp:", NULL};

	return is_of_type(name, types);
}

/* Tables of literal keys. Whoever writes a tag into one of them means it. */
static bool has_whole_keys(const char *name)
{
	static const char *const types[] = {"hash:", "btree:", "lmdb:", "cdb:", "dbm:", "sdbm:", "texthash:", "inline:", NULL};

	return is_of_type(name, types);
}

static bool is_keeper(const char *name)
{
	size_t n = strlen(name), end = strlen(MW_MAPS_KEEPER);

	return strncmp(name, "pcre:", 5) == 0 && n > end && strcmp(name + n - end, MW_MAPS_KEEPER) == 0;
}

static int map_ask(const struct mw_postfix *pf, struct mw_map *map, const char *const *domains, size_t n, bool parents_match)
{
	const char *const args[] = {"-q", "-", map->name, NULL};
	struct mw_run_result res = {0};
	char *keys;
	int r;

	map->pattern = is_pattern(map->name);
	keys = all_keys(domains, n, map->pattern, parents_match);
	if (!keys)
		return -ENOMEM;
	r = mw_postfix_run(pf, "postmap", args, keys, &res, map->why, sizeof(map->why));
	free(keys);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* bad only when Postfix would come to ask it: see mw_maps_find() */
	map->answers = res.out;
	return 0;
}

/* Splits "a:b, inline:{ {x = y} } c:d": commas and blanks divide, but not inside braces. */
static int split(struct mw_maps *maps)
{
	char *p = maps->list;

	for (;;) {
		int depth = 0;

		p += strspn(p, ", \t\r\n");
		if (!*p)
			return 0;
		if (maps->n == MW_MAPS_MAX)
			return -E2BIG;
		maps->map[maps->n++].name = p;
		for (; *p && (depth > 0 || !strchr(", \t\r\n", *p)); p++)
			depth += *p == '{' ? 1 : *p == '}' ? -1 : 0;
		if (*p)
			*p++ = '\0';
	}
}

int mw_maps_ask(const struct mw_postfix *pf, const char *list, bool parents_match, const char *const *domains, size_t n,
		struct mw_maps *ret, char *why, size_t why_n)
{
	struct mw_maps maps = {.list = strdup(list), .parents_match = parents_match};
	int r = maps.list ? split(&maps) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < maps.n; i++)
		r = map_ask(pf, &maps.map[i], domains, n, parents_match);
	if (r < 0) {
		(void)snprintf(why, why_n, "transport_maps: %s", strerror(-r));
		mw_maps_free(&maps);
		return r;
	}
	*ret = maps;
	return 0;
}

void mw_maps_free(struct mw_maps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		free(maps->map[i].answers);
	free(maps->list);
	*maps = (struct mw_maps){0};
}

/* Value of key in "key\tvalue\n…". */
static bool answer_find(const char *answers, const char *key, char *value, size_t value_n)
{
	size_t n = strlen(key);

	for (const char *p = answers; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (strncmp(p, key, n) != 0 || p[n] != '\t')
			continue;
		p += n + 1;
		p += strspn(p, " \t");
		(void)snprintf(value, value_n, "%.*s", (int)strcspn(p, "\n"), p);
		return true;
	}
	return false;
}

int mw_maps_find(const struct mw_maps *maps, const char *domain, char *value, size_t value_n, char *why, size_t why_n)
{
	char keys[FORMS_MAX][KEY_SIZE];
	size_t forms = key_forms(domain, maps->parents_match, keys);

	for (size_t k = 0; k < forms; k++)
		for (size_t i = 0; i < maps->n; i++) {
			const struct mw_map *map = &maps->map[i];

			if (map->pattern && k > 0)
				continue;
			if (map->why[0]) {
				(void)snprintf(why, why_n, "transport_maps: %s (%s)", map->name, map->why);
				return -EIO;
			}
			if (answer_find(map->answers, keys[k], value, value_n))
				return 1;
		}
	return 0;
}

static int keeper_ask(const struct mw_postfix *pf, const char *name, const char *const *domains, size_t n, char *why,
		      size_t why_n)
{
	struct mw_map map = {.name = name};
	char key[KEY_SIZE], value[KEY_SIZE];
	int r = map_ask(pf, &map, domains, n, false);

	if (r == 0 && map.why[0]) {
		(void)snprintf(why, why_n, "%s (%s)", name, map.why);
		return -EIO;
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		(void)snprintf(key, sizeof(key), "x@%s", domains[i]);
		if (answer_find(map.answers, key, value, sizeof(value)) && strcmp(key, value) == 0)
			continue;
		(void)snprintf(why, why_n, "%s does not answer %s with itself", name, key);
		r = -EHOSTUNREACH;
	}
	free(map.answers);
	return r;
}

int mw_maps_keep(const struct mw_postfix *pf, const char *list, const char *const *domains, size_t n, char *why, size_t why_n)
{
	struct mw_maps maps = {.list = strdup(list)};
	int r = maps.list ? split(&maps) : -ENOMEM;
	size_t i = 0;

	while (r == 0 && i < maps.n && has_whole_keys(maps.map[i].name))
		i++;
	if (r < 0) {
		(void)snprintf(why, why_n, "%s", strerror(-r));
	} else if (i < maps.n && is_keeper(maps.map[i].name)) {
		r = keeper_ask(pf, maps.map[i].name, domains, n, why, why_n);
	} else if (i < maps.n) {
		(void)snprintf(why, why_n, "%s may change tagged recipients, and pcre:…" MW_MAPS_KEEPER " is not before it",
			       maps.map[i].name);
		r = -EHOSTUNREACH;
	}
	mw_maps_free(&maps);
	return r;
}

bool mw_maps_used(const char *list)
{
	struct mw_maps maps = {.list = strdup(list)};
	bool used = !maps.list || split(&maps) < 0;

	for (size_t i = 0; !used && i < maps.n; i++)
		used = !is_keeper(maps.map[i].name);
	mw_maps_free(&maps);
	return used;
}
