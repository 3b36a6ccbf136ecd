/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unseal: takes off the outermost layer of S/MIME; with an encryption also the signature directly inside, since the two say one thing.
 *
 * Only a whole entity is opened, never a part of a multipart: what is decrypted stands beside nothing that a stranger may have written
 * around it. A signature around an encryption says nothing of who wrote what is inside.
 */
#include "seal.h"

#include "cmsfile.h"
#include "inflate.h"
#include "verify.h"

#include <errno.h>
#include <limits.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define TAG_LEAST 12 /* octets of an AES-GCM tag (RFC 5084 3.2) */
#define SIGNATURE_MOST (1u << 20)

enum layer { LAYER_NONE = 0, LAYER_VALUE, LAYER_CLEAR };

/* An entity, and what its header says that it is. */
struct piece {
	int fd;
	struct entity_range all;
	struct entity head;
	enum layer layer;
	enum entity_coding coding; /* of a value */
	char boundary[80];	   /* of one that is signed in clear */
};

struct unsealing {
	struct smime *s;
	const struct mw_seal_work *w;
	struct mw_opened *ret;
	struct mw_err *err;
};

static int no(struct unsealing *u, const char *why)
{
	(void)u->s->host->fail(u->err, -EBADMSG, "%s", why);
	if (u->err)
		u->err->code = 0;
	return 0;
}

static int failed(struct unsealing *u, int r)
{
	return u->s->host->fail(u->err, r, "%s", strerror(-r));
}

/* -EBADMSG and the limits are of the message; the others of this machine. */
static bool of_message(int r)
{
	return r == -EBADMSG || r == -EFBIG || r == -E2BIG;
}

/* ---- what it is ------------------------------------------------------------------------------------------------------------------ */

static bool is_value(const struct entity_media *m)
{
	const char *name = entity_param(m, "name");
	size_t n = name ? strlen(name) : 0;

	if (strcmp(m->type, "application/pkcs7-mime") == 0 || strcmp(m->type, "application/x-pkcs7-mime") == 0)
		return true;
	return strcmp(m->type, "application/octet-stream") == 0 && n > 4 && strcasecmp(name + n - 4, ".p7m") == 0;
}

static bool is_clear(const struct entity_media *m)
{
	const char *protocol = entity_param(m, "protocol");

	return strcmp(m->type, "multipart/signed") == 0 && protocol &&
	       (strcasecmp(protocol, "application/pkcs7-signature") == 0 ||
		strcasecmp(protocol, "application/x-pkcs7-signature") == 0);
}

/* 0, or negative; p->head is entity_free()'s. */
static int piece_read(struct piece *p)
{
	struct mw_str value = {.p = NULL}, coding = {.p = NULL};
	const char *boundary;
	struct entity_media m;
	int r = entity_load(p->fd, p->all, &p->head);

	if (r < 0)
		return r;
	p->layer = LAYER_NONE;
	r = entity_find(&p->head, "Content-Type", &value);
	if (r <= 0 || entity_media(value, &m) < 0 || entity_find(&p->head, "Content-Transfer-Encoding", &coding) < 0)
		return r < 0 ? r : 0;
	if (is_value(&m)) {
		p->layer = LAYER_VALUE;
		p->coding = entity_coding(coding);
	} else if (is_clear(&m)) {
		boundary = entity_param(&m, "boundary");
		if (boundary && strlen(boundary) < sizeof(p->boundary)) {
			p->layer = LAYER_CLEAR;
			(void)strcpy(p->boundary, boundary);
		}
	}
	return 0;
}

/* Is the entity encrypted? */
static bool is_encrypted(int fd, struct entity_range all)
{
	struct piece p = {.fd = fd, .all = all};
	struct cmsfile f;
	bool yes = false;

	if (piece_read(&p) == 0 && p.layer == LAYER_VALUE && cmsfile_open(fd, p.head.body, p.coding, &f) == 0) {
		yes = f.kind == CMSFILE_ENVELOPED || f.kind == CMSFILE_AUTHENVELOPED;
		cmsfile_free(&f);
	}
	entity_free(&p.head);
	return yes;
}

/* ---- writing --------------------------------------------------------------------------------------------------------------------- */

static int put_raw(void *ctx, const char *p, size_t n)
{
	return entity_put(ctx, p, n);
}

