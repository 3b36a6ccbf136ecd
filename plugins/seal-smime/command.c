/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "harvest.h"
#include "milters/dkim/file.h"
#include "usable.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_NONE = 2, EXIT_USAGE = 64 };
#define NAME "milwardctl seal-smime"
#define DAY 86400

/* What a command works with. */
struct command {
	const struct mw_host *host;
	const struct smime_conf *conf;
	struct site site;
	struct index *index;
	int64_t now;
};

static int usage(const char *text)
{
	fprintf(stderr, "usage: milwardctl -p POLICY seal-smime %s\n", text);
	return EXIT_USAGE;
}

/* False: said why. */
static bool command_open(struct command *c, const struct mw_host *host, const void *conf)
{
	struct mw_err err = {0};

	*c = (struct command){.host = host, .conf = conf, .now = (int64_t)time(NULL)};
	if (!conf) {
		fprintf(stderr, NAME ": give the policy that loads the module, with -p\n");
		return false;
	}
	if (site_open(&c->site, host, NULL, conf, &err) < 0) {
		fprintf(stderr, NAME ": %s\n", err.text);
		site_close(&c->site);
		return false;
	}
	c->index = site_index(&c->site);
	return true;
}

static void command_close(struct command *c)
{
	index_unref(c->index);
	site_close(&c->site);
}

/* ---- a certificate as a line ----------------------------------------------------------------------------------------------------- */

/* Names of files and of certificates may hold anything. */
static void print_text(const char *text)
{
	for (; *text; text++)
		(void)putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static void print_key(X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	const char *name = key ? EVP_PKEY_get0_type_name(key) : NULL;

	printf("%s-%d", name ? name : "?", key ? EVP_PKEY_get_bits(key) : 0);
}

static int64_t end_of(X509 *x)
{
	int64_t until;

	return usable_time(X509_get0_notAfter(x), &until) ? until : INT64_MIN;
}

static void print_cert(struct command *c, const char *address, struct index_cert *cert)
{
	struct index_found f;
	char date[SMIME_DATE];

	site_judge(&c->site, c->index, cert, c->now, &f);
	smime_date(end_of(cert->x), date);
	print_text(address);
	printf("\t%s\t", date);
	print_key(cert->x);
	printf("\t%s/", cert->from == INDEX_STORE ? "store" : "certificates");
	print_text(cert->file);
	printf("\t%s%s\n", f.able > 0 ? "ok" : f.why, f.able > 0 && cert->gcm ? ", reads AES-GCM" : "");
}

/* ---- list, show ------------------------------------------------------------------------------------------------------------------ */

static bool ends_within(struct command *c, struct index_cert *cert, int64_t days)
{
	struct index_found f;

	if (days < 0)
		return true;
	site_judge(&c->site, c->index, cert, c->now, &f);
	return f.able > 0 && end_of(cert->x) <= c->now + days * DAY;
}

int smime_command_list(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct command c;
	int64_t days = -1;
	char *end = NULL;

	if (argc == 3 && strcmp(argv[1], "--expiring") == 0)
		days = strtol(argv[2], &end, 10);
	if (argc != 1 && (!end || end == argv[2] || *end || days < 0 || days > 36500))
		return usage("list [--expiring DAYS]");
	if (!command_open(&c, host, conf))
		return EXIT_FAILED;
	for (size_t i = 0; i < c.index->entries; i++) {
		const struct index_entry *e = &c.index->entry[i];

		if (ends_within(&c, &c.index->cert[e->cert], days))
			print_cert(&c, e->address, &c.index->cert[e->cert]);
	}
	command_close(&c);
	return EXIT_OK;
}

int smime_command_show(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct index_entry *entry[INDEX_SAME];
	const struct index_cert *cert;
	char why[2 * SMIME_WHY], key[NAMES_ADDRESS];
	struct command c;
	ssize_t n;
	int r;

	if (argc != 2 || !names_key(argv[1], key))
		return usage("show ADDRESS");
	if (!command_open(&c, host, conf))
		return EXIT_FAILED;
	n = index_find(c.index, argv[1], entry, INDEX_SAME);
	for (ssize_t i = 0; i < n; i++)
		print_cert(&c, entry[i]->address, &c.index->cert[entry[i]->cert]);
	r = site_choose(&c.site, c.index, argv[1], c.now, &cert, why);
	printf("%s: ", argv[1]);
	if (r > 0) {
		printf("%s is used, with %s\n", cert->file,
		       cert->gcm || smime_listed(&c.conf->gcm, argv[1]) ? "AES-256-GCM" : "AES-256-CBC");
	} else {
		printf("%s\n", why);
	}
	command_close(&c);
	return r > 0 ? EXIT_OK : r == 0 ? EXIT_NONE : EXIT_FAILED;
}

/* ---- add ------------------------------------------------------------------------------------------------------------------------- */

/* "alice@x.example-0123456789abcdef.pem": by the digest, so that adding it again replaces it. */
static bool file_name(X509 *x, char name[512])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char front[256] = "issuer.pem";
	struct names names = {.n = 0};
	unsigned n = 0;
	size_t at;
	bool ca = X509_get_extension_flags(x) & EXFLAG_CA, good;

	if (names_of(x, &names) < 0 || X509_digest(x, EVP_sha256(), digest, &n) != 1 || n < 8)
		return false;
	good = ca || (names.n && harvest_name(names.v[0], front));
	names_drop(&names);
	if (!good)
		return false;
	at = strlen(front) - sizeof(".pem") + 1;
	at = (size_t)snprintf(name, 512, "%.*s-", (int)at, front);
	for (size_t i = 0; i < 8; i++)
		at += (size_t)snprintf(name + at, 512 - at, "%02x", digest[i]);
	(void)snprintf(name + at, 512 - at, ".pem");
	return true;
}

