/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers: extractors at work, in processes of their own (src/reader). What a document does to its reader is a fact of that
 * document: it is unreadable. A machine that has no reader is a failure of the message, which comes again.
 */
#include "engine/private.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- of a generation ------------------------------------------------------------------------------------------------------------- */

static void log_line(void *ctx, enum mw_log_level level, const char *module, const char *text)
{
	(void)ctx;
	mw_log(level, NULL, "reader", "%s%s%s", module, *module ? ": " : "", text);
}

static void reader_started(void *ctx)
{
	const struct mw_tally *t = ctx;

	if (t->reader_started)
		t->reader_started(t->ctx);
}

int mw_generation_readers(struct mw_generation *g, const struct mw_loader *loader, struct mw_err *err)
{
	struct mw_reader_module *module = calloc(g->plan->modules ? g->plan->modules : 1, sizeof(*module));
	struct mw_readers_conf conf = {.modules_dir = mw_loader_dir(loader),
				       .module = module,
				       .readers = mw_loader_readers(loader),
				       .log = log_line,
				       .started = reader_started,
				       .ctx = &g->tally};
	char program[4096];
	int r = 0;

	if (!module)
		return mw_fail_memory(err);
	for (size_t i = 0; i < g->plan->modules && !g->inside; i++) {
		struct mw_self *s = &g->self[i];

		if (!s->reads)
			continue;
		s->reader = conf.modules;
		module[conf.modules++] =
		    (struct mw_reader_module){.plugin = s->plugin, .conf = s->row->conf, .granted = s->row->granted};
	}
	mw_readers_program(program, sizeof(program));
	conf.program = program;
	if (conf.modules)
		r = mw_readers_new(&conf, &g->readers, err);
	free(module);
	if (r == 0 && g->readers && !g->offline)
		r = mw_readers_start(g->readers, err);
	return r;
}

/* ---- of a document --------------------------------------------------------------------------------------------------------------- */

static void unread(const struct mw_sink *sink, const char *reason)
{
	(void)mw_part_unread(sink->part, reason);
	(void)mw_part_unread(sink->now, reason);
}

/* What an extractor says that it cannot read is a reason for the policy; what it says of itself is a failure of ours. */
static void extract_failed(struct mw_msg *m, const struct mw_self *s, struct mw_sink *sink, int code, const char *reason,
			   const char *text)
{
	char why[sizeof(((struct mw_err *)NULL)->text) + 80];

	if (sink->limited || sink->failed || mw_part_unread(sink->part, reason))
		return;
	m->read.crashed++;
	unread(sink, "crashed");
	if (code == -ENOMEM && m->gen->readers) { /* of the memory that a document may use */
		mw_log(MW_WARNING, m->env.queue_id, "reader", "module=%s used up its memory", s->plugin->name);
		return;
	}
	(void)snprintf(why, sizeof(why), "module \"%s\": %s", s->plugin->name, text[0] ? text : strerror(-code));
	mw_msg_cause(m, MW_CAUSE_ERROR, why);
}

static void extract_inside(struct mw_msg *m, const struct mw_self *s, const struct mw_document *doc, struct mw_sink *sink)
{
	const char *reason = NULL;
	struct mw_err err = {0};
	int r = s->plugin->hooks.extract(s->inst, doc, sink, &reason, &err);

	if (r < 0)
		extract_failed(m, s, sink, r, reason, err.text);
}

static void crashed(struct mw_msg *m, const struct mw_self *s, struct mw_sink *sink, const struct mw_reading *reading)
{
	m->read.crashed++;
	unread(sink, "crashed");
	if (reading->signal)
		mw_log(MW_WARNING, m->env.queue_id, "reader", "module=%s crashed: signal %d", s->plugin->name, reading->signal);
	else
		mw_log(MW_WARNING, m->env.queue_id, "reader", "module=%s did what no module does", s->plugin->name);
}

static void late(struct mw_msg *m, const struct mw_self *s, struct mw_sink *sink)
{
	mw_log(MW_WARNING, m->env.queue_id, "reader", "module=%s did not end in time", s->plugin->name);
	m->read.late++;
	unread(sink, "limit");
	if (mw_msg_late(m))
		sink->limited = true;
	else
		(void)mw_sink_breach(sink, MW_LIMIT_READING);
}

static void extract_outside(struct mw_msg *m, const struct mw_self *s, const struct mw_document *doc, struct mw_sink *sink)
{
	struct mw_reading reading = {
	    .module = s->reader, .most = (int64_t)mw_msg_limit(m, MW_LIMIT_READING) * 1000, .until = m->deadline};
	struct mw_err err = {0};
	int r = mw_readers_read(m->gen->readers, &reading, doc, &mw_host_table, sink, &err);

	if (r < 0) {
		unread(sink, "crashed");
		(void)mw_msg_fail(m, r, err.text);
		return;
	}
	switch (reading.end) {
	case MW_READING_FAILED:
		extract_failed(m, s, sink, reading.code, reading.reason, "");
		break;
	case MW_READING_CRASHED:
		crashed(m, s, sink, &reading);
		break;
	case MW_READING_LATE:
	case MW_READING_WAITED:
		late(m, s, sink);
		break;
	case MW_READING_DONE:
	case MW_READING_STOPPED: /* the sink has noted why */
		break;
	}
}

void mw_msg_extract(struct mw_msg *m, const struct mw_self *s, const struct mw_document *doc, struct mw_sink *sink)
{
	struct mw_busy_mark mark = mw_busy_enter(m->busy, s->plugin->name, "extract");

	m->read.documents++;
	if (mw_msg_more_ahead(m, doc->data.n) < 0)
		sink->failed = -ENOMEM;
	else if (m->gen->readers)
		extract_outside(m, s, doc, sink);
	else
		extract_inside(m, s, doc, sink);
	mw_busy_leave(m->busy, mark);
}

struct mw_msg_read mw_msg_read(const struct mw_msg *m)
{
	return m->read;
}
