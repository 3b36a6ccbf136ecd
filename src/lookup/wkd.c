/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/wkd.h"

#include <errno.h>
#include <openssl/evp.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "lookup/base64.h"
#include "lookup/name.h"
#include "lookup/zbase32.h"

#define MOST 4096		  /* addresses that are remembered */
#define OCTETS (16 * 1024 * 1024) /* of their keys */
#define FETCH_MS 15000
#define KEEP_MS 3600000 /* keys */
#define NONE_MS 900000	/* that there are none */
#define FAILED_MS 60000
#define LOCAL_MAX 64 /* octets of a local part, RFC 5321, 4.5.3.1.1 */
#define URL_MAX 1100 /* of two names, 32 letters and three for each octet of a local part */

struct waiter {
	STAILQ_ENTRY(waiter) link;
	mw_wkd_done *done;
	void *ctx;
};

/* What is known of an address, or asked. */
struct subject {
	TAILQ_ENTRY(subject) link;
	struct mw_wkd *w;
	char address[LOCAL_MAX + 1 + MW_NAME_MAX + 1];
	size_t local_n;
	bool asking, direct;
	STAILQ_HEAD(waiters, waiter) waiters;
	int64_t until; /* monotonic */
	enum mw_wkd_answer kind;
	struct mw_buf keys;
	char why[160];
};

struct mw_wkd {
	struct mw_https *https;
	void *tree;			   /* of subjects, by address */
	TAILQ_HEAD(subjects, subject) all; /* who was asked for last stands last */
	size_t n, octets;
};

static int by_address(const void *a, const void *b)
{
	const struct subject *x = a, *y = b;

	return strcmp(x->address, y->address);
}

static void drop(struct subject *u)
{
	struct mw_wkd *w = u->w;

	(void)tdelete(u, &w->tree, by_address);
	TAILQ_REMOVE(&w->all, u, link);
	w->n--;
	w->octets -= u->keys.n;
	mw_buf_free(&u->keys);
	free(u);
}

/* The oldest go until there is room for one more. */
static void make_room(struct mw_wkd *w)
{
	struct subject *u = TAILQ_FIRST(&w->all), *next;

	for (; u && (w->n >= MOST || w->octets > OCTETS); u = next) {
		next = TAILQ_NEXT(u, link);
		if (!u->asking)
			drop(u);
	}
}

static struct subject *find(struct mw_wkd *w, const struct subject *key)
{
	void *found = tfind(key, &w->tree, by_address);

	return found ? *(struct subject **)found : NULL;
}

static struct subject *make(struct mw_wkd *w, const struct subject *key)
{
	struct subject *u;

	make_room(w);
	u = w->n < MOST ? malloc(sizeof(*u)) : NULL;
	if (!u)
		return NULL;
	*u = *key;
	u->w = w;
	STAILQ_INIT(&u->waiters);
	if (!tsearch(u, &w->tree, by_address)) {
		free(u);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&w->all, u, link);
	w->n++;
	return u;
}

/* ---- where keys are ------------------------------------------------------------------------------------------------------------- */

/* The local part with its case, its domain in lower case. Quoted local parts are no subject of Web Key Directories. */
static bool read_address(struct mw_str s, struct subject *ret)
{
	const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
	size_t n = at ? (size_t)(at - s.p) : 0;

	*ret = (struct subject){.local_n = n};
	if (n == 0 || n > LOCAL_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '@')
			return false;
	}
	memcpy(ret->address, s.p, n + 1);
	return mw_name_take(mw_str_behind(s, n + 1), ret->address + n + 1);
}

