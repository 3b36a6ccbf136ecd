/* SPDX-License-Identifier: Apache-2.0 */
/* guard_postfix: is a Postfix set up for tags? See guard.h for what must hold. */
#include "guard_mta.h"
#include "maps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_MS 15000 /* all programs of one check together */
#define VALUE_SIZE 256
#define EXAMPLE "example.org"
#define UNROUTED EXAMPLE ".mw-nosuch.invalid"

/* Levels of smtp_tls_security_level that never send in clear, and those that also look at the certificate. */
static const char *const encrypted[] = {"encrypt", "dane-only", "fingerprint", "verify", "secure", NULL};
static const char *const verified[] = {"dane-only", "fingerprint", "verify", "secure", NULL};

static const struct tag {
	const char *domain;
	const char *const *levels;
	enum { ALWAYS, WITH_PORTAL, WITH_SEAL } used;
	enum { TO_OTHERS, TO_PORTAL, TO_SEAL } to;
} tags[] = {
    {EXAMPLE ".mw-tls.invalid", encrypted, ALWAYS, TO_OTHERS},
    {EXAMPLE ".mw-ver.invalid", verified, ALWAYS, TO_OTHERS},
    {EXAMPLE ".mw-tlsp.invalid", encrypted, WITH_PORTAL, TO_OTHERS},
    {EXAMPLE ".mw-verp.invalid", verified, WITH_PORTAL, TO_OTHERS},
    {EXAMPLE ".mw-portal.invalid", encrypted, WITH_PORTAL, TO_PORTAL},
    {EXAMPLE ".mw-sealsop.invalid", NULL, WITH_SEAL, TO_SEAL},
    {EXAMPLE ".mw-seals.invalid", NULL, WITH_SEAL, TO_SEAL},
    {EXAMPLE ".mw-open.invalid", NULL, WITH_SEAL, TO_SEAL},
};
#define TAGS (sizeof(tags) / sizeof(tags[0]))

/* Settings by which Postfix makes other recipients of those that it has shown, and of those that it is given. */
static const char *const rewriting[] = {"virtual_alias_maps", "canonical_maps", "recipient_canonical_maps"};
#define REWRITING (sizeof(rewriting) / sizeof(rewriting[0]))

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
static int find_dir(struct mw_guard_answer *g, const struct mw_postfix *pf, char *dir, size_t dir_n)
{
	static const char *const args[] = {"-h", "config_directory", NULL};
	struct mw_run_result res = {0};
	int r;

	if (pf->config_dir) {
		(void)snprintf(dir, dir_n, "%s", pf->config_dir);
		return 0;
	}
	r = mw_postfix_run(pf, "postconf", args, NULL, &res, g->why, sizeof(g->why));
	if (r < 0)
		return r;
	end_line(res.out);
	(void)snprintf(dir, dir_n, "%s", res.out);
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

static int settings_read(struct mw_guard_answer *g, const struct mw_postfix *pf, struct settings *s)
{
	const char *const names[] = {"-x",
				     "transport_maps",
				     "parent_domain_matches_subdomains",
				     "tls_required_enable",
				     "smtp_tls_per_site",
				     "enable_original_recipient",
				     rewriting[0],
				     rewriting[1],
				     rewriting[2],
				     NULL};
	static const char *const services[] = {"-x", "-P", NULL};
	char *parents, *per_site, *original;
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
	original = setting(s->text.out, "enable_original_recipient");
	s->knows_tls_required = setting(s->text.out, "tls_required_enable") != NULL;
	end_line(s->transport_maps);
	end_line(parents);
	end_line(original);
	/* Without it cleanup(8) takes a recipient that we add for one that the alias has made, and drops it; and then that one, too. */
	g->splits = original && strcmp(original, "yes") == 0 && !strstr(s->master.out, "/enable_original_recipient =");
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
static int bad_service(struct mw_guard_answer *g, const char *service, const char *what)
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

static int check_service(struct mw_guard_answer *g, const struct settings *s, const char *const *levels, const char *service)
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

static int check_tag(struct mw_guard_answer *g, const struct settings *s, const struct mw_maps *maps, const struct tag *tag)
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
	if (tag->to != TO_OTHERS && is_local(nexthop))
		return 0;
	if (tag->to == TO_SEAL) {
		(void)snprintf(g->why, sizeof(g->why), "transport_maps hands %s, which is not sealed yet, to another machine",
			       tag->domain + strlen(EXAMPLE));
		return -EHOSTUNREACH;
	}
	return check_service(g, s, tag->levels, value);
}

/* A tag that nobody routes must not go to a relayhost. */
static int check_unrouted(struct mw_guard_answer *g, const struct mw_maps *maps)
{
	char value[VALUE_SIZE];
	int r = mw_maps_find(maps, UNROUTED, value, sizeof(value), g->why, sizeof(g->why));

	if (r < 0 || (r == 1 && ends_in_error(value)))
		return r < 0 ? r : 0;
	(void)snprintf(g->why, sizeof(g->why), "transport_maps lacks the guard for unknown tags (.invalid must be an error)");
	return -EHOSTUNREACH;
}

static bool is_used(const struct mw_guard_conf *conf, const struct tag *tag)
{
	return tag->used == ALWAYS || (tag->used == WITH_PORTAL ? conf->portal : conf->seal);
}

static int check_maps(struct mw_guard_answer *g, const struct mw_postfix *pf, const struct settings *s,
		      const struct mw_guard_conf *conf)
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
		if (is_used(conf, &tags[i]))
			r = check_tag(g, s, &maps, &tags[i]);
	if (r == 0)
		r = check_unrouted(g, &maps);
	mw_maps_free(&maps);
	return r;
}

