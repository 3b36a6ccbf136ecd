/* SPDX-License-Identifier: Apache-2.0 */
/* result: what came out of a message. */
#include "engine/private.h"

const struct mw_outcome *mw_msg_outcome(const struct mw_msg *m)
{
	return &m->outcome;
}

const struct mw_verdict *mw_msg_verdict(const struct mw_msg *m, size_t rcpt)
{
	return m->decided_all && rcpt < m->env.rcpts ? &m->decided[rcpt].verdict : NULL;
}

size_t mw_msg_parts(const struct mw_msg *m)
{
	return m->parts;
}

const struct mw_part *mw_msg_part(const struct mw_msg *m, size_t i)
{
	return i < m->parts ? &m->part[i]->pub : NULL;
}

size_t mw_msg_findings(const struct mw_msg *m)
{
	return m->findings.n;
}

const struct mw_finding *mw_msg_finding(const struct mw_msg *m, size_t i)
{
	return i < m->findings.n ? &m->findings.v[i] : NULL;
}

const bool *mw_msg_classes(const struct mw_msg *m)
{
	return m->classes;
}

static const struct fact *fact_at(const struct mw_msg *m, uint32_t module, uint32_t fact)
{
	static const struct fact none;
	const struct mw_self *s = module < m->gen->plan->modules ? &m->gen->self[module] : NULL;

	return s && fact < s->facts ? &m->fact[s->fact_base + fact] : &none;
}

int64_t mw_msg_fact(const struct mw_msg *m, uint32_t module, uint32_t fact)
{
	return fact_at(m, module, fact)->n;
}

const char *mw_msg_fact_text(const struct mw_msg *m, uint32_t module, uint32_t fact)
{
	return fact_at(m, module, fact)->s;
}

void mw_msg_give_fact(struct mw_msg *m, uint32_t module, uint32_t fact, int64_t n, const char *text)
{
	const struct mw_self *s = module < m->gen->plan->modules ? &m->gen->self[module] : NULL;

	if (s && fact < s->facts)
		m->fact[s->fact_base + fact] = (struct fact){.n = n, .s = text, .given = true};
}
