/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Kinds of data sets that opendkim(8) knows and milward does not read. */
static const char *const other_kinds[] = {"csl", "bdb",	     "db",  "dsn",    "ldap",	"ldaps",  "ldapi",
					  "lua", "memcache", "mdb", "socket", "erlang", "repute", NULL};

static const char *kind_of(const char *name, size_t n)
{
	for (size_t i = 0; other_kinds[i]; i++)
		if (strlen(other_kinds[i]) == n && memcmp(other_kinds[i], name, n) == 0)
			return other_kinds[i];
	return NULL;
}

int mw_dkim_file_spec(const struct mw_host *host, const char *option, char **path, bool *refile, struct mw_err *err)
{
	const char *part = option;
	char *made;

	while (part) {
		const char *begin = *part == '/' ? part + 1 : part, *colon = begin + strcspn(begin, "/:");
		size_t n = (size_t)(colon - begin);
		bool re = n == 6 && memcmp(begin, "refile", 6) == 0;

		if (*colon == ':' && kind_of(begin, n))
			return host->fail(err, -EINVAL,
					  "%s: data sets of the kind \"%s\" are not read; use a file or refile:", begin,
					  kind_of(begin, n));
		if (*colon == ':' && (re || (n == 4 && memcmp(begin, "file", 4) == 0))) {
			if (colon[1] == '/')
				made = strdup(colon + 1);
			else if (asprintf(&made, "%.*s%s", (int)(begin - option), option, colon + 1) < 0)
				made = NULL;
			if (!made)
				return host->fail(err, -ENOMEM, "no memory");
			*path = made;
			*refile = re;
			return 0;
		}
		part = strchr(begin, '/');
	}
	made = strdup(option);
	if (!made)
		return host->fail(err, -ENOMEM, "no memory");
	*path = made;
	*refile = false;
	return 0;
}

char *mw_dkim_file_beside(const char *base, const char *path)
{
	const char *slash = strrchr(base, '/');
	char *made;

	if (*path == '/' || !slash)
		return strdup(path);
	return asprintf(&made, "%.*s/%s", (int)(slash - base), base, path) < 0 ? NULL : made;
}

static int read_all(int fd, char *p, size_t n, size_t *got)
{
	size_t at = 0;

	while (at < n) {
		ssize_t r = read(fd, p + at, n - at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		at += (size_t)r;
	}
	*got = at;
	return 0;
}

static int read_fd(const struct mw_host *host, int fd, const struct stat *st, const char *what, const char *path, size_t max,
		   char **text, size_t *n, struct mw_err *err)
{
	size_t got = 0;
	char *p;
	int r;

	if (st->st_size < 0 || (uintmax_t)st->st_size > max)
		return host->fail(err, -EFBIG, "%s %s is larger than %zu octets", what, path, max);
	p = malloc((size_t)st->st_size + 1);
	if (!p)
		return host->fail(err, -ENOMEM, "no memory");
	r = read_all(fd, p, (size_t)st->st_size, &got);
	if (r < 0) {
		explicit_bzero(p, (size_t)st->st_size);
		free(p);
		return host->fail(err, r, "%s: cannot read %s: %s", what, path, strerror(-r));
	}
	p[got] = '\0';
	*text = p;
	*n = got;
	return 0;
}

static int check_folder(const struct mw_host *host, const char *what, const char *file, struct mw_err *err)
{
	char copy[PATH_MAX];
	const char *dir;
	struct stat st;

	if (snprintf(copy, sizeof(copy), "%s", file) >= (int)sizeof(copy))
		return host->fail(err, -ENAMETOOLONG, "%s %s: the path is too long", what, file);
	dir = dirname(copy);
	if (stat(dir, &st) < 0)
		return host->fail(err, -errno, "%s %s: cannot look at folder %s: %s", what, file, dir, strerror(errno));
	if (st.st_mode & S_IWOTH)
		return host->fail(err, -EPERM, "%s %s: everybody may write into its folder: run chmod o-w %s", what, file, dir);
	return 0;
}

static int check_private(const struct mw_host *host, const struct stat *st, const char *what, const char *path,
			 struct mw_err *err)
{
	char *real;
	int r;

	if (st->st_uid != geteuid() && st->st_uid != 0 && geteuid() != 0) /* root looks at the daemon's keys, too */
		return host->fail(err, -EPERM, "%s %s belongs to user %lu: run chown %lu %s", what, path,
				  (unsigned long)st->st_uid, (unsigned long)geteuid(), path);
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return host->fail(err, -EPERM, "%s %s is open to others (mode %04o): run chmod 600 %s", what, path,
				  (unsigned)(st->st_mode & 07777), path);
	r = check_folder(host, what, path, err);
	if (r < 0)
		return r;
	/* A link in a safe folder may lead to an unsafe one. */
	real = realpath(path, NULL);
	if (!real)
		return host->fail(err, -errno, "%s: cannot resolve %s: %s", what, path, strerror(errno));
	r = check_folder(host, what, real, err);
	free(real);
	return r;
}

static int read_path(const struct mw_host *host, bool private, const char *what, const char *path, size_t max, char **text,
		     size_t *n, struct mw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* O_NONBLOCK: a FIFO must not hang the start */
	struct stat st;
	int r = 0;

	if (fd < 0)
		return host->fail(err, -errno, "%s: cannot open %s: %s", what, path, strerror(errno));
	if (fstat(fd, &st) < 0)
		r = host->fail(err, -errno, "%s: cannot look at %s: %s", what, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		r = host->fail(err, -EINVAL, "%s %s is not a regular file", what, path);
	else if (private)
		r = check_private(host, &st, what, path, err);
	if (r == 0)
		r = read_fd(host, fd, &st, what, path, max, text, n, err);
	(void)close(fd);
	return r;
}

int mw_dkim_file_read(const struct mw_host *host, const char *what, const char *path, size_t max, char **text, size_t *n,
		      struct mw_err *err)
{
	return read_path(host, false, what, path, max, text, n, err);
}

int mw_dkim_file_read_private(const struct mw_host *host, const char *what, const char *path, size_t max, char **text, size_t *n,
			      struct mw_err *err)
{
	return read_path(host, true, what, path, max, text, n, err);
}
