/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include "canon.h"
#include "sigfield.h"
#include "sigkey.h"
#include "taglist.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <opendkim/dkim.h>
#include <openssl/err.h>

#define FIELD_MAX 60000u /* octets of a covered field: libopendkim has buffers of 64 KB */
#define DRIFT 86400u	 /* seconds that a clock may be ahead; libopendkim takes what is older than that for the future */

struct mw_verifier {
	const struct mw_host *host;
	DKIM_LIB *lib;
	unsigned minimum_bits;
};

/* ---- memory of the library -------------------------------------------------------------------------------------------------- */
/* 2.11 forgets some of what it allocates for Ed25519. So what it allocates for a message stands in a list, and is freed behind it. */

struct link {
	struct link *prev, *next;
};

struct block {
	struct link link; /* first */
	alignas(16) unsigned char data[];
};

static void block_free(struct block *b)
{
	b->link.prev->next = b->link.next;
	b->link.next->prev = b->link.prev;
	free(b);
}

/* closure: head of the list; NULL for what belongs to the library itself, which stands alone. */
static void *lib_malloc(void *closure, size_t n)
{
	struct block *b = n <= SIZE_MAX - sizeof(*b) ? malloc(sizeof(*b) + n) : NULL;
	struct link *head = closure;

	if (!b)
		return NULL;
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
		block_free((struct block *)(void *)((unsigned char *)p - offsetof(struct block, data)));
}

/* ---- one message ------------------------------------------------------------------------------------------------------------ */

struct signature {
	const struct mw_field *field;
	struct mw_sigfield *f;
	struct mw_dkim_result *to;
	struct mw_sigkey key;
	int body;	    /* index into bodies */
	bool open;	    /* not yet judged */
	size_t at;	    /* index among the signatures that libopendkim has */
	DKIM_SIGINFO *info; /* NULL = libopendkim does not have it */
};

struct work {
	const struct mw_verifier *v;
	const struct mw_auth_mail *mail;
	const struct mw_resolver *resolver;
	size_t n;
	struct signature *sig;
	struct mw_bodies bodies;
	struct link blocks;
	DKIM *dkim;
	size_t fed;		     /* signatures that it has */
	const struct signature *now; /* whose key libopendkim asks for */
};

static void judge(struct signature *s, enum mw_auth_word word, const char *why)
{
	s->open = false;
	s->to->word = word;
	(void)snprintf(s->to->why, sizeof(s->to->why), "%s", why);
}

/* Local parts that need no quoting; others are not shown. */
static void show_identity(struct mw_str identity, char to[MW_AUTH_NAME])
{
	if (identity.n == 0 || identity.n >= MW_AUTH_NAME)
		return;
	for (size_t i = 0; i < identity.n; i++) {
		char c = identity.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !strchr("@._+-", c))
			return;
	}
	memcpy(to, identity.p, identity.n);
}

static void show_b(struct mw_str b, char to[16])
{
	size_t n = 0;

	for (size_t i = 0; i < b.n && n < 15; i++)
		if (!strchr(" \t\r\n", b.p[i]))
			to[n++] = b.p[i];
}

/* RFC 6008: eight characters tell signatures apart, or as many as are needed. */
static void shorten_b(struct work *w)
{
	size_t need = 8;

	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < i; k++)
			if (strncmp(w->sig[i].to->b, w->sig[k].to->b, need) == 0)
				need = 15;
	for (size_t i = 0; i < w->n; i++)
		w->sig[i].to->b[w->n > 1 ? need : 0] = '\0';
}

