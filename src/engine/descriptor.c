/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/descriptor.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#define ROWS_MAX 512u	     /* rows of one table */
#define TEXT_MAX_OCTETS 4096 /* of one string */
#define NAME_MAX_OCTETS 63u
#define CONF_MAX ((size_t)64 * 1024) /* of a struct that options fill */

#define POWERS_ALL ((MW_POWER_RUN << 1) - 1)
#define STAGES_ALL ((MW_SEE_CLOSE << 1) - 1)

/* A check in work: where pointers may point, and what to say when one does not. */
struct probe {
	const struct mw_memory *mem;
	const char *name;
	struct mw_err *err;
};

static bool inside(const struct mw_memory *mem, const void *p, size_t n, size_t align)
{
	uintptr_t at = (uintptr_t)p, low = (uintptr_t)mem->p;

	if (!p || at % align != 0)
		return false;
	return at >= low && at - low <= mem->n && n <= mem->n - (at - low);
}

static bool text_ok(const struct mw_memory *mem, const char *s)
{
	for (size_t i = 0; i <= TEXT_MAX_OCTETS; i++) {
		if (!inside(mem, s + i, 1, 1))
			return false;
		if (!s[i])
			return true;
	}
	return false;
}

static bool text_or_null(const struct mw_memory *mem, const char *s)
{
	return !s || text_ok(mem, s);
}

bool mw_descriptor_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > NAME_MAX_OCTETS || name[0] < 'a' || name[0] > 'z' || name[n - 1] == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static int damaged(const struct probe *pr, const char *what)
{
	return mw_fail(pr->err, -ENOEXEC, "is damaged: %s of its descriptor points outside of the file", what);
}

/* Words of an option are values ("relaxed/simple"): printable, no more. All other names are words of the policy language. */
static bool word_ok(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~' || *s == '"')
			return false;
	return true;
}

/* Rows end with one whose first member, a pointer to a name, is NULL. Counts them; no two may be alike. */
static int rows_check(const struct probe *pr, const void *rows, size_t size, size_t align, bool (*name_ok)(const char *),
		      const char *what, size_t *count)
{
	const unsigned char *row = rows;
	size_t n;

	*count = 0;
	if (!rows)
		return 0;
	for (n = 0;; n++, row += size) {
		const char *name;

		if (n > ROWS_MAX)
			return mw_fail(pr->err, -ENOEXEC, "has more than %u %s", ROWS_MAX, what);
		if (!inside(pr->mem, row, size, align))
			return damaged(pr, what);
		memcpy(&name, row, sizeof(name));
		if (!name)
			break;
		if (!text_ok(pr->mem, name))
			return damaged(pr, what);
		if (!name_ok(name))
			return mw_fail(pr->err, -ENOEXEC, "has a name in its %s that no policy can write (row %zu)", what, n + 1);
		for (const unsigned char *other = rows; other < row; other += size) {
			const char *first;

			memcpy(&first, other, sizeof(first));
			if (strcmp(first, name) == 0)
				return mw_fail(pr->err, -ENOEXEC, "has \"%s\" twice in its %s", name, what);
		}
	}
	*count = n;
	return 0;
}

#define ROWS_CHECK(pr, rows, what, count)                                                                                        \
	rows_check(pr, rows, sizeof(*(rows)), alignof(__typeof__(*(rows))), mw_descriptor_name_ok, what, count)

/* Size and alignment of the C type of an option, 0 = no such type. */
static size_t type_size(uint32_t type, size_t *align)
{
	switch (type) {
	case MW_BOOL:
		*align = alignof(bool);
		return sizeof(bool);
	case MW_INT:
	case MW_TIME:
	case MW_WORD:
		*align = alignof(int64_t);
		return sizeof(int64_t);
	case MW_SIZE:
		*align = alignof(uint64_t);
		return sizeof(uint64_t);
	case MW_STR:
	case MW_PATH:
		*align = alignof(const char *);
		return sizeof(const char *);
	case MW_LIST:
		*align = alignof(struct mw_list);
		return sizeof(struct mw_list);
	default:
		return 0;
	}
}

