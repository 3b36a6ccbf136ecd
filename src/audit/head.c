/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/head.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The slot's text: fields of fixed width, their digest, and LF at the end. */
#define FORM "milward-audit-head 1 %018" PRIu64 " %018" PRIu64 " %s "

static int slot_text(const struct mw_audit_chain *chain, const struct mw_audit_head *head, char slot[MW_AUDIT_HEAD_SLOT])
{
	char hex[MW_AUDIT_HEX + 1];
	int n = snprintf(slot, MW_AUDIT_HEAD_SLOT, FORM, head->seq, head->end, head->hash), r;

	if (n < 0 || (size_t)n + MW_AUDIT_HEX + 1 > MW_AUDIT_HEAD_SLOT)
		return -EINVAL;
	r = mw_audit_chain_digest(chain, slot, (size_t)n, hex);
	if (r < 0)
		return r;
	memcpy(slot + n, hex, MW_AUDIT_HEX);
	n += MW_AUDIT_HEX;
	memset(slot + n, ' ', MW_AUDIT_HEAD_SLOT - (size_t)n);
	slot[MW_AUDIT_HEAD_SLOT - 1] = '\n';
	return 0;
}

/* The slot as it was written, or false. */
static bool slot_read(const struct mw_audit_chain *chain, const char *slot, struct mw_audit_head *ret)
{
	char text[MW_AUDIT_HEAD_SLOT + 1], again[MW_AUDIT_HEAD_SLOT];
	struct mw_audit_head head = {0};

	memcpy(text, slot, MW_AUDIT_HEAD_SLOT);
	text[MW_AUDIT_HEAD_SLOT] = '\0';
	if (sscanf(text, "milward-audit-head 1 %18" SCNu64 " %18" SCNu64 " %64[0-9a-f]", &head.seq, &head.end, head.hash) != 3 ||
	    slot_text(chain, &head, again) < 0 || memcmp(slot, again, MW_AUDIT_HEAD_SLOT) != 0)
		return false;
	*ret = head;
	return true;
}

int mw_audit_head_read(int fd, const struct mw_audit_chain *chain, struct mw_audit_head *ret)
{
	struct mw_audit_head head[2];
	char text[MW_AUDIT_HEAD_SIZE];
	bool good[2];
	ssize_t n;

	memset(text, 0, sizeof(text));
	do
		n = pread(fd, text, sizeof(text), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		good[i] = slot_read(chain, text + i * MW_AUDIT_HEAD_SLOT, &head[i]);
		head[i].slot = i;
	}
	if (!good[0] && !good[1])
		return -EBADMSG;
	*ret = good[0] && (!good[1] || head[0].seq >= head[1].seq) ? head[0] : head[1];
	return 1;
}

int mw_audit_head_write(int fd, const struct mw_audit_chain *chain, const struct mw_audit_head *head)
{
	char text[MW_AUDIT_HEAD_SLOT];
	int r = slot_text(chain, head, text);
	ssize_t n;

	if (r < 0)
		return r;
	do
		n = pwrite(fd, text, sizeof(text), (off_t)head->slot * MW_AUDIT_HEAD_SLOT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(text) ? 0 : -EIO;
}
