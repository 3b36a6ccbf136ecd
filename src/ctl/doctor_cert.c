/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_cert: the MTA's own certificates, which it tells (facts "certificate"). Those of sealers are told by their modules. */
#include "ctl/doctor.h"

#include "base/file.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define SOON (30 * 86400)
#define LARGEST ((size_t)1 << 20) /* octets of a file with the issuers */

static void judge(struct doctor *d, const char *path, const X509 *cert)
{
	const ASN1_TIME *end = X509_get0_notAfter(cert);
	struct tm tm = {0};
	char date[32] = "a day that cannot be read";
	int days = 0, seconds = 0;

	if (ASN1_TIME_diff(&days, &seconds, NULL, end) != 1 || days * 86400LL + seconds > SOON)
		return;
	if (ASN1_TIME_to_tm(end, &tm) == 1)
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	doctor_find(d, days < 0 || seconds < 0 ? DOCTOR_ERROR : DOCTOR_WARNING, "certificate", path, NULL,
		    "the MTA's certificate %s on %s: get another", days < 0 || seconds < 0 ? "ended" : "ends", date);
}

/* The first one of the file is its own; those behind it are of issuers. */
static void look_at(struct doctor *d, const char *path)
{
	struct mw_str text = {0};
	struct mw_err err = {0};
	X509 *cert = NULL;
	BIO *in = NULL;

	if (mw_file_read(d->arena, path, LARGEST, &text, &err) == 0) {
		in = BIO_new_mem_buf(text.p, (int)text.n);
		cert = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
		if (!cert)
			(void)mw_fail(&err, -EINVAL, "%s is no PEM file of one", path);
		OPENSSL_cleanse((char *)(uintptr_t)text.p, text.n); /* its key may stand there, too */
	}
	if (cert)
		judge(d, path, cert);
	else
		doctor_find(d, DOCTOR_WARNING, "certificate", path, NULL, "the MTA's certificate: %s", err.text);
	X509_free(cert);
	(void)BIO_free(in);
}

void doctor_certificates(struct doctor *d)
{
	/* What is found adds no facts. */
	for (size_t i = 0; i < d->facts.n; i++)
		if (strcmp(d->facts.v[i].name, "certificate") == 0 && d->facts.v[i].value[0] == '/')
			look_at(d, d->facts.v[i].value);
}
