/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_sendmail: is a Sendmail set up for tags? It is asked in address test mode (sendmail -bt): what it makes of an address with
 * each tag, and then, as in a delivery, what the ruleset of the mailer's sender notes and what the ruleset for TLS says of a host
 * that cannot do it. See guard.h for what must hold.
 */
#include "guard_mta.h"
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHECK_MS 15000 /* all programs of one check together */
#define DEFAULT_DIR "/etc/mail"
#define EXAMPLE "x@example.org"
#define NOSUCH "nosuch"
#define ASKS_MAX 4

enum used { ALWAYS, WITH_PORTAL, WITH_SEAL };

static const struct tag {
	const char *name, *mailer;
	enum used used;
	const char *from;	       /* ruleset of the mailer's sender; NULL: none of ours, and no TLS is asked for */
	const char *refused[ASKS_MAX]; /* what STARTTLS brought (${verify}) that must be refused */
} tags[] = {
    {"tls", "milward-tls", ALWAYS, "MilwardFromTls", {"NONE", "SOFTWARE", NULL}},
    {"ver", "milward-ver", ALWAYS, "MilwardFromVer", {"NONE", "SOFTWARE", "FAIL", NULL}},
    {"tlsp", "milward-tlsp", WITH_PORTAL, "MilwardFromTlsp", {"NONE", "SOFTWARE", NULL}},
    {"verp", "milward-verp", WITH_PORTAL, "MilwardFromVerp", {"NONE", "SOFTWARE", "FAIL", NULL}},
    {"portal", "milward-portal", WITH_PORTAL, "MilwardFromPortal", {NULL}},
    {"sealsop", "milward-seal", WITH_SEAL, NULL, {NULL}},
    {"seals", "milward-seal", WITH_SEAL, NULL, {NULL}},
    {"open", "milward-seal", WITH_SEAL, NULL, {NULL}},
};
#define TAGS (sizeof(tags) / sizeof(tags[0]))

/* How to reach a Sendmail. */
struct sendmail {
	char program[MW_GUARD_PATH], cf[MW_GUARD_PATH + 2];
	int64_t deadline;
};

/* Address test mode with these lines. 0, or negative with why. */
static int ask(const struct sendmail *sm, const char *lines, struct mw_run_result *ret, struct mw_guard_answer *g)
{
	const char *const argv[] = {sm->program, sm->cf, "-bt", NULL};
	int r = mw_run(argv, lines, sm->deadline, ret);

	if (r < 0)
		(void)snprintf(g->why, sizeof(g->why), "%s: %s", sm->program,
			       r == -ETIMEDOUT ? "no answer in time" : strerror(-r));
	return r;
}

/* The next line that starts with this, behind the prompts; NULL = none. */
static const char *find_line(const char *text, const char *start)
{
	while (text && *text) {
		const char *line = text + strspn(text, "> ");

		if (strncmp(line, start, strlen(start)) == 0)
			return line;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

/* "mailer NAME, host …": how an address leaves. */
static bool has_mailer(const char *text, const char *name)
{
	const char *line = find_line(text, "mailer ");
	size_t n = strlen(name);

	return line && strncmp(line + 7, name, n) == 0 && line[7 + n] == ',';
}

/* To the tag's mailer; for the portal, to milward-seal as well, which hands in to milward's own. */
static bool is_given(const char *text, const struct tag *tag)
{
	return has_mailer(text, tag->mailer) || (strcmp(tag->name, "portal") == 0 && has_mailer(text, "milward-seal"));
}

/* How many of the answers of the TLS ruleset are errors. (A ruleset that is not there is "Undefined", and none.) */
static size_t count_refused(const char *text)
{
	static const char answer[] = "Local_tls_server returns:";
	size_t n = 0;

	for (const char *line = text; (line = find_line(line, answer)); line += sizeof(answer) - 1) {
		const char *what = line + sizeof(answer) - 1;

		what += strspn(what, " ");
		n += strncmp(what, "$# error ", 9) == 0;
	}
	return n;
}

/* The lines that ask for one tag; how many refusals they must bring. */
static size_t write_questions(const struct tag *tag, char *lines, size_t lines_n)
{
	int n = snprintf(lines, lines_n, "/parse " EXAMPLE ".mw-%s.invalid\n", tag->name);
	size_t asked = 0;

	if (tag->from)
		n += snprintf(lines + n, lines_n - (size_t)n, "%s a@example.org\n.D{cipher_bits}256\n", tag->from);
	for (; tag->refused[asked]; asked++)
		n += snprintf(lines + n, lines_n - (size_t)n, "Local_tls_server %s\n", tag->refused[asked]);
	return asked;
}

static int check_tag(const struct sendmail *sm, const struct tag *tag, struct mw_guard_answer *g)
{
	struct mw_run_result res = {0};
	char lines[512]; /* more than the longest row can need */
	size_t asked = write_questions(tag, lines, sizeof(lines));
	int r = ask(sm, lines, &res, g);

	if (r < 0)
		return r;
	if (!is_given(res.out, tag)) {
		(void)snprintf(g->why, sizeof(g->why), "Sendmail does not give .mw-%s.invalid to the mailer %s", tag->name,
			       tag->mailer);
		r = -EHOSTUNREACH;
	} else if (count_refused(res.out) != asked) {
		(void)snprintf(g->why, sizeof(g->why), "the mailer %s would take a host that cannot do TLS as it must",
			       tag->mailer);
		r = -EHOSTUNREACH;
	}
	mw_run_result_free(&res);
	return r;
}

/* A tag that nobody routes must not go to a smarthost. */
static int check_unrouted(const struct sendmail *sm, struct mw_guard_answer *g)
{
	struct mw_run_result res = {0};
	int r = ask(sm, "/parse " EXAMPLE ".mw-" NOSUCH ".invalid\n", &res, g);

	if (r == 0 && !has_mailer(res.out, "*error*")) {
		(void)snprintf(g->why, sizeof(g->why), "a tag that has no route is no error to Sendmail");
		r = -EHOSTUNREACH;
	}
	mw_run_result_free(&res);
	return r;
}

static bool in_use(const struct tag *tag, const struct mw_guard_conf *conf)
{
	return tag->used == ALWAYS || (tag->used == WITH_PORTAL ? conf->portal : conf->seal);
}

static int sendmail_ask(const struct mw_guard_conf *conf, struct mw_guard_answer *g)
{
	const char *dir = conf->config_dir ? conf->config_dir : DEFAULT_DIR;
	struct sendmail sm = {.deadline = mw_run_now() + CHECK_MS};
	int a = snprintf(sm.program, sizeof(sm.program), "%s/sendmail", conf->command_dir);
	int b = snprintf(sm.cf, sizeof(sm.cf), "-C%s/sendmail.cf", dir);
	int r;

	if (a < 0 || (size_t)a >= sizeof(sm.program) || b < 0 || (size_t)b >= sizeof(sm.cf)) {
		(void)snprintf(g->why, sizeof(g->why), "the names of Sendmail's folders are too long");
		return -ENAMETOOLONG;
	}
	mw_guard_watch(g, dir, "sendmail.cf");
	r = check_unrouted(&sm, g);
	for (size_t i = 0; r == 0 && i < TAGS; i++)
		if (in_use(&tags[i], conf))
			r = check_tag(&sm, &tags[i], g);
	return r;
}

const struct mw_guard_mta mw_guard_sendmail = {.name = "Sendmail", .script = "milward-sendmail", .ask = sendmail_ask};
