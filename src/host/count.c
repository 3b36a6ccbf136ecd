/* SPDX-License-Identifier: Apache-2.0 */
#include "host/count.h"

#include "base/buf.h"
#include "base/log.h"
#include "host/daemon.h"
#include "policy/eval.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const modes[] = {"enforce", "observe", NULL};
static const char *const effects[] = {"", "pass", "route", "tempfail", "hold", "refuse", NULL}; /* by enum mw_effect */
static const char *const ends[] = {"signal", "stuck", "error", NULL};
static const char *const unjudged[] = {"busy", "reserved-domain", "broken", NULL};
static const char *const stages[] = {"waiting", "reading", "scanning", NULL};
static const char *const document_ends[] = {"read", "crashed", "late", NULL};
static const char *causes[MW_CAUSES + 1]; /* mw_count_init() */

const struct mw_metric mw_count_rows[] = {
    MW_METRIC(GAUGE, struct mw_counts, worker_up, "milward_worker_up", "1 while a worker serves the MTA."),
    MW_METRIC(COUNTER, struct mw_counts, worker_starts, "milward_worker_starts", "Workers that were started."),
    MW_METRIC(COUNTER, struct mw_counts, worker_ends, "milward_worker_ends", "Workers that ended without being told to.",
	      .label = {"how"}, .word = {ends}),
    MW_METRIC(COUNTER, struct mw_counts, sessions, "milward_sessions", "Connections of the MTA."),
    MW_METRIC(COUNTER, struct mw_counts, sessions_refused, "milward_sessions_refused",
	      "Connections of an MTA that lacks what milward needs."),
    MW_METRIC(GAUGE, struct mw_counts, sessions_open, "milward_sessions_open", "Connections now."),
    MW_METRIC(GAUGE, struct mw_counts, messages_open, "milward_messages_open",
	      "Messages now, from their sender on to their answer."),
    MW_METRIC(GAUGE, struct mw_counts, waiting, "milward_messages_waiting", "Messages that wait for their turn."),
    MW_METRIC(GAUGE, struct mw_counts, judging, "milward_messages_judging", "Messages that are judged now."),
    MW_METRIC(GAUGE, struct mw_counts, judging_limit, "milward_messages_judging_limit", "Messages that may be judged at a time."),
    MW_METRIC(COUNTER, struct mw_counts, messages, "milward_messages", "Messages that were judged.", .label = {"mode", "outcome"},
	      .word = {modes, effects}),
    MW_METRIC(COUNTER, struct mw_counts, unjudged, "milward_messages_unjudged", "Messages that no policy judged.",
	      .label = {"why"}, .word = {unjudged}),
    MW_METRIC(COUNTER, struct mw_counts, aborted, "milward_messages_aborted", "Messages that the client gave up."),
    MW_METRIC(COUNTER, struct mw_counts, octets, "milward_message_bytes", "Octets of the messages that were judged."),
    MW_METRIC(COUNTER, struct mw_counts, edit_failed, "milward_edit_failures", "Messages whose edits the MTA did not take."),
    MW_METRIC(NAMED, struct mw_counts, route, "milward_recipients", "Recipients of the messages that were judged.",
	      .label = {"route", "mode"}),
    MW_METRIC(NAMED, struct mw_counts, class, "milward_class_messages", "Messages in a class.", .label = {"class"}),
    MW_METRIC(NAMED, struct mw_counts, rule, "milward_rule_findings", "Findings of a rule.", .label = {"rule", "shadow"}),
    MW_METRIC(NAMED, struct mw_counts, rule, "milward_rule_messages", "Messages in which a rule found something.",
	      .label = {"rule", "shadow"}, .value = 1),
    MW_METRIC(COUNTER, struct mw_counts, cause, "milward_causes", "Messages that met this failure.", .label = {"cause"},
	      .word = {causes}),
    MW_METRIC(COUNTER, struct mw_counts, documents, "milward_documents", "Documents that readers were given.",
	      .label = {"result"}, .word = {document_ends}),
    MW_METRIC(COUNTER, struct mw_counts, reader_starts, "milward_reader_starts", "Starts of the processes that keep readers."),
    MW_METRIC(TIMES, struct mw_counts, message, "milward_message_seconds", "From the end of a message to its answer."),
    MW_METRIC(TIMES, struct mw_counts, stage, "milward_stage_seconds", "A part of that.", .label = {"stage"}, .word = {stages}),
    MW_METRIC(NAMED, struct mw_counts, cache, "milward_cache_lookups", "Questions to a cache.", .label = {"cache", "result"}),
    {.name = NULL},
};

void mw_count_init(void)
{
	for (uint32_t i = 0; i < MW_CAUSES; i++)
		causes[i] = mw_cause_name(i);
}

