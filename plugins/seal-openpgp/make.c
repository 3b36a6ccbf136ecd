/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make: an entity becomes multipart/encrypted (RFC 3156): AES-256, with an MDC, or with OCB for a key that asks for it. Signed inside when
 * there is a key for it.
 *
 * Nothing is compressed: how far a text shrinks tells about it, and what opens it must fear bombs less.
 */
#include "openpgp.h"
#include "stream.h"

#include <errno.h>
#include <rnp/rnp_err.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define BOUNDARY 48

/* One message in work. */
struct making {
	struct openpgp *o;
	const struct mw_seal_work *work;
	struct mw_err *err;
	struct pgp_use use;
	rnp_ffi_t ffi;			       /* the one of use, or the desk's */
	rnp_key_handle_t key, signer, signing; /* key: to encrypt to; the others NULL: unsigned */
	struct entity_reader *in;
	struct pgp_sink out;
};

static int fail_rnp(const struct making *m, const char *what, rnp_result_t r)
{
	return m->o->host->fail(m->err, r == RNP_ERROR_OUT_OF_MEMORY ? -ENOMEM : -EIO, "OpenPGP: %s: %s", what,
				rnp_result_to_string(r));
}

/* ---- who signs ------------------------------------------------------------------------------------------------------------------- */

static const struct pgp_cert *signer_of(const struct openpgp *o, const char *sender)
{
	char lower[OPENPGP_ADDRESS];
	const struct pgp_cert *c = NULL;

	if (*sender && openpgp_lower(sender, lower))
		c = pgp_ring_of(&o->signing, lower);
	if (!c && o->conf->signing_address && openpgp_lower(o->conf->signing_address, lower))
		c = pgp_ring_of(&o->signing, lower);
	return c;
}

/* The key that was found for the recipient, in another RNP. */
static rnp_key_handle_t carry(const struct pgp_use *use, rnp_ffi_t ffi)
{
	rnp_output_t out = NULL;
	rnp_input_t in = NULL;
	rnp_key_handle_t key = NULL;
	uint8_t fpr[PGP_FPR], *p;
	size_t n;

	if (rnp_output_to_memory(&out, 0) == RNP_SUCCESS &&
	    rnp_key_export(use->primary, out, RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS) == RNP_SUCCESS &&
	    rnp_output_memory_get_buf(out, &p, &n, false) == RNP_SUCCESS &&
	    rnp_input_from_memory(&in, p, n, false) == RNP_SUCCESS &&
	    rnp_import_keys(ffi, in, RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE, NULL) == RNP_SUCCESS &&
	    pgp_handle_fpr(use->key, fpr))
		key = pgp_locate(ffi, fpr);
	if (in)
		(void)rnp_input_destroy(in);
	if (out)
		(void)rnp_output_destroy(out);
	return key;
}

/* A key that is there and cannot sign is a failure: nobody is to take its mail for a stranger's. */
static int find_signer(struct making *m, const struct pgp_cert *c)
{
	char id[PGP_ID_TEXT];

	m->signer = pgp_desk_key(&m->o->desk, c);
	if (m->signer && rnp_key_get_default_key(m->signer, "sign", 0, &m->signing) == RNP_SUCCESS && m->signing) {
		m->key = carry(&m->use, m->ffi);
		return m->key ? 0 : m->o->host->fail(m->err, -EIO, "OpenPGP: RNP cannot read a key that it wrote");
	}
	pgp_id_text(c->key.fpr, id);
	return m->o->host->fail(m->err, -EKEYEXPIRED, "the OpenPGP key %s that signs has expired, or cannot sign", id);
}

/* ---- encryption ------------------------------------------------------------------------------------------------------------------ */

static rnp_result_t set_up(struct making *m, rnp_op_encrypt_t op)
{
	rnp_result_t r = rnp_op_encrypt_add_recipient(op, m->key);

	if (r == RNP_SUCCESS)
		r = rnp_op_encrypt_set_cipher(op, RNP_ALGNAME_AES_256);
	if (r == RNP_SUCCESS)
		r = rnp_op_encrypt_set_aead(op, m->use.ocb ? "OCB" : "None");
	if (r == RNP_SUCCESS)
		r = rnp_op_encrypt_set_compression(op, "Uncompressed", 0);
	if (r == RNP_SUCCESS)
		r = rnp_op_encrypt_set_armor(op, true);
	if (r == RNP_SUCCESS)
		r = rnp_op_encrypt_set_hash(op, RNP_ALGNAME_SHA256);
	if (r == RNP_SUCCESS)
		r = rnp_op_encrypt_set_file_mtime(op, 0);
	if (r == RNP_SUCCESS && m->signing)
		r = rnp_op_encrypt_add_signature(op, m->signing, NULL);
	return r;
}

static rnp_result_t encrypt(struct making *m, rnp_input_t in, rnp_output_t out)
{
	rnp_op_encrypt_t op = NULL;
	rnp_result_t r = rnp_op_encrypt_create(&op, m->ffi, in, out);

	if (r == RNP_SUCCESS)
		r = set_up(m, op);
	if (r == RNP_SUCCESS)
		r = rnp_op_encrypt_execute(op);
	if (op)
		(void)rnp_op_encrypt_destroy(op);
	return r;
}

