/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIME_LENGTH 24 /* 2026-11-22T03:25:54.123Z */

bool mw_audit_str_is(struct mw_str s, const char *text)
{
	return strlen(text) == s.n && memcmp(s.p, text, s.n) == 0;
}

/* ---- writing ----------------------------------------------------------------------------------------------------------------
 */

static int reserve(struct mw_audit_text *t, size_t more)
{
	size_t room = t->room ? t->room : 4096;
	char *p;

	if (more > SIZE_MAX / 4 - t->n)
		return -ENOMEM;
	while (room < t->n + more + 1)
		room *= 2;
	if (room == t->room)
		return 0;
	p = realloc(t->p, room);
	if (!p)
		return -ENOMEM;
	t->p = p;
	t->room = room;
	return 0;
}

void mw_audit_text_free(struct mw_audit_text *t)
{
	free(t->p);
	*t = (struct mw_audit_text){0};
}

static void now(char *to, size_t size)
{
	struct timespec ts;
	struct tm tm;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	(void)snprintf(to, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday,
		       tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ts.tv_nsec / 1000000));
}

int mw_audit_record_add(struct mw_audit_text *t, const struct mw_audit_chain *chain, uint64_t seq, const char *kind,
			struct mw_str members, const char *prev, char hash[MW_AUDIT_HEX + 1])
{
	size_t start = t->n, fixed = 256 + strlen(kind) + 2 * MW_AUDIT_HEX;
	char time[80];
	int r;

	if (members.n > MW_AUDIT_LINE_MAX - fixed)
		return -EFBIG;
	r = reserve(t, fixed + members.n);
	if (r < 0)
		return r;
	now(time, sizeof(time));
	t->n += (size_t)sprintf(t->p + t->n, "{\"v\":1,\"seq\":%" PRIu64 ",\"time\":\"%s\",\"kind\":\"%s\",", seq, time, kind);
	if (members.n) {
		memcpy(t->p + t->n, members.p, members.n);
		t->n += members.n;
		t->p[t->n++] = ',';
	}
	t->n += (size_t)sprintf(t->p + t->n, "\"prev\":\"%s\"", prev);
	r = mw_audit_chain_digest(chain, t->p + start, t->n - start, hash);
	if (r < 0) {
		t->n = start;
		return r;
	}
	t->n += (size_t)sprintf(t->p + t->n, ",\"hash\":\"%s\"}\n", hash);
	return 0;
}

/* ---- reading ----------------------------------------------------------------------------------------------------------------
 */

struct reader {
	const char *p;
	size_t n;
};

static bool literal(struct reader *r, const char *text)
{
	size_t n = strlen(text);

	if (r->n < n || memcmp(r->p, text, n) != 0)
		return false;
	r->p += n;
	r->n -= n;
	return true;
}

/* Decimal without sign or leading zero, from 1. */
static bool number(struct reader *r, uint64_t *ret)
{
	uint64_t v = 0;
	size_t n = 0;

	if (r->n && *r->p == '0')
		return false;
	for (; n < r->n && r->p[n] >= '0' && r->p[n] <= '9'; n++) {
		if (v > MW_AUDIT_SEQ_MAX / 10)
			return false;
		v = v * 10 + (uint64_t)(r->p[n] - '0');
	}
	r->p += n;
	r->n -= n;
	*ret = v;
	return n > 0;
}

static bool time_text(struct reader *r, struct mw_str *ret)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";

	if (r->n < TIME_LENGTH)
		return false;
	for (size_t i = 0; i < TIME_LENGTH; i++)
		if (form[i] == 'd' ? r->p[i] < '0' || r->p[i] > '9' : r->p[i] != form[i])
			return false;
	*ret = (struct mw_str){.p = r->p, .n = TIME_LENGTH};
	r->p += TIME_LENGTH;
	r->n -= TIME_LENGTH;
	return true;
}

static bool kind_text(struct reader *r, struct mw_str *ret)
{
	size_t n = 0;

	while (n < r->n && n < 32 && r->p[n] >= 'a' && r->p[n] <= 'z')
		n++;
	*ret = (struct mw_str){.p = r->p, .n = n};
	r->p += n;
	r->n -= n;
	return n > 0;
}

static bool hex_text(struct reader *r, struct mw_str *ret)
{
	if (r->n < MW_AUDIT_HEX)
		return false;
	for (size_t i = 0; i < MW_AUDIT_HEX; i++)
		if (!((r->p[i] >= '0' && r->p[i] <= '9') || (r->p[i] >= 'a' && r->p[i] <= 'f')))
			return false;
	*ret = (struct mw_str){.p = r->p, .n = MW_AUDIT_HEX};
	r->p += MW_AUDIT_HEX;
	r->n -= MW_AUDIT_HEX;
	return true;
}

bool mw_audit_record_parse(const char *line, size_t n, struct mw_audit_record *ret)
{
	static const char before_hash[] = ",\"hash\":\"", before_prev[] = ",\"prev\":\"";
	const size_t tail = sizeof(before_hash) - 1 + MW_AUDIT_HEX + 2, link = sizeof(before_prev) - 1 + MW_AUDIT_HEX + 1;
	struct reader front = {.p = line, .n = n}, back;
	struct mw_audit_record rec = {0};

	if (n > MW_AUDIT_LINE_MAX || n < tail + link)
		return false;
	rec.hashed = n - tail;
	front.n = rec.hashed - link + 1; /* up to the comma before "prev" */
	if (!literal(&front, "{\"v\":1,\"seq\":") || !number(&front, &rec.seq) || !literal(&front, ",\"time\":\"") ||
	    !time_text(&front, &rec.time) || !literal(&front, "\",\"kind\":\"") || !kind_text(&front, &rec.kind) ||
	    !literal(&front, "\","))
		return false;
	back = (struct reader){.p = line + rec.hashed - link, .n = link + tail};
	if (!literal(&back, before_prev) || !hex_text(&back, &rec.prev) || !literal(&back, "\"") ||
	    !literal(&back, before_hash) || !hex_text(&back, &rec.hash) || !literal(&back, "\"}") || back.n != 0)
		return false;
	*ret = rec;
	return true;
}

int mw_audit_record_check(const struct mw_audit_chain *chain, const char *line, const struct mw_audit_record *rec)
{
	char hex[MW_AUDIT_HEX + 1];
	int r = mw_audit_chain_digest(chain, line, rec->hashed, hex);

	return r < 0 ? r : memcmp(hex, rec->hash.p, MW_AUDIT_HEX) == 0;
}
