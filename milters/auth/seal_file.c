/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal_file: judges a message, seals it and prints it with its set on top, for tests/corpus/arc-suite.t.
 *
 *   seal_file ZONE DOMAIN SELECTOR KEY HOST SECONDS MESSAGE >SEALED
 * Says on standard error why there is no seal; the message is printed then as it is.
 */
#include "../../tests/unit/fakehost.h"
#include "arc.h"
#include "arc_seal.h"
#include "testmail.h"
#include "verify.h"
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>

static void print_field(const char *name, const char *value)
{
	printf("%s:", name);
	for (; *value; value++)
		printf(*value == '\n' ? "\r\n" : "%c", *value);
	printf("\r\n");
}

static int seal(const struct mw_arc_sealer *sealer, const struct mw_auth_mail *mail, const struct mw_auth *found,
		struct mw_err *err)
{
	struct mw_arc_seal made;
	int r = mw_arc_seal(sealer, mail, found, &made, err);

	if (r < 0)
		return r;
	if (made.skipped) {
		fprintf(stderr, "seal_file: no seal: %s\n", made.skipped);
		return 0;
	}
	print_field("ARC-Seal", made.seal);
	print_field("ARC-Message-Signature", made.message);
	print_field("ARC-Authentication-Results", made.results);
	mw_arc_seal_free(&made);
	return 0;
}

int main(int argc, char **argv)
{
	struct mw_arc_sealer *sealer = NULL;
	struct mw_zonefile *zone = NULL;
	struct mw_verifier *v = NULL;
	struct mw_auth found = {0};
	struct mw_err err = {0};
	struct mw_resolver dns;
	struct mw_str text;
	struct tm_mail m;
	int r = -1;

	if (argc != 8)
		return 2;
	text = tm_read(argv[7]);
	tm_open(&m, text.p, text.n);
	m.mail.receiver = argv[5];
	m.mail.now = strtoll(argv[6], NULL, 10);
	if (mw_zonefile_read(argv[1], &zone, &err) == 0 && mw_verifier_open(fh_host(), 1024, &v, &err) == 0 &&
	    mw_arc_sealer_check(fh_host(), true, argv[2], argv[3], argv[4], &err) == 0 &&
	    mw_arc_sealer_open(fh_host(), argv[2], argv[3], argv[4], &sealer, &err) == 0) {
		dns = mw_zonefile_resolver(zone);
		r = mw_dkim_verify(v, &m.mail, &dns, found.dkim, &found.dkims, &found.dkims_more);
		if (r == 0)
			r = mw_arc_validate(&m.mail, &dns, 1024, &found.arc);
		if (r == 0)
			r = seal(sealer, &m.mail, &found, &err);
	}
	if (r < 0)
		fprintf(stderr, "seal_file: %s\n", err.text);
	else
		(void)fwrite(text.p, 1, text.n, stdout);
	mw_arc_sealer_free(sealer);
	mw_verifier_free(v);
	mw_zonefile_free(&zone);
	tm_close(&m);
	free((void *)(uintptr_t)text.p);
	return r < 0 ? 1 : 0;
}
