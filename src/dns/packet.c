/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/packet.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HEADER 12u
#define WIRE_MAX 255u /* octets of a name on the wire, RFC 1035, 2.3.4 */
#define CHAIN_MAX 16u /* aliases in a row */
#define CLASS_IN 1u

/* A name on the wire, not compressed. */
struct wire {
	size_t n;
	uint8_t p[WIRE_MAX];
};

struct reader {
	const uint8_t *p;
	size_t n, at;
};

/* One resource record; what it has points into the packet. */
struct record {
	struct wire owner;
	unsigned type, class;
	uint32_t ttl;
	size_t at, length; /* of its data, in the packet */
};

static bool take16(struct reader *r, unsigned *ret)
{
	if (r->n - r->at < 2)
		return false;
	*ret = (unsigned)r->p[r->at] << 8 | r->p[r->at + 1];
	r->at += 2;
	return true;
}

static bool take32(struct reader *r, uint32_t *ret)
{
	unsigned high, low;

	if (!take16(r, &high) || !take16(r, &low))
		return false;
	*ret = (uint32_t)high << 16 | low;
	return true;
}

/* A name at r->at, which is moved behind it. Pointers go backwards only, so that the walk ends. */
static bool take_name(struct reader *r, struct wire *ret)
{
	size_t at = r->at, least = r->at;
	bool jumped = false;

	ret->n = 0;
	for (;;) {
		unsigned length;

		if (at >= r->n)
			return false;
		length = r->p[at];
		if (length >= 0xc0) {
			if (r->n - at < 2)
				return false;
			if (!jumped)
				r->at = at + 2;
			jumped = true;
			at = (size_t)(length & 0x3f) << 8 | r->p[at + 1];
			if (at >= least)
				return false;
			least = at;
			continue;
		}
		if (length > 63 || r->n - at <= length || ret->n + length + 1 > WIRE_MAX)
			return false;
		memcpy(ret->p + ret->n, r->p + at, length + 1);
		ret->n += length + 1;
		at += length + 1;
		if (!length)
			break;
	}
	if (!jumped)
		r->at = at;
	return true;
}

static bool same_name(const struct wire *a, const struct wire *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) /* the length of a label is below 'A' */
		if (tolower(a->p[i]) != tolower(b->p[i]))
			return false;
	return true;
}

static bool take_record(struct reader *r, struct record *ret)
{
	unsigned length;

	if (!take_name(r, &ret->owner) || !take16(r, &ret->type) || !take16(r, &ret->class) || !take32(r, &ret->ttl) ||
	    !take16(r, &length) || r->n - r->at < length)
		return false;
	if (ret->ttl > INT32_MAX) /* RFC 2181, 8 */
		ret->ttl = 0;
	ret->at = r->at;
	ret->length = length;
	r->at += length;
	return true;
}

static size_t name_text(const uint8_t *wire, size_t n, char text[MW_DNS_TEXT_MAX])
{
	size_t at = 0, out = 0;

	while (at < n && wire[at]) {
		size_t end = at + wire[at] + 1u;

		if (out)
			text[out++] = '.';
		for (at++; at < end; at++) {
			unsigned char c = wire[at];

			if (isalnum(c) || c == '-' || c == '_')
				text[out++] = (char)tolower(c);
			else
				out += (size_t)snprintf(text + out, 5, "\\%03u", (unsigned)c);
		}
	}
	text[out] = '\0';
	return out;
}

/* Is that one whole name on the wire, not compressed? */
static bool is_wire_name(const uint8_t *p, size_t n)
{
	size_t at = 0;

	if (n > WIRE_MAX)
		return false;
	while (at < n && p[at] && p[at] <= 63)
		at += p[at] + 1u;
	return at + 1 == n && p[at] == 0;
}

/* How many octets stand before the one name that the data of such a record is; -1: there is none. */
static int before_name(unsigned type)
{
	switch (type) {
	case MW_DNS_MX:
		return 2;
	case MW_DNS_CNAME:
	case MW_DNS_NS:
	case MW_DNS_PTR:
		return 0;
	default:
		return -1;
	}
}

