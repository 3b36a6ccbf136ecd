/* SPDX-License-Identifier: Apache-2.0 */
#include "fakesink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A breach of the contract, or a machine without memory: no test goes on. */
static void must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "fakesink: %s\n", what);
	abort();
}

static int add(struct mw_sink *s, const char *p, size_t n)
{
	char *grown;

	if (s->max && (n > s->max || s->n > s->max - n))
		return -EFBIG;
	grown = realloc(s->p, s->n + n + 1);
	must(grown != NULL, "no memory");
	if (n)
		memcpy(grown + s->n, p, n);
	s->p = grown;
	s->n += n;
	grown[s->n] = '\0';
	return 0;
}

static int add_line(struct mw_sink *s, const char *a, struct mw_str b)
{
	int r = add(s, a, strlen(a));

	if (r == 0)
		r = add(s, b.p, b.n);
	return r == 0 ? add(s, "\n", 1) : r;
}

static struct mw_str str(const char *s)
{
	return (struct mw_str){.p = s, .n = strlen(s)};
}

static void must_be_reason(const char *reason)
{
	static const char *const words[] = {MW_UNREADABLE_WORDS};

	for (size_t i = 0; reason && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i], reason) == 0)
			return;
	must(false, "a reason that is no word of the list");
}

int fs_text(struct mw_sink *s, const char *utf8, size_t n)
{
	must(!s->in_member, "text inside of a member");
	return add(s, utf8, n);
}

int fs_section(struct mw_sink *s, const char *name)
{
	must(!s->in_member, "a section inside of a member");
	s->hidden = false;
	return add_line(s, "\n== !", str(name ? name : ""));
}

int fs_hidden(struct mw_sink *s)
{
	must(!s->in_member && !s->hidden, "hidden twice, or inside of a member");
	s->hidden = true;
	return add_line(s, "\n== hidden", str(""));
}

int fs_page(struct mw_sink *s)
{
	s->pages++;
	return s->max_pages && s->pages > s->max_pages ? -EFBIG : 0;
}

int fs_unread(struct mw_sink *s, const char *reason)
{
	must_be_reason(reason);
	return add_line(s, "\n== unread ", str(reason));
}

int fs_member(struct mw_sink *s, const struct mw_member *m)
{
	int r;

	must(!s->in_member, "a member inside of a member");
	if (s->max_members && s->members >= s->max_members)
		return -EFBIG;
	s->members++;
	s->in_member = true;
	r = add(s, "\n== /", 5);
	if (r == 0)
		r = add(s, m->name.p, m->name.n);
	if (r == 0)
		r = add(s, " ", 1);
	if (r == 0)
		r = add(s, m->type, strlen(m->type));
	if (r == 0)
		r = add(s, " ", 1);
	return r == 0 ? add_line(s, m->charset, str(m->flags & MW_MEMBER_BODY ? " body" : "")) : r;
}

int fs_member_data(struct mw_sink *s, const char *p, size_t n)
{
	must(s->in_member, "data outside of a member");
	return add(s, p, n);
}

int fs_member_end(struct mw_sink *s, const char *unread)
{
	must(s->in_member, "the end of no member");
	s->in_member = false;
	if (unread)
		must_be_reason(unread);
	return add_line(s, unread ? "\n== end " : "\n== end", str(unread ? unread : ""));
}

/* ---- programs -------------------------------------------------------------------------------------------------------------------- */

static int input_file(struct mw_str input)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t at = 0;

	must(fd >= 0, "memfd_create");
	while (at < input.n) {
		ssize_t n = write(fd, input.p + at, input.n - at);

		must(n > 0, "cannot write the input");
		at += (size_t)n;
	}
	must(lseek(fd, 0, SEEK_SET) == 0, "lseek");
	return fd;
}

static void child(const char *const *argv, int in, int out)
{
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || !freopen("/dev/null", "w", stderr))
		_exit(127);
	(void)execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

struct running {
	int out;
	pid_t pid;
};

/* first: it prints into a pipe. */
static struct running start(const struct mw_program *what, bool first)
{
	int in = input_file(what->input), pipes[2];
	struct running t;

	if (first) {
		must(pipe(pipes) == 0, "pipe");
	} else {
		pipes[0] = memfd_create("output", MFD_CLOEXEC);
		pipes[1] = pipes[0] >= 0 ? dup(pipes[0]) : -1;
		must(pipes[1] >= 0, "memfd_create");
	}
	t.out = pipes[0];
	t.pid = fork();
	must(t.pid >= 0, "fork");
	if (t.pid == 0)
		child(what->argv, in, pipes[1]);
	(void)close(pipes[1]);
	(void)close(in);
	return t;
}

static int finish(const struct running *t, struct mw_program *what, bool first, int r)
{
	char piece[4096];
	int code = 0;
	ssize_t n;

	if (!first) {
		must(waitpid(t->pid, &code, 0) == t->pid, "waitpid");
		must(lseek(t->out, 0, SEEK_SET) == 0, "lseek");
	}
	while (r == 0 && (n = read(t->out, piece, sizeof(piece))) > 0)
		r = what->fn(what->ctx, piece, (size_t)n);
	(void)close(t->out);
	if (first)
		must(waitpid(t->pid, &code, 0) == t->pid, "waitpid");
	what->status = WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
	return r;
}

int fs_run_beside(struct mw_sink *s, struct mw_program *runs, size_t n, int (*meanwhile)(void *ctx), void *ctx)
{
	struct running t[MW_PROGRAMS_MOST];
	int r;

	s->runs++;
	must(n <= MW_PROGRAMS_MOST, "too many programs at once");
	for (size_t i = 0; i < n; i++)
		if (access(runs[i].argv[0], X_OK) != 0)
			return -ENOENT;
	for (size_t i = 0; i < n; i++)
		t[i] = start(&runs[i], i == 0);
	r = meanwhile ? meanwhile(ctx) : 0;
	for (size_t i = 0; i < n; i++)
		r = finish(&t[i], &runs[i], i == 0, r);
	return r;
}

int fs_run(struct mw_sink *s, const char *const *argv, struct mw_str input, int (*fn)(void *ctx, const char *p, size_t n),
	   void *ctx, int *status)
{
	struct mw_program one = {.argv = argv, .input = input, .fn = fn, .ctx = ctx};
	int r = fs_run_beside(s, &one, 1, NULL, NULL);

	*status = one.status;
	return r;
}

void fs_reset(struct mw_sink *s)
{
	must(!s->in_member, "a member without an end");
	free(s->p);
	*s = (struct mw_sink){.max = s->max, .max_pages = s->max_pages, .max_members = s->max_members};
}