static int option_check(const struct probe *pr, const struct mw_opt *o, size_t conf_size, const char *what)
{
	size_t align = 1, words, size = type_size(o->type, &align);
	int r;

	if (!text_or_null(pr->mem, o->help) || !text_or_null(pr->mem, o->dflt))
		return damaged(pr, what);
	if (size == 0)
		return mw_fail(pr->err, -ENOEXEC, "has an unknown type %u for \"%s\" in its %s", o->type, o->name, what);
	if (o->offset > conf_size || size > conf_size - o->offset || o->offset % align != 0)
		return mw_fail(pr->err, -ENOEXEC, "has no room for \"%s\" in the struct of its %s", o->name, what);
	if ((o->flags & ~(uint32_t)(MW_REQUIRED | MW_KEYWORD | MW_TOOL)) || ((o->flags & MW_TOOL) && o->type != MW_PATH))
		return mw_fail(pr->err, -ENOEXEC, "has unknown flags for \"%s\" in its %s", o->name, what);
	r = rows_check(pr, o->words, sizeof(*o->words), alignof(struct mw_word), word_ok, "words", &words);
	if (r < 0)
		return r;
	if ((o->type == MW_WORD) != (words > 0))
		return mw_fail(pr->err, -ENOEXEC, "has %s for \"%s\" in its %s", words ? "words that are not wanted" : "no words",
			       o->name, what);
	return 0;
}

static int options_check(const struct probe *pr, const struct mw_opt *rows, size_t conf_size, const char *what)
{
	size_t n;
	int r = ROWS_CHECK(pr, rows, what, &n);

	if (r == 0 && conf_size > CONF_MAX)
		r = mw_fail(pr->err, -ENOEXEC, "has a struct of %zu octets for its %s", conf_size, what);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = option_check(pr, &rows[i], conf_size, what);
	return r;
}

static int facts_check(const struct probe *pr, const struct mw_plugin *p)
{
	size_t n;
	int r = ROWS_CHECK(pr, p->facts, "facts", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct mw_fact *f = &p->facts[i];

		if (!text_or_null(pr->mem, f->help))
			r = damaged(pr, "facts");
		else if (f->type != MW_BOOL && f->type != MW_INT && f->type != MW_STR)
			r = mw_fail(pr->err, -ENOEXEC, "has an unknown type %u for its fact \"%s\"", f->type, f->name);
	}
	return r;
}

static int actions_check(const struct probe *pr, const struct mw_plugin *p)
{
	size_t n;
	int r = ROWS_CHECK(pr, p->actions, "actions", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct mw_action *a = &p->actions[i];

		if (!text_or_null(pr->mem, a->help))
			r = damaged(pr, "actions");
		else if (a->effect < MW_PASS || a->effect > MW_RECORD)
			r = mw_fail(pr->err, -ENOEXEC, "has an unknown effect %u for its action \"%s\"", a->effect, a->name);
		else if (!text_or_null(pr->mem, a->sealer) || !text_or_null(pr->mem, a->needs))
			r = damaged(pr, "actions");
		else if (a->sealer && a->effect != MW_ROUTE)
			r = mw_fail(pr->err, -ENOEXEC, "needs a sealer for its action \"%s\", which is no way of delivery",
				    a->name);
		else if (!p->hooks.act && (a->effect == MW_ROUTE || a->effect > MW_REFUSE))
			r = mw_fail(pr->err, -ENOEXEC, "offers the action \"%s\" but no hook that does it", a->name);
		else
			r = options_check(pr, a->args, a->args_size, "arguments");
	}
	return r;
}

