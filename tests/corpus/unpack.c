/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack: what extract-tnef or extract-msg find in a file, for comparison with other programs.
 *     unpack tnef|msg FILE FOLDER
 * The octets of members become FOLDER/1, FOLDER/2 …, one line each on standard output: number, name, type, charset, reason, with a
 * tab between them. All text becomes FOLDER/text.
 */
#include <milward/plugin.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/mime.h"

extern const struct mw_plugin mw_plugin_extract_tnef, mw_plugin_extract_msg;

struct mw_sink {
	const char *folder;
	FILE *text, *member;
	unsigned members;
	char name[2048], type[256], charset[64];
};

static FILE *create(const struct mw_sink *s, const char *name)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static int sink_text(struct mw_sink *s, const char *p, size_t n)
{
	return fwrite(p, 1, n, s->text) == n ? 0 : -1;
}

static int sink_section(struct mw_sink *s, const char *name)
{
	return fprintf(s->text, "\n!%s\n", name ? name : "") > 0 ? 0 : -1;
}

static int sink_hidden(struct mw_sink *s)
{
	return fputs("\n!hidden\n", s->text) < 0 ? -1 : 0;
}

static int sink_unread(struct mw_sink *s, const char *reason)
{
	return fprintf(s->text, "\n!unread %s\n", reason) > 0 ? 0 : -1;
}

static int member(struct mw_sink *s, const struct mw_member *m)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", ++s->members);
	(void)snprintf(s->name, sizeof(s->name), "%.*s", (int)m->name.n, m->name.p);
	(void)snprintf(s->type, sizeof(s->type), "%s", m->type);
	(void)snprintf(s->charset, sizeof(s->charset), "%s", m->charset);
	s->member = create(s, number);
	return 0;
}

static int member_data(struct mw_sink *s, const char *p, size_t n)
{
	return fwrite(p, 1, n, s->member) == n ? 0 : -1;
}

static int member_end(struct mw_sink *s, const char *unread)
{
	(void)fclose(s->member);
	(void)printf("%u\t%s\t%s\t%s\t%s\n", s->members, s->name, s->type, s->charset, unread ? unread : "");
	return 0;
}

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r = mw_charset_to_utf8(data, charset, &utf8, &guessed);

	if (r == 0)
		r = fn(ctx, mw_buf_text(&utf8), utf8.n);
	mw_buf_free(&utf8);
	return r;
}

MW_PRINTF(3, 4) static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

static void read_file(const char *path, struct mw_buf *to)
{
	FILE *f = fopen(path, "rb");
	char piece[65536];
	size_t n;

	if (!f) {
		perror(path);
		exit(1);
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		mw_buf_add(to, piece, n);
	(void)fclose(f);
}

int main(int argc, char **argv)
{
	static const struct mw_host host = {.size = sizeof(host),
					    .fail = fail,
					    .to_utf8 = to_utf8,
					    .sink_text = sink_text,
					    .sink_section = sink_section,
					    .sink_hidden = sink_hidden,
					    .sink_unread = sink_unread,
					    .member = member,
					    .member_data = member_data,
					    .member_end = member_end};
	const struct mw_hooks *hooks;
	struct mw_buf file = MW_BUF_INIT;
	struct mw_document doc = {.type = "", .charset = "", .name = ""};
	struct mw_sink sink = {0};
	struct mw_err err = {0};
	const char *reason = NULL;
	void *inst;
	int r;

	if (argc != 4) {
		(void)fputs("usage: unpack tnef|msg FILE FOLDER\n", stderr);
		return 2;
	}
	hooks = strcmp(argv[1], "tnef") == 0 ? &mw_plugin_extract_tnef.hooks : &mw_plugin_extract_msg.hooks;
	read_file(argv[2], &file);
	sink.folder = argv[3];
	sink.text = create(&sink, "text");
	doc.data = (struct mw_str){.p = mw_buf_text(&file), .n = file.n};
	r = hooks->open(&host, NULL, NULL, &inst, &err);
	if (r == 0) {
		r = hooks->extract(inst, &doc, &sink, &reason, &err);
		hooks->close(inst);
	}
	if (r < 0)
		(void)fprintf(sink.text, "\n!unread %s\n", reason ? reason : "crashed");
	(void)fclose(sink.text);
	mw_buf_free(&file);
	return 0;
}
