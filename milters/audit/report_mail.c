/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_mail: what the MTA's log tells of deliveries: whether TLS was used, which records of the policy cannot know.
 *
 * Postfix and Sendmail say in one line that TLS is on with a host, and in a later one, by the same process, that a recipient was
 * delivered to that host. The two are joined by process and host; the line of TLS must not be older than this delivery's connection
 * (delays= and xdelay= tell), unless the connection was used before (conn_use=).
 */
#include "audit/scan.h"
#include "input.h"
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 16384 /* that are remembered; a power of two */
#define HOSTS 6		/* of a process */
#define SLACK 3		/* seconds that two lines of one delivery may be off */
#define DOMAINS 100000

enum level { LEVEL_NONE, LEVEL_ENCRYPTED, LEVEL_VERIFIED };
/* Columns of the domains; those of protected mail are behind those of all. */
enum {
	MAIL_ALL,
	MAIL_VERIFIED,
	MAIL_ENCRYPTED,
	MAIL_CLEAR,
	MAIL_PROTECTED,
	MAIL_P_VERIFIED,
	MAIL_P_ENCRYPTED,
	MAIL_P_PORTAL,
	MAIL_P_UNKNOWN
};

struct process {
	uint64_t who;
	unsigned at;
	struct {
		uint64_t host;
		int64_t when;
		enum level level;
	} tls[HOSTS];
};

struct mw_report_mail {
	const struct mw_report_month *month;
	struct process *process;
	struct mw_report_table domains;
	uint64_t lines, outside, deferred, bounced, p_deferred, p_bounced, local;
	bool any_tls; /* of mail that is not protected: its service logs TLS */
	int fd;
};

struct mw_report_mail *mw_report_mail_new(const struct mw_report_month *month)
{
	struct mw_report_mail *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->month = month;
	m->process = calloc(PROCESSES, sizeof(*m->process));
	if (m->process && mw_report_table_init(&m->domains, DOMAINS) == 0)
		return m;
	mw_report_mail_free(m);
	return NULL;
}

void mw_report_mail_free(struct mw_report_mail *m)
{
	if (!m)
		return;
	mw_report_table_free(&m->domains);
	free(m->process);
	free(m);
}

/* ---- texts --------------------------------------------------------------------------------------------------------------------- */

static uint64_t hash(struct mw_str s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)tolower((unsigned char)s.p[i])) * 1099511628211u;
	return h ? h : 1;
}