struct mw_in_work *mw_count_judge(struct mw_counts *c, const char *queue_id)
{
	char text[MW_IN_WORK_ID] = {0};
	struct mw_in_work *w = c->in_work, *end = w + MW_IN_WORK;

	while (w < end && atomic_exchange_explicit(&w->taken, true, memory_order_acquire))
		w++;
	if (w == end)
		return NULL;
	(void)snprintf(text, sizeof(text), "%s", queue_id);
	mw_text_write(w->queue_id, text, sizeof(text));
	return w;
}

void mw_count_judged(struct mw_in_work *w)
{
	if (w)
		atomic_store_explicit(&w->taken, false, memory_order_release);
}

void mw_count_no_worker(struct mw_counts *c)
{
	for (size_t i = 0; i < MW_IN_WORK; i++) {
		char text[MW_IN_WORK_ID];

		if (!atomic_exchange(&c->in_work[i].taken, false))
			continue;
		mw_text_read(c->in_work[i].queue_id, text, sizeof(text));
		text[sizeof(text) - 1] = '\0';
		mw_log(MW_ERROR, text, "worker", "ended while this message was judged; the MTA defers it");
	}
	mw_gauge_set(&c->worker_up, 0);
	mw_gauge_set(&c->sessions_open, 0);
	mw_gauge_set(&c->messages_open, 0);
	mw_gauge_set(&c->waiting, 0);
	mw_gauge_set(&c->judging, 0);
}

/* ---- names ----------------------------------------------------------------------------------------------------------------------- */

static struct mw_named_one *route_of(struct mw_counts *c, const char *action, bool observe)
{
	return mw_named(&c->route, MW_COUNT_ROUTES, action, modes[observe ? MW_OBSERVED : MW_ENFORCED]);
}

static struct mw_named_one *rule_of(struct mw_counts *c, const char *name, bool shadow)
{
	return mw_named(&c->rule, MW_COUNT_RULES, name, shadow ? "yes" : "no");
}

void mw_count_plan(struct mw_counts *c, const struct mw_plan *plan)
{
	for (size_t i = 0; i < plan->lines; i++)
		for (size_t k = 0; k < plan->line[i].means && !plan->line[i].hold; k++)
			(void)route_of(c, plan->line[i].mean[k].shown, plan->observe);
	for (size_t i = 0; i < plan->classes; i++)
		(void)mw_named(&c->class, MW_COUNT_CLASSES, plan->cls[i].name, NULL);
	for (size_t i = 0; i < plan->rules; i++)
		if (plan->rule[i].kind != MW_CONTEXT)
			(void)rule_of(c, plan->rule[i].name, plan->rule[i].shadow);
}

/* ---- a message --------------------------------------------------------------------------------------------------------------------- */

static void count_findings(struct mw_counts *c, const struct mw_plan *plan, struct mw_msg *msg)
{
	size_t n = mw_msg_findings(msg);
	uint32_t *found = n ? mw_arena_array(mw_msg_arena(msg), plan->rules, sizeof(*found)) : NULL;

	if (!found) /* nothing, or no memory */
		return;
	for (size_t i = 0; i < n; i++)
		found[mw_msg_finding(msg, i)->rule]++;
	for (size_t i = 0; i < plan->rules; i++) {
		struct mw_named_one *one = found[i] ? rule_of(c, plan->rule[i].name, plan->rule[i].shadow) : NULL;

		if (!one)
			continue;
		mw_count_add(&one->value[0], found[i]);
		mw_count(&one->value[1]);
	}
}

static void count_documents(struct mw_counts *c, const struct mw_msg_read *read)
{
	uint64_t failed = read->crashed + read->late;

	mw_count_add(&c->documents[MW_DOCUMENT_READ], read->documents > failed ? read->documents - failed : 0);
	mw_count_add(&c->documents[MW_DOCUMENT_CRASHED], read->crashed);
	mw_count_add(&c->documents[MW_DOCUMENT_LATE], read->late);
}

static void count_times(struct mw_counts *c, const struct mw_msg_read *read, int64_t ns, int64_t waited)
{
	mw_times_add(&c->message, ns);
	mw_times_add(&c->stage[MW_STAGE_WAITING], waited);
	/* A policy that asks for neither has neither. */
	if (read->reading)
		mw_times_add(&c->stage[MW_STAGE_READING], read->reading);
	if (read->scanning)
		mw_times_add(&c->stage[MW_STAGE_SCANNING], read->scanning);
}