static int types_check(const struct probe *pr, const struct mw_plugin *p)
{
	if ((p->kind == MW_KIND_EXTRACTOR) != (p->types && p->hooks.extract))
		return mw_fail(pr->err, -ENOEXEC, "%s",
			       p->kind == MW_KIND_EXTRACTOR ? "is an extractor without media types or hook"
							    : "has media types or an extract hook, but is no extractor");
	for (size_t i = 0; p->types; i++) {
		if (i > ROWS_MAX || !inside(pr->mem, p->types + i, sizeof(*p->types), alignof(const char *)))
			return damaged(pr, "media types");
		if (!p->types[i])
			break;
		if (!text_ok(pr->mem, p->types[i]))
			return damaged(pr, "media types");
	}
	return 0;
}

static int checks_check(const struct probe *pr, const struct mw_plugin *p)
{
	size_t n;
	int r = ROWS_CHECK(pr, p->checks, "checks", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!text_or_null(pr->mem, p->checks[i].help))
			r = damaged(pr, "checks");
		else if (!p->checks[i].valid)
			r = mw_fail(pr->err, -ENOEXEC, "has no function for its check \"%s\"", p->checks[i].name);
		else if (p->checks[i].flags & ~(uint32_t)MW_CHECK_DATA)
			r = mw_fail(pr->err, -ENOEXEC, "has an unknown flag at its check \"%s\"", p->checks[i].name);
	}
	if (r == 0 && (p->kind == MW_KIND_CHECKER) != (n > 0))
		r = mw_fail(pr->err, -ENOEXEC, "%s", n ? "has checks, but is no checker" : "is a checker without checks");
	return r;
}

static int prefilter_check(const struct probe *pr, const struct mw_plugin *p)
{
	const struct mw_prefilter *f = p->prefilter;

	if ((p->kind == MW_KIND_PREFILTER) != (f != NULL))
		return mw_fail(pr->err, -ENOEXEC, "%s",
			       f ? "has a prefilter, but is of another kind" : "is a prefilter without functions");
	if (f && !inside(pr->mem, f, sizeof(*f), alignof(struct mw_prefilter)))
		return damaged(pr, "the prefilter");
	if (f && (!f->make || !f->drop || !f->scratch_new || !f->scratch_free || !f->look))
		return mw_fail(pr->err, -ENOEXEC, "lacks a function of its prefilter");
	return 0;
}

/* A module of an older minor has a shorter struct. */
static bool has_custody(const struct mw_plugin *p)
{
	return p->abi_minor >= 1;
}

const struct mw_custody *mw_descriptor_custody(const struct mw_plugin *p)
{
	return p->sealer && has_custody(p) ? p->sealer->custody : NULL;
}

static int custody_check(const struct probe *pr, const struct mw_plugin *p, const struct mw_custody *k)
{
	const struct mw_sealer *s = p->sealer;

	if (!inside(pr->mem, k, sizeof(*k), alignof(struct mw_custody)) || k->size < sizeof(*k))
		return damaged(pr, "the custody");
	if (s->want || s->able || s->seal || s->unseal || s->keep)
		return mw_fail(pr->err, -ENOEXEC, "both keeps and seals: these are two modules");
	if (!k->room || !k->store || !k->noticed || !k->leave || !k->pack || !k->notice)
		return mw_fail(pr->err, -ENOEXEC, "lacks a function of its custody");
	return 0;
}

static int sealer_check(const struct probe *pr, const struct mw_plugin *p)
{
	const struct mw_sealer *s = p->sealer;

	if ((p->kind == MW_KIND_SEALER) != (s != NULL))
		return mw_fail(pr->err, -ENOEXEC, "%s",
			       s ? "has a sealer, but is of another kind" : "is a sealer without functions");
	if (!s)
		return 0;
	if (!inside(pr->mem, s, has_custody(p) ? sizeof(*s) : offsetof(struct mw_sealer, custody), alignof(struct mw_sealer)) ||
	    !text_ok(pr->mem, s->method))
		return damaged(pr, "the sealer");
	if (!mw_descriptor_name_ok(s->method))
		return mw_fail(pr->err, -ENOEXEC, "has a method of sealing that no policy can write");
	if (mw_descriptor_custody(p))
		return custody_check(pr, p, mw_descriptor_custody(p));
	if (!s->able || !s->seal)
		return mw_fail(pr->err, -ENOEXEC, "lacks a function of its sealer");
	return 0;
}

