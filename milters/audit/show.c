/* SPDX-License-Identifier: Apache-2.0 */
/* show: records on a terminal, and as CSV or JSON for an auditor. */
#include "report.h"
#include "show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- for a person -----------------------------------------------------------------------------------------------------------
 */

static const char *text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

/* Octets of the control character that begins here, 0 when it is none: U+0080 to U+009F are some too. JSON has told that it is UTF-8. */
static size_t control(const char *s)
{
	unsigned char c = (unsigned char)s[0], next = c ? (unsigned char)s[1] : 0;

	return (c < ' ' && c) || c == 0x7f ? 1 : c == 0xc2 && next >= 0x80 && next < 0xa0 ? 2 : 0;
}

/* What came from outside must not drive the terminal. */
static void safe(const char *s)
{
	for (size_t n; *s; s += n ? n : 1) {
		n = control(s);
		putchar(n ? '?' : *s);
	}
}

static void show_text(const char *before, const char *s)
{
	if (!*s)
		return;
	fputs(before, stdout);
	safe(s);
}

/* Of the recipient: who recorded it, and for when. */
static void show_consent(const json_t *consent)
{
	show_text("; consent ", text_of(consent, "name"));
	show_text(" recorded by ", text_of(consent, "by"));
	show_text(" from ", text_of(consent, "from"));
	show_text(" until ", text_of(consent, "until"));
	show_text(" at ", text_of(consent, "at"));
}

static void show_lists(const json_t *json)
{
	const json_t *classes = json_object_get(json, "classes"), *rules = json_object_get(json, "rules"), *value;
	const char *before = "    class ", *name;
	size_t i;

	json_array_foreach(classes, i, value)
	{
		show_text(before, json_string_value(value) ? json_string_value(value) : "?");
		before = ", ";
	}
	if (i)
		putchar('\n');
	before = "    found ";
	json_object_foreach((json_t *)(uintptr_t)rules, name, value)
	{
		show_text(before, name);
		printf(" %" JSON_INTEGER_FORMAT, json_integer_value(value));
		before = ", ";
	}
	if (json_object_size(rules))
		putchar('\n');
}

static void show_message(const json_t *json)
{
	const json_t *one, *list = json_object_get(json, "recipients");
	const char *sender = text_of(json, "sender");
	size_t i;

	show_text(" ", text_of(json, "queue_id"));
	show_text(" from ", *sender ? sender : "<>");
	show_text(" user ", text_of(json, "user"));
	show_text(" client ", json_is_true(json_object_get(json, "local")) ? "local" : text_of(json, "client"));
	printf(" size %" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(json, "size")));
	show_text(": ", text_of(json, "outcome"));
	show_text(" because of ", text_of(json, "cause"));
	show_text(", ", text_of(json, "reason"));
	if (json_is_true(json_object_get(json, "observe")))
		fputs(" (observed only)", stdout);
	putchar('\n');
	json_array_foreach(list, i, one)
	{
		show_text("    to ", text_of(one, "address"));
		show_text(": ", text_of(one, "route"));
		show_text(" by ", text_of(one, "line"));
		show_text(", ", text_of(one, "reason"));
		show_text("; not ", text_of(one, "skipped"));
		show_text("; an alias: ", text_of(one, "alias"));
		show_text("; attested: ", text_of(one, "attested"));
		show_consent(json_object_get(one, "consent"));
		putchar('\n');
	}
	show_lists(json);
}

/* A step in the life of a message of the portal. */
static void show_portal(const json_t *json)
{
	show_text(" portal ", text_of(json, "step"));
	show_text(" ", text_of(json, "id"));
	show_text(" from ", text_of(json, "sender"));
	show_text(" to ", text_of(json, "recipient"));
	show_text(": ", text_of(json, "detail"));
	putchar('\n');
}

/* A copy that the delivery agent gave back to the MTA. */
static void show_seal(const json_t *json)
{
	const char *sender = text_of(json, "sender");

	show_text(" ", text_of(json, "queue_id"));
	show_text(" from ", *sender ? sender : "<>");
	show_text(" to ", text_of(json, "recipient"));
	show_text(": given back by ", text_of(json, "means"));
	show_text(" as ", text_of(json, "queued_as"));
	show_text(", key ", text_of(json, "key"));
	show_text(", signed by ", text_of(json, "signer"));
	show_text(", digest ", text_of(json, "digest"));
	show_text(", ", text_of(json, "results"));
	fputs(json_is_true(json_object_get(json, "again")) ? " (again)\n" : "\n", stdout);
}

