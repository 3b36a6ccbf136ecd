/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include "keycache.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <opendkim/dkim.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "legacy.h"

#define NAMES_MAX 64	    /* names of covered fields */
#define INSTANCES_MAX 4	    /* of one name; the lowest ones, as a verifier counts from below */
#define LINE_MAX_OCTETS 980 /* of a field that may not be folded: 998 and the name */
#define FIELD_MAX 60000u    /* octets of a covered field: some verifiers, libopendkim among them, stop at 64 KB */

/* The fields that RFC 6376, 5.4.1 recommends, and those that say how the body is read. Not what MTAs on the way change
 * (Return-Path, Received, Bcc). */
static const char *const covered[] = {
    "From",
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "Resent-Date",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
};

struct mw_dkim_signer {
	const struct mw_host *host;
	DKIM_LIB *lib;
	dkim_canon_t header, body;
	size_t instances; /* of one name that are covered */
	size_t names;
	const char *name[NAMES_MAX];
	bool leaks[2]; /* libopendkim does not give back its reference of an RSA key [0], an Ed25519 key [1] */
};

/* ---- memory of the library --------------------------------------------------------------------------------------------------
 */
/* libopendkim copies the private key's text, and 2.11 forgets some of what it allocates for Ed25519. So all it allocates for a
 * signature stands in a list, and is wiped when it is freed, by the library or behind it. */

struct link {
	struct link *prev, *next;
};

struct block {
	struct link link; /* first */
	size_t n;
	alignas(16) unsigned char data[];
};

static void block_wipe(struct block *b)
{
	b->link.prev->next = b->link.next;
	b->link.next->prev = b->link.prev;
	explicit_bzero(b->data, b->n);
	free(b);
}

/* closure: head of the list; NULL for what belongs to the library itself, which stands alone. */
static void *lib_malloc(void *closure, size_t n)
{
	struct block *b = n <= SIZE_MAX - sizeof(*b) ? malloc(sizeof(*b) + n) : NULL;
	struct link *head = closure;

	if (!b)
		return NULL;
	b->n = n;
	b->link.prev = b->link.next = &b->link;
	if (head) {
		b->link.next = head->next;
		b->link.prev = head;
		head->next->prev = &b->link;
		head->next = &b->link;
	}
	return b->data;
}

static void lib_free(void *closure, void *p)
{
	(void)closure;
	if (p)
		block_wipe((struct block *)(void *)((unsigned char *)p - offsetof(struct block, data)));
}

/* ---- one signature ----------------------------------------------------------------------------------------------------------
 */

struct hand {
	DKIM *dkim;
	struct link list; /* of blocks */
	struct mw_dkim_loan loan;
	bool failed; /* behind the point where the key was taken */
	bool ed25519;
};

static int library_error(const struct mw_dkim_signer *s, DKIM_STAT stat, const char *what, struct mw_err *err)
{
	const char *text = dkim_getresultstr(stat);

	ERR_clear_error();
	return s->host->fail(err, stat == DKIM_STAT_NORESOURCE ? -ENOMEM : -EIO, "cannot sign: libopendkim at %s: %s", what,
			     text ? text : "unknown result");
}

static bool unfolded(const struct mw_dkim_signer *s, const struct hand *h)
{
	return s->header == DKIM_CANON_SIMPLE && h->ed25519;
}

static int hand_open(const struct mw_dkim_signer *s, struct hand *h, const struct mw_dkim_key *key, const char *selector,
		     const char *domain, const char *signer, struct mw_err *err)
{
	dkim_alg_t alg = key->ed25519 ? DKIM_SIGN_ED25519SHA256 : DKIM_SIGN_RSASHA256;
	DKIM_STAT stat = DKIM_STAT_NORESOURCE;

	h->list.prev = h->list.next = &h->list;
	h->loan = (struct mw_dkim_loan){.key = key->pkey, .pem = key->pem, .pem_n = key->pem_n};
	h->ed25519 = key->ed25519;
	h->dkim = dkim_sign(s->lib, (const unsigned char *)"-", &h->list, (dkim_sigkey_t)key->pem,
			    (const unsigned char *)selector, (const unsigned char *)domain, s->header, s->body, alg, -1, &stat);
	if (!h->dkim)
		return library_error(s, stat, "begin", err);
	stat = *signer ? dkim_set_signer(h->dkim, (const unsigned char *)signer) : DKIM_STAT_OK;
	/* libopendkim hashes the field with b= where it would fold it if the value were empty, and folds it elsewhere when it is
	 * not; only for RSA does it take care. "simple" sees the difference: no folds then, but in b= itself, see field_value().
	 */
	if (stat == DKIM_STAT_OK && unfolded(s, h))
		stat = dkim_set_margin(h->dkim, 0);
	return stat == DKIM_STAT_OK ? 0 : library_error(s, stat, "set up", err);
}

