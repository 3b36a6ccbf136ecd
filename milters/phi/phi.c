/* SPDX-License-Identifier: Apache-2.0 */
/*
 * phi: runs the policy's rules over all parts of a message and publishes what they found as facts: how much, about how many
 * persons (people.c), and whether health is among it. It decides nothing. Manual page: milward-phi(7).
 */
#include "people.h"

#include <errno.h>
#include <stdlib.h>

struct phi_conf {
	int64_t confidence, distance;
};

struct phi {
	const struct mw_host *host;
	struct mw_self *self;
	const struct phi_conf *conf;
};

enum { IDENTIFIERS, CLINICAL, STRUCTURE, FINDINGS, PEOPLE, PATIENTS, INDETERMINATE, UNREADABLE };

static const struct mw_fact facts[] = {
    [IDENTIFIERS] = {"identifiers", "different values that identifier rules found", MW_INT, {NULL}},
    [CLINICAL] = {"clinical", "different values that clinical rules found", MW_INT, {NULL}},
    [STRUCTURE] = {"structure", "different values that structure rules found", MW_INT, {NULL}},
    [FINDINGS] = {"findings", "places where a rule matched", MW_INT, {NULL}},
    [PEOPLE] = {"people", "different persons that identifiers and records tell of", MW_INT, {NULL}},
    [PATIENTS] = {"patients",
		  "of these, persons with a clinical finding beside them, and those whom a record is about",
		  MW_INT,
		  {NULL}},
    [INDETERMINATE] = {"indeterminate", "a limit of matching was reached: there may be more than was found", MW_BOOL, {NULL}},
    [UNREADABLE] = {"unreadable", "parts that could not be read", MW_INT, {NULL}},
    {0},
};

static const struct mw_opt options[] = {
    MW_OPT(INT, struct phi_conf, confidence, "confidence", .dflt = "65", .min = 0, .max = 100,
	   .help = "findings below this confidence do not count"),
    MW_OPT(INT, struct phi_conf, distance, "distance", .dflt = "600", .min = 0, .max = 1000000,
	   .help = "octets between who and what, beyond which they do not belong together"),
    {0},
};

static int phi_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct phi *p = malloc(sizeof(*p));

	if (!p)
		return host->fail(err, -ENOMEM, "out of memory");
	*p = (struct phi){.host = host, .self = self, .conf = conf};
	*inst = p;
	return 0;
}

static void phi_close(void *inst)
{
	free(inst);
}

/* Scans every part. *n: findings in all. */
static int scan_parts(const struct phi *p, struct mw_msg *msg, size_t *n, struct mw_err *err)
{
	int64_t unreadable = 0, indeterminate = 0;
	const struct mw_part *part;

	*n = 0;
	for (size_t i = 0; (part = p->host->part(p->self, msg, i)) != NULL; i++) {
		const struct mw_finding *f;
		size_t found = 0;
		int r = p->host->scan(p->self, msg, i, &f, &found);

		if (r < 0 && r != -EAGAIN)
			return p->host->fail(err, r, "part %zu could not be scanned", i);
		indeterminate |= r == -EAGAIN;
		unreadable += part->unread != NULL;
		*n += found;
	}
	(void)p->host->set_int(p->self, msg, INDETERMINATE, indeterminate);
	(void)p->host->set_int(p->self, msg, UNREADABLE, unreadable);
	return 0;
}

static struct mark mark_of(const struct mw_finding *f, uint32_t kind, const struct mw_part *part)
{
	struct mark m = {
	    .value = f->value,
	    .offset = f->offset,
	    .end = f->offset + f->length,
	    .part = f->part,
	    .record = f->record,
	    .rule = f->rule,
	    .kind = kind,
	    .zone = f->zone,
	    .row = f->flags & MW_FINDING_ROW,
	};

	if (f->offset <= part->text.n && f->length <= part->text.n - f->offset)
		m.text = (struct mw_str){.p = part->text.p + f->offset, .n = (size_t)f->length};
	return m;
}

