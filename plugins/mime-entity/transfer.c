/* SPDX-License-Identifier: Apache-2.0 */
/* transfer: transfer encodings (RFC 2045 6) as streams. */
#include "entity.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum entity_coding entity_coding(struct mw_str value)
{
	static const struct {
		const char *name;
		enum entity_coding coding;
	} row[] = {{"7bit", ENTITY_IDENTITY},
		   {"8bit", ENTITY_IDENTITY},
		   {"binary", ENTITY_IDENTITY},
		   {"base64", ENTITY_BASE64},
		   {"quoted-printable", ENTITY_QP}};

	if (!value.p)
		return ENTITY_IDENTITY;
	while (value.n && strchr(" \t\r\n", *value.p)) {
		value.p++;
		value.n--;
	}
	while (value.n && strchr(" \t\r\n", value.p[value.n - 1]))
		value.n--;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		if (strlen(row[i].name) == value.n && strncasecmp(row[i].name, value.p, value.n) == 0)
			return row[i].coding;
	return ENTITY_OTHER;
}

/* ---- base64 ---------------------------------------------------------------------------------------------------------------------- */

enum { NOT = 64, SKIP = 65, PAD = 66 };

/* What each octet is. */
static const unsigned char letter[256] = {
    NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,  SKIP, SKIP, NOT, NOT, SKIP, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,
    NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, SKIP, NOT,	NOT,  NOT, NOT, NOT,  NOT, NOT, NOT, NOT, NOT, 62,  NOT, NOT, NOT, 63,
    52,	 53,  54,  55,	56,  57,  58,  59,  60,	  61,	NOT,  NOT, NOT, PAD,  NOT, NOT, NOT, 0,	  1,   2,   3,	 4,   5,   6,
    7,	 8,   9,   10,	11,  12,  13,  14,  15,	  16,	17,   18,  19,	20,   21,  22,	23,  24,  25,  NOT, NOT, NOT, NOT, NOT,
    NOT, 26,  27,  28,	29,  30,  31,  32,  33,	  34,	35,   36,  37,	38,   39,  40,	41,  42,  43,  44,  45,	 46,  47,  48,
    49,	 50,  51,  NOT, NOT, NOT, NOT, NOT, NOT,  NOT,	NOT,  NOT, NOT, NOT,  NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,
    NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,  NOT,	NOT,  NOT, NOT, NOT,  NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,
    NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,  NOT,	NOT,  NOT, NOT, NOT,  NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,
    NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,  NOT,	NOT,  NOT, NOT, NOT,  NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,
    NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,  NOT,	NOT,  NOT, NOT, NOT,  NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,
    NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT,  NOT,	NOT,  NOT, NOT, NOT,  NOT, NOT,
};

static ssize_t base64_decode(struct entity_decoder *d, const char *p, size_t n, char *out)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned v;

		/* Four letters at a time, as most of it is. */
		while (d->held == 0 && d->pad == 0 && n - i >= 4) {
			unsigned a = letter[u[i]], b = letter[u[i + 1]], c = letter[u[i + 2]], e = letter[u[i + 3]];

			if ((a | b | c | e) & 64)
				break;
			out[k++] = (char)(a << 2 | b >> 4);
			out[k++] = (char)(b << 4 | c >> 2);
			out[k++] = (char)(c << 6 | e);
			i += 4;
		}
		if (i == n)
			break;
		v = letter[u[i]];
		if (v == SKIP)
			continue;
		if (v == NOT || (v != PAD && d->pad) || (v == PAD && (d->held < 2 || d->held + ++d->pad > 4)))
			return -EBADMSG;
		if (v == PAD)
			continue;
		d->bits = d->bits << 6 | v;
		if (++d->held < 4)
			continue;
		out[k++] = (char)(d->bits >> 16);
		out[k++] = (char)(d->bits >> 8);
		out[k++] = (char)d->bits;
		d->held = 0;
	}
	return (ssize_t)k;
}

static ssize_t base64_end(struct entity_decoder *d, char *out)
{
	size_t k = 0;

	if (d->held == 0 && d->pad == 0)
		return 0;
	if (d->held + d->pad != 4)
		return -EBADMSG;
	out[k++] = (char)(d->bits >> (d->held == 2 ? 4 : 10));
	if (d->held == 3)
		out[k++] = (char)(d->bits >> 2);
	return (ssize_t)k;
}

