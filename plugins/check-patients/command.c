/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "build.h"
#include "key.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 64 };
enum { OPT_KEY = 256, OPT_NEW_KEY, OPT_COLUMN, OPT_NO_HEADER, OPT_DELIMITER, OPT_DATES, OPT_MEMORY, OPT_SMALLER, OPT_JSON };

#define MEMORY (UINT64_C(64) << 20)
#define COLUMNS_MAX 32

struct command {
	struct patients_build build;
	const char *key;
	bool new_key, json, progress;
	const char *column[COLUMNS_MAX];
	struct timespec began;
	uint64_t shown; /* octets when the bar was drawn */
};

static const char usage[] =
    "usage: milwardctl [-p POLICY] index [-o INDEX] [--key FILE] [--new-key] [--column WHAT=COLUMN]… [--no-header]\n"
    "                  [--delimiter SIGN] [--dates mdy|dmy] [--memory SIZE] [--smaller] [--json] TABLE\n";

static const char *const kind_name[PATIENTS_KINDS] = {[PATIENTS_NAME] = "name",
						      [PATIENTS_NAME_DOB] = "name-dob",
						      [PATIENTS_DOB] = "dob",
						      [PATIENTS_MRN] = "mrn",
						      [PATIENTS_MEMBER] = "member"};

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

/* ---- the bar ----------------------------------------------------------------------------------------------------- */
static void progress(void *ctx, uint64_t done, uint64_t all, uint64_t rows)
{
	struct command *c = ctx;
	char bar[31];
	unsigned full;

	if (done - c->shown < (UINT64_C(8) << 20) && done < all)
		return;
	c->shown = done;
	if (all == 0) {
		fprintf(stderr, "\r%llu rows", (unsigned long long)rows);
		return;
	}
	full = (unsigned)(done >= all ? 30 : done * 30 / all);
	memset(bar, '-', sizeof(bar) - 1);
	memset(bar, '#', full);
	bar[30] = '\0';
	fprintf(stderr, "\r[%s] %3u %%  %llu rows", bar, (unsigned)(done >= all ? 100 : done * 100 / all),
		(unsigned long long)rows);
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */
static void print_json_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* Of all numbers with so many digits, the share that is somebody's. */
static double share(const struct patients_summary *s, enum patients_kind kind, unsigned digits)
{
	double all = 9;

	for (unsigned i = 1; i < digits; i++)
		all *= 10;
	return (double)s->digits[kind][digits] / all;
}

#define DENSE 0.01 /* a random number is somebody's once in a hundred times: the check alone says little */

static void print_json(const struct command *c, const struct patients_summary *s)
{
	const char *comma = "";

	printf("{\"index\":");
	print_json_text(c->build.target.path);
	printf(",\"octets\":%llu,\"rows\":%llu,\"empty_rows\":%llu,\"bad_names\":%llu,\"bad_dates\":%llu,\"bad_numbers\":%llu,"
	       "\"values\":{",
	       (unsigned long long)s->octets, (unsigned long long)s->rows, (unsigned long long)s->empty,
	       (unsigned long long)s->bad_names, (unsigned long long)s->bad_dates, (unsigned long long)s->bad_numbers);
	for (int k = 1; k < PATIENTS_KINDS; k++) {
		printf("%s\"%s\":%llu", comma, kind_name[k], (unsigned long long)s->values[k]);
		comma = ",";
	}
	printf("},\"dense\":[");
	comma = "";
	for (enum patients_kind k = PATIENTS_MRN; k <= PATIENTS_MEMBER; k++)
		for (unsigned d = 1; d < PATIENTS_DIGITS; d++)
			if (share(s, k, d) >= DENSE) {
				printf("%s{\"kind\":\"%s\",\"digits\":%u,\"share\":%.3f}", comma, kind_name[k], d,
				       share(s, k, d));
				comma = ",";
			}
	printf("],\"seconds\":%.1f}\n", seconds_since(&c->began));
}

static void print_columns(const struct patients_columns *cols)
{
	const char *comma = "";

	printf("columns   ");
	for (enum patients_column k = 0; k < PATIENTS_COLS; k++)
		for (size_t i = 0; i < cols->n[k]; i++) {
			printf("%s%s = %u", comma, patients_column_name(k), cols->at[k][i] + 1);
			comma = ", ";
		}
	putchar('\n');
}

static void print_text(const struct command *c, const struct patients_summary *s)
{
	printf("%s: %llu patients in %.1f s, %.1f MB\n", c->build.target.path, (unsigned long long)s->rows,
	       seconds_since(&c->began), (double)s->octets / 1e6);
	print_columns(&s->columns);
	for (int k = 1; k < PATIENTS_KINDS; k++)
		if (s->values[k])
			printf("%-9s %llu\n", kind_name[k], (unsigned long long)s->values[k]);
	if (s->empty)
		printf("warning: %llu rows have nothing to index, the first at line %llu\n", (unsigned long long)s->empty,
		       (unsigned long long)s->first_empty);
	if (s->bad_names)
		printf("warning: %llu names are not found: one word, or initials alone\n", (unsigned long long)s->bad_names);
	if (s->bad_dates)
		printf("warning: %llu birth dates are no dates\n", (unsigned long long)s->bad_dates);
	if (s->bad_numbers)
		printf("warning: %llu numbers are too short or have odd signs\n", (unsigned long long)s->bad_numbers);
	for (enum patients_kind k = PATIENTS_MRN; k <= PATIENTS_MEMBER; k++)
		for (unsigned d = 1; d < PATIENTS_DIGITS; d++)
			if (share(s, k, d) >= DENSE)
				printf("warning: %.0f %% of all numbers with %u digits are a patient's %s: its rule needs a "
				       "\"near\"\n",
				       share(s, k, d) * 100, d, kind_name[k]);
}

/* ---- the command line -------------------------------------------------------------------------------------------- */
static bool take_size(const char *text, size_t *ret)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (*end == 'M')
		v = v > 1u << 20 ? 0 : v << 20;
	else if (*end == 'G')
		v = v > 1u << 10 ? 0 : v << 30;
	else
		v = 0;
	if (end == text || *end == '\0' || end[1] || v < (1u << 20) || text[0] == '-')
		return false;
	*ret = (size_t)v;
	return true;
}

