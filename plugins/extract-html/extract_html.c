/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-html: what a reader of an HTML part sees, and behind it, after a line end, what the part carries unseen. The host knows
 * character sets; page.c knows HTML; flow.c knows white space.
 */
#include "ascii.h"
#include "page.h"
#include "spelled.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SNIFF 4096u /* octets in which a <meta charset> counts; the standard says 1024 */
#define LABEL_MAX 40u

static const char xhtml[] = "application/xhtml+xml";

struct instance {
	const struct mw_host *host;
};

/* Text that waits for what is seen to end. A few times as long as the document at most. */
struct held {
	char *p;
	size_t n, cap;
};

struct work {
	const struct mw_host *host;
	struct mw_sink *sink;
	bool xml;
	bool unread; /* not all of it can be read */
	bool hidden; /* the sink has been told that what follows is */
	struct held held;
};

/* ---- character set -------------------------------------------------------------------------------------------------------------- */

static bool is_label_octet(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == ':';
}

/* The label of <meta charset="…"> or <meta http-equiv … content="text/html; charset=…">; "" when there is none. */
static void meta_charset(struct mw_str s, char label[LABEL_MAX])
{
	size_t i, n = 0;

	s.n = s.n < SNIFF ? s.n : SNIFF;
	i = ascii_find(s, ascii_find(s, 0, "<meta"), "charset");
	i = i < s.n ? i + strlen("charset") : i;
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '=' || s.p[i] == '"' || s.p[i] == '\''))
		i++;
	while (i < s.n && n + 1 < LABEL_MAX && is_label_octet(s.p[i]))
		label[n++] = s.p[i++];
	label[n] = '\0';
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------ */

static int put_sink(void *ctx, const char *p, size_t n)
{
	struct work *w = ctx;

	return w->host->sink_text(w->sink, p, n);
}

static int put_held(void *ctx, const char *p, size_t n)
{
	struct held *h = &((struct work *)ctx)->held;

	if (n > h->cap - h->n) {
		size_t cap = (h->n + n) * 2;
		char *more = cap > h->n ? malloc(cap) : NULL;

		if (!more)
			return -ENOMEM;
		if (h->p) {
			memcpy(more, h->p, h->n);
			explicit_bzero(h->p, h->n);
		}
		free(h->p);
		h->p = more;
		h->cap = cap;
	}
	memcpy(h->p + h->n, p, n);
	h->n += n;
	return 0;
}

/* Called by the host with the document in UTF-8. */
static int read_document(void *ctx, const char *p, size_t n)
{
	struct work *w = ctx;
	struct flow seen, unseen;
	struct spelled spelled = {.to = &unseen};
	bool any;
	int r, held;

	flow_init(&seen, put_sink, w);
	flow_init(&unseen, put_held, w);
	seen.spelled = &spelled;
	w->unread |= !page_read((struct mw_str){.p = p, .n = n}, w->xml, &seen, &unseen);
	spelled_end(&spelled);
	held = flow_end(&unseen);
	any = seen.begun;
	r = flow_end(&seen);
	if (r == 0 && held == 0 && w->held.n) {
		/* A line with a form feed: what is unseen is part of no paragraph, and stands at no end of the mail. */
		r = any ? put_sink(w, "\n\f\n", 3) : put_sink(w, "\f\n", 2);
		r = r == 0 && !w->hidden ? w->host->sink_hidden(w->sink) : r;
		w->hidden = true;
		r = r == 0 ? put_sink(w, w->held.p, w->held.n) : r;
	}
	return r < 0 ? r : held;
}

/* Is <meta> a charset in which ASCII may mean something else, and the label of the part, which browsers believe, another? */
static bool is_other_text(const char *meta, const char *label)
{
	char low[LABEL_MAX];
	size_t n = 0;

	for (; meta[n]; n++)
		low[n] = ascii_lower(meta[n]);
	low[n] = '\0';
	return strcmp(low, label) != 0 &&
	       (strncmp(low, "iso-2022-", 9) == 0 || strncmp(low, "hz", 2) == 0 || strncmp(low, "utf-7", 5) == 0);
}

/* As it is read by who believes <meta>. */
static int read_again(struct work *w, struct mw_str data, const char *charset)
{
	int r = put_sink(w, "\n", 1);

	if (w->held.p)
		explicit_bzero(w->held.p, w->held.n);
	w->held.n = 0;
	return r < 0 ? r : w->host->to_utf8(data, charset, read_document, w);
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct work w = {.host = self->host, .sink = sink, .xml = strcmp(doc->type, xhtml) == 0};
	const char *charset = doc->charset;
	char label[LABEL_MAX] = "";
	int r;

	meta_charset(doc->data, label);
	if (*charset == '\0' || strcmp(charset, "us-ascii") == 0) {
		r = self->host->to_utf8(doc->data, *label ? label : charset, read_document, &w);
	} else {
		r = self->host->to_utf8(doc->data, charset, read_document, &w);
		if (r == 0 && is_other_text(label, charset))
			r = read_again(&w, doc->data, label);
	}
	if (w.held.p)
		explicit_bzero(w.held.p, w.held.n);
	free(w.held.p);
	if (r == -EFBIG)
		*reason = "limit";
	if (r == 0 && w.unread) {
		*reason = "unknown-format";
		return -ENOTSUP;
	}
	return r < 0
		   ? self->host->fail(err, r, r == -ENOMEM ? "out of memory" : "the text of the HTML part is not read to its end")
		   : 0;
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct instance *i;

	(void)self;
	(void)conf;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no sink_hidden()");
	i = calloc(1, sizeof(*i));
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	i->host = host;
	*inst = i;
	return 0;
}

static const char *const types[] = {"text/html", xhtml, NULL};

MW_PLUGIN(extract_html, "extract-html", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "text of HTML parts: what is seen, then what is hidden", .types = types,
	  .hooks = {.open = open_module, .close = free, .extract = extract});
