/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor_resolver: Postfix believes its resolver about DNSSEC, so it must be one on this machine, and one that validates. It is asked for
 * a signed name, which is the zone of milward-lookup's trust anchor or else the root; a resolver elsewhere is not asked.
 */
#include "ctl/doctor.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONF "/etc/resolv.conf"
#define WAIT 5000 /* ms */
#define TYPE_SOA 6
#define FLAG_AD 0x20 /* of the fourth octet of a header (RFC 6840) */

/* The first "nameserver" line; false: there is none. */
static bool first_server(char server[64])
{
	FILE *f = fopen(CONF, "re");
	char line[512];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "nameserver %63s", server) == 1;
	if (f)
		(void)fclose(f);
	return found;
}

static bool loopback(const char *text, struct sockaddr_storage *ret, socklen_t *n)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(53)};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1 && ntohl(v4.sin_addr.s_addr) >> 24 == 127) {
		memcpy(ret, &v4, sizeof(v4));
		*n = sizeof(v4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) {
		memcpy(ret, &v6, sizeof(v6));
		*n = sizeof(v6);
		return true;
	}
	return false;
}

/* The name that a file of trust anchors begins with; "." without. */
static const char *signed_name(struct doctor *d)
{
	for (size_t i = 0; i < d->policies.n; i++) {
		const struct mw_plan_module *m = doctor_module(&d->policies.v[i], "lookup");
		const char *const *path = m ? doctor_option(m, "trust-anchor", MW_PATH) : NULL;
		struct stat st; /* milward-lookup refuses what is no file, and nobody waits for it here */
		FILE *f = path && *path && stat(*path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(*path, "re") : NULL;
		char name[256] = "";

		while (f && (!name[0] || name[0] == ';') && fscanf(f, "%255s%*[^\n]", name) == 1)
			;
		if (f)
			(void)fclose(f);
		if (name[0] && name[0] != ';')
			return doctor_text(d, "%s", name);
	}
	return ".";
}

/* A question for the SOA record, with AD and RD set (RFC 6840, 5.7); 0: no such name can be. */
static size_t write_query(const char *name, unsigned char q[300])
{
	static const unsigned char head[12] = {0x4d, 0x57, 0x01, FLAG_AD, 0, 1};
	size_t n = sizeof(head);

	memcpy(q, head, sizeof(head));
	while (*name && strcmp(name, ".") != 0) {
		size_t label = strcspn(name, ".");

		if (label == 0 || label > 63 || n + label > 260)
			return 0;
		q[n++] = (unsigned char)label;
		memcpy(q + n, name, label);
		n += label;
		name += label + (name[label] == '.');
	}
	memcpy(q + n, (const unsigned char[]){0, 0, TYPE_SOA, 0, 1}, 5);
	return n + 5;
}

/* 1: validated; 0: not; negative: no answer. */
static int ask(const struct sockaddr_storage *to, socklen_t size, const char *name)
{
	unsigned char q[300], answer[4096];
	size_t n = write_query(name, q);
	int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = -ETIMEDOUT;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t got = -1;

	if (fd < 0)
		return -errno;
	if (n && connect(fd, (const struct sockaddr *)to, size) == 0 && send(fd, q, n, MSG_NOSIGNAL) == (ssize_t)n &&
	    poll(&p, 1, WAIT) > 0)
		got = recv(fd, answer, sizeof(answer), 0);
	if (got >= 12 && answer[0] == q[0] && answer[1] == q[1])
		r = (answer[3] & 0xf) == 0 && answer[3] & FLAG_AD;
	(void)close(fd);
	return r;
}

void doctor_resolver(struct doctor *d)
{
	static const char fix[] = "apt-get install unbound && printf 'nameserver 127.0.0.1\\noptions trust-ad\\n' >" CONF;
	struct sockaddr_storage address;
	char server[64] = "127.0.0.1";
	const char *name;
	socklen_t n = 0;
	int r;

	/* Who else believes it? Sendmail knows nothing of DANE, and milward-lookup validates itself. */
	if (!d->mta || strcmp(d->mta, "postfix") != 0 || !doctor_fact(d, "lookup"))
		return;
	if (!first_server(server) || !loopback(server, &address, &n)) {
		doctor_find(d, DOCTOR_WARNING, "resolver-far", CONF, fix,
			    "the resolver %s is on another machine: who is between them can undo DANE", server);
		return;
	}
	name = signed_name(d);
	r = ask(&address, n, name);
	if (r < 0)
		doctor_find(d, DOCTOR_ERROR, "resolver", CONF, fix, "the resolver %s does not answer: %s", server, strerror(-r));
	else if (r == 0)
		doctor_find(d, DOCTOR_ERROR, "resolver", CONF, fix,
			    "the resolver %s does not validate DNSSEC (%s): mail by DANE waits", server, name);
}
