/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/source.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>

int mw_sources_open(struct mw_sources *s, struct mw_diags *diags, const char *search)
{
	if (diags->sources >= UINT32_MAX)
		return -ENOMEM;
	*s = (struct mw_sources){.diags = diags, .search = search, .first = (uint32_t)diags->sources};
	s->sum = g_checksum_new(G_CHECKSUM_SHA256);
	return s->sum ? 0 : -ENOMEM;
}

void mw_sources_close(struct mw_sources *s)
{
	if (s->sum)
		g_checksum_free(s->sum);
	s->sum = NULL;
}

const char *mw_sources_digest(struct mw_sources *s)
{
	return g_checksum_get_string(s->sum);
}

static void sum_add(struct mw_sources *s, struct mw_str text)
{
	unsigned char length[8];
	uint64_t n = text.n;

	for (int i = 7; i >= 0; i--, n >>= 8)
		length[i] = (unsigned char)(n & 0xff);
	g_checksum_update(s->sum, length, sizeof(length));
	for (size_t at = 0; at < text.n;) { /* the length of a piece is signed in GLib */
		size_t piece = text.n - at < (1u << 30) ? text.n - at : (1u << 30);

		g_checksum_update(s->sum, (const guchar *)text.p + at, (gssize)piece);
		at += piece;
	}
}

int mw_source_add(struct mw_sources *s, const char *path, const char *shown, struct mw_str text, uint32_t *ret)
{
	struct mw_diags *d = s->diags;
	struct mw_source *v = mw_arena_grow(d->arena, d->source, &d->sources_cap, d->sources + 1, sizeof(*v));

	if (!v) {
		d->no_memory = true;
		return -ENOMEM;
	}
	d->source = v;
	d->source[d->sources] = (struct mw_source){.path = path, .shown = shown, .text = text.p, .n = text.n};
	*ret = (uint32_t)d->sources++;
	sum_add(s, text);
	return 0;
}

/* Is path below dir ("" = the current folder)? Then the rest, else NULL. */
static const char *below(const char *path, const char *dir, size_t n)
{
	if (n == 0)
		return path[0] == '/' ? NULL : path;
	if (strncmp(path, dir, n) != 0)
		return NULL;
	return path[n] == '/' ? path + n + 1 : NULL;
}

/* How messages name a file: from the folder of the policy, or from the search folder. */
static const char *shown_name(const struct mw_sources *s, const char *path)
{
	const struct mw_diags *d = s->diags;
	const char *first = s->first < d->sources ? d->source[s->first].path : path, *slash = strrchr(first, '/'), *rest;

	rest = below(path, first, slash ? (size_t)(slash - first) : 0);
	if (!rest && s->search)
		rest = below(path, s->search, strlen(s->search));
	return rest ? rest : path;
}

static int add_read(struct mw_sources *s, const char *path, struct mw_str text, uint32_t *ret)
{
	struct mw_arena *a = s->diags->arena;
	const char *copy = mw_arena_str(a, path);
	char *shown = copy ? mw_arena_str(a, shown_name(s, copy)) : NULL;

	if (!shown) {
		s->diags->no_memory = true;
		return -ENOMEM;
	}
	return mw_source_add(s, copy, mw_diag_printable(shown), text, ret);
}

static int try_read(struct mw_sources *s, const char *path, size_t max, uint32_t *ret, struct mw_err *err)
{
	struct mw_str text;
	int r;

	if (s->sealed)
		return mw_fail(err, -EPERM, "cannot open %s: this policy may read no files", path);
	if (s->diags->sources - s->first >= MW_SOURCES_MAX)
		return mw_fail(err, -EMFILE, "cannot open %s: more than %u files in one policy", path, MW_SOURCES_MAX);
	r = mw_file_read(s->diags->arena, path, max, &text, err);
	if (r < 0)
		return r;
	return add_read(s, path, text, ret);
}

/* Turns a failure to read into a diagnostic. */
static int report(struct mw_sources *s, struct mw_place place, int code, const char *hint, const struct mw_err *err)
{
	if (code == -ENOMEM) {
		s->diags->no_memory = true;
		return -ENOMEM;
	}
	mw_diag_add(s->diags, MW_DIAG_ERROR, place, hint, "%s", err->text);
	return -EINVAL;
}

int mw_source_read(struct mw_sources *s, const char *path, size_t max, struct mw_place place, uint32_t *ret)
{
	struct mw_err err = {0};
	int r = try_read(s, path, max, ret, &err);

	return r < 0 ? report(s, place, r, NULL, &err) : 0;
}

/* Where else a name that is not beside its file is looked for: beside the policy's own file, in the search folder. */
static size_t other_paths(struct mw_sources *s, const char *name, const char *beside, const char *ret[2])
{
	struct mw_arena *a = s->diags->arena;
	const char *own = mw_path_beside(a, s->diags->source[s->first].path, name);
	const char *searched = s->search ? mw_arena_printf(a, "%s/%s", s->search, name) : NULL;
	size_t n = 0;

	if (!own || (s->search && !searched))
		s->diags->no_memory = true;
	if (name[0] == '/')
		return 0;
	if (own && strcmp(own, beside) != 0)
		ret[n++] = own;
	if (searched && strcmp(searched, beside) != 0 && (n == 0 || strcmp(searched, ret[0]) != 0))
		ret[n++] = searched;
	return n;
}

int mw_source_find(struct mw_sources *s, const char *name, size_t max, struct mw_place place, uint32_t *ret)
{
	struct mw_arena *a = s->diags->arena;
	const char *path = mw_path_beside(a, s->diags->source[place.source].path, name), *other[2] = {NULL, NULL}, *hint = NULL;
	struct mw_err err = {0};
	size_t n;
	int r;

	if (!path)
		return report(s, place, -ENOMEM, NULL, &err);
	r = try_read(s, path, max, ret, &err);
	n = r == -ENOENT ? other_paths(s, name, path, other) : 0;
	for (size_t i = 0; i < n && r == -ENOENT; i++) {
		struct mw_err again = {0};

		r = try_read(s, other[i], max, ret, &again);
		if (r != -ENOENT)
			err = again;
	}
	if (r == -ENOENT && n)
		hint = mw_arena_printf(a, "and there is no %s%s%s", other[0], n > 1 ? ", no " : "", n > 1 ? other[1] : "");
	return r < 0 ? report(s, place, r, hint, &err) : 0;
}
