/* SPDX-License-Identifier: Apache-2.0 */
/* key: the site's secret, in a file of its own, and the MACs that are made with it. Errors name the file and what to do. */
#ifndef PATIENTS_KEY_H
#define PATIENTS_KEY_H

#include "format.h"

#include <milward/plugin.h>

#define PATIENTS_KEY_OCTETS 32

/* The file holds 64 hexadecimal digits and a line end, and nobody but its owner (we, or root) may read it. */
int patients_key_read(const struct mw_host *, const char *path, unsigned char key[PATIENTS_KEY_OCTETS], struct mw_err *);
/* Makes the file with a random key, and refuses to replace one: a new key makes every index useless. */
int patients_key_new(const struct mw_host *, const char *path, struct mw_err *);

/* HMAC-SHA-256 under one key; for one thread at a time. NULL: no memory, or OpenSSL has no HMAC. */
struct patients_mac;
struct patients_mac *patients_mac_new(const unsigned char key[PATIENTS_KEY_OCTETS]);
void patients_mac_free(struct patients_mac **); /* accepts NULL */
/* Begins with the octet that says what this MAC is for, then any number of adds, then the end. false: OpenSSL fails. */
bool patients_mac_begin(struct patients_mac *, unsigned char purpose);
bool patients_mac_add(struct patients_mac *, const void *p, size_t n);
bool patients_mac_end(struct patients_mac *, unsigned char mac[PATIENTS_MAC]);
/* The entry of a value: the first eight octets of its MAC. */
bool patients_mac_entry(struct patients_mac *, enum patients_kind, const char *p, size_t n, uint64_t *entry);

#endif
