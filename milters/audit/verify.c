/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include "audit/head.h"
#include "audit/scan.h"
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct state {
	const struct mw_audit_verify *v;
	const char *file;
	uint64_t line;
	bool failed; /* out of memory */
	uint64_t findings;

	/* The end of the chain so far. */
	bool any;   /* a record was read */
	bool known; /* it was well formed: the next one must follow it */
	uint64_t first, seq;
	char hash[MW_AUDIT_HEX + 1];
	char since[32], until[32];
	uint64_t records, wrong;
	bool begins;
	bool ended;	 /* by a record `end` */
	uint64_t torn;	 /* octets of a record without an end, at the end of the file in work */
	bool first_line; /* of the file */

	/* Anchors: what must come by. */
	struct mw_audit_head anchor[2]; /* the head file's, that of --head */
	const char *anchor_name[2];
	bool anchor_seen[2];
};

MW_PRINTF(2, 3) static void finding(struct state *s, const char *fmt, ...)
{
	va_list ap;

	if (s->findings++ >= MW_AUDIT_SHOWN_MAX)
		return;
	fprintf(s->v->out, "%s:%" PRIu64 ": ", s->file, s->line);
	va_start(ap, fmt);
	vfprintf(s->v->out, fmt, ap);
	va_end(ap);
	fputc('\n', s->v->out);
}

/* ---- one record -------------------------------------------------------------------------------------------------------------
 */

/* The first record of all files: begins the chain, or goes on from a file that was not given. */
static void check_first(struct state *s, const struct mw_audit_record *rec)
{
	bool zero = mw_audit_str_is(rec->prev, mw_audit_zero),
	     begins = rec->seq == 1 && zero && mw_audit_str_is(rec->kind, "start");

	s->begins = begins;
	if (begins)
		return;
	if (mw_audit_str_is(rec->kind, "continue") && rec->seq > 1 && !zero)
		fprintf(s->v->out, "%s: goes on from record %" PRIu64 " of an older file, which was not looked at\n", s->file,
			rec->seq - 1);
	else
		finding(s, "removed: records before %" PRIu64 " at the beginning of the file", rec->seq);
}

static void check_link(struct state *s, const struct mw_audit_record *rec)
{
	bool follows = mw_audit_str_is(rec->prev, s->hash);

	if (rec->seq == s->seq + 1 && follows)
		return;
	if (rec->seq > s->seq + 2)
		finding(s, "removed: records %" PRIu64 " to %" PRIu64, s->seq + 1, rec->seq - 1);
	else if (rec->seq == s->seq + 2)
		finding(s, "removed: record %" PRIu64, s->seq + 1);
	else if (rec->seq == s->seq + 1)
		finding(s, "edited: record %" PRIu64 " does not follow record %" PRIu64, rec->seq, s->seq);
	else
		finding(s, "moved or repeated: record %" PRIu64 " behind record %" PRIu64, rec->seq, s->seq);
}

static bool has(const char *line, size_t n, const char *text)
{
	return memmem(line, n, text, strlen(text)) != NULL;
}

/* What the daemon noted about the file itself. */
static void check_note(struct state *s, const char *line, const struct mw_audit_record *rec)
{
	if (mw_audit_str_is(rec->kind, "torn"))
		fprintf(s->v->out, "%s:%" PRIu64 ": note: a crash cut a record short here; it was never acknowledged\n", s->file,
			s->line);
	if (!mw_audit_str_is(rec->kind, "gap"))
		return;
	if (has(line, rec->hashed, "\"reason\":\"head\""))
		finding(
		    s, "truncated?: the head was gone when the daemon came to record %" PRIu64 "; records before may be gone too",
		    rec->seq);
	else if (has(line, rec->hashed, "\"reason\":\"missing\""))
		finding(s, "truncated: the daemon missed records in front of record %" PRIu64, rec->seq);
	else
		finding(s, "edited: the daemon found lines that are no records in front of record %" PRIu64, rec->seq);
}

static void see_anchors(struct state *s, const struct mw_audit_record *rec)
{
	for (int i = 0; i < 2; i++) {
		if (!s->anchor_name[i] || rec->seq != s->anchor[i].seq)
			continue;
		s->anchor_seen[i] = true;
		if (!mw_audit_str_is(rec->hash, s->anchor[i].hash))
			finding(s, "edited: record %" PRIu64 " is not the one that %s names", rec->seq, s->anchor_name[i]);
	}
}

static void advance(struct state *s, const struct mw_audit_record *rec)
{
	if (!s->any) {
		s->first = rec->seq;
		(void)snprintf(s->since, sizeof(s->since), "%.*s", (int)rec->time.n, rec->time.p);
	}
	(void)snprintf(s->until, sizeof(s->until), "%.*s", (int)rec->time.n, rec->time.p);
	s->any = s->known = true;
	s->seq = rec->seq;
	memcpy(s->hash, rec->hash.p, MW_AUDIT_HEX);
	s->hash[MW_AUDIT_HEX] = '\0';
	s->ended = mw_audit_str_is(rec->kind, "end");
}

static int verify_line(void *ctx, const char *line, size_t n, uint64_t end, bool whole)
{
	struct state *s = ctx;
	struct mw_audit_record rec;
	bool first = s->first_line;
	int r;

	(void)end;
	s->line++;
	s->first_line = false;
	if (!whole) {
		s->torn = n;
		return 0;
	}
	if (!mw_audit_record_parse(line, n, &rec)) {
		finding(s, s->any ? "edited: no record stands here, behind record %" PRIu64 : "edited: no record stands here",
			s->seq);
		s->known = false;
		return 0;
	}
	r = mw_audit_record_check(s->v->chain, line, &rec);
	if (r < 0)
		return r;
	s->records++;
	s->wrong += r == 0;
	if (r == 0)
		finding(s, "edited: record %" PRIu64 "%s", rec.seq,
			s->any ? "" : ", or the chain was made with another key than was given");
	if (s->ended && !first)
		finding(s, "edited: record %" PRIu64 " stands behind the end of its file", rec.seq);
	if (!s->any && s->findings == 0)
		check_first(s, &rec);
	else if (s->known)
		check_link(s, &rec);
	check_note(s, line, &rec);
	see_anchors(s, &rec);
	advance(s, &rec);
	return s->v->see ? s->v->see(s->v->see_ctx, line, n, &rec) : 0;
}

