/* SPDX-License-Identifier: Apache-2.0 */
/*
 * example: a whole extractor. It reads subtitles (SubRip): what is spoken is text, numbers and times are not, so that a sentence is one
 * again. It runs in a process without files and network; what it is given was written by strangers.
 */
#include <milward/plugin.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct example {
	const struct mw_host *host;
};

static int example_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct example *e = malloc(sizeof(*e));

	(void)self, (void)conf;
	if (!e)
		return host->fail(err, -ENOMEM, "out of memory");
	e->host = host;
	*inst = e;
	return 0;
}

struct reading {
	const struct mw_host *host;
	struct mw_sink *sink;
};

/* A line of digits alone is none, nor one that tells from when to when. */
static bool is_spoken(const char *line, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i + 3 <= n; i++)
		if (memcmp(line + i, "-->", 3) == 0)
			return false;
	while (digits < n && line[digits] >= '0' && line[digits] <= '9')
		digits++;
	return digits < n;
}

/* The whole document in UTF-8. */
static int read_text(void *ctx, const char *p, size_t n)
{
	const struct reading *r = ctx;

	while (n) {
		const char *lf = memchr(p, '\n', n);
		size_t octets = lf ? (size_t)(lf - p) + 1 : n, line = lf ? octets - 1 : octets;
		int result = 0;

		if (line && p[line - 1] == '\r')
			line--;
		if (is_spoken(p, line)) {
			result = r->host->sink_text(r->sink, p, line);
			if (result == 0)
				result = r->host->sink_text(r->sink, "\n", 1);
		}
		if (result < 0)
			return result; /* a limit, which the host has noted, or no memory */
		p += octets;
		n -= octets;
	}
	return 0;
}

static int example_extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason,
			   struct mw_err *err)
{
	struct example *e = inst;
	struct reading r = {.host = e->host, .sink = sink};

	(void)reason, (void)err;
	return e->host->to_utf8(doc->data, doc->charset, read_text, &r);
}

static const char *const types[] = {"application/x-subrip", "text/x-subrip", NULL};

MW_PLUGIN(example, "example", .kind = MW_KIND_EXTRACTOR, .version = "1.0", .licence = "Apache-2.0", .summary = "reads subtitles",
	  .types = types, .hooks = {.open = example_open, .extract = example_extract, .close = free});
