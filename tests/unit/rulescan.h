/* SPDX-License-Identifier: Apache-2.0 */
/* rulescan: for the tests of the matcher: rules as literals, compiled, and what they find in a text. Failures are assertions. */
#ifndef MW_UNIT_RULESCAN_H
#define MW_UNIT_RULESCAN_H

#include "match/ruleset.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define LIT(s)                                                                                                                   \
	{                                                                                                                        \
		.p = (s), .n = sizeof(s) - 1                                                                                     \
	}
#define LIST(n, f, ...)                                                                                                          \
	.n = COUNT(((const char *const[]){__VA_ARGS__})), .f = (const char *const[])                                             \
	{                                                                                                                        \
		__VA_ARGS__                                                                                                      \
	}
#define LEVELS(...)                                                                                                              \
	.levels = COUNT(((const struct mw_level[]){__VA_ARGS__})), .level = (const struct mw_level[])                            \
	{                                                                                                                        \
		__VA_ARGS__                                                                                                      \
	}
#define NEARS(...)                                                                                                               \
	.nears = COUNT(((const struct mw_near[]){__VA_ARGS__})), .near = (const struct mw_near[])                                \
	{                                                                                                                        \
		__VA_ARGS__                                                                                                      \
	}

/* The first near that a rule names. */
extern const struct mw_when when_near;
extern const unsigned char scan_key[32];
/* Some of every kind. */
enum { SSN, EVEN, ONLY_NEAR, DRUG, SPACED, ACCENT, SAMPLE_RULES };
extern const struct mw_rule sample_rules[SAMPLE_RULES];

/* The checks "even", "site" with a site's data, "absent" without. */
const struct mw_check *rules_lookup(void *ctx, const char *name, const void **inst);
/* Appends to ctx, which has 512 octets. */
void rules_report(void *ctx, const struct mw_rule *, size_t offset, const char *text);
struct mw_ruleset *rules_compile(const struct mw_rule *, size_t n);

struct scanned {
	struct mw_arena *arena;
	struct mw_findings f;
	size_t rule;
	int rc;
};

/* In a scratch of its own, as part 3, which is a body. The arena is to be freed. */
struct scanned rules_scan(const struct mw_ruleset *, const char *text, size_t n, size_t max);
/* Findings as "rule:confidence:text|". */
void rules_show(const struct mw_ruleset *, const struct scanned *, const char *text, char *out, size_t n);

struct scan_row {
	const char *text, *found;
};
/* Fails the test at the first text in which something else is found. */
void rules_rows(const struct mw_ruleset *, const struct scan_row *, size_t rows);

#endif
