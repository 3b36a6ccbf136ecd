/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "input.h"
#include "show.h"
#include "verify.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USAGE = 64, FILES_MOST = 8 }; /* USAGE: exit status, as milwardctl's own; FILES_MOST: that a policy can name */
enum { OPT_KEY = 256, OPT_HEAD, OPT_NO_HEAD, OPT_JSON, OPT_QUEUE_ID, OPT_RECIPIENT, OPT_SINCE, OPT_UNTIL, OPT_FORMAT };

const char *mw_audit_file_of(const struct mw_host *host, const struct mw_audit_conf *c, size_t i, const char **key)
{
	if (host->audit_file)
		return host->audit_file(host, i, key);
	if (i || !c)
		return NULL;
	*key = c->key;
	return c->path;
}

/* The files to read: the arguments, else those of the policy. */
struct files {
	size_t n;
	char *const *v;
	const char *key[FILES_MOST]; /* of the policy's */
	bool policy;
	char *of_policy[FILES_MOST];
};

static bool files_of(struct files *f, const struct mw_host *host, const struct mw_audit_conf *c, int argc, char **argv)
{
	const char *path;

	*f = (struct files){.n = (size_t)(argc - optind), .v = argv + optind};
	if (f->n)
		return true;
	while (f->n < FILES_MOST && (path = mw_audit_file_of(host, c, f->n, &f->key[f->n])) != NULL)
		f->of_policy[f->n++] = (char *)(uintptr_t)path;
	f->v = f->of_policy;
	f->policy = true;
	if (f->n == 0)
		fprintf(stderr, "%s: name the audit file, or the policy that has its path: milwardctl -p POLICY audit %s\n",
			argv[0], argv[0]);
	return f->n > 0;
}

/* ---- verify -----------------------------------------------------------------------------------------------------------------
 */

/* SEQ:HASH, as a checkpoint in the log has it. */
static bool head_of(const char *text, struct mw_audit_verify *v)
{
	char *end;

	if (*text < '1' || *text > '9')
		return false;
	v->head_seq = strtoull(text, &end, 10);
	if (*end != ':' || v->head_seq > MW_AUDIT_SEQ_MAX || strlen(end + 1) != MW_AUDIT_HEX ||
	    strspn(end + 1, "0123456789abcdef") != MW_AUDIT_HEX)
		return false;
	memcpy(v->head_hash, end + 1, MW_AUDIT_HEX + 1);
	return true;
}

static bool verify_options(struct mw_audit_verify *v, const char **key, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"key", required_argument, NULL, OPT_KEY},
	    {"head", required_argument, NULL, OPT_HEAD},
	    {"no-head", no_argument, NULL, OPT_NO_HEAD},
	    {0},
	};
	int opt;

	optind = 0; /* milwardctl has used getopt before */
	while ((opt = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		switch (opt) {
		case OPT_KEY:
			*key = optarg;
			break;
		case OPT_HEAD:
			if (!head_of(optarg, v)) {
				fprintf(stderr, "%s: --head takes SEQ:HASH, as the log has it\n", argv[0]);
				return false;
			}
			break;
		case OPT_NO_HEAD:
			v->no_head = true;
			break;
		default:
			return false;
		}
	}
	return true;
}

/* Files of one chain. */
static int verify_chain(const struct mw_host *host, struct mw_audit_verify v, const char *key, size_t n, char *const *file,
			const char *name)
{
	struct mw_audit_chain chain;
	struct mw_err err = {0};
	int r;

	if (mw_audit_chain_open(host, key, &chain, &err) < 0) {
		fprintf(stderr, "%s: %s\n", name, err.text);
		return 1;
	}
	v.chain = &chain;
	r = mw_audit_verify(&v, n, file, stderr);
	mw_audit_chain_wipe(&chain);
	return r == 0 ? 0 : 1;
}

int mw_audit_verify_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct mw_audit_conf *c = conf;
	struct mw_audit_verify v = {.out = stdout};
	const char *key = NULL;
	struct files files;
	int r = 0;

	if (!verify_options(&v, &key, argc, argv) || !files_of(&files, host, c, argc, argv))
		return USAGE;
	if (!files.policy) {
		r = verify_chain(host, v, key || !c ? key : c->key, files.n, files.v, argv[0]);
		return fflush(stdout) == 0 ? r : 1;
	}
	/* Each is a chain of its own; a key or a head that is given is of one of them: the first. */
	if (key || v.head_seq)
		files.n = 1;
	for (size_t i = 0; i < files.n; i++) {
		if (files.n > 1)
			printf("%s:\n", files.v[i]);
		r |= verify_chain(host, v, key ? key : files.key[i], 1, &files.v[i], argv[0]);
	}
	return fflush(stdout) == 0 ? r : 1;
}