/* ---- quoted-printable ------------------------------------------------------------------------------------------------------------ */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What is held is an escape that has begun, or blanks that go when the line ends behind them. */
static ssize_t qp_decode(struct entity_decoder *d, const char *p, size_t n, char *out)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		bool escape = d->held && d->blank[0] == '=';
		char c = p[i];

		if (escape) {
			if (c == '\n') { /* a soft line end */
				d->held = 0;
			} else if (d->held == 2 && d->blank[1] != '\r' && d->blank[1] != ' ') {
				if (hex(c) < 0)
					return -EBADMSG;
				out[k++] = (char)(hex(d->blank[1]) << 4 | hex(c));
				d->held = 0;
			} else if (d->held == 1 && (hex(c) >= 0 || c == '\r' || c == ' ' || c == '\t')) {
				d->blank[d->held++] = c == '\t' ? ' ' : c;
			} else if (!(d->held == 2 && d->blank[1] == ' ' && (c == ' ' || c == '\t' || c == '\r'))) {
				return -EBADMSG;
			}
			continue;
		}
		if (c == '=' || c == ' ' || c == '\t' || c == '\r') {
			if (d->held && (c == '=' || d->held == sizeof(d->blank))) {
				memcpy(out + k, d->blank, d->held);
				k += d->held;
				d->held = 0;
			}
			d->blank[d->held++] = c;
			continue;
		}
		if (c != '\n') {
			memcpy(out + k, d->blank, d->held);
			k += d->held;
		} else if (d->held && d->blank[d->held - 1] == '\r') {
			out[k++] = '\r';
		}
		d->held = 0;
		out[k++] = c;
	}
	return (ssize_t)k;
}

/* ---- both ------------------------------------------------------------------------------------------------------------------------ */

ssize_t entity_decode(struct entity_decoder *d, const char *p, size_t n, char *out)
{
	switch (d->coding) {
	case ENTITY_IDENTITY:
		memcpy(out, p, n);
		return (ssize_t)n;
	case ENTITY_BASE64:
		return base64_decode(d, p, n, out);
	case ENTITY_QP:
		return qp_decode(d, p, n, out);
	default:
		return -EBADMSG;
	}
}

ssize_t entity_decode_end(struct entity_decoder *d, char *out)
{
	if (d->coding == ENTITY_BASE64)
		return base64_end(d, out);
	if (d->coding == ENTITY_QP && d->held == 2 && d->blank[0] == '=' && hex(d->blank[1]) >= 0)
		return -EBADMSG; /* half an escape; blanks and a last soft line end just go */
	return 0;
}

void entity_reader(struct entity_reader *r, int fd, struct entity_range body, enum entity_coding coding)
{
	r->fd = fd;
	r->rest = body;
	r->decoder = (struct entity_decoder){.coding = coding};
	r->done = false;
	r->at = r->n = 0;
}

/* More octets into out. */
static ssize_t refill(struct entity_reader *r)
{
	uint64_t left = r->rest.end - r->rest.begin;
	ssize_t got;

	if (left == 0) {
		r->done = true;
		return entity_decode_end(&r->decoder, r->out);
	}
	got = pread(r->fd, r->in, left < sizeof(r->in) ? (size_t)left : sizeof(r->in), (off_t)r->rest.begin);
	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -EIO; /* the file is shorter than it was */
	r->rest.begin += (size_t)got;
	return entity_decode(&r->decoder, r->in, (size_t)got, r->out);
}

ssize_t entity_get(struct entity_reader *r, char *p, size_t n)
{
	ssize_t got = 0;

	while (r->at == r->n && !r->done) {
		got = refill(r);
		if (got < 0) {
			r->decoder.coding = ENTITY_OTHER; /* every further read fails as well */
			return got;
		}
		r->at = 0;
		r->n = (size_t)got;
	}
	if (n > r->n - r->at)
		n = r->n - r->at;
	memcpy(p, r->out + r->at, n);
	r->at += n;
	return (ssize_t)n;
}
