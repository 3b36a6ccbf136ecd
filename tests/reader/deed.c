/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deed: an extractor that does what the document says, as one would that a document has taken over. What comes back from the system
 * becomes text. Built twice: as "deed", and with RUN as "deed-run", which has a program to run.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <milward/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct conf {
	const char *tool, *slow;
	const char *fail; /* open() fails with this */
	struct mw_list words;
	int64_t number;
	bool flag;
};

struct inst {
	const struct mw_host *host;
	const struct conf *conf;
	char first[64]; /* what open() could read of a file */
};

struct work {
	const struct inst *inst;
	struct mw_sink *sink;
	const char *arg; /* behind the word */
};

static int say(const struct work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int say(const struct work *w, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return w->inst->host->sink_text(w->sink, text, (size_t)n);
}

static int result(const struct work *w, long r)
{
	return say(w, "%s\n", r < 0 ? strerrorname_np(errno) : "done");
}

/* ---- ends ------------------------------------------------------------------------------------------------------------------------ */

static int do_crash(const struct work *w)
{
	(void)say(w, "before\n");
	(void)w->inst->host->sink_section(w->sink, "part");
	(void)say(w, "more\n");
	for (int i = 0; i < 40000; i++) /* more than one packet, so that it is on its way */
		(void)say(w, "x\n");
	*(volatile int *)(uintptr_t)8 = 1;
	return 0;
}

static int do_abort(const struct work *w)
{
	(void)w;
	abort();
}

static int do_exit(const struct work *w)
{
	(void)w;
	_exit(0);
}

static int do_spin(const struct work *w)
{
	(void)w;
	for (volatile bool on = true; on; on = true)
		;
	return 0;
}

static int do_sleep(const struct work *w)
{
	(void)w;
	(void)signal(SIGALRM, SIG_IGN);
	for (;;)
		(void)sleep(1000);
	return 0;
}

static int do_memory(const struct work *w)
{
	size_t n = 0;
	char *p;

	(void)say(w, "before\n");
	while ((p = malloc(1 << 20)) != NULL) {
		*(volatile char *)p = 1;
		n++;
		if (n > 16384)
			return say(w, "no bound\n");
	}
	return -ENOMEM;
}

static int do_flood(const struct work *w)
{
	char text[1000];

	memset(text, 'a', sizeof(text));
	for (;;) {
		int r = w->inst->host->sink_text(w->sink, text, sizeof(text));

		if (r < 0)
			return r;
	}
}

/* Calls that no limit counts. */
static int do_chatter(const struct work *w)
{
	for (;;)
		if (w->inst->host->sink_section(w->sink, NULL) < 0)
			return -EFBIG;
}

/* Into every descriptor that there may be: the socket to milward among them. */
static int do_garbage(const struct work *w)
{
	static const char frame[] = "\xff\xff\xff\xff\xff\xff\xff\xffgarbage";

	(void)w;
	for (int fd = 3; fd < 64; fd++)
		(void)!write(fd, frame, sizeof(frame));
	return 0;
}

/* The end of another process, as the keeper tells it: signal 11. */
static int do_lie(const struct work *w)
{
	static const char frame[] = "\x0d\0\0\0\x08\0\0\0\x0b\0\0\0\0\0\0\0";

	(void)w;
	for (int fd = 3; fd < 64; fd++)
		(void)!send(fd, frame, 16, 0);
	return 0;
}

static int do_unasked(const struct work *w)
{
	(void)w->inst->host->member_data(w->sink, "x", 1);
	return 0;
}

static int do_recurse(const struct work *w)
{
	volatile char room[65536];
	struct work again = *w;

	room[0] = 1;
	if (room[0] != 1) /* never, which compilers cannot know */
		return 0;
	return do_recurse(&again) + room[0];
}

/* ---- attempts -------------------------------------------------------------------------------------------------------------------- */

static int do_open(const struct work *w)
{
	return result(w, open(w->arg, O_RDONLY));
}

static int do_write(const struct work *w)
{
	return result(w, open(w->arg, O_WRONLY | O_CREAT, 0600));
}

static int do_stat(const struct work *w)
{
	struct stat st;

	return result(w, stat(w->arg, &st));
}

static int do_unlink(const struct work *w)
{
	return result(w, unlink(w->arg));
}

static int do_list(const struct work *w)
{
	return result(w, open(w->arg, O_RDONLY | O_DIRECTORY));
}

static int do_socket(const struct work *w)
{
	return result(w, socket(AF_INET, SOCK_STREAM, 0));
}

static int do_unix(const struct work *w)
{
	return result(w, socket(AF_UNIX, SOCK_STREAM, 0));
}

static int do_exec(const struct work *w)
{
	char *const argv[] = {(char *)(uintptr_t)w->arg, NULL};

	return result(w, execve(w->arg, argv, NULL));
}

static int do_fork(const struct work *w)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			(void)pause();
	return result(w, pid);
}

static int do_signal(const struct work *w)
{
	return result(w, kill(getppid(), SIGKILL));
}