/* ---- show and export --------------------------------------------------------------------------------------------------------
 */

static bool query_option(int opt, struct mw_audit_query *q, struct mw_audit_show *show)
{
	switch (opt) {
	case OPT_JSON:
		show->json = true;
		return true;
	case OPT_QUEUE_ID:
		q->queue_id = optarg;
		return true;
	case OPT_RECIPIENT:
		q->recipient = optarg;
		return true;
	case OPT_SINCE:
		q->since = optarg;
		return mw_audit_time_valid(optarg);
	case OPT_UNTIL:
		q->until = optarg;
		return mw_audit_time_valid(optarg);
	case OPT_FORMAT:
		show->json = strcmp(optarg, "json") == 0;
		return show->json || strcmp(optarg, "csv") == 0;
	default:
		return false;
	}
}

static bool query_options(struct mw_audit_query *q, struct mw_audit_show *show, const struct option *longs, int argc, char **argv)
{
	int opt;

	optind = 0;
	while ((opt = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (opt == '?')
			return false;
		if (!query_option(opt, q, show)) {
			fprintf(stderr, "%s: \"%s\" is not %s\n", argv[0], optarg,
				opt == OPT_FORMAT ? "csv or json" : "a time as records have it: 2026-11-22T03:25");
			return false;
		}
	}
	return true;
}

static void tell(void *ctx, const char *file, int error, uint64_t lines)
{
	struct mw_audit_show *show = ctx;

	show->failed = true;
	if (error)
		fprintf(stderr, "%s: cannot read %s: %s\n", show->command, file, mw_audit_input_why(-error));
	else
		fprintf(stderr, "%s: %s: lines that are no records: %" PRIu64 "; milwardctl audit verify %s tells which\n",
			show->command, file, lines, file);
}

/* Those of a policy are written at the same time, by several: in order of time. What was named is in the order that was given. */
static int query_files(const struct mw_audit_query *q, const struct files *files, mw_audit_query_fn fn,
		       struct mw_audit_show *show, const char *name)
{
	size_t at_once = files->policy ? files->n : 1;

	show->command = name;
	show->names = files->n > 1;
	for (size_t i = 0; i < files->n; i += at_once) {
		int r = mw_audit_query_run(q, at_once, files->v + i, fn, tell, show);

		if (r == -ENOMEM)
			fprintf(stderr, "%s: out of memory\n", name);
		show->failed = show->failed || r < 0;
	}
	return fflush(stdout) == 0 && !show->failed ? 0 : 1;
}

int mw_audit_show_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, OPT_JSON},
	    {"queue-id", required_argument, NULL, OPT_QUEUE_ID},
	    {"recipient", required_argument, NULL, OPT_RECIPIENT},
	    {"since", required_argument, NULL, OPT_SINCE},
	    {"until", required_argument, NULL, OPT_UNTIL},
	    {0},
	};
	struct mw_audit_query q = {0};
	struct mw_audit_show show = {0};
	struct files files;

	if (!query_options(&q, &show, longs, argc, argv) || !files_of(&files, host, conf, argc, argv))
		return USAGE;
	return query_files(&q, &files, mw_audit_show_record, &show, argv[0]);
}

int mw_audit_export_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"format", required_argument, NULL, OPT_FORMAT},	   {"queue-id", required_argument, NULL, OPT_QUEUE_ID},
	    {"recipient", required_argument, NULL, OPT_RECIPIENT}, {"since", required_argument, NULL, OPT_SINCE},
	    {"until", required_argument, NULL, OPT_UNTIL},	   {0},
	};
	struct mw_audit_query q = {0};
	struct mw_audit_show show = {0};
	struct files files;
	int status;

	if (!query_options(&q, &show, longs, argc, argv) || !files_of(&files, host, conf, argc, argv))
		return USAGE;
	/* Messages are in milward's own file alone. */
	files.n = files.policy ? 1 : files.n;
	mw_audit_export_begin(&show);
	status = query_files(&q, &files, mw_audit_export_record, &show, argv[0]);
	mw_audit_export_end(&show);
	return fflush(stdout) == 0 ? status : 1;
}
