/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_check_names: every check on any octets, exactly as long as they are. A known person is a person; and capitals change nothing, but where
 * they say something: short words of capitals are abbreviations, and a capital inside a word is of a firm's name. */
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

static bool is_small(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

/* Words of which capitals say nothing: longer than abbreviations, and no capital behind a small letter. Letters that are no ASCII ones do not
 * count. */
static bool has_plain_words(const uint8_t *p, size_t n)
{
	enum { SHORT = 4 };
	size_t letters = 0;
	bool small = false;

	for (size_t i = 0; i < n; i++) {
		if (is_small(p[i]) || is_capital(p[i])) {
			if (small && is_capital(p[i]))
				return false;
			small |= is_small(p[i]);
			letters++;
		} else if (p[i] < 0x80 && p[i] != '\'') {
			if (letters && letters <= SHORT)
				return false;
			letters = 0;
			small = false;
		}
	}
	return letters > SHORT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"person", "person-labelled", "person-known", "surname", "first-name"};
	char upper[64];

	if (size > sizeof(upper))
		return 0;
	for (size_t i = 0; i < size; i++)
		upper[i] = (char)(is_small(data[i]) ? data[i] - ('a' - 'A') : data[i]);
	for (size_t i = 0; has_plain_words(data, size) && i < sizeof(names) / sizeof(*names); i++)
		if (check(names[i], (const char *)data, size) != check(names[i], upper, size))
			abort();
	if (check("person-known", upper, size) && !check("person", upper, size))
		abort();
	return 0;
}
