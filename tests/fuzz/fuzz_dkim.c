/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dkim: the From header field, and OpenDKIM's tables. The first octet chooses: F, K, S (plain), R (refile). */
#include "../../milters/dkim/from.h"
#include "../../milters/dkim/table.h"
#include "../unit/fakehost.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

static void fuzz_from(const char *p, size_t n)
{
	struct mw_dkim_from from, again;
	char text[MW_DKIM_LOCAL_MAX + MW_DKIM_DOMAIN_MAX + 4];
	size_t local;

	if (mw_dkim_from_parse(p, n, &from) < 0)
		return;
	local = strlen(from.local);
	check(local > 0 && from.domain[0] && !strpbrk(from.domain, " \t\r\n@,;<>\""));
	/* What was understood is understood the same way when it is written plainly. */
	if (strpbrk(from.local, " \t\r\n()<>[]:;@\\,\"") || strstr(from.local, "..") || from.local[0] == '.' ||
	    from.local[local - 1] == '.')
		return;
	for (size_t i = 0; i < local; i++)
		if ((unsigned char)from.local[i] < ' ' || from.local[i] == 0x7f)
			return;
	check(local + strlen(from.domain) + 4 <= sizeof(text));
	text[0] = '<';
	strcpy(text + 1, from.local);
	strcat(text, "@");
	strcat(text, from.domain);
	strcat(text, ">");
	check(mw_dkim_from_parse(text, strlen(text), &again) == 0);
	check(strcmp(from.local, again.local) == 0 && strcmp(from.domain, again.domain) == 0);
}

static void fuzz_table(char kind, char *text, size_t n)
{
	const struct mw_dkim_signrow *row[4];
	struct mw_dkim_signtable signs;
	struct mw_dkim_keytable keys;
	struct mw_err err = {0};
	size_t one, all;

	if (kind == 'K') {
		if (mw_dkim_keytable_parse(fh_host(), "f", text, n, &keys, &err) < 0) {
			check(err.code < 0 && !strchr(err.text, '\n'));
			return;
		}
		for (size_t i = 0; i < keys.rows; i++)
			check(mw_dkim_keytable_find(&keys, keys.row[i].name) == &keys.row[i]);
		mw_dkim_keytable_free(&keys);
		return;
	}
	if (mw_dkim_signtable_parse(fh_host(), "f", kind == 'R', text, n, &signs, &err) < 0)
		return;
	all = mw_dkim_signtable_find(&signs, "joe", "a.b.example", true, row, 4);
	one = mw_dkim_signtable_find(&signs, "joe", "a.b.example", false, row, 4);
	check(one == (all ? 1 : 0));
	mw_dkim_signtable_free(&signs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] == 'K' || data[0] == 'S' || data[0] == 'R') {
		fuzz_table((char)data[0], text, size - 1);
		return 0;
	}
	fuzz_from(text, size - 1);
	free(text);
	return 0;
}
