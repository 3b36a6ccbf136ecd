/* SPDX-License-Identifier: Apache-2.0 */
/* command: milwardctl seal-openpgp list, show, add, remove. */
#include "file.h"
#include "openpgp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_NONE = 2, EXIT_USAGE = 64 };
#define DAY 86400
#define NAME "milwardctl seal-openpgp"

/* What a command works with. */
struct command {
	const struct mw_host *host;
	struct openpgp openpgp;
	struct mw_err err;
};

static int usage(const char *text)
{
	fprintf(stderr, "usage: milwardctl -p POLICY seal-openpgp %s\n", text);
	return EXIT_USAGE;
}

static int say_failed(const struct command *c)
{
	fprintf(stderr, NAME ": %s\n", c->err.text);
	return EXIT_FAILED;
}

static void close_keys(struct command *c)
{
	pgp_wkd_free(&c->openpgp.wkd);
	pgp_store_free(&c->openpgp.store);
}

/* false: said why. */
static bool open_keys(struct command *c, const struct mw_host *host, const void *conf, bool folder)
{
	*c = (struct command){.host = host, .openpgp = {.host = host, .conf = conf}};
	if (!c->openpgp.conf) {
		fprintf(stderr, NAME ": give the policy that loads the module, with -p\n");
		return false;
	}
	if (folder && !c->openpgp.conf->keys) {
		fprintf(stderr, NAME ": the policy gives no folder of keys (option \"keys\")\n");
		return false;
	}
	if (c->openpgp.conf->keys && pgp_store_new(host, NULL, c->openpgp.conf->keys, &c->openpgp.store, &c->err) < 0) {
		(void)say_failed(c);
		return false;
	}
	return true;
}

/* ---- list ------------------------------------------------------------------------------------------------------------------------ */

static void print_algorithm(const struct pgp_key *key)
{
	switch (key->alg) {
	case PGP_RSA:
	case PGP_RSA_ENCRYPT:
	case PGP_RSA_SIGN:
		printf("RSA-%u", key->bits);
		break;
	case PGP_DSA:
		printf("DSA-%u", key->bits);
		break;
	case PGP_ECDSA:
		printf("ECDSA");
		break;
	case PGP_EDDSA:
		printf("EdDSA");
		break;
	default:
		printf("algorithm %u", key->alg);
	}
}

