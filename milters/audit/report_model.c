/* SPDX-License-Identifier: Apache-2.0 */
/* report_model: what was counted, as the JSON object that `--json` prints and the other forms are made from. */
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *num(uint64_t n)
{
	return json_integer((json_int_t)n);
}

json_t *mw_report_string(const char *text)
{
	json_t *made = json_string(text);
	char *copy;

	if (made)
		return made;
	copy = strdup(text);
	for (char *p = copy; p && *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	made = copy ? json_string(copy) : NULL;
	free(copy);
	return made;
}

json_t *mw_report_whole(json_t *made, int r)
{
	if (r == 0)
		return made;
	json_decref(made);
	return NULL;
}

static json_t *ways(const uint64_t n[WAYS])
{
	json_t *o = json_object();
	int r = 0;

	for (int w = 0; w < WAYS; w++)
		r |= json_object_set_new(o, mw_report_way_name[w], num(n[w]));
	return mw_report_whole(o, r);
}

/* ---- tables -------------------------------------------------------------------------------------------------------------------- */

typedef json_t *(*row_fn)(const struct mw_report_row *);

/* {"rows": the most counted, "more": how many names are not among them, …}; what is left of a table that was too large says so. */
static json_t *table(const struct mw_report_table *t, size_t top, row_fn one)
{
	struct mw_report_row **row = mw_report_table_sorted(t);
	json_t *o = json_object(), *list = json_array();
	uint64_t rest = t->others[0];
	int r = row ? 0 : -1;

	for (size_t i = 0; row && i < t->rows; i++) {
		if (i < top)
			r |= json_array_append_new(list, one(row[i]));
		else
			rest += row[i]->n[0];
	}
	r |= json_object_set_new(o, "rows", list);
	r |= json_object_set_new(o, "more", num((t->rows > top ? t->rows - top : 0) + t->dropped));
	r |= json_object_set_new(o, "more_count", num(rest));
	if (t->error)
		r |= json_object_set_new(o, "too_low_by_at_most", num(t->error));
	free(row);
	return mw_report_whole(o, r);
}

static json_t *row_plain(const struct mw_report_row *row)
{
	return json_pack("{s:o, s:I}", "name", mw_report_string(row->name), "count", (json_int_t)row->n[0]);
}

static json_t *row_values(const struct mw_report_row *row)
{
	return json_pack("{s:o, s:I, s:I}", "name", mw_report_string(row->name), "messages", (json_int_t)row->n[0], "values",
			 (json_int_t)row->n[1]);
}

/* Messages, and the recipients of them by way. */
static json_t *row_ways(const struct mw_report_row *row)
{
	return json_pack("{s:o, s:I, s:o}", "name", mw_report_string(row->name), "count", (json_int_t)row->n[COL_N], "ways",
			 ways(row->n + COL_WAY));
}

#define PARTS 4

/* The parts of a name, each on a line of its own; the last one has the rest. What they are in is the caller's to free; NULL: no memory. */
static char *split(const struct mw_report_row *row, const char *part[PARTS])
{
	char *copy = strdup(row->name), *rest = copy;

	for (int i = 0; i < PARTS; i++)
		part[i] = rest ? strsep(&rest, i < PARTS - 1 ? "\n" : "") : "";
	return copy;
}

/* "line\nway\nroute\nreason" */
static json_t *row_line(const struct mw_report_row *row)
{
	const char *part[PARTS];
	char *copy = split(row, part);
	json_t *o;

	if (!copy)
		return NULL;
	o = json_pack("{s:o, s:o, s:o, s:o, s:I, s:I}", "line", mw_report_string(part[0]), "way", mw_report_string(part[1]),
		      "route", mw_report_string(part[2]), "reason", mw_report_string(part[3]), "recipients",
		      (json_int_t)row->n[0], "in_class", (json_int_t)row->n[1]);
	free(copy);
	return o;
}

/* "kind\nversion\npolicy\nreason" */
static json_t *row_event(const struct mw_report_row *row)
{
	const char *part[PARTS];
	char *copy = split(row, part);
	json_t *o;

	if (!copy)
		return NULL;
	o = json_pack("{s:o, s:o, s:o, s:o, s:I}", "kind", mw_report_string(part[0]), "version", mw_report_string(part[1]),
		      "policy", mw_report_string(part[2]), "reason", mw_report_string(part[3]), "count", (json_int_t)row->n[0]);
	free(copy);
	return o;
}

static json_t *row_policy(const struct mw_report_row *row)
{
	return json_pack("{s:o, s:I, s:I, s:I}", "digest", mw_report_string(row->name), "messages", (json_int_t)row->n[0],
			 "first_day", (json_int_t)row->n[1] + 1, "last_day", (json_int_t)row->n[2] + 1);
}

/* Of failures: how they ended. */
static json_t *row_cause(const struct mw_report_row *row)
{
	return json_pack("{s:o, s:I, s:o}", "name", mw_report_string(row->name), "messages", (json_int_t)row->n[0], "outcome",
			 ways(row->n + COL_WAY));
}

/* ---- parts --------------------------------------------------------------------------------------------------------------------- */

static json_t *days(const struct mw_report_count *c)
{
	json_t *list = json_array();
	int r = 0;

	for (int d = 0; d < c->month->days; d++)
		r |= json_array_append_new(list, json_pack("{s:i, s:I, s:I, s:o, s:o}", "day", d + 1, "records",
							   (json_int_t)c->day_any[d], "messages", (json_int_t)c->day_messages[d],
							   "ways", ways(c->day_way[d]), "in_class_ways", ways(c->day_class[d])));
	return mw_report_whole(list, r);
}

static json_t *totals(const struct mw_report_count *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "messages", (json_int_t)c->messages, "recipients",
			 (json_int_t)c->recipients, "octets", (json_int_t)c->octets, "in_class", (json_int_t)c->in_class,
			 "observed", (json_int_t)c->observed, "local", (json_int_t)c->local, "outcome", ways(c->outcome), "ways",
			 ways(c->way), "in_class_ways", ways(c->class_way));
}

