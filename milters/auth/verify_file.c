/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_file: what DKIM and ARC say of messages, with keys out of a file. For tests/corpus/dkim-suite.t and arc-suite.t.
 *
 *   verify_file [piece=N] [now=SECONDS] [bits=N] ZONE MESSAGE…
 * Prints for each message its name, a line for each signature and one for the chain; words and why are separated by tabs.
 */
#include "../../tests/unit/fakehost.h"
#include "arc.h"
#include "testmail.h"
#include "verify.h"
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_dkim(const struct mw_dkim_result *d)
{
	printf("dkim\t%s\t%s\t%s\t%s\t%u\t%u\t%s\t%s\t%s\n", mw_auth_word(d->word), d->domain, d->selector, d->algorithm, d->bits,
	       d->flags, d->secure ? "secure" : "insecure", d->b, d->why);
}

static void print_arc(const struct mw_arc_result *a)
{
	printf("arc\t%s\t%s\t%u\t%u\t%s\t%s\t%s\t%s\n", mw_auth_word(a->word), a->sealer, a->sets, a->oldest_pass,
	       a->secure ? "secure" : "insecure", mw_auth_word(a->said_dmarc), a->said_from, a->why);
}

static void look(const struct mw_verifier *v, const struct mw_resolver *resolver, const struct tm_mail *how, int64_t bits,
		 const char *path)
{
	struct mw_dkim_result dkim[MW_AUTH_SIGNATURES];
	struct mw_str text = tm_read(path);
	struct mw_arc_result arc;
	struct tm_mail m;
	size_t n, more;
	int r;

	tm_open(&m, text.p, text.n);
	m.piece = how->piece;
	m.mail.now = how->mail.now;
	mw_dkim_want(&m.mail, resolver);
	mw_arc_want(&m.mail, resolver);
	r = mw_dkim_verify(v, &m.mail, resolver, dkim, &n, &more);
	printf("%s\t%d\t%zu\n", path, r, more);
	for (size_t i = 0; i < n; i++)
		print_dkim(&dkim[i]);
	(void)mw_arc_validate(&m.mail, resolver, bits, &arc);
	print_arc(&arc);
	tm_close(&m);
	free((void *)(uintptr_t)text.p);
}

static bool take(const char *arg, const char *name, uint64_t *to)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0 || arg[n] != '=')
		return false;
	*to = strtoull(arg + n + 1, NULL, 10);
	return true;
}

int main(int argc, char **argv)
{
	uint64_t piece = 0, now = (uint64_t)time(NULL), bits = 1024;
	struct mw_zonefile *zone = NULL;
	struct mw_verifier *v = NULL;
	struct mw_resolver resolver;
	struct mw_err err = {0};
	struct tm_mail how = {0};
	int i = 1;

	while (i < argc && (take(argv[i], "piece", &piece) || take(argv[i], "now", &now) || take(argv[i], "bits", &bits)))
		i++;
	how.piece = (size_t)piece;
	how.mail.now = (int64_t)now;
	if (i >= argc || mw_zonefile_read(argv[i], &zone, &err) < 0 || mw_verifier_open(fh_host(), (int64_t)bits, &v, &err) < 0) {
		fprintf(stderr, "verify_file: %s\n", err.text);
		return 2;
	}
	resolver = mw_zonefile_resolver(zone);
	while (++i < argc)
		look(v, &resolver, &how, (int64_t)bits, argv[i]);
	mw_verifier_free(v);
	mw_zonefile_free(&zone);
	return 0;
}
