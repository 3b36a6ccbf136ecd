/* SPDX-License-Identifier: Apache-2.0 */
/* message: its life. */
#include "engine/private.h"

#include "base/str.h"

#include <errno.h>

/* Memory is asked for in pieces of this size: a small document asks once, or never. */
#define MORE_STEP ((uint64_t)4 * 1024 * 1024)
/* Documents and archives have about so many octets inside for one of theirs. */
#define MORE_TIMES 4u
/* Milliseconds: less than it takes a watch to think that the module hangs. */
#define MORE_PATIENCE 60000
/* What modules and the engine may keep beside header, recipients and findings, whose own limits bound them. */
#define ARENA_BASE ((uint64_t)64 * 1024 * 1024)

/* Limits of the policy times what one of each costs; arrays that grow take up to three times their size. */
size_t mw_msg_arena_limit(const struct mw_limits *l)
{
	uint64_t n = ARENA_BASE + 8 * l->max[MW_LIMIT_HEADER] + 4 * sizeof(struct mw_field) * l->max[MW_LIMIT_HEADERS] +
		     4 * sizeof(struct mw_finding) * l->max[MW_LIMIT_FINDINGS] + 8192 * l->max[MW_LIMIT_RECIPIENTS] +
		     1024 * (l->max[MW_LIMIT_PARTS] + 3 * l->max[MW_LIMIT_MEMBERS]);

	return n > SIZE_MAX ? SIZE_MAX : (size_t)n;
}

static bool msg_init(struct mw_msg *m, const struct mw_msg_options *options)
{
	const struct mw_plan *plan = m->gen->plan;

	m->tx = mw_arena_array(m->arena, plan->modules, sizeof(*m->tx));
	m->fact = mw_arena_array(m->arena, m->gen->facts, sizeof(*m->fact));
	m->classes = mw_arena_array(m->arena, plan->classes, sizeof(*m->classes));
	m->store = mw_store_new((size_t)(options->memory > SIZE_MAX ? SIZE_MAX : options->memory), options->spool);
	m->busy = options->busy;
	m->time = options->time ? options->time : MW_MSG_TIME;
	m->more = options->more;
	m->more_ctx = options->more_ctx;
	m->env.queue_id = "-";
	m->env.sender = m->env.sender_domain = m->env.client_addr = m->env.client_name = mw_str("");
	m->env.auth_type = m->env.auth_user = mw_str("");
	m->findings.max = (size_t)mw_msg_limit(m, MW_LIMIT_FINDINGS);
	return m->tx && m->fact && m->classes && m->store;
}

struct mw_msg *mw_msg_new(struct mw_generation *gen, const struct mw_msg_options *options)
{
	struct mw_arena *a = mw_arena_new(mw_msg_arena_limit(&gen->plan->limits));
	struct mw_msg *m = a ? mw_arena_alloc(a, sizeof(*m)) : NULL;

	if (!m) {
		mw_arena_free(&a);
		return NULL;
	}
	m->arena = a;
	m->gen = mw_generation_ref(gen);
	if (!msg_init(m, options))
		mw_msg_free(&m);
	return m;
}

void mw_msg_forget_text(struct mw_msg *m)
{
	for (size_t i = 0; i < m->parts; i++) {
		mw_buf_free(&m->part[i]->text);
		m->part[i]->pub.text = mw_str("");
		m->part[i]->pub.hidden = 0;
	}
}

static int ask_for_more(struct mw_msg *m, uint64_t octets, int64_t patience)
{
	uint64_t step;
	int r;

	if (!m->more || octets <= m->more_had)
		return 0;
	step = octets - m->more_had;
	step += MORE_STEP - step % MORE_STEP;
	r = m->more(m->more_ctx, step, patience);
	if (r < 0)
		return mw_msg_fail(m, -ENOMEM, "no memory for what is inside of it");
	m->more_had += step;
	return 0;
}

int mw_msg_more(struct mw_msg *m, uint64_t octets)
{
	m->more_used += octets;
	return ask_for_more(m, m->more_used, (int64_t)mw_msg_limit(m, MW_LIMIT_READING) * 1000 / 4);
}

int mw_msg_more_ahead(struct mw_msg *m, uint64_t size)
{
	return ask_for_more(m, m->more_used + MORE_TIMES * size, MORE_PATIENCE);
}

/* The message lives in its own arena, which goes last. */
void mw_msg_free(struct mw_msg **mp)
{
	struct mw_msg *m = mp ? *mp : NULL;
	struct mw_generation *gen;
	struct mw_arena *a;

	if (!m)
		return;
	*mp = NULL;
	gen = m->gen;
	a = m->arena;
	mw_msg_end(m);
	mw_msg_scan_done(m);
	mw_msg_forget_text(m);
	mw_store_free(&m->store);
	mw_arena_free(&a);
	mw_generation_unref(&gen);
}

struct mw_arena *mw_msg_arena(struct mw_msg *m)
{
	return m->arena;
}
