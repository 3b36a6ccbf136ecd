/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-legacy: text of documents in the formats that Office wrote before 2007, and of RTF. What a document is, its octets say.
 */
#include "../ole/ole.h"
#include "codepage.h"
#include "compound.h"
#include "give.h"
#include "metafile.h"
#include "rtf.h"
#include "xls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LOOK 4096u

struct conf {
	uint64_t hidden;
};

struct instance {
	const struct mw_host *host;
	uint64_t hidden;
};

/* RTF that a mail had as its body: the HTML in it is what the sender wrote. */
static uint32_t flags_of(const struct mw_document *doc)
{
	return strcmp(doc->name, "body.rtf") == 0 ? MW_MEMBER_BODY : 0;
}

static bool begins(struct mw_str s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && strncasecmp(s.p, with, n) == 0;
}

static bool is_markup(struct mw_str s)
{
	return s.n && *s.p == '<';
}

/* A web page that Word or Excel has saved into one file. */
static bool is_mail(struct mw_str s)
{
	return begins(s, "MIME-Version:") || begins(s, "From:") || begins(s, "Content-Type:");
}

static struct mw_str skip_space(struct mw_str s)
{
	size_t i = s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n'))
		i++;
	return (struct mw_str){.p = s.p + i, .n = s.n - i};
}

/* Pages of HTML, mails and other files that are called .doc or .xls: the host reads them by their content. */
static int read_other(const struct mw_document *doc, struct mw_str text, struct out *o)
{
	static const struct mw_str name = {.p = "content", .n = 7};
	bool nul = memchr(text.p, '\0', text.n < TEXT_LOOK ? text.n : TEXT_LOOK) != NULL;

	if (text.n >= 4 && memcmp(text.p, "PK\003\004", 4) == 0)
		return give_member(o, name, "application/zip", text, flags_of(doc), NULL);
	if (nul || text.n == 0)
		return text.n ? -ENOTSUP : 0;
	return give_member(o, name,
			   is_markup(text) ? "text/html"
			   : is_mail(text) ? "message/rfc822"
					   : "text/plain",
			   text, flags_of(doc), NULL);
}

/* 0; -EACCES: it is encrypted; -ENODATA: a picture; -ENOTSUP: nothing that we know; -EBADMSG: damaged. */
static int read_document(const struct mw_document *doc, struct out *o, struct codepages *pages)
{
	const struct mw_str text = skip_space(doc->data);

	if (rtf_is(text))
		return rtf_read(text, o, pages, flags_of(doc));
	if (ole_is(doc->data))
		return compound_read(doc->data, o, pages);
	if (metafile_is(doc->data))
		return metafile_read(doc->data, o, pages);
	if (strncmp(doc->type, "image/", 6) == 0)
		return -ENODATA;
	if (xls_is(doc->data))
		return xls_read(doc->data, o, pages);
	return read_other(doc, text, o);
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct codepages pages = {.host = self->host};
	struct out o;
	int r = give_begin(&o, self->host, sink, self->hidden), ended;

	if (r == 0)
		r = read_document(doc, &o, &pages);
	ended = give_end(&o);
	r = ended < 0 ? ended : r;
	give_free(&o);
	*reason = r == -EFBIG	  ? "limit"
		  : r == -ENOTSUP ? "unknown-format"
		  : r == -ENODATA ? "image"
		  : r == -EACCES  ? "encrypted"
		  : r == -EBADMSG ? "damaged"
				  : NULL;
	return r < 0 ? self->host->fail(err, r, r == -ENOMEM ? "out of memory" : "the document is not read to its end") : 0;
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	const struct conf *c = conf;
	struct instance *i;

	(void)self;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no member()");
	i = calloc(1, sizeof(*i));
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	i->host = host;
	i->hidden = c->hidden;
	*inst = i;
	return 0;
}

static const char *const types[] = {
    "application/rtf",
    "text/rtf",
    "application/x-rtf",
    "application/msword",
    "application/vnd.ms-word",
    "application/x-msword",
    "application/vnd.ms-excel",
    "application/msexcel",
    "application/x-msexcel",
    "application/x-excel",
    "application/vnd.ms-powerpoint",
    "application/mspowerpoint",
    "application/x-mspowerpoint",
    "application/x-ole-storage",
    "image/emf",
    "image/x-emf",
    "image/wmf",
    "image/x-wmf",
    NULL,
};

static const struct mw_opt options[] = {
    MW_OPT(SIZE, struct conf, hidden, "hidden", .dflt = "64M", .min = 65536, .max = INT64_C(1) << 30,
	   .help = "text that no reader sees, which waits for the end of its section"),
    {.name = NULL},
};

MW_PLUGIN(extract_legacy, "extract-legacy", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "text of DOC, XLS, PPT and RTF", .types = types, .options = options, .conf_size = sizeof(struct conf),
	  .hooks = {.open = open_module, .close = free, .extract = extract});