/* The content of f to the end of the file out. */
static int write_content(const struct cmsfile *f, int out)
{
	struct entity_writer w = {.fd = out};
	struct cmsfile_reader *c = NULL;
	char p[16384];
	ssize_t n = 1;
	int r = cmsfile_reader(f, &c);

	while (r == 0 && n > 0) {
		n = cmsfile_get(c, p, sizeof(p));
		r = n < 0 ? (int)n : entity_put(&w, p, (size_t)n);
	}
	if (r == 0)
		r = entity_flush(&w);
	cmsfile_reader_free(c);
	return r;
}

static int write_range(int fd, struct entity_range range, int out)
{
	struct entity_writer w = {.fd = out};

	(void)entity_put_range(&w, fd, range);
	return entity_flush(&w);
}

/* ---- decrypting ------------------------------------------------------------------------------------------------------------------ */

static bool is_for(CMS_RecipientInfo *ri, X509 *cert)
{
	STACK_OF(CMS_RecipientEncryptedKey) * keys;

	if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_TRANS)
		return CMS_RecipientInfo_ktri_cert_cmp(ri, cert) == 0;
	if (CMS_RecipientInfo_type(ri) != CMS_RECIPINFO_AGREE)
		return false;
	keys = CMS_RecipientInfo_kari_get0_reks(ri);
	for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++)
		if (CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, i), cert) == 0)
			return true;
	return false;
}

static const struct key *key_for(const struct smime *s, CMS_ContentInfo *cms)
{
	STACK_OF(CMS_RecipientInfo) *all = CMS_get0_RecipientInfos(cms);

	for (int i = 0; i < sk_CMS_RecipientInfo_num(all) && i < 1024; i++)
		for (size_t k = 0; k < s->openers.n; k++)
			if (is_for(sk_CMS_RecipientInfo_value(all, i), s->openers.v[k].cert))
				return &s->openers.v[k];
	return NULL;
}

/* 1 decrypted; 0 not, without a word of why: that would help those who try; negative. */
static int decrypt_with(struct unsealing *u, CMS_ContentInfo *cms, const struct key *key, const struct cmsfile *f, int out)
{
	struct entity_writer w = {.fd = out};
	struct sink sink = {.put = put_raw, .ctx = &w};
	struct cmsfile_reader *c;
	struct source source = {.get = cmsfile_get};
	int r = cmsfile_reader(f, &c);
	BIO *from, *to;
	bool good;

	if (r < 0)
		return r;
	source.ctx = c;
	from = pipe_source(&u->s->pipes, &source);
	to = pipe_sink(&u->s->pipes, &sink);
	good = from && to && CMS_decrypt(cms, key->pkey, key->cert, from, to, CMS_BINARY) == 1;
	r = sink.failed ? sink.failed : source.failed && !of_message(source.failed) ? source.failed : entity_flush(&w);
	BIO_free(from);
	BIO_free(to);
	cmsfile_reader_free(c);
	explicit_bzero(w.buffer, sizeof(w.buffer));
	return r < 0 ? r : good;
}

/* An encrypted value into the file out. 1, 0, negative. */
static int decrypt(struct unsealing *u, const struct cmsfile *f, int out)
{
	const unsigned char *p = (const unsigned char *)f->rest;
	CMS_ContentInfo *cms = f->rest_n <= LONG_MAX ? d2i_CMS_ContentInfo(NULL, &p, (long)f->rest_n) : NULL;
	const struct key *key = cms && u->s->openers.n ? key_for(u->s, cms) : NULL;
	int r;

	if (!cms)
		r = no(u, "the encrypted value is damaged");
	else if (!f->has_content)
		r = no(u, "the encrypted value has no content");
	else if (f->kind == CMSFILE_AUTHENVELOPED && f->mac < TAG_LEAST)
		r = no(u, "its authentication tag is too short");
	else if (!key)
		r = no(u, u->s->openers.n ? "it is for none of the site's keys" : "the site has no keys that open mail");
	else if ((r = decrypt_with(u, cms, key, f, out)) == 0)
		r = no(u, "it cannot be decrypted");
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return r < 0 ? failed(u, r) : r;
}

/* ---- signatures ------------------------------------------------------------------------------------------------------------------ */

static void say(struct unsealing *u, enum mw_signature what, const char *why)
{
	u->ret->signature = what;
	(void)snprintf(u->ret->why, sizeof(u->ret->why), "%s", why);
}

