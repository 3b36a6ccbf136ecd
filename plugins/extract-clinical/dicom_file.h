/* SPDX-License-Identifier: Apache-2.0 */
/* dicom_file: DICOM files for tests, element by element. What does not fit is an assertion. */
#ifndef EXTRACT_CLINICAL_DICOM_FILE_H
#define EXTRACT_CLINICAL_DICOM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file {
	char p[4096];
	size_t n;
	bool implicit, big;
};

void put(struct file *, const void *p, size_t n);
/* Tag, kind and length of an element. */
void put_head(struct file *, uint32_t tag, const char *vr, uint32_t length);
void put_string(struct file *, uint32_t tag, const char *vr, const char *value);
/* The preamble, and the transfer syntax. */
void begin_dicom(struct file *, const char *syntax);

#endif
