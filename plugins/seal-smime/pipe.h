/* SPDX-License-Identifier: Apache-2.0 */
/* pipe: what OpenSSL reads from and writes to, as functions of ours. Nothing is kept in memory but a piece. */
#ifndef SEAL_SMIME_PIPE_H
#define SEAL_SMIME_PIPE_H

#include "plugins/mime-entity/entity.h"

#include <openssl/bio.h>

/* The kinds of BIO, one for the module. */
struct pipes {
	BIO_METHOD *source, *sink;
};
int pipes_new(struct pipes *); /* 0 or -ENOMEM */
void pipes_free(struct pipes *);

/* What reads: up to n octets, 0 at the end, or negative. What failed stays in .failed. OpenSSL asks for 1024 octets at a time. */
struct source {
	ssize_t (*get)(void *ctx, char *p, size_t n);
	void *ctx;
	int failed;
	size_t at, n;
	char buffer[16384];
};
/* The source is borrowed. NULL: no memory. */
BIO *pipe_source(const struct pipes *, struct source *);

/* What takes all of it: 0 or negative. */
struct sink {
	int (*put)(void *ctx, const char *p, size_t n);
	void *ctx;
	int failed;
};
BIO *pipe_sink(const struct pipes *, struct sink *);

/* Texts and ranges of files, one behind the other. */
#define SEGMENTS 4u
struct segments {
	struct {
		const char *text; /* or NULL */
		size_t n;
		int fd;
		struct entity_range range;
	} v[SEGMENTS];
	size_t n, at;	/* segments; the one in work */
	uint64_t taken; /* octets of it */
};
void segments_text(struct segments *, const char *text, size_t n);
void segments_range(struct segments *, int fd, struct entity_range);
/* As struct source wants it; ctx is the segments. */
ssize_t segments_get(void *ctx, char *p, size_t n);

#endif
