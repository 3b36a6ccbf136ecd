/* SPDX-License-Identifier: Apache-2.0 */
#include "revisions.h"
#include "pdf.h"
#include "update.h"

#include <string.h>

#define LOOKED_MAX 256u /* places where one might end */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Does it end with a table of objects of its own? Not the first part of a file for the web, and no file inside of this one. */
static bool is_revision(struct mw_str file)
{
	size_t at = pdf_table(file);

	while (at && at < file.n && (file.p[at] == ' ' || file.p[at] == '\r' || file.p[at] == '\n'))
		at++;
	return at && file.n - at > 5 && (memcmp(file.p + at, "xref", 4) == 0 || is_digit(file.p[at]));
}

/* Some end files with a table for new readers behind the one for old: that changes no object. */
static bool has_object(const char *p, size_t n)
{
	return memmem(p, n, " obj", 4) != NULL;
}

void revisions_find(struct mw_str file, size_t most, struct revisions *r)
{
	static const char word[] = "%%EOF";
	size_t n = sizeof(word) - 1, end = file.n, looked = 0;
	size_t later = 0; /* the end of the one that the next is to be told from */

	r->n = 0;
	r->more = false;
	while (end >= n && !r->more) {
		const char *p = memrchr(file.p, '%', end);
		size_t at = p ? (size_t)(p - file.p) : 0;
		struct mw_str earlier = {.p = file.p, .n = at + n - 1};

		end = at;
		if (at == 0 || file.p[at - 1] != '%' || file.n - at < n - 1 || memcmp(p - 1, word, n) != 0)
			continue;
		if (later && has_object(file.p + earlier.n, later - earlier.n)) {
			looked++;
			/* Its pages are those of the one that follows. */
			if (looked <= LOOKED_MAX &&
			    update_is_of_words_about((struct mw_str){.p = file.p, .n = later}, earlier.n)) {
				later = earlier.n;
				continue;
			}
			r->more = r->n >= most || r->n == REVISIONS_MAX || looked > LOOKED_MAX;
			if (!r->more && is_revision(earlier))
				r->file[r->n++] = earlier;
		}
		later = earlier.n;
	}
}
