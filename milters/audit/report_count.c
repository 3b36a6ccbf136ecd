/* SPDX-License-Identifier: Apache-2.0 */
/* report_count: what records tell, added up. */
#include "input.h"
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROWS_SMALL 2000	  /* names that the site chose: classes, rules, lines */
#define ROWS_LARGE 100000 /* names that come from outside */
#define ROWS_SEEN 500000  /* messages of the portal */

const char *const mw_report_way_name[WAYS] = {
    [WAY_PASS] = "pass",      [WAY_TLS] = "tls",	 [WAY_VERIFIED] = "tls(verified)",
    [WAY_SMIME] = "smime",    [WAY_OPENPGP] = "openpgp", [WAY_PORTAL] = "portal",
    [WAY_OTHER] = "other",    [WAY_HOLD] = "hold",	 [WAY_REFUSE] = "refuse",
    [WAY_LATER] = "tempfail", [WAY_NONE] = "none",
};

/* ---- its life ------------------------------------------------------------------------------------------------------------------ */

struct sized {
	struct mw_report_table *table;
	size_t max;
};

static size_t tables(struct mw_report_count *c, struct sized *v)
{
	const struct sized all[] = {
	    {&c->classes, ROWS_SMALL},	   {&c->rules, ROWS_SMALL},	   {&c->shadow, ROWS_SMALL},
	    {&c->unreadable, ROWS_SMALL},  {&c->routes, ROWS_SMALL},	   {&c->lines, ROWS_SMALL},
	    {&c->causes, ROWS_SMALL},	   {&c->domains, ROWS_LARGE},	   {&c->senders, ROWS_LARGE},
	    {&c->departments, ROWS_LARGE}, {&c->consents, ROWS_SMALL},	   {&c->attested, ROWS_SMALL},
	    {&c->policies, ROWS_SMALL},	   {&c->events, ROWS_SMALL},	   {&c->portal.steps, ROWS_SMALL},
	    {&c->portal.seen, ROWS_SEEN},  {&c->handed.means, ROWS_SMALL}, {&c->handed.seen, ROWS_SEEN},
	};

	memcpy(v, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

int mw_report_count_init(struct mw_report_count *c, const struct mw_report_month *month)
{
	struct sized v[24];
	int r = 0;

	*c = (struct mw_report_count){.month = month};
	for (size_t i = 0, n = tables(c, v); i < n && r == 0; i++)
		r = mw_report_table_init(v[i].table, v[i].max);
	return r;
}

void mw_report_count_free(struct mw_report_count *c)
{
	struct sized v[24];

	for (size_t i = 0, n = tables(c, v); i < n; i++)
		mw_report_table_free(v[i].table);
}

/* ---- departments --------------------------------------------------------------------------------------------------------------- */

static size_t lower(char *to, size_t room, const char *from)
{
	size_t n = 0;

	for (; from[n] && n + 1 < room; n++)
		to[n] = (char)tolower((unsigned char)from[n]);
	to[n] = '\0';
	return n;
}

static int add_department(struct mw_report_table *t, char *text)
{
	char key[REPORT_NAME_MAX + 1], *name = text + strcspn(text, " \t");
	size_t n, more;

	if (!*name)
		return -EINVAL;
	*name++ = '\0';
	name += strspn(name, " \t");
	more = strcspn(name, "\r\n");
	while (more && (name[more - 1] == ' ' || name[more - 1] == '\t'))
		more--;
	if (more == 0 || more > 200 || !strchr(text, '@'))
		return -EINVAL;
	n = lower(key, sizeof(key), text);
	return mw_report_table_put(t, key, n, name, more);
}

int mw_report_departments(struct mw_report_table *t, const char *file, unsigned *line)
{
	struct stat st;
	int fd = mw_audit_input_open(file, &st), r = 0;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char *text = NULL;
	size_t room = 0;

	*line = 0;
	if (!f) {
		r = fd < 0 ? fd : -errno;
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while (r == 0 && getline(&text, &room, f) >= 0) {
		const char *p = text + strspn(text, " \t\r\n");

		++*line;
		if (*p && *p != '#')
			r = add_department(t, text + (p - text));
	}
	if (r == 0 && ferror(f))
		r = -EIO;
	free(text);
	(void)fclose(f);
	return r;
}

/* ---- parts of a message -------------------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

static int add(struct mw_report_table *t, const char *name, size_t column, uint64_t n)
{
	struct mw_report_row *row = mw_report_table_at(t, name, strlen(name));

	if (!row)
		return -ENOMEM;
	row->n[COL_N]++;
	if (column != COL_N)
		row->n[column] += n;
	return 0;
}

static enum mw_report_way way_of(const char *effect, const char *route)
{
	static const struct {
		const char *word;
		enum mw_report_way way;
	} effects[] = {{"pass", WAY_PASS},
		       {"hold", WAY_HOLD},
		       {"refuse", WAY_REFUSE},
		       {"tempfail", WAY_LATER},
		       {"none", WAY_NONE}},
	  routes[] = {{"tls(verified)", WAY_VERIFIED}, {"tls", WAY_TLS},       {"smime", WAY_SMIME},
		      {"openpgp", WAY_OPENPGP},	       {"portal", WAY_PORTAL}, {"pass", WAY_PASS}};

	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (strcmp(effect, effects[i].word) == 0)
			return effects[i].way;
	if (strcmp(effect, "route") != 0)
		return WAY_NONE;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strncmp(route, routes[i].word, strlen(routes[i].word)) == 0)
			return routes[i].way;
	return WAY_OTHER;
}

static int count_ways(struct mw_report_table *t, const char *name, size_t length, const uint64_t way[WAYS], uint64_t n)
{
	struct mw_report_row *row = mw_report_table_at(t, name, length);

	if (!row)
		return -ENOMEM;
	row->n[COL_N] += n;
	for (int w = 0; w < WAYS; w++)
		row->n[COL_WAY + w] += way[w];
	return 0;
}

/* What is after the last @, in lower case; "" for what has none. */
static size_t domain_of(char *to, size_t room, const char *address)
{
	const char *at = strrchr(address, '@');

	return lower(to, room, at ? at + 1 : "");
}

/* The line that decided, and what it decided, in a name of four lines. */
static int count_line(struct mw_report_count *c, const json_t *rcpt, enum mw_report_way way, bool in_class)
{
	char name[REPORT_NAME_MAX + 1];
	struct mw_report_row *row;
	int n = snprintf(name, sizeof(name), "%.300s\n%s\n%.200s\n%.400s", text_of(rcpt, "line"), mw_report_way_name[way],
			 text_of(rcpt, "route"), text_of(rcpt, "reason"));

	row = n > 0 ? mw_report_table_at(&c->lines, name, (size_t)n < sizeof(name) ? (size_t)n : sizeof(name) - 1) : NULL;
	if (!row)
		return -ENOMEM;
	row->n[COL_N]++;
	row->n[1] += in_class;
	row->n[2] = (uint64_t)way;
	return 0;
}

static int count_basis(struct mw_report_count *c, const json_t *rcpt)
{
	const json_t *consent = json_object_get(rcpt, "consent");
	const char *attested = text_of(rcpt, "attested");
	int r = 0;

	if (consent)
		r = add(&c->consents, text_of(consent, "name"), COL_N, 0);
	if (r == 0 && *attested)
		r = add(&c->attested, attested, COL_N, 0);
	return r;
}

/* One recipient; adds to way[]. */
static int count_recipient(struct mw_report_count *c, const json_t *rcpt, int day, bool in_class, uint64_t ways[WAYS])
{
	enum mw_report_way way = way_of(text_of(rcpt, "effect"), text_of(rcpt, "route"));
	uint64_t one[WAYS] = {0};
	char domain[256];
	size_t n = domain_of(domain, sizeof(domain), text_of(rcpt, "address"));
	int r;

	one[way] = 1;
	ways[way]++;
	c->recipients++;
	c->way[way]++;
	c->day_way[day][way]++;
	c->day_class[day][way] += in_class;
	c->class_way[way] += in_class;
	r = count_ways(&c->domains, domain, n, one, 1);
	if (r == 0 && *text_of(rcpt, "route"))
		r = count_ways(&c->routes, text_of(rcpt, "route"), strlen(text_of(rcpt, "route")), one, 1);
	if (r == 0)
		r = count_line(c, rcpt, way, in_class);
	return r < 0 ? r : count_basis(c, rcpt);
}

/* {"us-ssn": 2}: messages, and values. */
static int count_numbers(struct mw_report_table *t, const json_t *o)
{
	const json_t *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)o, name, value)
	{
		json_int_t n = json_integer_value(value);

		if (add(t, name, 1, n > 0 ? (uint64_t)n : 0) < 0)
			return -ENOMEM;
	}
	return 0;
}

static const char *department(const struct mw_report_count *c, const char *address, size_t n, char *domain, size_t room)
{
	const struct mw_report_row *row = c->department_of ? mw_report_table_find(c->department_of, address, n) : NULL;
	size_t at = domain_of(domain + 1, room - 1, address);

	domain[0] = '@';
	if (!row && c->department_of)
		row = mw_report_table_find(c->department_of, domain, at + 1);
	return row ? mw_report_row_text(row) : at ? domain : "<>";
}

/* Of messages in a class only: who sent them. */
static int count_sender(struct mw_report_count *c, const json_t *json, const uint64_t ways[WAYS])
{
	char address[REPORT_NAME_MAX + 1], domain[258];
	size_t n = lower(address, sizeof(address), text_of(json, "sender"));
	const char *name = department(c, address, n, domain, sizeof(domain));
	int r = count_ways(&c->senders, n ? address : "<>", n ? n : 2, ways, 1);

	return r < 0 ? r : count_ways(&c->departments, name, strlen(name), ways, 1);
}

static int count_policy(struct mw_report_count *c, const char *digest, int day)
{
	struct mw_report_row *row = mw_report_table_at(&c->policies, digest, strlen(digest));

	if (!row)
		return -ENOMEM;
	if (row->n[COL_N]++ == 0 || (uint64_t)day < row->n[1])
		row->n[1] = (uint64_t)day;
	if ((uint64_t)day > row->n[2])
		row->n[2] = (uint64_t)day;
	return 0;
}

/* ---- a message ----------------------------------------------------------------------------------------------------------------- */

static int count_recipients(struct mw_report_count *c, const json_t *json, int day, bool in_class, uint64_t ways[WAYS])
{
	const json_t *list = json_object_get(json, "recipients"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (count_recipient(c, one, day, in_class, ways) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int count_classes(struct mw_report_count *c, const json_t *classes, const uint64_t ways[WAYS])
{
	const json_t *one;
	size_t i;

	json_array_foreach(classes, i, one)
	{
		const char *name = json_string_value(one);

		if (name && count_ways(&c->classes, name, strlen(name), ways, 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int count_message(struct mw_report_count *c, const json_t *json, int day)
{
	const json_t *classes = json_object_get(json, "classes");
	bool in_class = json_array_size(classes) > 0;
	enum mw_report_way outcome = way_of(text_of(json, "outcome"), "");
	json_int_t size = json_integer_value(json_object_get(json, "size"));
	const char *cause = text_of(json, "cause");
	uint64_t ways[WAYS] = {0};
	int r;

	c->messages++;
	c->day_messages[day]++;
	c->in_class += in_class;
	c->octets += size > 0 ? (uint64_t)size : 0;
	c->observed += json_is_true(json_object_get(json, "observe"));
	c->local += json_is_true(json_object_get(json, "local"));
	c->outcome[outcome]++;
	r = count_recipients(c, json, day, in_class, ways);
	if (r == 0)
		r = count_classes(c, classes, ways);
	if (r == 0)
		r = count_numbers(&c->rules, json_object_get(json, "rules"));
	if (r == 0)
		r = count_numbers(&c->shadow, json_object_get(json, "shadow"));
	if (r == 0)
		r = count_numbers(&c->unreadable, json_object_get(json, "unreadable"));
	if (r == 0 && *cause)
		r = add(&c->causes, cause, (size_t)COL_WAY + outcome, 1);
	if (r == 0 && in_class)
		r = count_sender(c, json, ways);
	return r < 0 ? r : count_policy(c, text_of(json, "policy"), day);
}

/* ---- the portal ---------------------------------------------------------------------------------------------------------------- */

/* "2026-11-22T03:25:54.123Z" as seconds of the epoch. */
static int64_t seconds(const char *stamp)
{
	struct tm tm = {0};

	return strptime(stamp, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;
}

static void picked_up(struct mw_report_portal *p, struct mw_report_row *row, int64_t now)
{
	static const int64_t limit[] = {3600, 86400, 3 * 86400, 7 * 86400};
	int64_t took = now - (int64_t)row->n[1];
	int i = 0;

	if (row->n[2]++ > 0) /* again */
		return;
	p->picked_up++;
	if (row->n[1] == 0) /* handed in before what was read */
		return;
	while (i < PICKED_LATER && took > limit[i])
		i++;
	p->in_time[i]++;
}

/* Steps before the month are followed only so far as they tell when what is picked up in it was handed in. */
static int count_portal(struct mw_report_count *c, const json_t *json, const char *stamp, bool in_month)
{
	struct mw_report_portal *p = &c->portal;
	const char *step = text_of(json, "step"), *id = text_of(json, "id");
	bool stored = strcmp(step, "stored") == 0, read = strcmp(step, "read") == 0;
	struct mw_report_row *row = NULL;

	if (in_month && add(&p->steps, *step ? step : "?", COL_N, 0) < 0)
		return -ENOMEM;
	if (*id && (stored || read)) {
		row = mw_report_table_at(&p->seen, id, strlen(id));
		if (!row)
			return -ENOMEM;
		if (row->n[COL_N] == 0)
			row->n[COL_N] = (uint64_t)seconds(stamp); /* the oldest are dropped when there are too many */
	}
	if (row && stored && row->n[1] == 0) { /* after a crash a step may have two records */
		row->n[1] = (uint64_t)seconds(stamp);
		p->handed_in += in_month;
	} else if (row && read && in_month) {
		picked_up(p, row, seconds(stamp));
	} else if (row && read) {
		row->n[2]++;
	}
	if (in_month) {
		p->expired_unread += strcmp(step, "expired") == 0 && strcmp(text_of(json, "detail"), "unread") == 0;
		p->recalled += strcmp(step, "recalled") == 0;
	}
	return 0;
}

/* ---- what was sealed ----------------------------------------------------------------------------------------------------------- */

/* Each copy once: after a crash, and for a retry, it may have two records. Those before the month tell what was counted there. */
static int count_seal(struct mw_report_count *c, const json_t *json, bool in_month)
{
	struct mw_report_handed *h = &c->handed;
	const char *means = text_of(json, "means");
	char name[REPORT_NAME_MAX + 1];
	int n = snprintf(name, sizeof(name), "%.160s %.320s", text_of(json, "id"), text_of(json, "recipient"));
	struct mw_report_row *row =
	    n > 0 ? mw_report_table_at(&h->seen, name, (size_t)n < sizeof(name) ? (size_t)n : sizeof(name) - 1) : NULL;

	if (!row)
		return -ENOMEM;
	h->again += in_month && json_is_true(json_object_get(json, "again"));
	if (row->n[COL_N]++ > 0 || !in_month)
		return 0;
	return add(&h->means, *means ? means : "unknown", COL_N, 0);
}

/* ---- records ------------------------------------------------------------------------------------------------------------------- */

static int count_event(struct mw_report_count *c, const struct mw_audit_record *rec, const json_t *json)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "%.*s\n%.40s\n%.64s\n%.40s", (int)rec->kind.n, rec->kind.p, text_of(json, "version"),
		       text_of(json, "policy"), text_of(json, "reason"));
	return add(&c->events, name, COL_N, 0);
}

int mw_report_count_record(void *ctx, const char *line, size_t n, const struct mw_audit_record *rec)
{
	struct mw_report_count *c = ctx;
	int day = mw_report_month_day(c->month, rec->time.p), r;
	bool portal = mw_audit_str_is(rec->kind, "portal"), seal = mw_audit_str_is(rec->kind, "seal");
	char stamp[32];
	json_t *json;

	c->early += day == -1;
	c->late += day == -2;
	if (day == -2 || (day == -1 && !portal && !seal))
		return 0;
	json = json_loadb(line, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!json) {
		c->unread++;
		return 0;
	}
	if (day >= 0)
		c->day_any[day]++;
	(void)snprintf(stamp, sizeof(stamp), "%.*s", (int)rec->time.n, rec->time.p);
	if (portal)
		r = count_portal(c, json, stamp, day >= 0);
	else if (seal)
		r = count_seal(c, json, day >= 0);
	else
		r = mw_audit_str_is(rec->kind, "message") ? count_message(c, json, day) : count_event(c, rec, json);
	json_decref(json);
	return r;
}
