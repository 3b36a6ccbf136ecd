/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/templates.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LANGUAGE 20u /* octets of a tag */

struct file {
	const char *language; /* "": beside the languages */
	const char *name, *path;
	struct mw_str text;
	const struct mw_template *template; /* NULL: it is none */
};

struct mw_templates {
	struct mw_arena *arena;
	const char *language;
	struct file *file;
	size_t n, room;
};

/* Whom an include is for. */
struct including {
	const struct mw_templates *t;
	const char *language;
};

static bool is_language(const char *name)
{
	size_t n = strlen(name);

	if (n < 2 || n > LANGUAGE || name[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(mw_lower(name[i]) >= 'a' && mw_lower(name[i]) <= 'z') &&
		    !(i >= 2 && (name[i] == '-' || (name[i] >= '0' && name[i] <= '9'))))
			return false;
	return true;
}

static struct file *find(const struct mw_templates *t, struct mw_str language, struct mw_str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (mw_str_eq(name, t->file[i].name) && mw_str_caseeq(language, t->file[i].language))
			return &t->file[i];
	return NULL;
}

/* "es-MX" -> "es" */
static struct mw_str base_of(struct mw_str language)
{
	const char *dash = language.n ? memchr(language.p, '-', language.n) : NULL;

	return dash ? (struct mw_str){.p = language.p, .n = (size_t)(dash - language.p)} : language;
}

/* ---- reading --------------------------------------------------------------------------------------------------------------------- */

static bool ends(const char *name, const char *with)
{
	size_t n = strlen(name), m = strlen(with);

	return n > m && strcmp(name + n - m, with) == 0;
}

static bool is_template(const char *name)
{
	return ends(name, ".html") || ends(name, ".txt");
}

static int take_file(struct mw_templates *t, const char *language, const char *name, const char *path, struct mw_err *err)
{
	struct file *f = find(t, mw_str(language), mw_str(name));
	struct mw_str text;
	int r = mw_file_read(t->arena, path, is_template(name) ? MW_TEMPLATE_SIZE : MW_TEMPLATES_ASSET, &text, err);

	if (r < 0)
		return r;
	if (!f) {
		struct file *grown;

		if (t->n == MW_TEMPLATES_FILES)
			return mw_fail(err, -E2BIG, "%s: more than %u files of templates", path, MW_TEMPLATES_FILES);
		grown = mw_arena_grow(t->arena, t->file, &t->room, t->n + 1, sizeof(*grown));
		if (!grown)
			return mw_fail_memory(err);
		t->file = grown;
		f = &t->file[t->n++];
		*f = (struct file){.language = mw_arena_str(t->arena, language), .name = mw_arena_str(t->arena, name)};
	}
	f->text = text;
	f->path = mw_arena_str(t->arena, path);
	return f->language && f->name && f->path ? 0 : mw_fail_memory(err);
}

static int take_folder(struct mw_templates *t, const char *language, const char *path, struct mw_err *err);

static int take_entry(struct mw_templates *t, const char *language, const char *path, const char *name, struct mw_err *err)
{
	char *full = mw_arena_printf(t->arena, "%s/%s", path, name);
	struct stat st;

	if (!full)
		return mw_fail_memory(err);
	if (stat(full, &st) < 0)
		return mw_fail(err, -errno, "%s: %s", full, strerror(errno));
	if (S_ISREG(st.st_mode))
		return take_file(t, language, name, full, err);
	if (!S_ISDIR(st.st_mode) || *language || !is_language(name))
		return 0;
	return take_folder(t, name, full, err);
}

static int take_folder(struct mw_templates *t, const char *language, const char *path, struct mw_err *err)
{
	DIR *d = opendir(path);
	const struct dirent *entry;
	int r = 0;

	if (!d)
		return mw_fail(err, -errno, "templates %s: %s; name their folder with --templates or `templates`", path,
			       strerror(errno));
	while (r == 0 && (errno = 0, entry = readdir(d)) != NULL) {
		size_t n = strlen(entry->d_name);

		if (entry->d_name[0] != '.' && entry->d_name[n - 1] != '~')
			r = take_entry(t, language, path, entry->d_name, err);
	}
	if (r == 0 && errno)
		r = mw_fail(err, -errno, "%s: %s", path, strerror(errno));
	(void)closedir(d);
	return r;
}

/* The language's, its base's, what all have in common, and the set's own language's. */
static int include(void *ctx, struct mw_str name, struct mw_template_source *ret, struct mw_err *err)
{
	const struct including *in = ctx;
	const struct file *f = find(in->t, mw_str(in->language), name);

	if (!f)
		f = find(in->t, base_of(mw_str(in->language)), name);
	if (!f)
		f = find(in->t, mw_str(""), name);
	if (!f)
		f = find(in->t, mw_str(in->t->language), name);
	if (!f)
		return mw_fail(err, -ENOENT, "there is no file \"%.*s\"", (int)name.n, name.p);
	*ret = (struct mw_template_source){.text = f->text, .file = f->path};
	return 0;
}

static int parse_all(struct mw_templates *t, struct mw_err *err)
{
	bool there = false;

	for (size_t i = 0; i < t->n; i++) {
		struct file *f = &t->file[i];
		struct mw_template_source source = {.text = f->text, .file = f->path};
		struct including in = {.t = t, .language = f->language};
		int r;

		if (!is_template(f->name) || !*f->language)
			continue;
		r = mw_template_parse(t->arena, ends(f->name, ".html") ? MW_TEMPLATE_PAGE : MW_TEMPLATE_MAIL, &source, include,
				      &in, &f->template, err);
		if (r < 0)
			return r;
		there |= strcmp(f->language, t->language) == 0;
	}
	return there ? 0
		     : mw_fail(err, -ENOENT, "there are no templates in the language \"%s\"; is --templates right?", t->language);
}

int mw_templates_load(const char *shipped, const char *site, const char *language, struct mw_templates **ret, struct mw_err *err)
{
	struct mw_templates *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return mw_fail_memory(err);
	t->arena = mw_arena_new(0);
	if (t->arena)
		t->language = mw_arena_str(t->arena, language);
	r = t->language ? take_folder(t, "", shipped, err) : mw_fail_memory(err);
	if (r == 0 && site)
		r = take_folder(t, "", site, err);
	if (r == 0) {
		r = parse_all(t, err);
		if (r == -ENOENT)
			mw_err_prefix(err, "%s%s%s", shipped, site ? ", " : "", site ? site : "");
	}
	if (r == 0)
		*ret = t;
	else
		mw_templates_free(&t);
	return r;
}

void mw_templates_free(struct mw_templates **p)
{
	if (!*p)
		return;
	mw_arena_free(&(*p)->arena);
	free(*p);
	*p = NULL;
}

/* ---- asking ---------------------------------------------------------------------------------------------------------------------- */

const struct mw_template *mw_templates_find(const struct mw_templates *t, struct mw_str language, const char *name,
					    const char **tag)
{
	const struct file *f = language.n ? find(t, language, mw_str(name)) : NULL;

	if (!f && language.n)
		f = find(t, base_of(language), mw_str(name));
	if (!f)
		f = find(t, mw_str(t->language), mw_str(name));
	if (!f || !f->template)
		return NULL;
	if (tag)
		*tag = f->language;
	return f->template;
}

const char *mw_templates_language(const struct mw_templates *t, struct mw_str language)
{
	for (int base = 0; base < 2 && language.n; base++, language = base_of(language))
		for (size_t i = 0; i < t->n; i++)
			if (*t->file[i].language && mw_str_caseeq(language, t->file[i].language))
				return t->file[i].language;
	return t->language;
}

int mw_templates_asset(const struct mw_templates *t, const char *name, struct mw_str *ret)
{
	const struct file *f = find(t, mw_str(""), mw_str(name));

	if (!f || is_template(name))
		return -ENOENT;
	*ret = f->text;
	return 0;
}
