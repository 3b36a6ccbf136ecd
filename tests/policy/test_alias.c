/* SPDX-License-Identifier: Apache-2.0 */
/* Aliases: where addresses lead, by tables of both kinds, and which aliases cannot be split. What a file may hold is in cases/aliases*. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "policy/alias.h"
#include "policy/source.h"
#include "policy/table.h"

#include <string.h>

static const char local_text[] = "postmaster: root\n"
				 "root: Admin@Far.example\n"
				 "list: \"|/usr/bin/list post\"\n"
				 "vac: vac, x@far.example\n"
				 "ext: \\ext, x@far.example\n"
				 "file: /var/mail/copy, x@far.example\n"
				 "owner-news: admin\n"
				 "news: a@far.example, b@far.example\n"
				 "owner-staff: admin\n"
				 "staff: carol\n"
				 "helpers: carol, eve@far.example, eve@far.example, EVE@far.example\n"
				 "all: helpers, staff2, eve@far.example\n"
				 "staff2: dave, bob@far.example\n"
				 "both: news, carol\n"
				 "inc: :include:/nonexistent/list\n"
				 "twice: a@far.example\ntwice: carol\n"
				 "same: carol\nsame: carol\n"
				 "empty:\n"
				 "self: x@far.example\n"
				 "memext: root+list, carol@clinic.example\n"
				 "memfar: root+list@clinic.example\n"
				 "inbox: inbox+work\n"
				 "comment: root (the boss)\n"
				 "phrase: The Boss <root>\n"
				 "bang: far.example!bob\n"
				 "quoted: \"bob@far.example\"@clinic.example\n"
				 "dquote: \"root\"@clinic.example\n"
				 "\"Jane Doe\": jane@far.example\n";
static const char virtual_text[] = "clinic.example anything\n"
				   "team@clinic.example carol@clinic.example, bob@far.example\n"
				   "copy@clinic.example copy@clinic.example bob@far.example\n"
				   "ident@clinic.example ident@clinic.example\n"
				   "loop@clinic.example pool@clinic.example\n"
				   "pool@clinic.example loop@clinic.example\n"
				   "@old.clinic.example @clinic.example\n"
				   "@catch.clinic.example admin@far.example\n"
				   "known@catch.clinic.example known@catch.clinic.example\n"
				   "away@far.example carol@clinic.example\n"
				   "tolocal@clinic.example root@clinic.example\n"
				   "name@clinic.example root\n"
				   "vname@other.clinic.example root\n"
				   "self@clinic.example self\n"
				   "self+x@clinic.example self+x@clinic.example\n"
				   "named@other.clinic.example carol, dave\n"
				   "nameext@other.clinic.example root+x\n"
				   "fine+tag@clinic.example x@far.example\n"
				   "pair@clinic.example half\n"
				   "half@second.clinic.example bob@far.example\n"
				   "pct@clinic.example %1@far.example\n";

/* `>`: outside, those behind it; `!`: outside, and why it cannot be split; "": as it is. */
static const struct {
	const char *address, *leads;
} rows[] = {
    {"carol@clinic.example", ""},
    {"root@clinic.example", ">Admin@Far.example"},
    {"Root@Clinic.Example", ">Admin@Far.example"},
    {"\"root\"@clinic.example", ">Admin@Far.example"},
    {"\"r\\oot\"@clinic.example", ">Admin@Far.example"},
    {"\"Jane Doe\"@clinic.example", ">jane@far.example"},
    {"postmaster@clinic.example", ">Admin@Far.example"},
    {"root@other.clinic.example", ""}, /* no name of that domain */
    {"root@far.example", ""},
    {"list@clinic.example", ""},
    {"empty@clinic.example", ""},
    {"vac@clinic.example", "!it keeps a copy"},
    {"ext@clinic.example", "!a member of it is no address"},
    {"file@clinic.example", "!a member of it is no address"},
    {"news@clinic.example", "!it is a list, whose owner gets what cannot be delivered"},
    {"both@clinic.example", "!it is a list, whose owner gets what cannot be delivered"},
    {"staff@clinic.example", ""},
    {"helpers@clinic.example", ">carol@clinic.example eve@far.example"},
    {"all@clinic.example", ">carol@clinic.example eve@far.example dave@clinic.example bob@far.example"},
    {"inc@clinic.example", "!its members are in a list that cannot be read"},
    {"twice@clinic.example", "!it is in its table twice"},
    {"same@clinic.example", ""},
    {"team@clinic.example", ">carol@clinic.example bob@far.example"},
    {"team@old.clinic.example", ">carol@clinic.example bob@far.example"},
    {"root@old.clinic.example", ">Admin@Far.example"},
    {"carol@old.clinic.example", ""},
    {"anybody@catch.clinic.example", ">admin@far.example"},
    {"known@catch.clinic.example", ""},
    {"known+x@catch.clinic.example", ""},
    {"copy@clinic.example", "!it keeps a copy"},
    {"ident@clinic.example", ""},
    {"loop@clinic.example", "!its aliases lead in a circle"},
    {"away@far.example", ""}, /* outside is outside, whatever the MTA makes of it */
    {"tolocal@clinic.example", ">Admin@Far.example"},
    {"name@clinic.example", ">Admin@Far.example"},
    /* A name of nobody knows which domain is one that aliases(5) may lead outside. */
    {"vname@other.clinic.example", "!a member of it is no address"},
    {"nameext@other.clinic.example", "!a member of it is no address"},
    {"named@other.clinic.example", ""},
    /* What virtual(5) leads to itself, aliases(5) may lead elsewhere. */
    {"self@clinic.example", ">x@far.example"},
    {"self+x@clinic.example", "!its address has an extension"},
    {"memext@clinic.example", "!the address of a member of it has an extension"},
    {"memfar@clinic.example", "!the address of a member of it has an extension"},
    {"inbox@clinic.example", ""},
    /* Postfix sees other addresses in these than what stands there. */
    {"comment@clinic.example", "!not all of its members are known"},
    {"phrase@clinic.example", "!not all of its members are known"},
    {"bang@clinic.example", "!not all of its members are known"},
    {"quoted@clinic.example", "!not all of its members are known"},
    {"dquote@clinic.example", "!not all of its members are known"},
    {"team+x@clinic.example", "!its address has an extension"},
    {"root+x@clinic.example", "!its address has an extension"},
    {"carol+x@clinic.example", ""},
    {"+root@clinic.example", ""},
    {"fine+tag@clinic.example", ">x@far.example"},
    {"anybody+x@catch.clinic.example", ">admin@far.example"},
    /* Which domain a name gets is the MTA's to say. */
    {"pair@clinic.example", "!a member of it is a name, which is an alias in another domain"},
    {"half@clinic.example", ""},
    {"pct@clinic.example", "!not all of its members are known"},
    {"@clinic.example", ""},
    {"clinic.example", ""},
    {"", ""},
};

