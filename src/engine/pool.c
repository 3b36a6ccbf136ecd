/* SPDX-License-Identifier: Apache-2.0 */
/* pool: scratch for scanning, kept between messages. It holds as many as messages were scanned at once. */
#include "engine/private.h"

#include <pthread.h>
#include <stdlib.h>

struct idle {
	struct idle *next;
	struct mw_scratch *scratch;
};

struct mw_pool {
	pthread_mutex_t lock;
	const struct mw_ruleset *rules;
	const unsigned char *key;
	struct idle *idle;
};

struct mw_pool *mw_pool_new(const struct mw_ruleset *rules, const unsigned char key[32])
{
	struct mw_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	if (pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p);
		return NULL;
	}
	p->rules = rules;
	p->key = key;
	return p;
}

void mw_pool_free(struct mw_pool **pp)
{
	struct idle *i, *next;

	if (!pp || !*pp)
		return;
	for (i = (*pp)->idle; i; i = next) {
		next = i->next;
		mw_scratch_free(&i->scratch);
		free(i);
	}
	(void)pthread_mutex_destroy(&(*pp)->lock);
	free(*pp);
	*pp = NULL;
}

struct mw_scratch *mw_pool_take(struct mw_pool *p)
{
	struct mw_scratch *s = NULL;
	struct idle *i;

	(void)pthread_mutex_lock(&p->lock);
	i = p->idle;
	if (i)
		p->idle = i->next;
	(void)pthread_mutex_unlock(&p->lock);
	if (!i)
		return mw_scratch_new(p->rules, p->key);
	s = i->scratch;
	free(i);
	return s;
}

void mw_pool_give(struct mw_pool *p, struct mw_scratch *s)
{
	struct idle *i = malloc(sizeof(*i));

	if (!i) {
		mw_scratch_free(&s);
		return;
	}
	i->scratch = s;
	(void)pthread_mutex_lock(&p->lock);
	i->next = p->idle;
	p->idle = i;
	(void)pthread_mutex_unlock(&p->lock);
}