/* A name in a folder may hold anything. */
static void print_name(FILE *to, const char *name)
{
	for (; *name; name++)
		(void)fputc((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name, to);
}

static void print_entry(const char *address, const char *file, const struct pgp_cert *c, bool by_name)
{
	char id[PGP_ID_TEXT], until[PGP_DATE] = "-", why[PGP_WHY];
	struct pgp_use use = {0};
	int r = pgp_judge(c, by_name ? NULL : address, (int64_t)time(NULL), &use, why);

	pgp_id_text(c->key.fpr, id);
	if (r > 0 && use.until != INT64_MAX)
		pgp_date(use.until, until);
	printf("%s\t%s\t%s\t", address, id, until);
	print_algorithm(&c->key);
	putchar('\t');
	print_name(stdout, file);
	printf("\t%s\n", r > 0 ? "ok" : r == 0 ? why : "out of memory");
	pgp_use_drop(&use);
}

static int print_bad(const struct pgp_shelf *shelf)
{
	const char *file, *why;
	size_t n = 0;

	for (; pgp_shelf_bad(shelf, n, &file, &why); n++) {
		fprintf(stderr, NAME ": ");
		print_name(stderr, file);
		fprintf(stderr, ": %s\n", why);
	}
	return n ? EXIT_FAILED : EXIT_OK;
}

static bool expires_within(const struct pgp_entry *e, int64_t days)
{
	int64_t now = (int64_t)time(NULL);
	struct pgp_use use = {0};
	char why[PGP_WHY];
	bool yes;

	if (days < 0)
		return true;
	yes = pgp_judge(e->cert, e->by_name ? NULL : e->address, now, &use, why) == 1 && use.until <= now + days * DAY;
	pgp_use_drop(&use);
	return yes;
}

int openpgp_command_list(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct pgp_shelf *shelf = NULL;
	const struct pgp_entry *entry;
	struct command c;
	int64_t days = -1;
	char *end = NULL;
	size_t n;
	int status;

	if (argc == 3 && strcmp(argv[1], "--expiring") == 0)
		days = strtol(argv[2], &end, 10);
	if (argc != 1 && (!end || end == argv[2] || *end || days < 0 || days > 36500))
		return usage("list [--expiring DAYS]");
	if (!open_keys(&c, host, conf, true))
		return EXIT_FAILED;
	if (pgp_store_look(c.openpgp.store, &shelf, &c.err) < 0) {
		close_keys(&c);
		return say_failed(&c);
	}
	n = pgp_shelf_entries(shelf, &entry);
	for (size_t i = 0; i < n; i++)
		if (expires_within(&entry[i], days))
			print_entry(entry[i].address, entry[i].file, entry[i].cert, entry[i].by_name);
	status = print_bad(shelf);
	pgp_shelf_drop(&shelf);
	close_keys(&c);
	return status;
}

/* ---- show ------------------------------------------------------------------------------------------------------------------------ */

static void show_folder(struct command *c, const char *address)
{
	struct pgp_shelf *shelf = NULL;
	const struct pgp_entry *entry;
	size_t n;

	if (!c->openpgp.store || pgp_store_look(c->openpgp.store, &shelf, &c->err) < 0)
		return;
	n = pgp_shelf_find(shelf, address, &entry);
	for (size_t i = 0; i < n; i++)
		print_entry(address, entry[i].file, entry[i].cert, entry[i].by_name);
	pgp_shelf_drop(&shelf);
}

static void show_domain(struct command *c, const char *address)
{
	struct pgp_cert **cert = NULL;
	size_t n = 0;

	if (c->openpgp.wkd && openpgp_wkd_certs(&c->openpgp, address, &cert, &n, NULL, &c->err) < 0)
		fprintf(stderr, NAME ": %s\n", c->err.text);
	for (size_t i = 0; i < n; i++) {
		print_entry(address, "(Web Key Directory)", cert[i], false);
		pgp_cert_free(&cert[i]);
	}
	free(cert);
}

int openpgp_command_show(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	char lower[OPENPGP_ADDRESS];
	struct command c;
	int r;

	if (argc != 2 || !openpgp_lower(argv[1], lower))
		return usage("show ADDRESS");
	if (!open_keys(&c, host, conf, false))
		return EXIT_FAILED;
	if (c.openpgp.conf->lookup)
		c.openpgp.wkd = pgp_wkd_new(c.openpgp.conf->lookup, c.openpgp.conf->wait * 1000);
	show_folder(&c, lower);
	show_domain(&c, lower);
	r = openpgp_find(&c.openpgp, lower, (int64_t)time(NULL), NULL, &c.err);
	printf("%s: %s\n", lower, r > 0 ? "can be sealed for" : c.err.text);
	close_keys(&c);
	return r > 0 ? EXIT_OK : r == 0 ? EXIT_NONE : EXIT_FAILED;
}

/* ---- add ------------------------------------------------------------------------------------------------------------------------- */

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Whole or not at all. */
static int put_file(int folder, const char *name, const char *p, size_t n)
{
	char temporary[64];
	int fd, r;

	(void)snprintf(temporary, sizeof(temporary), ".new.%ld", (long)getpid());
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	r = write_all(fd, p, n);
	(void)close(fd);
	if (r == 0 && renameat(folder, temporary, folder, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder, temporary, 0);
	else if (fsync(folder) < 0)
		r = -errno;
	return r;
}

/* A file for each key, by its fingerprint, so that adding it again replaces it. */
static int add_cert(struct command *c, int folder, const char *path, const struct pgp_cert *cert)
{
	char name[2 * PGP_FPR + 8], id[PGP_ID_TEXT];
	int r;

	pgp_id_text(cert->key.fpr, id);
	if (cert->secret) {
		fprintf(stderr, NAME ": %s holds the secret key %s, which has no place among those of others\n", path, id);
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < PGP_FPR; i++)
		(void)snprintf(name + 2 * i, 3, "%02X", cert->key.fpr[i]);
	(void)snprintf(name + (size_t)2 * PGP_FPR, 5, ".pgp");
	r = put_file(folder, name, (const char *)cert->octets, cert->n);
	if (r < 0) {
		fprintf(stderr, NAME ": cannot write %s/%s: %s\n", c->openpgp.conf->keys, name, strerror(-r));
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < cert->uids; i++)
		if (cert->uid[i].address)
			print_entry(cert->uid[i].address, name, cert, false);
	return EXIT_OK;
}

static int add_file(struct command *c, int folder, const char *path)
{
	struct pgp_cert **cert = NULL;
	struct stat st;
	char *p = NULL;
	size_t size = 0, n = 0;
	int status = EXIT_OK, r = pgp_file_octets(AT_FDCWD, path, PGP_FILE_MAX, &st, &p, &size);

	if (r == 0)
		r = pgp_certs_read(p, size, &cert, &n);
	free(p);
	if (r < 0) {
		fprintf(stderr, NAME ": %s: %s\n", path, r == -EBADMSG ? "something in it is no OpenPGP key" : strerror(-r));
		status = EXIT_FAILED;
	}
	for (size_t i = 0; i < n; i++) {
		if (status == EXIT_OK)
			status = add_cert(c, folder, path, cert[i]);
		pgp_cert_free(&cert[i]);
	}
	free(cert);
	return status;
}

int openpgp_command_add(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct command c;
	int folder, status = EXIT_OK;

	if (argc < 2)
		return usage("add FILE…");
	if (!open_keys(&c, host, conf, true))
		return EXIT_FAILED;
	folder = open(c.openpgp.conf->keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		fprintf(stderr, NAME ": cannot open %s: %s\n", c.openpgp.conf->keys, strerror(errno));
		status = EXIT_FAILED;
	}
	for (int i = 1; i < argc && status == EXIT_OK; i++)
		status = add_file(&c, folder, argv[i]);
	if (folder >= 0)
		(void)close(folder);
	close_keys(&c);
	return status;
}

/* ---- remove ---------------------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct pgp_entry *e, const char *what)
{
	char id[PGP_ID_TEXT];

	pgp_id_text(e->cert->key.fpr, id);
	return strcasecmp(id, what) == 0 || strcmp(e->address, what) == 0;
}

/* One that stands in the list with several addresses. */
static bool was_removed(const struct pgp_entry *entry, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		if (is_wanted(&entry[i], what) && strcmp(entry[i].file, entry[n].file) == 0)
			return true;
	return false;
}

/* Does the file hold other keys as well? Then the person must part them. */
static bool holds_others(const struct pgp_shelf *shelf, const struct pgp_entry *e)
{
	const struct pgp_entry *all;
	size_t n = pgp_shelf_entries(shelf, &all);

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].file, e->file) == 0 && all[i].cert != e->cert)
			return true;
	return false;
}

