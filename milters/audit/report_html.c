/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_html: the report as one page that can be filed: nothing in it is fetched, nothing runs. Beside each picture stands its table.
 * All that comes from records goes through mw_report_escape().
 */
#include "report_plot.h"
#include "report.h"
#include "report_style.h"

#include <string.h>

static const struct mw_report_series by_way[WAYS] = {
    [WAY_PASS] = {"in clear or as the MTA does", "w-pass"},
    [WAY_TLS] = {"TLS", "w-tls"},
    [WAY_VERIFIED] = {"verified TLS", "w-ver"},
    [WAY_SMIME] = {"S/MIME", "w-smime"},
    [WAY_OPENPGP] = {"OpenPGP", "w-pgp"},
    [WAY_PORTAL] = {"portal", "w-portal"},
    [WAY_OTHER] = {"another route", "w-other"},
    [WAY_HOLD] = {"held", "w-hold"},
    [WAY_REFUSE] = {"refused", "w-refuse"},
    [WAY_LATER] = {"put off", "w-later"},
    [WAY_NONE] = {"turned away before the policy was asked", "w-none"},
};

static json_int_t num(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static const char *str(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

static const json_t *rows_of(const json_t *model, const char *name)
{
	return json_object_get(json_object_get(model, name), "rows");
}

static void text_in(FILE *out, const char *before, const char *text, const char *behind)
{
	fputs(before, out);
	mw_report_escape(out, text);
	fputs(behind, out);
}

static void cell_n(FILE *out, json_int_t n)
{
	fprintf(out, "<td class=\"n\">%" JSON_INTEGER_FORMAT "</td>", n);
}

static void cell(FILE *out, const char *text)
{
	text_in(out, "<td>", *text ? text : "–", "</td>");
}

static void rest(FILE *out, const json_t *table)
{
	if (num(table, "more"))
		fprintf(out,
			"<p class=\"dim\">… and %" JSON_INTEGER_FORMAT " more names with %" JSON_INTEGER_FORMAT " in all.</p>\n",
			num(table, "more"), num(table, "more_count"));
	if (num(table, "too_low_by_at_most"))
		fprintf(out,
			"<p class=\"dim\">There were too many names to count all: a number may be too low by at most "
			"%" JSON_INTEGER_FORMAT ".</p>\n",
			num(table, "too_low_by_at_most"));
}

/* ---- evidence ------------------------------------------------------------------------------------------------------------------- */

static void seal(const json_t *model, FILE *out)
{
	const char *word = str(model, "evidence");
	bool good = strcmp(word, "verified") == 0;

	fprintf(out, "<div class=\"seal%s\"><b>Audit chain: %s.</b> ", good ? " good" : "", word);
	if (good)
		fprintf(out, "Every record of the month%s is there, unchanged and in order, as far as the chain can show it.",
			json_is_true(json_object_get(json_object_get(model, "period"), "over")) ? "" : " so far");
	else if (strcmp(word, "verified, with gaps") == 0)
		fputs("What was given is unchanged and in order, but is not the whole month.", out);
	else
		fputs("The numbers of this report must not be relied upon before the findings below are explained.", out);
	fputs(" <a href=\"#evidence\">Evidence</a></div>\n", out);
}

static json_int_t day_records(const void *ctx, size_t at, size_t series)
{
	(void)series;
	return num(json_array_get(ctx, at), "records");
}

static void list_of(FILE *out, const json_t *list, const char *before, const char *behind)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		text_in(out, before, json_string_value(one) ? json_string_value(one) : "", behind);
	}
}

