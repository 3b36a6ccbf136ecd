/* SPDX-License-Identifier: Apache-2.0 */
#include "dmarc_report.h"

#include "dmarc_find.h"
#include "dmarc_log.h"
#include "dmarc_xml.h"
#include "dns.h"
#include "zone.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libpsl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define DAY 86400
#define WAIT 30000 /* milliseconds for all questions to DNS */

struct asked {
	const char *org, *email, *domain, *data, *records, *lookup, *to;
	int64_t day; /* its first second */
	bool gzip;
};

/* All of a run. */
struct run {
	const struct asked *asked;
	psl_ctx_t *suffixes;
	struct mw_zonefile *zone;
	struct mw_dns_lookup *lookup;
	struct mw_dns_message *answers;
	struct mw_resolver dns; /* .get is NULL when there is nobody to ask */
	bool failed;
};

static int usage(const char *why)
{
	fprintf(stderr, "milwardctl dmarc: %s\nusage: milwardctl [-p POLICY] dmarc %s\n", why, MW_DMARC_REPORT_ARGS);
	return 64;
}

static bool read_day(const char *text, int64_t *ret)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (!end || *end || strlen(text) != 10)
		return false;
	*ret = (int64_t)timegm(&tm);
	return *ret >= 0;
}

static int parse(int argc, char **argv, struct asked *a)
{
	static const struct option longs[] = {
	    {"org", required_argument, NULL, 'o'},
	    {"email", required_argument, NULL, 'e'},
	    {"day", required_argument, NULL, 'd'},
	    {"domain", required_argument, NULL, 'D'},
	    {"data", required_argument, NULL, 'f'},
	    {"records", required_argument, NULL, 'r'},
	    {"lookup", required_argument, NULL, 'l'},
	    {"gzip", no_argument, NULL, 'z'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		const char **to = c == 'o'   ? &a->org
				  : c == 'e' ? &a->email
				  : c == 'D' ? &a->domain
				  : c == 'f' ? &a->data
				  : c == 'r' ? &a->records
				  : c == 'l' ? &a->lookup
					     : NULL;

		if (to)
			*to = optarg;
		else if (c == 'z')
			a->gzip = true;
		else if (c != 'd')
			return usage("see there");
		else if (!read_day(optarg, &a->day))
			return usage("--day: a day is 2026-11-22");
	}
	if (optind + 1 != argc)
		return usage("in which folder shall the reports be?");
	a->to = argv[optind];
	if (!a->org || !*a->org || !a->email || !strchr(a->email, '@') || strpbrk(a->email, "/ \t\r\n") ||
	    a->email[strlen(a->email) - 1] == '@')
		return usage("--org and --email: a report names who made it");
	return a->records && a->lookup ? usage("--records or --lookup, not both") : 0;
}

/* ---- to whom it goes -------------------------------------------------------------------------------------------------------- */

static void *give(void *ctx, size_t n)
{
	void **slot = ctx; /* one text at a time */

	free(*slot);
	*slot = calloc(1, n);
	return *slot;
}

/* RFC 7489 7.1: another organisation says in DNS that it takes the domain's reports. NULL: it does, else why it gets none. */
static const char *consent(struct run *run, const char *domain, const char *to)
{
	char name[MW_RESOLVER_NAME_MAX];
	void *memory = NULL;
	const struct mw_auth_mail mail = {.alloc = give, .alloc_ctx = &memory};
	const char *why = "does not say in DNS that it takes them";
	struct mw_records answer;

	if (!run->dns.get)
		return "is another organisation, and nobody is there to ask DNS: give --lookup or a policy";
	(void)snprintf(name, sizeof(name), "%.254s._report._dmarc.%.254s", domain, to);
	run->dns.want(run->dns.ctx, name, MW_RR_TXT);
	if (run->dns.get(run->dns.ctx, name, MW_RR_TXT, &answer) < 0)
		return "cannot be asked in DNS";
	if (answer.status != MW_RECORDS_ANSWER)
		return "cannot be asked in DNS now";
	for (size_t i = 0; i < answer.n; i++) {
		struct mw_dmarc_record record;
		struct mw_str text;
		const char *bad;

		if (mw_dmarc_find_text(&mail, answer.record[i], &text) == 0 &&
		    mw_dmarc_record_parse(text.p, text.n, &record, &bad) != -ENOENT)
			why = NULL; /* a version is all that it needs */
	}
	free(memory);
	return why;
}

static const char *registered(const struct run *run, const char *domain)
{
	const char *o = psl_registrable_domain(run->suffixes, domain);

	return o ? o : domain;
}

/* May the address have the domain's reports? */
static bool may_have(struct run *run, const char *domain, const char *address)
{
	const char *at = strchr(address, '@'), *why;
	char to[MW_AUTH_NAME];
	size_t n = 0;

	if (!at || strlen(at + 1) >= sizeof(to))
		return false;
	for (at++; *at; at++)
		to[n++] = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
	to[n] = '\0';
	if (strcmp(registered(run, domain), registered(run, to)) == 0)
		return true;
	why = consent(run, domain, to);
	if (why)
		fprintf(stderr, "milwardctl dmarc: %s: no report to %s: %s %s\n", domain, address, to, why);
	return why == NULL;
}

/* Those that may, with commas. NULL: there is none, or no memory. */
static char *addresses(struct run *run, const char *domain, const json_t *policy)
{
	const json_t *value;
	char *list = NULL;
	size_t n, i;
	FILE *f = open_memstream(&list, &n);

	if (!f)
		return NULL;
	json_array_foreach(json_object_get(policy, "rua"), i, value)
	{
		const char *address = json_string_value(value);

		if (address && !strpbrk(address, ", \t\r\n") && may_have(run, domain, address))
			(void)fprintf(f, "%s%s", ftell(f) > 0 ? "," : "", address);
	}
	if (fclose(f) == 0 && list && *list)
		return list;
	free(list);
	return NULL;
}

/* ---- files ------------------------------------------------------------------------------------------------------------------ */

static bool write_plain(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static bool write_gzip(int fd, const char *p, size_t n)
{
	int own = dup(fd);
	gzFile z = own >= 0 ? gzdopen(own, "wb9") : NULL;
	bool whole;

	if (!z) {
		if (own >= 0)
			(void)close(own);
		return false;
	}
	whole = n <= INT_MAX && gzwrite(z, p, (unsigned)n) == (int)n;
	return gzclose(z) == Z_OK && whole;
}

/* It has its name when it is whole. */
static bool write_file(const struct run *run, const char *name, const char *p, size_t n)
{
	char path[PATH_MAX], beside[PATH_MAX + 8];
	bool whole;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", run->asked->to, name) >= sizeof(path))
		return false;
	(void)snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "milwardctl dmarc: %s: %s\n", path, strerror(errno));
		return false;
	}
	whole = (run->asked->gzip ? write_gzip : write_plain)(fd, p, n);
	whole = close(fd) == 0 && whole && rename(beside, path) == 0;
	if (!whole) {
		fprintf(stderr, "milwardctl dmarc: %s: cannot be written: %s\n", path, strerror(errno));
		(void)unlink(beside);
	}
	return whole;
}