static void read_field(struct signature *s, int64_t clock)
{
	uint64_t now = clock > 0 ? (uint64_t)clock : 0;
	struct mw_dkim_result *to = s->to;
	const char *why;
	int r = mw_sigfield_parse(MW_SIGFIELD_DKIM, s->field->value, s->f, &why);

	memcpy(to->domain, s->f->domain, sizeof(to->domain));
	memcpy(to->selector, s->f->selector, sizeof(to->selector));
	(void)snprintf(to->algorithm, sizeof(to->algorithm), "%s", mw_sigalg_word(s->f->algorithm));
	s->open = true;
	if (r < 0) {
		judge(s, MW_AUTH_NEUTRAL, why);
		return;
	}
	show_identity(s->f->identity, to->identity);
	show_b(s->f->b_value, to->b);
	to->flags |= s->f->has_length ? MW_DKIM_LENGTH : 0u;
	if (s->f->algorithm == MW_SIGALG_RSA_SHA1) {
		to->flags |= MW_DKIM_SHA1;
		judge(s, MW_AUTH_POLICY, "rsa-sha1 proves nothing any more (RFC 8301)");
	} else if (s->f->has_expiry && now > s->f->expiry) {
		to->flags |= MW_DKIM_EXPIRED;
		judge(s, MW_AUTH_POLICY, "the signature has expired");
	} else if (s->f->has_time && (s->f->time > now + DRIFT || s->f->time < DRIFT)) {
		judge(s, MW_AUTH_POLICY, "the signature is of a time to come, or of 1970");
	}
}

static bool is_signature(const struct mw_field *f)
{
	return mw_field_named(mw_field_name(f), DKIM_SIGNHEADER);
}

static int collect(struct work *w, struct mw_dkim_result *ret, size_t *more)
{
	w->sig = w->mail->alloc(w->mail->alloc_ctx, MW_AUTH_SIGNATURES * sizeof(*w->sig));
	if (!w->sig)
		return -ENOMEM;
	for (size_t i = 0; i < w->mail->fields; i++) {
		struct signature *s = &w->sig[w->n];

		if (!is_signature(&w->mail->field[i]))
			continue;
		if (w->n == MW_AUTH_SIGNATURES) {
			(*more)++;
			continue;
		}
		s->f = w->mail->alloc(w->mail->alloc_ctx, sizeof(*s->f));
		if (!s->f)
			return -ENOMEM;
		s->field = &w->mail->field[i];
		s->to = &ret[w->n++];
		read_field(s, w->mail->now);
	}
	shorten_b(w);
	return 0;
}

/* ---- body ------------------------------------------------------------------------------------------------------------------- */

static void compare_body(const struct work *w, struct signature *s)
{
	const struct mw_body *b = w->bodies.body[s->body];

	if (b->has_length && b->octets < b->length) {
		judge(s, MW_AUTH_FAIL, "the body is shorter than what was signed (l=)");
		return;
	}
	if (b->has_length && b->octets > b->length)
		s->to->flags |= MW_DKIM_LENGTH_SHORT;
	if (memcmp(b->hash, s->f->body_hash, sizeof(b->hash)) != 0)
		judge(s, MW_AUTH_FAIL, "the body was changed");
}

static int hash_body(struct work *w)
{
	int r;

	for (size_t i = 0; i < w->n; i++) {
		struct signature *s = &w->sig[i];

		if (!s->open)
			continue;
		s->body = mw_bodies_add(&w->bodies, w->mail, s->f);
		if (s->body == -ENOMEM)
			return -ENOMEM;
		if (s->body < 0)
			judge(s, MW_AUTH_NEUTRAL, "too many ways to hash the body");
	}
	r = mw_bodies_run(&w->bodies, w->mail);
	for (size_t i = 0; r == 0 && i < w->n; i++)
		if (w->sig[i].open)
			compare_body(w, &w->sig[i]);
	return r;
}

/* ---- key -------------------------------------------------------------------------------------------------------------------- */

static bool of_domain_itself(const struct mw_sigfield *f)
{
	const char *at = f->identity.n ? memrchr(f->identity.p, '@', f->identity.n) : NULL;
	size_t n = at ? (size_t)(f->identity.p + f->identity.n - at - 1) : 0;

	return !at || (n == strlen(f->domain) && strncasecmp(at + 1, f->domain, n) == 0);
}

static void fetch_key(const struct work *w, struct signature *s)
{
	enum mw_auth_word word;
	const char *why;
	bool revoked;

	word = mw_sigkey_get(w->resolver, s->f->selector, s->f->domain, &s->key, &revoked, &why);
	s->to->flags |= revoked ? MW_DKIM_REVOKED : 0u;
	if (word != MW_AUTH_PASS) {
		judge(s, word, why);
		return;
	}
	s->to->secure = s->key.secure;
	s->to->flags |= s->key.testing ? MW_DKIM_TESTING : 0u;
	if (s->key.ed25519 != (s->f->algorithm == MW_SIGALG_ED25519))
		judge(s, MW_AUTH_PERMERROR, "the key is not of the kind that the signature names");
	else if (s->key.no_subdomain && !of_domain_itself(s->f))
		judge(s, MW_AUTH_PERMERROR, "the key does not stand for subdomains (t=s)");
}

