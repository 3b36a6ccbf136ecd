/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_chain: files that belong together, in order. A file follows the one whose last hash its first record has as `prev`; so the
 * files of several daemons, and of the portal, may be given in any order.
 */
#include "report.h"

#include "audit/scan.h"
#include "input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TAIL (MW_AUDIT_HEX + 3) /* the last hash, and "}LF */

struct part {
	const char *path;
	uint64_t size;
	dev_t dev;
	ino_t ino;
	bool any;			  /* it begins with a record */
	const struct mw_audit_chain *key; /* that its first record was made with; NULL: none of those given */
	char prev[MW_AUDIT_HEX + 1], first[MW_AUDIT_HEX + 1], last[MW_AUDIT_HEX + 1];
	bool used, twice;
	struct part *before, *after;
};

struct chains {
	const struct mw_host *host;
	struct mw_report_count *count;
	struct mw_audit_chain *key;
	size_t keys, parts;
	struct part *part;
	/* progress */
	bool progress;
	uint64_t size, done, records, shown;
	struct timespec began;
};

/* ---- the ends of a file --------------------------------------------------------------------------------------------------------- */

#define FIRST_TRIED 100 /* records: the first may be what was edited */

struct first {
	struct chains *c;
	struct part *part;
	unsigned tried;
};

static int first_line(void *ctx, const char *line, size_t n, uint64_t end, bool whole)
{
	struct first *f = ctx;
	struct mw_audit_record rec;

	(void)end;
	if (++f->tried > FIRST_TRIED)
		return 1;
	if (!whole || !mw_audit_record_parse(line, n, &rec))
		return 0;
	if (!f->part->any) {
		memcpy(f->part->prev, rec.prev.p, MW_AUDIT_HEX);
		memcpy(f->part->first, rec.hash.p, MW_AUDIT_HEX);
	}
	f->part->any = true;
	for (size_t i = 0; i < f->c->keys; i++) {
		int r = mw_audit_record_check(&f->c->key[i], line, &rec);

		if (r < 0)
			return r;
		if (r > 0) {
			f->part->key = &f->c->key[i];
			return 1;
		}
	}
	return 0;
}

static bool is_packed(int fd)
{
	static const struct {
		size_t n;
		const char *magic;
	} packed[] = {{2, "\x1f\x8b"},
		      {3, "BZh"},
		      {5, "\xfd"
			  "7zXZ"},
		      {4, "\x28\xb5\x2f\xfd"}};
	char head[8] = {0};
	ssize_t n = pread(fd, head, sizeof(head), 0);

	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		if (n >= (ssize_t)packed[i].n && memcmp(head, packed[i].magic, packed[i].n) == 0)
			return true;
	return false;
}

static int read_ends(struct chains *c, struct part *part, int fd)
{
	struct first first = {.c = c, .part = part};
	char tail[TAIL];
	int r = mw_audit_scan_lines(fd, 0, part->size, first_line, &first);

	if (r < 0 || part->size < TAIL)
		return r < 0 ? r : 0;
	if (pread(fd, tail, TAIL, (off_t)(part->size - TAIL)) != TAIL)
		return -EIO;
	if (memcmp(tail + MW_AUDIT_HEX, "\"}\n", 3) == 0)
		memcpy(part->last, tail, MW_AUDIT_HEX);
	return 0;
}

