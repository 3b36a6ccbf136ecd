/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/setup.h"

#include "reader/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* More than any policy has. */
#define MODULES_MAX 1000u
#define BUILD_MAX 128u

static size_t option_rows(const struct mw_plugin *p)
{
	size_t n = 0;

	while (p->options && p->options[n].name)
		n++;
	return n;
}

static size_t value_size(uint32_t type)
{
	switch (type) {
	case MW_BOOL:
		return sizeof(bool);
	case MW_STR:
	case MW_PATH:
		return sizeof(const char *);
	case MW_LIST:
		return sizeof(struct mw_list);
	default:
		return sizeof(int64_t);
	}
}

/* What both ends must agree on. */
static void build(char to[BUILD_MAX])
{
	(void)snprintf(to, BUILD_MAX, "%s %s %u.%u.%zu.%zu", MW_VERSION, MW_BUILD, MW_WIRE_VERSION, (unsigned)MW_FRAMES,
		       sizeof(struct mw_host), sizeof(struct mw_plugin));
}

/* ---- putting --------------------------------------------------------------------------------------------------------------------- */

/* NULL is not "". */
static void put_string(struct mw_buf *out, const char *s)
{
	mw_wire_put_u32(out, s != NULL);
	mw_wire_put_text(out, s);
}

static void put_value(struct mw_buf *out, const struct mw_opt *row, const char *at)
{
	struct mw_list list;
	const char *text;
	uint64_t number;
	bool yes;

	switch (row->type) {
	case MW_BOOL:
		memcpy(&yes, at, sizeof(yes));
		mw_wire_put_u64(out, yes);
		break;
	case MW_STR:
	case MW_PATH:
		memcpy(&text, at, sizeof(text));
		put_string(out, text);
		break;
	case MW_LIST:
		memcpy(&list, at, sizeof(list));
		mw_wire_put_u64(out, list.n);
		for (size_t i = 0; i < list.n; i++)
			mw_wire_put_text(out, list.v[i]);
		break;
	default:
		memcpy(&number, at, sizeof(number));
		mw_wire_put_u64(out, number);
		break;
	}
}

int mw_setup_put(struct mw_buf *out, const struct mw_setup *s)
{
	char own[BUILD_MAX];

	build(own);
	mw_wire_put_text(out, own);
	put_string(out, s->modules_dir);
	mw_wire_put_u32(out, s->tools);
	mw_wire_put_u32(out, s->readers);
	mw_wire_put_u32(out, (uint32_t)s->modules);
	for (size_t i = 0; i < s->modules; i++) {
		const struct mw_reader_module *m = &s->module[i];
		size_t rows = m->conf ? option_rows(m->plugin) : 0;

		mw_wire_put_text(out, m->plugin->name);
		mw_wire_put_u32(out, m->granted);
		mw_wire_put_u32(out, (uint32_t)rows);
		for (size_t k = 0; k < rows; k++) {
			const struct mw_opt *row = &m->plugin->options[k];

			mw_wire_put_text(out, row->name);
			mw_wire_put_u32(out, row->type);
			put_value(out, row, (const char *)m->conf + row->offset);
		}
	}
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}

/* ---- taking ---------------------------------------------------------------------------------------------------------------------- */

static const char *take_string(struct mw_wire *w, struct mw_arena *a)
{
	bool there = mw_wire_u32(w) != 0;
	const char *text = mw_wire_text(w);
	const char *copy = there ? mw_arena_str(a, text) : NULL;

	w->bad = w->bad || (there && !copy);
	return copy;
}

static struct mw_list take_list(struct mw_wire *w, struct mw_arena *a)
{
	struct mw_list list = {.n = mw_wire_u64(w)};
	const char **v = list.n <= w->in.n ? mw_arena_array(a, list.n, sizeof(*v)) : NULL;

	w->bad = w->bad || !v;
	for (size_t i = 0; i < list.n && !w->bad; i++) {
		v[i] = mw_arena_str(a, mw_wire_text(w));
		w->bad = w->bad || !v[i];
	}
	list.v = v;
	return list;
}

