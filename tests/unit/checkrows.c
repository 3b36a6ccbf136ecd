/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/checkrows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

bool check_run(const struct mw_plugin *plugin, const char *check, const char *p, size_t n)
{
	for (const struct mw_check *c = plugin->checks; c->name; c++)
		if (!strcmp(c->name, check))
			return c->valid(NULL, p, n);
	fail_msg("no check %s", check);
	return false;
}

void check_rows(const struct mw_plugin *plugin, const struct check_row *row, size_t rows)
{
	for (size_t i = 0; i < rows; i++) {
		/* An exact copy, so that reading beyond it is seen. */
		size_t n = strlen(row[i].text);
		char *p = malloc(n ? n : 1);

		assert_non_null(p);
		memcpy(p, row[i].text, n);
		if (check_run(plugin, row[i].check, p, n) != row[i].valid)
			fail_msg("%s: %s", row[i].check, row[i].text);
		free(p);
	}
}