static int look(struct chains *c, struct part *part, const char *path)
{
	struct stat st;
	int fd = mw_audit_input_open(path, &st), r = fd < 0 ? fd : 0;

	*part = (struct part){.path = path};
	if (r < 0) {
		fprintf(stderr, "cannot read %s: %s%s\n", path, mw_audit_input_why(r),
			r == -ENOENT ? "; start what writes it, or name the files that are there" : "");
	} else if (is_packed(fd)) {
		r = -EINVAL;
		fprintf(stderr, "%s is compressed: unpack it first, and give what is unpacked\n", path);
	} else {
		part->size = (uint64_t)st.st_size;
		part->dev = st.st_dev;
		part->ino = st.st_ino;
		r = read_ends(c, part, fd);
		if (r < 0)
			fprintf(stderr, "cannot read %s: %s\n", path, strerror(-r));
	}
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* A file that is given twice is taken once; and of a file and its copy, the one that has more. */
static bool is_twice(const struct chains *c, size_t i)
{
	const struct part *p = &c->part[i];

	for (size_t j = 0; j < c->parts; j++) {
		const struct part *q = &c->part[j];

		if (j < i && q->dev == p->dev && q->ino == p->ino)
			return true;
		if (j == i || !p->any || !q->any || strcmp(p->first, q->first) != 0 || (q->dev == p->dev && q->ino == p->ino))
			continue;
		if (q->size > p->size || (q->size == p->size && j < i)) {
			fprintf(stderr, "%s begins as %s does, which has as much or more: it is not counted\n", p->path, q->path);
			return true;
		}
	}
	return false;
}

/* Who follows whom. */
static void link_parts(struct chains *c)
{
	for (size_t i = 0; i < c->parts; i++) {
		c->part[i].twice = is_twice(c, i);
		c->size += c->part[i].twice ? 0 : c->part[i].size;
	}
	for (size_t i = 0; i < c->parts; i++) {
		struct part *p = &c->part[i];

		for (size_t j = 0; j < c->parts && !p->twice && p->any && !p->before; j++) {
			struct part *q = &c->part[j];

			if (i == j || q->twice || !*q->last || q->after || strcmp(p->prev, q->last) != 0)
				continue;
			p->before = q;
			q->after = p;
		}
	}
}

/* ---- progress ------------------------------------------------------------------------------------------------------------------- */

static void progress(struct chains *c)
{
	struct timespec now;
	double took;
	unsigned percent = c->size ? (unsigned)(c->done * 100 / c->size) : 100;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	took = (double)(now.tv_sec - c->began.tv_sec) + (double)(now.tv_nsec - c->began.tv_nsec) / 1e9;
	if (took < (double)(c->shown + 1) / 2)
		return;
	c->shown = (uint64_t)(2 * took);
	fprintf(stderr, "\r%3u %%, %" PRIu64 " records", percent, c->records);
	if (c->done > c->size / 50)
		fprintf(stderr, ", %.0f seconds left   ", took * (double)(c->size - c->done) / (double)c->done);
	fflush(stderr);
}

static int see(void *ctx, const char *line, size_t n, const struct mw_audit_record *rec)
{
	struct chains *c = ctx;

	c->done += n + 1;
	c->records++;
	if (c->progress && c->records % 1024 == 0)
		progress(c);
	return mw_report_count_record(c->count, line, n, rec);
}

/* ---- one chain ------------------------------------------------------------------------------------------------------------------ */

/* Are all records of the month here, as far as this chain can tell? */
static json_t *coverage(const struct mw_report_month *m, const struct mw_audit_found *f, bool *whole)
{
	json_t *list = json_array();
	int r = 0, day = f->any ? mw_report_month_day(m, f->since) : -2;

	if (f->any && !f->begins && day != -1) {
		*whole = false;
		r |= json_array_append_new(
		    list,
		    json_sprintf("It goes on from record %" PRIu64
				 " of an older file, which was not given: what was recorded before %s is not in this report.",
				 f->first - 1, f->since));
	} else if (f->any && f->begins && day >= 0) {
		r |= json_array_append_new(list, json_sprintf("The chain begins within the month, at %s.", f->since));
	}
	day = f->any ? mw_report_month_day(m, f->until) : -1;
	if (f->any && f->ended && day != -2) {
		*whole = false;
		r |= json_array_append_new(list,
					   json_sprintf("A younger file goes on behind record %" PRIu64
							", and was not given: what was recorded after %s is not in this report.",
							f->last, f->until));
	} else if (f->any && day != -2) {
		r |= json_array_append_new(list,
					   json_sprintf("Nothing was recorded after %s when this report was made.", f->until));
	}
	if (!f->any) {
		*whole = false;
		r |= json_array_append_new(list, json_string("It holds no record."));
	}
	return mw_report_whole(list, r);
}

/* Lines of verify(), without the last LF. */
static json_t *lines_of(char *text)
{
	json_t *list = json_array();
	char *rest = text, *line;
	int r = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line)
			r |= json_array_append_new(list, mw_report_string(line));
	}
	return mw_report_whole(list, r);
}

