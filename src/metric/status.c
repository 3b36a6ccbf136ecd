/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/status.h"

#include "metric/answer.h"
#include "metric/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MODE 0660u

struct mw_status {
	struct mw_status_conf conf;
	struct mw_common *common;
	struct mw_answerer *answerer; /* NULL: none */
	struct mw_process process;
};

static const char *const results[] = {"ok", "failed", NULL};
static const char *const levels[] = {"error", "warning", NULL};

static const struct mw_metric rows[] = {
    MW_METRIC(INFO, struct mw_common, build, "milward_build", "The program, and the policy that it was started with.",
	      .label = {"program", "policy", "version"}),
    MW_METRIC(GAUGE, struct mw_common, started, "milward_start_time_seconds", "When the service was started, since 1970."),
    MW_METRIC(INFO, struct mw_common, policy, "milward_policy", "The policy that is running.",
	      .label = {"file", "digest", "mode"}),
    MW_METRIC(GAUGE, struct mw_common, loaded, "milward_policy_loaded_timestamp_seconds", "When it was loaded, since 1970."),
    MW_METRIC(GAUGE, struct mw_common, last_good, "milward_policy_last_reload_successful",
	      "0: an older policy is running than the one on disk."),
    MW_METRIC(COUNTER, struct mw_common, reloads, "milward_reloads", "Reloads.", .label = {"result"}, .word = {results}),
    MW_METRIC(COUNTER, struct mw_common, log_lines, "milward_log_lines", "Lines in the log.", .label = {"level"},
	      .word = {levels}),
    {.name = NULL},
};

/* ---- what is told ------------------------------------------------------------------------------------------------------------------ */

static void tell(void *ctx, enum mw_metric_format format, struct mw_buf *b)
{
	struct mw_status *s = ctx;

	if (s->conf.refresh)
		s->conf.refresh(s->conf.ctx);
	mw_metrics_write(rows, s->common, format, b);
	mw_metrics_write(s->conf.rows, s->common, format, b);
	mw_process_write(&s->process, format, b);
}

void mw_common_policy(struct mw_common *c, const char *file, const char *digest, bool observe)
{
	char first[13];

	(void)snprintf(first, sizeof(first), "%s", digest);
	mw_info_set(&c->policy, file, first, observe ? "observe" : "enforce");
	mw_gauge_set(&c->loaded, (int64_t)time(NULL));
	mw_gauge_set(&c->last_good, 1);
}

void mw_common_reload(struct mw_common *c, bool good)
{
	mw_count(&c->reloads[good ? 0 : 1]);
	mw_gauge_set(&c->last_good, good);
}

/* ---- the socket -------------------------------------------------------------------------------------------------------------------- */

/* "outbound" of /etc/milward/outbound.policy. */
static struct mw_str policy_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name);

	if (n > 7 && strcmp(name + n - 7, ".policy") == 0)
		n -= 7;
	return (struct mw_str){.p = name, .n = n};
}

bool mw_status_folder(char *path, size_t size)
{
	const char *made = getenv("RUNTIME_DIRECTORY");
	int n = snprintf(path, size, "%.*s", made && *made ? (int)strcspn(made, ":") : (int)strlen(MW_STATUS_FOLDER),
			 made && *made ? made : MW_STATUS_FOLDER);

	return n > 0 && (size_t)n < size;
}

/* Nobody has asked for it: the service runs without, too. A machine that has not even the folder needs no word about it. */
static void open_usual(struct mw_status *s)
{
	struct mw_str name = policy_name(s->conf.start->policy);
	char folder[128], spec[512];
	struct mw_err err;

	if (!mw_status_folder(folder, sizeof(folder)) || access(folder, F_OK))
		return;
	(void)snprintf(spec, sizeof(spec), "unix:%s/%s.%.*s.status", folder, s->conf.start->program, (int)name.n, name.p);
	if (mw_answerer_new(spec, MODE, tell, s, &s->answerer, &err))
		mw_log(MW_NOTICE, NULL, "status", "%s; there is no status socket", err.text);
}

static enum mw_exit open_socket(struct mw_status *s, struct mw_err *err)
{
	const char *spec = s->conf.start->status;

	if (!spec) {
		open_usual(s);
		return MW_EXIT_OK;
	}
	if (strcmp(spec, "none") == 0 || mw_answerer_new(spec, MODE, tell, s, &s->answerer, err) == 0)
		return MW_EXIT_OK;
	mw_err_prefix(err, "--status");
	return MW_EXIT_CREATE;
}

enum mw_exit mw_status_new(const struct mw_status_conf *conf, struct mw_status **ret, struct mw_err *err)
{
	struct mw_status *s = calloc(1, sizeof(*s));
	struct mw_str name = policy_name(conf->start->policy);
	char policy[128];
	enum mw_exit status;

	if (s)
		s->common = mw_metrics_new(conf->size);
	if (!s || !s->common) {
		free(s);
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	s->conf = *conf;
	s->process = (struct mw_process)MW_PROCESS_NONE;
	mw_process_open(&s->process, (long)getpid());
	(void)snprintf(policy, sizeof(policy), "%.*s", (int)name.n, name.p);
	mw_info_set(&s->common->build, conf->start->program, policy, MW_VERSION);
	mw_gauge_set(&s->common->started, (int64_t)time(NULL));
	mw_log_tally(&s->common->log_lines[0], &s->common->log_lines[1]);
	status = open_socket(s, err);
	if (status == MW_EXIT_OK)
		*ret = s;
	else
		mw_status_free(&s);
	return status;
}

void *mw_status_counters(const struct mw_status *s)
{
	return s->common;
}

int mw_status_fd(const struct mw_status *s)
{
	return s->answerer ? mw_answerer_fd(s->answerer) : -1;
}

const char *mw_status_path(const struct mw_status *s)
{
	return s->answerer ? mw_answerer_path(s->answerer) : NULL;
}

void mw_status_turn(struct mw_status *s)
{
	if (s->answerer)
		mw_answerer_turn(s->answerer);
}

void mw_status_process(struct mw_status *s, long pid)
{
	mw_process_open(&s->process, pid);
}

void mw_status_leave(struct mw_status *s)
{
	if (!s)
		return;
	mw_answerer_leave(&s->answerer);
	mw_process_close(&s->process);
}

void mw_status_free(struct mw_status **p)
{
	if (*p) {
		mw_answerer_free(&(*p)->answerer);
		mw_process_close(&(*p)->process);
	}
	free(*p);
	*p = NULL;
}