static bool begins(struct mw_str s, const char *with)
{
	return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

static struct mw_str behind(struct mw_str s, size_t n)
{
	return (struct mw_str){.p = s.p + n, .n = s.n - n};
}

/* What stands behind the text, where it is first found; p = NULL: nowhere. */
static struct mw_str after(struct mw_str s, const char *text)
{
	const char *at = s.n ? memmem(s.p, s.n, text, strlen(text)) : NULL;

	return at ? behind(s, (size_t)(at - s.p) + strlen(text)) : (struct mw_str){0};
}

/* Up to one of the characters, or all. */
static struct mw_str upto(struct mw_str s, const char *ends)
{
	size_t n = 0;

	while (n < s.n && !memchr(ends, s.p[n], strlen(ends)))
		n++;
	return (struct mw_str){.p = s.p, .n = n};
}

/* Seconds; 0 is what is none. */
static double number(struct mw_str s)
{
	char text[32];
	double v;

	(void)snprintf(text, sizeof(text), "%.*s", (int)(s.n < 31 ? s.n : 31), s.n ? s.p : "");
	v = strtod(text, NULL);
	return v >= 0 && v < 1e9 ? v : 0;
}

/* ---- the beginning of a line ---------------------------------------------------------------------------------------------------- */

/* "2026-11-23T02:27:40.123456+01:00 " */
static bool stamp_of_rfc3339(struct mw_str *line, int64_t *when)
{
	char text[40];
	struct mw_str word = upto(*line, " ");
	struct tm tm = {0};
	const char *rest;

	if (word.n < 20 || word.n >= sizeof(text))
		return false;
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return false;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	*when = (int64_t)timegm(&tm);
	if (strcmp(rest, "Z") != 0) {
		struct tm zone = {0};
		const char *end = (*rest == '+' || *rest == '-') ? strptime(rest + 1, "%H:%M", &zone) : NULL;

		if (!end || *end)
			return false;
		*when -= (*rest == '-' ? -1 : 1) * (int64_t)(zone.tm_hour * 3600 + zone.tm_min * 60);
	}
	*line = behind(*line, word.n);
	return true;
}

/* "Nov 23 02:27:40 ", local time without a year: it is taken for that of the report. */
static bool stamp_of_syslog(const struct mw_report_month *m, struct mw_str *line, int64_t *when)
{
	char text[16];
	struct tm tm = {0};

	if (line->n < 16)
		return false;
	memcpy(text, line->p, 15);
	text[15] = '\0';
	if (!strptime(text, "%b %d %H:%M:%S", &tm))
		return false;
	tm.tm_year = m->year - 1900;
	tm.tm_isdst = -1;
	*when = (int64_t)mktime(&tm);
	*line = behind(*line, 15);
	return true;
}

/* "postfix/smtp[1477]: " up to its colon; *line goes behind it. */
static bool program_of(struct mw_str *line, struct mw_str *ret)
{
	struct mw_str word, rest = *line;

	while (rest.n) {
		while (rest.n && *rest.p == ' ')
			rest = behind(rest, 1);
		word = upto(rest, " ");
		if (word.n > 4 && word.p[word.n - 1] == ':' && word.p[word.n - 2] == ']') {
			*ret = word;
			*line = behind(rest, word.n);
			return true;
		}
		rest = behind(rest, word.n);
	}
	return false;
}

/* What the program says itself, behind the queue id if there is one. Only how that begins is believed: what follows may be the words of
 * another host. */
static struct mw_str said_of(struct mw_str line)
{
	size_t n = 0;

	while (line.n && *line.p == ' ')
		line = behind(line, 1);
	while (n < line.n && isalnum((unsigned char)line.p[n]))
		n++;
	return n && line.n - n > 1 && line.p[n] == ':' && line.p[n + 1] == ' ' ? behind(line, n + 2) : line;
}

/* ---- TLS is on ------------------------------------------------------------------------------------------------------------------ */

static struct process *process_of(struct mw_report_mail *m, struct mw_str program)
{
	uint64_t who = hash(program);
	struct process *p = &m->process[who & (PROCESSES - 1)];

	if (p->who != who)
		*p = (struct process){.who = who};
	return p;
}

static void tls_is(struct process *p, struct mw_str host, int64_t when, enum level level)
{
	uint64_t h = hash(host);
	unsigned at = 0;

	while (at < HOSTS && p->tls[at].host != h)
		at++;
	if (at == HOSTS)
		at = p->at++ % HOSTS;
	p->tls[at].host = h;
	p->tls[at].when = when;
	p->tls[at].level = level;
}

/* Postfix: "Verified TLS connection established to mx.example[192.0.2.1]:25: TLSv1.3 …". Sendmail: "STARTTLS=client, relay=mx.example.,
 * version=TLSv1.3, verify=OK, …", whose OK is of the certificate alone, not of its name. */
static bool tls_line(struct mw_report_mail *m, struct mw_str program, struct mw_str text, int64_t when)
{
	static const char *const on[] = {" TLS connection established to ", " TLS connection reused to "};
	static const char failed[] = "SSL_connect error to ", sendmail[] = "STARTTLS=client, relay=";
	struct mw_str word = upto(text, " "), host = {0};
	enum level level = begins(word, "Verified") ? LEVEL_VERIFIED : LEVEL_ENCRYPTED;

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
		if (begins(behind(text, word.n), on[i]))
			host = upto(behind(text, word.n + strlen(on[i])), " ");
	if (begins(text, failed)) {
		host = upto(behind(text, sizeof(failed) - 1), " ");
		level = LEVEL_NONE;
	} else if (begins(text, sendmail)) {
		host = upto(behind(text, sizeof(sendmail) - 1), ", ");
		level = after(text, ", verify=OK").p ? LEVEL_VERIFIED : LEVEL_ENCRYPTED;
	}
	if (!host.p)
		return false;
	if (host.n && host.p[host.n - 1] == ':')
		host.n--;
	tls_is(process_of(m, program), host, when, level);
	if (!after(program, "milward-").p)
		m->any_tls = true;
	return true;
}

/* ---- a delivery ----------------------------------------------------------------------------------------------------------------- */

struct delivery {
	struct mw_str to, relay, how; /* how: the service of Postfix, the mailer of Sendmail */
	enum { SENT, DEFERRED, BOUNCED, PROBE } status;
	double took; /* seconds since its connection was begun */
	bool reused, sendmail;
};

/* delays=a/b/c/d: c is for connecting, d for transmitting. */
static double delays(struct mw_str s)
{
	struct mw_str c = {0}, d = {0};

	s = upto(s, ",");
	for (int i = 0; i < 3 && s.p; i++) {
		s = after(s, "/");
		if (i == 1)
			c = upto(s, "/");
	}
	d = s;
	return number(c) + number(d);
}

/* Without what stands from there on: the words of the other host. */
static struct mw_str before(struct mw_str s, struct mw_str from)
{
	return (struct mw_str){.p = s.p, .n = (size_t)(from.p - s.p)};
}

static bool postfix_delivery(struct mw_str program, struct mw_str rest, struct delivery *d)
{
	struct mw_str status = after(rest, ", status=");

	if (!status.p)
		return false;
	rest = before(rest, status);
	d->relay = upto(after(rest, ", relay="), ",");
	d->how = program;
	d->took = delays(after(rest, ", delays="));
	d->reused = after(rest, ", conn_use=").p != NULL;
	d->status = begins(status, "sent ")	  ? SENT
		    : begins(status, "deferred ") ? DEFERRED
		    : begins(status, "bounced ")  ? BOUNCED
						  : PROBE;
	return true;
}

static bool sendmail_delivery(struct mw_str rest, struct delivery *d)
{
	struct mw_str stat = after(rest, ", stat="), took;

	if (!stat.p)
		return false;
	rest = before(rest, stat);
	took = upto(after(rest, ", xdelay="), ",");
	if (!took.p)
		return false;
	d->sendmail = true;
	d->relay = upto(after(rest, ", relay="), ",");
	d->how = upto(after(rest, ", mailer="), ",");
	d->took =
	    number(upto(took, ":")) * 3600 + number(upto(after(took, ":"), ":")) * 60 + number(after(after(took, ":"), ":"));
	d->reused = false;
	d->status = begins(stat, "Sent") ? SENT : begins(stat, "Deferred") || begins(stat, "queued") ? DEFERRED : BOUNCED;
	return true;
}

static enum level level_of(struct mw_report_mail *m, struct mw_str program, const struct delivery *d, int64_t when)
{
	const struct process *p = process_of(m, program);
	uint64_t host = hash(d->sendmail ? upto(d->relay, " ") : d->relay);
	bool named = after(d->how, "milward-ver").p != NULL;

	for (unsigned i = 0; i < HOSTS; i++) {
		if (p->tls[i].host != host)
			continue;
		if (!d->reused && when - p->tls[i].when > (int64_t)d->took + SLACK)
			return LEVEL_NONE;
		/* only a mailer of ours has Sendmail look at the name */
		return d->sendmail && p->tls[i].level == LEVEL_VERIFIED && !named ? LEVEL_ENCRYPTED : p->tls[i].level;
	}
	return LEVEL_NONE;
}

/* "bob@far.example.mw-tlsp.invalid" without its tag, in lower case. */
static size_t domain_of(char *to, size_t room, struct mw_str address)
{
	const char *at = memrchr(address.p, '@', address.n);
	struct mw_str domain = at ? behind(address, (size_t)(at - address.p) + 1) : (struct mw_str){0};
	struct mw_str tag = after(domain, ".mw-");
	size_t n = 0;

	if (tag.p && tag.n > 8 && memcmp(tag.p + tag.n - 8, ".invalid", 8) == 0)
		domain.n = (size_t)(tag.p - 4 - domain.p);
	for (; n < domain.n && n + 1 < room; n++)
		to[n] = (char)tolower((unsigned char)domain.p[n]);
	to[n] = '\0';
	return n;
}

/* Services that try TLS and then the portal, in one delivery: milward-tlsp, milward-verp. */
static bool has_portal(struct mw_str how)
{
	return after(how, "milward-tlsp").p || after(how, "milward-verp").p;
}

static int count_sent(struct mw_report_mail *m, const struct delivery *d, bool protected, enum level level)
{
	char domain[256];
	size_t n = domain_of(domain, sizeof(domain), d->to);
	struct mw_report_row *row = mw_report_table_at(&m->domains, domain, n);

	if (!row)
		return -ENOMEM;
	row->n[MAIL_ALL]++;
	if (!protected) {
		row->n[level == LEVEL_VERIFIED ? MAIL_VERIFIED : level == LEVEL_ENCRYPTED ? MAIL_ENCRYPTED : MAIL_CLEAR]++;
		return 0;
	}
	row->n[MAIL_PROTECTED]++;
	row->n[level == LEVEL_VERIFIED	  ? MAIL_P_VERIFIED
	       : level == LEVEL_ENCRYPTED ? MAIL_P_ENCRYPTED
	       : has_portal(d->how)	  ? MAIL_P_PORTAL
					  : MAIL_P_UNKNOWN]++;
	return 0;
}

static bool stays_here(const struct delivery *d)
{
	static const char *const here[] = {"none",	 "local",	"virtual", "127.0.0.1[",
					   "localhost[", "[127.0.0.1]", "[::1]",   "::1["};

	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		if (begins(d->relay, here[i]))
			return true;
	return !d->relay.n || !memchr(d->relay.p, '[', d->relay.n);
}

/* Sendmail has several recipients in a line: "to=<a@x>,<b@x>, delay=…". */
static int count_delivery(struct mw_report_mail *m, struct mw_str program, struct mw_str to, struct delivery *d, int64_t when)
{
	bool protected = after(d->how, "milward-tls").p || after(d->how, "milward-ver").p;
	bool relayed = after(d->how, "milward-").p && !protected;
	enum level level = level_of(m, program, d, when);
	int r = 0;

	while (r == 0 && to.n && *to.p == '<') {
		d->to = upto(behind(to, 1), ">");
		to = behind(to, d->to.n + 1);
		to = to.n > 1 && begins(to, ">,<") ? behind(to, 2) : (struct mw_str){0};
		if (d->status == DEFERRED || d->status == BOUNCED) {
			m->deferred += d->status == DEFERRED;
			m->bounced += d->status == BOUNCED;
			m->p_deferred += protected && d->status == DEFERRED;
			m->p_bounced += protected && d->status == BOUNCED;
		} else if (d->status == SENT && (relayed || stays_here(d))) {
			m->local++;
		} else if (d->status == SENT) {
			r = count_sent(m, d, protected, level);
		}
	}
	return r;
}

int mw_report_mail_line(struct mw_report_mail *m, const char *line, size_t n)
{
	struct mw_str rest = {.p = line, .n = n}, program, to;
	struct delivery d = {0};
	int64_t when;

	if (n && *line == '<') /* what syslog puts in front on the wire */
		rest = after(rest, ">");
	if (!rest.p || (!stamp_of_rfc3339(&rest, &when) && !stamp_of_syslog(m->month, &rest, &when)) ||
	    !program_of(&rest, &program))
		return 0;
	rest = said_of(rest);
	if (tls_line(m, program, rest, when) || !begins(rest, "to="))
		return 0;
	to = behind(rest, 3);
	if ((!postfix_delivery(program, to, &d) && !sendmail_delivery(to, &d)) || d.status == PROBE)
		return 0;
	if (mw_report_month_day_at(m->month, when) < 0) {
		m->outside++;
		return 0;
	}
	m->lines++;
	return count_delivery(m, program, to, &d, when);
}

static int mail_line(void *ctx, const char *line, size_t n, uint64_t end, bool whole)
{
	(void)end;
	(void)whole;
	return mw_report_mail_line(ctx, line, n);
}

int mw_report_mail_read(struct mw_report_mail *m, const char *file)
{
	struct stat st;
	int fd = mw_audit_input_open(file, &st), r;

	if (fd < 0)
		return fd;
	r = mw_audit_scan_lines(fd, 0, (uint64_t)st.st_size, mail_line, m);
	(void)close(fd);
	return r;
}

/* ---- its model ------------------------------------------------------------------------------------------------------------------ */

static json_t *domain_model(const char *name, const uint64_t n[])
{
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I}}", "domain", mw_report_string(name), "delivered",
			 (json_int_t)n[MAIL_ALL], "verified", (json_int_t)n[MAIL_VERIFIED], "encrypted",
			 (json_int_t)n[MAIL_ENCRYPTED], "no_tls_seen", (json_int_t)n[MAIL_CLEAR], "protected", "delivered",
			 (json_int_t)n[MAIL_PROTECTED], "verified", (json_int_t)n[MAIL_P_VERIFIED], "encrypted",
			 (json_int_t)n[MAIL_P_ENCRYPTED], "portal", (json_int_t)n[MAIL_P_PORTAL], "unknown",
			 (json_int_t)n[MAIL_P_UNKNOWN]);
}

json_t *mw_report_mail_model(const struct mw_report_mail *m)
{
	struct mw_report_row **row = mw_report_table_sorted(&m->domains);
	uint64_t all[REPORT_COLUMNS];
	json_t *list = json_array();
	int r = row ? 0 : -1;

	memcpy(all, m->domains.others, sizeof(all));
	for (size_t i = 0; row && i < m->domains.rows; i++) {
		for (size_t c = 0; c < REPORT_COLUMNS; c++)
			all[c] += row[i]->n[c];
		if (i < 200)
			r |= json_array_append_new(list, domain_model(row[i]->name, row[i]->n));
	}
	free(row);
	if (r != 0) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:o}", "deliveries_read", (json_int_t)m->lines,
			 "outside_month", (json_int_t)m->outside, "tls_is_logged", m->any_tls, "handed_on_here",
			 (json_int_t)m->local, "deferred", (json_int_t)m->deferred, "bounced", (json_int_t)m->bounced,
			 "protected_deferred", (json_int_t)m->p_deferred, "protected_bounced", (json_int_t)m->p_bounced, "total",
			 domain_model("", all), "domain_count", (json_int_t)(m->domains.rows + m->domains.dropped), "domains",
			 list);
}
