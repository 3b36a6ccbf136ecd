/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_audit: R a line of an audit file, H its head, V a whole file for verify and show. The first octet chooses. */
#include "../../milters/audit/query.h"
#include "../../milters/audit/verify.h"

#include "audit/head.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mw_audit_chain chain;

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

/* What is taken for a record has one form only: put together again from its parts it is the same octets. */
static void fuzz_record(const char *line, size_t n)
{
	struct mw_audit_record rec;
	char front[200], back[300];
	int f, b;

	if (!mw_audit_record_parse(line, n, &rec))
		return;
	f = snprintf(front, sizeof(front), "{\"v\":1,\"seq\":%" PRIu64 ",\"time\":\"%.*s\",\"kind\":\"%.*s\",", rec.seq,
		     (int)rec.time.n, rec.time.p, (int)rec.kind.n, rec.kind.p);
	b = snprintf(back, sizeof(back), "\"prev\":\"%.*s\",\"hash\":\"%.*s\"}", (int)rec.prev.n, rec.prev.p, (int)rec.hash.n,
		     rec.hash.p);
	check(f > 0 && b > 0 && n >= (size_t)f + (size_t)b);
	check(memcmp(line, front, (size_t)f) == 0 && memcmp(line + n - b, back, (size_t)b) == 0);
	check(mw_audit_record_check(&chain, line, &rec) >= 0);
}

static int count(void *ctx, const struct mw_audit_seen *seen)
{
	(void)seen;
	(*(uint64_t *)ctx)++;
	return 0;
}

static void fuzz_file(char kind, const uint8_t *data, size_t size, FILE *null)
{
	struct mw_audit_verify v = {.chain = &chain, .out = null, .no_head = true};
	struct mw_audit_query q = {.recipient = "a@b"};
	struct mw_audit_head head;
	int fd = memfd_create("log", MFD_CLOEXEC);
	uint64_t n = 0;
	char path[60], *file = path;

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (kind == 'H') {
		if (mw_audit_head_read(fd, &chain, &head) == 1)
			check(strlen(head.hash) <= MW_AUDIT_HEX);
	} else {
		check(mw_audit_verify(&v, 1, &file, null) >= 0);
		check(mw_audit_query_run(&q, 1, &file, count, NULL, &n) == 0);
	}
	(void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;

	if (!null)
		null = fopen("/dev/null", "w");
	check(null != NULL);
	if (size == 0)
		return 0;
	if (data[0] == 'H' || data[0] == 'V')
		fuzz_file((char)data[0], data + 1, size - 1, null);
	else
		fuzz_record((const char *)data + 1, size - 1);
	return 0;
}