static json_t *portal(const struct mw_report_count *c)
{
	const struct mw_report_portal *p = &c->portal;
	json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I}}", "handed_in", (json_int_t)p->handed_in,
			      "picked_up", (json_int_t)p->picked_up, "expired_unread", (json_int_t)p->expired_unread, "recalled",
			      (json_int_t)p->recalled, "in_time", "1 hour", (json_int_t)p->in_time[PICKED_1H], "1 day",
			      (json_int_t)p->in_time[PICKED_1D], "3 days", (json_int_t)p->in_time[PICKED_3D], "7 days",
			      (json_int_t)p->in_time[PICKED_7D], "later", (json_int_t)p->in_time[PICKED_LATER]);
	int r = json_object_set_new(o, "steps", table(&p->steps, 50, row_plain));

	r |= json_object_set_new(o, "forgotten", num(p->seen.dropped));
	return mw_report_whole(o, r);
}

static json_t *handed(const struct mw_report_count *c)
{
	json_t *o = json_pack("{s:I}", "again", (json_int_t)c->handed.again);
	int r = json_object_set_new(o, "means", table(&c->handed.means, 50, row_plain));

	r |= json_object_set_new(o, "forgotten", num(c->handed.seen.dropped));
	return mw_report_whole(o, r);
}

static json_t *period(const struct mw_report_month *m)
{
	char now[32];
	time_t t = time(NULL);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "month", m->name, "zone", m->zone, "from_utc", m->stamp[0],
			 "until_utc", m->stamp[m->days], "over", t >= (time_t)m->edge[m->days], "made_utc", now);
}

/* All that is said about the chains in one word. */
static const char *evidence(const json_t *chains)
{
	const json_t *one;
	const char *word = json_array_size(chains) ? "verified" : "none";
	size_t i;

	json_array_foreach(chains, i, one)
	{
		const char *state = json_string_value(json_object_get(one, "state"));

		if (!state || strcmp(state, "intact") != 0)
			return "not verified";
		if (!json_is_true(json_object_get(one, "whole_month")))
			word = "verified, with gaps";
	}
	return word;
}

json_t *mw_report_model(const struct mw_report_count *c, const struct mw_report_options *options, json_t *chains, json_t *mail)
{
	const size_t top = options->top;
	const struct {
		const char *name;
		const struct mw_report_table *table;
		size_t top;
		row_fn row;
	} tables[] = {
	    {"classes", &c->classes, 100, row_ways},
	    {"rules", &c->rules, top, row_values},
	    {"shadow_rules", &c->shadow, top, row_values},
	    {"unreadable", &c->unreadable, 100, row_values},
	    {"routes", &c->routes, 50, row_ways},
	    {"lines", &c->lines, 200, row_line},
	    {"causes", &c->causes, 100, row_cause},
	    {"domains", &c->domains, 2 * top, row_ways},
	    {"departments", &c->departments, top, row_ways},
	    {"consents", &c->consents, 100, row_plain},
	    {"attested", &c->attested, 100, row_plain},
	    {"policies", &c->policies, 100, row_policy},
	    {"events", &c->events, 100, row_event},
	};
	json_t *o = json_pack("{s:i, s:o, s:o, s:s}", "report", 1, "site", mw_report_string(options->site ? options->site : ""),
			      "period", period(c->month), "evidence", evidence(chains));
	int r = o ? 0 : -1;

	r |= json_object_set_new(o, "chains", chains);
	r |= json_object_set_new(o, "records_before", num(c->early));
	r |= json_object_set_new(o, "records_after", num(c->late));
	r |= json_object_set_new(o, "records_unread", num(c->unread));
	r |= json_object_set_new(o, "totals", totals(c));
	r |= json_object_set_new(o, "days", days(c));
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		r |= json_object_set_new(o, tables[i].name, table(tables[i].table, tables[i].top, tables[i].row));
	if (options->addresses)
		r |= json_object_set_new(o, "senders", table(&c->senders, top, row_ways));
	r |= json_object_set_new(o, "portal", portal(c));
	r |= json_object_set_new(o, "given_back", handed(c));
	if (mail)
		r |= json_object_set_new(o, "mail_log", mail);
	return mw_report_whole(o, r);
}