static int check(struct unsealing *u, const char *der, size_t n, int fd, struct entity_range content)
{
	const struct verify_work w = {.fd = fd, .content = content, .sender = u->w->sender, .now = u->w->now};
	int r = verify_value(u->s, der, n, &w, u->ret);

	if (r == 0 && u->ret->signature == MW_SIGNATURE_GOOD && is_encrypted(fd, content)) {
		u->ret->signer[0] = '\0';
		u->ret->keep = (struct mw_str){.n = 0};
		say(u, MW_SIGNATURE_UNKNOWN, "the signature is around the encryption: it says nothing of who wrote this");
	}
	return r;
}

/* The whole value of the second part, decoded. */
static int read_signature(int fd, struct entity_range part, char *p, size_t room, size_t *n)
{
	static const char *const types[] = {"application/pkcs7-signature", "application/x-pkcs7-signature"};
	struct mw_str value, coding = {.p = NULL};
	struct entity_media m;
	struct entity_reader r;
	struct entity e;
	ssize_t got = 1;
	int ret = entity_load(fd, part, &e);

	if (ret < 0)
		return ret;
	if (entity_find(&e, "Content-Type", &value) != 1 || entity_media(value, &m) < 0 ||
	    (strcmp(m.type, types[0]) && strcmp(m.type, types[1])) || entity_find(&e, "Content-Transfer-Encoding", &coding) < 0)
		ret = -EBADMSG;
	entity_reader(&r, fd, e.body, entity_coding(coding));
	while (ret == 0 && got > 0) {
		got = *n < room ? entity_get(&r, p + *n, room - *n) : -EFBIG;
		if (got < 0)
			ret = (int)got;
		else
			*n += (size_t)got;
	}
	entity_free(&e);
	return ret;
}

/* *content: what is signed; the whole piece when that is not to be found. 0 or negative. */
static int check_clear(struct unsealing *u, const struct piece *p, struct entity_range *content)
{
	struct entity_range part[3];
	struct entity_parts found = {.n = 0};
	size_t n = 0;
	char *der;
	int r = entity_parts(p->fd, p->head.body, p->boundary, part, 3, &found);

	*content = p->all;
	if (r == 0 && (found.n != 2 || !found.closed))
		r = -EBADMSG;
	der = r == 0 ? malloc(SIGNATURE_MOST) : NULL;
	if (r == 0)
		r = der ? read_signature(p->fd, part[1], der, SIGNATURE_MOST, &n) : -ENOMEM;
	if (r == 0) {
		*content = part[0];
		r = check(u, der, n, p->fd, part[0]);
	}
	free(der);
	if (!of_message(r))
		return r;
	say(u, MW_SIGNATURE_BAD, "what is signed is not well formed");
	return 0;
}

/* The content of a signed value is in the file out, [from, end). */
static int check_opaque(struct unsealing *u, const struct cmsfile *f, int out)
{
	struct entity_range all;
	int r = entity_file(out, &all);

	return r < 0 ? r : check(u, f->rest, f->rest_n, out, all);
}

/* ---- layers ---------------------------------------------------------------------------------------------------------------------- */

static int inflate_value(struct unsealing *u, const struct cmsfile *f, int out)
{
	struct entity_writer w = {.fd = out};
	struct sink sink = {.put = put_raw, .ctx = &w};
	struct source source = {.get = cmsfile_get};
	struct cmsfile_reader *c;
	int r = cmsfile_reader(f, &c);

	if (r < 0)
		return failed(u, r);
	source.ctx = c;
	r = inflate_source(&source, f->content, &sink);
	if (r == 0)
		r = entity_flush(&w);
	cmsfile_reader_free(c);
	if (of_message(r))
		return no(u, r == -EFBIG ? "it unpacks to too much" : "the compressed value is damaged");
	return r < 0 ? failed(u, r) : 1;
}

/* A value that is not encrypted, into the file out. 1, 0, negative. */
static int open_plain(struct unsealing *u, const struct cmsfile *f, int out)
{
	int r;

	if (!f->has_content)
		return no(u, "the value has no content");
	if (f->kind == CMSFILE_COMPRESSED)
		return inflate_value(u, f, out);
	r = write_content(f, out);
	if (r == 0)
		r = check_opaque(u, f, out);
	return r < 0 ? failed(u, r) : 1;
}

