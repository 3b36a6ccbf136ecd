/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/offline.h"

#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MEMORY (64u * 1024u * 1024u)
#define TEXT_MAX (1024u * 1024u * 1024u)

static int fill_envelope(struct mw_msg *msg, const struct offline *how)
{
	const struct mw_str none = {.p = "", .n = 0};
	int r = mw_msg_sender(msg, mw_str(how->from ? how->from : ""));

	for (size_t i = 0; i < how->rcpts && r >= 0; i++)
		r = mw_msg_rcpt(msg, mw_str(how->rcpt[i]), none, none, none);
	return r;
}

/* Also of a pipe. */
static int read_text(int fd, const char *path, struct mw_buf *out, struct mw_err *err)
{
	char piece[16384];

	for (;;) {
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mw_fail(err, -errno, "cannot read %s: %s", path, strerror(errno));
		if (n == 0)
			return 0;
		mw_buf_add(out, piece, (size_t)n);
		if (!mw_buf_ok(out))
			return mw_fail_memory(err);
		if (out->n > TEXT_MAX)
			return mw_fail(err, -EFBIG, "cannot read %s: larger than %u octets", path, TEXT_MAX);
	}
}

static int fill_text(struct mw_msg *msg, const char *path, struct mw_err *err)
{
	struct mw_buf text = MW_BUF_INIT;
	int fd = open(strcmp(path, "-") == 0 ? "/dev/stdin" : path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return mw_fail(err, -errno, "cannot open %s: %s", path, strerror(errno));
	r = read_text(fd, path, &text, err);
	(void)close(fd);
	if (r == 0 && mw_msg_text(msg, (struct mw_str){.p = mw_buf_text(&text), .n = text.n}) < 0)
		r = mw_fail_memory(err);
	mw_buf_free(&text);
	return r;
}

struct mw_msg *offline_new(struct mw_generation *gen, const struct offline *how, struct mw_err *err)
{
	const struct mw_msg_options options = {.memory = MEMORY, .spool = "/tmp"};
	struct mw_msg *msg = mw_msg_new(gen, &options);

	if (msg && fill_envelope(msg, how) < 0)
		mw_msg_free(&msg);
	if (!msg)
		mw_fail_memory(err);
	return msg;
}

struct mw_msg *offline_read(struct mw_generation *gen, const struct offline *how, const char *path, struct mw_err *err)
{
	struct mw_msg *msg = offline_new(gen, how, err);
	int r;

	if (!msg)
		return NULL;
	if (how->text)
		r = fill_text(msg, path, err);
	else
		r = mw_msg_read_file(msg, strcmp(path, "-") == 0 ? "/dev/stdin" : path, err);
	if (r < 0)
		mw_msg_free(&msg);
	return msg;
}

int offline_run(struct mw_msg *msg, const char *path,
		void (*trace)(void *ctx, uint32_t rcpt, const struct mw_line *, bool matched, const struct mw_expr *failed),
		void *ctx, struct mw_err *err)
{
	static const uint32_t failures[] = {MW_CAUSE_ERROR, MW_CAUSE_TIMEOUT};

	mw_msg_run(msg, trace, ctx);
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
		if (mw_msg_causes(msg) >> failures[i] & 1)
			return mw_fail(err, -EIO, "cannot look at all of %s: %s: %s", path, mw_cause_name(failures[i]),
				       mw_msg_cause_why(msg, failures[i]));
	return 0;
}
