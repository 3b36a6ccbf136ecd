/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_link: what a link opens, without the portal: open_link STORE KEYS LINK FOLDER. Writes each object of the crate to FOLDER/NUMBER; 0 is
 * the manifest. Prints the row: state, sender, recipient, language, proof, created, expires. Exit 0; 1: it does not open, and why.
 */
#include "base/err.h"
#include "base/str.h"
#include "pickup/crate.h"
#include "pickup/pickup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int write_object(const struct mw_crate *crate, uint32_t number, const char *folder, struct mw_err *err)
{
	char path[4096], octets[65536];
	struct mw_crate_object *o = NULL;
	uint64_t at = 0;
	ssize_t n = 0;
	FILE *out;
	int r = mw_crate_get(crate, number, &o, err);

	(void)snprintf(path, sizeof(path), "%s/%u", folder, number);
	out = r == 0 ? fopen(path, "wb") : NULL;
	if (r == 0 && !out)
		r = mw_fail(err, -errno, "%s: %s", path, strerror(errno));
	while (r == 0 && (n = mw_crate_read(o, at, octets, sizeof(octets), err)) > 0) {
		at += (uint64_t)n;
		if (fwrite(octets, 1, (size_t)n, out) != (size_t)n)
			r = mw_fail(err, -EIO, "%s: cannot be written", path);
	}
	if (out && fclose(out) != 0 && r == 0)
		r = mw_fail(err, -EIO, "%s: cannot be written", path);
	mw_crate_put(&o);
	return r < 0 ? r : n < 0 ? (int)n : 0;
}

static int open_link(struct mw_pickup *store, const char *link, const char *folder, struct mw_err *err)
{
	unsigned char id[MW_PICKUP_ID], secret[MW_PICKUP_SECRET], key[MW_PICKUP_KEY];
	struct mw_pickup_row row;
	struct mw_crate *crate = NULL;
	int fd = -1, r;

	if (!mw_pickup_link_parse(mw_str(link), id, secret))
		return mw_fail(err, -EINVAL, "no link");
	r = mw_pickup_unlock(store, id, secret, (int64_t)time(NULL), key, &row, err);
	r = r < 0 ? r : mw_pickup_crate(store, id, &fd, err);
	r = r < 0 ? r : mw_crate_open(fd, id, key, &crate, err);
	for (uint32_t i = 0; r == 0 && i < mw_crate_count(crate); i++)
		r = write_object(crate, i, folder, err);
	if (r == 0)
		(void)printf("%s %s %s %s %u %lld %lld\n", mw_pickup_state_name(row.state), row.sender, row.recipient,
			     row.language, row.proof, (long long)row.created, (long long)row.expires);
	mw_crate_close(&crate);
	return r;
}

int main(int argc, char **argv)
{
	struct mw_pickup_keys *keys = NULL;
	struct mw_pickup *store = NULL;
	struct mw_err err = {0};
	int r;

	if (argc != 5)
		return 2;
	r = mw_pickup_keys_open(argv[2], &keys, &err);
	r = r < 0 ? r : mw_pickup_open(argv[1], keys, false, &store, &err);
	r = r < 0 ? r : open_link(store, argv[3], argv[4], &err);
	if (r < 0)
		(void)fprintf(stderr, "open_link: %s\n", err.text);
	mw_pickup_close(&store);
	mw_pickup_keys_close(&keys);
	return r < 0;
}
