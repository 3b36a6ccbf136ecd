/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_portal: what requests of milward-portal say. The first octet chooses: f, a form; c, cookies; l, languages; x, X-Forwarded-For; w,
 * Forwarded; p, a path; t, a token. */
#include "portal/field.h"
#include "portal/routes.h"
#include "portal/secret.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Decoding makes nothing larger, and a name comes once. */
static void form(struct mw_str s)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_fields f = {.n = 0};
	size_t octets = 0;

	if (mw_fields_parse(a, s, &f) == 0)
		must(f.n <= MW_FIELDS);
	for (size_t i = 0; i < f.n; i++) {
		octets += f.field[i].name.n + f.field[i].value.n;
		for (size_t k = 0; k < i; k++)
			must(!mw_str_same(f.field[i].name, f.field[k].name));
	}
	must(octets <= s.n);
	(void)mw_fields_get(&f, "csrf");
	mw_arena_free(&a);
}

/* What is given is a piece of what came. */
static void piece(struct mw_str whole, struct mw_str part)
{
	must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void forwarded(const char *field, struct mw_str s)
{
	char client[MW_FIELD_CLIENT];
	bool there = mw_field_forwarded(field, s, client);

	must(strlen(client) < sizeof(client) && there == (*client != '\0'));
	must(strspn(client, "0123456789abcdef.:") == strlen(client));
}

static void path(struct mw_str s)
{
	struct mw_str arg[MW_ROUTE_ARGS] = {{0}};
	bool known;
	const struct mw_route *r = mw_routes_find("GET", s, arg, &known);

	must(!r || (known && s.n && s.p[0] == '/' && !memchr(s.p, '%', s.n)));
	for (size_t i = 0; i < MW_ROUTE_ARGS; i++) {
		piece(s, arg[i]);
		must(arg[i].n <= MW_ROUTE_ARG);
	}
	must(mw_routes_allow(s) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const unsigned char key[MW_SECRET_KEY];
	struct mw_str s = {.p = (const char *)data + 1, .n = n - 1};

	if (n == 0)
		return 0;
	switch (data[0]) {
	case 'f':
		form(s);
		break;
	case 'c':
		piece(s, mw_field_cookie(s, "__Secure-mw-a"));
		piece(s, mw_field_type(s));
		break;
	case 'l':
		for (size_t i = 0; i < 9; i++)
			piece(s, mw_field_language(s, i));
		break;
	case 'x':
		forwarded("X-Forwarded-For", s);
		break;
	case 'w':
		forwarded("Forwarded", s);
		break;
	case 'p':
		path(s);
		break;
	default: /* nobody has the key */
		must(!mw_secret_form_good(key, "ask", MW_STR_LIT("link"), 1795378614, 43200, s));
	}
	return 0;
}
