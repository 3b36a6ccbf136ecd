/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include "file.h"
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rnp/rnp_err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEYS_MAX 10000u
#define PASSPHRASE_MAX 1024u

struct reading {
	const struct mw_host *host;
	struct pgp_ring *ring;
	const char *passphrase; /* NULL: none */
	struct mw_err *err;
};

void pgp_ring_drop(struct pgp_ring *ring)
{
	for (size_t i = 0; i < ring->n; i++)
		pgp_cert_free(&ring->cert[i]);
	free(ring->cert);
	*ring = (struct pgp_ring){0};
}

const struct pgp_cert *pgp_ring_of(const struct pgp_ring *ring, const char *address)
{
	const struct pgp_cert *best = NULL;

	for (size_t i = 0; i < ring->n; i++)
		if (pgp_cert_has(ring->cert[i], address) && (!best || ring->cert[i]->key.made > best->key.made))
			best = ring->cert[i];
	return best;
}

static bool has_id(const struct pgp_cert *c, const uint8_t id[PGP_ID])
{
	if (memcmp(PGP_FPR_ID(c->key.fpr), id, PGP_ID) == 0)
		return true;
	for (size_t i = 0; i < c->subkeys; i++)
		if (memcmp(PGP_FPR_ID(c->subkey[i].key.fpr), id, PGP_ID) == 0)
			return true;
	return false;
}

const struct pgp_cert *pgp_ring_by_id(const struct pgp_ring *ring, const uint8_t id[PGP_ID])
{
	for (size_t i = 0; i < ring->n; i++)
		if (has_id(ring->cert[i], id))
			return ring->cert[i];
	return NULL;
}

/* ---- opening a key --------------------------------------------------------------------------------------------------------------- */

/* 1: its secret is here, and open; 0: its secret is elsewhere, on a card or off line; negative. */
static int open_part(rnp_key_handle_t key, const char *passphrase)
{
	bool protected = false, have = false;
	char *type = NULL;
	int r = 1;

	if (rnp_key_have_secret(key, &have) != RNP_SUCCESS || !have)
		return 0;
	if (rnp_key_get_protection_type(key, &type) != RNP_SUCCESS)
		return -EBADMSG;
	if (strncmp(type, "GPG-", 4) == 0 || strcmp(type, "Unknown") == 0)
		r = 0;
	rnp_buffer_destroy(type);
	if (r == 0)
		return 0;
	if (rnp_key_is_protected(key, &protected) != RNP_SUCCESS)
		return -EBADMSG;
	if (protected && (!passphrase || rnp_key_unprotect(key, passphrase) != RNP_SUCCESS))
		return -EACCES;
	return 1;
}

static int open_parts(rnp_key_handle_t primary, const char *passphrase)
{
	rnp_key_handle_t sub;
	size_t n = 0;
	int r = open_part(primary, passphrase), opened = r;

	(void)rnp_key_get_subkey_count(primary, &n);
	for (size_t i = 0; i < n && r >= 0; i++) {
		if (rnp_key_get_subkey_at(primary, i, &sub) != RNP_SUCCESS)
			return -EBADMSG;
		r = open_part(sub, passphrase);
		opened += r > 0;
		(void)rnp_key_handle_destroy(sub);
	}
	return r < 0 ? r : opened > 0 ? 0 : -ENOENT;
}

static int export(rnp_key_handle_t primary, struct pgp_cert **ret)
{
	rnp_output_t out;
	uint8_t *p = NULL;
	size_t n = 0;
	struct mw_str s;
	int r = -ENOMEM;

	if (rnp_output_to_memory(&out, 0) != RNP_SUCCESS)
		return -ENOMEM;
	if (rnp_key_export(primary, out, RNP_KEY_EXPORT_SECRET | RNP_KEY_EXPORT_SUBKEYS) == RNP_SUCCESS &&
	    rnp_output_memory_get_buf(out, &p, &n, false) == RNP_SUCCESS) {
		s = (struct mw_str){.p = (const char *)p, .n = n};
		r = pgp_cert_next(&s, ret) > 0 ? 0 : -EBADMSG;
		rnp_buffer_clear(p, n);
	}
	(void)rnp_output_destroy(out);
	return r;
}

/* The key without its passphrase. */
static int open_cert(const struct pgp_cert *c, const char *passphrase, struct pgp_cert **ret)
{
	rnp_key_handle_t primary = NULL;
	rnp_ffi_t ffi;
	int r = pgp_rnp_new(0, &ffi);

	if (r < 0)
		return r;
	r = pgp_load(ffi, c, &primary);
	if (r == 0)
		r = open_parts(primary, passphrase);
	if (r == 0)
		r = export(primary, ret);
	(void)rnp_key_handle_destroy(primary);
	(void)rnp_ffi_destroy(ffi);
	return r;
}