/* ---- one file ---------------------------------------------------------------------------------------------------------------
 */

static int read_head(struct state *s, const char *file, FILE *err)
{
	char *path;
	int fd, r;

	if (asprintf(&path, "%s.head", file) < 0) {
		fprintf(err, "out of memory\n");
		return -ENOMEM;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		r = errno == ENOENT ? 0 : -errno;
		if (r < 0)
			fprintf(err, "cannot open %s: %s\n", path, strerror(errno));
		free(path);
		return r;
	}
	r = mw_audit_head_read(fd, s->v->chain, &s->anchor[0]);
	(void)close(fd);
	if (r == -EBADMSG) {
		s->findings++;
		fprintf(s->v->out, "%s: edited, or made with another key than was given\n", path);
		r = 0;
	} else if (r > 0) {
		s->anchor_name[0] = "the head file";
		s->anchor_seen[0] = s->anchor[0].seq == 0;
		r = 0;
	} else if (r < 0) {
		fprintf(err, "cannot read %s: %s\n", path, strerror(-r));
	}
	free(path);
	return r;
}

static int verify_file(struct state *s, const char *file, FILE *err)
{
	struct stat st;
	int fd = mw_audit_input_open(file, &st), r = fd;

	s->file = file;
	s->line = 0;
	s->torn = 0;
	s->first_line = true;
	if (fd >= 0) {
		/* Until the end of the file as it is now: a daemon may be writing. */
		r = mw_audit_scan_lines(fd, 0, (uint64_t)st.st_size, verify_line, s);
		if (r == 0 && s->torn && !mw_audit_scan_grows(fd, (uint64_t)st.st_size))
			finding(s, "truncated: %" PRIu64 " octets of a record without its end, behind record %" PRIu64, s->torn,
				s->seq);
		(void)close(fd);
	}
	if (r < 0)
		fprintf(err, "cannot read %s: %s\n", file, mw_audit_input_why(r));
	return r;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------------
 */

static void check_tail(struct state *s)
{
	bool anchored = s->ended;

	for (int i = 0; i < 2; i++) {
		if (!s->anchor_name[i])
			continue;
		anchored = true;
		if (s->anchor_seen[i])
			continue;
		if (s->anchor[i].seq > s->seq)
			finding(s, "truncated: the chain ends with record %" PRIu64 ", %s names record %" PRIu64, s->seq,
				s->anchor_name[i], s->anchor[i].seq);
		else
			finding(s, "removed: record %" PRIu64 ", which %s names", s->anchor[i].seq, s->anchor_name[i]);
	}
	if (anchored || s->v->no_head)
		return;
	finding(s,
		"unanchored tail: nothing says whether records behind %" PRIu64
		" were cut off; give --head SEQ:HASH from the log, "
		"or --no-head",
		s->seq);
}

static void tell_found(const struct state *s, struct mw_audit_found *f)
{
	*f = (struct mw_audit_found){.any = s->any,
				     .begins = s->begins,
				     .ended = s->ended,
				     .first = s->first,
				     .last = s->seq,
				     .records = s->records,
				     .wrong = s->wrong,
				     .findings = s->findings};
	memcpy(f->since, s->since, sizeof(f->since));
	memcpy(f->until, s->until, sizeof(f->until));
	memcpy(f->hash, s->hash, sizeof(f->hash));
}

static void summary(const struct state *s, size_t files)
{
	if (s->findings > MW_AUDIT_SHOWN_MAX)
		fprintf(s->v->out, "... and %" PRIu64 " more\n", s->findings - MW_AUDIT_SHOWN_MAX);
	if (s->v->found)
		return;
	if (s->findings) {
		fprintf(s->v->out, "NOT INTACT: %" PRIu64 " finding%s\n", s->findings, s->findings == 1 ? "" : "s");
		return;
	}
	fprintf(s->v->out, "intact: records %" PRIu64 " to %" PRIu64 ", %s to %s, in %zu file%s%s\nhead %" PRIu64 ":%s\n",
		s->first, s->seq, s->since, s->until, files, files == 1 ? "" : "s",
		s->v->chain->key_n ? "" : " (no key: who can write the file can rebuild it)", s->seq, s->hash);
}

int mw_audit_verify(const struct mw_audit_verify *v, size_t files, char *const *file, FILE *err)
{
	struct state s = {.v = v};
	int r;

	if (v->head_seq) {
		s.anchor[1].seq = v->head_seq;
		memcpy(s.anchor[1].hash, v->head_hash, sizeof(v->head_hash));
		s.anchor_name[1] = "--head";
	}
	/* The head first: a daemon that is at work moves on while we read, but the record of this head stays. */
	r = files ? read_head(&s, file[files - 1], err) : 0;
	for (size_t i = 0; r == 0 && i < files; i++)
		r = verify_file(&s, file[i], err);
	if (r < 0)
		return r;
	if (!s.any && s.findings == 0 && !s.anchor_name[0])
		finding(&s, "no record");
	check_tail(&s);
	if (v->found)
		tell_found(&s, v->found);
	summary(&s, files);
	return s.findings ? 1 : 0;
}
