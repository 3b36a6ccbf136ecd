/* SPDX-License-Identifier: Apache-2.0 */
/* stream: the octets of a stream of a PDF. What is deflated, as nearly all is, is inflated piece by piece, so that who takes it can stop. */
#ifndef EXTRACT_PDF_STREAM_H
#define EXTRACT_PDF_STREAM_H

#include "pdf.h"

enum stream_kind {
	STREAM_OCTETS = 0,
	STREAM_JPEG,
	STREAM_JPX,
	STREAM_FAX,   /* Group 3 or 4 */
	STREAM_OTHER, /* a code of pictures that qpdf leaves as it is */
};

/* What stream_read() gives when stream_peel() was called before. */
enum stream_kind stream_kind(struct pdf *, qpdf_oh stream);
/* Makes the code of the picture be taken for octets, so that what is around it is decoded. */
void stream_peel(struct pdf *, qpdf_oh stream);
/* Is it deflated once, and nothing else? */
bool stream_is_deflated(struct pdf *, qpdf_oh stream);
/* Octets that it takes in the file, as it says itself. */
uint64_t stream_packed(struct pdf *, qpdf_oh stream);
/* 0; what fn returned when that is not 0; -EBADMSG when not all of it can be decoded (fn has had what can be); -ENOMEM. */
int stream_read(struct pdf *, qpdf_oh stream, int (*fn)(void *ctx, const char *p, size_t n), void *ctx);
/* Can it be inflated to its end? Also true of what is coded in another way. *budget: octets that may be made of it, which are taken from
 * there; what is behind is not looked at. */
bool stream_is_whole(struct pdf *, qpdf_oh stream, uint64_t *budget);

#endif