/* The findings that count, from scans that are made already. Returns how many. */
static size_t take_marks(const struct phi *p, struct mw_msg *msg, struct mark *mark, size_t max)
{
	const struct mw_part *part;
	size_t n = 0;

	for (size_t i = 0; (part = p->host->part(p->self, msg, i)) != NULL; i++) {
		const struct mw_finding *f = NULL;
		size_t found = 0;

		(void)p->host->scan(p->self, msg, i, &f, &found);
		for (size_t j = 0; j < found && n < max; j++) {
			const struct mw_rule_info *rule = p->host->rule(msg, f[j].rule);

			if (rule && !(f[j].flags & MW_FINDING_SHADOW) && f[j].confidence >= p->conf->confidence)
				mark[n++] = mark_of(f + j, rule->kind, part);
		}
	}
	return n;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_kind(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->kind != y->kind ? compare(x->kind, y->kind) : compare(x->value, y->value);
}

static int by_rule(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->rule != y->rule ? compare(x->rule, y->rule) : compare(x->value, y->value);
}

/* Different values of one kind. A number that two rules of a kind match is one value. The marks are sorted by kind. */
static int64_t count_kind(const struct mark *mark, size_t n, uint32_t kind)
{
	int64_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (mark[i].kind == kind && (i == 0 || by_kind(&mark[i - 1], &mark[i]) != 0))
			count++;
	return count;
}

/* Records of patients: the same one may match several rules of structure, so the rule with most values tells how many patients
 * there are. Sorts by rule. */
static int64_t count_records(struct mark *mark, size_t n)
{
	int64_t most = 0, count = 0;

	qsort(mark, n, sizeof(*mark), by_rule);
	for (size_t i = 0; i < n; i++) {
		if (mark[i].kind != MW_STRUCTURE)
			continue;
		if (i == 0 || mark[i - 1].rule != mark[i].rule)
			count = 0;
		if (count == 0 || mark[i - 1].value != mark[i].value)
			count++;
		if (count > most)
			most = count;
	}
	return most;
}

static void publish_people(const struct phi *p, struct mw_msg *msg, struct mark *mark, size_t n, void *room)
{
	struct people found;
	int64_t records;

	people_sort(mark, n);
	people_count(mark, n, (uint64_t)p->conf->distance, room, &found);
	records = count_records(mark, n);
	(void)p->host->set_int(p->self, msg, PEOPLE, found.people > records ? found.people : records);
	(void)p->host->set_int(p->self, msg, PATIENTS, found.patients > records ? found.patients : records);
}

static int phi_see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *data, size_t len, struct mw_err *err)
{
	const struct phi *p = inst;
	struct mark *mark;
	size_t n, room;
	void *people;
	int r;

	(void)tx;
	(void)data;
	(void)len;
	if (stage != MW_SEE_MESSAGE)
		return 0;
	r = scan_parts(p, msg, &n, err);
	if (r < 0)
		return r;
	room = people_room(n);
	mark = room ? p->host->alloc(msg, n * sizeof(*mark)) : NULL;
	people = mark ? p->host->alloc(msg, room) : NULL;
	if (!people)
		return p->host->fail(err, -ENOMEM, "out of memory");
	n = take_marks(p, msg, mark, n);
	qsort(mark, n, sizeof(*mark), by_kind);
	(void)p->host->set_int(p->self, msg, IDENTIFIERS, count_kind(mark, n, MW_IDENTIFIER));
	(void)p->host->set_int(p->self, msg, CLINICAL, count_kind(mark, n, MW_CLINICAL));
	(void)p->host->set_int(p->self, msg, STRUCTURE, count_kind(mark, n, MW_STRUCTURE));
	(void)p->host->set_int(p->self, msg, FINDINGS, (int64_t)n);
	publish_people(p, msg, mark, n, people);
	return 0;
}

MW_PLUGIN(phi, "phi", .kind = MW_KIND_MILTER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "finds protected health information by the rules of the policy", .stages = MW_SEE_MESSAGE,
	  .powers = MW_POWER_TEXT, .options = options, .conf_size = sizeof(struct phi_conf), .facts = facts,
	  .hooks = {.open = phi_open, .see = phi_see, .close = phi_close});