/* false: said why. */
static bool take_option(struct command *c, int opt, const char *arg)
{
	switch (opt) {
	case 'o':
		c->build.target.path = arg;
		return true;
	case OPT_KEY:
		c->key = arg;
		return true;
	case OPT_NEW_KEY:
		c->new_key = true;
		return true;
	case OPT_NO_HEADER:
		c->build.no_header = true;
		return true;
	case OPT_JSON:
		c->json = true;
		return true;
	case OPT_SMALLER:
		c->build.target.smaller = true;
		return true;
	case OPT_COLUMN:
		if (c->build.columns == COLUMNS_MAX)
			return false;
		c->column[c->build.columns++] = arg;
		return true;
	case OPT_DELIMITER:
		c->build.delimiter = strcmp(arg, "tab") == 0 ? '\t' : arg[0];
		return (arg[0] && !arg[1] && arg[0] != '"' && arg[0] != '\n' && arg[0] != '\r') || c->build.delimiter == '\t';
	case OPT_DATES:
		c->build.order = strcmp(arg, "dmy") == 0 ? PATIENTS_DMY : PATIENTS_MDY;
		return strcmp(arg, "dmy") == 0 || strcmp(arg, "mdy") == 0;
	case OPT_MEMORY:
		return take_size(arg, &c->build.memory);
	default:
		return false;
	}
}

static bool take_options(struct command *c, int argc, char **argv)
{
	static const struct option longs[] = {{"output", required_argument, NULL, 'o'},
					      {"key", required_argument, NULL, OPT_KEY},
					      {"new-key", no_argument, NULL, OPT_NEW_KEY},
					      {"column", required_argument, NULL, OPT_COLUMN},
					      {"no-header", no_argument, NULL, OPT_NO_HEADER},
					      {"delimiter", required_argument, NULL, OPT_DELIMITER},
					      {"dates", required_argument, NULL, OPT_DATES},
					      {"memory", required_argument, NULL, OPT_MEMORY},
					      {"smaller", no_argument, NULL, OPT_SMALLER},
					      {"json", no_argument, NULL, OPT_JSON},
					      {0}};
	int opt;

	optind = 0; /* milwardctl has used getopt before */
	while ((opt = getopt_long(argc, argv, "o:", longs, NULL)) != -1)
		if (!take_option(c, opt, optarg)) {
			if (opt != '?')
				fprintf(stderr, "milwardctl index: \"%s\" is no value for that option\n", optarg ? optarg : "");
			return false;
		}
	if (!c->build.target.path || !c->key) {
		fprintf(stderr, "milwardctl index: where to? Give -o INDEX and --key FILE, or the policy that has them\n");
		return false;
	}
	c->build.table = optind < argc ? argv[optind++] : NULL;
	if (optind < argc || (!c->build.table && !c->new_key)) {
		fprintf(stderr, "milwardctl index: one table, please; \"-\" is standard input\n");
		return false;
	}
	return true;
}

static int make_index(struct command *c, const struct mw_host *host, struct mw_err *err)
{
	unsigned char key[PATIENTS_KEY_OCTETS];
	struct patients_summary *sum = calloc(1, sizeof(*sum));
	int r = sum ? patients_key_read(host, c->key, key, err) : host->fail(err, -12, "no memory");

	if (r == 0) {
		c->build.target.key = key;
		r = patients_build(host, &c->build, sum, err);
		explicit_bzero(key, sizeof(key));
		if (c->shown)
			fprintf(stderr, "\r\033[K");
		if (r == 0 && c->json)
			print_json(c, sum);
		else if (r == 0)
			print_text(c, sum);
	}
	free(sum);
	return r;
}

int patients_index_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct patients_conf *site = conf;
	time_t now = time(NULL);
	struct tm tm = {.tm_year = 126};
	struct command c = {.build = {.memory = MEMORY, .order = PATIENTS_MDY}};
	struct mw_err err = {0};
	bool made;
	int r = 0;

	if (site) {
		c.build.target.path = site->index;
		c.key = site->key;
	}
	c.build.column = c.column;
	if (!take_options(&c, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	(void)gmtime_r(&now, &tm);
	c.build.year = (unsigned)tm.tm_year + 1900u;
	(void)clock_gettime(CLOCK_MONOTONIC, &c.began);
	if (isatty(STDERR_FILENO)) {
		c.build.progress = progress;
		c.build.ctx = &c;
	}
	if (c.new_key)
		r = patients_key_new(host, c.key, &err);
	made = c.new_key && r == 0;
	if (r == 0 && c.build.table)
		r = make_index(&c, host, &err);
	if (r < 0 && made) /* no index is of it, and the next try makes one anew */
		(void)unlink(c.key);
	if (r < 0)
		fprintf(stderr, "milwardctl index: %s\n", err.text);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}
