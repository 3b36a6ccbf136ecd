/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_message: a hostile mail through the whole engine: header, MIME, character sets, media types, what a broken extractor does, rules,
 * policy, edits. Whatever comes, there is an outcome, and edits only when something is delivered.
 */
#include "engine/engine.h"

#include "base/str.h"
#include "mail/header.h"
#include "mail/mime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char policy[] = "load probe grant headers, text, edit, route\n"
			     "load phi with probe-text, probe-script grant text\n"
			     "table <ours> { \"clinic.example\" }\n"
			     "rule num { kind identifier; pattern /\\b\\d{3}[- ]?\\d{2}[- ]?\\d{4}\\b/; level 80 }\n"
			     "words ill { kind clinical; terms \"diabetes\", \"asthma\"; whole-word }\n"
			     "class phi when rule num >= 1 and rule ill >= 1\n"
			     "match subject /secure/i then send by portal\n"
			     "match header \"X-Hold\" then hold \"held\"\n"
			     "match class phi to external then send by tls or portal\n"
			     "match unreadable to external then tempfail\n"
			     "match any then pass\n"
			     "always strip \"X-*\"; mark \"X-Seen\"; seal; note\n"
			     "limit size 1M, parts 50, depth 10, headers 50, header 16K, text 64K, findings 200\n"
			     "limit members 50, nesting 4, unpacked 256K, ratio 2, pages 20\n";

/* Built once, kept for the life of the process. */
static struct mw_generation *generation(void)
{
	static struct mw_generation *g;
	static struct mw_loader *l;
	char path[] = "/tmp/mw-fuzz-XXXXXX";
	struct mw_arena *a;
	struct mw_diags diags;
	struct mw_err err = {0};
	int fd;

	if (g)
		return g;
	mw_mime_init();
	fd = mkstemp(path);
	l = mw_loader_new(NULL);
	a = mw_arena_new(0);
	if (fd < 0 || !l || !a || write(fd, policy, strlen(policy)) != (ssize_t)strlen(policy))
		abort();
	mw_diags_init(&diags, a);
	if (mw_generation_new(l, path, NULL, MW_GEN_OFFLINE | MW_GEN_INSIDE, &diags, &g, &err) < 0) {
		fprintf(stderr, "%s\n%s\n", diags.n ? diags.v[0].text : "", err.text);
		abort();
	}
	(void)close(fd);
	(void)unlink(path);
	mw_arena_free(&a);
	return g;
}

static void fill(struct mw_msg *m, struct mw_str raw)
{
	const struct mw_str none = {.p = "", .n = 0};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_header h = {0};
	struct mw_str body;

	if (!a || mw_header_parse(a, raw, &h, &body) < 0)
		abort();
	(void)mw_msg_sender(m, mw_str("<a@clinic.example>"));
	(void)mw_msg_rcpt(m, mw_str("<b@clinic.example>"), none, none, none);
	(void)mw_msg_rcpt(m, mw_str("<c@x.example>"), none, none, none);
	for (size_t i = 0; i < h.n; i++)
		(void)mw_msg_field(m, h.v[i].name, h.v[i].value);
	(void)mw_msg_body(m, body.p, body.n);
	mw_arena_free(&a);
}

/* Also with marks of a byte order in front, which are characters when one was there already. */
static bool is_utf8(struct mw_str s)
{
	while (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
		s = mw_str_behind(s, 3);
	return mw_charset_is_utf8(s, "utf-8");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_msg_options options = {.memory = 1 << 20, .spool = "/tmp"};
	struct mw_msg *m = mw_msg_new(generation(), &options);
	const struct mw_edit_field *fields;
	const struct mw_edit_tag *tags;
	const struct mw_finding *f;
	uint32_t effect;
	size_t edits;

	if (!m)
		abort();
	fill(m, (struct mw_str){.p = (const char *)data, .n = size});
	mw_msg_run(m, NULL, NULL);
	effect = mw_msg_outcome(m)->effect;
	edits = mw_msg_edit_fields(m, &fields) + mw_msg_edit_tags(m, &tags);
	if (effect < MW_PASS || effect > MW_REFUSE || (edits && (effect == MW_REFUSE || effect == MW_TEMPFAIL)))
		abort();
	for (size_t i = 0; (f = mw_msg_finding(m, i)) != NULL; i++)
		if (f->offset > mw_msg_part(m, f->part)->text.n || f->length > mw_msg_part(m, f->part)->text.n - f->offset)
			abort();
	for (size_t i = 0; i < mw_msg_parts(m); i++)
		if (mw_msg_part(m, i)->hidden > mw_msg_part(m, i)->text.n || !is_utf8(mw_msg_part(m, i)->text))
			abort();
	mw_msg_free(&m);
	return 0;
}
