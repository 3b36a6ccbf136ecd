/* SPDX-License-Identifier: Apache-2.0 */
#include "host/count.h"

#include "base/buf.h"
#include "base/log.h"
#include "host/daemon.h"
#include "policy/eval.h"

#include <inttypes.h>

static uint64_t read_count(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

void mw_count_causes(struct mw_counts *c, uint64_t causes)
{
	for (uint32_t i = 0; i < MW_CAUSES; i++)
		if (causes >> i & 1)
			mw_count(&c->cause[i]);
}

static void put(struct mw_buf *b, const char *name, uint64_t n)
{
	mw_buf_printf(b, "%s%s=%" PRIu64, b->n ? " " : "", name, n);
}

static void flush(struct mw_buf *b)
{
	if (mw_buf_ok(b) && b->n)
		mw_log(MW_NOTICE, NULL, "counts", "%s", mw_buf_text(b));
	mw_buf_clear(b);
}

void mw_counts_log(struct mw_daemon *d)
{
	const struct mw_counts *c = d->counts;
	struct mw_gate_counts gate = mw_gate_counts(d->gate);
	struct mw_progress_counts progress = mw_progress_counts(d->progress);
	struct mw_buf b = MW_BUF_INIT;

	put(&b, "sessions", read_count(&c->sessions));
	put(&b, "sessions-refused", read_count(&c->sessions_refused));
	put(&b, "messages", read_count(&c->messages));
	put(&b, "recipients", read_count(&c->recipients));
	put(&b, "octets", read_count(&c->octets));
	put(&b, "aborted", read_count(&c->aborted));
	put(&b, "in-work", mw_flow_active(d->flow));
	put(&b, "documents", read_count(&c->documents));
	put(&b, "documents-crashed", read_count(&c->crashed));
	put(&b, "documents-late", read_count(&c->late));
	put(&b, "reloads", read_count(&c->reloads));
	put(&b, "reload-failures", read_count(&c->reload_failures));
	flush(&b);
	for (uint32_t e = MW_PASS; e <= MW_REFUSE; e++)
		put(&b, mw_effect_name(e), read_count(&c->outcome[e]));
	put(&b, "observed", read_count(&c->observed));
	put(&b, "busy", read_count(&c->busy));
	put(&b, "reserved-domain", read_count(&c->reserved));
	put(&b, "not-judged", read_count(&c->broken));
	put(&b, "edit-failed", read_count(&c->edit_failed));
	put(&b, "judging", gate.inside);
	put(&b, "waiting", gate.waiting);
	put(&b, "waited", gate.waited);
	put(&b, "waiting-peak", gate.peak);
	put(&b, "progress", progress.signs);
	put(&b, "knocks", progress.knocks);
	flush(&b);
	for (uint32_t i = 0; i < MW_CAUSES; i++)
		put(&b, mw_cause_name(i), read_count(&c->cause[i]));
	flush(&b);
	mw_buf_free(&b);
}
