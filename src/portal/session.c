/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/session.h"

#include "portal/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DIGEST 32u
#define EACH_MOST                                                                                                                \
	16u /* sessions of one message: who knows its passphrase signs in as often as he likes, and leaves room for others */

#define SENT_MOST 16u /* forms of a session that are remembered: more than are sent in an hour */

struct entry {
	bool used;
	unsigned char token[DIGEST]; /* SHA-256 */
	int64_t began, seen;
	struct mw_session session;
	struct mw_kept *kept[MW_KEPT_PAGES];
	bool replies; /* a reply is on its way */
	unsigned sents;
	char sent[SENT_MOST][MW_SESSION_ONCE]; /* names of forms; the next one is put at sents % SENT_MOST */
};

struct mw_sessions {
	pthread_mutex_t lock;
	pthread_cond_t replied;
	int64_t idle, longest; /* milliseconds */
	size_t most, used;
	size_t kept; /* octets of pages */
	struct entry *entry;
	uint64_t *tag; /* of each entry, of its token's hash; 0: it is not used. To look through all of them is to read little. */
};

int mw_sessions_new(size_t most, int64_t idle, int64_t longest, struct mw_sessions **ret, struct mw_err *err)
{
	struct mw_sessions *s = calloc(1, sizeof(*s));

	if (s) {
		s->entry = calloc(most, sizeof(*s->entry));
		s->tag = calloc(most, sizeof(*s->tag));
	}
	if (!s || !s->entry || !s->tag) {
		if (s) {
			free(s->entry);
			free(s->tag);
		}
		free(s);
		return mw_fail_memory(err);
	}
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->replied, NULL);
	s->most = most;
	/* Keys stay out of swap where that is allowed. */
	(void)mlock(s->entry, most * sizeof(*s->entry));
	mw_sessions_set_times(s, idle, longest);
	*ret = s;
	return 0;
}

void mw_sessions_set_times(struct mw_sessions *s, int64_t idle, int64_t longest)
{
	(void)pthread_mutex_lock(&s->lock);
	s->idle = idle * 1000;
	s->longest = longest * 1000;
	(void)pthread_mutex_unlock(&s->lock);
}

static void drop(struct mw_sessions *s, struct mw_kept **page)
{
	if (*page)
		s->kept -= (*page)->octets;
	mw_kept_unref(page);
}

static void wipe(struct mw_sessions *s, struct entry *e)
{
	for (size_t i = 0; i < MW_KEPT_PAGES; i++)
		drop(s, &e->kept[i]);
	OPENSSL_cleanse(e, sizeof(*e));
	s->tag[e - s->entry] = 0;
	s->used--;
}

void mw_sessions_free(struct mw_sessions **p)
{
	struct mw_sessions *s = *p;

	*p = NULL;
	if (!s)
		return;
	for (size_t i = 0; i < s->most; i++)
		if (s->entry[i].used)
			wipe(s, &s->entry[i]);
	OPENSSL_cleanse(s->entry, s->most * sizeof(*s->entry));
	(void)munlock(s->entry, s->most * sizeof(*s->entry));
	free(s->entry);
	free(s->tag);
	(void)pthread_cond_destroy(&s->replied);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

static bool over(const struct mw_sessions *s, const struct entry *e, int64_t now)
{
	return now - e->seen >= s->idle || now - e->began >= s->longest;
}

static size_t sweep(struct mw_sessions *s, int64_t now)
{
	for (size_t i = 0; i < s->most; i++) {
		struct entry *e = &s->entry[i];

		if (e->used && over(s, e, now))
			wipe(s, e);
		for (size_t k = 0; k < MW_KEPT_PAGES; k++)
			if (e->kept[k] && e->kept[k]->until <= now)
				drop(s, &e->kept[k]);
	}
	return s->used;
}

size_t mw_sessions_sweep(struct mw_sessions *s, int64_t now)
{
	size_t left;

	(void)pthread_mutex_lock(&s->lock);
	left = sweep(s, now);
	(void)pthread_mutex_unlock(&s->lock);
	return left;
}

static bool digest(struct mw_str token, unsigned char ret[DIGEST])
{
	return token.n == MW_SESSION_TOKEN - 1 && EVP_Digest(token.p, token.n, ret, NULL, EVP_sha256(), NULL) == 1;
}

static uint64_t tag_of(const unsigned char hash[DIGEST])
{
	uint64_t tag;

	memcpy(&tag, hash, sizeof(tag));
	return tag | 1;
}

/* One more of a message that has many takes the place of that which is idle for longest. */
static struct entry *room(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], int64_t now)
{
	struct entry *unused = NULL, *oldest = NULL;
	size_t n = 0;