/* Has no integrity of its own: cut blocks and put them together, and it is another message (EFAIL). */
static void warn_of_cbc(struct unsealing *u, const struct cmsfile *f)
{
	if (f->kind == CMSFILE_ENVELOPED && u->ret->signature == MW_UNSIGNED)
		say(u, MW_UNSIGNED, "nothing tells whether it was changed on its way");
}

/* A signed value within the encryption: its content into the file out. 1; 0: it is something else, and stays as it is; negative. */
static int open_signed_value(struct unsealing *u, const struct piece *p)
{
	struct cmsfile f;
	int r = cmsfile_open(p->fd, p->head.body, p->coding, &f);
	bool good;

	if (r < 0)
		return of_message(r) ? 0 : r;
	good = f.kind == CMSFILE_SIGNED && f.has_content;
	if (good)
		r = write_content(&f, u->w->out);
	if (good && r == 0)
		r = check_opaque(u, &f, u->w->out);
	cmsfile_free(&f);
	return r < 0 ? r : good;
}

/* What was decrypted is in the file inner; it goes to out without the signature that it may have. */
static int open_inner(struct unsealing *u, const struct cmsfile *outer, int inner)
{
	struct piece p = {.fd = inner};
	struct entity_range content;
	int r = entity_file(inner, &p.all), taken = 0;

	if (r == 0)
		r = piece_read(&p);
	if (r < 0) {
		entity_free(&p.head);
		return of_message(r) ? no(u, "what was decrypted is no MIME entity") : failed(u, r);
	}
	content = p.all;
	if (p.layer == LAYER_CLEAR)
		r = check_clear(u, &p, &content);
	else if (p.layer == LAYER_VALUE)
		taken = open_signed_value(u, &p);
	entity_free(&p.head);
	if (taken < 0)
		r = taken;
	warn_of_cbc(u, outer);
	if (r == 0 && taken == 0)
		r = write_range(inner, content, u->w->out);
	return r < 0 ? failed(u, r) : 1;
}

static int open_encrypted(struct unsealing *u, const struct cmsfile *f)
{
	int inner = memfd_create("decrypted", MFD_CLOEXEC), r;

	if (inner < 0)
		return failed(u, -errno);
	r = decrypt(u, f, inner);
	if (r == 1)
		r = open_inner(u, f, inner);
	if (r == 1)
		u->ret->decrypted = true;
	(void)close(inner);
	return r;
}

static int open_value(struct unsealing *u, const struct piece *p)
{
	struct cmsfile f;
	int r = cmsfile_open(p->fd, p->head.body, p->coding, &f);

	if (r < 0)
		return of_message(r) ? no(u, "it is no value that S/MIME knows, or it is damaged") : failed(u, r);
	r = f.kind == CMSFILE_ENVELOPED || f.kind == CMSFILE_AUTHENVELOPED ? open_encrypted(u, &f) : open_plain(u, &f, u->w->out);
	cmsfile_free(&f);
	return r;
}

/* Stays as it is: the recipient's program can check the signature, too. */
static int open_clear(struct unsealing *u, const struct piece *p)
{
	struct entity_range content;
	int r = check_clear(u, p, &content);

	if (r == 0)
		r = write_range(p->fd, p->all, u->w->out);
	return r < 0 ? failed(u, r) : 1;
}

int smime_unseal(void *inst, const struct mw_seal_work *w, struct mw_opened *ret, struct mw_err *err)
{
	struct mw_opened opened = {.decrypted = false};
	struct unsealing u = {.s = inst, .w = w, .ret = &opened, .err = err};
	struct piece p = {.fd = w->in};
	int r = entity_file(w->in, &p.all);

	site_refresh(&u.s->site);
	if (r == 0)
		r = piece_read(&p);
	if (r < 0) {
		entity_free(&p.head);
		return of_message(r) ? no(&u, "it is no MIME entity") : failed(&u, r);
	}
	if (p.layer == LAYER_VALUE)
		r = open_value(&u, &p);
	else if (p.layer == LAYER_CLEAR)
		r = open_clear(&u, &p);
	else
		r = no(&u, "it is no S/MIME");
	entity_free(&p.head);
	if (r == 1)
		*ret = opened;
	return r;
}
