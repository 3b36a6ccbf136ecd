/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undo: multipart/encrypted and multipart/signed (RFC 3156) of OpenPGP. What is not protected against changes is not opened, and nothing
 * counts as opened before its end has been checked. OpenPGP inside of a text ("inline") is not looked for: no reader of mail agrees with
 * another about what is signed there.
 */
#include "verify.h"

#include <errno.h>
#include <rnp/rnp_err.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define RATIO 100u /* octets that may come out for one that goes in, beyond the first */
#define FIRST (1024u * 1024u)

struct undoing {
	struct pgp_verify verify;
	struct openpgp *o;
	const struct mw_seal_work *work;
	struct mw_err *err;
	struct entity_media media;
	struct entity_range part[2];
	struct entity entity[2];
};

/* 0: it is nothing for this sealer, and this is why. */
static int pass(const struct undoing *u, const char *why)
{
	(void)u->o->host->fail(u->err, -ENOMSG, "%s", why);
	return 0;
}

/* What a malformed message is, is not a failure that goes away. */
static int refuse(const struct undoing *u, int r)
{
	if (r == -EBADMSG || r == -E2BIG)
		return pass(u, r == -EBADMSG ? "its MIME structure is damaged"
					     : "it has more parts than PGP/MIME has, or too large ones");
	return u->o->host->fail(u->err, r, "OpenPGP: cannot read: %s", strerror(-r));
}

/* ---- its two parts --------------------------------------------------------------------------------------------------------------- */

/* 1: it is of this type and its two parts are there; 0: of another; negative. */
static int read_two(struct undoing *u, int fd, struct entity_range all, const char *type, const char *protocol)
{
	struct entity whole = {0};
	struct entity_parts parts;
	struct mw_str value;
	const char *p;
	int r = entity_load(fd, all, &whole);

	if (r == 0)
		r = entity_find(&whole, "Content-Type", &value);
	if (r == 1)
		r = entity_media(value, &u->media) < 0 ? -EBADMSG : 1;
	p = r == 1 ? entity_param(&u->media, "protocol") : NULL;
	if (r == 1)
		r = strcmp(u->media.type, type) == 0 && p && strcasecmp(p, protocol) == 0;
	p = r == 1 ? entity_param(&u->media, "boundary") : NULL;
	if (r == 1 && !p)
		r = -EBADMSG;
	if (r == 1)
		r = entity_parts(fd, whole.body, p, u->part, 2, &parts);
	if (r == 0 && p)
		r = parts.n == 2 && parts.closed ? 1 : -EBADMSG;
	entity_free(&whole);
	for (size_t i = 0; i < 2 && r == 1; i++)
		r = entity_load(fd, u->part[i], &u->entity[i]) < 0 ? -EBADMSG : 1;
	return r;
}

static void drop_two(struct undoing *u)
{
	entity_free(&u->entity[0]);
	entity_free(&u->entity[1]);
}

static bool has_type(const struct entity *e, const char *type)
{
	struct entity_media media;
	struct mw_str value;

	return entity_find(e, "Content-Type", &value) == 1 && entity_media(value, &media) == 0 && strcmp(media.type, type) == 0;
}

static enum entity_coding coding_of(const struct entity *e)
{
	struct mw_str value = {0};
	int r = entity_find(e, "Content-Transfer-Encoding", &value);

	return r < 0 ? ENTITY_OTHER : entity_coding(r == 1 ? value : (struct mw_str){0});
}

/* ---- signed ---------------------------------------------------------------------------------------------------------------------- */

static rnp_result_t verify_detached(struct undoing *u, rnp_input_t data, rnp_input_t signature)
{
	rnp_op_verify_t op = NULL;
	rnp_result_t r = rnp_op_verify_detached_create(&op, u->verify.ffi, data, signature);

	if (r == RNP_SUCCESS) {
		r = rnp_op_verify_execute(op);
		pgp_verify_judge(&u->verify, op);
	}
	if (op)
		(void)rnp_op_verify_destroy(op);
	return r;
}

