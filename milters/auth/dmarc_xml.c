/* SPDX-License-Identifier: Apache-2.0 */
#include "dmarc_xml.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Characters that XML has no way to write become "?". */
static void put_escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			(void)fputs("&amp;", f);
		else if (*text == '<')
			(void)fputs("&lt;", f);
		else if (*text == '>')
			(void)fputs("&gt;", f);
		else
			(void)fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, f);
	}
}

static void put(FILE *f, const char *name, const char *text)
{
	(void)fprintf(f, "<%s>", name);
	put_escaped(f, text);
	(void)fprintf(f, "</%s>\n", name);
}

static void put_number(FILE *f, const char *name, int64_t n)
{
	(void)fprintf(f, "<%s>%lld</%s>\n", name, (long long)n, name);
}

/* The schema knows IPv6 with all of its eight numbers alone. */
static void put_address(FILE *f, const char *text)
{
	char whole[64];
	struct in6_addr a;
	size_t n = 0;

	if (inet_pton(AF_INET6, text, &a) != 1) {
		put(f, "source_ip", text);
		return;
	}
	for (size_t i = 0; i < 16; i += 2)
		n += (size_t)snprintf(whole + n, sizeof(whole) - n, "%s%x", i ? ":" : "", a.s6_addr[i] << 8 | a.s6_addr[i + 1]);
	put(f, "source_ip", whole);
}

static void put_head(FILE *f, const struct mw_dmarc_report *r, const json_t *policy)
{
	static const char *const names[] = {"domain", "adkim", "aspf", "p", "sp"};

	(void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback>\n<version>1.0</version>\n<report_metadata>\n", f);
	put(f, "org_name", r->org);
	put(f, "email", r->email);
	put(f, "report_id", r->id);
	(void)fputs("<date_range>\n", f);
	put_number(f, "begin", r->begin);
	put_number(f, "end", r->end);
	(void)fputs("</date_range>\n</report_metadata>\n<policy_published>\n", f);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put(f, names[i], mw_dmarc_row_text(policy, names[i]));
	put_number(f, "pct", json_integer_value(json_object_get(policy, "pct")));
	put(f, "fo", mw_dmarc_row_text(policy, "fo"));
	(void)fputs("</policy_published>\n", f);
}

static void put_results(FILE *f, const json_t *row)
{
	const json_t *dkim, *spf = json_object_get(row, "auth_spf");
	size_t i;

	(void)fputs("<auth_results>\n", f);
	json_array_foreach(json_object_get(row, "auth_dkim"), i, dkim)
	{
		(void)fputs("<dkim>\n", f);
		put(f, "domain", mw_dmarc_row_text(dkim, "domain"));
		put(f, "selector", mw_dmarc_row_text(dkim, "selector"));
		put(f, "result", mw_dmarc_row_text(dkim, "result"));
		(void)fputs("</dkim>\n", f);
	}
	(void)fputs("<spf>\n", f);
	put(f, "domain", mw_dmarc_row_text(spf, "domain"));
	put(f, "scope", mw_dmarc_row_text(spf, "scope"));
	put(f, "result", mw_dmarc_row_text(spf, "result"));
	(void)fputs("</spf>\n</auth_results>\n", f);
}

static void put_record(FILE *f, const json_t *row, uint64_t count)
{
	const char *reason = mw_dmarc_row_text(row, "reason");

	(void)fputs("<record>\n<row>\n", f);
	put_address(f, mw_dmarc_row_text(row, "ip"));
	put_number(f, "count", (int64_t)count);
	(void)fputs("<policy_evaluated>\n", f);
	put(f, "disposition", mw_dmarc_row_text(row, "disposition"));
	put(f, "dkim", mw_dmarc_row_text(row, "dkim"));
	put(f, "spf", mw_dmarc_row_text(row, "spf"));
	if (*reason) {
		(void)fputs("<reason>\n", f);
		put(f, "type", reason);
		(void)fputs("</reason>\n", f);
	}
	(void)fputs("</policy_evaluated>\n</row>\n<identifiers>\n", f);
	put(f, "envelope_from", mw_dmarc_row_text(row, "sender"));
	put(f, "header_from", mw_dmarc_row_text(row, "from"));
	(void)fputs("</identifiers>\n", f);
	put_results(f, row);
	(void)fputs("</record>\n", f);
}

/* What read() has read before. NULL: no memory. */
static json_t *load(const char *key, unsigned part)
{
	const char *text = mw_dmarc_row_part(key, part);

	return json_loadb(text, strcspn(text, "\n"), 0, NULL);
}

char *mw_dmarc_xml(const struct mw_dmarc_report *r, size_t *n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, n);
	json_t *policy = f ? load(r->row[0].key, 1) : NULL;
	bool whole = policy != NULL;

	if (whole)
		put_head(f, r, policy);
	for (size_t i = 0; whole && i < r->n; i++) {
		json_t *row = load(r->row[i].key, 2);

		whole = row != NULL;
		if (row)
			put_record(f, row, r->row[i].count);
		json_decref(row);
	}
	json_decref(policy);
	if (whole)
		(void)fputs("</feedback>\n", f);
	whole = whole && !ferror(f);
	if (f && fclose(f) != 0)
		whole = false;
	if (whole)
		return text;
	free(text);
	return NULL;
}
