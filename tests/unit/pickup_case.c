/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup_case.h"

#include "pickup/crate.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "pickup_expect.h"

int case_setup(void **state)
{
	struct shelf *s = calloc(1, sizeof(*s));

	shelf_open(s);
	*state = s;
	return 0;
}

int case_teardown(void **state)
{
	shelf_close(*state);
	free(*state);
	return 0;
}

void case_put(struct shelf *s, struct shelf_message *m)
{
	assert_gives(shelf_put(s->store, s->keys, m, &err), 0);
}

void case_read(struct shelf *s, const struct shelf_message *m, const char *text)
{
	unsigned char key[MW_PICKUP_KEY];
	struct mw_pickup_row row;
	struct mw_crate *c = NULL;
	char *p = NULL;
	size_t n = 0;
	int fd = -1;

	assert_gives(mw_pickup_unlock(s->store, m->id, m->secret, SHELF_NOW + 1, key, &row, &err), 0);
	assert_gives(mw_pickup_crate(s->store, m->id, &fd, &err), 0);
	assert_gives(mw_crate_open(fd, m->id, key, &c, &err), 0);
	assert_int_equal(mw_crate_count(c), 2);
	assert_gives(mw_crate_read_all(c, 1, 1000, &p, &n, &err), 0);
	assert_string_equal(p, text);
	free(p);
	mw_crate_close(&c);
}

void case_rotate(struct shelf *s, uint32_t expect)
{
	uint32_t number;

	assert_gives(mw_pickup_keys_add(s->keys_path, SHELF_NOW, &number, &err), 0);
	assert_int_equal(number, expect);
}

int case_count(const struct shelf *s, const char *sql)
{
	char path[120];
	sqlite3_stmt *q;
	sqlite3 *db;
	int n;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", s->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int(q, 0);
	(void)sqlite3_finalize(q);
	(void)sqlite3_close(db);
	return n;
}

void case_change(const struct shelf *s, const char *sql)
{
	char path[120];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", s->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

unsigned case_crates(const struct shelf *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 256; i++) {
		char path[120];
		const struct dirent *e;
		DIR *d;

		(void)snprintf(path, sizeof(path), "%s/crates/%02x", s->path, i);
		d = opendir(path);
		assert_non_null(d);
		while ((e = readdir(d)))
			n += e->d_name[0] != '.';
		(void)closedir(d);
	}
	return n;
}
