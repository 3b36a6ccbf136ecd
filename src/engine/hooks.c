/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: a message goes past the modules: begin, what they see, end. */
#include "engine/private.h"

/* Does this module take part in messages? */
static bool in_chain(const struct mw_self *s)
{
	return s->opened && s->row->milter;
}

void mw_msg_begin(struct mw_msg *m)
{
	if (m->begun)
		return;
	m->begun = true;
	for (size_t i = 0; i < m->gen->plan->modules; i++) {
		const struct mw_self *s = &m->gen->self[i];
		struct mw_busy_mark mark;
		struct mw_err err = {0};
		int r = 0;

		if (!in_chain(s))
			continue;
		mark = mw_busy_enter(m->busy, s->plugin->name, "begin");
		if (s->plugin->hooks.begin)
			r = s->plugin->hooks.begin(s->inst, m, &m->tx[i].p, &err);
		mw_busy_leave(m->busy, mark);
		if (r < 0)
			(void)mw_msg_module_failed(m, s, r, &err);
		else
			m->tx[i].begun = true;
	}
}

void mw_msg_see(struct mw_msg *m, uint32_t stage, const char *p, size_t n)
{
	mw_msg_begin(m);
	for (size_t i = 0; i < m->gen->plan->modules; i++) {
		const struct mw_self *s = &m->gen->self[i];
		struct mw_busy_mark mark;
		struct mw_err err = {0};
		int r;

		if (!m->tx[i].begun || !(s->plugin->stages & stage) || !s->plugin->hooks.see)
			continue;
		mark = mw_busy_enter(m->busy, s->plugin->name, "see");
		r = s->plugin->hooks.see(s->inst, m->tx[i].p, m, stage, p, n, &err);
		mw_busy_leave(m->busy, mark);
		if (r < 0)
			(void)mw_msg_module_failed(m, s, r, &err);
	}
}

void mw_msg_end(struct mw_msg *m)
{
	const struct mw_generation *gen = m->gen;

	for (size_t i = m->tx ? gen->plan->modules : 0; i-- > 0;) {
		const struct mw_plugin *plugin = gen->self[i].plugin;
		struct mw_busy_mark mark;

		if (!m->tx[i].begun || !plugin->hooks.end)
			continue;
		mark = mw_busy_enter(m->busy, plugin->name, "end");
		plugin->hooks.end(gen->self[i].inst, m->tx[i].p);
		mw_busy_leave(m->busy, mark);
	}
}