static int encrypt_all(struct making *m)
{
	rnp_output_t out = NULL;
	rnp_input_t in = NULL;
	rnp_result_t r = pgp_input(&in, m->in);

	if (r == RNP_SUCCESS)
		r = pgp_output(&out, &m->out);
	if (r == RNP_SUCCESS)
		r = encrypt(m, in, out);
	if (out)
		(void)rnp_output_destroy(out);
	if (in)
		(void)rnp_input_destroy(in);
	if (m->out.writer.failed < 0)
		return m->o->host->fail(m->err, m->out.writer.failed, "OpenPGP: cannot write: %s",
					strerror(-m->out.writer.failed));
	return r == RNP_SUCCESS ? 0 : fail_rnp(m, "encryption", r);
}

/* ---- the entity ------------------------------------------------------------------------------------------------------------------ */

static int make_boundary(char to[BOUNDARY])
{
	unsigned char p[16];

	if (getrandom(p, sizeof(p), 0) != (ssize_t)sizeof(p))
		return -EIO;
	(void)snprintf(to, BOUNDARY, "mw-");
	for (size_t i = 0; i < sizeof(p); i++)
		(void)snprintf(to + 3 + 2 * i, 3, "%02x", p[i]);
	return 0;
}

static int write_head(struct making *m, const char *boundary)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n\tboundary=\"%s\"\r\n\r\n"
		       "This message is encrypted with OpenPGP (RFC 3156).\r\n"
		       "--%s\r\n"
		       "Content-Type: application/pgp-encrypted\r\n"
		       "Content-Description: PGP/MIME version identification\r\n\r\n"
		       "Version: 1\r\n\r\n"
		       "--%s\r\n"
		       "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n"
		       "Content-Description: OpenPGP encrypted message\r\n"
		       "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n",
		       boundary, boundary, boundary);
	return entity_put_text(&m->out.writer, text);
}

static int write_all(struct making *m)
{
	char boundary[BOUNDARY], text[BOUNDARY + 16];
	struct entity_range all;
	int r = make_boundary(boundary);

	if (r == 0)
		r = entity_file(m->work->in, &all);
	if (r == 0)
		entity_reader(m->in, m->work->in, all, ENTITY_IDENTITY);
	if (r == 0)
		r = write_head(m, boundary);
	if (r < 0)
		return m->o->host->fail(m->err, r, "OpenPGP: cannot begin: %s", strerror(-r));
	r = encrypt_all(m);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "\r\n--%s--\r\n", boundary);
	r = entity_put_text(&m->out.writer, text);
	if (r == 0)
		r = entity_flush(&m->out.writer);
	return r < 0 ? m->o->host->fail(m->err, r, "OpenPGP: cannot write: %s", strerror(-r)) : 0;
}

static int make(struct making *m)
{
	m->ffi = m->use.ffi;
	m->key = m->use.key;
	return write_all(m);
}

static int make_signed(struct making *m, const struct pgp_cert *c)
{
	int r = pgp_desk_take(&m->o->desk, m->work->now, &m->ffi);

	if (r < 0)
		return m->o->host->fail(m->err, r, "RNP does not start");
	r = find_signer(m, c);
	if (r == 0)
		r = write_all(m);
	(void)rnp_key_handle_destroy(m->key);
	(void)rnp_key_handle_destroy(m->signing);
	(void)rnp_key_handle_destroy(m->signer);
	pgp_desk_give(&m->o->desk);
	return r;
}

/* For the audit record. */
static void tell(const uint8_t fpr[PGP_FPR], char *to, size_t size)
{
	for (size_t i = 0; i < PGP_FPR && 2 * i + 2 < size; i++)
		(void)snprintf(to + 2 * i, 3, "%02x", fpr[i]);
}

static void tell_keys(const struct making *m, const struct pgp_cert *signer)
{
	struct mw_sealed *made = m->work->made;
	uint8_t fpr[PGP_FPR];

	if (made && pgp_handle_fpr(m->use.primary, fpr))
		tell(fpr, made->key, sizeof(made->key));
	if (made && signer)
		tell(signer->key.fpr, made->signer, sizeof(made->signer));
}

int openpgp_seal(void *inst, const struct mw_seal_work *work, struct mw_err *err)
{
	struct entity_reader in;
	struct making m = {.o = inst, .work = work, .err = err, .in = &in, .out = {.writer = {.fd = work->out}}};
	int r = openpgp_find(m.o, work->recipient, work->now, &m.use, err);
	const struct pgp_cert *signer;

	if (r <= 0)
		return r;
	signer = signer_of(m.o, work->sender);
	r = signer ? make_signed(&m, signer) : make(&m);
	if (r == 0)
		tell_keys(&m, signer);
	pgp_use_drop(&m.use);
	return r < 0 ? r : 1;
}
