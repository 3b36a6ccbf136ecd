/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_records: runs what knows more, in a process of its own, and reads what it found. */
#include "ctl/doctor.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 120u		    /* until it is ended */
#define TEXT_MAX (4u * 1024 * 1024) /* octets of what it may print */
#define FIELDS 5

static const struct {
	const char *word;
	enum doctor_severity severity;
} severities[] = {{"error", DOCTOR_ERROR}, {"warning", DOCTOR_WARNING}, {"note", DOCTOR_NOTE}};

static void take_line(struct doctor *d, char *line)
{
	const char *field[FIELDS + 1] = {"", "", "", "", "", ""};

	for (size_t i = 0; i <= FIELDS && line; i++)
		field[i] = strsep(&line, "\t");
	if (strcmp(field[0], "fact") == 0) {
		doctor_add_fact(d, field[1], field[2], field[3]);
		return;
	}
	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (strcmp(field[0], severities[i].word) == 0)
			doctor_find(d, severities[i].severity, doctor_text(d, "%s", field[1]), field[2], field[4], "%s",
				    field[3]);
}

static void take_all(struct doctor *d, struct mw_buf *out)
{
	char *rest = out->p, *line;

	while (rest && (line = strsep(&rest, "\n")) != NULL)
		take_line(d, line);
}

/* The last line that is not empty. */
static const char *last_line(struct doctor *d, struct mw_buf *text)
{
	char *end;

	while (text->n && strchr("\n ", text->p[text->n - 1]))
		mw_buf_cut(text, text->n - 1);
	end = text->n ? strrchr(text->p, '\n') : NULL;
	return doctor_text(d, "%s", end ? end + 1 : mw_buf_text(text));
}

/* false: nothing more comes. */
static bool read_some(int fd, struct mw_buf *to)
{
	char piece[8192];
	ssize_t n = read(fd, piece, sizeof(piece));

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	if (to->n < TEXT_MAX)
		mw_buf_add(to, piece, (size_t)n);
	return true;
}

/* Until both are at their end. false: it takes too long. */
static bool read_both(int out, int err, struct mw_buf *text, struct mw_buf *said)
{
	struct pollfd fd[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
	const int64_t end = mw_clock_ms() + SECONDS * 1000;

	while (fd[0].fd >= 0 || fd[1].fd >= 0) {
		int64_t left = end - mw_clock_ms();
		int r = left > 0 ? poll(fd, 2, (int)left) : 0;

		if (left <= 0 || (r < 0 && errno != EINTR))
			return false;
		if (r <= 0)
			continue;
		if (fd[0].fd >= 0 && fd[0].revents && !read_some(out, text))
			fd[0].fd = -1;
		if (fd[1].fd >= 0 && fd[1].revents && !read_some(err, said))
			fd[1].fd = -1;
	}
	return true;
}

__attribute__((noreturn)) static void be_child(int out, int err, int (*fn)(void *), void *ctx)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), r;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(126);
	(void)setpgid(0, 0); /* to be ended with whatever it starts */
	r = fn(ctx);
	if (fflush(stdout) != 0)
		r = 126;
	_exit(r);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int doctor_records(struct doctor *d, int (*fn)(void *), void *ctx, const char **ret)
{
	struct mw_buf text = MW_BUF_INIT, said = MW_BUF_INIT;
	int out[2], err[2], r;
	pid_t pid;

	*ret = "";
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(err, O_CLOEXEC) < 0) {
		r = -errno;
		(void)close(out[0]);
		(void)close(out[1]);
		return r;
	}
	fflush(stdout); /* what is buffered would be printed twice */
	fflush(stderr);
	pid = fork();
	if (pid == 0)
		be_child(out[1], err[1], fn, ctx);
	r = pid < 0 ? -errno : 0;
	(void)close(out[1]);
	(void)close(err[1]);
	if (pid > 0) {
		(void)setpgid(pid, pid); /* whoever of us is first */
		if (!read_both(out[0], err[0], &text, &said))
			(void)kill(-pid, SIGKILL);
		r = wait_for(pid);
	}
	(void)close(out[0]);
	(void)close(err[0]);
	d->lost = d->lost || !mw_buf_ok(&text) || !mw_buf_ok(&said);
	take_all(d, &text);
	*ret = last_line(d, &said);
	mw_buf_free(&text);
	mw_buf_free(&said);
	return r;
}