static int keep_record(struct mw_arena *a, const struct reader *packet, const struct record *rr, struct mw_str *ret,
		       struct mw_err *err)
{
	struct reader r = {.p = packet->p, .n = rr->at + rr->length, .at = rr->at};
	const char *data = (const char *)packet->p + rr->at;
	int before = before_name(rr->type);
	struct wire name;
	char *p;

	if (before < 0) {
		p = mw_arena_dup(a, data, rr->length);
		*ret = (struct mw_str){.p = p, .n = rr->length};
		return p ? 0 : mw_fail_memory(err);
	}
	r.at += (size_t)before;
	if (rr->length <= (size_t)before || !take_name(&r, &name) || r.at != r.n)
		return mw_fail(err, -EBADMSG, "a record is not what its type says");
	p = mw_arena_alloc(a, (size_t)before + name.n);
	if (!p)
		return mw_fail_memory(err);
	memcpy(p, data, (size_t)before);
	memcpy(p + before, name.p, name.n);
	*ret = (struct mw_str){.p = p, .n = (size_t)before + name.n};
	return 0;
}

static void least_ttl(struct mw_dns_packet *packet, bool *any, uint32_t ttl)
{
	if (!*any || ttl < packet->ttl)
		packet->ttl = ttl;
	*any = true;
}

/* Follows aliases from *name through the answer section. Records may stand in any order. */
static int follow(const struct reader *packet, size_t start, unsigned count, struct wire *name, struct mw_dns_packet *ret,
		  bool *any, struct mw_err *err)
{
	for (unsigned step = 0; step <= CHAIN_MAX; step++) {
		struct reader r = {.p = packet->p, .n = packet->n, .at = start};
		bool moved = false;

		for (unsigned i = 0; i < count && !moved; i++) {
			struct record rr;
			struct reader target;

			if (!take_record(&r, &rr))
				return mw_fail(err, -EBADMSG, "a record of the answer is cut off");
			if (rr.type != MW_DNS_CNAME || rr.class != CLASS_IN || !same_name(&rr.owner, name))
				continue;
			target = (struct reader){.p = packet->p, .n = rr.at + rr.length, .at = rr.at};
			if (!take_name(&target, name))
				return mw_fail(err, -EBADMSG, "an alias has no name");
			least_ttl(ret, any, rr.ttl);
			ret->alias = moved = true;
		}
		if (!moved)
			return 0;
	}
	return mw_fail(err, -EBADMSG, "more than %u aliases in a row", CHAIN_MAX);
}

static int collect(struct mw_arena *a, struct reader *packet, unsigned count, unsigned type, const struct wire *name,
		   struct mw_dns_packet *ret, bool *any, struct mw_err *err)
{
	struct mw_str *record = NULL;
	size_t cap = 0;

	for (unsigned i = 0; i < count; i++) {
		struct record rr;
		int r;

		if (!take_record(packet, &rr))
			return mw_fail(err, -EBADMSG, "a record of the answer is cut off");
		if (rr.type != type || rr.class != CLASS_IN || !same_name(&rr.owner, name))
			continue;
		record = mw_arena_grow(a, record, &cap, ret->n + 1, sizeof(*record));
		if (!record)
			return mw_fail_memory(err);
		r = keep_record(a, packet, &rr, &record[ret->n], err);
		if (r)
			return r;
		least_ttl(ret, any, rr.ttl);
		ret->n++;
	}
	ret->record = record;
	return 0;
}

/* How long "there is none" holds: RFC 2308, 5. */
static void negative_ttl(struct reader *packet, unsigned count, struct mw_dns_packet *ret, bool any)
{
	for (unsigned i = 0; i < count; i++) {
		struct reader soa;
		struct record rr;
		struct wire name;
		uint32_t minimum = 0;

		if (!take_record(packet, &rr))
			break;
		if (rr.type != MW_DNS_SOA || rr.class != CLASS_IN)
			continue;
		soa = (struct reader){.p = packet->p, .n = rr.at + rr.length, .at = rr.at};
		if (!take_name(&soa, &name) || !take_name(&soa, &name) || soa.n - soa.at != 20)
			break;
		soa.at += 16;
		(void)take32(&soa, &minimum); /* 4 octets are left */
		least_ttl(ret, &any, minimum < rr.ttl ? minimum : rr.ttl);
		return;
	}
	ret->ttl = 0;
}

