/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "show.h"
#include "verify.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USAGE = 64 }; /* exit status, as milwardctl's own */
enum { OPT_KEY = 256, OPT_HEAD, OPT_NO_HEAD, OPT_JSON, OPT_QUEUE_ID, OPT_RECIPIENT, OPT_SINCE, OPT_UNTIL, OPT_FORMAT };

/* The files to read: the arguments, else the policy's. */
struct files {
	size_t n;
	char *const *v;
	char *one[1];
};

static bool files_of(struct files *f, const struct mw_audit_conf *c, int argc, char **argv)
{
	if (optind < argc) {
		f->n = (size_t)(argc - optind);
		f->v = argv + optind;
		return true;
	}
	if (!c || !c->path) {
		fprintf(stderr, "%s: name the audit file, or the policy that has its path\n", argv[0]);
		return false;
	}
	f->one[0] = (char *)(uintptr_t)c->path;
	f->n = 1;
	f->v = f->one;
	return true;
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

int mw_audit_verify_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct mw_audit_conf *c = conf;
	struct mw_audit_chain chain;
	struct mw_audit_verify v = {.chain = &chain, .out = stdout};
	const char *key = c ? c->key : NULL;
	struct mw_err err = {0};
	struct files files;
	int r;

	if (!verify_options(&v, &key, argc, argv) || !files_of(&files, c, argc, argv))
		return USAGE;
	if (mw_audit_chain_open(host, key, &chain, &err) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], err.text);
		return 1;
	}
	r = mw_audit_verify(&v, files.n, files.v, stderr);
	mw_audit_chain_wipe(&chain);
	return r == 0 && fflush(stdout) == 0 ? 0 : 1;
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

static int query_files(const struct mw_audit_query *q, const struct files *files, mw_audit_query_fn fn,
		       struct mw_audit_show *show, const char *name)
{
	uint64_t skipped = 0;
	int status = 0;

	for (size_t i = 0; i < files->n; i++) {
		int r = mw_audit_query_run(q, files->v[i], fn, show, &skipped);

		if (r < 0) {
			fprintf(stderr, "%s: cannot read %s: %s\n", name, files->v[i], strerror(-r));
			status = 1;
		}
	}
	if (skipped) {
		fprintf(stderr, "%s: lines that are no records: %llu; run audit verify\n", name, (unsigned long long)skipped);
		status = 1;
	}
	return fflush(stdout) == 0 ? status : 1;
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

	(void)host;
	if (!query_options(&q, &show, longs, argc, argv) || !files_of(&files, conf, argc, argv))
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

	(void)host;
	if (!query_options(&q, &show, longs, argc, argv) || !files_of(&files, conf, argc, argv))
		return USAGE;
	mw_audit_export_begin(&show);
	status = query_files(&q, &files, mw_audit_export_record, &show, argv[0]);
	mw_audit_export_end(&show);
	return fflush(stdout) == 0 ? status : 1;
}
