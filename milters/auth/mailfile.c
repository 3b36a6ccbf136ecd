/* SPDX-License-Identifier: Apache-2.0 */
#include "mailfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *next;
	max_align_t memory[];
};

static void *file_alloc(void *ctx, size_t n)
{
	struct mw_mailfile *f = ctx;
	struct block *b = n <= SIZE_MAX - sizeof(*b) ? calloc(1, sizeof(*b) + n) : NULL;

	if (!b)
		return NULL;
	b->next = f->blocks;
	f->blocks = b;
	return b->memory;
}

static int file_body(void *ctx, int (*fn)(void *fn_ctx, const char *p, size_t n), void *fn_ctx)
{
	struct mw_mailfile *f = ctx;

	return f->body.n ? fn(fn_ctx, f->body.p, f->body.n) : 0;
}

static int read_all(const struct mw_host *host, FILE *in, const char *path, char **ret, size_t *n, struct mw_err *err)
{
	char *text = NULL, *grown;
	size_t size = 0, got;

	*n = 0;
	do {
		if (*n == size) {
			size = size ? size * 2 : 65536;
			grown = size <= 2 * MW_MAILFILE_MAX ? realloc(text, size) : NULL;
			if (!grown) {
				free(text);
				return host->fail(err, -EFBIG, "%s: too large", path);
			}
			text = grown;
		}
		got = fread(text + *n, 1, size - *n, in);
		*n += got;
	} while (got);
	if (ferror(in)) {
		free(text);
		return host->fail(err, -EIO, "%s: cannot be read", path);
	}
	*ret = text;
	return 0;
}

static const char *line_end(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf ? lf + 1 : end;
}

static size_t without_end(const char *p, size_t n)
{
	while (n && (p[n - 1] == '\n' || p[n - 1] == '\r'))
		n--;
	return n;
}

/* A field from its first line to its last fold. False: it is none. */
static bool take_field(struct mw_mailfile *f, const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n);
	struct mw_field *grown;

	if (!colon || colon == p)
		return false;
	grown = realloc(f->field, (f->fields + 1) * sizeof(*grown));
	if (!grown)
		return false;
	f->field = grown;
	f->field[f->fields++] =
	    (struct mw_field){.name = {.p = p, .n = (size_t)(colon - p)},
			      .value = {.p = colon + 1, .n = without_end(colon + 1, n - (size_t)(colon + 1 - p))}};
	return true;
}

static void split(struct mw_mailfile *f, const char *p, const char *end)
{
	if (end - p > 5 && memcmp(p, "From ", 5) == 0) /* of a mailbox */
		p = line_end(p, end);
	while (p < end) {
		const char *next = line_end(p, end);

		if (without_end(p, (size_t)(next - p)) == 0) {
			p = next;
			break;
		}
		while (next < end && (*next == ' ' || *next == '\t'))
			next = line_end(next, end);
		if (!take_field(f, p, (size_t)(next - p)))
			break; /* as an MTA does: the body begins */
		p = next;
	}
	f->body = (struct mw_str){.p = p, .n = (size_t)(end - p)};
}

int mw_mailfile_open(const struct mw_host *host, const char *path, struct mw_mailfile *f, struct mw_auth_mail *mail,
		     struct mw_err *err)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	size_t n;
	int r;

	*f = (struct mw_mailfile){.text = NULL};
	if (!in)
		return host->fail(err, -errno, "%s: %s", path, strerror(errno));
	r = read_all(host, in, path, &f->text, &n, err);
	if (in != stdin)
		(void)fclose(in);
	if (r < 0)
		return r;
	split(f, f->text, f->text + n);
	mail->field = f->field;
	mail->fields = f->fields;
	mail->body = file_body;
	mail->body_ctx = f;
	mail->alloc = file_alloc;
	mail->alloc_ctx = f;
	return 0;
}

void mw_mailfile_close(struct mw_mailfile *f)
{
	for (struct block *b = f->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(f->field);
	free(f->text);
	*f = (struct mw_mailfile){.text = NULL};
}
