/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include "armor.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CERTS_MAX 65536u /* of one file */

/* ---- octets ---------------------------------------------------------------------------------------------------------------------- */

static int read_all(int fd, char *p, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(fd, p + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EAGAIN; /* it has become shorter */
		have += (size_t)n;
	}
	return 0;
}

static int read_fd(int fd, size_t max, struct stat *st, char **ret, size_t *n)
{
	char *p;
	int r;

	if (fstat(fd, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	if (st->st_size < 0 || (uint64_t)st->st_size > max)
		return -EFBIG;
	p = malloc((size_t)st->st_size + 1);
	r = p ? read_all(fd, p, (size_t)st->st_size) : -ENOMEM;
	if (r < 0) {
		free(p);
		return r;
	}
	*ret = p;
	*n = (size_t)st->st_size;
	return 0;
}

int pgp_file_octets(int folder, const char *name, size_t max, struct stat *st, char **ret, size_t *n)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	if (fd < 0)
		return -errno;
	r = read_fd(fd, max, st, ret, n);
	(void)close(fd);
	return r;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------------ */

static int add(struct pgp_cert ***list, size_t *have, struct pgp_cert *c)
{
	struct pgp_cert **more = *have < CERTS_MAX ? realloc(*list, (*have + 1) * sizeof(*more)) : NULL;

	if (!more) {
		pgp_cert_free(&c);
		return *have < CERTS_MAX ? -ENOMEM : -EFBIG;
	}
	*list = more;
	more[(*have)++] = c;
	return 0;
}

int pgp_certs_read(const char *p, size_t n, struct pgp_cert ***list, size_t *have)
{
	char *octets;
	size_t size;
	struct mw_str s;
	struct pgp_cert *c;
	int r = pgp_dearmor(p, n, &octets, &size), first = 0;

	if (r < 0)
		return r;
	s = (struct mw_str){.p = octets, .n = size};
	while ((r = pgp_cert_next(&s, &c)) != 0) {
		if (r > 0)
			r = add(list, have, c);
		if (r < 0 && first == 0)
			first = r;
		if (r == -ENOMEM)
			break;
	}
	explicit_bzero(octets, size);
	free(octets);
	return r == -ENOMEM ? r : first;
}

void pgp_file_free(struct pgp_file **f)
{
	struct pgp_file *file = *f;

	if (!file)
		return;
	for (size_t i = 0; i < file->n; i++)
		pgp_cert_free(&file->cert[i]);
	free(file->cert);
	free(file->name);
	free(file);
	*f = NULL;
}

static void say(struct pgp_file *f, const char *why)
{
	if (!f->why[0])
		(void)snprintf(f->why, sizeof(f->why), "%s", why);
}

static void say_failed(struct pgp_file *f, int r)
{
	if (r == -EBADMSG)
		say(f, f->n ? "something in it is no OpenPGP key" : "it holds no OpenPGP key");
	else if (r == -EFBIG)
		say(f, "it is too large, or a key in it has too many parts");
	else if (r == -EPFNOSUPPORT)
		say(f, "it holds a key of a version that is not supported");
	else if (r == -EINVAL)
		say(f, "it is not a regular file");
	else
		say(f, strerror(-r));
}

/* Keys of the other kind are taken out: a private key has no place among those of others. */
static void sort_out(struct pgp_file *f, bool secret)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (f->cert[i]->secret == secret) {
			f->cert[kept++] = f->cert[i];
			continue;
		}
		say(f, secret ? "it holds a public key" : "it holds a secret key, which has no place here");
		pgp_cert_free(&f->cert[i]);
	}
	f->n = kept;
}

static int read_file(struct pgp_file *f, int folder, bool secret)
{
	char *p = NULL;
	size_t n = 0;
	int r = pgp_file_octets(folder, f->name, PGP_FILE_MAX, &f->st, &p, &n);

	if (r == 0 && (f->st.st_mode & S_IWOTH))
		say(f, "everybody may write to it");
	else if (r == 0)
		r = pgp_certs_read(p, n, &f->cert, &f->n);
	if (p)
		explicit_bzero(p, n);
	free(p);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		say_failed(f, r);
	sort_out(f, secret);
	return 0;
}

int pgp_file_read(int folder, const char *name, bool secret, struct pgp_file **ret)
{
	struct pgp_file *f = calloc(1, sizeof(*f));
	int r = -ENOMEM;

	if (f) {
		f->refs = 1;
		f->name = strdup(name);
		r = f->name ? read_file(f, folder, secret) : -ENOMEM;
	}
	if (r < 0) {
		pgp_file_free(&f);
		return r;
	}
	*ret = f;
	return 0;
}
