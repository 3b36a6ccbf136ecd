/* SPDX-License-Identifier: Apache-2.0 */
/* scan: the policy's rules over the parts, each part once, and the counts that the policy asks for. */
#include "engine/private.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Scans one part with memory of its own for the folded text. */
static int scan_text(struct mw_msg *m, uint32_t i)
{
	struct mw_arena *a = mw_arena_new(0);
	const struct mw_part *p = &m->part[i]->pub;
	struct mw_folded folded;
	size_t rule;
	int r = a ? mw_fold(a, p->text, &folded) : -ENOMEM;

	if (r == 0)
		folded.hidden = p->hidden;
	if (r == 0)
		r = mw_ruleset_scan(m->gen->rules, m->scratch, &folded, m->arena, i, p->zone, &m->findings, &rule);
	mw_arena_free(&a);
	return r;
}

int mw_msg_scan_part(struct mw_msg *m, size_t i)
{
	struct part *p = m->part[i];
	int64_t begun;

	if (p->scanned)
		return p->result;
	p->scanned = true;
	p->first = m->findings.n;
	if (mw_msg_late(m)) {
		if (!p->pub.unread)
			p->pub.unread = "limit";
		return p->result = -EAGAIN;
	}
	if (!m->scratch)
		m->scratch = mw_pool_take(m->gen->pool);
	begun = mw_clock_ns();
	p->result = m->scratch ? scan_text(m, (uint32_t)i) : -ENOMEM;
	m->read.scanning += mw_clock_ns() - begun;
	p->n = m->findings.n - p->first;
	switch (p->result) {
	case 0:
		break;
	case -EAGAIN:
		if (!p->pub.unread)
			p->pub.unread = "indeterminate";
		break;
	case -EFBIG:
		if (!p->pub.unread)
			p->pub.unread = "limit";
		mw_msg_breach(m, MW_LIMIT_FINDINGS);
		p->result = -EAGAIN; /* for a module: what was found holds, there may be more */
		break;
	default:
		(void)mw_msg_fail(m, p->result, NULL);
		break;
	}
	return p->result;
}

int mw_msg_scan_all(struct mw_msg *m)
{
	int r = mw_msg_make_parts(m);

	for (size_t i = 0; i < m->parts; i++) {
		int one = mw_msg_scan_part(m, i);

		if (one < 0 && one != -EAGAIN && r == 0)
			r = one;
	}
	return r;
}

void mw_msg_scan_done(struct mw_msg *m)
{
	if (m->scratch)
		mw_pool_give(m->gen->pool, m->scratch);
	m->scratch = NULL;
}

static int by_rule_and_value(const void *a, const void *b)
{
	const struct mw_finding *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

/* Findings of all parts by rule and value, but those in shadow. */
static int sort_findings(struct mw_msg *m)
{
	size_t n = m->findings.n;

	if (m->sorted && m->sorted_of == n)
		return 0;
	m->sorted = mw_arena_array(m->arena, n, sizeof(*m->sorted));
	if (!m->sorted)
		return mw_msg_fail(m, -ENOMEM, NULL);
	m->sorted_n = 0;
	for (size_t i = 0; i < n; i++)
		if (!(m->findings.v[i].flags & MW_FINDING_SHADOW))
			m->sorted[m->sorted_n++] = m->findings.v[i];
	qsort(m->sorted, m->sorted_n, sizeof(*m->sorted), by_rule_and_value);
	m->sorted_of = n;
	return 0;
}

/* The first of the sorted findings of a rule. */
static size_t first_of(const struct mw_msg *m, uint32_t rule)
{
	size_t lo = 0, hi = m->sorted_n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->sorted[mid].rule < rule)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint64_t mw_msg_rule_count(struct mw_msg *m, uint32_t rule, uint32_t zones)
{
	uint64_t n = 0, last = 0;

	/* A failure is noted as a cause; what was found counts all the same. */
	(void)mw_msg_scan_all(m);
	if (sort_findings(m) < 0)
		return 0;
	for (size_t i = first_of(m, rule); i < m->sorted_n && m->sorted[i].rule == rule; i++) {
		const struct mw_finding *f = &m->sorted[i];

		if ((zones && !(zones & MW_ZONE_BIT(f->zone))) || (n && f->value == last))
			continue;
		n++;
		last = f->value;
	}
	return n;
}
