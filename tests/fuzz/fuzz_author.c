/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_author: any octets as the value of From: its domains, its display name, and what they look like. */
#include "milters/auth/author.h"
#include "milters/auth/confusables.h"
#include "milters/auth/lookalike.h"
#include "milters/auth/words2047.h"
#include "tests/unit/fakehost.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static struct mw_lookalike *table(void)
{
	static const char *const own[] = {"clinic.example", "m\xc3\xbcller-praxis.de"};
	static const struct mw_list list = {.n = 2, .v = own};
	static struct mw_lookalike *l;

	if (!l)
		check(mw_lookalike_open(fh_host(), &list, NULL, &l, NULL) == 0);
	return l;
}

static void check_skeleton(const char *p, size_t n)
{
	char to[32];
	size_t got = mw_confusables_letters(p, n, to, sizeof(to));

	check(got < sizeof(to) && to[got] == '\0');
	check(mw_confusables_fold(to, got) <= got && memchr(to, '\0', sizeof(to)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct mw_field field = {.name = {"From", 4}, .value = {p, size}};
	struct mw_auth_mail mail = {.field = &field, .fields = 1};
	struct mw_likeness_result like = {.of = ""};
	char *text = malloc(size + 1);
	struct mw_authors a;

	check(text != NULL);
	check(mw_words2047_decode(field.value, text, size) <= size);
	free(text);
	mw_authors_read(&mail, &a);
	check(a.fields == 1 && a.domains <= MW_AUTHORS_MOST && a.domains <= a.mailboxes);
	check(!mw_authors_one(&a) || (a.domains == 1 && a.mailboxes == 1));
	for (size_t i = 0; i < a.domains; i++)
		for (const char *c = a.domain[i]; *c; c++)
			check(*c > ' ' && *c < 0x7f && !(*c >= 'A' && *c <= 'Z'));
	mw_lookalike_check(table(), &mail, &like);
	check(like.found == (*like.of != '\0') && like.found == (*like.why != '\0'));
	check_skeleton(p, size);
	return 0;
}
