/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listen.h"

#include "base/inet.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 1024

const char *mw_unix_path(const char *spec)
{
	const char *colon = strchr(spec, ':');

	if (!colon)
		return spec;
	if (strncasecmp(spec, "unix:", 5) == 0 || strncasecmp(spec, "local:", 6) == 0 || colon == spec)
		return colon + 1;
	return NULL;
}

int mw_unix_address(const char *path, struct sockaddr_un *ret, struct mw_err *err)
{
	size_t n = strlen(path);

	if (*path != '/')
		return mw_fail(err, -EINVAL, "socket %s: give the whole path, from /", path);
	if (n >= sizeof(ret->sun_path))
		return mw_fail(err, -ENAMETOOLONG, "socket %s: the path has %zu octets, the system allows %zu", path, n,
			       sizeof(ret->sun_path) - 1);
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret->sun_path, path, n + 1);
	return 0;
}

/* Is a daemon behind that socket? 1, 0 (nobody: stale), or -errno. */
static int is_alive(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno == EAGAIN || errno == EINPROGRESS)
		r = 1;
	else
		r = errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
	(void)close(fd);
	return r;
}

int mw_unix_make_room(const char *path, const struct sockaddr_un *addr, struct mw_err *err)
{
	struct stat st;
	int alive;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : mw_fail(err, -errno, "socket %s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return mw_fail(err, -EEXIST, "socket %s: something else is there, remove it or choose another path", path);
	alive = is_alive(addr);
	if (alive > 0)
		return mw_fail(err, -EADDRINUSE, "socket %s: another process listens there, stop it first", path);
	if (alive < 0)
		return mw_fail(err, alive, "socket %s: %s", path, strerror(-alive));
	if (unlink(path) && errno != ENOENT)
		return mw_fail(err, -errno, "socket %s: cannot remove the stale one: %s", path, strerror(errno));
	return 0;
}

int mw_unix_give(const char *path, const char *group, struct mw_err *err)
{
	const struct group *g = getgrnam(group);

	if (!g)
		return mw_fail(err, -ENOENT, "--socket-group %s: there is no such group", group);
	if (chown(path, (uid_t)-1, g->gr_gid))
		return mw_fail(err, -errno, "socket %s: cannot give it to group %s: %s", path, group, strerror(errno));
	return 0;
}

/* umask is the process's: callers open sockets before they have threads. */
static int bind_unix(int fd, const char *path, const struct sockaddr_un *addr, unsigned mode, struct mw_err *err)
{
	mode_t mask = umask(0777 & ~(mode_t)mode);
	int cause = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? errno : 0;
	int folder = (int)(strrchr(path, '/') - path);

	(void)umask(mask);
	if (cause)
		return mw_fail(err, -cause, "socket %s: %s%s%.*s%s", path, strerror(cause),
			       cause == ENOENT ? "; make the folder " : "", cause == ENOENT ? folder : 0, path,
			       cause == EACCES ? "; let the user of milward write to the folder" : "");
	return 0;
}

static int open_unix(struct mw_listen *l, unsigned mode, const char *group, struct mw_err *err)
{
	struct sockaddr_un addr;
	struct stat st;
	int r = mw_unix_address(l->path, &addr, err);

	if (!r)
		r = mw_unix_make_room(l->path, &addr, err);
	if (r)
		return r;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return mw_fail(err, -errno, "socket %s: %s", l->path, strerror(errno));
	r = bind_unix(l->fd, l->path, &addr, mode, err);
	if (r)
		return r;
	if (stat(l->path, &st))
		return mw_fail(err, -errno, "socket %s: %s", l->path, strerror(errno));
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	/* Before anybody can connect: who waits in the backlog has been let in. */
	r = group ? mw_unix_give(l->path, group, err) : 0;
	if (!r && listen(l->fd, BACKLOG))
		r = mw_fail(err, -errno, "socket %s: cannot listen there: %s", l->path, strerror(errno));
	return r;
}

static bool is_loopback(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)addr)->sin_addr.s_addr) >> 24 == 127;
	return addr->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr);
}

static int bind_inet(struct mw_listen *l, const struct addrinfo *found, struct mw_err *err)
{
	int on = 1;

	if (!is_loopback(found->ai_addr))
		return mw_fail(err, -EINVAL, "socket %s: that is not the loopback address, from where only this machine can ask",
			       l->spec);
	l->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return mw_fail(err, -errno, "socket %s: %s", l->spec, strerror(errno));
	(void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(l->fd, found->ai_addr, found->ai_addrlen) || listen(l->fd, BACKLOG))
		return mw_fail(err, -errno, "socket %s: cannot listen there: %s", l->spec, strerror(errno));
	return 0;
}

static int open_inet(struct mw_listen *l, struct mw_err *err)
{
	struct addrinfo *found;
	int r = mw_inet_find(l->spec, &found, err);

	if (r) {
		mw_err_prefix(err, "socket %s", l->spec);
		return r;
	}
	r = bind_inet(l, found, err);
	freeaddrinfo(found);
	return r;
}

int mw_listen_open(const char *spec, unsigned mode, const char *group, struct mw_listen *ret, struct mw_err *err)
{
	struct mw_listen l = {.spec = spec, .path = mw_unix_path(spec), .fd = -1};
	int r = l.path ? open_unix(&l, mode, group, err) : open_inet(&l, err);

	if (r)
		mw_listen_close(&l);
	else
		*ret = l;
	return r;
}

void mw_listen_close(struct mw_listen *l)
{
	struct stat st;

	if (l->path && l->ino && stat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		(void)unlink(l->path);
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}