/* The rows of one record of a domain; number: of its records in that day. */
static void make(struct run *run, const struct mw_dmarc_row *row, size_t n, unsigned number)
{
	const struct asked *a = run->asked;
	const char *policy_text = mw_dmarc_row_part(row->key, 1);
	struct mw_dmarc_report report = {
	    .org = a->org, .email = a->email, .begin = a->day, .end = a->day + DAY - 1, .row = row, .n = n};
	json_t *policy = json_loadb(policy_text, strcspn(policy_text, "\n"), 0, NULL);
	const char *domain = mw_dmarc_row_text(policy, "domain");
	char *to = policy ? addresses(run, domain, policy) : NULL, name[800], more[16] = "", *xml;
	size_t size = 0;

	if (to) {
		if (number)
			(void)snprintf(more, sizeof(more), "!%u", number);
		(void)snprintf(report.id, sizeof(report.id), "%lld.%u.%s", (long long)a->day, number, domain);
		(void)snprintf(name, sizeof(name), "%.254s!%s!%lld!%lld%s.xml%s", strrchr(a->email, '@') + 1, domain,
			       (long long)report.begin, (long long)report.end, more, a->gzip ? ".gz" : "");
		xml = mw_dmarc_xml(&report, &size);
		if (xml && write_file(run, name, xml, size))
			printf("%s\t%s\n", name, to);
		else
			run->failed = true;
		free(xml);
	}
	free(to);
	json_decref(policy);
}

