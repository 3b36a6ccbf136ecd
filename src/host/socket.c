/* SPDX-License-Identifier: Apache-2.0 */
#include "host/socket.h"

#include "base/inet.h"
#include "base/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* libmilter's own default (SOMAXCONN, 20 at most) is short when many smtpd processes start at once. */
#define BACKLOG 1024

/* libmilter would only say that binding failed, and only to syslog. */
static int try_bind(const char *path, const struct sockaddr_un *addr, struct mw_err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return mw_fail(err, -errno, "socket: %s", strerror(errno));
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr))) {
		int cause = errno;
		int folder = (int)(strrchr(path, '/') ? strrchr(path, '/') - path : 0);

		r = mw_fail(err, -cause, "socket %s: %s%s%.*s%s", path, strerror(cause),
			    cause == ENOENT ? "; make the folder " : "", cause == ENOENT ? folder : 0, path,
			    cause == EACCES ? "; let the user of milward write to the folder" : "");
	} else {
		(void)unlink(path);
	}
	(void)close(fd);
	return r;
}

static int prepare_unix(struct mw_socket *s, struct mw_err *err)
{
	struct sockaddr_un addr;
	int r = mw_unix_address(s->path, &addr, err);

	if (r)
		return r;
	memcpy(&s->addr, &addr, sizeof(addr));
	s->addr_len = sizeof(addr);
	r = mw_unix_make_room(s->path, &addr, err);
	return r ? r : try_bind(s->path, &addr, err);
}

static int prepare_inet(struct mw_socket *s, struct mw_err *err)
{
	struct addrinfo *found;
	int r = mw_inet_find(s->spec, &found, err);

	if (r) {
		mw_err_prefix(err, "socket %s", s->spec);
		return r;
	}
	memcpy(&s->addr, found->ai_addr, found->ai_addrlen);
	s->addr_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

int mw_socket_prepare(const char *spec, struct mw_socket *ret, struct mw_err *err)
{
	struct mw_socket s = {.spec = spec, .path = mw_unix_path(spec)};
	int r = s.path ? prepare_unix(&s, err) : prepare_inet(&s, err);

	if (!r)
		*ret = s;
	return r;
}

int mw_socket_open(struct mw_socket *s, const struct mw_options *o, struct mw_err *err)
{
	mode_t mask = s->path ? umask(0777 & ~(mode_t)o->socket_mode) : 0;
	struct stat st;
	int r;

	errno = 0;
	r = smfi_setbacklog(BACKLOG) == MI_SUCCESS && smfi_setconn((char *)(uintptr_t)s->spec) == MI_SUCCESS &&
		    smfi_opensocket(false) == MI_SUCCESS
		? 0
		: -(errno ? errno : EINVAL);
	if (s->path)
		(void)umask(mask);
	if (r)
		return mw_fail(err, r, "socket %s: cannot listen there: %s", s->spec, strerror(-r));
	if (!s->path)
		return 0;
	if (stat(s->path, &st))
		return mw_fail(err, -errno, "socket %s: %s", s->path, strerror(errno));
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return o->socket_group ? mw_unix_give(s->path, o->socket_group, err) : 0;
}

void mw_socket_knock(const struct mw_socket *s)
{
	int fd = socket(s->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	(void)!connect(fd, (const struct sockaddr *)&s->addr, s->addr_len);
	(void)close(fd);
}

void mw_socket_remove(struct mw_socket *s)
{
	struct stat st;

	if (s->path && s->ino && stat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		(void)unlink(s->path);
}
