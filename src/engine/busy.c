/* SPDX-License-Identifier: Apache-2.0 */
/* busy: which hook of which module runs, for a watch in another thread. The outermost call has the clock, the innermost the names. */
#include "engine/private.h"

#include "base/clock.h"

struct mw_busy_mark mw_busy_enter(struct mw_busy *b, const char *module, const char *hook)
{
	struct mw_busy_mark before = {.module = NULL};

	if (!b)
		return before;
	before.module = atomic_load_explicit(&b->module, memory_order_relaxed);
	before.hook = atomic_load_explicit(&b->hook, memory_order_relaxed);
	atomic_store_explicit(&b->module, module, memory_order_relaxed);
	atomic_store_explicit(&b->hook, hook, memory_order_relaxed);
	if (!atomic_load_explicit(&b->since, memory_order_relaxed)) {
		before.outermost = true;
		atomic_store_explicit(&b->since, mw_clock_ms(), memory_order_release);
	}
	return before;
}

void mw_busy_leave(struct mw_busy *b, struct mw_busy_mark before)
{
	if (!b)
		return;
	if (before.outermost)
		atomic_store_explicit(&b->since, 0, memory_order_release);
	atomic_store_explicit(&b->module, before.module, memory_order_relaxed);
	atomic_store_explicit(&b->hook, before.hook, memory_order_relaxed);
}
