/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/command.h"

#include "base/str.h"

#include <string.h>

static bool is_id(const char *s)
{
	unsigned char id[MW_PICKUP_ID];

	return mw_pickup_id_parse(mw_str(s), id);
}

/* The row of "--name" or "--name=value"; *value: behind the "=", or NULL. */
static const struct mw_command_option *find(const struct mw_command_option *rows, const char *word, const char **value)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);

	*value = equals ? equals + 1 : NULL;
	for (; rows->name; rows++)
		if (strlen(rows->name) == n && memcmp(rows->name, name, n) == 0)
			return rows;
	return NULL;
}

int mw_command_options(const char *command, const struct mw_command_option *rows, int argc, char **argv)
{
	int n = 1;
	bool ended = false;

	for (int i = 1; i < argc; i++) {
		const struct mw_command_option *row;
		const char *value, *what = NULL;

		if (ended || argv[i][0] != '-' || !argv[i][1] || is_id(argv[i])) {
			argv[n++] = argv[i];
			continue;
		}
		ended = strcmp(argv[i], "--") == 0;
		if (ended)
			continue;
		row = argv[i][1] == '-' ? find(rows, argv[i], &value) : NULL;
		if (!row)
			what = "there is no such option";
		else if (row->flag && value)
			what = "it takes no value";
		else if (row->flag)
			*row->flag = true;
		else if (value || i + 1 < argc)
			*row->value = value ? value : argv[++i];
		else
			what = "it needs a value";
		if (what) {
			fprintf(stderr, "milwardctl portal %s: %s: %s\n", command, argv[i], what);
			return -1;
		}
	}
	return n - 1;
}