static int read_answer(struct mw_arena *a, struct reader *packet, unsigned type, struct mw_dns_packet *ret, struct mw_err *err)
{
	unsigned flags, questions, answers, authorities, qtype, qclass;
	struct mw_dns_packet found = {0};
	char text[MW_DNS_TEXT_MAX];
	struct wire name;
	bool any = false;
	size_t start;
	int r;

	packet->at = 2;
	if (packet->n < HEADER || !take16(packet, &flags) || !take16(packet, &questions) || !take16(packet, &answers) ||
	    !take16(packet, &authorities))
		return mw_fail(err, -EBADMSG, "the answer is shorter than its header");
	packet->at = HEADER;
	if (questions != 1 || !take_name(packet, &name) || !take16(packet, &qtype) || !take16(packet, &qclass) || qtype != type ||
	    qclass != CLASS_IN)
		return mw_fail(err, -EBADMSG, "the answer is to another question");
	found.rcode = flags & 15;
	start = packet->at;
	r = type == MW_DNS_CNAME ? 0 : follow(packet, start, answers, &name, &found, &any, err);
	if (!r)
		r = collect(a, packet, answers, type, &name, &found, &any, err);
	if (r)
		return r;
	if (!found.n)
		negative_ttl(packet, authorities, &found, any);
	found.name = mw_arena_dup(a, text, name_text(name.p, name.n, text));
	if (!found.name)
		return mw_fail_memory(err);
	*ret = found;
	return 0;
}

int mw_dns_packet_read(struct mw_arena *a, const uint8_t *p, size_t n, unsigned type, struct mw_dns_packet *ret,
		       struct mw_err *err)
{
	struct reader packet = {.p = p, .n = n};

	return read_answer(a, &packet, type, ret, err);
}

bool mw_dns_record_name(struct mw_str record, char name[MW_DNS_TEXT_MAX])
{
	const uint8_t *p = (const uint8_t *)record.p;

	if (!is_wire_name(p, record.n))
		return false;
	(void)name_text(p, record.n, name);
	return true;
}

bool mw_dns_record_mx(struct mw_str record, unsigned *preference, char host[MW_DNS_TEXT_MAX])
{
	const uint8_t *p = (const uint8_t *)record.p;

	if (record.n < 3 || !mw_dns_record_name(mw_str_behind(record, 2), host))
		return false;
	*preference = (unsigned)p[0] << 8 | p[1];
	return true;
}

bool mw_dns_record_txt(struct mw_str record, char *p, size_t size, size_t *n)
{
	size_t at = 0, out = 0;

	while (at < record.n) {
		size_t length = (unsigned char)record.p[at++];

		if (record.n - at < length || size - out < length)
			return false;
		memcpy(p + out, record.p + at, length);
		out += length;
		at += length;
	}
	*n = out;
	return record.n > 0;
}

static bool is_label(const char *p, size_t n)
{
	if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= 'A' && p[i] <= 'Z') && !(p[i] >= '0' && p[i] <= '9') &&
		    p[i] != '-' && p[i] != '_')
			return false;
	return true;
}

bool mw_dns_is_host(struct mw_str name)
{
	size_t start = 0;

	if (name.n == 0 || name.n > MW_DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i <= name.n; i++) {
		if (i < name.n && name.p[i] != '.')
			continue;
		if (!is_label(name.p + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool mw_dns_is_name(struct mw_str name)
{
	size_t label = 0, wire = 2; /* with the first length and the root's */

	for (size_t i = 0; i < name.n; i++) {
		const char *p = name.p + i;

		if (*p == '.') {
			if (label == 0)
				return false;
			label = 0;
			wire++;
			continue;
		}
		if (*p == '\\') {
			if (name.n - i < 4 || !is_digit(p[1]) || !is_digit(p[2]) || !is_digit(p[3]) ||
			    (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0') > 255)
				return false;
			i += 3;
		} else if (!is_digit(*p) && !(mw_lower(*p) >= 'a' && mw_lower(*p) <= 'z') && *p != '-' && *p != '_') {
			return false;
		}
		wire++;
		if (++label > 63 || wire > WIRE_MAX)
			return false;
	}
	return label > 0 && wire <= WIRE_MAX;
}
