/* SPDX-License-Identifier: Apache-2.0 */
#include "vba.h"

#include "../ole/ole.h"

#include <errno.h>
#include <string.h>

#define CHUNK 4096u /* octets that a chunk is unpacked */
#define ANSI 1252u

/* Octets that a reference to earlier ones may have, by how many there are: the rest of its 16 bits is how far back. */
static unsigned bits_of(size_t n)
{
	unsigned bits = 4;

	while (bits < 12 && (size_t)1 << bits < n)
		bits++;
	return bits;
}

/* A chunk, unpacked. Returns how many octets it is; what is damaged ends it. */
static size_t chunk_unpack(const char *p, size_t n, char to[CHUNK], bool *damaged)
{
	size_t at = 0, out = 0;

	while (at < n) {
		unsigned flags = (unsigned char)p[at++];

		for (unsigned i = 0; i < 8 && at < n; i++) {
			unsigned bits, token, back, length;

			if (!(flags >> i & 1)) {
				*damaged |= out == CHUNK;
				if (out < CHUNK)
					to[out++] = p[at];
				at++;
				continue;
			}
			bits = bits_of(out);
			token = n - at >= 2 ? ole_u16(p + at) : 0;
			back = (token >> (16 - bits)) + 1;
			length = (token & (0xffffu >> bits)) + 3;
			if (n - at < 2 || back > out || length > CHUNK - out) {
				*damaged = true;
				return out;
			}
			at += 2;
			for (; length; length--, out++)
				to[out] = to[out - back];
		}
	}
	return out;
}

/* All chunks; `at` is behind the octet that begins them. */
static int unpack(struct mw_str s, size_t at, struct bytes *source, bool *damaged)
{
	char piece[CHUNK];
	int r = 0;

	while (s.n - at > 2 && r == 0) {
		uint16_t head = ole_u16(s.p + at);
		size_t n = (head & 0xfffu) + 1;

		if ((head >> 12 & 7) != 3 || n > s.n - at - 2)
			break;
		at += 2;
		if (head & 0x8000) {
			size_t out = chunk_unpack(s.p + at, n, piece, damaged);

			r = bytes_add(source, piece, out);
		} else {
			r = bytes_add(source, s.p + at, n);
		}
		at += n;
	}
	explicit_bzero(piece, sizeof(piece));
	return r;
}

static void without_cr(struct bytes *b)
{
	size_t to = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != '\r')
			b->p[to++] = b->p[i];
	b->n = to;
}

/* Lines that say what a module is are the program's own. */
static int lines(struct mw_str s, struct out *o)
{
	static const char attribute[] = "Attribute VB_";
	int r = 0;

	while (s.n && r == 0) {
		const char *lf = memchr(s.p, '\n', s.n);
		size_t n = lf ? (size_t)(lf - s.p) + 1 : s.n;

		if (n < sizeof(attribute) || memcmp(s.p, attribute, sizeof(attribute) - 1) != 0)
			r = give_text(o, s.p, n);
		s = (struct mw_str){.p = s.p + n, .n = s.n - n};
	}
	return r;
}

int vba_read(struct mw_str stream, struct out *o, struct codepages *pages)
{
	/* A chunk that begins with eight letters as they are: its flags, and these. */
	static const char first[] = "\0Attribut";
	const char *p = stream.n ? memmem(stream.p, stream.n, first, sizeof(first) - 1) : NULL;
	size_t at = p ? (size_t)(p - stream.p) : 0;
	struct bytes source = {0}, utf8 = {0};
	bool damaged = false;
	int r;

	if (at < 3 || stream.p[at - 3] != 1)
		return -EBADMSG;
	r = unpack(stream, at - 2, &source, &damaged);
	without_cr(&source);
	if (r == 0)
		r = codepage_text(pages, ANSI, source.p, source.n, &utf8);
	give_to(o, give_section(o, "macros"), true);
	if (r == 0)
		r = give_break(o);
	if (r == 0)
		r = lines((struct mw_str){.p = utf8.p, .n = utf8.n}, o);
	bytes_free(&source);
	bytes_free(&utf8);
	return r < 0 ? r : damaged ? -EBADMSG : 0;
}