void mw_count_message(struct mw_counts *c, const struct mw_plan *plan, struct mw_msg *msg, int64_t ns, int64_t waited)
{
	const struct mw_outcome *o = mw_msg_outcome(msg);
	const struct mw_envelope *env = mw_msg_envelope(msg);
	const struct mw_msg_read read = mw_msg_read(msg);
	const bool *in = mw_msg_classes(msg);
	uint64_t met = mw_msg_causes(msg);

	if (o->effect <= MW_REFUSE)
		mw_count(&c->messages[o->observe ? MW_OBSERVED : MW_ENFORCED][o->effect]);
	mw_count_add(&c->octets, env->size);
	for (size_t i = 0; i < env->rcpts; i++) {
		const struct mw_verdict *v = mw_msg_verdict(msg, i);

		if (v)
			mw_count(&route_of(c, v->action, o->observe)->value[0]);
	}
	for (size_t i = 0; in && i < plan->classes; i++)
		if (in[i])
			mw_count(&mw_named(&c->class, MW_COUNT_CLASSES, plan->cls[i].name, NULL)->value[0]);
	for (uint32_t i = 0; i < MW_CAUSES; i++)
		if (met >> i & 1)
			mw_count(&c->cause[i]);
	count_findings(c, plan, msg);
	count_documents(c, &read);
	count_times(c, &read, ns, waited);
}

static void cached(void *ctx, const char *module, bool hit)
{
	struct mw_counts *c = ctx;

	mw_count(&mw_named(&c->cache, MW_COUNT_CACHES, module, hit ? "hit" : "miss")->value[0]);
}

static void reader_started(void *ctx)
{
	struct mw_counts *c = ctx;

	mw_count(&c->reader_starts);
}

void mw_count_attach(struct mw_counts *c, struct mw_loader *loader)
{
	mw_loader_set_tally(loader, &(struct mw_tally){.ctx = c, .cached = cached, .reader_started = reader_started});
}

/* ---- the log ----------------------------------------------------------------------------------------------------------------------- */

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

static uint64_t sum(mw_counter *c, size_t n)
{
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += mw_counted(&c[i]);
	return all;
}

static void put_messages(struct mw_buf *b, struct mw_counts *c)
{
	for (uint32_t e = MW_PASS; e <= MW_REFUSE; e++)
		put(b, mw_effect_name(e), mw_counted(&c->messages[MW_ENFORCED][e]) + mw_counted(&c->messages[MW_OBSERVED][e]));
	put(b, "observed", sum(c->messages[MW_OBSERVED], MW_REFUSE + 1));
	put(b, "busy", mw_counted(&c->unjudged[MW_UNJUDGED_BUSY]));
	put(b, "reserved-domain", mw_counted(&c->unjudged[MW_UNJUDGED_RESERVED]));
	put(b, "not-judged", mw_counted(&c->unjudged[MW_UNJUDGED_BROKEN]));
	put(b, "edit-failed", mw_counted(&c->edit_failed));
}

void mw_counts_log(struct mw_daemon *d)
{
	struct mw_counts *c = d->counts;
	struct mw_gate_counts gate = mw_gate_counts(d->gate);
	struct mw_progress_counts progress = mw_progress_counts(d->progress);
	struct mw_buf b = MW_BUF_INIT;
	uint64_t recipients = 0;

	for (uint32_t i = 0; i < MW_COUNT_ROUTES; i++)
		recipients += mw_counted(&c->route.one[i].value[0]);
	put(&b, "sessions", mw_counted(&c->sessions));
	put(&b, "sessions-refused", mw_counted(&c->sessions_refused));
	put(&b, "messages", sum(c->messages[MW_ENFORCED], MW_REFUSE + 1) + sum(c->messages[MW_OBSERVED], MW_REFUSE + 1));
	put(&b, "recipients", recipients);
	put(&b, "octets", mw_counted(&c->octets));
	put(&b, "aborted", mw_counted(&c->aborted));
	put(&b, "in-work", mw_flow_active(d->flow));
	put(&b, "documents", sum(c->documents, MW_DOCUMENTS));
	put(&b, "documents-crashed", mw_counted(&c->documents[MW_DOCUMENT_CRASHED]));
	put(&b, "documents-late", mw_counted(&c->documents[MW_DOCUMENT_LATE]));
	put(&b, "reloads", mw_counted(&c->common.reloads[0]));
	put(&b, "reload-failures", mw_counted(&c->common.reloads[1]));
	flush(&b);
	put_messages(&b, c);
	put(&b, "judging", gate.inside);
	put(&b, "waiting", gate.waiting);
	put(&b, "waited", gate.waited);
	put(&b, "waiting-peak", gate.peak);
	put(&b, "progress", progress.signs);
	put(&b, "knocks", progress.knocks);
	flush(&b);
	for (uint32_t i = 0; i < MW_CAUSES; i++)
		put(&b, mw_cause_name(i), mw_counted(&c->cause[i]));
	flush(&b);
	mw_buf_free(&b);
}