static void chain(const json_t *c, size_t at, FILE *out)
{
	const json_t *file;
	size_t i;

	fprintf(out, "<h3>Chain %zu: %s</h3>\n<table>\n", at + 1, str(c, "state"));
	json_array_foreach(json_object_get(c, "files"), i, file)
	{
		text_in(out, "<tr><th>file</th><td><code>", str(file, "path"), "</code>");
		fprintf(out, ", %" JSON_INTEGER_FORMAT " octets</td></tr>\n", num(file, "octets"));
	}
	fprintf(out,
		"<tr><th>records</th><td>%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT ", %s to %s</td></tr>\n"
		"<tr><th>hash of the last</th><td><code>%s</code></td></tr>\n<tr><th>made with</th><td>%s</td></tr>\n",
		num(c, "first"), num(c, "last"), str(c, "since"), str(c, "until"), str(c, "hash"),
		json_is_true(json_object_get(c, "key")) ? "HMAC-SHA-256 and a key"
							: "SHA-256 without a key: who can write the file can rebuild it");
	if (num(c, "wrong"))
		fprintf(out,
			"<tr><th>wrong</th><td>%" JSON_INTEGER_FORMAT
			" records have a digest that is not theirs, and are counted here all the same</td></tr>\n",
			num(c, "wrong"));
	fputs("</table>\n", out);
	list_of(out, json_object_get(c, "remarks"), "<p>", "</p>\n");
	list_of(out, json_object_get(c, "said"), "<p><code>", "</code></p>\n");
}