/* As it stands in the file; which one that is goes in front of the last brace, behind all that its hash is of. */
static int show_line(const struct mw_audit_show *show, const struct mw_audit_seen *seen)
{
	json_t *file = show->names ? mw_report_string(seen->file) : NULL;
	char *name = file ? json_dumps(file, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;

	json_decref(file);
	if (show->names && !name)
		return -ENOMEM;
	fwrite(seen->line, 1, name ? seen->n - 1 : seen->n, stdout);
	if (name)
		printf(",\"file\":%s}", name);
	putchar('\n');
	free(name);
	return 0;
}

int mw_audit_show_record(void *ctx, const struct mw_audit_seen *seen)
{
	const struct mw_audit_show *show = ctx;
	const struct mw_audit_record *rec = seen->rec;
	const json_t *json = seen->json;

	if (show->json)
		return show_line(show, seen);
	if (show->names) {
		safe(seen->file);
		putchar(':');
	}
	printf("%" PRIu64 " %.*s", rec->seq, (int)rec->time.n, rec->time.p);
	if (mw_audit_str_is(rec->kind, "message")) {
		show_message(json);
		return 0;
	}
	if (mw_audit_str_is(rec->kind, "portal")) {
		show_portal(json);
		return 0;
	}
	if (mw_audit_str_is(rec->kind, "seal")) {
		show_seal(json);
		return 0;
	}
	printf(" %.*s", (int)rec->kind.n, rec->kind.p);
	show_text(" ", text_of(json, "version"));
	show_text(": ", text_of(json, "reason"));
	show_text(" policy ", text_of(json, "policy"));
	putchar('\n');
	return 0;
}

/* ---- for an auditor ---------------------------------------------------------------------------------------------------------
 */

/* In a cell: quotes doubled, and no control character: a line is a row. */
static void in_cell(const char *s)
{
	for (size_t n; *s; s += n ? n : 1) {
		n = control(s);
		if (*s == '"')
			putchar('"');
		putchar(n ? '?' : *s);
	}
}

/* A cell that a spreadsheet would take for a formula gets a quote in front: addresses come from outside. */
static void cell(const char *s, const char *after)
{
	putchar('"');
	if (*s && strchr("=+-@", *s))
		putchar('\'');
	in_cell(s);
	putchar('"');
	fputs(after, stdout);
}

static void cell_list(const json_t *list)
{
	const json_t *value;
	size_t i;

	putchar('"');
	json_array_foreach(list, i, value)
	{
		const char *s = json_string_value(value);

		fputs(i ? " " : "", stdout);
		in_cell(s ? s : "?");
	}
	fputs("\",", stdout);
}

static void cell_rules(const json_t *rules)
{
	const json_t *value;
	const char *name, *before = "\"";

	json_object_foreach((json_t *)(uintptr_t)rules, name, value)
	{
		fputs(before, stdout);
		in_cell(name);
		printf(":%" JSON_INTEGER_FORMAT, json_integer_value(value));
		before = " ";
	}
	fputs(*before == '"' ? "\"\"," : "\",", stdout);
}

static void csv_row(const struct mw_audit_record *rec, const json_t *json, const json_t *rcpt)
{
	static const char *const message[] = {"queue_id", "sender", "client", "user", NULL};
	static const char *const recipient[] = {"address", "route", "effect", "line", "reason", "skipped", NULL};
	static const char *const basis[] = {"alias", "attested", NULL};
	static const char *const consent[] = {"name", "by", "from", "until", "at", NULL};
	char hash[MW_AUDIT_HEX + 1];

	printf("%" PRIu64 ",%.*s,", rec->seq, (int)rec->time.n, rec->time.p);
	for (size_t i = 0; message[i]; i++)
		cell(text_of(json, message[i]), ",");
	printf("%" JSON_INTEGER_FORMAT ",", json_integer_value(json_object_get(json, "size")));
	for (size_t i = 0; recipient[i]; i++)
		cell(text_of(rcpt, recipient[i]), ",");
	cell_list(json_object_get(json, "classes"));
	cell_rules(json_object_get(json, "rules"));
	cell(text_of(json, "outcome"), ",");
	cell(text_of(json, "cause"), ",");
	printf("%s,", json_is_true(json_object_get(json, "observe")) ? "yes" : "no");
	cell(text_of(json, "policy"), ",");
	memcpy(hash, rec->hash.p, MW_AUDIT_HEX);
	hash[MW_AUDIT_HEX] = '\0';
	cell(hash, ",");
	for (size_t i = 0; basis[i]; i++)
		cell(text_of(rcpt, basis[i]), ",");
	for (size_t i = 0; consent[i]; i++)
		cell(text_of(json_object_get(rcpt, "consent"), consent[i]), consent[i + 1] ? "," : "\r\n");
}

int mw_audit_export_record(void *ctx, const struct mw_audit_seen *seen)
{
	struct mw_audit_show *show = ctx;
	const json_t *one, *list = json_object_get(seen->json, "recipients");
	size_t i;

	if (!mw_audit_str_is(seen->rec->kind, "message"))
		return 0;
	if (show->json) {
		fputs(show->rows++ ? ",\n" : "", stdout);
		fwrite(seen->line, 1, seen->n, stdout);
		return 0;
	}
	json_array_foreach(list, i, one)
	{
		csv_row(seen->rec, seen->json, one);
		show->rows++;
	}
	return 0;
}

void mw_audit_export_begin(const struct mw_audit_show *show)
{
	fputs(show->json ? "[\n"
			 : "seq,time,queue_id,sender,client,user,size,recipient,route,effect,line,reason,skipped,classes,rules,"
			   "outcome,cause,"
			   "observe,policy,hash,alias,attested,consent,consent_by,consent_from,consent_until,consent_at\r\n",
	      stdout);
}

void mw_audit_export_end(const struct mw_audit_show *show)
{
	if (show->json)
		fputs(show->rows ? "\n]\n" : "]\n", stdout);
}
