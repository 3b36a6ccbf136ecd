/* SPDX-License-Identifier: Apache-2.0 */
/* testing: the module with the fake sink and the real character sets, and octets by hand, for its unit tests. */
#ifndef PLUGINS_EXTRACT_LEGACY_TESTING_H
#define PLUGINS_EXTRACT_LEGACY_TESTING_H

#include "bytes.h"
#include "tests/unit/fakesink.h"

/* Reads a document as the host does; what extract() returned. The transcript is in the sink: fs_reset() after. */
int testing_extract(const char *name, const char *p, size_t n, struct mw_sink *, const char **reason);
/* The transcript of a document must be this one, and what extract() returned. Frees the document. */
void testing_transcript(struct bytes *, int result, const char *text);

/* Little-endian numbers and others behind what is there; a failure ends the test. */
void testing_u8(struct bytes *, unsigned);
void testing_u16(struct bytes *, unsigned);
void testing_u32(struct bytes *, uint32_t);
void testing_text(struct bytes *, const char *);
void testing_wide(struct bytes *, const char *); /* ASCII as UTF-16 */
void testing_zeros(struct bytes *, size_t n);
void testing_set_u16(struct bytes *, size_t at, unsigned);
void testing_set_u32(struct bytes *, size_t at, uint32_t);
/* A compound file with up to three streams in its root folder; n: "" = none. The streams are freed. */
struct bytes testing_compound(const char *a, struct bytes *, const char *b, struct bytes *, const char *c, struct bytes *);

#endif
