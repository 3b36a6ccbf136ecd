/* SPDX-License-Identifier: Apache-2.0 */
#include "spf_macro.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PARTS_MAX 512u /* parts of one value: what there is more is not what a name can have */

struct out {
	char *p;
	size_t n, size;
	bool full;
};

static void put(struct out *o, const char *p, size_t n)
{
	if (o->full || n >= o->size - o->n) {
		o->full = true;
		return;
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "1.2.3.4"; of IPv6 each half octet with a dot between. */
static int dotted(const struct mw_spf_values *v, char *buf, size_t size)
{
	size_t n = 0;

	if (!v->ip6)
		return inet_ntop(AF_INET, v->address, buf, (socklen_t)size) ? 0 : -EINVAL;
	if (size < 16 * 4)
		return -EFBIG;
	for (size_t i = 0; i < 16; i++)
		n +=
		    (size_t)sprintf(buf + n, "%s%X.%X", i ? "." : "", (unsigned)v->address[i] >> 4, (unsigned)v->address[i] & 15);
	return 0;
}

/* The value of a letter; made in buf when it is none that is there already. */
static struct mw_str value_of(char letter, const struct mw_spf_values *v, char *buf, size_t size)
{
	int n = 0;

	buf[0] = '\0';
	switch (letter) {
	case 's':
		n = snprintf(buf, size, "%.*s@%.*s", (int)v->local.n, v->local.p, (int)v->sender_domain.n, v->sender_domain.p);
		break;
	case 'l':
		return v->local;
	case 'o':
		return v->sender_domain;
	case 'd':
		return v->domain;
	case 'h':
		return v->helo;
	case 'r':
		return v->receiver;
	case 'i':
		(void)dotted(v, buf, size);
		break;
	case 'c':
		(void)inet_ntop(v->ip6 ? AF_INET6 : AF_INET, v->address, buf, (socklen_t)size);
		break;
	case 't':
		n = snprintf(buf, size, "%" PRId64, v->now);
		break;
	case 'v':
		n = snprintf(buf, size, "%s", v->ip6 ? "ip6" : "in-addr");
		break;
	default:
		n = snprintf(buf, size, "%s", v->validated(v->ctx, v->domain));
		break;
	}
	return (struct mw_str){buf, n < 0 || (size_t)n >= size ? size - 1 : strlen(buf)};
}

struct transform {
	unsigned keep; /* parts from the right; 0 = all */
	bool reverse, escape;
	char delimiters[8];
};

static void put_escaped(struct out *o, struct mw_str s, bool escape)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], hex[4];

		if (!escape || is_alpha(c) || is_digit(c) || (c && strchr("-._~", c))) {
			put(o, &c, 1);
			continue;
		}
		(void)snprintf(hex, sizeof(hex), "%%%02X", (unsigned)(unsigned char)c);
		put(o, hex, 3);
	}
}

/* Cut at the delimiters, turned round, the last `keep` of it, with dots between. */
static void put_parts(struct out *o, struct mw_str s, const struct transform *t)
{
	struct mw_str part[PARTS_MAX];
	size_t n = 0, start = 0, first;

	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && !(s.p[i] && strchr(t->delimiters, s.p[i])))
			continue;
		if (n == PARTS_MAX) {
			o->full = true;
			return;
		}
		part[n++] = (struct mw_str){s.p + start, i - start};
		start = i + 1;
	}
	first = t->keep && t->keep < n ? n - t->keep : 0;
	for (size_t i = first; i < n; i++) {
		if (i > first)
			put(o, ".", 1);
		put_escaped(o, part[t->reverse ? n - 1 - i : i], t->escape);
	}
}

/* "{d2r-}" at p: octets of it, 0: it is no macro. */
static size_t put_macro(struct out *o, const char *p, size_t n, const struct mw_spf_values *v)
{
	struct transform t = {.delimiters = "."};
	char letter = n > 1 ? p[1] : '\0', buf[1024];
	size_t at = 2, delimiters = 0;

	if (n < 3 || *p != '{' || !is_alpha(letter))
		return 0;
	if (letter >= 'A' && letter <= 'Z') {
		t.escape = true;
		letter = (char)(letter - 'A' + 'a');
	}
	for (; at < n && is_digit(p[at]); at++)
		t.keep = t.keep > 1000 ? t.keep : t.keep * 10 + (unsigned)(p[at] - '0');
	if (at < n && (p[at] == 'r' || p[at] == 'R')) {
		t.reverse = true;
		at++;
	}
	for (; at < n && p[at] && strchr(".-+,/_=", p[at]); at++)
		if (delimiters == 0 || !memchr(t.delimiters, p[at], delimiters)) /* each once: there are seven */
			t.delimiters[delimiters++] = p[at];
	if (delimiters)
		t.delimiters[delimiters] = '\0';
	if (at >= n || p[at] != '}')
		return 0;
	put_parts(o, value_of(letter, v, buf, sizeof(buf)), &t);
	return at + 1;
}

int mw_spf_expand(struct mw_str text, const struct mw_spf_values *v, char *buf, size_t size)
{
	struct out o = {.p = buf, .size = size};

	for (size_t i = 0; i < text.n && !o.full;) {
		size_t used = 1;

		if (text.p[i] != '%') {
			put(&o, text.p + i, 1);
		} else if (i + 1 < text.n && text.p[i + 1] == '{') {
			used = put_macro(&o, text.p + i + 1, text.n - i - 1, v);
			if (!used)
				return -EINVAL;
			used++;
		} else {
			char c = i + 1 < text.n ? text.p[i + 1] : '\0';

			if (c != '%' && c != '_' && c != '-')
				return -EINVAL;
			put(&o, c == '%' ? "%" : c == '_' ? " " : "%20", c == '-' ? 3 : 1);
			used = 2;
		}
		i += used;
	}
	if (o.full)
		return -EFBIG;
	buf[o.n] = '\0';
	return (int)o.n;
}
