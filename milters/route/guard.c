/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"
#include "maps.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHECK_MS 15000 /* all programs of one check together */
#define WHY_SIZE 400
#define VALUE_SIZE 256
#define EXAMPLE "example.org"
#define UNROUTED EXAMPLE ".mw-nosuch.invalid"

/* Levels of smtp_tls_security_level that never send in clear, and those that also look at the certificate. */
static const char *const encrypted[] = {"encrypt", "dane-only", "fingerprint", "verify", "secure", NULL};
static const char *const verified[] = {"dane-only", "fingerprint", "verify", "secure", NULL};

static const struct tag {
	const char *domain;
	const char *const *levels;
	bool needs_portal, to_portal;
} tags[] = {
    {EXAMPLE ".mw-tls.invalid", encrypted, false, false},  {EXAMPLE ".mw-ver.invalid", verified, false, false},
    {EXAMPLE ".mw-tlsp.invalid", encrypted, true, false},  {EXAMPLE ".mw-verp.invalid", verified, true, false},
    {EXAMPLE ".mw-portal.invalid", encrypted, true, true},
};
#define TAGS (sizeof(tags) / sizeof(tags[0]))

/* Settings by which Postfix makes other recipients of those that it has shown, and of those that it is given. */
static const char *const rewriting[] = {"virtual_alias_maps", "canonical_maps", "recipient_canonical_maps"};
#define REWRITING (sizeof(rewriting) / sizeof(rewriting[0]))

/* What tells that a file is another one than it was. */
struct stamp {
	struct stat main, master;
};

struct mw_guard {
	const struct mw_host *host;
	struct mw_self *self;
	const struct mw_guard_conf *conf;
	pthread_mutex_t lock;
	bool asked, good;
	int64_t next;	      /* a bad answer is asked again from here on, mw_run_now() */
	char dir[VALUE_SIZE]; /* where main.cf is; "" = not known yet */
	struct stamp stamp;
	char why[WHY_SIZE];
	char rewrites[VALUE_SIZE]; /* as in struct settings */
};

/* The settings that a check needs. */
struct settings {
	char *transport_maps; /* points into text */
	bool parents_match;
	bool knows_tls_required;
	bool has_per_site;	    /* the old smtp_tls_per_site is in use */
	char *services;		    /* postconf -P: "name/type/parameter = value" lines */
	char *rewriting[REWRITING]; /* points into text; NULL = not told */
	char rewrites[VALUE_SIZE];  /* names of those that are in use; "" = none */
	struct mw_run_result text, master;
};

struct mw_guard *mw_guard_new(const struct mw_host *host, struct mw_self *self, const struct mw_guard_conf *conf)
{
	struct mw_guard *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->host = host;
	g->self = self;
	g->conf = conf;
	if (pthread_mutex_init(&g->lock, NULL) != 0) {
		free(g);
		return NULL;
	}
	if (conf->config_dir)
		(void)snprintf(g->dir, sizeof(g->dir), "%s", conf->config_dir);
	return g;
}

void mw_guard_free(struct mw_guard **g)
{
	if (!*g)
		return;
	(void)pthread_mutex_destroy(&(*g)->lock);
	free(*g);
	*g = NULL;
}

/* ---- have the files changed? ------------------------------------------------------------------------------------------------
 */
static void stat_in(const char *dir, const char *name, struct stat *st)
{
	char path[VALUE_SIZE + 16];

	memset(st, 0, sizeof(*st));
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (dir[0] && stat(path, st) < 0)
		memset(st, 0, sizeof(*st));
}

static void stamp_take(const struct mw_guard *g, struct stamp *s)
{
	stat_in(g->dir, "main.cf", &s->main);
	stat_in(g->dir, "master.cf", &s->master);
}

static bool stat_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* ---- what Postfix says about itself -----------------------------------------------------------------------------------------
 */

/* Value of "name = value" at the start of a line; terminated in place at the end of the line. NULL = not there. */
static char *setting(char *text, const char *name)
{
	size_t n = strlen(name);

	for (char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (strncmp(p, name, n) != 0 || strncmp(p + n, " =", 2) != 0)
			continue;
		p += n + 2;
		return p + strspn(p, " ");
	}
	return NULL;
}