/* The first part, as it stands, and the signature in the second. */
static int verify_parts(struct undoing *u, int fd)
{
	struct entity_reader data, signature;
	rnp_input_t in[2] = {NULL, NULL};
	rnp_result_t r;

	entity_reader(&data, fd, u->part[0], ENTITY_IDENTITY);
	entity_reader(&signature, fd, u->entity[1].body, coding_of(&u->entity[1]));
	r = pgp_input(&in[0], &data);
	if (r == RNP_SUCCESS)
		r = pgp_input(&in[1], &signature);
	if (r == RNP_SUCCESS)
		r = verify_detached(u, in[0], in[1]);
	for (size_t i = 0; i < 2; i++)
		if (in[i])
			(void)rnp_input_destroy(in[i]);
	if (r == RNP_ERROR_OUT_OF_MEMORY)
		return -ENOMEM;
	if (u->verify.opened->signature == MW_UNSIGNED) {
		u->verify.opened->signature = MW_SIGNATURE_BAD;
		pgp_verify_say(&u->verify, "its OpenPGP signature cannot be read");
	}
	return 0;
}

static int verify_signed(struct undoing *u, int fd, struct entity_range all)
{
	int r = read_two(u, fd, all, "multipart/signed", "application/pgp-signature");

	if (r == 1 && !has_type(&u->entity[1], "application/pgp-signature"))
		r = -EBADMSG;
	if (r == 1)
		r = verify_parts(u, fd) < 0 ? -ENOMEM : 1;
	drop_two(u);
	return r;
}

/* What is signed and not encrypted stays as it is, so that others can verify it, too. */
static int open_signed(struct undoing *u, struct entity_range all)
{
	struct entity_writer w = {.fd = u->work->out};
	int r = verify_signed(u, u->work->in, all);

	if (r < 0)
		return refuse(u, r);
	if (r == 0)
		return pass(u, "it is neither encrypted nor signed with OpenPGP (PGP/MIME)");
	r = entity_put_range(&w, u->work->in, all);
	if (r == 0)
		r = entity_flush(&w);
	return r < 0 ? u->o->host->fail(u->err, r, "OpenPGP: cannot write: %s", strerror(-r)) : 1;
}

/* ---- encrypted ------------------------------------------------------------------------------------------------------------------- */

static bool is_protected(rnp_op_verify_t op, bool *encrypted)
{
	char *mode = NULL;
	bool valid = false;

	if (rnp_op_verify_get_protection_info(op, &mode, NULL, &valid) != RNP_SUCCESS)
		valid = false;
	*encrypted = mode && strcmp(mode, "none") != 0;
	rnp_buffer_destroy(mode);
	return valid;
}

/* 1; 0 with err */
static int judge_opened(struct undoing *u, rnp_op_verify_t op, rnp_result_t r, const struct pgp_sink *sink)
{
	bool encrypted = false, whole = is_protected(op, &encrypted);

	if (sink->full)
		return pass(u, "what is in it is larger than allowed, or unpacks to a hundred times its size");
	if (r == RNP_ERROR_NO_SUITABLE_KEY || r == RNP_ERROR_BAD_PASSWORD || r == RNP_ERROR_DECRYPT_FAILED)
		return pass(u, r == RNP_ERROR_NO_SUITABLE_KEY ? "it is not encrypted to an OpenPGP key of this site"
							      : "it cannot be decrypted with the OpenPGP keys of this site");
	if (r != RNP_SUCCESS)
		return pass(u, "its OpenPGP message is damaged");
	if (!encrypted)
		return pass(u, "it says that it is encrypted with OpenPGP, and is not");
	if (!whole)
		return pass(u, "its OpenPGP message is not protected against changes (no MDC), and is not opened");
	return 1;
}