struct site {
	struct mw_arena *arena;
	struct mw_diags diags;
	struct mw_sources sources;
	const struct mw_alias_file *file[2];
	struct mw_aliases all;
};

static void read_table(struct site *s, size_t i, enum mw_alias_kind kind, const char *text, const struct mw_table *names)
{
	uint32_t source;

	assert_int_equal(mw_source_add(&s->sources, "a", "a", mw_str(text), &source), 0);
	s->file[i] = mw_alias_read(s->arena, &s->sources, kind, source, names);
	assert_non_null(s->file[i]);
}

static void site_make(struct site *s, const char *locals, const char *virtuals)
{
	static const char *const ours[] = {"clinic.example", ".clinic.example"};
	struct mw_table *inside, *names;

	*s = (struct site){.arena = mw_arena_new(0)};
	assert_non_null(s->arena);
	mw_diags_init(&s->diags, s->arena);
	assert_int_equal(mw_sources_open(&s->sources, &s->diags, NULL), 0);
	inside = mw_table_new(s->arena, "ours");
	names = mw_table_new(s->arena, "local");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(mw_table_add(s->arena, inside, mw_str(ours[i])), 0);
	assert_int_equal(mw_table_add(s->arena, names, mw_str("clinic.example")), 0);
	assert_int_equal(mw_table_add(s->arena, names, mw_str("second.clinic.example")), 0);
	read_table(s, 0, MW_ALIAS_LOCAL, locals, names);
	read_table(s, 1, MW_ALIAS_VIRTUAL, virtuals, names);
	s->all = (struct mw_aliases){.n = 2, .file = s->file, .ours = inside};
}