static json_t *chain_model(const struct chains *c, const struct part *head, const struct mw_audit_found *f, char *said,
			   bool *good)
{
	const char *state = !head->any || head->key ? f->findings ? "not intact" : "intact" : "unverifiable";
	json_t *files = json_array(), *said_list = lines_of(said);
	bool whole = true;
	json_t *covers = coverage(c->count->month, f, &whole);
	int r = 0;

	for (const struct part *p = head; p; p = p->after) {
		r |= json_array_append_new(
		    files, json_pack("{s:o, s:I}", "path", mw_report_string(p->path), "octets", (json_int_t)p->size));
	}
	*good &= strcmp(state, "intact") == 0 && whole;
	if (!head->key && head->any) {
		json_array_clear(said_list);
		r |=
		    json_array_append_new(said_list, json_string("It was made with a key that was not given (--key), or rebuilt: "
								 "nothing can be said about it."));
	}
	files = mw_report_whole(files, r);
	return json_pack("{s:s, s:b, s:b, s:o, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:I, s:o, s:o}", "state", state, "whole_month",
			 whole, "key", head->key && head->key->key_n > 0, "files", files, "records", (json_int_t)f->records,
			 "wrong", (json_int_t)f->wrong, "first", (json_int_t)f->first, "last", (json_int_t)f->last, "since",
			 f->since, "until", f->until, "hash", f->hash, "findings", (json_int_t)f->findings, "remarks", covers,
			 "said", said_list);
}

static int run_chain(struct chains *c, struct part *head, json_t *list, bool *good)
{
	static struct mw_audit_chain none;
	struct mw_audit_found found;
	char **file, *said = NULL;
	size_t files = 0, said_n = 0;
	struct mw_audit_verify v = {.chain = head->key ? head->key : &none, .see = see, .see_ctx = c, .found = &found};
	int r = -ENOMEM;

	for (struct part *p = head; p; p = p->after)
		files++;
	file = calloc(files, sizeof(*file));
	v.out = open_memstream(&said, &said_n);
	files = 0;
	for (struct part *p = head; file && p; p = p->after) {
		file[files++] = (char *)(uintptr_t)p->path;
		p->used = true;
	}
	if (file && v.out)
		r = mw_audit_verify(&v, files, file, stderr);
	if (v.out && fclose(v.out) != 0)
		r = -ENOMEM;
	if (r >= 0 && json_array_append_new(list, chain_model(c, head, &found, said, good)) != 0)
		r = -ENOMEM;
	free(file);
	free(said);
	return r < 0 ? r : 0;
}

/* ---- all of them ---------------------------------------------------------------------------------------------------------------- */

static int open_keys(struct chains *c, const struct mw_report_files *f)
{
	struct mw_err err = {0};

	c->key = calloc(f->keys + 1, sizeof(*c->key));
	if (!c->key)
		return -ENOMEM;
	c->keys = 1; /* the first is none */
	for (size_t i = 0; i < f->keys; i++) {
		int r = mw_audit_chain_open(c->host, f->key[i], &c->key[c->keys], &err);

		if (r < 0) {
			fprintf(stderr, "%s\n", err.text);
			return r;
		}
		c->keys++;
	}
	return 0;
}

static int run_all(struct chains *c, json_t *list, bool *good)
{
	int r = 0;

	for (size_t i = 0; i < c->parts && r == 0; i++)
		if (!c->part[i].before && !c->part[i].twice)
			r = run_chain(c, &c->part[i], list, good);
	/* files that follow each other in a ring: somebody made them so */
	for (size_t i = 0; i < c->parts && r == 0; i++) {
		struct part *p = &c->part[i];

		if (p->used || p->twice)
			continue;
		p->before->after = NULL;
		p->before = NULL;
		r = run_chain(c, p, list, good);
	}
	return r;
}

int mw_report_chains(const struct mw_host *host, const struct mw_report_files *f, struct mw_report_count *count, json_t **ret)
{
	struct chains c = {.host = host, .count = count, .parts = f->n, .progress = f->progress};
	json_t *list = json_array();
	bool good = true;
	int r = open_keys(&c, f);

	(void)clock_gettime(CLOCK_MONOTONIC, &c.began);
	c.part = calloc(f->n ? f->n : 1, sizeof(*c.part));
	if (r == 0 && (!c.part || !list))
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < f->n; i++)
		r = look(&c, &c.part[i], f->path[i]);
	if (r == 0) {
		link_parts(&c);
		r = run_all(&c, list, &good);
	}
	if (c.shown)
		fputs("\r\033[K", stderr);
	for (size_t i = 0; c.key && i < c.keys; i++)
		mw_audit_chain_wipe(&c.key[i]);
	free(c.key);
	free(c.part);
	if (r < 0) {
		json_decref(list);
		return r;
	}
	*ret = list;
	return good ? 0 : 1;
}