static int decrypt_stream(struct undoing *u, rnp_input_t in, rnp_output_t out, struct pgp_sink *sink)
{
	rnp_op_verify_t op = NULL;
	rnp_result_t r = rnp_op_verify_create(&op, u->verify.ffi, in, out);
	int ret;

	if (r == RNP_SUCCESS)
		r = rnp_op_verify_set_flags(op, RNP_VERIFY_IGNORE_SIGS_ON_DECRYPT);
	if (r != RNP_SUCCESS) {
		if (op)
			(void)rnp_op_verify_destroy(op);
		return u->o->host->fail(u->err, -EIO, "OpenPGP: %s", rnp_result_to_string(r));
	}
	r = rnp_op_verify_execute(op);
	if (r == RNP_ERROR_OUT_OF_MEMORY)
		ret = u->o->host->fail(u->err, -ENOMEM, "OpenPGP: out of memory");
	else if (sink->writer.failed < 0)
		ret = u->o->host->fail(u->err, sink->writer.failed, "OpenPGP: cannot write: %s", strerror(-sink->writer.failed));
	else
		ret = judge_opened(u, op, r, sink);
	if (ret == 1) {
		u->verify.opened->decrypted = true;
		pgp_verify_judge(&u->verify, op);
	}
	(void)rnp_op_verify_destroy(op);
	return ret;
}

static uint64_t limit_of(const struct undoing *u, struct entity_range body)
{
	uint64_t packed = body.end - body.begin, most = u->o->conf->opened_max;
	uint64_t ratio = packed > (UINT64_MAX - FIRST) / RATIO ? UINT64_MAX : packed * RATIO + FIRST;

	return most && most < ratio ? most : ratio;
}

static int decrypt(struct undoing *u)
{
	struct entity_reader reader;
	struct pgp_sink sink = {.writer = {.fd = u->work->out}, .max = limit_of(u, u->entity[1].body)};
	rnp_input_t in = NULL;
	rnp_output_t out = NULL;
	int r;

	entity_reader(&reader, u->work->in, u->entity[1].body, coding_of(&u->entity[1]));
	if (pgp_input(&in, &reader) == RNP_SUCCESS && pgp_output(&out, &sink) == RNP_SUCCESS)
		r = decrypt_stream(u, in, out, &sink);
	else
		r = u->o->host->fail(u->err, -ENOMEM, "OpenPGP: out of memory");
	if (out)
		(void)rnp_output_destroy(out);
	if (in)
		(void)rnp_input_destroy(in);
	if (r == 1 && entity_flush(&sink.writer) < 0)
		r = u->o->host->fail(u->err, sink.writer.failed, "OpenPGP: cannot write: %s", strerror(-sink.writer.failed));
	return r;
}

/* Signed first and encrypted as a whole then: another way that RFC 3156 has. */
static int verify_inside(struct undoing *u)
{
	struct entity_range all;
	int r = entity_file(u->work->out, &all);

	if (r == 0)
		r = verify_signed(u, u->work->out, all);
	if (r == -EBADMSG || r == -E2BIG) {
		pgp_verify_say(&u->verify, "the MIME structure of what was encrypted is damaged");
		r = 0;
	}
	return r < 0 ? u->o->host->fail(u->err, r, "OpenPGP: cannot read: %s", strerror(-r)) : 1;
}

static int open_encrypted(struct undoing *u)
{
	int r;

	if (!has_type(&u->entity[0], "application/pgp-encrypted") || !has_type(&u->entity[1], "application/octet-stream"))
		return pass(u, "its parts are not those of PGP/MIME");
	if (u->o->secret.n == 0)
		return pass(u, "it is encrypted with OpenPGP, and this site has no OpenPGP key to open mail with");
	r = decrypt(u);
	drop_two(u);
	if (r == 1 && u->verify.opened->signature == MW_UNSIGNED)
		r = verify_inside(u);
	return r;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------- */

static int undo(struct undoing *u)
{
	struct entity_range all;
	int r = entity_file(u->work->in, &all);

	if (r == 0)
		r = read_two(u, u->work->in, all, "multipart/encrypted", "application/pgp-encrypted");
	if (r < 0)
		return refuse(u, r);
	return r == 1 ? open_encrypted(u) : open_signed(u, all);
}

int openpgp_unseal(void *inst, const struct mw_seal_work *work, struct mw_opened *opened, struct mw_err *err)
{
	struct undoing u = {.o = inst, .work = work, .err = err};
	struct mw_opened found = {0};
	int r = pgp_verify_open(&u.verify, inst, work, &found, err);

	if (r == 0)
		r = undo(&u);
	pgp_verify_close(&u.verify);
	drop_two(&u);
	if (r == 1)
		*opened = found;
	return r;
}