static int fail_key(struct reading *r, const struct pgp_cert *c, const char *file, int code)
{
	char id[PGP_ID_TEXT];

	pgp_id_text(c->key.fpr, id);
	if (code == -EACCES)
		return r->host->fail(r->err, code, "the secret key %s in %s does not open%s", id, file,
				     r->passphrase ? " with the passphrase" : ": it needs a passphrase");
	if (code == -ENOENT)
		return r->host->fail(r->err, code, "of the secret key %s, %s holds no secret part", id, file);
	return r->host->fail(r->err, code, "RNP cannot read the secret key %s in %s", id, file);
}

static int take(struct reading *r, const struct pgp_cert *c, const char *file)
{
	struct pgp_cert **more =
	    r->ring->n < KEYS_MAX ? realloc(r->ring->cert, (r->ring->n + 1) * sizeof(struct pgp_cert *)) : NULL;
	struct pgp_cert *opened = NULL;
	int ret;

	if (!more)
		return r->host->fail(r->err, -ENOMEM, "out of memory, or more than %u secret keys", KEYS_MAX);
	r->ring->cert = more;
	ret = open_cert(c, r->passphrase, &opened);
	if (ret < 0)
		return fail_key(r, c, file, ret);
	(void)mlock(opened->octets, opened->n); /* where the limit allows it */
	more[r->ring->n++] = opened;
	return 0;
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

static int check_mode(struct reading *r, const struct stat *st, const char *path)
{
	if (st->st_uid != geteuid() && st->st_uid != 0 && geteuid() != 0)
		return r->host->fail(r->err, -EPERM, "%s belongs to user %lu: run chown %lu %s", path, (unsigned long)st->st_uid,
				     (unsigned long)geteuid(), path);
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return r->host->fail(r->err, -EPERM, "%s is open to others (mode %04o): run chmod 600 %s", path,
				     (unsigned)(st->st_mode & 07777), path);
	return 0;
}

static int read_file(struct reading *r, int folder, const char *name, const char *path)
{
	struct pgp_file *f = NULL;
	int ret = pgp_file_read(folder, name, true, &f);

	if (ret < 0)
		return r->host->fail(r->err, ret, "out of memory");
	if (f->st.st_mode)
		ret = check_mode(r, &f->st, path);
	if (ret == 0 && f->why[0])
		ret = r->host->fail(r->err, -EBADMSG, "cannot use the secret keys in %s: %s", path, f->why);
	for (size_t i = 0; ret == 0 && i < f->n; i++)
		ret = take(r, f->cert[i], path);
	pgp_file_free(&f);
	return ret;
}

static int read_folder(struct reading *r, DIR *dir, const char *path)
{
	char full[4096];
	const struct dirent *e;
	int ret = 0;

	while (ret == 0 && (e = readdir(dir))) {
		if (e->d_name[0] == '.' || e->d_name[strlen(e->d_name) - 1] == '~')
			continue;
		(void)snprintf(full, sizeof(full), "%s/%s", path, e->d_name);
		ret = read_file(r, dirfd(dir), e->d_name, full);
	}
	return ret;
}

/* Its first line, without its end. */
static int read_passphrase(struct reading *r, const char *path, char to[PASSPHRASE_MAX])
{
	struct stat st;
	char *p = NULL, *end;
	size_t n = 0;
	int ret = pgp_file_octets(AT_FDCWD, path, PASSPHRASE_MAX - 1, &st, &p, &n);

	if (ret < 0)
		return r->host->fail(r->err, ret, "cannot read the passphrase in %s: %s", path, strerror(-ret));
	ret = check_mode(r, &st, path);
	end = memchr(p, '\n', n);
	if (end)
		n = (size_t)(end - p);
	if (ret == 0 && (n == 0 || memchr(p, '\0', n)))
		ret = r->host->fail(r->err, -EINVAL, "the first line of %s is no passphrase", path);
	if (ret == 0) {
		memcpy(to, p, n);
		to[n] = '\0';
	}
	explicit_bzero(p, (size_t)st.st_size);
	free(p);
	return ret;
}

static int read_path(struct reading *r, const char *path)
{
	DIR *dir = opendir(path);
	int ret;

	if (dir)
		ret = read_folder(r, dir, path);
	else if (errno == ENOTDIR)
		ret = read_file(r, AT_FDCWD, path, path);
	else
		return r->host->fail(r->err, -errno, "cannot read the secret keys in %s: %s", path, strerror(errno));
	if (dir)
		(void)closedir(dir);
	if (ret == 0 && r->ring->n == 0)
		ret = r->host->fail(r->err, -ENOENT, "there is no secret key in %s", path);
	return ret;
}

int pgp_ring_read(const struct mw_host *host, const char *path, const char *passphrase, struct pgp_ring *ring, struct mw_err *err)
{
	char text[PASSPHRASE_MAX];
	struct pgp_ring new = {0};
	struct reading r = {.host = host, .ring = &new, .err = err};
	int ret = passphrase ? read_passphrase(&r, passphrase, text) : 0;

	if (ret == 0) {
		r.passphrase = passphrase ? text : NULL;
		ret = read_path(&r, path);
	}
	explicit_bzero(text, sizeof(text));
	if (ret < 0) {
		pgp_ring_drop(&new);
		return ret;
	}
	*ring = new;
	return 0;
}