/* What libopendkim reads: the record as it should have been written. */
static DKIM_CBSTAT give_key(DKIM *dkim, DKIM_SIGINFO *info, u_char *buf, size_t room)
{
	const struct work *w = dkim_get_user_context(dkim);
	unsigned char base64[MW_SIGKEY_OCTETS / 3 * 4 + 8];
	int n;

	if (!w->now || w->now->info != info)
		return DKIM_CBSTAT_ERROR;
	(void)EVP_EncodeBlock(base64, w->now->key.octets, (int)w->now->key.n);
	n = snprintf((char *)buf, room, "v=DKIM1; k=%s; p=%s", w->now->key.ed25519 ? "ed25519" : "rsa", base64);
	return n > 0 && (size_t)n < room ? DKIM_CBSTAT_CONTINUE : DKIM_CBSTAT_ERROR;
}

/* ---- header ----------------------------------------------------------------------------------------------------------------- */

static bool usable(const struct mw_field *f)
{
	struct mw_str name = mw_field_name(f);

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 0x21 || name.p[i] > 0x7e || name.p[i] == ';' || name.p[i] == ':')
			return false;
	return name.n > 0 && !memchr(f->name.p, '\t', f->name.n) && f->name.n + f->value.n <= FIELD_MAX && mw_field_clean(f);
}

/* A signature that covers a field which libopendkim would not read as a verifier should is not judged by it. */
static void drop_unusable(struct work *w)
{
	for (size_t i = 0; i < w->mail->fields; i++) {
		const struct mw_field *f = &w->mail->field[i];

		if (usable(f))
			continue;
		for (size_t k = 0; k < w->n; k++)
			if (w->sig[k].open && (w->sig[k].field == f || mw_sigfield_covers(w->sig[k].f, mw_field_name(f))))
				judge(&w->sig[k], MW_AUTH_NEUTRAL,
				      "a field that is covered is too long, or holds what no header may");
	}
}

/* "Name:" and the value with the line ends of SMTP. */
static size_t field_text(const struct mw_field *f, char *to)
{
	size_t n = f->name.n;

	memcpy(to, f->name.p, n);
	to[n++] = ':';
	for (size_t i = 0; i < f->value.n; i++) {
		if (f->value.p[i] == '\n' && (i == 0 || f->value.p[i - 1] != '\r'))
			to[n++] = '\r';
		to[n++] = f->value.p[i];
	}
	return n;
}

static int library_error(DKIM_STAT stat)
{
	return stat == DKIM_STAT_NORESOURCE ? -ENOMEM : stat == DKIM_STAT_SYNTAX ? -EBADMSG : -EIO;
}

static struct signature *open_signature(const struct work *w, const struct mw_field *f)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->sig[i].field == f && w->sig[i].open)
			return &w->sig[i];
	return NULL;
}

static bool is_covered(const struct work *w, const struct mw_field *f)
{
	struct mw_str name = mw_field_name(f);

	for (size_t i = 0; i < w->n; i++)
		if (w->sig[i].open && mw_sigfield_covers(w->sig[i].f, name))
			return true;
	return false;
}

/* The fields that somebody covers, and the open signatures themselves. Signatures that nobody needs are left out, as each one that
 * libopendkim has costs it a pass over the header. */
