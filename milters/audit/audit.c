/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit: a record of every decision, in a file whose records are chained. The policy says `always record audit`.
 * act() returns when the record is on disk. When it cannot be written, it fails, and with it the message: what is not recorded is
 * not accepted.
 */
#include <milward/plugin.h>

#include "commands.h"
#include "message.h"
#include "audit/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct args {
	int64_t what;
};

struct inst {
	const struct mw_host *host;
	struct mw_self *self;
	struct mw_audit_writer *writer;
};

static const struct mw_word record_words[] = {{"audit", 0}, {NULL, 0}};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct mw_audit_conf, path, "path", .flags = MW_REQUIRED, .help = "file that records are appended to"),
    MW_OPT(PATH, struct mw_audit_conf, key, "key", .help = "file with a secret that the chain is made with; 32 octets or more"),
    MW_OPT(BOOL, struct mw_audit_conf, sync, "sync", .dflt = "yes", .help = "a message is accepted when its record is on disk"),
    MW_OPT(INT, struct mw_audit_conf, checkpoint, "checkpoint", .dflt = "1000", .min = 1, .max = 1000000000,
	   .help = "records between two checkpoints in the log"),
    {0},
};

static const struct mw_opt record_args[] = {
    MW_OPT(WORD, struct args, what, "what", .flags = MW_REQUIRED, .words = record_words, .help = "the kind of record"),
    {0},
};

static const struct mw_action actions[] = {
    {.name = "record",
     .help = "write down what was decided",
     .args = record_args,
     .args_size = sizeof(struct args),
     .effect = MW_RECORD},
    {0},
};

static const struct mw_command commands[] = {
    {.name = "verify",
     .args = "[--key FILE] [--head SEQ:HASH] [--no-head] [FILE...]",
     .help = "are the records whole and unchanged? Files in order, the oldest first",
     .run = mw_audit_verify_command},
    {.name = "show",
     .args = "[--json] [--queue-id ID] [--recipient ADDRESS] [--since TIME] [--until TIME] [FILE...]",
     .help = "records for a person",
     .run = mw_audit_show_command},
    {.name = "export",
     .args = "[--format csv|json] [--queue-id ID] [--recipient ADDRESS] [--since TIME] [--until TIME] [FILE...]",
     .help = "one row for each recipient, for an auditor",
     .run = mw_audit_export_command},
    {.name = "report",
     .args =
	 "--month MONTH [--audit FILE]... [--key FILE]... [--mail-log FILE]... [--departments FILE] [--no-senders] [--site NAME] "
	 "[--top N] [--utc] [--json | --html FILE] [FILE...]",
     .help = "a month in numbers, and whether its records are whole; also as `milwardctl report`",
     .run = mw_audit_report_command},
    {.name = "doctor",
     .args = "",
     .help = "is the end of the chain there? For milwardctl doctor",
     .run = mw_audit_doctor_command},
    {0},
};

static int audit_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	const struct mw_audit_conf *c = conf;
	struct mw_audit_setup setup = {.path = c->path, .key = c->key, .sync = c->sync, .checkpoint = (uint64_t)c->checkpoint};
	struct inst *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		return host->fail(err, -ENOMEM, "no memory");
	in->host = host;
	in->self = self;
	r = mw_audit_writer_open(host, self, &setup, &in->writer, err);
	if (r < 0) {
		free(in);
		return r;
	}
	*inst = in;
	return 0;
}

static void audit_close(void *inst)
{
	struct inst *in = inst;

	if (!in)
		return;
	mw_audit_writer_close(in->writer, in->self);
	free(in);
}

static int begin(void *inst, struct mw_msg *msg, void **tx, struct mw_err *err)
{
	struct inst *in = inst;

	*tx = in->host->alloc(msg, sizeof(bool));
	return *tx ? 0 : in->host->fail(err, -ENOMEM, "no memory");
}

static int act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *order, struct mw_err *err)
{
	struct inst *in = inst;
	bool *done = tx; /* two lines may order the same record */
	char *members;
	int r;

	(void)order;
	if (*done)
		return 0;
	r = mw_audit_message(in->host, msg, &members, err);
	if (r < 0)
		return r;
	r = mw_audit_writer_append(in->writer, in->self, "message", (struct mw_str){.p = members, .n = strlen(members)}, err);
	free(members);
	*done = r == 0;
	return r;
}

MW_PLUGIN(audit, "audit", .kind = MW_KIND_MILTER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "records every decision in a file whose records are chained", .powers = MW_POWER_STORE, .options = options,
	  .conf_size = sizeof(struct mw_audit_conf), .actions = actions, .commands = commands,
	  .hooks = {.open = audit_open, .begin = begin, .act = act, .close = audit_close});
