/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-legacy: text of documents in the formats that Office wrote before 2007, and of RTF. What a document is, its octets say.
 */
#include "codepage.h"
#include "out.h"
#include "rtf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct instance {
	const struct mw_host *host;
};

/* RTF that a mail had as its body: the HTML in it is what the sender wrote. */
static uint32_t flags_of(const struct mw_document *doc)
{
	return strcmp(doc->name, "body.rtf") == 0 ? MW_MEMBER_BODY : 0;
}

static struct mw_str skip_space(struct mw_str s)
{
	size_t i = s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n'))
		i++;
	return (struct mw_str){.p = s.p + i, .n = s.n - i};
}

/* 0; -ENOTSUP: nothing that we know. */
static int read_document(const struct mw_document *doc, struct out *o, struct codepages *pages)
{
	const struct mw_str text = skip_space(doc->data);

	if (rtf_is(text))
		return rtf_read(text, o, pages, flags_of(doc));
	return -ENOTSUP;
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct codepages pages = {.host = self->host};
	struct out o;
	int r = out_begin(&o, self->host, sink), ended;

	if (r == 0)
		r = read_document(doc, &o, &pages);
	ended = out_end(&o);
	r = ended < 0 ? ended : r;
	out_free(&o);
	*reason = r == -EFBIG ? "limit" : r == -ENOTSUP ? "unknown-format" : r == -EBADMSG ? "damaged" : *reason;
	return r < 0 ? self->host->fail(err, r, r == -ENOMEM ? "out of memory" : "the document is not read to its end") : 0;
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct instance *i;

	(void)self;
	(void)conf;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no member()");
	i = calloc(1, sizeof(*i));
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	i->host = host;
	*inst = i;
	return 0;
}

static const char *const types[] = {"application/rtf", "text/rtf", "application/x-rtf", NULL};

MW_PLUGIN(extract_legacy, "extract-legacy", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "text of RTF", .types = types, .hooks = {.open = open_module, .close = free, .extract = extract});