static bool same(const struct mw_dmarc_row *a, const struct mw_dmarc_row *b, unsigned parts)
{
	size_t n = (size_t)(mw_dmarc_row_part(a->key, parts) - a->key);

	return strncmp(a->key, b->key, n) == 0;
}

static void make_all(struct run *run, const struct mw_dmarc_rows *rows)
{
	unsigned number = 0;

	for (size_t i = 0, n; i < rows->n; i += n) {
		for (n = 1; i + n < rows->n && same(&rows->v[i], &rows->v[i + n], 2);)
			n++;
		number = i && same(&rows->v[i - 1], &rows->v[i], 1) ? number + 1 : 0;
		make(run, &rows->v[i], n, number);
	}
}

/* ---- the command ------------------------------------------------------------------------------------------------------------ */

static int read_rows(const struct asked *a, struct mw_dmarc_rows *rows)
{
	time_t day = (time_t)a->day;
	struct tm tm = {0};
	char path[PATH_MAX], name[64];
	FILE *f;
	int r;

	(void)gmtime_r(&day, &tm);
	(void)snprintf(name, sizeof(name), MW_DMARC_LOG_NAME, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", a->data, name) >= sizeof(path))
		return -ENAMETOOLONG;
	f = fopen(path, "re");
	r = f ? mw_dmarc_rows_read(rows, f, a->domain) : -errno;
	if (f)
		(void)fclose(f);
	if (rows->bad)
		fprintf(stderr, "milwardctl dmarc: %s: lines that are not whole: %llu\n", path, (unsigned long long)rows->bad);
	if (r < 0)
		fprintf(stderr, "milwardctl dmarc: %s: %s\n", path,
			r == -EFBIG ? "too many different messages: make reports for one --domain after the other"
				    : strerror(-r));
	return r;
}

static int open_dns(const struct mw_host *host, struct run *run, struct mw_err *err)
{
	const struct asked *a = run->asked;
	int r = 0;

	run->suffixes = psl_latest(NULL);
	if (!run->suffixes)
		return host->fail(err, -EIO, "the list of public suffixes cannot be read");
	if (a->records) {
		r = mw_zonefile_read(a->records, &run->zone, err);
		if (r == 0)
			run->dns = mw_zonefile_resolver(run->zone);
	} else if (a->lookup) {
		run->lookup = mw_dns_lookup_new(a->lookup);
		run->answers = run->lookup ? mw_dns_message_new(run->lookup, WAIT) : NULL;
		if (!run->answers)
			return host->fail(err, -ENOMEM, "out of memory");
		run->dns = mw_dns_message_resolver(run->answers);
	}
	return r;
}

int mw_dmarc_report_command(const struct mw_host *host, const void *conf_, int argc, char **argv)
{
	const struct mw_auth_conf *conf = conf_;
	struct asked a = {.day = (int64_t)time(NULL) / DAY * DAY - DAY};
	struct run run = {.asked = &a};
	struct mw_dmarc_rows rows = {0};
	struct mw_err err = {0};
	int r;

	if (argc < 2 || strcmp(argv[1], "report") != 0)
		return usage("what shall be done?");
	r = parse(argc - 1, argv + 1, &a);
	if (r)
		return r;
	if (!a.data)
		a.data = conf ? conf->dmarc_reports : NULL;
	if (!a.lookup && !a.records && conf)
		a.lookup = conf->lookup;
	if (!a.data || !*a.data)
		return usage("--data, or a policy with dmarc-reports: where are the day's files?");
	r = open_dns(host, &run, &err);
	if (r < 0)
		fprintf(stderr, "milwardctl dmarc: %s\n", err.text);
	else
		r = read_rows(&a, &rows);
	if (r == 0)
		make_all(&run, &rows);
	mw_dmarc_rows_free(&rows);
	mw_dns_message_free(&run.answers);
	mw_dns_lookup_free(&run.lookup);
	mw_zonefile_free(&run.zone);
	psl_free(run.suffixes);
	return r < 0 || run.failed || fflush(stdout) != 0;
}