static int do_thread_signal(const struct work *w)
{
	return result(w, syscall(SYS_tgkill, getppid(), getppid(), SIGKILL));
}

/* The kernel would send it when something can be read. */
static int do_owner(const struct work *w)
{
	return result(w, fcntl(STDOUT_FILENO, F_SETOWN, getppid()));
}

static int do_ptrace(const struct work *w)
{
	return result(w, ptrace(PTRACE_ATTACH, getppid(), 0, 0));
}

static int do_code(const struct work *w)
{
	return result(
	    w, mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
}

static int do_stay(const struct work *w)
{
	return result(w, prctl(PR_SET_PDEATHSIG, 0));
}

static int do_limits(const struct work *w)
{
	const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	struct rlimit files, core;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || getrlimit(RLIMIT_CORE, &core) < 0)
		return result(w, -1);
	(void)say(w, "%d %d ", (int)files.rlim_max, (int)core.rlim_max);
	return result(w, prlimit(getppid(), RLIMIT_CORE, &all, NULL));
}

/* ---- services ---------------------------------------------------------------------------------------------------------------------- */

static int do_say(const struct work *w)
{
	return say(w, "%s", w->arg);
}

static int do_conf(const struct work *w)
{
	const struct conf *c = w->inst->conf;
	int r = say(w, "%lld %d %zu", (long long)c->number, c->flag, c->words.n);

	for (size_t i = 0; i < c->words.n && r == 0; i++)
		r = say(w, " <%s>", c->words.v[i]);
	return r == 0 ? say(w, " opened by %s\n", w->inst->first) : r;
}

static int put(void *ctx, const char *p, size_t n)
{
	const struct work *w = ctx;

	return w->inst->host->sink_text(w->sink, p, n);
}

/* convert CHARSET OCTETS */
static int do_convert(const struct work *w)
{
	char charset[64] = "";
	const char *space = strchr(w->arg, ' ');

	if (!space || space - w->arg >= (long)sizeof(charset))
		return -EINVAL;
	memcpy(charset, w->arg, (size_t)(space - w->arg));
	return w->inst->host->to_utf8((struct mw_str){.p = space + 1, .n = strlen(space + 1)}, charset, put,
				      (void *)(uintptr_t)w);
}

static int run(const struct work *w, const char *const *argv, struct mw_str input)
{
	int status = -1, r = w->inst->host->run(w->sink, argv, input, put, (void *)(uintptr_t)w, &status);

	return r < 0 ? say(w, "%s\n", strerrorname_np(-r)) : say(w, "status %d\n", status);
}

static int do_run(const struct work *w)
{
	const char *const argv[] = {w->inst->conf->tool, NULL};

	return run(w, argv, (struct mw_str){.p = w->arg, .n = strlen(w->arg)});
}

static int do_run_file(const struct work *w)
{
	const char *const argv[] = {w->inst->conf->tool, w->arg, NULL};

	return run(w, argv, (struct mw_str){.p = "", .n = 0});
}

static int do_run_slow(const struct work *w)
{
	const char *const argv[] = {w->inst->conf->slow, "1000", NULL};

	return run(w, argv, (struct mw_str){.p = "", .n = 0});
}

static int do_run_other(const struct work *w)
{
	const char *const argv[] = {w->arg, NULL};

	return run(w, argv, (struct mw_str){.p = "", .n = 0});
}

/* ---- programs at once ------------------------------------------------------------------------------------------------------------ */

struct output {
	const struct work *work;
	size_t n;
};

static int count(void *ctx, const char *p, size_t n)
{
	struct output *o = ctx;

	(void)p;
	o->n += n;
	return 0;
}

static int refuse(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return -ENOSPC;
}

static int meanwhile(void *ctx)
{
	return say(ctx, "meanwhile ");
}

static int beside(const struct work *w, struct mw_program *runs, size_t n)
{
	int r = w->inst->host->run_beside(w->sink, runs, n, meanwhile, (void *)(uintptr_t)w);

	if (r < 0)
		return say(w, "%s\n", strerrorname_np(-r));
	for (size_t i = 0; i < n; i++)
		(void)say(w, " status %d", runs[i].status);
	return 0;
}

/* The second prints more than a pipe holds, while nobody wants it yet. */
static int do_run_beside(const struct work *w)
{
	static char much[1 << 20];
	const char *const argv[] = {w->inst->conf->tool, NULL};
	struct output second = {.n = 0};
	struct mw_program runs[] = {
	    {.argv = argv, .input = {.p = w->arg, .n = strlen(w->arg)}, .fn = put, .ctx = (void *)(uintptr_t)w},
	    {.argv = argv, .input = {.p = much, .n = sizeof(much)}, .fn = count, .ctx = &second},
	};
	int r = beside(w, runs, 2);

	return r < 0 ? r : say(w, " second %zu\n", second.n);
}