/* Its code runs in a program of its own. */
static int service_check(const struct probe *pr, const struct mw_plugin *p)
{
	const struct mw_hooks *h = &p->hooks;

	if (p->kind == MW_KIND_SERVICE &&
	    (p->facts || p->actions || p->stages || h->open || h->begin || h->see || h->able || h->act || h->end || h->close))
		return mw_fail(pr->err, -ENOEXEC, "is a service, and has more than options and their check");
	return 0;
}

/* "" is the command of the module itself. */
static bool command_name_ok(const char *name)
{
	return !*name || mw_descriptor_name_ok(name);
}

static int commands_check(const struct probe *pr, const struct mw_plugin *p)
{
	size_t n;
	int r = rows_check(pr, p->commands, sizeof(*p->commands), alignof(struct mw_command), command_name_ok, "commands", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct mw_command *c = &p->commands[i];

		if (!text_or_null(pr->mem, c->help) || !text_or_null(pr->mem, c->args))
			r = damaged(pr, "commands");
		else if (!c->run)
			r = mw_fail(pr->err, -ENOEXEC, "has no function for its command \"%s\"", c->name);
	}
	return r;
}

/* magic, versions, size and build: may the rest be looked at? */
static int identity_check(const struct probe *pr, const struct mw_plugin *p)
{
	if (!inside(pr->mem, p, offsetof(struct mw_plugin, kind), alignof(struct mw_plugin)))
		return damaged(pr, "the start");
	if (p->magic != MW_MAGIC)
		return mw_fail(pr->err, -ENOEXEC, "is not a module of milward: wrong magic 0x%08x", p->magic);
	if (p->abi_major != MW_ABI_MAJOR)
		return mw_fail(pr->err, -ENOEXEC, "is made for the %s ABI %u.%u; this milward has %u.%u: build the module for it",
			       p->abi_major > MW_ABI_MAJOR ? "newer" : "older", p->abi_major, p->abi_minor, MW_ABI_MAJOR,
			       MW_ABI_MINOR);
	if (p->abi_minor > MW_ABI_MINOR)
		return mw_fail(pr->err, -ENOEXEC, "needs at least ABI %u.%u; this milward has %u.%u: update milward",
			       p->abi_major, p->abi_minor, MW_ABI_MAJOR, MW_ABI_MINOR);
	if (p->size != sizeof(*p))
		return mw_fail(pr->err, -ENOEXEC, "has a descriptor of %u octets, which is too %s: ABI %u.%u has %zu", p->size,
			       p->size < sizeof(*p) ? "short" : "long", MW_ABI_MAJOR, MW_ABI_MINOR, sizeof(*p));
	if (!inside(pr->mem, p, sizeof(*p), alignof(struct mw_plugin)) || !text_ok(pr->mem, p->build))
		return damaged(pr, "the build");
	if (strcmp(p->build, MW_BUILD) != 0)
		return mw_fail(pr->err, -ENOEXEC, "is of another build, \"%.64s\"; this milward is \"%s\"", p->build, MW_BUILD);
	return 0;
}

static int names_check(const struct probe *pr, const struct mw_plugin *p)
{
	if (!text_ok(pr->mem, p->name) || !text_or_null(pr->mem, p->version) || !text_or_null(pr->mem, p->summary) ||
	    !text_or_null(pr->mem, p->licence))
		return damaged(pr, "a name");
	if (strcmp(p->name, pr->name) != 0)
		return mw_fail(pr->err, -ENOEXEC, "calls itself \"%.64s\", not \"%s\": a module and its file have one name",
			       p->name, pr->name);
	if (p->kind < MW_KIND_MILTER || p->kind > MW_KIND_SERVICE)
		return mw_fail(pr->err, -ENOEXEC, "is of an unknown kind %u", p->kind);
	if (p->stages & ~(uint32_t)STAGES_ALL)
		return mw_fail(pr->err, -ENOEXEC, "wants unknown stages 0x%x", p->stages & ~(uint32_t)STAGES_ALL);
	if (p->powers & ~(uint32_t)POWERS_ALL)
		return mw_fail(pr->err, -ENOEXEC, "needs unknown powers 0x%x", p->powers & ~(uint32_t)POWERS_ALL);
	return 0;
}

