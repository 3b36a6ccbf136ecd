/* SPDX-License-Identifier: Apache-2.0 */
/* filter: what packs a single file or a whole archive, one layer at a time: the host reads what is packed twice again. */
#ifndef EXTRACT_ARCHIVE_FILTER_H
#define EXTRACT_ARCHIVE_FILTER_H

#include <milward/plugin.h>

struct archive;

#define FILTERS 8u

/* Which of them libarchive reads itself. For others it would start programs. */
void filter_probe(bool has[FILTERS]);
/* Which one begins so, or is said to be in this type; FILTERS = none. */
size_t filter_of(const struct mw_document *);
/* Does LZMA with these properties, of five octets, ask for a dictionary of more octets than `most`? */
bool filter_is_hungry(struct mw_str properties, uint64_t most);
/* The same of a document, if it is packed so. */
bool filter_wants_much(size_t filter, struct mw_str data, uint64_t most);
/* Is that all that gzip, bzip2, xz or zstd make of nothing, and has no text in its header? */
bool filter_is_empty(struct mw_str data);
/* Puts it before the formats of a. false: libarchive cannot. It may find out later that the octets are nothing of the kind: then
 * archive_filter_count() is 1. */
bool filter_append(struct archive *a, size_t filter);
/* A packed file's name without the suffix of the packer. */
struct mw_str filter_name(const char *name);
/* The texts in the header of a gzip file; n = 0 when there is none, or it is none. What is packed begins at the result. */
size_t filter_gzip_header(struct mw_str data, struct mw_str *name, struct mw_str *comment);
/* What is packed, as a file of a zip: libarchive drops the last piece of a damaged file, but not in zips. false: it cannot be. */
bool filter_as_zipped(size_t filter, struct mw_str data, uint16_t *method, struct mw_str *packed);

#endif
