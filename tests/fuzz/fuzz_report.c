/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of an MTA's log, and members of audit records, through the report of a month to text and page. */
#include "../../milters/audit/report.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void line(struct mw_report_count *count, struct mw_report_mail *mail, const char *p, size_t n)
{
	static const char when[] = "2026-11-15T12:00:00.000Z";
	struct mw_audit_record rec = {.time = {.p = when, .n = 24}};
	bool portal = n > 2 && p[1] == 'p';

	rec.kind = portal ? (struct mw_str){.p = "portal", .n = 6} : (struct mw_str){.p = "message", .n = 7};
	if (mw_report_mail_line(mail, p, n) < 0 || mw_report_count_record(count, p, n, &rec) < 0)
		abort();
}

static void print(struct mw_report_count *count, const struct mw_report_mail *mail)
{
	const struct mw_report_options options = {.top = 5, .addresses = true, .site = "x"};
	json_t *model = mw_report_model(count, &options, json_array(), mw_report_mail_model(mail));
	FILE *out = fopen("/dev/null", "we");

	if (!model || !out)
		abort();
	mw_report_text(model, out);
	mw_report_html(model, out);
	(void)fclose(out);
	json_decref(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	struct mw_report_count count;
	struct mw_report_month month;
	struct mw_report_mail *mail;

	if (mw_report_month_set(&month, "2026-11", true) < 0 || mw_report_count_init(&count, &month) < 0)
		abort();
	mail = mw_report_mail_new(&month);
	if (!mail)
		abort();
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((lf ? lf : end) - p);

		line(&count, mail, p, n);
		p += n + (lf != NULL);
	}
	print(&count, mail);
	mw_report_mail_free(mail);
	mw_report_count_free(&count);
	return 0;
}