int mw_descriptor_check(const struct mw_memory *mem, const void *descriptor, const char *name, struct mw_err *err)
{
	const struct probe pr = {.mem = mem, .name = name, .err = err};
	const struct mw_plugin *p = descriptor;
	int r = identity_check(&pr, p);

	if (r == 0)
		r = names_check(&pr, p);
	if (r == 0)
		r = options_check(&pr, p->options, p->conf_size, "options");
	if (r == 0)
		r = facts_check(&pr, p);
	if (r == 0)
		r = actions_check(&pr, p);
	if (r == 0)
		r = types_check(&pr, p);
	if (r == 0)
		r = checks_check(&pr, p);
	if (r == 0)
		r = prefilter_check(&pr, p);
	if (r == 0)
		r = sealer_check(&pr, p);
	if (r == 0)
		r = service_check(&pr, p);
	if (r == 0)
		r = commands_check(&pr, p);
	return r;
}

static bool text_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool words_same(const struct mw_word *a, const struct mw_word *b)
{
	if (!a || !b)
		return a == b;
	for (; a->name && b->name; a++, b++)
		if (strcmp(a->name, b->name) != 0 || a->value != b->value)
			return false;
	return a->name == b->name;
}

static bool options_same(const struct mw_opt *a, const struct mw_opt *b)
{
	if (!a || !b)
		return a == b;
	for (; a->name && b->name; a++, b++)
		if (strcmp(a->name, b->name) != 0 || !text_same(a->dflt, b->dflt) || a->type != b->type || a->flags != b->flags ||
		    a->min != b->min || a->max != b->max || a->offset != b->offset || !words_same(a->words, b->words))
			return false;
	return a->name == b->name;
}

static bool facts_same(const struct mw_fact *a, const struct mw_fact *b)
{
	if (!a || !b)
		return a == b;
	for (; a->name && b->name; a++, b++)
		if (strcmp(a->name, b->name) != 0 || a->type != b->type)
			return false;
	return a->name == b->name;
}

static bool actions_same(const struct mw_action *a, const struct mw_action *b)
{
	if (!a || !b)
		return a == b;
	for (; a->name && b->name; a++, b++)
		if (strcmp(a->name, b->name) != 0 || a->effect != b->effect || a->args_size != b->args_size ||
		    !text_same(a->sealer, b->sealer) || !text_same(a->needs, b->needs) || !options_same(a->args, b->args))
			return false;
	return a->name == b->name;
}

static bool checks_same(const struct mw_check *a, const struct mw_check *b)
{
	if (!a || !b)
		return a == b;
	for (; a->name && b->name; a++, b++)
		if (strcmp(a->name, b->name) != 0)
			return false;
	return a->name == b->name;
}

static bool types_same(const char *const *a, const char *const *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return *a == *b;
}

bool mw_descriptor_same(const struct mw_plugin *a, const struct mw_plugin *b)
{
	return strcmp(a->name, b->name) == 0 && text_same(a->version, b->version) && a->kind == b->kind &&
	       a->stages == b->stages && a->powers == b->powers && a->conf_size == b->conf_size &&
	       options_same(a->options, b->options) && facts_same(a->facts, b->facts) && actions_same(a->actions, b->actions) &&
	       checks_same(a->checks, b->checks) && types_same(a->types, b->types) &&
	       (a->sealer && b->sealer ? strcmp(a->sealer->method, b->sealer->method) == 0 : a->sealer == b->sealer);
}
