/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dicom: the text elements of DICOM files (part 10, with and without its preamble; implicit and explicit VR, little and big endian,
 * deflated), DICOMDIR, structured reports, and documents that are embedded. Sequences are read in one pass without a stack: where an
 * element stands in them does not matter for its text. Pure over the octets; linear.
 */
#ifndef EXTRACT_CLINICAL_DICOM_H
#define EXTRACT_CLINICAL_DICOM_H

#include "out.h"

bool dicom_begins(struct mw_str);
/* 0; -EINVAL: damaged; -EFBIG: more than may be unpacked; -ENOMEM. *image: there is a picture. What was read is out. */
int dicom_read(struct mw_str, struct out *, bool *image);

#define DICOM_TAG(group, element) ((uint32_t)(group) << 16 | (element))

struct dicom_name {
	uint32_t tag;
	char vr[3];
	const char *name;
};
/* NULL = not known. */
const struct dicom_name *dicom_name(uint32_t tag);
/* The text of one value, in UTF-8. */
void dicom_put(struct out *, uint32_t tag, const char *label, const char *vr, struct mw_str value);

#endif
