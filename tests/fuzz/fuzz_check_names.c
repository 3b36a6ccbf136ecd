/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_check_names: every check on any octets, exactly as long as they are. A known person is a person, in capitals too. */
#include <milward/plugin.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_check_names;

static bool check(const char *name, const char *p, size_t n)
{
	for (const struct mw_check *c = mw_plugin_check_names.checks; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c->valid(NULL, p, n);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"person", "person-labelled", "person-known", "surname", "first-name"};
	char upper[64];

	if (size > sizeof(upper))
		return 0;
	for (size_t i = 0; i < size; i++)
		upper[i] = (char)(data[i] >= 'a' && data[i] <= 'z' ? data[i] - ('a' - 'A') : data[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (check(names[i], (const char *)data, size) != check(names[i], upper, size))
			abort();
	if (check("person-known", upper, size) && !check("person", upper, size))
		abort();
	return 0;
}
