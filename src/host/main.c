/* SPDX-License-Identifier: Apache-2.0 */
/* milward: the daemon. Command line, user, background; then the supervisor. */
#include "host/options.h"
#include "host/supervisor.h"
#include "host/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_pid(const struct mw_options *o)
{
	FILE *f = fopen(o->pid_file, "we");
	bool good = f && fprintf(f, "%ld\n", (long)getpid()) > 0;

	if (f && fclose(f))
		good = false;
	return good ? MW_EXIT_OK : mw_start_refused(&o->start, MW_EXIT_CREATE, "--pid-file %s: %s", o->pid_file, strerror(errno));
}

/* The process that the user started: ends when the service is up, or with its failure. */
static int wait_until_ready(int ready_fd, pid_t pid)
{
	char octet = MW_EXIT_SOFTWARE;
	int status;

	if (read(ready_fd, &octet, 1) == 1)
		return octet;
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		return WEXITSTATUS(status);
	return MW_EXIT_SOFTWARE;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	if (null < 0)
		return;
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO); /* standard error: when the service is up, see mw_leave_stderr() */
	(void)close(null);
}

static int serve(const struct mw_options *o, int ready_fd)
{
	struct mw_status_conf conf = {.start = &o->start, .rows = mw_count_rows, .size = sizeof(struct mw_counts)};
	struct mw_status *telling = NULL;
	struct mw_err err;
	int status;

	mw_count_init();
	status = (int)mw_status_new(&conf, &telling, &err);
	if (status != MW_EXIT_OK)
		return mw_start_refused(&o->start, status, "%s", err.text);
	if (o->pid_file)
		status = write_pid(o);
	if (status == MW_EXIT_OK)
		status = mw_supervise(o, telling, mw_worker_run, ready_fd);
	if (o->pid_file)
		(void)unlink(o->pid_file);
	mw_status_free(&telling);
	return status;
}

static int detach_and_serve(const struct mw_options *o)
{
	int ready[2];
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return mw_start_refused(&o->start, MW_EXIT_SYSTEM, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return mw_start_refused(&o->start, MW_EXIT_SYSTEM, "fork: %s", strerror(errno));
	if (pid > 0) {
		(void)close(ready[1]);
		return wait_until_ready(ready[0], pid);
	}
	(void)close(ready[0]);
	leave_terminal();
	return serve(o, ready[1]);
}

int main(int argc, char **argv)
{
	static struct mw_options o;
	int status = mw_options_parse(argc, argv, &o);

	if (status)
		return status - 1;
	status = mw_start_settle(&o.start);
	if (status)
		return status;
	if (o.start.test)
		return mw_worker_test(&o);
	return o.detach ? detach_and_serve(&o) : serve(&o, -1);
}