static int remove_entry(struct command *c, const struct pgp_shelf *shelf, const struct pgp_entry *e)
{
	char path[4096], id[PGP_ID_TEXT];

	pgp_id_text(e->cert->key.fpr, id);
	if (holds_others(shelf, e)) {
		fprintf(stderr, NAME ": %s holds other keys than %s, too: part them first\n", e->file, id);
		return EXIT_FAILED;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", c->openpgp.conf->keys, e->file);
	if (unlink(path) < 0) {
		fprintf(stderr, NAME ": cannot remove %s: %s\n", path, strerror(errno));
		return EXIT_FAILED;
	}
	printf("removed %s (%s)\n", e->file, id);
	return EXIT_OK;
}

int openpgp_command_remove(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct pgp_shelf *shelf = NULL;
	const struct pgp_entry *entry;
	char lower[OPENPGP_ADDRESS];
	struct command c;
	size_t n, found = 0;
	int status = EXIT_OK;

	if (argc != 2 || !openpgp_lower(argv[1], lower))
		return usage("remove ADDRESS|0xKEYID");
	if (!open_keys(&c, host, conf, true))
		return EXIT_FAILED;
	if (pgp_store_look(c.openpgp.store, &shelf, &c.err) < 0) {
		close_keys(&c);
		return say_failed(&c);
	}
	n = pgp_shelf_entries(shelf, &entry);
	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(&entry[i], lower) || was_removed(entry, i, lower))
			continue;
		if (remove_entry(&c, shelf, &entry[i]) != EXIT_OK)
			status = EXIT_FAILED;
		found++;
	}
	if (!found)
		fprintf(stderr, NAME ": there is no key of %s\n", argv[1]);
	pgp_shelf_drop(&shelf);
	close_keys(&c);
	return found ? status : EXIT_NONE;
}