/* Lines end here; called once all pointers into the text are found. */
static void end_line(char *value)
{
	if (value)
		value[strcspn(value, "\n")] = '\0';
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *p;) {
		size_t len = strcspn(p, ", \t");

		if (len == n && strncmp(p, word, n) == 0)
			return true;
		p += len;
		p += strspn(p, ", \t");
	}
	return false;
}

/* Where main.cf is. Asked first, so that a change during the check that follows is seen by the next one. */
static int find_dir(struct mw_guard *g, const struct mw_postfix *pf)
{
	static const char *const args[] = {"-h", "config_directory", NULL};
	struct mw_run_result res = {0};
	int r;

	if (g->dir[0])
		return 0;
	r = mw_postfix_run(pf, "postconf", args, NULL, &res, g->why, sizeof(g->why));
	if (r < 0)
		return r;
	end_line(res.out);
	(void)snprintf(g->dir, sizeof(g->dir), "%s", res.out);
	mw_run_result_free(&res);
	return 0;
}

static void find_rewrites(struct settings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < REWRITING; i++)
		if (s->rewriting[i] && mw_maps_used(s->rewriting[i]) && n < sizeof(s->rewrites))
			n += (size_t)snprintf(s->rewrites + n, sizeof(s->rewrites) - n, "%s%s", n ? ", " : "", rewriting[i]);
}

static int settings_read(struct mw_guard *g, const struct mw_postfix *pf, struct settings *s)
{
	const char *const names[] = {"-x",
				     "transport_maps",
				     "parent_domain_matches_subdomains",
				     "tls_required_enable",
				     "smtp_tls_per_site",
				     rewriting[0],
				     rewriting[1],
				     rewriting[2],
				     NULL};
	static const char *const services[] = {"-x", "-P", NULL};
	char *parents, *per_site;
	int r = mw_postfix_run(pf, "postconf", names, NULL, &s->text, g->why, sizeof(g->why));

	if (r == 0)
		r = mw_postfix_run(pf, "postconf", services, NULL, &s->master, g->why, sizeof(g->why));
	if (r < 0)
		return r;
	for (size_t i = 0; i < REWRITING; i++)
		s->rewriting[i] = setting(s->text.out, rewriting[i]);
	s->transport_maps = setting(s->text.out, "transport_maps");
	parents = setting(s->text.out, "parent_domain_matches_subdomains");
	per_site = setting(s->text.out, "smtp_tls_per_site");
	s->knows_tls_required = setting(s->text.out, "tls_required_enable") != NULL;
	end_line(s->transport_maps);
	end_line(parents);
	for (size_t i = 0; i < REWRITING; i++)
		end_line(s->rewriting[i]);
	find_rewrites(s);
	if (!s->transport_maps) {
		(void)snprintf(g->why, sizeof(g->why), "postconf does not tell transport_maps");
		return -EIO;
	}
	s->parents_match = parents && has_word(parents, "transport_maps");
	s->has_per_site = per_site && *per_site && *per_site != '\n';
	s->services = s->master.out;
	return 0;
}

static void settings_free(struct settings *s)
{
	mw_run_result_free(&s->text);
	mw_run_result_free(&s->master);
}

/* Value of an option of a service of master.cf. false: the service inherits it. */
static bool service_option(const struct settings *s, const char *service, const char *option, char *value, size_t value_n)
{
	char name[VALUE_SIZE + 64];
	const char *p;

	(void)snprintf(name, sizeof(name), "%s/unix/%s", service, option);
	p = setting(s->services, name);
	if (!p)
		return false;
	(void)snprintf(value, value_n, "%.*s", (int)strcspn(p, "\n"), p);
	return true;
}

/* ---- the checks -------------------------------------------------------------------------------------------------------------
 */
static int bad_service(struct mw_guard *g, const char *service, const char *what)
{
	(void)snprintf(g->why, sizeof(g->why), "the service %s of master.cf %s", service, what);
	return -EHOSTUNREACH;
}

