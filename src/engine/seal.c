/* SPDX-License-Identifier: Apache-2.0 */
/* seal: is there a key for a recipient? The sealers that a milter was loaded with are asked for its means (mw_action.sealer). */
#include "engine/private.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static const struct mw_self *sealer_of(const struct mw_generation *g, const struct mw_self *milter, const char *method)
{
	for (size_t i = 0; i < milter->row->withs; i++) {
		const struct mw_self *s = &g->self[milter->row->with[i]];

		if (s->plugin->sealer && s->plugin->sealer->able && strcmp(s->plugin->sealer->method, method) == 0)
			return s;
	}
	return NULL;
}

int mw_msg_able_to_seal(struct mw_msg *m, const struct mw_self *milter, const char *method, uint32_t rcpt, const char **why)
{
	const struct mw_self *s = sealer_of(m->gen, milter, method);
	const char *address = mw_arena_dup(m->arena, m->rcpt[rcpt].address.p, m->rcpt[rcpt].address.n);
	struct mw_busy_mark mark;
	struct mw_err err = {0};
	int able;

	if (!address)
		return mw_msg_fail(m, -ENOMEM, NULL);
	if (!s) {
		*why = "no module for it is loaded";
		return 0;
	}
	if (!s->opened)
		return 1; /* offline, where its keys cannot be read: as means of modules that are not opened */
	mark = mw_busy_enter(m->busy, s->plugin->name, "able");
	able = s->plugin->sealer->able(s->inst, address, (int64_t)time(NULL), &err);
	mw_busy_leave(m->busy, mark);
	if (able == -EAGAIN) { /* a stranger's server must not hold up what another means can do */
		m->decided[rcpt].later = true;
		able = 0;
	}
	if (able < 0) {
		mw_msg_broken(m, MW_CAUSE_ERROR);
		return mw_msg_module_failed(m, s, able, &err);
	}
	if (able > 0)
		return 1;
	*why = mw_arena_str(m->arena, err.text[0] ? err.text : "there is no key");
	return *why ? 0 : mw_msg_fail(m, -ENOMEM, NULL);
}

/* Only of recipients who may be sealed for: mail to people inside tells nobody outside that it was sent. */
void mw_msg_want_keys(struct mw_msg *m, const struct mw_rcpt *rcpt)
{
	const char *address = NULL;

	if (m->gen->offline || rcpt->internal || rcpt->form != MW_ADDR_PLAIN)
		return;
	for (size_t i = 0; i < m->gen->plan->modules; i++) {
		const struct mw_self *s = &m->gen->self[i];

		if (!s->opened || !s->plugin->sealer || !s->plugin->sealer->want)
			continue;
		address = address ? address : mw_arena_dup(m->arena, rcpt->address.p, rcpt->address.n);
		if (address)
			s->plugin->sealer->want(s->inst, address);
	}
}
