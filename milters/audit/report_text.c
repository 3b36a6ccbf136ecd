/* SPDX-License-Identifier: Apache-2.0 */
/* report_text: the report for a terminal or a mail, 100 columns wide. */
#include "report.h"

#include <limits.h>
#include <string.h>

#define BAR 40
#define DIGEST 16 /* digits that are shown of it */

static json_int_t num(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static const char *str(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

/* Names come from outside: what drives a terminal is "?". most: characters that are written; the rest is "…". */
static void safe_begin(FILE *out, const char *s, int most, int width)
{
	int n = 0;

	for (; *s && (n < most || ((unsigned char)*s & 0xc0) == 0x80); s++) {
		unsigned char c = (unsigned char)*s;

		/* U+0080 to U+009F are control characters too */
		if (c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0) {
			fputc('?', out);
			s++;
		} else {
			fputc(c < ' ' || c == 0x7f ? '?' : c, out);
		}
		n += (c & 0xc0) != 0x80;
	}
	fprintf(out, "%s%*s", *s ? "…" : "", n < width ? width - n : 0, "");
}

static void safe(FILE *out, const char *s, int width)
{
	safe_begin(out, s, INT_MAX, width);
}

static void title(FILE *out, const char *text)
{
	fprintf(out, "\n%s\n", text);
	for (size_t i = 0; text[i]; i++)
		fputc('-', out);
	fputc('\n', out);
}

static void bar(FILE *out, json_int_t n, json_int_t most)
{
	int columns = most > 0 ? (int)((n * BAR + most - 1) / most) : 0;

	for (int i = 0; i < columns; i++)
		fputc('#', out);
}

/* What is not in the rows of a table. */
static void rest(FILE *out, const json_t *table)
{
	if (num(table, "more"))
		fprintf(out, "  … and %" JSON_INTEGER_FORMAT " more names with %" JSON_INTEGER_FORMAT "\n", num(table, "more"),
			num(table, "more_count"));
	if (num(table, "too_low_by_at_most"))
		fprintf(out,
			"  There were too many names to count all: a number may be too low by at most %" JSON_INTEGER_FORMAT
			".\n",
			num(table, "too_low_by_at_most"));
}

static size_t rows(const json_t *model, const char *name)
{
	return json_array_size(json_object_get(json_object_get(model, name), "rows"));
}

/* ---- parts --------------------------------------------------------------------------------------------------------------------- */

static void evidence(const json_t *model, FILE *out)
{
	const json_t *chain, *one;
	size_t i, j;

	title(out, "Evidence");
	fprintf(out, "Audit records: %s\n", str(model, "evidence"));
	json_array_foreach(json_object_get(model, "chains"), i, chain)
	{
		fprintf(out, "\nChain %zu: %s%s\n", i + 1, str(chain, "state"),
			json_is_true(json_object_get(chain, "key")) ? "" : " (no key: who can write the file can rebuild it)");
		json_array_foreach(json_object_get(chain, "files"), j, one)
		{
			fputs("  file    ", out);
			safe(out, str(one, "path"), 0);
			fprintf(out, ", %" JSON_INTEGER_FORMAT " octets\n", num(one, "octets"));
		}
		if (num(chain, "records"))
			fprintf(out, "  records %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT ", %s to %s\n  last    %s\n",
				num(chain, "first"), num(chain, "last"), str(chain, "since"), str(chain, "until"),
				str(chain, "hash"));
		if (num(chain, "wrong"))
			fprintf(out,
				"  %" JSON_INTEGER_FORMAT
				" records have a digest that is not theirs, and are counted here all the same\n",
				num(chain, "wrong"));
		json_array_foreach(json_object_get(chain, "remarks"), j, one)
		{
			fprintf(out, "  %s\n", json_string_value(one));
		}
		json_array_foreach(json_object_get(chain, "said"), j, one)
		{
			fputs("  ! ", out);
			safe(out, json_string_value(one), 0);
			fputc('\n', out);
		}
	}
	if (num(model, "records_unread"))
		fprintf(out, "\n%" JSON_INTEGER_FORMAT " records of the month cannot be read, and are not counted.\n",
			num(model, "records_unread"));
}

static void ways(const json_t *o, FILE *out)
{
	json_int_t all = 0, most = 0;

	for (int w = 0; w < WAYS; w++) {
		json_int_t n = num(o, mw_report_way_name[w]);

		all += n;
		most = n > most ? n : most;
	}
	for (int w = 0; w < WAYS; w++) {
		json_int_t n = num(o, mw_report_way_name[w]);

		if (!n)
			continue;
		fprintf(out, "  %-14s %10" JSON_INTEGER_FORMAT " %5.1f %%  ", mw_report_way_name[w], n,
			100.0 * (double)n / (double)all);
		bar(out, n, most);
		fputc('\n', out);
	}
}

static void totals(const json_t *model, FILE *out)
{
	const json_t *t = json_object_get(model, "totals");

	title(out, "Volume");
	fprintf(out,
		"%" JSON_INTEGER_FORMAT " messages to %" JSON_INTEGER_FORMAT " recipients, %" JSON_INTEGER_FORMAT
		" octets; %" JSON_INTEGER_FORMAT " messages in a class\n",
		num(t, "messages"), num(t, "recipients"), num(t, "octets"), num(t, "in_class"));
	if (num(t, "observed"))
		fprintf(out, "%" JSON_INTEGER_FORMAT " messages were observed only: nothing of what is said of them was done\n",
			num(t, "observed"));
	fputs("\nRecipients by route\n", out);
	ways(json_object_get(t, "ways"), out);
	if (num(t, "in_class")) {
		fputs("\nOf these, recipients of messages in a class\n", out);
		ways(json_object_get(t, "in_class_ways"), out);
	}
}

static void days(const json_t *model, FILE *out)
{
	const json_t *list = json_object_get(model, "days"), *day;
	json_int_t most = 0;
	size_t i;

	json_array_foreach(list, i, day)
	{
		most = num(day, "messages") > most ? num(day, "messages") : most;
	}
	fputs("\nMessages by day\n", out);
	json_array_foreach(list, i, day)
	{
		fprintf(out, "  %s-%02d %10" JSON_INTEGER_FORMAT "  ", str(json_object_get(model, "period"), "month"),
			(int)num(day, "day"), num(day, "messages"));
		bar(out, num(day, "messages"), most);
		fputs(num(day, "records") ? "\n" : "(no record)\n", out);
	}
}

/* Names with two numbers; number: the member that the bar is of. */
static void names(const json_t *model, const char *name, const char *head, const char *number, const char *second, FILE *out)
{
	const json_t *table = json_object_get(model, name), *row;
	json_int_t most = 0;
	size_t i;

	if (rows(model, name) == 0)
		return;
	fprintf(out, "\n%s\n", head);
	json_array_foreach(json_object_get(table, "rows"), i, row)
	{
		most = num(row, number) > most ? num(row, number) : most;
		fputs("  ", out);
		safe(out, str(row, "name"), 34);
		fprintf(out, " %8" JSON_INTEGER_FORMAT " ", num(row, number));
		if (second)
			fprintf(out, "%8" JSON_INTEGER_FORMAT " ", num(row, second));
		fputc(' ', out);
		bar(out, num(row, number), most);
		fputc('\n', out);
	}
	rest(out, table);
}

static json_int_t way_sum(const json_t *row, enum mw_report_way from, enum mw_report_way to)
{
	json_int_t n = 0;

	for (int w = (int)from; w <= (int)to; w++)
		n += num(json_object_get(row, "ways"), mw_report_way_name[w]);
	return n;
}

/* Names with recipients by what became of them. */
static void names_by_way(const json_t *model, const char *name, const char *head, const char *of, FILE *out)
{
	const json_t *table = json_object_get(model, name), *row;
	size_t i;

	if (rows(model, name) == 0)
		return;
	fprintf(out, "\n%-34s %11s %9s %9s %9s %9s %9s\n", head, of, "clear", "tls", "sealed", "portal", "stopped");
	json_array_foreach(json_object_get(table, "rows"), i, row)
	{
		fputs("  ", out);
		safe(out, *str(row, "name") ? str(row, "name") : "(none)", 34);
		fprintf(out,
			" %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT
			" %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT "\n",
			num(row, "count"), way_sum(row, WAY_PASS, WAY_PASS), way_sum(row, WAY_TLS, WAY_VERIFIED),
			way_sum(row, WAY_SMIME, WAY_OPENPGP), way_sum(row, WAY_PORTAL, WAY_PORTAL),
			way_sum(row, WAY_HOLD, WAY_NONE));
	}
	rest(out, table);
}

static void lines(const json_t *model, FILE *out)
{
	const json_t *row;
	size_t i;

	if (rows(model, "lines") == 0)
		return;
	title(out, "Lines of the policy that decided");
	fprintf(out, "  %-28s %-14s %10s %10s  %s\n", "line", "outcome", "recipients", "in a class", "reason");
	json_array_foreach(json_object_get(json_object_get(model, "lines"), "rows"), i, row)
	{
		fputs("  ", out);
		safe(out, *str(row, "line") ? str(row, "line") : "(none)", 28);
		fputc(' ', out);
		safe(out, str(row, "route")[0] ? str(row, "route") : str(row, "way"), 14);
		fprintf(out, " %10" JSON_INTEGER_FORMAT " %10" JSON_INTEGER_FORMAT "  ", num(row, "recipients"),
			num(row, "in_class"));
		safe(out, str(row, "reason"), 0);
		fputc('\n', out);
	}
	rest(out, json_object_get(model, "lines"));
}

static void portal(const json_t *model, FILE *out)
{
	const json_t *p = json_object_get(model, "portal"), *n;
	const char *name;

	if (json_array_size(json_object_get(json_object_get(p, "steps"), "rows")) == 0)
		return;
	title(out, "Portal");
	fprintf(out,
		"%" JSON_INTEGER_FORMAT " messages handed in, %" JSON_INTEGER_FORMAT " picked up, %" JSON_INTEGER_FORMAT
		" expired unread, %" JSON_INTEGER_FORMAT " recalled\n",
		num(p, "handed_in"), num(p, "picked_up"), num(p, "expired_unread"), num(p, "recalled"));
	if (num(p, "picked_up")) {
		fputs("Picked up within", out);
		json_object_foreach((json_t *)(uintptr_t)json_object_get(p, "in_time"), name, n)
		{
			fprintf(out, "  %s: %" JSON_INTEGER_FORMAT, name, json_integer_value(n));
		}
		fputc('\n', out);
	}
	names(p, "steps", "Steps", "count", NULL, out);
}

static void given_back(const json_t *model, FILE *out)
{
	const json_t *g = json_object_get(model, "given_back");

	if (json_array_size(json_object_get(json_object_get(g, "means"), "rows")) == 0)
		return;
	title(out, "Given back by milward-seal");
	names(g, "means", "By", "copies", NULL, out);
	if (num(g, "again"))
		fprintf(out, "%" JSON_INTEGER_FORMAT " retries of the MTA had nothing left to do\n", num(g, "again"));
}

static void mail_domain(const json_t *d, FILE *out)
{
	const json_t *p = json_object_get(d, "protected");
	json_int_t clear = num(d, "no_tls_seen");

	fputs("  ", out);
	safe(out, *str(d, "domain") ? str(d, "domain") : "all", 34);
	fprintf(out,
		" %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT
		" | %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT "\n",
		num(d, "delivered"), num(d, "verified") + num(p, "verified"), num(d, "encrypted") + num(p, "encrypted"), clear,
		num(p, "delivered"), num(p, "portal"), num(p, "unknown"));
}

static void mail_log(const json_t *model, FILE *out)
{
	const json_t *m = json_object_get(model, "mail_log"), *one;
	size_t i;

	if (!m)
		return;
	title(out, "Deliveries, by the MTA's log");
	fprintf(out, "%-36s %9s %9s %9s %9s | %9s %9s %9s\n", "Recipients by domain", "delivered", "verified", "encrypted",
		"no TLS", "protected", "to portal", "unknown");
	mail_domain(json_object_get(m, "total"), out);
	json_array_foreach(json_object_get(m, "domains"), i, one)
	{
		if (i < 40)
			mail_domain(one, out);
	}
	fprintf(out,
		"\nNot delivered at that attempt: %" JSON_INTEGER_FORMAT " put off, %" JSON_INTEGER_FORMAT
		" bounced; of protected mail %" JSON_INTEGER_FORMAT " and %" JSON_INTEGER_FORMAT "\n",
		num(m, "deferred"), num(m, "bounced"), num(m, "protected_deferred"), num(m, "protected_bounced"));
	if (!json_is_true(json_object_get(m, "tls_is_logged")))
		fputs("The log has no line of TLS for mail that is not protected: \"no TLS\" may be unknown there "
		      "(smtp_tls_loglevel = 1).\n",
		      out);
}

static void event_member(FILE *out, const char *before, const char *text, int most)
{
	if (!*text)
		return;
	fputs(before, out);
	safe_begin(out, text, most, 0);
}

static void policies(const json_t *model, FILE *out)
{
	const json_t *row;
	size_t i;

	title(out, "Policies and events");
	json_array_foreach(json_object_get(json_object_get(model, "policies"), "rows"), i, row)
	{
		fputs("  policy ", out);
		safe_begin(out, str(row, "digest"), DIGEST, 0);
		fprintf(out, " judged %" JSON_INTEGER_FORMAT " messages, day %d to %d\n", num(row, "messages"),
			(int)num(row, "first_day"), (int)num(row, "last_day"));
	}
	json_array_foreach(json_object_get(json_object_get(model, "events"), "rows"), i, row)
	{
		fprintf(out, "  %6" JSON_INTEGER_FORMAT " × ", num(row, "count"));
		safe(out, str(row, "kind"), 0);
		event_member(out, " ", str(row, "version"), INT_MAX);
		event_member(out, ", policy ", str(row, "policy"), DIGEST);
		event_member(out, ": ", str(row, "reason"), INT_MAX);
		fputc('\n', out);
	}
}

void mw_report_text(const json_t *model, FILE *out)
{
	const json_t *period = json_object_get(model, "period");

	fprintf(out, "milward: report of %s", str(period, "month"));
	if (*str(model, "site")) {
		fputs(", ", out);
		safe(out, str(model, "site"), 0);
	}
	fprintf(out, "\nDays are of the time zone %s: %sZ to %sZ. Made at %s%s.\n", str(period, "zone"), str(period, "from_utc"),
		str(period, "until_utc"), str(period, "made_utc"),
		json_is_true(json_object_get(period, "over")) ? "" : ", before the month was over");
	evidence(model, out);
	totals(model, out);
	days(model, out);
	title(out, "What was found");
	names_by_way(model, "classes", "Classes, and recipients", "messages", out);
	names(model, "rules", "Rules: messages, different values", "messages", "values", out);
	names(model, "shadow_rules", "Rules in shadow, which decided nothing: messages, values", "messages", "values", out);
	names(model, "unreadable", "Not readable: messages, parts", "messages", "values", out);
	title(out, "Where it went");
	names_by_way(model, "domains", "Domains; promised by route", "recipients", out);
	names_by_way(model, "routes", "Routes as the policy writes them", "recipients", out);
	mail_log(model, out);
	lines(model, out);
	if (rows(model, "consents") || rows(model, "attested"))
		title(out, "In clear by consent or by the sender's word");
	names(model, "consents", "Consents used: recipients", "count", NULL, out);
	names(model, "attested", "Attested by the sender: recipients", "count", NULL, out);
	names(model, "causes", "Failures that decided instead of the policy: messages", "messages", NULL, out);
	given_back(model, out);
	portal(model, out);
	if (rows(model, "departments"))
		title(out, "Who sent what is in a class");
	names_by_way(model, "departments", "Departments, and recipients", "messages", out);
	names_by_way(model, "senders", "Senders, and recipients", "messages", out);
	policies(model, out);
}
