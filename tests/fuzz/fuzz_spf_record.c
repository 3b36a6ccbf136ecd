/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_spf_record: any octets as a record of SPF, and as its explanation. What is taken must be what the grammar says, and expands. */
#include "milters/auth/spf_macro.h"
#include "milters/auth/spf_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static const char *validated(void *ctx, struct mw_str domain)
{
	(void)ctx;
	(void)domain;
	return "host.example.org";
}

static const char longest[] =
    "a.b-c+d=e/f_g,h%i\x80\xff\"'`$(){}|<>;&\r\n.................................................................";

static void expand(struct mw_str text)
{
	const struct mw_spf_values v = {.local = {longest, sizeof(longest) - 1},
					.sender_domain = {"sender.example.org", 18},
					.helo = {"helo.example.org", 16},
					.domain = {"domain.example.org", 18},
					.receiver = {"receiver", 8},
					.ip6 = text.n % 2,
					.address = {192, 0, 2, 1},
					.now = 1,
					.validated = validated};
	char buf[MW_SPF_EXPANSION_MAX], small[7];
	int n = mw_spf_expand(text, &v, buf, sizeof(buf));

	check(n == -EFBIG || (n >= 0 && (size_t)n < sizeof(buf) && buf[n] == '\0'));
	n = mw_spf_expand(text, &v, small, sizeof(small));
	check(n == -EFBIG || (n >= 0 && (size_t)n < sizeof(small)));
}

static void check_text(struct mw_str s, const char *p, size_t n)
{
	check(s.n == 0 || (s.p >= p && s.p + s.n <= p + n));
	for (size_t i = 0; i < s.n; i++)
		check(s.p[i] > ' ' && s.p[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str text = {(const char *)data, size};
	struct mw_spf_record r = {.n = 77};
	const char *why = NULL;
	int e = mw_spf_record_parse(text, &r, &why);

	check((e == -EINVAL) == (why != NULL) && (e == 0 || r.n == 77));
	if (mw_spf_is_explanation(text))
		expand(text);
	if (e < 0)
		return 0;
	check(mw_spf_record_is(text) && size <= MW_SPF_RECORD_MAX && r.n <= MW_SPF_TERMS_MAX);
	for (size_t i = 0; i < r.n; i++) {
		const struct mw_spf_term *t = &r.term[i];

		check(t->mechanism >= MW_SPF_ALL && t->mechanism <= MW_SPF_EXISTS && strchr("+-?~", t->qualifier));
		check(t->prefix4 <= 32 && t->prefix6 <= 128 && t->text.n);
		check_text(t->text, text.p, text.n);
		check_text(t->spec, text.p, text.n);
		expand(t->spec);
	}
	check_text(r.redirect, text.p, text.n);
	check_text(r.exp, text.p, text.n);
	expand(r.redirect);
	expand(r.exp);
	mw_spf_record_clear(&r);
	return 0;
}
