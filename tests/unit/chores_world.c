/* SPDX-License-Identifier: Apache-2.0 */
#include "chores_world.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

static int take(void *ctx, const struct mw_letter *l, char *said, size_t n, struct mw_err *err)
{
	struct mta *m = ctx;

	assert_true(m->n < WORLD_MAILS);
	(void)snprintf(m->to[m->n], sizeof(m->to[0]), "%s", l->to);
	m->text[m->n] = strndup(l->text.p, l->text.n);
	assert_non_null(m->text[m->n]);
	m->n++;
	(void)snprintf(said, n, "%s", m->answer == MW_SENT ? "4QUEUEID" : "550 5.1.1 nobody of that name");
	return m->answer < 0 ? mw_fail(err, m->answer, "the MTA is away") : m->answer;
}

void world_forget_mails(struct mta *m)
{
	while (m->n)
		free(m->text[--m->n]);
}

int world_open(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const char *srcdir = getenv("srcdir");
	struct mw_recorder_setup setup = {.path = w->audit};
	struct mw_err err = {0};
	char path[400];

	assert_non_null(w);
	*state = w;
	shelf_open(&w->shelf);
	w->conf = (struct mw_portal_conf){.site = "Clinic",
					  .from = "portal@clinic.example",
					  .url = "https://p.example",
					  .language = "en",
					  .remind = 3 * DAY,
					  .receipts = true,
					  .retain = 30 * DAY};
	(void)snprintf(path, sizeof(path), "%s/templates/portal", srcdir ? srcdir : ".");
	assert_int_equal(mw_templates_load(path, NULL, "en", &w->templates, &err), 0);
	(void)snprintf(w->audit, sizeof(w->audit), "%s/audit", w->shelf.dir);
	assert_int_equal(mw_recorder_open(&setup, &w->recorder, &err), 0);
	mw_recorder_attach(w->recorder, w->shelf.store);
	w->mta.answer = MW_SENT;
	w->chores = (struct mw_chores){.site = {.conf = &w->conf, .templates = w->templates, .host = "host.example"},
				       .store = w->shelf.store,
				       .keys = w->shelf.keys,
				       .recorder = w->recorder,
				       .send = take,
				       .ctx = &w->mta};
	return 0;
}

int world_close(void **state)
{
	struct world *w = *state;

	world_forget_mails(&w->mta);
	mw_pickup_close(&w->shelf.store);
	mw_recorder_close(&w->recorder);
	mw_templates_free(&w->templates);
	shelf_close(&w->shelf);
	free(w);
	return 0;
}

void world_rounds(struct world *w, int64_t now)
{
	for (unsigned i = 0; i < 3; i++)
		while (mw_chores_round(&w->chores, now))
			;
}

void world_put(struct world *w, struct shelf_message *m)
{
	struct mw_err err = {0};

	assert_int_equal(shelf_put(w->shelf.store, w->shelf.keys, m, &err), 0);
}

struct mw_pickup_row world_row(struct world *w, const struct shelf_message *m)
{
	struct mw_pickup_row row;
	struct mw_err err = {0};

	assert_int_equal(mw_pickup_find(w->shelf.store, m->id, &row, &err), 0);
	return row;
}

unsigned world_recorded(const struct world *w, const char *what)
{
	FILE *f = fopen(w->audit, "r");
	char *line = NULL;
	size_t room = 0;
	unsigned n = 0;

	assert_non_null(f);
	while (getline(&line, &room, f) >= 0)
		n += strstr(line, what) != NULL;
	free(line);
	(void)fclose(f);
	return n;
}

void world_has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no \"%s\" in:\n%s", what, text);
}

void world_has_not(const char *text, const char *what)
{
	if (strstr(text, what))
		fail_msg("\"%s\" in:\n%s", what, text);
}

/* ---- is something in a file? -------------------------------------------------------------------------------------------------- */

static struct {
	const unsigned char *p;
	size_t n, found;
} search;

static int search_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char *all;
	FILE *f;
	size_t n;

	(void)ftw;
	if (type != FTW_F || st->st_size == 0)
		return 0;
	all = malloc((size_t)st->st_size);
	f = fopen(path, "rb");
	assert_true(all && f);
	n = fread(all, 1, (size_t)st->st_size, f);
	search.found += memmem(all, n, search.p, search.n) != NULL;
	(void)fclose(f);
	free(all);
	return 0;
}

size_t world_in_files(const struct world *w, const void *p, size_t n)
{
	search.p = p;
	search.n = n;
	search.found = 0;
	assert_int_equal(nftw(w->shelf.path, search_one, 16, FTW_PHYS), 0);
	return search.found;
}

void world_wrapped(const struct world *w, unsigned char ret[MW_PICKUP_WRAPPED])
{
	char path[200];
	sqlite3_stmt *s;
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", w->shelf.path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT wrapped FROM message", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_bytes(s, 0), MW_PICKUP_WRAPPED);
	memcpy(ret, sqlite3_column_blob(s, 0), MW_PICKUP_WRAPPED);
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
}

void world_sql(const struct world *w, const char *text)
{
	char path[200];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", w->shelf.path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}
