/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void put(struct file *f, const void *p, size_t n)
{
	assert_true(n <= sizeof(f->p) - f->n);
	memcpy(f->p + f->n, p, n);
	f->n += n;
}

static void put_number(struct file *f, uint32_t v, size_t octets)
{
	for (size_t i = 0; i < octets; i++) {
		char c = (char)(v >> (8 * (f->big ? octets - 1 - i : i)) & 0xff);

		put(f, &c, 1);
	}
}

void put_head(struct file *f, uint32_t tag, const char *vr, uint32_t length)
{
	bool item = tag >> 16 == 0xfffe, wide = strstr("OB OW SQ UN UT", vr) != NULL;

	put_number(f, tag >> 16, 2);
	put_number(f, tag & 0xffff, 2);
	if (item || f->implicit) {
		put_number(f, length, 4);
		return;
	}
	put(f, vr, 2);
	if (wide)
		put_number(f, 0, 2);
	put_number(f, length, wide ? 4 : 2);
}

void put_string(struct file *f, uint32_t tag, const char *vr, const char *value)
{
	size_t n = strlen(value);

	put_head(f, tag, vr, (uint32_t)(n + n % 2));
	put(f, value, n);
	if (n % 2)
		put(f, " ", 1);
}

void begin_dicom(struct file *f, const char *syntax)
{
	static const char zero[128];

	*f = (struct file){.n = 0};
	put(f, zero, sizeof(zero));
	put(f, "DICM", 4);
	put_string(f, 0x00020010, "UI", syntax);
}
