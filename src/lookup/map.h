/* SPDX-License-Identifier: Apache-2.0 */
/* map: what answers a look-up of the socketmap protocol: a key goes in, one answer comes out, at once or later on the same event loop. */
#ifndef MW_LOOKUP_MAP_H
#define MW_LOOKUP_MAP_H

#include <milward/plugin.h>

enum mw_answer_kind { MW_ANSWER_OK = 0, MW_ANSWER_NOTFOUND, MW_ANSWER_TEMP, MW_ANSWER_PERM };

struct mw_answer {
	enum mw_answer_kind kind;
	struct mw_str text; /* the value, or why: one line for a person without content; valid during the call */
};

typedef void mw_answer_done(void *ctx, const struct mw_answer *);

/* Calls done exactly once, possibly before it returns. There is no way to cancel: ctx stays until then. What is under way when its
 * service is freed is answered then, with MW_ANSWER_TEMP. The key is used before it returns. */
typedef void mw_map_ask(void *map, struct mw_str key, mw_answer_done *done, void *ctx);

#endif
