/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_puzzle: octets decide about patterns and a text (puzzle.c): the hunt finds in it what plain PCRE2 finds. */
#include "fuzz/puzzle.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dice dice = {.p = data, .n = size};
	struct puzzle_result r;
	struct puzzle z;

	puzzle_make(&dice, &z);
	r = puzzle_solve(&z, NULL, NULL);
	if (r.differ != SIZE_MAX) {
		puzzle_print(&z, r.differ);
		abort();
	}
	puzzle_free(&z);
	return 0;
}
