/* SPDX-License-Identifier: Apache-2.0 */
#include "confusables.h"

#include <stdbool.h>
#include <string.h>

/* One code point of UTF-8; an octet that begins none stands for itself. */
static uint32_t take(const char **p, const char *end)
{
	unsigned char c = (unsigned char)*(*p)++;
	unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	uint32_t x = more == 3 ? c & 7u : more == 2 ? c & 15u : more == 1 ? c & 31u : c;

	for (; more && *p < end && ((unsigned char)**p & 0xc0) == 0x80; more--)
		x = x << 6 | ((unsigned char)*(*p)++ & 0x3fu);
	return x;
}

static const char *like(uint32_t letter)
{
	size_t low = 0, high = mw_confusables_n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (mw_confusables[mid].letter == letter)
			return mw_confusables[mid].like;
		if (mw_confusables[mid].letter < letter)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool put(const char *text, size_t n, char *to, size_t room, size_t *at)
{
	if (n >= room - *at)
		return false;
	memcpy(to + *at, text, n);
	*at += n;
	return true;
}

size_t mw_confusables_fold(char *s, size_t n)
{
	static const struct {
		char pair[2], letter;
	} pairs[] = {{{'r', 'n'}, 'm'}, {{'v', 'v'}, 'w'}, {{'c', 'l'}, 'd'}};
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		char c = s[i] == '0' ? 'o' : s[i] == '1' ? 'l' : s[i], next = i + 1 < n ? s[i + 1] : '\0';

		if (next == '1')
			next = 'l';
		for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
			if (c == pairs[k].pair[0] && next == pairs[k].pair[1]) {
				c = pairs[k].letter;
				i++;
				break;
			}
		s[out++] = c;
	}
	s[out] = '\0';
	return out;
}

size_t mw_confusables_letters(const char *name, size_t n, char *to, size_t room)
{
	const char *p = name, *end = name + n;
	size_t at = 0;

	while (p < end) {
		const char *begin = p;
		uint32_t letter = take(&p, end);
		const char *text = letter >= 0x80 ? like(letter) : NULL;

		if (letter >= 0x300 && letter < 0x370)
			continue; /* a mark of its own on the letter before */
		if (!put(text ? text : begin, text ? strlen(text) : (size_t)(p - begin), to, room, &at))
			break;
	}
	to[at] = '\0';
	return at;
}