	if (s->used == s->most)
		(void)sweep(s, now);
	for (size_t i = 0; i < s->most; i++) {
		struct entry *e = &s->entry[i];

		if (!e->used) {
			unused = unused ? unused : e;
		} else if (memcmp(e->session.id, id, MW_PICKUP_ID) == 0) {
			n++;
			oldest = oldest && oldest->seen <= e->seen ? oldest : e;
		}
	}
	if (n < EACH_MOST)
		return unused;
	wipe(s, oldest);
	return oldest;
}

int mw_sessions_begin(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], const unsigned char key[MW_PICKUP_KEY],
		      int64_t now, char token[MW_SESSION_TOKEN], struct mw_err *err)
{
	struct entry fresh = {.used = true, .began = now, .seen = now}, *e;
	char text[MW_SESSION_TOKEN];

	if (!mw_secret_text(text, sizeof(text)) || !mw_secret_text(fresh.session.csrf, sizeof(fresh.session.csrf)) ||
	    !digest(mw_str(text), fresh.token))
		return mw_fail(err, -EIO, "no random octets");
	memcpy(fresh.session.id, id, MW_PICKUP_ID);
	memcpy(fresh.session.key, key, MW_PICKUP_KEY);
	(void)pthread_mutex_lock(&s->lock);
	e = room(s, id, now);
	if (e) {
		*e = fresh;
		s->tag[e - s->entry] = tag_of(fresh.token);
		s->used++;
	}
	(void)pthread_mutex_unlock(&s->lock);
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	if (e)
		memcpy(token, text, sizeof(text));
	OPENSSL_cleanse(text, sizeof(text));
	return e ? 0 : mw_fail(err, -EAGAIN, "%zu sessions are open, which is the limit", s->most);
}

/* All are looked through, whatever they are. A tag tells nothing: it is of the hash of what was sent. */
static struct entry *find(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], struct mw_str token)
{
	unsigned char hash[DIGEST];
	struct entry *found = NULL;
	uint64_t tag;

	if (!digest(token, hash))
		return NULL;
	tag = tag_of(hash);
	for (size_t i = 0; i < s->most; i++) {
		struct entry *e = &s->entry[i];

		if (s->tag[i] == tag && CRYPTO_memcmp(e->token, hash, DIGEST) == 0 &&
		    CRYPTO_memcmp(e->session.id, id, MW_PICKUP_ID) == 0)
			found = e;
	}
	return found;
}

/* One that goes on, and is not idle. */
static struct entry *find_open(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], struct mw_str token, int64_t now)
{
	struct entry *e = find(s, id, token);

	if (e && over(s, e, now)) {
		wipe(s, e);
		return NULL;
	}
	if (e)
		e->seen = now;
	return e;
}

bool mw_sessions_find(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], struct mw_str token, int64_t now,
		      struct mw_session *ret)
{
	struct entry *e;

	(void)pthread_mutex_lock(&s->lock);
	e = find_open(s, id, token, now);
	if (e)
		*ret = e->session;
	(void)pthread_mutex_unlock(&s->lock);
	return e != NULL;
}

