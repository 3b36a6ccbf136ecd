/* SPDX-License-Identifier: Apache-2.0 */
/* What seal-openpgp reads of strangers: files of keys, answers of milward-lookup, mail. The first octet chooses: k, w, or m. */
#include "plugins/seal-openpgp/file.h"
#include "plugins/seal-openpgp/openpgp.h"
#include "tests/unit/fakehost.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_keys(const char *p, size_t n)
{
	struct pgp_cert **cert = NULL, *both;
	char why[PGP_WHY];
	size_t have = 0;

	(void)pgp_certs_read(p, n, &cert, &have);
	for (size_t i = 0; i < have; i++) {
		both = NULL;
		if (!cert[i]->secret && pgp_cert_merge(cert[i], cert[0], &both) == 0)
			(void)pgp_judge(both, both->uids ? both->uid[0].address : NULL, 1790000000, NULL, why);
		pgp_cert_free(&both);
	}
	for (size_t i = 0; i < have; i++)
		pgp_cert_free(&cert[i]);
	free(cert);
}

static void read_answer(const char *p, size_t n)
{
	char why[PGP_WKD_WHY], *octets = NULL;
	struct mw_str text;
	size_t size;

	if (pgp_netstring(p, n, &text) > 0)
		(void)pgp_wkd_parse(text, &octets, &size, why);
	free(octets);
}

static void read_mail(const char *p, size_t n)
{
	static const struct openpgp_conf conf = {.opened_max = 1u << 20};
	struct openpgp o = {.host = fh_host(), .conf = &conf};
	struct mw_seal_work work = {.in = memfd_create("in", MFD_CLOEXEC),
				    .out = memfd_create("out", MFD_CLOEXEC),
				    .sender = "",
				    .recipient = "a@x.example",
				    .now = 1790000000};
	struct mw_opened opened = {0};
	struct mw_err err = {0};

	if (pgp_desk_open(&o.desk) < 0)
		return;
	if (work.in >= 0 && work.out >= 0 && write(work.in, p, n) == (ssize_t)n)
		(void)openpgp_unseal(&o, &work, &opened, &err);
	pgp_desk_close(&o.desk);
	if (work.in >= 0)
		(void)close(work.in);
	if (work.out >= 0)
		(void)close(work.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data + 1;

	if (n < 1)
		return 0;
	if (data[0] == 'k')
		read_keys(p, n - 1);
	else if (data[0] == 'w')
		read_answer(p, n - 1);
	else if (data[0] == 'm')
		read_mail(p, n - 1);
	return 0;
}
