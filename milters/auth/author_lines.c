/* SPDX-License-Identifier: Apache-2.0 */
/*
 * author_lines: whose mail it is by a From field. For tests/corpus/dmarc-suite.t.
 * Reads values, one a line with its line ends as \001; prints for each 1 when there is one author, else 0, and the first domain or "-".
 */
#include "author.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	struct mw_authors a;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0) {
		struct mw_field field = {.name = {"From", 4}, .value = {line, (size_t)n - 1}};
		struct mw_auth_mail mail = {.field = &field, .fields = 1};

		for (char *c = line; (c = memchr(c, '\001', (size_t)(line + n - c)));)
			*c = '\n';
		mw_authors_read(&mail, &a);
		printf("%d %s\n", mw_authors_one(&a), a.domains ? a.domain[0] : "-");
	}
	free(line);
	return fflush(stdout) != 0;
}
