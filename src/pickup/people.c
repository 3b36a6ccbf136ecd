/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/people.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

#define FILE_MOST (16u << 20)
#define WORD_MOST 40u

struct mw_people_row {
	struct mw_str who;
	const char *word;
};

static struct mw_str take_word(struct mw_str *line)
{
	struct mw_str word;
	size_t n = 0;

	*line = mw_str_trim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	word = (struct mw_str){.p = line->p, .n = n};
	*line = mw_str_trim(mw_str_behind(*line, n));
	return word;
}

static bool is_word(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
		      s.p[i] == '-'))
			return false;
	return s.n > 0 && s.n <= WORD_MOST;
}

/* 0; -EINVAL: the line is not one. */
static int add(struct mw_people *p, struct mw_str line, bool words)
{
	struct mw_str who = take_word(&line), word = take_word(&line);
	struct mw_people_row *row;

	if (who.n && who.p[0] == '@') /* as some write a domain */
		who = mw_str_behind(who, 1);
	if (who.n == 0 || line.n || (words ? !is_word(word) : word.n > 0))
		return -EINVAL;
	row = mw_arena_grow(p->arena, p->row, &p->cap, p->n + 1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	p->row = row;
	row[p->n] = (struct mw_people_row){.who = who, .word = mw_arena_dup(p->arena, word.p, word.n)};
	return row[p->n++].word ? 0 : -ENOMEM;
}

int mw_people_read(const char *path, bool words, struct mw_people *ret, struct mw_err *err)
{
	struct mw_people p = {.arena = path ? mw_arena_new(0) : NULL};
	struct mw_str text = {0};
	size_t number = 0;
	int r = !path || p.arena ? 0 : mw_fail_memory(err);

	if (r == 0 && path)
		r = mw_file_read(p.arena, path, FILE_MOST, &text, err);
	while (r == 0 && text.n) {
		struct mw_str line = mw_str_trim(mw_str_take_line(&text));

		number++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		r = add(&p, line, words);
		if (r == -ENOMEM)
			(void)mw_fail_memory(err);
		else if (r < 0)
			(void)mw_fail(err, r, "%s:%zu: write an address or a domain, and %s", path, number,
				      words ? "a word behind it" : "nothing else");
	}
	if (r < 0)
		mw_people_free(&p);
	else
		*ret = p;
	return r;
}

static const char *find(const struct mw_people *p, struct mw_str who)
{
	for (size_t i = 0; i < p->n; i++)
		if (mw_str_casesame(p->row[i].who, who))
			return p->row[i].word;
	return NULL;
}

const char *mw_people_find(const struct mw_people *p, const char *address)
{
	struct mw_str s = mw_str(address);
	const char *word = find(p, s), *at = memrchr(s.p, '@', s.n);

	while (!word && at) {
		s = mw_str_behind(s, (size_t)(at - s.p) + 1);
		word = s.n ? find(p, s) : NULL;
		at = s.n ? memchr(s.p, '.', s.n) : NULL;
	}
	return word;
}

void mw_people_free(struct mw_people *p)
{
	mw_arena_free(&p->arena);
	*p = (struct mw_people){0};
}
