/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded.h"

#include "ole1.h"

#include <stdio.h>
#include <string.h>

#define ANSI 1252u

/* The end of a file's name; the host tells compound files apart by it. */
static const char *suffix_of(const char *class_name)
{
	static const struct {
		const char *begin, *suffix;
	} rows[] = {
	    {"Word.", ".doc"},		{"WordDocument", ".doc"},  {"Excel.", ".xls"},
	    {"ExcelWorksheet", ".xls"}, {"PowerPoint.", ".ppt"},   {"MSGraph.", ".xls"},
	    {"PBrush", ".bmp"},		{"Paint.Picture", ".bmp"}, {"AcroExch.", ".pdf"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(class_name, rows[i].begin, strlen(rows[i].begin)) == 0)
			return rows[i].suffix;
	return "";
}

int embedded_picture(struct out *o, const char *type, struct mw_str data, unsigned number, const char *unread)
{
	const char *slash = strrchr(type, '/');
	char name[64];
	int n = snprintf(name, sizeof(name), "image-%u.%s", number, slash ? slash + (slash[1] == 'x' ? 3 : 1) : "bin");

	return give_member(o, (struct mw_str){.p = name, .n = (size_t)n < sizeof(name) ? (size_t)n : sizeof(name) - 1}, type,
			   data, 0, unread);
}

int embedded_object(struct out *o, struct codepages *pages, const char *class_name, struct mw_str data, unsigned number,
		    const char *unread)
{
	struct mw_str name, file;
	struct bytes utf8 = {0};
	char own[64];
	bool whole;
	int r;

	if (ole1_package(data, &name, &file, &whole) == 0) {
		const char *slash = NULL;

		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] == '\\' || name.p[i] == '/')
				slash = name.p + i;
		if (slash)
			name = (struct mw_str){.p = slash + 1, .n = name.n - (size_t)(slash + 1 - name.p)};
		r = codepage_text(pages, ANSI, name.p, name.n, &utf8);
		if (r == 0)
			r = give_member(o, (struct mw_str){.p = utf8.p, .n = utf8.n}, "", file, 0,
					unread	? unread
					: whole ? NULL
						: "damaged");
		bytes_free(&utf8);
		return r;
	}
	r = snprintf(own, sizeof(own), "object-%u%s", number, suffix_of(class_name));
	return give_member(o, (struct mw_str){.p = own, .n = (size_t)r}, "", data, 0, unread);
}
