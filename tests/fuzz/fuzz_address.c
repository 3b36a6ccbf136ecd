/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_address: any octets as an address, the rest behind a line end as what the MTA resolved. */
#include "mail/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool inside(struct mw_str part, struct mw_str whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void check_xtext(const char *x, size_t from)
{
	size_t n = 0;

	for (; *x; x += *x == '+' ? 3 : 1, n++)
		check(*x > ' ' && *x < 0x7f && *x != '=');
	check(n == from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *lf = size ? memchr(data, '\n', size) : NULL;
	struct mw_str arg = {.p = (const char *)data, .n = lf ? (size_t)(lf - (const char *)data) : size},
		      mta = {.p = "", .n = 0};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_rcpt r = {0};

	if (!a)
		return 0;
	if (lf)
		mta = (struct mw_str){.p = lf + 1, .n = size - arg.n - 1};
	check(mw_address_parse(a, arg, &r) == 0);
	check(mw_str_same(r.arg, arg) && inside(r.address, r.arg) && inside(r.local, r.address) && r.domain.n <= r.address.n);
	if (r.form == MW_ADDR_PLAIN) {
		struct mw_rcpt self = r;

		/* One local part, one '@', one domain with room for a tag; and it is what it is. */
		check(r.local.n && r.domain.n && r.local.n + 1 + r.domain.n == r.address.n &&
		      r.domain.n + MW_TAG_ROOM <= MW_DOMAIN_MAX);
		mw_address_confirm(&self, r.address);
		check(self.form == MW_ADDR_PLAIN);
	}
	mw_address_confirm(&r, mta);
	check(strcmp(mw_address_form_name(r.form), "unknown form") != 0);
	check(!mw_address_is_tag(r.domain) || mw_address_is_tag(r.address));
	check_xtext(mw_address_xtext(a, arg), arg.n);
	mw_arena_free(&a);
	return 0;
}
