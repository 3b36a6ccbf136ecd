/* SPDX-License-Identifier: Apache-2.0 */
/*
 * milward-reader: reads documents of mail in processes that can do nothing else. Started by milward and milwardctl, never by hand.
 *
 * It loads the extractors that it is told, opens them, and locks itself down for good. Then it makes copies of itself that wait
 * for documents. A copy costs no start of a program and no opening of modules, so each reads only a few before another takes its
 * place, and one alone where a program is run or that took long: an extractor that a document has taken over can take nothing
 * anywhere, and does not keep what it has for long.
 */
#include "reader/inside.h"
#include "reader/keeper.h"

#include "base/err.h"
#include "base/start.h"
#include "engine/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct reader {
	struct mw_arena *arena;
	struct mw_loader *loader;
	struct mw_setup setup;
	struct mw_self *self; /* one a module */
	const char **tool;    /* paths, NULL ends */
};

/* ---- what milward says ----------------------------------------------------------------------------------------------------------- */

static int receive_setup(struct mw_str *ret, struct mw_err *err)
{
	struct stat st;
	char word;
	void *p;
	int fd = -1, r = mw_wait_readable(MW_KEEPER_FD, 0);

	r = r > 0 ? mw_receive_with_fd(MW_KEEPER_FD, &word, 1, &fd) : r;
	if (r <= 0 || fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0)
		return mw_fail(err, -EPROTO, "this program is started by milward and milwardctl");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	if (p == MAP_FAILED)
		return mw_fail_memory(err);
	*ret = (struct mw_str){.p = p, .n = (size_t)st.st_size};
	return 0;
}

static const struct mw_plugin *find_module(void *ctx, const char *dir, const char *name, struct mw_err *err)
{
	struct reader *r = ctx;

	if (!r->loader)
		r->loader = mw_loader_new(dir);
	if (!r->loader) {
		(void)mw_fail_memory(err);
		return NULL;
	}
	return mw_loader_load(r->loader, name, err);
}

/* ---- modules --------------------------------------------------------------------------------------------------------------------- */

static size_t count_tools(const struct mw_reader_module *m)
{
	size_t n = 0;

	for (const struct mw_opt *row = m->plugin->options; row && row->name; row++)
		n += (row->flags & MW_TOOL) != 0;
	return n;
}

/* The programs that the options name. */
static int list_tools(struct reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->setup.modules; i++)
		n += count_tools(&r->setup.module[i]);
	r->tool = mw_arena_array(r->arena, n + 1, sizeof(*r->tool));
	if (!r->tool)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < r->setup.modules; i++) {
		const struct mw_reader_module *m = &r->setup.module[i];

		for (const struct mw_opt *row = m->plugin->options; row && row->name; row++) {
			const char *path = NULL;

			if ((row->flags & MW_TOOL) && m->conf)
				memcpy(&path, (const char *)m->conf + row->offset, sizeof(path));
			if (path)
				r->tool[n++] = path;
		}
	}
	return 0;
}

static int open_modules(struct reader *r, struct mw_err *err)
{
	r->self = mw_arena_array(r->arena, r->setup.modules, sizeof(*r->self));
	if (!r->self)
		return mw_fail_memory(err);
	for (size_t i = 0; i < r->setup.modules; i++) {
		const struct mw_reader_module *m = &r->setup.module[i];
		struct mw_self *s = &r->self[i];
		struct mw_err why = {0};
		int res = 0;

		*s = (struct mw_self){.plugin = m->plugin, .granted = m->granted, .control = MW_KEEPER_FD, .conf = m->conf};
		if (m->plugin->kind != MW_KIND_EXTRACTOR || (m->plugin->powers & ~m->granted))
			return mw_fail(err, -EPERM, "module \"%s\": it is no extractor, or needs a power that it has not",
				       m->plugin->name);
		if (m->plugin->hooks.open)
			res = m->plugin->hooks.open(&mw_reader_table, s, m->conf, &s->inst, &why);
		if (res < 0)
			return mw_fail(err, res, "module \"%s\": %.*s", m->plugin->name, (int)sizeof(why.text) - 1,
				       why.text[0] ? why.text : strerror(-res));
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------- */

static int set_up(struct reader *r, struct mw_sandbox *box, struct mw_err *err)
{
	struct mw_str octets;
	int res = receive_setup(&octets, err);

	r->arena = mw_arena_new(0);
	if (res == 0 && !r->arena)
		res = mw_fail_memory(err);
	if (res == 0)
		res = mw_setup_take(octets, r->arena, find_module, r, &r->setup, err);
	if (res == 0)
		res = open_modules(r, err);
	if (res == 0 && list_tools(r) < 0)
		res = mw_fail_memory(err);
	if (res < 0)
		return res;
	mw_charsets_open();
	box->tools = r->setup.tools;
	res = mw_sandbox_lock(box, r->tool, err);
	if (res == 0 && box->tools && !box->landlock)
		mw_reader_table.log(&r->self[0], NULL, MW_WARNING, "sandbox",
				    "this kernel has no Landlock: what its programs may read and run is not bounded");
	return res;
}

/* What keeps a copy from locking itself down is to be known now and not with the first document. */
static int try_copy(const struct mw_sandbox *box, struct mw_err *err)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(mw_sandbox_copy(box) < 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return mw_fail(err, -EPERM, "sandbox: a copy of the process cannot be made, or locked down");
	return 0;
}

static void say(char word, const char *text)
{
	char packet[MW_KEEPER_PACKET];
	int n = snprintf(packet, sizeof(packet), "%c%s", word, text);

	(void)mw_send_with_fd(MW_KEEPER_FD, packet, n < (int)sizeof(packet) ? (size_t)n : sizeof(packet) - 1, -1);
}

/* Before anything else has opened a file. Libraries complain about documents on standard error. */
static int own_files(void)
{
	closefrom(MW_KEEPER_FD + 1);
	(void)fcntl(MW_KEEPER_FD, F_SETFD, FD_CLOEXEC);
	if (!MW_SANITIZED)
		(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	return STDOUT_FILENO; /* /dev/null */
}

static int signal_file(void)
{
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(void)
{
	struct reader reader = {0};
	struct mw_sandbox box = {0};
	struct mw_keep keep = {.control = MW_KEEPER_FD, .sandbox = &box};
	struct mw_err err = {0};
	int type;
	socklen_t n = sizeof(type);

	if (getsockopt(MW_KEEPER_FD, SOL_SOCKET, SO_TYPE, &type, &n)) { /* nobody is there who would read what is wrong */
		fputs("milward-reader: milward and milwardctl start this program; by hand it does nothing (see milward(8))\n",
		      stderr);
		return MW_EXIT_USAGE;
	}
	/* Libraries that compute in several threads read this when they are loaded; a reader may start none. */
	(void)setenv("OMP_THREAD_LIMIT", "1", 1);
	box.null = own_files();
	keep.signals = signal_file();
	if (keep.signals < 0 || set_up(&reader, &box, &err) < 0 || try_copy(&box, &err) < 0) {
		say(MW_KEEPER_ERROR, err.text[0] ? err.text : "signalfd");
		mw_arena_free(&reader.arena);
		return 1;
	}
	keep.readers = reader.setup.readers ? reader.setup.readers : 1;
	keep.module = reader.self;
	keep.modules = reader.setup.modules;
	say(MW_KEEPER_OPEN, "");
	_exit(mw_keep(&keep));
}