/* A list of maps that recipients go through must leave tags alone: what: where it stands. */
static int check_keeps(struct mw_guard_answer *g, const struct mw_guard_conf *conf, const struct mw_postfix *pf, const char *what,
		       const char *list)
{
	const char *domains[TAGS];
	char why[MW_GUARD_TEXT / 2];
	size_t n = 0;
	int r;

	for (size_t i = 0; i < TAGS; i++)
		if (is_used(conf, &tags[i]))
			domains[n++] = tags[i].domain;
	r = mw_maps_keep(pf, list, domains, n, why, sizeof(why));
	if (r < 0)
		(void)snprintf(g->why, sizeof(g->why), "%s: %s", what, why);
	return r;
}

/* "cleanup/unix/canonical_maps = …" of master.cf: a service with its own. */
static int check_service_keeps(struct mw_guard_answer *g, const struct mw_guard_conf *conf, const struct mw_postfix *pf,
			       const char *line)
{
	const char *end = strstr(line, " ="), *name = end;
	int r = 0;

	while (name && name > line && name[-1] != '/')
		name--;
	for (size_t i = 0; r == 0 && name && i < REWRITING; i++)
		if (strlen(rewriting[i]) == (size_t)(end - name) && strncmp(name, rewriting[i], (size_t)(end - name)) == 0) {
			char what[VALUE_SIZE];

			(void)snprintf(what, sizeof(what), "master.cf: %.*s", (int)(end - line), line);
			r = check_keeps(g, conf, pf, what, end + 2);
		}
	return r;
}

static int check_rewriting(struct mw_guard_answer *g, const struct mw_guard_conf *conf, const struct mw_postfix *pf,
			   const struct settings *s)
{
	char *lines = strdup(s->services), *rest = lines, *line;
	int r = lines ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < REWRITING; i++)
		if (s->rewriting[i])
			r = check_keeps(g, conf, pf, rewriting[i], s->rewriting[i]);
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = check_service_keeps(g, conf, pf, line);
	free(lines);
	return r;
}

/* For the log: a recipient inside that such a table leads outside is judged as inside. */
static void tell_rewrites(struct mw_guard_answer *g, const struct settings *s)
{
	if (s->rewrites[0])
		(void)snprintf(
		    g->warning, sizeof(g->warning),
		    "Postfix has %s: an address inside that it leads outside is judged as inside, unless the policy has "
		    "the table (aliases)",
		    s->rewrites);
}

static int postfix_ask(const struct mw_guard_conf *conf, struct mw_guard_answer *g)
{
	struct mw_postfix pf = {
	    .command_dir = conf->command_dir, .config_dir = conf->config_dir, .deadline = mw_run_now() + CHECK_MS};
	char dir[VALUE_SIZE];
	struct settings s = {0};
	int r = find_dir(g, &pf, dir, sizeof(dir));

	if (r < 0)
		return r;
	mw_guard_watch(g, dir, "main.cf");
	mw_guard_watch(g, dir, "master.cf");
	r = settings_read(g, &pf, &s);
	tell_rewrites(g, &s);
	if (r == 0)
		r = check_maps(g, &pf, &s, conf);
	if (r == 0)
		r = check_rewriting(g, conf, &pf, &s);
	settings_free(&s);
	return r;
}

const struct mw_guard_mta mw_guard_postfix = {.name = "Postfix", .script = "milward-postfix", .ask = postfix_ask};
