/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of addresses and domains: a hash with open addressing, never more than half full. */
#include "policy/table.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

struct mw_table {
	const char *name;
	size_t entries, slots; /* slots: a power of two */
	struct mw_str *slot;   /* p = NULL: free */
};

struct mw_table *mw_table_new(struct mw_arena *a, const char *name)
{
	struct mw_table *t = mw_arena_alloc(a, sizeof(*t));

	if (!t)
		return NULL;
	t->name = name;
	t->slots = 16;
	t->slot = mw_arena_array(a, t->slots, sizeof(*t->slot));
	return t->slot ? t : NULL;
}

/* FNV-1a over lower case. The entries are an administrator's, so nobody can aim at collisions. */
static uint64_t hash(struct mw_str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)mw_lower(s.p[i])) * 0x100000001b3u;
	return h ^ h >> 32;
}

/* The slot that holds the entry, or the free one where it belongs. */
static struct mw_str *find(const struct mw_table *t, struct mw_str entry)
{
	size_t at = (size_t)hash(entry) & (t->slots - 1);

	while (t->slot[at].p && !mw_str_casesame(t->slot[at], entry))
		at = (at + 1) & (t->slots - 1);
	return &t->slot[at];
}

static int grow(struct mw_arena *a, struct mw_table *t)
{
	struct mw_table bigger = {.name = t->name, .entries = t->entries, .slots = t->slots * 2};

	bigger.slot = mw_arena_array(a, bigger.slots, sizeof(*bigger.slot));
	if (!bigger.slot)
		return -ENOMEM;
	for (size_t i = 0; i < t->slots; i++)
		if (t->slot[i].p)
			*find(&bigger, t->slot[i]) = t->slot[i];
	*t = bigger;
	return 0;
}

int mw_table_add(struct mw_arena *a, struct mw_table *t, struct mw_str entry)
{
	struct mw_str *slot;

	if (t->entries >= t->slots / 2 && grow(a, t) < 0)
		return -ENOMEM;
	slot = find(t, entry);
	if (!slot->p) {
		*slot = entry;
		t->entries++;
	}
	return 0;
}

bool mw_table_has(const struct mw_table *t, struct mw_str entry)
{
	return entry.n > 0 && find(t, entry)->p != NULL;
}

/* Calls match() for the domain, and each parent of it with its dot: a.x.example gives a.x.example, .x.example, .example. */
static bool domain_forms(struct mw_str domain, bool (*match)(const void *ctx, struct mw_str), const void *ctx)
{
	if (match(ctx, domain))
		return true;
	for (size_t i = 1; i < domain.n; i++)
		if (domain.p[i] == '.' && match(ctx, (struct mw_str){.p = domain.p + i, .n = domain.n - i}))
			return true;
	return false;
}

/* Calls match() for the address and its domain's forms: bob@a.x.example gives bob@a.x.example, a.x.example, .x.example, .example. What
 * has no domain matches nothing. */
static bool forms(struct mw_str address, bool (*match)(const void *ctx, struct mw_str), const void *ctx)
{
	const char *at = address.n ? memrchr(address.p, '@', address.n) : NULL, *end = address.p + address.n;

	if (!at || at + 1 == end)
		return false;
	return match(ctx, address) || domain_forms((struct mw_str){.p = at + 1, .n = (size_t)(end - at - 1)}, match, ctx);
}

static bool match_table(const void *ctx, struct mw_str form)
{
	return mw_table_has(ctx, form);
}

static bool match_entry(const void *ctx, struct mw_str form)
{
	return mw_str_casesame(*(const struct mw_str *)ctx, form);
}

bool mw_table_has_address(const struct mw_table *t, struct mw_str address)
{
	return forms(address, match_table, t);
}

bool mw_table_has_text(const struct mw_table *t, struct mw_str text)
{
	if (text.n && memchr(text.p, '@', text.n))
		return mw_table_has_address(t, text);
	return text.n && domain_forms(text, match_table, t);
}

bool mw_entry_matches(struct mw_str entry, struct mw_str address)
{
	return forms(address, match_entry, &entry);
}

const char *mw_table_name(const struct mw_table *t)
{
	return t->name;
}

size_t mw_table_entries(const struct mw_table *t)
{
	return t->entries;
}

struct mw_str mw_table_entry(const struct mw_table *t, size_t n)
{
	for (size_t i = 0; i < t->slots; i++)
		if (t->slot[i].p && n-- == 0)
			return t->slot[i];
	return (struct mw_str){.p = "", .n = 0};
}

/* ---- what an entry looks like --------------------------------------------------------------------------------------------- */

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       (unsigned char)c >= 0x80; /* SMTPUTF8 */
}

static bool is_domain(struct mw_str s)
{
	size_t label = 0;

	if (s.n == 0 || s.n > 253)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? label == 0 : !is_label_char(s.p[i]))
			return false;
		label = s.p[i] == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

/* 192.0.2.1, 10.0.0.0/8, 2001:db8::/32 */
static bool is_network(struct mw_str s)
{
	char text[INET6_ADDRSTRLEN + 4];
	unsigned char bits[16];
	const char *slash;
	unsigned long prefix = 0;
	bool six;

	if (s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	slash = strchr(text, '/');
	if (slash) {
		if (slash[1] == '\0' || strspn(slash + 1, "0123456789") != strlen(slash + 1) || strlen(slash + 1) > 3)
			return false;
		for (const char *p = slash + 1; *p; p++)
			prefix = prefix * 10 + (unsigned long)(*p - '0');
		text[slash - text] = '\0';
	}
	six = strchr(text, ':') != NULL;
	return prefix <= (six ? 128u : 32u) && inet_pton(six ? AF_INET6 : AF_INET, text, bits) == 1;
}

static bool is_local_part(struct mw_str s)
{
	if (s.n == 0 || s.n > 64)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f || s.p[i] == '<' || s.p[i] == '>')
			return false;
	return true;
}

const char *mw_table_wrong(struct mw_str s)
{
	const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
	struct mw_str domain = s;

	if (s.n && memchr(s.p, '*', s.n))
		return "there is no \"*\": \".x.example\" stands for all sub-domains of x.example";
	if (at) {
		size_t local = (size_t)(at - s.p);

		if (local == 0)
			return "a domain is written without \"@\"";
		if (!is_local_part((struct mw_str){.p = s.p, .n = local}))
			return "write bob@x.example, x.example or .x.example";
		domain = (struct mw_str){.p = at + 1, .n = s.n - local - 1};
	} else if (is_network(s)) {
		return "networks are of clients, not of senders and recipients";
	} else if (s.n && s.p[0] == '.') {
		domain = (struct mw_str){.p = s.p + 1, .n = s.n - 1};
	}
	return is_domain(domain) ? NULL : "write bob@x.example, x.example or .x.example";
}
