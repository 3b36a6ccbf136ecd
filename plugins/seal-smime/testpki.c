/* SPDX-License-Identifier: Apache-2.0 */
#undef NDEBUG /* the checks are the point of this file */
#include "testpki.h"

#include "tests/unit/fakehost.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct mw_plugin mw_plugin_seal_smime;

static char folder[64];

/* ---- certificates ---------------------------------------------------------------------------------------------------------------- */

static EVP_PKEY *make_key(enum pki_key kind)
{
	switch (kind) {
	case PKI_RSA:
		return EVP_RSA_gen(2048);
	case PKI_RSA_1024:
		return EVP_RSA_gen(1024);
	case PKI_P256:
		return EVP_EC_gen("P-256");
	case PKI_P384:
		return EVP_EC_gen("P-384");
	case PKI_P224:
		return EVP_EC_gen("P-224");
	case PKI_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	default:
		return EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	}
}

/* Making RSA keys takes long; nobody here minds who else has one. */
static EVP_PKEY *key_of(enum pki_key kind, bool ca)
{
	static EVP_PKEY *made[PKI_KEYS][2];

	if (!made[kind][ca])
		made[kind][ca] = make_key(kind);
	assert(made[kind][ca] && EVP_PKEY_up_ref(made[kind][ca]));
	return made[kind][ca];
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert(e && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

static GENERAL_NAME *name_of(int type, const char *text)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *s = type == GEN_EMAIL ? ASN1_IA5STRING_new() : ASN1_UTF8STRING_new();
	ASN1_TYPE *value = ASN1_TYPE_new();

	assert(g && s && value && ASN1_STRING_set(s, text, -1));
	if (type == GEN_EMAIL) {
		GENERAL_NAME_set0_value(g, type, s);
		ASN1_TYPE_free(value);
		return g;
	}
	ASN1_TYPE_set(value, V_ASN1_UTF8STRING, s);
	assert(GENERAL_NAME_set0_othername(g, OBJ_nid2obj(NID_id_on_SmtpUTF8Mailbox), value));
	return g;
}

static void add_names(X509 *x, const struct pki_how *how)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();

	assert(all);
	if (how->email)
		assert(sk_GENERAL_NAME_push(all, name_of(GEN_EMAIL, how->email)));
	if (how->more)
		assert(sk_GENERAL_NAME_push(all, name_of(GEN_EMAIL, how->more)));
	if (how->utf8)
		assert(sk_GENERAL_NAME_push(all, name_of(GEN_OTHERNAME, how->utf8)));
	if (sk_GENERAL_NAME_num(all))
		assert(X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0) == 1);
	GENERAL_NAMES_free(all);
}

static void add_extensions(X509 *x, X509 *issuer, const struct pki_how *how)
{
	const char *usage = how->usage					   ? how->usage
			    : how->ca					   ? "critical,keyCertSign,cRLSign"
			    : how->key == PKI_P256 || how->key == PKI_P384 ? "digitalSignature,keyAgreement"
									   : "digitalSignature,keyEncipherment";
	const char *extended = how->extended ? how->extended : how->ca ? "" : "emailProtection";
	char ocsp[256];

	add_extension(x, issuer, NID_basic_constraints, how->ca ? "critical,CA:TRUE" : "CA:FALSE");
	add_extension(x, issuer, NID_subject_key_identifier, "hash");
	if (*usage)
		add_extension(x, issuer, NID_key_usage, usage);
	if (*extended)
		add_extension(x, issuer, NID_ext_key_usage, extended);
	if (how->ocsp) {
		(void)snprintf(ocsp, sizeof(ocsp), "OCSP;URI:%s", how->ocsp);
		add_extension(x, issuer, NID_info_access, ocsp);
	}
	add_names(x, how);
}

struct pki_cert pki_make(const struct pki_cert *by, const struct pki_how *how)
{
	static long serial = 1000;
	struct pki_cert c = {.x = X509_new(), .key = key_of(how->key, how->ca)};
	X509_NAME *name = X509_get_subject_name(c.x);
	EVP_PKEY *signer = by ? by->key : c.key;
	char cn[64];

	(void)snprintf(cn, sizeof(cn), "%s %ld", how->ca ? "Issuer" : "Person", ++serial);
	assert(X509_set_version(c.x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(c.x), serial));
	assert(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (unsigned char *)cn, -1, -1, 0));
	if (how->subject)
		assert(X509_NAME_add_entry_by_NID(name, NID_pkcs9_emailAddress, MBSTRING_UTF8,
						  (const unsigned char *)how->subject, -1, -1, 0));
	assert(X509_set_issuer_name(c.x, by ? X509_get_subject_name(by->x) : name));
	assert(ASN1_TIME_set(X509_getm_notBefore(c.x), (time_t)(PKI_NOW + (how->from ? how->from : -180) * PKI_DAY)));
	assert(ASN1_TIME_set(X509_getm_notAfter(c.x), (time_t)(PKI_NOW + (how->until ? how->until : 180) * PKI_DAY)));
	assert(X509_set_pubkey(c.x, c.key));
	add_extensions(c.x, by ? by->x : c.x, how);
	if (how->key == PKI_X25519)
		assert(by);
	assert(X509_sign(c.x, signer,
			 EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519 ? NULL
			 : how->md					  ? how->md
									  : EVP_sha256()) > 0);
	return c;
}

