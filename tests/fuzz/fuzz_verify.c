/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_verify: a key record (the first line), and a message whose signatures and chain are judged with it as the answer to every question.
 * What libopendkim lets pass must pass by our own reading of the header, too.
 */
#include "../../milters/auth/arc.h"
#include "../../milters/auth/canon.h"
#include "../../milters/auth/sigcheck.h"
#include "../../milters/auth/testmail.h"
#include "../../milters/auth/verify.h"
#include "../unit/fakehost.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char rdata[70000];
static struct mw_str record = {.p = rdata};

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

static void want(void *ctx, const char *name, unsigned type)
{
	(void)ctx;
	check(strlen(name) <= 253 && type == MW_RR_TXT);
}

static int get(void *ctx, const char *name, unsigned type, struct mw_records *ret)
{
	want(ctx, name, type);
	*ret = (struct mw_records){.status = MW_RECORDS_ANSWER, .name = "x.example", .n = 1, .record = &record};
	return 0;
}

static const struct mw_resolver dns = {.want = want, .get = get};

/* As TXT has it: strings of 255 octets at most. */
static void set_record(const char *p, size_t n)
{
	record.n = 0;
	if (n > 60000)
		n = 60000;
	while (n > 0) {
		size_t length = n < 255 ? n : 255;

		rdata[record.n++] = (char)length;
		memcpy(rdata + record.n, p, length);
		record.n += length;
		p += length;
		n -= length;
	}
}

static void printable(const char *s)
{
	for (; *s; s++)
		check(*s >= ' ' && *s < 0x7f);
}

static void pass_twice(const struct mw_auth_mail *mail, const struct mw_dkim_result *d, size_t nth)
{
	struct mw_sigfield f;
	struct mw_sigkey key;
	unsigned char hash[32];
	const char *why;
	EVP_PKEY *pkey;
	bool revoked;

	for (size_t i = 0; i < mail->fields; i++) {
		if (!mw_field_named(mw_field_name(&mail->field[i]), "DKIM-Signature") || nth-- > 0)
			continue;
		check(mw_sigfield_parse(MW_SIGFIELD_DKIM, mail->field[i].value, &f, &why) == 0);
		check(strcmp(f.domain, d->domain) == 0 && strcmp(f.selector, d->selector) == 0);
		check(mw_sigkey_get(&dns, f.selector, f.domain, &key, &revoked, &why) == MW_AUTH_PASS);
		check(mw_canon_header(&f, mail, &mail->field[i], hash) == 0);
		pkey = mw_sigcheck_key(&key);
		check(mw_sigcheck(&f, pkey, hash, MW_SIGKEY_RSA_MIN, &why) == MW_AUTH_PASS);
		EVP_PKEY_free(pkey);
		return;
	}
	check(false);
}

static void fuzz_dkim(const struct mw_verifier *v, const struct mw_auth_mail *mail)
{
	struct mw_dkim_result d[MW_AUTH_SIGNATURES];
	size_t n, more;

	mw_dkim_want(mail, &dns);
	check(mw_dkim_verify(v, mail, &dns, d, &n, &more) == 0);
	check(n <= MW_AUTH_SIGNATURES && (more == 0 || n == MW_AUTH_SIGNATURES));
	for (size_t i = 0; i < n; i++) {
		printable(d[i].domain);
		printable(d[i].selector);
		printable(d[i].identity);
		printable(d[i].b);
		printable(d[i].why);
		check(d[i].word == MW_AUTH_PASS || (d[i].word != MW_AUTH_NONE && d[i].why[0]));
		if (d[i].word == MW_AUTH_PASS)
			pass_twice(mail, &d[i], i);
	}
}

static void fuzz_arc(const struct mw_auth_mail *mail)
{
	struct mw_arc_result arc;

	mw_arc_want(mail, &dns);
	check(mw_arc_validate(mail, &dns, MW_SIGKEY_RSA_MIN, &arc) == 0);
	check(arc.sets <= MW_ARC_SETS && arc.oldest_pass <= arc.sets && arc.sealers == arc.sets);
	printable(arc.sealer);
	printable(arc.said_from);
	printable(arc.why);
	check(arc.word == MW_AUTH_NONE ? arc.sets == 0 : arc.word == MW_AUTH_PASS ? arc.sets > 0 : arc.why[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mw_verifier *v;
	const char *p = (const char *)data, *lf = size ? memchr(p, '\n', size) : NULL;
	size_t n = lf ? (size_t)(lf - p) : size;
	struct tm_mail m;
	struct mw_err err;

	if (!v && mw_verifier_open(fh_host(), MW_SIGKEY_RSA_MIN, &v, &err) < 0)
		abort();
	set_record(p, n);
	tm_open(&m, lf ? lf + 1 : "", lf ? size - n - 1 : 0);
	m.mail.now = 1800000000;
	m.piece = size % 7;
	fuzz_dkim(v, &m.mail);
	fuzz_arc(&m.mail);
	tm_close(&m);
	return 0;
}
