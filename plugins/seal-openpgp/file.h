/* SPDX-License-Identifier: Apache-2.0 */
/* file: a file of keys, and what is in it. */
#ifndef OPENPGP_FILE_H
#define OPENPGP_FILE_H

#include "cert.h"

#include <sys/stat.h>

/* Counted, since a folder that is read again goes on with those that are the same. */
struct pgp_file {
	unsigned refs; /* under the lock of whoever shares it */
	char *name;
	struct stat st; /* when it was read */
	size_t n;
	struct pgp_cert **cert;
	char why[160]; /* "" = all of it is of use */
};

/* All octets of a file, to be wiped and freed. -EFBIG, -EINVAL (no regular file), what open() and read() say. */
int pgp_file_octets(int folder, const char *name, size_t max, struct stat *st, char **ret, size_t *n);
/* Reads one: 0 also when it is of no use, which `why` tells. secret: keys must be secret ones, else public ones. -ENOMEM. */
int pgp_file_read(int folder, const char *name, bool secret, struct pgp_file **ret);
void pgp_file_free(struct pgp_file **);
/* Keys in octets, binary or armoured: appended to *list. 0; -ENOMEM; what pgp_cert_next() says of the first that is of no use. */
int pgp_certs_read(const char *p, size_t n, struct pgp_cert ***list, size_t *have);

#endif
