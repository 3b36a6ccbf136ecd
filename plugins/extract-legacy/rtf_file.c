/* SPDX-License-Identifier: Apache-2.0 */
#include "rtf_private.h"

#include "embedded.h"
#include "ole1.h"
#include "rtf_word.h"

void rtf_file_octets(struct rtf *r, const char *p, size_t n)
{
	r->file_object = rtf_now(r)->dest == RTF_TO_OBJECT;
	(void)rtf_failed(r, bytes_add(&r->file, p, n));
}

static int hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void rtf_file_hex(struct rtf *r, const char *p, size_t n)
{
	char piece[512];
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		int h = hex_of(p[i]);

		if (h < 0 && (unsigned char)p[i] > ' ')
			rtf_doubt(r, p + i, 1);
		if (h < 0)
			continue;
		if (r->nibble < 0) {
			r->nibble = h;
			continue;
		}
		piece[k++] = (char)(r->nibble << 4 | h);
		r->nibble = -1;
		if (k == sizeof(piece)) {
			rtf_file_octets(r, piece, k);
			k = 0;
		}
	}
	rtf_file_octets(r, piece, k);
}

static int picture_end(struct rtf *r)
{
	return embedded_picture(r->out, r->blip ? rtf_blip_types[r->blip] : "image/unknown",
				(struct mw_str){.p = r->file.p, .n = r->file.n}, ++r->files, NULL);
}

/* What is no object of OLE 1 is a link, or damaged: its octets are looked at all the same. */
static int object_end(struct rtf *r)
{
	struct mw_str data = {.p = r->file.p, .n = r->file.n}, name = {.p = "", .n = 0};
	char class_name[RTF_NAME_MAX] = "";
	bool whole = true;

	if (ole1_object(data, &name, &data, &whole) == 0)
		for (size_t i = 0; i < name.n && i + 1 < sizeof(class_name); i++)
			class_name[i] = name.p[i];
	return data.n ? embedded_object(r->out, r->pages, class_name, data, ++r->files, whole ? NULL : "damaged") : 0;
}

void rtf_file_end(struct rtf *r)
{
	if (r->file.n && r->failed == 0)
		(void)rtf_failed(r, r->file_object ? object_end(r) : picture_end(r));
	bytes_clear(&r->file);
	r->nibble = -1;
	r->blip = 0;
}