/* ---- pages ----------------------------------------------------------------------------------------------------------------------- */

static void drop_oldest(struct mw_sessions *s)
{
	struct mw_kept **oldest = NULL;

	for (size_t i = 0; i < s->most; i++)
		for (size_t k = 0; k < MW_KEPT_PAGES; k++) {
			struct mw_kept **page = &s->entry[i].kept[k];

			if (*page && (!oldest || (*page)->until < (*oldest)->until))
				oldest = page;
		}
	if (oldest)
		drop(s, oldest);
}

void mw_sessions_keep(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], struct mw_str token, unsigned page,
		      struct mw_kept *fresh)
{
	struct entry *e;

	(void)pthread_mutex_lock(&s->lock);
	e = find(s, id, token);
	if (e) { /* else the session has ended meanwhile */
		drop(s, &e->kept[page]);
		while (s->kept && s->kept + fresh->octets > MW_KEPT_ALL)
			drop_oldest(s);
		e->kept[page] = mw_kept_ref(fresh);
		s->kept += fresh->octets;
	}
	(void)pthread_mutex_unlock(&s->lock);
}

struct mw_kept *mw_sessions_kept(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], struct mw_str token, int64_t now,
				 unsigned page)
{
	struct mw_kept *k = NULL;
	struct entry *e;

	(void)pthread_mutex_lock(&s->lock);
	e = find_open(s, id, token, now);
	if (e && e->kept[page] && e->kept[page]->until > now)
		k = mw_kept_ref(e->kept[page]);
	(void)pthread_mutex_unlock(&s->lock);
	return k;
}

/* ---- ends ------------------------------------------------------------------------------------------------------------------------ */

void mw_sessions_end(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], struct mw_str token)
{
	struct entry *e;

	(void)pthread_mutex_lock(&s->lock);
	e = find(s, id, token);
	if (e)
		wipe(s, e);
	(void)pthread_mutex_unlock(&s->lock);
}

static bool was_sent(const struct entry *e, struct mw_str once)
{
	for (size_t i = 0; i < SENT_MOST && once.n; i++)
		if (mw_str_eq(once, e->sent[i]))
			return true;
	return false;
}

static bool is_replied(const struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID])
{
	for (size_t i = 0; i < s->most; i++)
		if (s->entry[i].used && s->entry[i].replies && memcmp(s->entry[i].session.id, id, MW_PICKUP_ID) == 0)
			return true;
	return false;
}

int mw_sessions_reply(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], struct mw_str token, struct mw_str once)
{
	struct entry *e;
	int r;

	(void)pthread_mutex_lock(&s->lock);
	while ((e = find(s, id, token)) != NULL && is_replied(s, id))
		(void)pthread_cond_wait(&s->replied, &s->lock);
	r = !e ? -ENOENT : was_sent(e, once) ? 0 : 1;
	if (r == 1)
		e->replies = true;
	(void)pthread_mutex_unlock(&s->lock);
	return r;
}

void mw_sessions_replied(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID], struct mw_str token, struct mw_str once,
			 bool sent)
{
	struct entry *e;

	(void)pthread_mutex_lock(&s->lock);
	e = find(s, id, token);
	if (e && sent && once.n && once.n < MW_SESSION_ONCE) {
		char *name = e->sent[e->sents++ % SENT_MOST];

		memcpy(name, once.p, once.n);
		name[once.n] = '\0';
	}
	if (e)
		e->replies = false;
	(void)pthread_cond_broadcast(&s->replied);
	(void)pthread_mutex_unlock(&s->lock);
}

void mw_sessions_end_all(struct mw_sessions *s, const unsigned char id[MW_PICKUP_ID])
{
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->most; i++)
		if (s->entry[i].used && memcmp(s->entry[i].session.id, id, MW_PICKUP_ID) == 0)
			wipe(s, &s->entry[i]);
	(void)pthread_mutex_unlock(&s->lock);
}
