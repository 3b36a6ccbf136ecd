/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>

#define START UINT64_C(14695981039346656037)

static uint64_t step(uint64_t digest, char c)
{
	return (digest ^ (unsigned char)c) * UINT64_C(1099511628211);
}

/* The place of the digest, or the free one where it would be. */
static size_t place(const uint64_t *slot, size_t slots, uint64_t digest)
{
	size_t at = (size_t)(digest ^ digest >> 32) & (slots - 1);

	while (slot[at] && slot[at] != digest)
		at = (at + 1) & (slots - 1);
	return at;
}

static int add(struct lines *l, uint64_t digest)
{
	size_t at;

	digest += !digest;
	if (l->n >= l->slots / 2) {
		size_t slots = l->slots ? l->slots * 2 : 1024;
		uint64_t *more = calloc(slots, sizeof(*more));

		if (!more)
			return -ENOMEM;
		for (size_t i = 0; i < l->slots; i++)
			if (l->slot[i])
				more[place(more, slots, l->slot[i])] = l->slot[i];
		free(l->slot);
		l->slot = more;
		l->slots = slots;
	}
	at = place(l->slot, l->slots, digest);
	l->n += !l->slot[at];
	l->slot[at] = digest;
	return 0;
}

int lines_take(struct lines *l, const char *p, size_t n)
{
	int r = 0;

	if (!l->digest)
		l->digest = START;
	for (size_t i = 0; i < n && r == 0; i++) {
		if (p[i] == '\n') {
			r = add(l, l->digest);
			l->digest = START;
		} else {
			l->digest = step(l->digest, p[i]);
		}
	}
	return r;
}

bool lines_has(const struct lines *l, struct mw_str line)
{
	uint64_t digest = START;

	for (size_t i = 0; i < line.n; i++)
		digest = step(digest, line.p[i]);
	digest += !digest;
	return l->slots && l->slot[place(l->slot, l->slots, digest)];
}

void lines_free(struct lines *l)
{
	free(l->slot);
	*l = (struct lines){.slots = 0};
}