static bool in_words(const char *const *words, const char *word)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

static int check_service(struct mw_guard *g, const struct settings *s, const char *const *levels, const char *service)
{
	char value[VALUE_SIZE];

	if (!service_option(s, service, "smtp_tls_security_level", value, sizeof(value)))
		return bad_service(g, service, "sets no smtp_tls_security_level");
	if (!in_words(levels, value))
		return bad_service(g, service, "has an smtp_tls_security_level that is too low");
	if (!service_option(s, service, "smtp_tls_policy_maps", value, sizeof(value)))
		return bad_service(g, service, "inherits smtp_tls_policy_maps, which may lower the TLS level");
	if (s->has_per_site && !service_option(s, service, "smtp_tls_per_site", value, sizeof(value)))
		return bad_service(g, service, "inherits smtp_tls_per_site, which may lower the TLS level");
	if (s->knows_tls_required &&
	    !(service_option(s, service, "tls_required_enable", value, sizeof(value)) && strcmp(value, "no") == 0))
		return bad_service(g, service, "lacks tls_required_enable=no: senders could switch TLS off");
	return 0;
}

/* Does this next hop lie on the machine itself? */
static bool is_local(const char *nexthop)
{
	static const char *const local[] = {"127.", "[127.", "[::1]", "localhost", "[localhost]", "unix:", NULL};

	for (size_t i = 0; local[i]; i++)
		if (strncmp(nexthop, local[i], strlen(local[i])) == 0)
			return true;
	return false;
}

static bool ends_in_error(const char *value)
{
	return strncmp(value, "error:", 6) == 0 || strncmp(value, "retry:", 6) == 0;
}

static int check_tag(struct mw_guard *g, const struct settings *s, const struct mw_maps *maps, const struct tag *tag)
{
	char value[VALUE_SIZE], *nexthop;
	int r = mw_maps_find(maps, tag->domain, value, sizeof(value), g->why, sizeof(g->why));

	if (r < 0)
		return r;
	nexthop = strchr(value, ':');
	if (r == 0 || ends_in_error(value) || !nexthop || nexthop == value) {
		(void)snprintf(g->why, sizeof(g->why), "transport_maps has no route for %s", tag->domain + strlen(EXAMPLE));
		return -EHOSTUNREACH;
	}
	*nexthop++ = '\0';
	if (tag->to_portal && is_local(nexthop))
		return 0;
	return check_service(g, s, tag->levels, value);
}

/* A tag that nobody routes must not go to a relayhost. */
static int check_unrouted(struct mw_guard *g, const struct mw_maps *maps)
{
	char value[VALUE_SIZE];
	int r = mw_maps_find(maps, UNROUTED, value, sizeof(value), g->why, sizeof(g->why));

	if (r < 0 || (r == 1 && ends_in_error(value)))
		return r < 0 ? r : 0;
	(void)snprintf(g->why, sizeof(g->why), "transport_maps lacks the guard for unknown tags (.invalid must be an error)");
	return -EHOSTUNREACH;
}

static int check_maps(struct mw_guard *g, const struct mw_postfix *pf, const struct settings *s)
{
	const char *domains[TAGS + 1];
	struct mw_maps maps;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < TAGS; i++)
		domains[n++] = tags[i].domain;
	domains[n++] = UNROUTED;
	r = mw_maps_ask(pf, s->transport_maps, s->parents_match, domains, n, &maps, g->why, sizeof(g->why));
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < TAGS; i++)
		if (g->conf->portal || !tags[i].needs_portal)
			r = check_tag(g, s, &maps, &tags[i]);
	if (r == 0)
		r = check_unrouted(g, &maps);
	mw_maps_free(&maps);
	return r;
}

