/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drive: the module in the hands of a test script and of the bench, as milward-seal uses it. Options as NAME=VALUE on the command line;
 * then a command a line at standard input, and an answer a line:
 *   unlock                            0, or a negative number and why
 *   want ADDRESS                      0
 *   able ADDRESS [NOW]                1, 0 why, negative why
 *   seal SENDER RECIPIENT IN OUT      the same; SENDER "-" = null sender
 *   unseal SENDER RECIPIENT IN OUT    the same; with 1: decrypted=0|1 signature=0-3 signer=ADDRESS why=WORDS
 *   status FIELD                      VmHWM, in KB: the most memory that it had; Threads
 *   fork                              0: goes on in a child that cannot have another, as milward-seal does
 *   times N SENDER RECIPIENT IN       seals N times, into memory: seconds
 */
#include "tests/unit/fakehost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern const struct mw_plugin mw_plugin_seal_openpgp;
static const struct mw_plugin *const plugin = &mw_plugin_seal_openpgp;

static void *inst;
static bool boxed;

static void answer(int r, const struct mw_err *err)
{
	if (r > 0 || (r == 0 && !err->text[0]))
		printf("%d\n", r);
	else
		printf("%d %s\n", r, err->text);
}

static int open_out(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void work(bool seal, char **word)
{
	struct mw_seal_work w = {.in = open(word[3], O_RDONLY | O_CLOEXEC),
				 .out = open_out(word[4]),
				 .sender = strcmp(word[1], "-") == 0 ? "" : word[1],
				 .recipient = word[2],
				 .now = (int64_t)time(NULL)};
	struct mw_opened opened = {0};
	struct mw_err err = {0};
	int r = seal ? plugin->sealer->seal(inst, &w, &err) : plugin->sealer->unseal(inst, &w, &opened, &err);

	if (r == 1 && !seal)
		printf("1 decrypted=%d signature=%u signer=%s why=%s\n", opened.decrypted, opened.signature, opened.signer,
		       opened.why);
	else
		answer(r, &err);
	(void)close(w.in);
	(void)close(w.out);
}

/* Into memory, as milward-seal does. */
static void times(char **word)
{
	struct mw_seal_work w = {.in = open(word[4], O_RDONLY | O_CLOEXEC),
				 .out = memfd_create("out", MFD_CLOEXEC),
				 .sender = strcmp(word[2], "-") == 0 ? "" : word[2],
				 .recipient = word[3],
				 .now = (int64_t)time(NULL)};
	struct timespec a, b;
	struct mw_err err = {0};
	int r = 1;

	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	for (long i = 0, n = atol(word[1]); i < n && r == 1; i++)
		r = ftruncate(w.out, 0) == 0 && lseek(w.out, 0, SEEK_SET) == 0 ? plugin->sealer->seal(inst, &w, &err) : -errno;
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	if (r == 1)
		printf("%f\n", (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	else
		answer(r, &err);
	(void)close(w.in);
	(void)close(w.out);
}

/* Of what the kernel tells of this process. */
static void status(const char *field)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long value = -1;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':')
			value = atol(line + strlen(field) + 1);
	if (f)
		(void)fclose(f);
	printf("%ld\n", value);
}

/* As in the sandbox of milward-seal: threads, and no processes. */
static int forbid_processes(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 4, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 2),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	return 0;
}

static void fork_once(void)
{
	pid_t child = fork();
	int how = 1;

	if (child == 0) {
		printf("%d\n", forbid_processes());
		boxed = true;
		return;
	}
	if (child > 0)
		(void)waitpid(child, &how, 0);
	_exit(WIFEXITED(how) ? WEXITSTATUS(how) : 1);
}

static void command(char **word, int n)
{
	struct mw_err err = {0};

	if (n == 1 && strcmp(word[0], "unlock") == 0)
		answer(plugin->sealer->unlock(inst, &err), &err);
	else if (n == 2 && strcmp(word[0], "status") == 0)
		status(word[1]);
	else if (n == 1 && strcmp(word[0], "fork") == 0)
		fork_once();
	else if (n == 2 && strcmp(word[0], "want") == 0)
		plugin->sealer->want(inst, word[1]), printf("0\n");
	else if ((n == 2 || n == 3) && strcmp(word[0], "able") == 0)
		answer(plugin->sealer->able(inst, word[1], n == 3 ? atoll(word[2]) : (int64_t)time(NULL), &err), &err);
	else if (n == 5 && (strcmp(word[0], "seal") == 0 || strcmp(word[0], "unseal") == 0))
		work(word[0][0] == 's', word);
	else if (n == 5 && strcmp(word[0], "times") == 0)
		times(word);
	else
		printf("? %s\n", word[0]);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct mw_self self;
	void *conf = calloc(1, plugin->conf_size);
	char line[4096], *word[8], *rest;
	struct mw_err err = {0};
	int r;

	fh_self(&self, plugin);
	fh_opts(plugin->options, conf);
	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			return 64;
		*value++ = '\0';
		fh_opt(plugin->options, conf, argv[i], value);
	}
	r = plugin->hooks.check(fh_host(), conf, &err);
	if (r == 0)
		r = plugin->hooks.open(fh_host(), &self, conf, &inst, &err);
	printf("%d %s\n", r, err.text);
	(void)fflush(stdout);
	while (r == 0 && fgets(line, sizeof(line), stdin)) {
		int n = 0;

		for (char *w = strtok_r(line, " \n", &rest); w && n < 8; w = strtok_r(NULL, " \n", &rest))
			word[n++] = w;
		if (n)
			command(word, n);
	}
	plugin->hooks.close(inst);
	fh_opts_free();
	free(conf);
	if (boxed) /* a sanitizer looks for leaks by a process of its own */
		_exit(r == 0 ? 0 : 1);
	return r == 0 ? 0 : 1;
}