static int hand_finish(const struct mw_dkim_signer *s, struct hand *h, struct mw_err *err)
{
	DKIM_STAT stat;

	mw_dkim_loan_set(&h->loan);
	stat = dkim_eom(h->dkim, NULL);
	mw_dkim_loan_set(NULL);
	h->failed = stat != DKIM_STAT_OK;
	return h->failed ? library_error(s, stat, "end", err) : 0;
}

static void hand_close(const struct mw_dkim_signer *s, struct hand *h)
{
	if (h->dkim) {
		/* When RSA_sign() fails, libopendkim frees its reference of the RSA object twice. The object belongs to a key
		 * that other threads use: give it one to take. */
		if (h->failed && h->loan.taken && !h->ed25519)
			mw_dkim_legacy_keep(h->loan.key);
		(void)dkim_free(h->dkim);
		if (s->leaks[h->ed25519])
			for (unsigned i = 0; i < h->loan.taken; i++)
				EVP_PKEY_free(h->loan.key);
	}
	while (h->list.next && h->list.next != &h->list)
		block_wipe((struct block *)(void *)h->list.next);
	h->dkim = NULL;
}

/* ---- opening ----------------------------------------------------------------------------------------------------------------
 */

static void on_key_freed(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	if (ptr)
		*(bool *)ptr = true;
}

static int try_sign(const struct mw_dkim_signer *s, struct hand *h, const struct mw_dkim_key *key, struct mw_err *err)
{
	static unsigned char from[] = "From: a@milward.invalid";
	DKIM_STAT stat;
	int r = hand_open(s, h, key, "trial", "milward.invalid", "", err);

	if (r < 0)
		return r;
	stat = dkim_header(h->dkim, from, sizeof(from) - 1);
	if (stat == DKIM_STAT_OK)
		stat = dkim_eoh(h->dkim);
	return stat == DKIM_STAT_OK ? hand_finish(s, h, err) : library_error(s, stat, "header", err);
}

/* Signs with a copy of the key that tells when it is freed. 2.11 never gives back its reference of an Ed25519 key; whether the
 * library at hand does is found out here, not assumed. */
static int try_key(struct mw_dkim_signer *s, const struct mw_dkim_key *sample, struct mw_dkim_trial *trial, struct mw_err *err)
{
	int index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_EVP_PKEY, 0, NULL, NULL, NULL, on_key_freed);
	struct mw_dkim_key key = *sample;
	struct hand h = {0};
	bool freed = false;
	unsigned taken;
	int r;

	key.pkey = EVP_PKEY_dup(sample->pkey);
	if (index < 0 || !key.pkey || EVP_PKEY_set_ex_data(key.pkey, index, &freed) != 1) {
		EVP_PKEY_free(key.pkey);
		ERR_clear_error();
		return s->host->fail(err, -ENOMEM, "no memory");
	}
	r = try_sign(s, &h, &key, err);
	hand_close(s, &h);
	taken = h.loan.taken;
	EVP_PKEY_free(key.pkey);
	s->leaks[sample->ed25519] = taken > 0 && !freed;
	while (!freed && taken-- > 0)
		EVP_PKEY_free(key.pkey);
	(void)CRYPTO_free_ex_index(CRYPTO_EX_INDEX_EVP_PKEY, index);
	if (h.loan.taken == 0)
		trial->cached = false;
	return r;
}