/* A list of maps that recipients go through must leave tags alone: what: where it stands. */
static int check_keeps(struct mw_guard *g, const struct mw_postfix *pf, const char *what, const char *list)
{
	const char *domains[TAGS];
	char why[WHY_SIZE / 2];
	int r;

	for (size_t i = 0; i < TAGS; i++)
		domains[i] = tags[i].domain;
	r = mw_maps_keep(pf, list, domains, TAGS, why, sizeof(why));
	if (r < 0)
		(void)snprintf(g->why, sizeof(g->why), "%s: %s", what, why);
	return r;
}

/* "cleanup/unix/canonical_maps = …" of master.cf: a service with its own. */
static int check_service_keeps(struct mw_guard *g, const struct mw_postfix *pf, const char *line)
{
	const char *end = strstr(line, " ="), *name = end;
	int r = 0;

	while (name && name > line && name[-1] != '/')
		name--;
	for (size_t i = 0; r == 0 && name && i < REWRITING; i++)
		if (strlen(rewriting[i]) == (size_t)(end - name) && strncmp(name, rewriting[i], (size_t)(end - name)) == 0) {
			char what[VALUE_SIZE];

			(void)snprintf(what, sizeof(what), "master.cf: %.*s", (int)(end - line), line);
			r = check_keeps(g, pf, what, end + 2);
		}
	return r;
}

static int check_rewriting(struct mw_guard *g, const struct mw_postfix *pf, const struct settings *s)
{
	char *lines = strdup(s->services), *rest = lines, *line;
	int r = lines ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < REWRITING; i++)
		if (s->rewriting[i])
			r = check_keeps(g, pf, rewriting[i], s->rewriting[i]);
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = check_service_keeps(g, pf, line);
	free(lines);
	return r;
}

static int check_all(struct mw_guard *g)
{
	struct mw_postfix pf = {
	    .command_dir = g->conf->command_dir, .config_dir = g->conf->config_dir, .deadline = mw_run_now() + CHECK_MS};
	struct settings s = {0};
	int r = find_dir(g, &pf);

	stamp_take(g, &g->stamp);
	if (r == 0)
		r = settings_read(g, &pf, &s);
	memcpy(g->rewrites, s.rewrites, sizeof(g->rewrites));
	if (r == 0)
		r = check_maps(g, &pf, &s);
	if (r == 0)
		r = check_rewriting(g, &pf, &s);
	settings_free(&s);
	return r;
}

/* Logs a change of the answer, once. */
static void guard_ask(struct mw_guard *g)
{
	char before[WHY_SIZE], rewrites[VALUE_SIZE];
	bool was_good = g->good, first = !g->asked;

	memcpy(before, g->why, sizeof(before));
	memcpy(rewrites, g->rewrites, sizeof(rewrites));
	g->why[0] = '\0';
	g->good = check_all(g) == 0;
	g->asked = true;
	g->next = mw_run_now() + g->conf->recheck * 1000;
	if (g->good && !was_good)
		g->host->log(g->self, NULL, MW_NOTICE, "guard", "Postfix routes every tag, and unknown ones end in an error");
	if (!g->good && (first || was_good || strcmp(before, g->why) != 0))
		g->host->log(g->self, NULL, MW_ERROR, "guard",
			     "%s; protected mail is answered 4xx until it is repaired: milward-postfix check tells more", g->why);
	if (g->rewrites[0] && strcmp(rewrites, g->rewrites) != 0)
		g->host->log(
		    g->self, NULL, MW_WARNING, "guard",
		    "Postfix has %s: a recipient inside that such a table leads outside is judged as inside, and its mail is not "
		    "protected",
		    g->rewrites);
}

int mw_guard_check(struct mw_guard *g, struct mw_err *err)
{
	struct stamp now;
	int r = 0;

	(void)pthread_mutex_lock(&g->lock);
	stamp_take(g, &now);
	if (!g->asked || !stat_same(&now.main, &g->stamp.main) || !stat_same(&now.master, &g->stamp.master) ||
	    (!g->good && mw_run_now() >= g->next))
		guard_ask(g);
	if (!g->good)
		r = g->host->fail(err, -EHOSTUNREACH, "Postfix does not route milward's tags: %s", g->why);
	(void)pthread_mutex_unlock(&g->lock);
	return r;
}