static void site_free(struct site *s)
{
	mw_sources_close(&s->sources);
	mw_arena_free(&s->arena);
}

static void shown(const struct site *s, const char *address, struct mw_buf *out)
{
	struct mw_alias_leads leads;

	assert_int_equal(mw_aliases_follow(&s->all, s->arena, mw_str(address), &leads), 0);
	assert_true(leads.outside || (!leads.unsplit && !leads.n));
	assert_true(!leads.unsplit || !leads.n);
	if (leads.unsplit)
		mw_buf_printf(out, "!%s", leads.unsplit);
	for (size_t i = 0; i < leads.n; i++)
		mw_buf_printf(out, "%s%.*s", i ? " " : ">", (int)leads.to[i].n, leads.to[i].p);
}

static void test_follow(void **state)
{
	struct site s;

	(void)state;
	site_make(&s, local_text, virtual_text);
	assert_int_equal(s.diags.errors, 0);
	assert_int_equal(s.diags.warnings, 7); /* the list that is not there, "%", and five odd members */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_buf out = MW_BUF_INIT;

		shown(&s, rows[i].address, &out);
		if (strcmp(mw_buf_text(&out), rows[i].leads) != 0)
			fail_msg("%s: %s", rows[i].address, mw_buf_text(&out));
		mw_buf_free(&out);
	}
	site_free(&s);
}

/* A chain, a list and a bush that are too large: outside, and not split; and it takes no time. */
static void test_bounds(void **state)
{
	struct mw_buf text = MW_BUF_INIT, out = MW_BUF_INIT;
	struct site s;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		mw_buf_printf(&text, "chain%u: chain%u\n", i, i + 1);
	mw_buf_puts(&text, "chain200: x@far.example\nmany: ");
	for (unsigned i = 0; i < 2000; i++)
		mw_buf_printf(&text, "m%u, ", i);
	mw_buf_puts(&text, "x@far.example\n");
	for (unsigned i = 0; i < 2000; i++)
		mw_buf_printf(&text, "m%u: n%u\n", i, i);
	for (unsigned i = 0; i < 25; i++)
		mw_buf_printf(&text, "bush%u: bush%u, bush%u, c%u\n", i, i + 1, i + 1, i);
	mw_buf_puts(&text, "bush25: x@far.example\n");
	assert_true(mw_buf_ok(&text));
	site_make(&s, mw_buf_text(&text), "");
	shown(&s, "chain0@clinic.example", &out);
	assert_string_equal(mw_buf_text(&out), "!it leads to too many addresses");
	mw_buf_clear(&out);
	shown(&s, "chain180@clinic.example", &out);
	assert_string_equal(mw_buf_text(&out), ">x@far.example");
	mw_buf_clear(&out);
	shown(&s, "many@clinic.example", &out);
	assert_string_equal(mw_buf_text(&out), "!it leads to too many addresses");
	mw_buf_clear(&out);
	shown(&s, "bush0@clinic.example", &out);
	assert_non_null(strstr(mw_buf_text(&out), "x@far.example"));
	mw_buf_free(&out);
	mw_buf_free(&text);
	site_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_follow), cmocka_unit_test(test_bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
