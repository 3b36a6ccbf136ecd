/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl status: finds the daemons of this machine, asks each, and shows what they tell: once, or again and again. */
#include "ctl/status.h"

#include "base/clock.h"

#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WATCH_SECONDS 2
#define SUFFIX ".status"

enum { EXIT_SILENT = 3, EXIT_NONE = 4 }; /* as init scripts have it: not running; not known */

struct status {
	struct ctl *ctl;
	bool json, named; /* named: not all of this machine, but those that are given */
	struct ctl_show show;
	int64_t every; /* milliseconds; 0 = once */
	size_t n;
	struct ctl_instance *in;
};

/* ---- who is there ------------------------------------------------------------------------------------------------------------------ */

/* "milward.outbound" of "unix:/run/milward/milward.outbound.status". */
static char *name_of(const char *socket)
{
	const char *slash = strrchr(socket, '/'), *name = slash ? slash + 1 : socket;
	size_t n = strlen(name), suffix = sizeof(SUFFIX) - 1;

	if (slash && n > suffix && strcmp(name + n - suffix, SUFFIX) == 0)
		return strndup(name, n - suffix);
	return strdup(socket);
}

/* One that is there already is not added again. */
static bool add(struct status *s, const char *socket)
{
	struct ctl_instance *in, *one;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->in[i].socket, socket) == 0)
			return true;
	in = realloc(s->in, (s->n + 1) * sizeof(*in));
	if (!in)
		return false;
	s->in = in;
	one = &in[s->n];
	*one = (struct ctl_instance){.name = name_of(socket), .socket = strdup(socket)};
	s->n++;
	return one->name && one->socket;
}

static void forget(struct status *s)
{
	for (size_t i = 0; i < s->n; i++) {
		ctl_told_free(&s->in[i].now);
		ctl_told_free(&s->in[i].before);
		free(s->in[i].name);
		free(s->in[i].socket);
	}
	free(s->in);
	s->in = NULL;
	s->n = 0;
}

/* Is it the one that is meant: "milward.outbound", or "outbound", which may be several? */
static bool is_meant(const char *path, const char *word)
{
	char *name = name_of(path);
	const char *policy = name ? strchr(name, '.') : NULL;
	bool good = name && (strcmp(name, word) == 0 || (policy && strcmp(policy + 1, word) == 0));

	free(name);
	return good;
}

/* Sockets in the folders for runtime files; word: that are meant by it, NULL = all. */
static bool find(struct status *s, const char *word)
{
	const char *where = getenv("MILWARD_RUN");
	char pattern[512];
	glob_t found;
	bool good = true;
	int r;

	(void)snprintf(pattern, sizeof(pattern), "%s/milward*/*" SUFFIX, where && *where ? where : "/run");
	r = glob(pattern, 0, NULL, &found);
	if (r == GLOB_NOMATCH)
		return true;
	if (r)
		return false;
	for (size_t i = 0; i < found.gl_pathc && good; i++)
		if (!word || is_meant(found.gl_pathv[i], word))
			good = add(s, found.gl_pathv[i]);
	globfree(&found);
	return good;
}

/* A socket, or the name of an instance. */
static int find_word(struct status *s, const char *word)
{
	size_t before = s->n;

	if (strchr(word, ':') || strchr(word, '/'))
		return add(s, word) ? CTL_OK : ctl_fail("out of memory");
	if (!find(s, word))
		return ctl_fail("out of memory");
	if (s->n > before)
		return CTL_OK;
	(void)ctl_fail("%s: no status socket has this name; milwardctl status shows those that there are", word);
	return EXIT_NONE;
}

static int find_all(struct status *s, int argc, char **argv)
{
	int r = CTL_OK;

	s->named = argc > 0;
	for (int i = 0; i < argc && r == CTL_OK; i++)
		r = find_word(s, argv[i]);
	if (argc)
		return r;
	if (!find(s, NULL))
		return ctl_fail("out of memory");
	if (s->n)
		return CTL_OK;
	(void)ctl_fail("no status socket is there: no daemon runs, or they run with --status none or on a port (give inet:PORT)");
	return EXIT_NONE;
}

/* ---- what they tell ---------------------------------------------------------------------------------------------------------------- */

static void ask(struct status *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct ctl_instance *in = &s->in[i];

		ctl_told_free(&in->before);
		in->before = in->now;
		in->now = (struct ctl_told){.answers = false};
		ctl_status_ask(in->socket, &in->now);
	}
}

static void print_json(const struct status *s)
{
	json_t *all = json_object(), *rows = json_array();

	for (size_t i = 0; i < s->n; i++)
		if (json_array_append_new(rows, ctl_status_json(&s->in[i])) < 0)
			ctl_output_lost();
	if (json_object_set_new(all, "instances", rows) < 0)
		ctl_output_lost();
	ctl_json_line(all);
}

static void print(const struct status *s)
{
	if (s->json) {
		print_json(s);
		return;
	}
	if (s->every && s->ctl->terminal)
		printf("\033[H\033[2J");
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			printf("\n");
		ctl_status_show(s->ctl, &s->in[i], &s->show);
	}
}

/* All that answer do their work. */
static int result(const struct status *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct ctl_told *t = &s->in[i].now;
		struct ctl_by any = {NULL, NULL};

		if (!t->answers || (ctl_told_has(t, "milward_worker_up") && ctl_told_sum(t, "milward_worker_up", any, any) < 1))
			return EXIT_SILENT;
	}
	return CTL_OK;
}

/* Until it is ended by a signal, or nobody reads it any more. Daemons that come meanwhile are found, unless some were named. */
static int watch(struct status *s)
{
	while (fflush(stdout) == 0 && !ferror(stdout)) {
		struct timespec pause = {.tv_sec = (time_t)(s->every / 1000), .tv_nsec = (long)(s->every % 1000) * 1000000};

		(void)nanosleep(&pause, NULL);
		if (!s->named && !find(s, NULL))
			return ctl_fail("out of memory");
		ask(s);
		if (!s->json && !s->ctl->terminal)
			printf("\n");
		print(s);
	}
	return CTL_FAILED;
}

/* ---- the command ------------------------------------------------------------------------------------------------------------------- */

static bool seconds(const char *text, int64_t *ms)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= 0.1 && v <= 3600))
		return false;
	*ms = (int64_t)(v * 1000);
	return true;
}

/* --watch 5, too: a number that stands alone is no instance. */
static void take_seconds(struct status *s, int argc, char **argv)
{
	if (optind < argc && seconds(argv[optind], &s->every))
		optind++;
}

static int parse(struct status *s, int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
					      {"watch", optional_argument, NULL, 'w'},
					      {"all", no_argument, NULL, 'a'},
					      {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'j') {
			s->json = true;
		} else if (c == 'a') {
			s->show.all = true;
		} else if (c == 'w') {
			s->every = WATCH_SECONDS * 1000;
			if (optarg && !seconds(optarg, &s->every))
				return ctl_usage("status", "--watch takes seconds, from 0.1 to 3600, not \"%s\"", optarg);
			if (!optarg)
				take_seconds(s, argc, argv);
		} else {
			return CTL_USAGE;
		}
	}
	return CTL_OK;
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	struct status s = {.ctl = ctl};
	int r = parse(&s, argc, argv);

	if (r == CTL_OK)
		r = find_all(&s, argc - optind, argv + optind);
	if (r == CTL_OK) {
		ask(&s);
		print(&s);
		r = s.every ? watch(&s) : result(&s);
	}
	forget(&s);
	return r;
}
