/* SPDX-License-Identifier: Apache-2.0 */
/* threads: several messages at once, while the policy is replaced again and again. Most telling with --enable-sanitizer=thread.
 */
#include "setup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define THREADS 4
#define MESSAGES 50 /* of each thread */

#define POLICY                                                                                                                   \
	LOAD_PROBE "load phi with probe-text grant text\n" OURS RULES                                                            \
		   "class phi when phi.identifiers >= 1 and phi.clinical >= 1\n"                                                 \
		   "match class phi to external then send by tls or portal\nmatch any then pass\nalways note; seal\n"

/* What src/host does: the newest generation, taken under a lock. */
struct shared {
	struct world *world;
	pthread_mutex_t lock;
	struct mw_generation *current;
	atomic_uint wrong, done;
};

static struct mw_generation *take_current(struct shared *s)
{
	struct mw_generation *g;

	(void)pthread_mutex_lock(&s->lock);
	g = mw_generation_ref(s->current);
	(void)pthread_mutex_unlock(&s->lock);
	return g;
}

static void one_message(struct shared *s, unsigned i)
{
	const struct mw_msg_options options = {.memory = i % 7 == 0 ? 16 : 65536, .spool = "/tmp"};
	const struct mw_str none = {.p = "", .n = 0};
	struct mw_generation *g = take_current(s);
	struct mw_msg *m = mw_msg_new(g, &options);
	bool sick = i % 2 == 0;

	mw_generation_unref(&g);
	if (!m || mw_msg_sender(m, mw_str("<a@clinic.example>")) < 0 ||
	    mw_msg_rcpt(m, mw_str("<b@x.example>"), none, none, none) < 0) {
		atomic_fetch_add(&s->wrong, 1);
		mw_msg_free(&m);
		return;
	}
	msg_take(m, sick ? SICK_MAIL : PLAIN_MAIL);
	mw_msg_run(m, NULL, NULL);
	if (mw_msg_outcome(m)->effect != (sick ? (uint32_t)MW_ROUTE : (uint32_t)MW_PASS) || mw_msg_causes(m))
		atomic_fetch_add(&s->wrong, 1);
	mw_msg_free(&m);
}

static void *work(void *arg)
{
	struct shared *s = arg;

	for (unsigned i = 0; i < MESSAGES; i++)
		one_message(s, i);
	atomic_fetch_add(&s->done, 1);
	return NULL;
}

static void swap(struct shared *s)
{
	struct mw_generation *next = NULL, *old;
	struct mw_arena *a = mw_arena_new(0);
	struct mw_diags diags;
	struct mw_err err;

	assert_non_null(a);
	mw_diags_init(&diags, a);
	assert_int_equal(mw_generation_new(s->world->loader, s->world->policy, NULL, MW_GEN_INSIDE, &diags, &next, &err), 0);
	mw_arena_free(&a);
	(void)pthread_mutex_lock(&s->lock);
	old = s->current;
	s->current = next;
	(void)pthread_mutex_unlock(&s->lock);
	mw_generation_unref(&old);
}

static void test_threads(void **state)
{
	struct shared s = {.lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t t[THREADS];
	struct world w;
	unsigned swaps = 0;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, 0);
	s.world = &w;
	s.current = w.gen;
	w.gen = NULL;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, &s), 0);
	do {
		swap(&s);
		swaps++;
	} while (atomic_load(&s.done) < THREADS || swaps < 3);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(atomic_load(&s.wrong), 0);
	assert_int_equal(mw_generation_number(s.current), swaps + 1);
	mw_generation_unref(&s.current);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
