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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The file of the process id, ours for as long as *fd is open: a second milward must not take the first one's away. Who says /dev/null keeps
 * it. O_NONBLOCK: nobody may read a FIFO. */
static int write_pid(const struct mw_options *o, int *fd)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;
	bool file;

	*fd = open(o->pid_file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return mw_start_refused(&o->start, MW_EXIT_CREATE,
					"--pid-file %s: %s; is its folder there, and may we write to it?", o->pid_file,
					strerror(errno));
	file = S_ISREG(st.st_mode);
	if (file && fcntl(*fd, F_SETLK, &all) < 0) {
		(void)close(*fd);
		*fd = -1; /* it is not ours to remove */
		return mw_start_refused(&o->start, MW_EXIT_CREATE,
					"--pid-file %s: another milward has it; stop that one, or name another file",
					o->pid_file);
	}
	if ((!file || ftruncate(*fd, 0) == 0) && dprintf(*fd, "%ld\n", (long)getpid()) > 0)
		return MW_EXIT_OK;
	return mw_start_refused(&o->start, MW_EXIT_CREATE, "--pid-file %s: %s", o->pid_file, strerror(errno));
}

static void remove_pid(const struct mw_options *o, int fd)
{
	struct stat ours, there;

	if (fd < 0)
		return;
	if (fstat(fd, &ours) == 0 && S_ISREG(ours.st_mode) && lstat(o->pid_file, &there) == 0 && there.st_dev == ours.st_dev &&
	    there.st_ino == ours.st_ino)
		(void)unlink(o->pid_file);
	(void)close(fd);
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
	int status, pid_fd = -1;

	mw_count_init();
	status = (int)mw_status_new(&conf, &telling, &err);
	if (status != MW_EXIT_OK)
		return mw_start_refused(&o->start, status, "%s", err.text);
	if (o->pid_file)
		status = write_pid(o, &pid_fd);
	if (status == MW_EXIT_OK)
		status = mw_supervise(o, telling, mw_worker_run, ready_fd);
	remove_pid(o, pid_fd);
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
