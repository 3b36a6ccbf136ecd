/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmsfile: a CMS value (RFC 5652) in a body, whose content is too large for memory. OpenSSL reads such a value only whole; so this takes
 * it apart: all but the content becomes a small value of its own, with the content left out as a detached one is, and the content is
 * read piece by piece. BER in all its forms; nothing nests without a bound; the octets may be anybody's.
 * Failures: -EBADMSG (no such value, or something stands behind it), -EFBIG (more than a bound beside the content), -ENOMEM, -EIO.
 */
#ifndef SEAL_SMIME_CMSFILE_H
#define SEAL_SMIME_CMSFILE_H

#include "plugins/mime-entity/entity.h"

#define CMSFILE_REST (4u << 20) /* octets beside the content: certificates, recipients, lists */
#define CMSFILE_DEPTH 16u

enum cmsfile_kind { CMSFILE_ENVELOPED = 1, CMSFILE_AUTHENVELOPED, CMSFILE_SIGNED, CMSFILE_COMPRESSED };

struct cmsfile {
	enum cmsfile_kind kind;
	bool has_content;
	uint64_t content; /* its octets */
	uint64_t mac;	  /* octets of the tag of CMSFILE_AUTHENVELOPED */
	char *rest;	  /* the value without its content; cmsfile_free() */
	size_t rest_n;
	int fd;
	struct entity_range body;
	enum entity_coding coding;
};

/* Reads the value to its end. */
int cmsfile_open(int fd, struct entity_range body, enum entity_coding, struct cmsfile *);
void cmsfile_free(struct cmsfile *);

/* The content of an open one, from its start. */
struct cmsfile_reader;
int cmsfile_reader(const struct cmsfile *, struct cmsfile_reader **);
void cmsfile_reader_free(struct cmsfile_reader *);
/* As struct source wants it; ctx is the reader. */
ssize_t cmsfile_get(void *ctx, char *p, size_t n);

#endif
