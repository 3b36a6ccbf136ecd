/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Several lines each (source line, caret): one log line for each of them keeps them readable in syslog, too. */
static void log_diags(const struct mw_diags *diags)
{
	struct mw_buf text = MW_BUF_INIT;
	char *rest;

	mw_diags_print(diags, false, &text);
	for (char *line = mw_buf_ok(&text) && text.n ? strtok_r(text.p, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		mw_log(diags->errors ? MW_ERROR : MW_WARNING, NULL, "policy", "%s", line);
	mw_buf_free(&text);
}

static enum mw_exit status_of(int r)
{
	return r == -ENOMEM ? MW_EXIT_SYSTEM : MW_EXIT_MODULE;
}

/* What to do about a file that cannot be opened. */
static const char *way_out(int cause)
{
	switch (cause) {
	case ENOENT:
	case ENOTDIR:
		return "; name the policy with -p FILE";
	case EACCES:
		return "; let the user of this daemon read it and enter its folders";
	default:
		return "";
	}
}

/* Can it be read, as a file? O_NONBLOCK: a FIFO must not hang us. */
static int can_read(const char *path, struct mw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = mw_fail(err, -errno, "%s: %s%s", path, strerror(errno), way_out(errno));
	else if (!S_ISREG(st.st_mode))
		r = mw_fail(err, -EINVAL, "%s: not a regular file; name the policy with -p FILE", path);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

enum mw_exit mw_program_policy(struct mw_loader *loader, const struct mw_start *s, unsigned flags, struct mw_generation **ret,
			       struct mw_err *err)
{
	enum mw_exit status = MW_EXIT_OK;
	struct mw_arena *arena;
	struct mw_diags diags;
	int r;

	if (can_read(s->policy, err) < 0)
		return MW_EXIT_NO_INPUT;
	arena = mw_arena_new(0);
	if (!arena) {
		(void)mw_fail_memory(err);
		return MW_EXIT_SYSTEM;
	}
	mw_diags_init(&diags, arena);
	err->text[0] = '\0';
	r = mw_generation_new(loader, s->policy, s->policies, flags, &diags, ret, err);
	if (diags.errors || !(flags & MW_GEN_SERVICE))
		log_diags(&diags);
	if (r && (diags.errors || !err->text[0])) {
		(void)mw_fail(err, r, "%s: %zu error%s; see the lines above, or run: milwardctl check %s", s->policy,
			      diags.errors, diags.errors == 1 ? "" : "s", s->policy);
		status = MW_EXIT_POLICY;
	} else if (r) {
		mw_err_prefix(err, "%s", s->policy);
		status = status_of(r);
	}
	mw_arena_free(&arena);
	return status;
}

enum mw_exit mw_program_options(const struct mw_generation *g, struct mw_loader *loader, const struct mw_start *s,
				const char *name, size_t size, const void **ret, struct mw_err *err)
{
	int r = mw_generation_service(g, loader, name, size, ret, err);

	if (r == 0)
		return MW_EXIT_OK;
	mw_err_prefix(err, "%s", s->policy);
	return r == -EINVAL ? MW_EXIT_POLICY : status_of(r);
}
