/* SPDX-License-Identifier: Apache-2.0 */
#include "arc_chain.h"

#include "canon.h"
#include "results.h"

#include <errno.h>

#define FIELDS_MOST (3 * MW_ARC_SETS)

enum kind { OTHER, RESULTS, MESSAGE, SEAL };

static enum kind kind_of(const struct mw_field *f)
{
	struct mw_str name = mw_field_name(f);

	if (name.n < 8)
		return OTHER;
	return mw_field_named(name, MW_ARC_SEAL)      ? SEAL
	       : mw_field_named(name, MW_ARC_MESSAGE) ? MESSAGE
	       : mw_field_named(name, MW_ARC_RESULTS) ? RESULTS
						      : OTHER;
}

static void broken(struct mw_arc_chain *c, const char *why)
{
	if (c->whole)
		c->why = why;
	c->whole = false;
}

/* Where a field goes that is of this instance: it must be the only one of its kind. */
static void place(struct mw_arc_chain *c, const struct mw_field **slot, const struct mw_field *f, unsigned instance)
{
	if (*slot)
		broken(c, "two fields of one kind in a set");
	*slot = f;
	if (instance > c->n)
		c->n = instance;
}

static void read_results(struct mw_arc_chain *c, struct mw_arc_set *sets, const struct mw_field *f)
{
	struct mw_results_reader reader;
	char id[MW_AUTH_NAME];
	unsigned i;

	if (mw_results_begin_arc(&reader, f->value.p, f->value.n, &i, id) < 0 || i < 1 || i > c->room) {
		broken(c, "ARC-Authentication-Results cannot be read");
		return;
	}
	place(c, &sets[i - 1].results, f, i);
}

static void read_signature(struct mw_arc_chain *c, struct mw_arc_set *sets, const struct mw_field *f, enum kind kind)
{
	struct mw_sigfield parsed;
	struct mw_arc_set *set;
	const char *why;
	int r = mw_sigfield_parse(kind == SEAL ? MW_SIGFIELD_AS : MW_SIGFIELD_AMS, f->value, &parsed, &why);

	if (r == 0 && !mw_field_clean(f)) {
		r = -EBADMSG;
		why = "a field holds what no header may";
	}
	if (r < 0)
		broken(c, why);
	if (parsed.instance > c->room)
		broken(c, "a set is not whole");
	if (parsed.instance == 0 || parsed.instance > c->room)
		return;
	set = &sets[parsed.instance - 1];
	*(kind == SEAL ? &set->as : &set->ams) = parsed;
	place(c, kind == SEAL ? &set->seal : &set->message, f, parsed.instance);
}

static void judge(struct mw_arc_chain *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct mw_arc_set *set = &c->set[i];

		if (!set->results || !set->message || !set->seal)
			broken(c, "a set is not whole");
		else if (i == 0 && set->as.cv != MW_AUTH_NONE)
			broken(c, "the first seal does not say cv=none");
		else if (i + 1 == c->n && set->as.cv == MW_AUTH_FAIL)
			broken(c, "the newest seal says that the chain was broken");
		else if (i > 0 && set->as.cv != MW_AUTH_PASS)
			broken(c, "a seal behind the first does not say cv=pass");
	}
}

int mw_arc_chain_read(const struct mw_auth_mail *mail, struct mw_arc_chain *ret)
{
	struct mw_arc_chain c = {.whole = true};
	size_t fields = 0;

	for (size_t i = 0; i < mail->fields; i++)
		fields += kind_of(&mail->field[i]) != OTHER;
	if (fields == 0) {
		*ret = c;
		return 0;
	}
	/* Where an instance is higher than there are sets, one is missing. */
	c.room = fields < FIELDS_MOST ? (unsigned)(fields + 2) / 3 : MW_ARC_SETS;
	c.set = mail->alloc(mail->alloc_ctx, c.room * sizeof(*c.set));
	if (!c.set)
		return -ENOMEM;
	if (fields > FIELDS_MOST)
		broken(&c, "more than 50 sets");
	for (size_t i = 0, seen = 0; i < mail->fields && seen < FIELDS_MOST; i++) {
		enum kind kind = kind_of(&mail->field[i]);

		if (kind == OTHER)
			continue;
		seen++;
		if (kind == RESULTS)
			read_results(&c, c.set, &mail->field[i]);
		else
			read_signature(&c, c.set, &mail->field[i], kind);
	}
	judge(&c);
	if (c.n == 0)
		broken(&c, "no field of the chain can be read");
	*ret = c;
	return 0;
}

int mw_arc_seal_hash(const struct mw_arc_chain *c, unsigned instance, const struct mw_arc_set *own, bool alone,
		     unsigned char hash[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct mw_str none = {0};
	unsigned n = 32;
	int r = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;

	for (unsigned i = alone ? instance : 1; r == 0 && i <= instance; i++) {
		const struct mw_arc_set *set = i == instance && own ? own : &c->set[i - 1];

		r = mw_canon_field(md, false, set->results, none, false);
		if (r == 0)
			r = mw_canon_field(md, false, set->message, none, false);
		if (r == 0)
			r = mw_canon_field(md, false, set->seal, i == instance ? set->as.b_value : none, i == instance);
	}
	if (r == 0 && EVP_DigestFinal_ex(md, hash, &n) != 1)
		r = -ENOMEM;
	EVP_MD_CTX_free(md);
	return r;
}
