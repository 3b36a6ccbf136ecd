/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker: asks milward-lookup in the background, and remembers what it said for as long as that holds. Part of every module that asks it.
 * Questions and answers are those of a map of the socketmap protocol, "MAP KEY" and "OK VALUE" and so on; what they mean is the module's.
 * Any number of threads; nothing is asked, and no thread runs, until the first question.
 */
#ifndef MW_ASKER_H
#define MW_ASKER_H

#include <milward/plugin.h>

#define MW_ASKER_AGAIN 2000 /* milliseconds: then what failed is asked again */

struct mw_asker_options {
	const char *socket;  /* of milward-lookup, borrowed */
	int64_t wait;	     /* milliseconds that a question may take */
	size_t connections;  /* questions at a time without one waiting behind another */
	size_t question_max; /* octets of a question and of an answer */
	size_t answer_max;
	size_t entries, octets; /* that are remembered; above that, what was used longest ago goes first */
	/* Milliseconds that an answer holds (0: for those who wait for it). false: it is none. */
	bool (*holds)(struct mw_str answer, int64_t *ms);
};

struct mw_asker;
struct mw_asker *mw_asker_new(const struct mw_asker_options *); /* NULL: no memory */
void mw_asker_free(struct mw_asker **); /* accepts NULL, sets NULL; waits for its thread. Nobody may be in a call */

/* Before the first question: who counts hears of each mw_asker_want(), and of each mw_asker_get() that has to ask, whether what it wants was
 * there or on its way. From any thread. */
void mw_asker_tell(struct mw_asker *, void (*asked)(void *ctx, bool hit), void *ctx);
/* Begin to ask, unless the answer is there, or somebody has begun. Returns at once; true: it is asked since now. */
bool mw_asker_want(struct mw_asker *, struct mw_str question);
/*
 * The answer, a copy that the caller frees. Waits for it until *until (mw_asker_clock()), which is set `budget` milliseconds from now when
 * it is 0: so that all questions of a message share the time. -ETIMEDOUT; -EMSGSIZE: no such question; -ENOMEM; else why there is none.
 */
int mw_asker_get(struct mw_asker *, struct mw_str question, int64_t *until, int64_t budget, char **answer, size_t *n);
int64_t mw_asker_clock(void); /* milliseconds of a clock that nobody sets */

#endif