void pki_free(struct pki_cert *c)
{
	X509_free(c->x);
	EVP_PKEY_free(c->key);
	*c = (struct pki_cert){.x = NULL};
}

X509_CRL *pki_crl(const struct pki_cert *by, X509 *revoked, int64_t from, int64_t until)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(PKI_NOW + from * PKI_DAY));

	assert(crl && t && X509_CRL_set_version(crl, 1) && X509_CRL_set_issuer_name(crl, X509_get_subject_name(by->x)));
	assert(X509_CRL_set1_lastUpdate(crl, t) && ASN1_TIME_set(t, (time_t)(PKI_NOW + until * PKI_DAY)) &&
	       X509_CRL_set1_nextUpdate(crl, t));
	if (revoked) {
		X509_REVOKED *r = X509_REVOKED_new();

		assert(r && ASN1_TIME_set(t, (time_t)(PKI_NOW - 3 * PKI_DAY)));
		assert(X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(revoked)) && X509_REVOKED_set_revocationDate(r, t));
		assert(X509_CRL_add0_revoked(crl, r));
	}
	assert(X509_CRL_sort(crl) && X509_CRL_sign(crl, by->key, EVP_sha256()) > 0);
	ASN1_TIME_free(t);
	return crl;
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

const char *pki_begin(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/seal-smime.XXXXXX");
	assert(mkdtemp(folder));
	return folder;
}

static int take_away(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void pki_end(void)
{
	assert(folder[0] && nftw(folder, take_away, 8, FTW_DEPTH | FTW_PHYS) == 0);
	folder[0] = '\0';
}

const char *pki_path(const char *name)
{
	static char path[16][256];
	static unsigned at;

	at = (at + 1) % 16;
	(void)snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
	return path[at];
}

void pki_folder(const char *name)
{
	assert(mkdir(pki_path(name), 0755) == 0);
}

void pki_write(const char *name, EVP_PKEY *key, X509 *const x[])
{
	FILE *f;
	int fd = open(pki_path(name), O_WRONLY | O_CREAT | O_TRUNC, key ? 0600 : 0644);

	assert(fd >= 0);
	f = fdopen(fd, "w");
	assert(f);
	if (key)
		assert(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
	for (size_t i = 0; x[i]; i++)
		assert(PEM_write_X509(f, x[i]));
	assert(fclose(f) == 0);
}

void pki_write_one(const char *name, EVP_PKEY *key, X509 *x)
{
	X509 *const all[] = {x, NULL};

	pki_write(name, key, all);
}

void pki_write_crl(const char *name, X509_CRL *crl)
{
	FILE *f = fopen(pki_path(name), "w");

	assert(f && PEM_write_X509_CRL(f, crl) && fclose(f) == 0);
	X509_CRL_free(crl);
}

void pki_write_text(const char *name, const char *text, size_t n)
{
	FILE *f = fopen(pki_path(name), "w");

	assert(f && fwrite(text, 1, n, f) == n && fclose(f) == 0);
}

char *pki_read(const char *name, size_t *n)
{
	FILE *f = fopen(pki_path(name), "r");
	struct stat st;
	char *p;

	assert(f && fstat(fileno(f), &st) == 0);
	*n = (size_t)st.st_size;
	p = malloc(*n + 1);
	assert(p && fread(p, 1, *n, f) == *n && fclose(f) == 0);
	p[*n] = '\0';
	return p;
}

int pki_run(const char *fmt, ...)
{
	char command[2048] = "cd ";
	size_t at;
	va_list ap;
	int r;

	(void)snprintf(command, sizeof(command), "cd %s && ", folder);
	at = strlen(command);
	va_start(ap, fmt);
	r = vsnprintf(command + at, sizeof(command) - at, fmt, ap);
	va_end(ap);
	assert(r > 0 && (size_t)r < sizeof(command) - at);
	return system(command);
}

/* ---- the module ------------------------------------------------------------------------------------------------------------------ */

int pki_open(struct pki_module *m, ...)
{
	void *inst = NULL;
	const char *name;
	va_list ap;
	int r;

	*m = (struct pki_module){.plugin = &mw_plugin_seal_smime, .self = calloc(1, sizeof(struct mw_self))};
	assert(m->self);
	fh_self(m->self, m->plugin);
	fh_opts(m->plugin->options, &m->conf);
	va_start(ap, m);
	while ((name = va_arg(ap, const char *)) != NULL)
		fh_opt(m->plugin->options, &m->conf, name, va_arg(ap, const char *));
	va_end(ap);
	r = m->plugin->hooks.check(fh_host(), &m->conf, &m->err);
	if (r == 0)
		r = m->plugin->hooks.open(fh_host(), m->self, &m->conf, &inst, &m->err);
	m->smime = inst;
	if (r == 0)
		r = m->plugin->sealer->unlock(inst, &m->err);
	return r;
}

void pki_close(struct pki_module *m)
{
	m->plugin->hooks.close(m->smime);
	free(m->self);
	fh_opts_free();
}