/* What the first prints is not wanted: nobody waits for the second, which does not end. */
static int do_run_refused(const struct work *w)
{
	const char *const argv[] = {w->inst->conf->tool, NULL}, *const slow[] = {w->inst->conf->slow, "1000", NULL};
	struct mw_program runs[] = {
	    {.argv = argv, .input = {.p = "x", .n = 1}, .fn = refuse},
	    {.argv = slow, .input = {.p = "", .n = 0}, .fn = refuse},
	};

	return beside(w, runs, 2);
}

static int do_run_other_beside(const struct work *w)
{
	const char *const argv[] = {w->inst->conf->tool, NULL}, *const other[] = {w->arg, NULL};
	struct mw_program runs[] = {
	    {.argv = argv, .input = {.p = "x", .n = 1}, .fn = put, .ctx = (void *)(uintptr_t)w},
	    {.argv = other, .input = {.p = "", .n = 0}, .fn = put, .ctx = (void *)(uintptr_t)w},
	};

	return beside(w, runs, 2);
}

/* More than may be. */
static int do_run_many(const struct work *w)
{
	const char *const argv[] = {w->inst->conf->tool, NULL};
	struct mw_program runs[MW_PROGRAMS_MOST + 1];

	for (size_t i = 0; i <= MW_PROGRAMS_MOST; i++)
		runs[i] = (struct mw_program){.argv = argv, .input = {.p = "x", .n = 1}, .fn = put, .ctx = (void *)(uintptr_t)w};
	return beside(w, runs, MW_PROGRAMS_MOST + 1);
}

/* ---- the module -------------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *word;
	int (*deed)(const struct work *);
} deeds[] = {
    {"crash", do_crash},
    {"abort", do_abort},
    {"exit", do_exit},
    {"spin", do_spin},
    {"sleep", do_sleep},
    {"memory", do_memory},
    {"flood", do_flood},
    {"chatter", do_chatter},
    {"garbage", do_garbage},
    {"lie", do_lie},
    {"unasked", do_unasked},
    {"recurse", do_recurse},
    {"open", do_open},
    {"write", do_write},
    {"stat", do_stat},
    {"unlink", do_unlink},
    {"list", do_list},
    {"socket", do_socket},
    {"unix", do_unix},
    {"exec", do_exec},
    {"fork", do_fork},
    {"signal", do_signal},
    {"thread-signal", do_thread_signal},
    {"owner", do_owner},
    {"ptrace", do_ptrace},
    {"code", do_code},
    {"stay", do_stay},
    {"limits", do_limits},
    {"say", do_say},
    {"conf", do_conf},
    {"convert", do_convert},
    {"run", do_run},
    {"run-file", do_run_file},
    {"run-slow", do_run_slow},
    {"run-other", do_run_other},
    {"run-beside", do_run_beside},
    {"run-refused", do_run_refused},
    {"run-other-beside", do_run_other_beside},
    {"run-many", do_run_many},
};

/* WORD ARGUMENT, up to the end of the line. */
static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	struct work w = {.inst = inst, .sink = sink};
	char *line = strndup(doc->data.p, doc->data.n), *end = line + strcspn(line, "\r\n"), *space;

	(void)reason;
	*end = '\0';
	space = strchr(line, ' ');
	w.arg = space ? space + 1 : "";
	if (space)
		*space = '\0';
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (strcmp(deeds[i].word, line) == 0)
			return deeds[i].deed(&w);
	return w.inst->host->fail(err, -EINVAL, "no such deed");
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct inst *i = calloc(1, sizeof(*i));
	FILE *f = fopen("/proc/self/comm", "re");

	*inst = i;
	i->host = host;
	i->conf = conf;
	if (f && !fgets(i->first, sizeof(i->first), f))
		i->first[0] = '\0';
	if (f)
		(void)fclose(f);
	i->first[strcspn(i->first, "\n")] = '\0';
	host->log(self, NULL, MW_NOTICE, "open", "number=%lld", (long long)i->conf->number);
	return *i->conf->fail ? host->fail(err, -EIO, "%s", i->conf->fail) : 0;
}

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct conf, tool, "tool", .flags = MW_TOOL),
    MW_OPT(PATH, struct conf, slow, "slow", .flags = MW_TOOL),
    MW_OPT(STR, struct conf, fail, "fail", .dflt = "\"\""),
    MW_OPT(LIST, struct conf, words, "words"),
    MW_OPT(INT, struct conf, number, "number", .dflt = "7"),
    MW_OPT(BOOL, struct conf, flag, "flag"),
    {0},
};

#ifdef RUN
static const char *const types[] = {"application/x-deed-run", NULL};
MW_PLUGIN(deed, "deed-run", .kind = MW_KIND_EXTRACTOR, .version = "1", .summary = "test", .types = types, .options = options,
	  .conf_size = sizeof(struct conf), .powers = MW_POWER_RUN,
	  .hooks = {.open = open_module, .close = free, .extract = extract});
#else
static const char *const types[] = {"application/x-deed", NULL};
MW_PLUGIN(deed, "deed", .kind = MW_KIND_EXTRACTOR, .version = "1", .summary = "test", .types = types, .options = options,
	  .conf_size = sizeof(struct conf), .hooks = {.open = open_module, .close = free, .extract = extract});
#endif
