/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: the end of the chain, for milwardctl doctor. The whole of it is looked at by `audit verify`, which may take long. */
#include "audit/head.h"
#include "audit/scan.h"
#include "commands.h"
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a file and its policy are called. */
struct log {
	const char *path, *policy;
};

static void tell(const struct log *log, const char *text)
{
	printf("error\taudit-chain\t%s\t%s\tmilwardctl -p '%s' audit verify\n", log->path, text, log->policy);
}

/* The head: 1 read; 0 there is none yet, or what is wrong with it was told; negative: it cannot be looked at, which was said. */
static int read_head(const struct log *log, const struct mw_audit_chain *chain, struct mw_audit_head *head)
{
	char name[4096];
	int fd, r;

	if ((size_t)snprintf(name, sizeof(name), "%s.head", log->path) >= sizeof(name))
		return -ENAMETOOLONG;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		r = -errno;
		if (r != -ENOENT) {
			fprintf(stderr, "cannot open %s: %s\n", name, strerror(-r));
			return r;
		}
		tell(log, "its head is gone, which says where the chain ends: nobody can tell whether records were cut off");
		return 0;
	}
	r = mw_audit_head_read(fd, chain, head);
	(void)close(fd);
	if (r == -EBADMSG) {
		tell(log, "its head was edited, or made with another key than the policy has");
		return 0;
	}
	if (r < 0)
		fprintf(stderr, "cannot read %s: %s\n", name, strerror(-r));
	return r;
}

/* The head is read before the file: a daemon that is at work can only have made the file longer. */
static int look(const struct log *log, const struct mw_audit_chain *chain)
{
	struct mw_audit_head head = {0};
	struct stat st;
	int fd = mw_audit_input_open(log->path, &st), r;

	if (fd == -ENOENT)
		return 0; /* nothing was recorded yet, or the file is being rotated */
	if (fd < 0) {
		fprintf(stderr, "cannot open %s: %s\n", log->path, mw_audit_input_why(fd));
		return 1;
	}
	r = read_head(log, chain, &head);
	if (r > 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r > 0 && head.seq > 0) {
		struct mw_audit_scan scan = {.fd = fd, .chain = chain, .size = (uint64_t)st.st_size};

		r = head.end > scan.size ? 1 : mw_audit_scan_at(&scan, &head);
		if (head.end > scan.size)
			tell(log, "records at its end are gone");
		else if (r == 0)
			tell(log, "its last record is not the one that was written");
		else if (r < 0)
			fprintf(stderr, "cannot read %s: %s\n", log->path, strerror(-r));
	}
	(void)close(fd);
	return r < 0 ? 1 : 0;
}

static int look_with(const struct mw_host *host, const struct log *log, const char *key)
{
	struct mw_audit_chain chain;
	struct mw_err err = {0};
	int r;

	if (mw_audit_chain_open(host, key, &chain, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	r = look(log, &chain);
	mw_audit_chain_wipe(&chain);
	return r;
}

int mw_audit_doctor_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const char *key = NULL;
	struct log log = {.policy = argc > 1 ? argv[1] : "POLICY"};
	int r = 0;

	for (size_t i = 0; (log.path = mw_audit_file_of(host, conf, i, &key)) != NULL; i++)
		r |= look_with(host, &log, key);
	return r;
}
