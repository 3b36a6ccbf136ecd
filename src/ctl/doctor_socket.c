/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_socket: does somebody listen where the MTA looks, and may the MTA's user come there? */
#include "ctl/doctor.h"

#include "base/listen.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the MTA is told, and the unit that listens there. */
static const struct row {
	const char *fact, *unit, *what;
} rows[] = {
    {"socket", "milward@", "milward"},
    {"seal", "milward-seal@", "milward-seal"},
    {"signer", "milward@sign", "the signer"},
    {"lookup", "milward-lookup", "milward-lookup"},
};

struct visit {
	const char *path;
	const struct passwd *user; /* NULL: who we are */
};

/* A folder on the way that the user may not pass: its place in the path; 0: none. */
static size_t closed_folder(const char *path)
{
	char folder[4096];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (access(folder, X_OK) < 0 && errno == EACCES)
			return (size_t)(slash - path);
	}
	return 0;
}

static void tell(int why, const char *path)
{
	printf("fact\tvisit\t%d\t%zu\n", why, why == EACCES ? closed_folder(path) : 0);
}

/* In a process of its own, as the MTA's user: a fact says how it went. */
static int visit_socket(void *ctx)
{
	const struct visit *v = ctx;
	struct sockaddr_un address;
	struct mw_err err = {0};
	int fd;

	if (v->user &&
	    (initgroups(v->user->pw_name, v->user->pw_gid) < 0 || setgid(v->user->pw_gid) < 0 || setuid(v->user->pw_uid) < 0)) {
		fprintf(stderr, "cannot become %s: %s\n", v->user->pw_name, strerror(errno));
		return 1;
	}
	if (mw_unix_address(v->path, &address, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* of who takes none, the line may be full */
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		tell(errno, v->path);
	return 0;
}

static const char *unit_of(struct doctor *d, const struct row *row, const char *what)
{
	const struct doctor_policy *p = doctor_asked(d);

	return doctor_text(d, "systemctl %s %s%s", what, row->unit,
			   row->unit[strlen(row->unit) - 1] == '@' ? (p ? p->name : "outbound") : "");
}

static void tell_permission(struct doctor *d, const struct row *row, const struct visit *v, size_t folder)
{
	int n = (int)(folder ? folder : strlen(v->path));
	const char *user = v->user ? v->user->pw_name : "root";

	doctor_find(d, DOCTOR_ERROR, "socket-permission", v->path,
		    doctor_text(d, "chgrp %s '%.*s' && chmod %s '%.*s'", user, n, v->path, folder ? "g+x" : "g+rw", n, v->path),
		    "the user %s of the MTA may not come to the socket of %s: %.*s is closed", user, row->what, n, v->path);
}

static void look_at(struct doctor *d, const struct row *row, const char *path, const struct passwd *user)
{
	struct visit v = {.path = path, .user = user};
	size_t before = d->facts.n;
	const char *said = "";
	int why;

	if (path[0] != '/')
		return;
	if (doctor_records(d, visit_socket, &v, &said) != 0)
		doctor_find(d, DOCTOR_WARNING, "socket-unknown", path, NULL, "cannot be tried: %s", said);
	if (d->facts.n == before)
		return;
	why = atoi(d->facts.v[before].value);
	if (why == EACCES)
		tell_permission(d, row, &v, strtoul(d->facts.v[before].more, NULL, 10));
	else if (why == EAGAIN)
		doctor_find(d, DOCTOR_ERROR, "socket-busy", path, unit_of(d, row, "restart"),
			    "%s takes no connections: those that wait are as many as can wait there", row->what);
	else
		doctor_find(d, DOCTOR_ERROR, "socket-missing", path, unit_of(d, row, "start"),
			    "nobody listens there: %s does not run, and mail is asked to come back (%s)", row->what,
			    strerror(why));
}

/* The policy and the MTA must mean the same socket. */
static void compare(struct doctor *d)
{
	const struct doctor_policy *p = doctor_asked(d);
	const char *path = doctor_fact(d, "socket"), *listen = p ? mw_unix_path(p->plan->listen) : NULL;

	if (path && listen && strcmp(path, listen) != 0)
		doctor_find(d, DOCTOR_ERROR, "socket-differs", p->path,
			    doctor_text(d, "sed -i 's|^listen[ \\t][ \\t]*[^ \\t]*|listen unix:%s|' '%s'", path, p->path),
			    "milward listens at %s, and the MTA asks at %s", listen, path);
}

void doctor_sockets(struct doctor *d)
{
	const char *name = doctor_fact(d, "user"), *path;
	const struct passwd *user = name && *name && geteuid() == 0 ? getpwnam(name) : NULL;

	compare(d);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		path = doctor_fact(d, rows[i].fact);
		if (path)
			look_at(d, &rows[i], path, user);
	}
}