static void take_value(struct mw_wire *w, const struct mw_opt *row, struct mw_arena *a, char *at)
{
	struct mw_list list;
	const char *text;
	uint64_t number;
	bool yes;

	switch (row->type) {
	case MW_BOOL:
		yes = mw_wire_u64(w) != 0;
		memcpy(at, &yes, sizeof(yes));
		break;
	case MW_STR:
	case MW_PATH:
		text = take_string(w, a);
		memcpy(at, &text, sizeof(text));
		break;
	case MW_LIST:
		list = take_list(w, a);
		memcpy(at, &list, sizeof(list));
		break;
	default:
		number = mw_wire_u64(w);
		memcpy(at, &number, sizeof(number));
		break;
	}
}

/* Both have read the same file of the module, unless it was replaced in between. */
static int take_options(struct mw_wire *w, const struct mw_plugin *p, size_t rows, struct mw_arena *a, void **conf,
			struct mw_err *err)
{
	char *c = mw_arena_alloc(a, p->conf_size);

	if (!c)
		return mw_fail_memory(err);
	if (rows != option_rows(p))
		return mw_fail(err, -ESTALE, "module \"%s\" was changed while it was loaded: try again", p->name);
	for (size_t k = 0; k < rows && !w->bad; k++) {
		const struct mw_opt *row = &p->options[k];
		const char *name = mw_wire_text(w);
		uint32_t type = mw_wire_u32(w);

		if (strcmp(name, row->name) != 0 || type != row->type || row->offset > p->conf_size ||
		    p->conf_size - row->offset < value_size(row->type))
			return mw_fail(err, -ESTALE, "module \"%s\" was changed while it was loaded: try again", p->name);
		take_value(w, row, a, c + row->offset);
	}
	*conf = c;
	return 0;
}

static int take_module(struct mw_wire *w, const char *dir, struct mw_arena *a,
		       const struct mw_plugin *(*find)(void *, const char *, const char *, struct mw_err *), void *ctx,
		       struct mw_reader_module *m, struct mw_err *err)
{
	const char *name = mw_wire_text(w);
	struct mw_err why = {.code = -ENOEXEC};
	void *conf = NULL;
	uint32_t rows;
	int r = 0;

	m->granted = mw_wire_u32(w);
	rows = mw_wire_u32(w);
	if (w->bad)
		return mw_fail(err, -EPROTO, "what milward says to its readers is damaged");
	m->plugin = find(ctx, dir, name, &why);
	if (!m->plugin)
		return mw_fail(err, why.code, "module \"%s\": %s", name, why.text);
	if (rows)
		r = take_options(w, m->plugin, rows, a, &conf, err);
	m->conf = conf;
	return r;
}

int mw_setup_take(struct mw_str in, struct mw_arena *a,
		  const struct mw_plugin *(*find)(void *ctx, const char *dir, const char *name, struct mw_err *), void *ctx,
		  struct mw_setup *ret, struct mw_err *err)
{
	struct mw_wire w = {.in = in};
	const char *theirs = mw_wire_text(&w);
	struct mw_reader_module *m;
	struct mw_setup s = {0};
	char own[BUILD_MAX];
	int r = 0;

	build(own);
	if (w.bad || strcmp(theirs, own) != 0)
		return mw_fail(err, -ESTALE, "milward-reader (%s) and what starts it are not of one build: install both anew",
			       own);
	s.modules_dir = take_string(&w, a);
	s.tools = mw_wire_u32(&w) != 0;
	s.readers = mw_wire_u32(&w);
	s.modules = mw_wire_u32(&w);
	if (w.bad || s.modules > MODULES_MAX)
		return mw_fail(err, -EPROTO, "what milward says to its readers is damaged");
	m = mw_arena_array(a, s.modules, sizeof(*m));
	if (!m)
		return mw_fail_memory(err);
	for (size_t i = 0; i < s.modules && r == 0; i++)
		r = take_module(&w, s.modules_dir, a, find, ctx, &m[i], err);
	s.module = m;
	if (r == 0 && (w.bad || w.in.n))
		r = mw_fail(err, -EPROTO, "what milward says to its readers is damaged");
	if (r == 0)
		*ret = s;
	return r;
}
