/* SPDX-License-Identifier: Apache-2.0 */
#include "setup.h"

#include "mail/mime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_policy(struct world *w, const char *text)
{
	FILE *f;

	(void)snprintf(w->folder, sizeof(w->folder), "/tmp/mw-engine-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	(void)snprintf(w->policy, sizeof(w->policy), "%s/policy", w->folder);
	f = fopen(w->policy, "w");
	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

void world_try(struct world *w, const char *policy, unsigned flags)
{
	memset(w, 0, sizeof(*w));
	mw_mime_init();
	write_policy(w, policy);
	w->loader = mw_loader_new(NULL);
	assert_non_null(w->loader);
	w->arena = mw_arena_new(0);
	assert_non_null(w->arena);
	mw_diags_init(&w->diags, w->arena);
	w->result = mw_generation_new(w->loader, w->policy, NULL, flags | MW_GEN_INSIDE, &w->diags, &w->gen, &w->err);
}

void world_open(struct world *w, const char *policy, unsigned flags)
{
	world_try(w, policy, flags);
	for (size_t i = 0; i < w->diags.n; i++)
		if (w->diags.v[i].severity == MW_DIAG_ERROR)
			print_error("policy:%u: %s\n", w->diags.v[i].place.line, w->diags.v[i].text);
	if (w->result < 0)
		fail_msg("no generation: %s", w->err.text);
}

void world_close(struct world *w)
{
	mw_generation_unref(&w->gen);
	mw_loader_free(&w->loader);
	mw_arena_free(&w->arena);
	assert_int_equal(unlink(w->policy), 0);
	assert_int_equal(rmdir(w->folder), 0);
}

const char *world_diags(struct world *w)
{
	static char text[8192];
	struct mw_buf out = MW_BUF_INIT;

	mw_diags_print(&w->diags, false, &out);
	(void)snprintf(text, sizeof(text), "%s", mw_buf_text(&out));
	mw_buf_free(&out);
	return text;
}

static void add_rcpts(struct mw_msg *m, const char *rcpts)
{
	const struct mw_str none = {.p = "", .n = 0};
	char arg[512];

	while (*rcpts) {
		size_t n = strcspn(rcpts, " ");

		(void)snprintf(arg, sizeof(arg), "<%.*s>", (int)n, rcpts);
		assert_int_equal(mw_msg_rcpt(m, mw_str(arg), none, none, none), 0);
		rcpts += n + (rcpts[n] ? 1 : 0);
	}
}

struct mw_msg *msg_to(struct world *w, const char *rcpts)
{
	const struct mw_msg_options options = {.memory = 65536, .spool = "/tmp"};
	struct mw_msg *m = mw_msg_new(w->gen, &options);

	assert_non_null(m);
	assert_int_equal(mw_msg_sender(m, mw_str("<alice@clinic.example>")), 0);
	add_rcpts(m, rcpts);
	return m;
}

void msg_take(struct mw_msg *m, const char *text)
{
	while (*text && *text != '\n') {
		const char *end = strchr(text, '\n'), *colon = strchr(text, ':');

		assert_true(end && colon && colon < end);
		while (end[1] == ' ' || end[1] == '\t')
			end = strchr(end + 1, '\n');
		(void)mw_msg_field(m, (struct mw_str){.p = text, .n = (size_t)(colon - text)},
				   (struct mw_str){.p = colon + 1, .n = (size_t)(end - colon - 1)});
		text = end + 1;
	}
	if (*text)
		(void)mw_msg_body(m, text + 1, strlen(text + 1));
}

struct mw_msg *msg_run(struct world *w, const char *rcpts, const char *text)
{
	struct mw_msg *m = msg_to(w, rcpts);

	msg_take(m, text);
	mw_msg_run(m, NULL, NULL);
	return m;
}

const char *msg_shown(const struct mw_msg *m)
{
	static char text[4096];
	const struct mw_outcome *o = mw_msg_outcome(m);
	const struct mw_verdict *v;
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; (v = mw_msg_verdict(m, i)) != NULL && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s %s", i ? " / " : "", mw_effect_name(v->effect),
				      v->action, v->where[0] ? v->where : "-");
	if (n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - n, "%s=> %s%s%s", n ? " " : "", mw_effect_name(o->effect),
			       o->cause ? " " : "", o->cause ? o->cause : "");
	return text;
}

const struct mw_part *msg_part(const struct mw_msg *m, const char *path)
{
	for (size_t i = 0; i < mw_msg_parts(m); i++)
		if (strcmp(mw_msg_part(m, i)->path, path) == 0)
			return mw_msg_part(m, i);
	return NULL;
}

static const char *zone_name(uint32_t zone)
{
	return zone == MW_ZONE_BODY	  ? "body"
	       : zone == MW_ZONE_FILENAME ? "filename"
	       : zone == MW_ZONE_HEADER	  ? "header"
					  : "attachment";
}

const char *msg_read(const struct mw_msg *m)
{
	static char out[65536];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < mw_msg_parts(m) && n < sizeof(out); i++) {
		const struct mw_part *p = mw_msg_part(m, i);
		bool hidden = p->hidden < p->text.n;

		if (strcmp(p->path, "subject") == 0 || strcmp(p->path, "header") == 0)
			continue;
		n += (size_t)snprintf(out + n, sizeof(out) - n, "== %s %s%s%s\n%.*s%s%.*s%s", p->path, zone_name(p->zone),
				      p->unread ? " " : "", p->unread ? p->unread : "", (int)(hidden ? p->hidden : p->text.n),
				      p->text.p, hidden ? "|" : "", (int)(hidden ? p->text.n - p->hidden : 0),
				      hidden ? p->text.p + p->hidden : "",
				      p->text.n && p->text.p[p->text.n - 1] != '\n' ? "\n" : "");
	}
	return out;
}