/* SHA-1 of the local part, whose ASCII letters are lower case for it. */
static bool hash_local(const struct subject *u, char ret[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char lower[LOCAL_MAX];

	for (size_t i = 0; i < u->local_n; i++)
		lower[i] = mw_lower(u->address[i]);
	if (EVP_Digest(lower, u->local_n, digest, NULL, EVP_sha1(), NULL) != 1)
		return false;
	mw_zbase32(digest, 20, ret);
	return true;
}

static bool write_url(const struct subject *u, char url[URL_MAX])
{
	const char *domain = u->address + u->local_n + 1;
	char hash[MW_ZBASE32_SIZE(20)];
	int n;

	if (!hash_local(u, hash))
		return false;
	if (u->direct)
		n = snprintf(url, URL_MAX, "https://%s/.well-known/openpgpkey/hu/%s?l=", domain, hash);
	else
		n = snprintf(url, URL_MAX, "https://openpgpkey.%s/.well-known/openpgpkey/%s/hu/%s?l=", domain, domain, hash);
	for (size_t i = 0; i < u->local_n; i++) {
		unsigned char c = (unsigned char)u->address[i];
		char l = mw_lower((char)c);
		bool plain = (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c) != NULL);

		n += snprintf(url + n, URL_MAX - (size_t)n, plain ? "%c" : "%%%02X", c);
	}
	return true;
}

/* ---- answers -------------------------------------------------------------------------------------------------------------------- */