static int feed_header(struct work *w)
{
	char *buf = malloc(2 * FIELD_MAX + 2);
	DKIM_STAT stat = DKIM_STAT_OK;

	if (!buf)
		return -ENOMEM;
	for (size_t i = 0; stat == DKIM_STAT_OK && i < w->mail->fields; i++) {
		const struct mw_field *f = &w->mail->field[i];
		struct signature *own = open_signature(w, f);

		if (!usable(f) || (!own && !is_covered(w, f)))
			continue;
		if (!is_signature(f)) {
			stat = dkim_header(w->dkim, (unsigned char *)buf, field_text(f, buf));
			continue;
		}
		if (!own && w->fed >= MW_AUTH_SIGNATURES)
			continue;
		stat = dkim_header(w->dkim, (unsigned char *)buf, field_text(f, buf));
		if (own)
			own->at = w->fed;
		else if (stat == DKIM_STAT_SYNTAX)
			stat = DKIM_STAT_OK; /* it is kept, as a signature that cannot be read */
		w->fed++;
	}
	free(buf);
	if (stat == DKIM_STAT_OK)
		stat = dkim_eoh(w->dkim);
	return stat == DKIM_STAT_OK ? 0 : library_error(stat);
}

static bool same_name(const unsigned char *theirs, const char *ours)
{
	return theirs && strcasecmp((const char *)theirs, ours) == 0;
}

/* libopendkim has the signatures in the order in which they were fed. That it means the same one is looked at once more: a result
 * must never be that of another domain. */
static int find_infos(struct work *w)
{
	DKIM_SIGINFO **infos;
	int count;

	if (dkim_getsiglist(w->dkim, &infos, &count) != DKIM_STAT_OK || count < 0 || (size_t)count != w->fed)
		return -EIO;
	for (size_t i = 0; i < w->n; i++) {
		struct signature *s = &w->sig[i];

		if (s->open && same_name(dkim_sig_getdomain(infos[s->at]), s->f->domain) &&
		    same_name(dkim_sig_getselector(infos[s->at]), s->f->selector))
			s->info = infos[s->at];
	}
	return 0;
}

/* ---- signature -------------------------------------------------------------------------------------------------------------- */

static void check(struct work *w, struct signature *s)
{
	DKIM_STAT stat = DKIM_STAT_INTERNAL;

	if (s->info) {
		w->now = s;
		stat = dkim_sig_process(w->dkim, s->info);
		w->now = NULL;
	}
	if (stat != DKIM_STAT_OK) {
		judge(s, MW_AUTH_TEMPERROR, stat == DKIM_STAT_NORESOURCE ? "no memory" : "libopendkim cannot judge it");
		return;
	}
	(void)dkim_sig_getkeysize(s->info, &s->to->bits);
	if (s->key.ed25519)
		s->to->bits = 256;
	if (dkim_sig_getflags(s->info) & DKIM_SIGFLAG_PASSED)
		judge(s, MW_AUTH_PASS, "");
	else if (dkim_sig_geterror(s->info) == DKIM_SIGERROR_KEYDECODE)
		judge(s, MW_AUTH_PERMERROR, "the key cannot be decoded");
	else if (dkim_sig_geterror(s->info) == DKIM_SIGERROR_BADSIG)
		judge(s, MW_AUTH_FAIL, "the signature does not fit the header and the key");
	else
		judge(s, MW_AUTH_NEUTRAL, "libopendkim does not take the signature");
	if (s->to->word == MW_AUTH_PASS && !s->key.ed25519 && s->to->bits < w->v->minimum_bits) {
		s->to->flags |= MW_DKIM_WEAK;
		s->to->word = MW_AUTH_POLICY;
		(void)snprintf(s->to->why, sizeof(s->to->why), "the key has %u bits, and must have %u", s->to->bits,
			       w->v->minimum_bits);
	}
}

static int check_all(struct work *w)
{
	DKIM_STAT stat;
	int r;

	w->blocks.prev = w->blocks.next = &w->blocks;
	w->dkim = dkim_verify(w->v->lib, (const unsigned char *)"-", &w->blocks, &stat);
	if (!w->dkim)
		return library_error(stat);
	(void)dkim_set_user_context(w->dkim, w);
	r = feed_header(w);
	if (r == 0)
		r = find_infos(w);
	for (size_t i = 0; i < w->n; i++) {
		if (r == 0 && w->sig[i].open)
			check(w, &w->sig[i]);
		else if (r == -EBADMSG && w->sig[i].open)
			judge(&w->sig[i], MW_AUTH_NEUTRAL, "libopendkim cannot read the header");
	}
	(void)dkim_free(w->dkim);
	while (w->blocks.next != &w->blocks)
		block_free((struct block *)(void *)w->blocks.next);
	ERR_clear_error();
	return r == -EBADMSG ? 0 : r;
}