static int try_keys(struct mw_dkim_signer *s, const struct mw_dkim_ring *ring, struct mw_dkim_trial *trial, struct mw_err *err)
{
	trial->cached = true;
	for (int ed25519 = 0; ed25519 < 2; ed25519++) {
		const struct mw_dkim_key *sample = mw_dkim_ring_sample(ring, ed25519);
		int r;

		if (!sample)
			continue;
		if (ed25519 && !dkim_libfeature(s->lib, DKIM_FEATURE_ED25519))
			return s->host->fail(err, -ENOTSUP, "this libopendkim cannot sign with Ed25519: use RSA keys");
		r = try_key(s, sample, trial, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool name_is(const char *name, struct mw_str s)
{
	return strlen(name) == s.n && strncasecmp(name, s.p, s.n) == 0;
}

/* "Subject : x", RFC 5322, 4.5.8. */
static struct mw_str name_trimmed(struct mw_str name)
{
	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	return name;
}

static size_t name_index(const struct mw_dkim_signer *s, struct mw_str name)
{
	size_t i = 0;

	name = name_trimmed(name);
	while (i < s->names && !name_is(s->name[i], name))
		i++;
	return i;
}

/* Names that are to be oversigned are covered too. */
static int set_names(struct mw_dkim_signer *s, const struct mw_list *oversign, struct mw_err *err)
{
	const unsigned char *list[NAMES_MAX + 1] = {0};
	DKIM_STAT stat;

	for (size_t i = 0; i < sizeof(covered) / sizeof(covered[0]); i++)
		s->name[s->names++] = covered[i];
	for (size_t i = 0; i < oversign->n; i++) {
		struct mw_str name = {.p = oversign->v[i], .n = strlen(oversign->v[i])};

		if (name_index(s, name) == s->names) {
			if (s->names >= NAMES_MAX)
				return s->host->fail(err, -E2BIG, "oversign: more than %d names", NAMES_MAX);
			s->name[s->names++] = oversign->v[i];
		}
		list[i] = (const unsigned char *)oversign->v[i];
		if (i + 1 >= NAMES_MAX)
			return s->host->fail(err, -E2BIG, "oversign: more than %d names", NAMES_MAX);
	}
	if (oversign->n == 0)
		return 0;
	stat = dkim_options(s->lib, DKIM_OP_SETOPT, DKIM_OPTS_OVERSIGNHDRS, list, sizeof(unsigned char **));
	return stat == DKIM_STAT_OK ? 0 : library_error(s, stat, "oversign", err);
}

int mw_dkim_signer_open(const struct mw_host *host, const struct mw_dkim_style *style, const struct mw_dkim_ring *ring,
			struct mw_dkim_signer **ret, struct mw_dkim_trial *trial, struct mw_err *err)
{
	struct mw_dkim_signer *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return host->fail(err, -ENOMEM, "no memory");
	s->host = host;
	s->header = style->simple_header ? DKIM_CANON_SIMPLE : DKIM_CANON_RELAXED;
	s->body = style->simple_body ? DKIM_CANON_SIMPLE : DKIM_CANON_RELAXED;
	s->instances = style->simple_header ? 1 : INSTANCES_MAX; /* an unfolded field must fit in a line */
	s->lib = dkim_init(lib_malloc, lib_free);
	r = s->lib ? 0 : host->fail(err, -ENOMEM, "libopendkim does not start");
	if (r == 0)
		r = set_names(s, &style->oversign, err);
	if (r == 0)
		r = try_keys(s, ring, trial, err);
	if (r < 0) {
		mw_dkim_signer_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void mw_dkim_signer_free(struct mw_dkim_signer *s)
{
	if (!s)
		return;
	if (s->lib)
		dkim_close(s->lib);
	free(s);
}

/* ---- header -----------------------------------------------------------------------------------------------------------------
 */

struct work {
	const struct mw_dkim_signer *s;
	struct mw_self *self;
	struct mw_msg *msg;
	size_t hands;
	struct hand *hand;
	DKIM_STAT stat; /* why the body was refused */
	bool any;	/* the body is not empty */
	char last;	/* octet of the body */
	bool bare_cr;	/* in the body */
	size_t column;
	bool long_line;
};

/* Positions of the fields to be covered. */
struct choice {
	size_t count[NAMES_MAX];
	size_t pick[NAMES_MAX][INSTANCES_MAX];
	bool skip[NAMES_MAX]; /* an instance cannot be covered: none of that name is, as h= counts instances */
	size_t n;
	size_t at[NAMES_MAX * INSTANCES_MAX];
};

static int size_order(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static void choose(const struct work *w, struct choice *c)
{
	const struct mw_field *f;

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; (f = w->s->host->field(w->self, w->msg, i)) != NULL; i++) {
		size_t name = name_index(w->s, f->name);

		if (name == w->s->names)
			continue;
		if (f->name.n + f->value.n > FIELD_MAX)
			c->skip[name] = true;
		if (w->s->header == DKIM_CANON_SIMPLE && name_trimmed(f->name).n != f->name.n)
			c->skip[name] = true; /* libopendkim knows no such name */
		c->pick[name][c->count[name]++ % w->s->instances] = i;
	}
	for (size_t name = 0; name < w->s->names; name++)
		for (size_t k = 0; k < c->count[name] && k < w->s->instances && !c->skip[name]; k++)
			c->at[c->n++] = c->pick[name][k];
	qsort(c->at, c->n, sizeof(c->at[0]), size_order);
}

/* "Name: value" with the line ends of SMTP. Returns the length. A space before the colon means nothing to "relaxed". */
static size_t field_text(const struct mw_field *f, char *to)
{
	size_t n = name_trimmed(f->name).n;

	memcpy(to, f->name.p, n);
	to[n++] = ':';
	for (size_t i = 0; i < f->value.n; i++) {
		if (f->value.p[i] == '\n' && (i == 0 || f->value.p[i - 1] != '\r'))
			to[n++] = '\r';
		to[n++] = f->value.p[i];
	}
	return n;
}

static int feed_field(struct work *w, const struct mw_field *f, char *buf, struct mw_err *err)
{
	size_t n = field_text(f, buf);

	if (memchr(f->value.p, '\0', f->value.n))
		return w->s->host->fail(err, -EINVAL, "cannot sign: a header field holds a NUL octet");
	for (size_t h = 0; h < w->hands; h++) {
		DKIM_STAT stat = dkim_header(w->hand[h].dkim, (unsigned char *)buf, n);

		if (stat != DKIM_STAT_OK)
			return library_error(w->s, stat, "header", err);
	}
	return 0;
}

static int feed_header(struct work *w, struct mw_err *err)
{
	char *buf = malloc(2 * FIELD_MAX + 2);
	struct choice c;
	int r = 0;

	if (!buf)
		return w->s->host->fail(err, -ENOMEM, "no memory");
	choose(w, &c);
	for (size_t i = 0; r == 0 && i < c.n; i++)
		r = feed_field(w, w->s->host->field(w->self, w->msg, c.at[i]), buf, err);
	free(buf);
	for (size_t h = 0; r == 0 && h < w->hands; h++) {
		DKIM_STAT stat = dkim_eoh(w->hand[h].dkim);

		if (stat != DKIM_STAT_OK)
			r = library_error(w->s, stat, "end of header", err);
	}
	return r;
}

/* ---- body -------------------------------------------------------------------------------------------------------------------
 */

/* What libopendkim or an MTA does not carry as it is. */
static void look(struct work *w, const char *p, size_t n)
{
	const char *end = p + n;

	if (n && w->last == '\r' && *p != '\n')
		w->bare_cr = true;
	for (const char *cr = p; (cr = memchr(cr, '\r', (size_t)(end - cr))) != NULL; cr++)
		if (cr + 1 < end && cr[1] != '\n')
			w->bare_cr = true;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		w->column += (size_t)((lf ? lf : end) - p);
		if (w->column > 999) /* 998 and the CR */
			w->long_line = true;
		if (!lf)
			break;
		w->column = 0;
		p = lf + 1;
	}
	if (n) {
		w->any = true;
		w->last = end[-1];
	}
}

static int feed_body(void *ctx, const char *p, size_t n)
{
	struct work *w = ctx;

	look(w, p, n);
	for (size_t h = 0; n && h < w->hands; h++) {
		w->stat = dkim_body(w->hand[h].dkim, (unsigned char *)(uintptr_t)p, n);
		if (w->stat != DKIM_STAT_OK)
			return -EIO;
	}
	return 0;
}

static int sign_body(struct work *w, struct mw_err *err)
{
	int r = w->s->host->body(w->self, w->msg, feed_body, w);

	/* An MTA ends the last line. libopendkim does not: its "simple" signs what nobody will see, its "relaxed" fails. */
	if (r == 0 && w->any && w->last != '\n')
		r = w->last == '\r' ? feed_body(w, "\n", 1) : feed_body(w, "\r\n", 2);
	if (w->stat != DKIM_STAT_OK)
		return library_error(w->s, w->stat, "body", err);
	if (r < 0)
		return w->s->host->fail(err, r, "cannot sign: the body cannot be read");
	if (w->bare_cr)
		w->s->host->log(w->self, w->msg, MW_WARNING, "dkim-bare-cr",
				"a CR without LF in the body: verifiers may not agree");
	if (w->long_line)
		w->s->host->log(w->self, w->msg, MW_WARNING, "dkim-long-line",
				"a line of the body is over 998 octets: the signature breaks where an MTA folds it");
	return 0;
}

/* ---- all of it --------------------------------------------------------------------------------------------------------------
 */

/* What goes behind "DKIM-Signature:": a space, and folds with LF alone. NULL = no memory. */
static char *field_value(const struct mw_dkim_signer *s, const struct hand *h, struct mw_msg *msg, const char *p, size_t n)
{
	const char *b = unfolded(s, h) ? memmem(p, n, "; b=", 4) : NULL;
	char *made = s->host->alloc(msg, n + 4);
	size_t at = 0;

	if (!made)
		return NULL;
	made[at++] = ' ';
	for (size_t i = 0; i < n; i++) {
		if (b && p + i == b + 4) {
			made[at++] = '\n';
			made[at++] = '\t';
		}
		if (p[i] != '\r')
			made[at++] = p[i];
	}
	made[at] = '\0';
	return made;
}

static int finish(struct work *w, const char *value[], struct mw_err *err)
{
	for (size_t h = 0; h < w->hands; h++) {
		unsigned char *p;
		DKIM_STAT stat;
		size_t n;
		int r = hand_finish(w->s, &w->hand[h], err);

		if (r < 0)
			return r;
		/* The first argument is the column where the value begins, as it was when the field was hashed. */
		stat = dkim_getsighdr_d(w->hand[h].dkim, strlen("DKIM-Signature: "), &p, &n);
		if (stat != DKIM_STAT_OK)
			return library_error(w->s, stat, "field", err);
		if (unfolded(w->s, &w->hand[h]) && n > LINE_MAX_OCTETS)
			return w->s->host->fail(err, -E2BIG, "cannot sign: the signature does not fit in a line; use relaxed");
		value[h] = field_value(w->s, &w->hand[h], w->msg, (const char *)p, n);
		if (!value[h])
			return w->s->host->fail(err, -ENOMEM, "no memory");
	}
	return 0;
}

static int stage(struct work *w, const char *value[], struct mw_err *err)
{
	/* Each goes to the top: the last one first, so that they stand in the order of the table. */
	for (size_t h = w->hands; h-- > 0;) {
		int r = w->s->host->add_field(w->self, w->msg, "DKIM-Signature", value[h], true);

		if (r < 0)
			return w->s->host->fail(err, r, "cannot add the signature: %s", strerror(-r));
	}
	return 0;
}

int mw_dkim_signer_sign(const struct mw_dkim_signer *s, struct mw_self *self, struct mw_msg *msg, const struct mw_dkim_use *use,
			size_t uses, struct mw_err *err)
{
	struct hand hand[MW_DKIM_SIGNATURES_MAX] = {0};
	const char *value[MW_DKIM_SIGNATURES_MAX];
	struct work w = {.s = s, .self = self, .msg = msg, .hand = hand, .hands = uses, .stat = DKIM_STAT_OK};
	int r = uses <= MW_DKIM_SIGNATURES_MAX ? 0 : s->host->fail(err, -E2BIG, "cannot sign: too many signatures");

	for (size_t h = 0; r == 0 && h < uses; h++)
		r = hand_open(s, &hand[h], use[h].key, use[h].selector, use[h].domain, use[h].signer, err);
	if (r == 0)
		r = feed_header(&w, err);
	if (r == 0)
		r = sign_body(&w, err);
	if (r == 0)
		r = finish(&w, value, err);
	for (size_t h = 0; h < MW_DKIM_SIGNATURES_MAX; h++)
		hand_close(s, &hand[h]);
	if (r == 0)
		r = stage(&w, value, err);
	return r;
}