static void tell(struct subject *u)
{
	const struct mw_str keys = {.p = mw_buf_text(&u->keys), .n = u->kind == MW_WKD_KEYS ? u->keys.n : 0};
	struct waiter *one;

	u->asking = true; /* who is told may ask again, and is told then: it must stay */
	while ((one = STAILQ_FIRST(&u->waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&u->waiters, link);
		one->done(one->ctx, u->kind, keys, u->why);
		free(one);
	}
	u->asking = false;
	make_room(u->w);
}

static void settle(struct subject *u, enum mw_wkd_answer kind, const char *why)
{
	int64_t keep = kind == MW_WKD_KEYS ? KEEP_MS : kind == MW_WKD_NONE ? NONE_MS : FAILED_MS;

	u->kind = kind;
	u->until = mw_clock_ms() + keep;
	(void)snprintf(u->why, sizeof(u->why), "%s", why);
	tell(u);
}

/* Every OpenPGP packet starts with bit 7: what does not is a page for people, or armour, which the draft forbids. */
static bool is_openpgp(struct mw_str s)
{
	return s.n > 0 && ((unsigned char)*s.p & 0x80) != 0;
}

static void take_keys(struct subject *u, struct mw_str keys)
{
	if (!is_openpgp(keys)) {
		settle(u, MW_WKD_NONE, "what its Web Key Directory has there is no OpenPGP key");
		return;
	}
	mw_buf_add(&u->keys, keys.p, keys.n);
	if (!mw_buf_ok(&u->keys)) {
		mw_buf_free(&u->keys);
		settle(u, MW_WKD_TEMP, "no memory");
		return;
	}
	u->w->octets += u->keys.n;
	settle(u, MW_WKD_KEYS, "");
}

static void ask(struct subject *u);

static void on_reply(void *ctx, const struct mw_https_reply *reply)
{
	struct subject *u = ctx;
	char why[160];

	u->w->octets -= u->keys.n; /* of before */
	mw_buf_free(&u->keys);
	(void)snprintf(why, sizeof(why), "its Web Key Directory: %s", reply->why);
	switch (reply->end) {
	case MW_HTTPS_ANSWER:
		take_keys(u, reply->body);
		break;
	case MW_HTTPS_NO_HOST:
		/* Only then: where the host of the advanced method is, it alone says what keys there are. */
		if (!u->direct) {
			u->direct = true;
			ask(u);
		} else {
			settle(u, MW_WKD_NONE, "its domain has no Web Key Directory");
		}
		break;
	case MW_HTTPS_STATUS:
	case MW_HTTPS_REFUSED:
	case MW_HTTPS_UNTRUSTED:
	case MW_HTTPS_FORBIDDEN:
		settle(u, MW_WKD_NONE, why);
		break;
	case MW_HTTPS_FAILED:
		settle(u, MW_WKD_TEMP, why);
		break;
	}
}

static void ask(struct subject *u)
{
	char url[URL_MAX];
	const struct mw_https_request request = {.url = url, .max = MW_WKD_KEYS_MAX, .timeout = FETCH_MS};
	struct mw_err err;

	u->asking = true;
	if (!write_url(u, url))
		settle(u, MW_WKD_TEMP, "libcrypto has no SHA-1");
	else if (mw_https_fetch(u->w->https, &request, on_reply, u, &err) < 0)
		settle(u, err.code == -EINVAL ? MW_WKD_NONE : MW_WKD_TEMP, err.text);
}

/* ---- from outside --------------------------------------------------------------------------------------------------------------- */

void mw_wkd_ask(struct mw_wkd *w, struct mw_str address, mw_wkd_done *done, void *ctx)
{
	const struct mw_str nothing = {.p = "", .n = 0};
	struct subject key, *u;
	struct waiter *one;

	if (!read_address(address, &key)) {
		done(ctx, MW_WKD_NONE, nothing, "no address that a Web Key Directory could have");
		return;
	}
	u = find(w, &key);
	if (!u)
		u = make(w, &key);
	one = u ? malloc(sizeof(*one)) : NULL;
	if (!one) {
		done(ctx, MW_WKD_TEMP, nothing, "no memory, or too many addresses");
		return;
	}
	TAILQ_REMOVE(&w->all, u, link);
	TAILQ_INSERT_TAIL(&w->all, u, link);
	*one = (struct waiter){.done = done, .ctx = ctx};
	STAILQ_INSERT_TAIL(&u->waiters, one, link);
	if (u->asking)
		return;
	if (mw_clock_ms() < u->until) {
		tell(u);
		return;
	}
	u->direct = false;
	ask(u);
}

int mw_wkd_new(struct mw_https *https, struct mw_wkd **ret, struct mw_err *err)
{
	struct mw_wkd *w = malloc(sizeof(*w));

	if (!w)
		return mw_fail_memory(err);
	*w = (struct mw_wkd){.https = https};
	TAILQ_INIT(&w->all);
	*ret = w;
	return 0;
}

void mw_wkd_free(struct mw_wkd **wkd)
{
	struct mw_wkd *w = *wkd;
	struct subject *u;

	if (!w)
		return;
	while ((u = TAILQ_FIRST(&w->all)) != NULL)
		drop(u); /* none waits: mw_https_free() has ended what was asked */
	free(w);
	*wkd = NULL;
}

/* ---- the map -------------------------------------------------------------------------------------------------------------------- */

struct reply_to {
	mw_answer_done *done;
	void *ctx;
};

static void on_keys(void *ctx, enum mw_wkd_answer kind, struct mw_str keys, const char *why)
{
	static const enum mw_answer_kind kinds[] = {MW_ANSWER_OK, MW_ANSWER_NOTFOUND, MW_ANSWER_TEMP};
	struct reply_to *to = ctx;
	struct mw_answer answer = {.kind = kinds[kind], .text = mw_str(why)};
	struct mw_buf text = MW_BUF_INIT;

	if (kind == MW_WKD_KEYS) {
		mw_base64_add(&text, keys);
		answer.text = (struct mw_str){.p = mw_buf_text(&text), .n = text.n};
		if (!mw_buf_ok(&text))
			answer = (struct mw_answer){.kind = MW_ANSWER_TEMP, .text = MW_STR_LIT("no memory")};
	}
	to->done(to->ctx, &answer);
	mw_buf_free(&text);
	free(to);
}

void mw_wkd_map(void *map, struct mw_str key, mw_answer_done *done, void *ctx)
{
	const struct mw_answer failed = {.kind = MW_ANSWER_TEMP, .text = MW_STR_LIT("no memory")};
	struct reply_to *to = malloc(sizeof(*to));

	if (!to) {
		done(ctx, &failed);
		return;
	}
	*to = (struct reply_to){.done = done, .ctx = ctx};
	mw_wkd_ask(map, key, on_keys, to);
}