static int verify(struct work *w)
{
	bool open = false;
	int r = hash_body(w);

	mw_bodies_end(&w->bodies);
	if (r < 0)
		return r;
	drop_unusable(w);
	for (size_t i = 0; i < w->n; i++) {
		if (w->sig[i].open)
			fetch_key(w, &w->sig[i]);
		open = open || w->sig[i].open;
	}
	return open ? check_all(w) : 0;
}

int mw_dkim_verify(const struct mw_verifier *v, const struct mw_auth_mail *mail, const struct mw_resolver *resolver,
		   struct mw_dkim_result ret[MW_AUTH_SIGNATURES], size_t *n, size_t *more)
{
	struct work w = {.v = v, .mail = mail, .resolver = resolver};
	int r;

	*more = 0;
	memset(ret, 0, MW_AUTH_SIGNATURES * sizeof(*ret));
	r = collect(&w, ret, more);
	if (r == 0)
		r = verify(&w);
	for (size_t i = 0; i < w.n; i++)
		if (w.sig[i].open)
			judge(&w.sig[i], MW_AUTH_TEMPERROR, r == -ENOMEM ? "no memory" : "the message cannot be read");
	*n = w.n;
	return r;
}

void mw_dkim_want(const struct mw_auth_mail *mail, const struct mw_resolver *resolver)
{
	size_t n = 0;

	for (size_t i = 0; i < mail->fields && n < MW_AUTH_SIGNATURES; i++) {
		struct mw_sigfield f;
		const char *why;

		if (!is_signature(&mail->field[i]))
			continue;
		n++;
		if (mw_sigfield_parse(MW_SIGFIELD_DKIM, mail->field[i].value, &f, &why) == 0 && f.algorithm != MW_SIGALG_RSA_SHA1)
			mw_sigkey_want(resolver, f.selector, f.domain);
	}
}

/* ---- opening ---------------------------------------------------------------------------------------------------------------- */

/* libopendkim's own resolver is never used: keys come by give_key(). */
static int no_resolver(void **service)
{
	*service = NULL;
	return DKIM_DNS_SUCCESS;
}

static int no_query(void *service, int type, unsigned char *query, unsigned char *buf, size_t room, void **handle)
{
	(void)service;
	(void)type;
	(void)query;
	(void)buf;
	(void)room;
	(void)handle;
	return DKIM_DNS_ERROR;
}

static void no_close(void *service)
{
	(void)service;
}

static bool set_up(DKIM_LIB *lib)
{
	/* Signatures are processed one by one. BADSIGHANDLES: a From that libopendkim cannot read is no reason not to look at them. */
	uint64_t drift = DRIFT;
	unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES, bits = 0;

	dkim_dns_set_init(lib, no_resolver);
	dkim_dns_set_close(lib, no_close);
	dkim_dns_set_query_start(lib, no_query);
	return dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof(flags)) == DKIM_STAT_OK &&
	       dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift, sizeof(drift)) == DKIM_STAT_OK &&
	       dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof(bits)) == DKIM_STAT_OK &&
	       dkim_set_key_lookup(lib, give_key) == DKIM_STAT_OK;
}

int mw_verifier_open(const struct mw_host *host, int64_t minimum_bits, struct mw_verifier **ret, struct mw_err *err)
{
	struct mw_verifier *v = calloc(1, sizeof(*v));

	if (!v)
		return host->fail(err, -ENOMEM, "no memory");
	v->minimum_bits = minimum_bits > MW_SIGKEY_RSA_MIN ? (unsigned)minimum_bits : MW_SIGKEY_RSA_MIN;
	v->lib = dkim_init(lib_malloc, lib_free);
	if (!v->lib || !set_up(v->lib)) {
		mw_verifier_free(v);
		return host->fail(err, -EIO, "libopendkim does not start");
	}
	*ret = v;
	return 0;
}

void mw_verifier_free(struct mw_verifier *v)
{
	if (!v)
		return;
	if (v->lib)
		dkim_close(v->lib);
	free(v);
}