static int add_cert(const struct command *c, int folder, const char *path, X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char name[512], *p;
	long n = 0;
	int r = bio && PEM_write_bio_X509(bio, x) == 1 ? 0 : -ENOMEM;

	if (r == 0)
		n = BIO_get_mem_data(bio, &p);
	if (r == 0 && !file_name(x, name)) {
		fprintf(stderr, NAME ": %s: a certificate in it is of no address\n", path);
		BIO_free(bio);
		return EXIT_FAILED;
	}
	if (r == 0)
		r = harvest_write(folder, name, p, (size_t)n);
	BIO_free(bio);
	if (r < 0) {
		fprintf(stderr, NAME ": cannot write into %s: %s\n", c->conf->certificates, strerror(-r));
		return EXIT_FAILED;
	}
	printf("%s\n", name);
	return EXIT_OK;
}

static int add_file(const struct command *c, int folder, const char *path)
{
	struct mw_err err = {0};
	struct certfile f;
	char *text;
	size_t n;
	int status = EXIT_OK;

	if (mw_dkim_file_read(c->host, "add", path, CERTFILE_MAX, &text, &n, &err) < 0) {
		fprintf(stderr, NAME ": %s\n", err.text);
		return EXIT_FAILED;
	}
	if (memmem(text, n, "PRIVATE KEY-----", 16)) {
		fprintf(stderr, NAME ": %s holds a private key, which has no place among certificates of others\n", path);
		status = EXIT_FAILED;
	} else if (certfile_parse(text, n, &f) < 0) {
		fprintf(stderr, NAME ": no memory\n");
		status = EXIT_FAILED;
	} else {
		if (f.why) {
			fprintf(stderr, NAME ": %s: %s\n", path, f.why);
			status = EXIT_FAILED;
		}
		for (int i = 0; i < sk_X509_num(f.certs) && status == EXIT_OK; i++)
			status = add_cert(c, folder, path, sk_X509_value(f.certs, i));
		certfile_free(&f);
	}
	explicit_bzero(text, n);
	free(text);
	return status;
}

/* Opens the folder of certificates; negative: said why. */
static int folder_open(const struct command *c)
{
	int folder = c->conf->certificates ? open(c->conf->certificates, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (!c->conf->certificates)
		fprintf(stderr, NAME ": the policy gives no folder of certificates (option certificates)\n");
	else if (folder < 0)
		fprintf(stderr, NAME ": cannot open %s: %s\n", c->conf->certificates, strerror(errno));
	return folder;
}

int smime_command_add(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct command c;
	int folder, status = EXIT_OK;

	if (argc < 2)
		return usage("add FILE...");
	if (!command_open(&c, host, conf))
		return EXIT_FAILED;
	folder = folder_open(&c);
	if (folder < 0)
		status = EXIT_FAILED;
	for (int i = 1; i < argc && status == EXIT_OK; i++)
		status = add_file(&c, folder, argv[i]);
	if (folder >= 0)
		(void)close(folder);
	command_close(&c);
	return status;
}

/* ---- remove ---------------------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct index_cert *cert, const char *what)
{
	return strcmp(cert->file, what) == 0 || names_have(&cert->names, what);
}

/* Does its file hold certificates of others as well? Then a person must part them. */
static bool holds_others(const struct command *c, const struct index_cert *cert, const char *what)
{
	for (size_t i = 0; i < c->index->certs; i++)
		if (c->index->cert[i].file == cert->file && !is_wanted(&c->index->cert[i], what))
			return true;
	return false;
}

static int remove_file(const struct command *c, const struct index_cert *cert, const char *what)
{
	const char *folder = cert->from == INDEX_STORE ? c->conf->store : c->conf->certificates;
	char *path;
	int status = EXIT_OK;

	if (holds_others(c, cert, what)) {
		fprintf(stderr, NAME ": %s in %s holds certificates of others, too\n", cert->file, folder);
		return EXIT_FAILED;
	}
	if (asprintf(&path, "%s/%s", folder, cert->file) < 0)
		return EXIT_FAILED;
	if (unlink(path) < 0) {
		fprintf(stderr, NAME ": cannot remove %s: %s\n", path, strerror(errno));
		status = EXIT_FAILED;
	} else {
		printf("%s\n", path);
	}
	free(path);
	return status;
}

int smime_command_remove(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const char *last = NULL;
	int status = EXIT_NONE;
	struct command c;

	if (argc != 2)
		return usage("remove ADDRESS|FILE");
	if (!command_open(&c, host, conf))
		return EXIT_FAILED;
	for (size_t i = 0; i < c.index->certs && status != EXIT_FAILED; i++) {
		const struct index_cert *cert = &c.index->cert[i];

		if (cert->file == last || !is_wanted(cert, argv[1]))
			continue;
		last = cert->file; /* the others of this file stand beside it */
		status = remove_file(&c, cert, argv[1]);
	}
	if (status == EXIT_NONE)
		fprintf(stderr, NAME ": there is no certificate of that address, and no file of that name\n");
	command_close(&c);
	return status;
}