static void evidence(const json_t *model, FILE *out)
{
	const json_t *days = json_object_get(model, "days"), *one;
	size_t i;

	fputs("<h2 id=\"evidence\">Evidence</h2>\n<p>This report was counted from the records below while their chain was "
	      "verified.</p>\n"
	      "<h3>Days that have records</h3>\n",
	      out);
	mw_report_plot_strip(out, "Days of the month that have audit records", json_array_size(days), day_records, days);
	json_array_foreach(json_object_get(model, "chains"), i, one)
	{
		chain(one, i, out);
	}
	if (num(model, "records_unread"))
		fprintf(out, "<p>%" JSON_INTEGER_FORMAT " records of the month cannot be read, and are not counted.</p>\n",
			num(model, "records_unread"));
	fputs("<h3>Policies and events</h3>\n<table><tr><th>policy (SHA-256)</th><th class=\"n\">messages</th><th "
	      "class=\"n\">first day</th>"
	      "<th class=\"n\">last day</th></tr>\n",
	      out);
	json_array_foreach(rows_of(model, "policies"), i, one)
	{
		text_in(out, "<tr><td><code>", str(one, "digest"), "</code></td>");
		cell_n(out, num(one, "messages"));
		cell_n(out, num(one, "first_day"));
		cell_n(out, num(one, "last_day"));
		fputs("</tr>\n", out);
	}
	fputs("</table>\n<table><tr><th>event of the audit file</th><th>version</th><th>policy</th><th>reason</th><th "
	      "class=\"n\">times</th></tr>\n",
	      out);
	json_array_foreach(rows_of(model, "events"), i, one)
	{
		fputs("<tr>", out);
		cell(out, str(one, "kind"));
		cell(out, str(one, "version"));
		text_in(out, "<td><code>", str(one, "policy"), "</code></td>");
		cell(out, str(one, "reason"));
		cell_n(out, num(one, "count"));
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
}

/* ---- volume --------------------------------------------------------------------------------------------------------------------- */

static void tile(FILE *out, json_int_t n, const char *what)
{
	fprintf(out, "<div><b>%" JSON_INTEGER_FORMAT "</b>%s</div>", n, what);
}

static void tiles(const json_t *model, FILE *out)
{
	const json_t *t = json_object_get(model, "totals"), *w = json_object_get(t, "ways"),
		     *portal = json_object_get(model, "portal");
	json_int_t kept = 0;

	for (int i = WAY_TLS; i <= WAY_PORTAL; i++)
		kept += num(w, mw_report_way_name[i]);
	fputs("<div class=\"tiles\">", out);
	tile(out, num(t, "messages"), "messages");
	tile(out, num(t, "recipients"), "recipients");
	tile(out, num(t, "in_class"), "messages in a class");
	tile(out, kept, "recipients by a protected route");
	tile(out, num(w, "hold"), "recipients held");
	tile(out, num(w, "refuse"), "recipients refused");
	if (num(portal, "handed_in"))
		tile(out, num(portal, "picked_up"), "picked up at the portal");
	fputs("</div>\n", out);
}

static json_int_t day_way(const void *ctx, size_t at, size_t series)
{
	return num(json_object_get(json_array_get(ctx, at), "ways"), mw_report_way_name[series]);
}

static json_int_t day_class(const void *ctx, size_t at, size_t series)
{
	return num(json_object_get(json_array_get(ctx, at), "in_class_ways"), mw_report_way_name[series]);
}

static void ways_table(const json_t *all, const json_t *in_class, FILE *out)
{
	json_int_t sum = 0;

	for (int w = 0; w < WAYS; w++)
		sum += num(all, mw_report_way_name[w]);
	fputs("<table><tr><th>Route</th><th class=\"n\">recipients</th><th class=\"n\">share</th><th class=\"n\">of messages in "
	      "a class</th></tr>\n",
	      out);
	for (int w = 0; w < WAYS; w++) {
		json_int_t n = num(all, mw_report_way_name[w]);

		if (!n)
			continue;
		fprintf(out, "<tr><td class=\"legend\"><i class=\"%s\"></i>%s</td>", by_way[w].klass, by_way[w].name);
		cell_n(out, n);
		fprintf(out, "<td class=\"n\">%.1f %%</td>", 100.0 * (double)n / (double)sum);
		cell_n(out, num(in_class, mw_report_way_name[w]));
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
}

static void volume(const json_t *model, FILE *out)
{
	const json_t *t = json_object_get(model, "totals"), *days = json_object_get(model, "days");

	fputs("<h2>Volume by route and day</h2>\n<h3>All recipients</h3>\n", out);
	if (num(t, "observed"))
		fprintf(out,
			"<p><b>%" JSON_INTEGER_FORMAT
			" messages were observed only</b>: their routes are what would have been done.</p>\n",
			num(t, "observed"));
	mw_report_plot_days(out, "Recipients by day and route", json_array_size(days), by_way, WAYS, day_way, days);
	if (num(t, "in_class")) {
		fputs("<h3>Of these, recipients of messages in a class</h3>\n", out);
		mw_report_plot_days(out, "Recipients of messages in a class, by day and route", json_array_size(days), by_way,
				    WAYS, day_class, days);
	}
	ways_table(json_object_get(t, "ways"), json_object_get(t, "in_class_ways"), out);
}

/* ---- names ---------------------------------------------------------------------------------------------------------------------- */

struct named {
	const json_t *rows;
	const char *member;
};

static const char *name_of(const void *ctx, size_t at)
{
	const struct named *n = ctx;

	return str(json_array_get(n->rows, at), "name");
}

static json_int_t number_of(const void *ctx, size_t at, size_t series)
{
	const struct named *n = ctx;

	(void)series;
	return num(json_array_get(n->rows, at), n->member);
}

static json_int_t way_of_row(const void *ctx, size_t at, size_t series)
{
	const struct named *n = ctx;

	return num(json_object_get(json_array_get(n->rows, at), "ways"), mw_report_way_name[series]);
}

static size_t most_bars(const json_t *rows)
{
	return json_array_size(rows) < 25 ? json_array_size(rows) : 25;
}

/* A picture, and a table of names with one or two numbers. */
static void counted(const json_t *model, const char *name, const char *head, const char *member, const char *column,
		    const char *second, const char *second_column, FILE *out)
{
	static const struct mw_report_series one[] = {{"", "w-ver"}};
	struct named ctx = {.rows = rows_of(model, name), .member = member};
	const json_t *row;
	size_t i;

	if (json_array_size(ctx.rows) == 0)
		return;
	fprintf(out, "<h3>%s</h3>\n", head);
	mw_report_plot_bars(out, head, most_bars(ctx.rows), name_of, one, 1, number_of, &ctx, 0);
	fprintf(out, "<table><tr><th>name</th><th class=\"n\">%s</th>", column);
	if (second)
		fprintf(out, "<th class=\"n\">%s</th>", second_column);
	fputs("</tr>\n", out);
	json_array_foreach(ctx.rows, i, row)
	{
		fputs("<tr>", out);
		cell(out, str(row, "name"));
		cell_n(out, num(row, member));
		if (second)
			cell_n(out, num(row, second));
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
	rest(out, json_object_get(model, name));
}

/* A picture of shares, and a table by way. */
static void by_route(const json_t *model, const char *name, const char *head, const char *of, bool share, FILE *out)
{
	struct named ctx = {.rows = rows_of(model, name)};
	const json_t *row;
	size_t i;

	if (json_array_size(ctx.rows) == 0)
		return;
	fprintf(out, "<h3>%s</h3>\n", head);
	mw_report_plot_bars(out, head, most_bars(ctx.rows), name_of, by_way, WAYS, way_of_row, &ctx, share);
	fprintf(out,
		"<table><tr><th>name</th><th class=\"n\">%s</th><th class=\"n\">clear</th><th class=\"n\">TLS</th><th "
		"class=\"n\">verified TLS</th>"
		"<th class=\"n\">sealed</th><th class=\"n\">portal</th><th class=\"n\">held</th><th class=\"n\">refused</th><th "
		"class=\"n\">put off</th></tr>\n",
		of);
	json_array_foreach(ctx.rows, i, row)
	{
		const json_t *w = json_object_get(row, "ways");

		fputs("<tr>", out);
		cell(out, str(row, "name"));
		cell_n(out, num(row, "count"));
		cell_n(out, num(w, "pass"));
		cell_n(out, num(w, "tls"));
		cell_n(out, num(w, "tls(verified)"));
		cell_n(out, num(w, "smime") + num(w, "openpgp"));
		cell_n(out, num(w, "portal"));
		cell_n(out, num(w, "hold"));
		cell_n(out, num(w, "refuse"));
		cell_n(out, num(w, "tempfail") + num(w, "none"));
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
	rest(out, json_object_get(model, name));
}

/* ---- lines of the policy --------------------------------------------------------------------------------------------------------- */

static void lines(const json_t *model, FILE *out)
{
	const json_t *row;
	size_t i;

	fputs("<h2>Decisions: held, refused, routed, by which line</h2>\n<table><tr><th>line of the "
	      "policy</th><th>decision</th><th>reason</th>"
	      "<th class=\"n\">recipients</th><th class=\"n\">of messages in a class</th></tr>\n",
	      out);
	json_array_foreach(rows_of(model, "lines"), i, row)
	{
		fputs("<tr>", out);
		cell(out, str(row, "line"));
		cell(out, *str(row, "route") ? str(row, "route") : str(row, "way"));
		cell(out, str(row, "reason"));
		cell_n(out, num(row, "recipients"));
		cell_n(out, num(row, "in_class"));
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
	rest(out, json_object_get(model, "lines"));
}

/* ---- the portal ----------------------------------------------------------------------------------------------------------------- */

static const char *const within[] = {"1 hour", "1 day", "3 days", "7 days", "later"};

static const char *within_name(const void *ctx, size_t at)
{
	(void)ctx;
	return at < 5 ? within[at] : "";
}

static json_int_t within_number(const void *ctx, size_t at, size_t series)
{
	(void)series;
	return at < 5 ? num(json_object_get(ctx, "in_time"), within[at]) : 0;
}

static void portal(const json_t *model, FILE *out)
{
	static const struct mw_report_series one[] = {{"", "w-portal"}};
	const json_t *p = json_object_get(model, "portal");

	if (json_array_size(rows_of(p, "steps")) == 0)
		return;
	fputs("<h2>Portal</h2>\n<div class=\"tiles\">", out);
	tile(out, num(p, "handed_in"), "handed in");
	tile(out, num(p, "picked_up"), "picked up");
	tile(out, num(p, "expired_unread"), "expired unread");
	tile(out, num(p, "recalled"), "recalled");
	fputs("</div>\n", out);
	if (num(p, "picked_up")) {
		fputs("<h3>Picked up within</h3>\n", out);
		mw_report_plot_bars(out, "How soon messages were picked up", 5, within_name, one, 1, within_number, p, 0);
	}
	if (num(p, "forgotten"))
		fprintf(out,
			"<p class=\"dim\">There were too many messages to follow all: of the oldest %" JSON_INTEGER_FORMAT
			", it is not known how soon.</p>\n",
			num(p, "forgotten"));
	counted(p, "steps", "Steps", "count", "times", NULL, NULL, out);
}

static void given_back(const json_t *model, FILE *out)
{
	const json_t *g = json_object_get(model, "given_back");

	if (json_array_size(rows_of(g, "means")) == 0)
		return;
	fputs("<h2>Given back by milward-seal</h2>\n", out);
	counted(g, "means", "Sealed, opened or handed in", "count", "copies", NULL, NULL, out);
	if (num(g, "again"))
		fprintf(out, "<p class=\"dim\">%" JSON_INTEGER_FORMAT " retries of the MTA had nothing left to do.</p>\n",
			num(g, "again"));
}

/* ---- the MTA's log --------------------------------------------------------------------------------------------------------------- */

static const struct mw_report_series by_tls[] = {
    {"verified TLS", "w-ver"}, {"TLS", "w-tls"}, {"portal", "w-portal"}, {"no TLS", "w-refuse"}, {"unknown", "w-none"}};

static const char *domain_name(const void *ctx, size_t at)
{
	return str(json_array_get(ctx, at), "domain");
}

static json_int_t tls_of(const json_t *d, size_t series)
{
	const json_t *p = json_object_get(d, "protected");

	switch (series) {
	case 0:
		return num(d, "verified") + num(p, "verified");
	case 1:
		return num(d, "encrypted") + num(p, "encrypted");
	case 2:
		return num(p, "portal");
	case 3:
		return num(d, "no_tls_seen");
	default:
		return num(p, "unknown");
	}
}

static json_int_t domain_tls(const void *ctx, size_t at, size_t series)
{
	return tls_of(json_array_get(ctx, at), series);
}

static void mail_row(const json_t *d, FILE *out)
{
	json_int_t tls = tls_of(d, 0) + tls_of(d, 1), all = num(d, "delivered");

	fputs("<tr>", out);
	cell(out, *str(d, "domain") ? str(d, "domain") : "all");
	cell_n(out, all);
	for (size_t s = 0; s < 5; s++)
		cell_n(out, tls_of(d, s));
	fprintf(out, "<td class=\"n\">%.1f %%</td>", all ? 100.0 * (double)tls / (double)all : 0.0);
	cell_n(out, num(json_object_get(d, "protected"), "delivered"));
	fputs("</tr>\n", out);
}

static void mail_log(const json_t *model, FILE *out)
{
	const json_t *m = json_object_get(model, "mail_log"), *list = json_object_get(m, "domains"), *one;
	size_t i;

	if (!m) {
		fputs("<p>Shares of TLS are what routes promise; what deliveries used is known to the MTA's log alone, which was "
		      "not given "
		      "(<code>--mail-log</code>).</p>\n",
		      out);
		return;
	}
	fputs("<h3>TLS that deliveries used, by the MTA's log</h3>\n", out);
	mw_report_plot_bars(out, "Share of TLS by domain", most_bars(list), domain_name, by_tls, 5, domain_tls, list, 1);
	fputs("<table><tr><th>domain</th><th class=\"n\">delivered</th><th class=\"n\">verified TLS</th><th "
	      "class=\"n\">TLS</th><th class=\"n\">portal "
	      "instead</th><th class=\"n\">no TLS</th><th class=\"n\">unknown</th><th class=\"n\">TLS share</th><th "
	      "class=\"n\">protected</th></tr>\n",
	      out);
	mail_row(json_object_get(m, "total"), out);
	json_array_foreach(list, i, one)
	{
		if (i < 100)
			mail_row(one, out);
	}
	fprintf(out,
		"</table>\n<p>Attempts that did not deliver: %" JSON_INTEGER_FORMAT " put off, %" JSON_INTEGER_FORMAT
		" bounced; of protected mail %" JSON_INTEGER_FORMAT " and %" JSON_INTEGER_FORMAT ".</p>\n",
		num(m, "deferred"), num(m, "bounced"), num(m, "protected_deferred"), num(m, "protected_bounced"));
	if (!json_is_true(json_object_get(m, "tls_is_logged")))
		fputs("<p>The log has no line of TLS for mail that is not protected: \"no TLS\" may be unknown there "
		      "(<code>smtp_tls_loglevel = "
		      "1</code>).</p>\n",
		      out);
}

/* ---- the page ------------------------------------------------------------------------------------------------------------------- */

static const char notes[] = "<h2>How to read this</h2>\n<ul>\n"
			    "<li>A message with several recipients is one message; each recipient has a route of his own.</li>\n"
			    "<li>A route is what the policy chose while the sender was connected. What TLS cannot reach may go "
			    "on to the portal afterwards, "
			    "or bounce.</li>\n"
			    "<li>A class is what the policy file calls so. Rules count messages in which they found something, "
			    "and different values.</li>\n"
			    "<li>Records hold no Subject, no text and no names of files, and so does this report.</li>\n"
			    "<li>A chain without a key shows changes by whoever did not rebuild it all. A key, and the "
			    "checkpoints in the log of another host "
			    "(<code>milwardctl audit verify --head</code>), show those too.</li>\n</ul>\n";

static void head(const json_t *model, FILE *out)
{
	const json_t *period = json_object_get(model, "period");

	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
	      "content=\"no-referrer\">\n",
	      out);
	fprintf(out, "<title>milward: report of %s</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>Protected mail, %s</h1>\n",
		str(period, "month"), style, str(period, "month"));
	if (*str(model, "site"))
		text_in(out, "<p><b>", str(model, "site"), "</b></p>\n");
	text_in(out, "<p class=\"dim\">Days are of the time zone ", str(period, "zone"), ": ");
	fprintf(out, "%sZ to %sZ. Made at %s by milward%s.</p>\n", str(period, "from_utc"), str(period, "until_utc"),
		str(period, "made_utc"), json_is_true(json_object_get(period, "over")) ? "" : ", before the month was over");
}

static void found(const json_t *model, FILE *out)
{
	fputs("<h2>What was found</h2>\n", out);
	by_route(model, "classes", "Classes, and the recipients of their messages by route", "messages", false, out);
	counted(model, "rules", "Rules that found most", "messages", "messages", "values", "different values", out);
	counted(model, "shadow_rules", "Rules in shadow, which decided nothing", "messages", "messages", "values",
		"different values", out);
	counted(model, "unreadable", "Parts that could not be read", "messages", "messages", "values", "parts", out);
}

void mw_report_html(const json_t *model, FILE *out)
{
	head(model, out);
	seal(model, out);
	tiles(model, out);
	volume(model, out);
	found(model, out);
	fputs("<h2>Where it went</h2>\n", out);
	mail_log(model, out);
	by_route(model, "domains", "Promised by route, by domain of the recipients", "recipients", true, out);
	by_route(model, "routes", "Routes, as the policy writes them", "recipients", false, out);
	lines(model, out);
	if (json_array_size(rows_of(model, "consents")) || json_array_size(rows_of(model, "attested")))
		fputs("<h2>In clear by consent or by the sender's word</h2>\n", out);
	counted(model, "consents", "Consents used", "count", "recipients", NULL, NULL, out);
	counted(model, "attested", "Attested by the sender", "count", "recipients", NULL, NULL, out);
	if (json_array_size(rows_of(model, "causes")))
		fputs("<h2>Failures</h2>\n", out);
	counted(model, "causes", "What decided instead of the policy", "messages", "messages", NULL, NULL, out);
	given_back(model, out);
	portal(model, out);
	if (json_array_size(rows_of(model, "departments")))
		fputs("<h2>Who sent what is in a class</h2>\n", out);
	by_route(model, "departments", "Departments, and the recipients of their messages by route", "messages", false, out);
	by_route(model, "senders", "Senders", "messages", false, out);
	evidence(model, out);
	fputs(notes, out);
	fputs("</body>\n</html>\n", out);
}
