/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts ------------------------------------------------------------------------------------------------------------------
 */

/* Octets as a JSON string. What is no UTF-8 is written with \xHH for each octet above ASCII: readable, and not lost. */
static json_t *octets(struct mw_str s)
{
	json_t *made = json_stringn(s.p ? s.p : "", s.p ? s.n : 0);
	size_t n = 0;
	char *p;

	if (made)
		return made;
	p = malloc(4 * s.n + 1);
	if (!p)
		return NULL;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80)
			p[n++] = (char)c;
		else
			n += (size_t)sprintf(p + n, "\\x%02X", c);
	}
	made = json_stringn(p, n);
	free(p);
	return made;
}

static json_t *text(const char *s)
{
	return octets((struct mw_str){.p = s, .n = s ? strlen(s) : 0});
}

static json_t *effect(uint32_t e)
{
	switch (e) {
	case MW_PASS:
		return json_string("pass");
	case MW_ROUTE:
		return json_string("route");
	case MW_TEMPFAIL:
		return json_string("tempfail");
	case MW_HOLD:
		return json_string("hold");
	case MW_REFUSE:
		return json_string("refuse");
	default:
		return json_string("unknown");
	}
}

/* ---- parts of the record ----------------------------------------------------------------------------------------------------
 */

/* Who recorded the consent by which it went out in clear, and when. */
static json_t *consent(const struct mw_consent *c)
{
	json_t *o = json_object();
	int r = json_object_set_new(o, "name", text(c->name));

	r |= json_object_set_new(o, "by", text(c->by));
	r |= json_object_set_new(o, "from", text(c->from));
	r |= json_object_set_new(o, "until", text(c->until));
	r |= json_object_set_new(o, "at", text(c->where));
	if (r == 0)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *recipient(const struct mw_host *host, struct mw_msg *msg, size_t i)
{
	const struct mw_rcpt *rcpt = &host->envelope(msg)->rcpt[i];
	const struct mw_verdict *v = host->verdict(msg, i);
	json_t *o = json_object();
	int r;

	r = json_object_set_new(o, "address", octets(rcpt->address));
	r |= json_object_set_new(o, "route", text(v ? v->action : ""));
	r |= json_object_set_new(o, "effect", v ? effect(v->effect) : json_string("none"));
	r |= json_object_set_new(o, "line", text(v ? v->where : ""));
	r |= json_object_set_new(o, "reason", text(v ? v->reason : ""));
	r |= json_object_set_new(o, "skipped", text(v ? v->skipped : ""));
	if (rcpt->alias.n)
		r |= json_object_set_new(o, "alias", octets(rcpt->alias));
	if (v && v->consent)
		r |= json_object_set_new(o, "consent", consent(v->consent));
	if (v && v->attested && *v->attested)
		r |= json_object_set_new(o, "attested", text(v->attested));
	if (r != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *recipients(const struct mw_host *host, struct mw_msg *msg)
{
	json_t *list = json_array();

	for (size_t i = 0; i < host->envelope(msg)->rcpts; i++) {
		if (json_array_append_new(list, recipient(host, msg, i)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *classes(const struct mw_host *host, struct mw_msg *msg)
{
	json_t *list = json_array();
	const char *name;

	for (size_t i = 0; (name = host->msg_class(msg, i)) != NULL; i++) {
		if (json_array_append_new(list, text(name)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

struct hit {
	uint32_t rule;
	uint64_t value;
};

static int hit_order(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

/* Sorted by rule and value, every value once. */
static size_t distinct(struct hit *hit, size_t n)
{
	size_t kept = 0;

	if (n == 0)
		return 0;
	qsort(hit, n, sizeof(*hit), hit_order);
	for (size_t i = 1; i < n; i++)
		if (hit_order(&hit[kept], &hit[i]) != 0)
			hit[++kept] = hit[i];
	return kept + 1;
}

/* {"us-ssn": how many different ones}, of the rules that count, or of those in shadow. */
static json_t *rules(const struct mw_host *host, struct mw_msg *msg, uint32_t shadow)
{
	json_t *o = json_object();
	struct hit *hit;
	size_t n = 0, all = 0;
	int r = 0;

	while (host->finding(msg, all))
		all++;
	hit = calloc(all ? all : 1, sizeof(*hit));
	for (size_t i = 0; hit && i < all; i++) {
		const struct mw_finding *f = host->finding(msg, i);

		if ((f->flags & MW_FINDING_SHADOW) == shadow)
			hit[n++] = (struct hit){.rule = f->rule, .value = f->value};
	}
	n = hit ? distinct(hit, n) : 0;
	for (size_t i = 0, end; i < n && r == 0; i = end) {
		const struct mw_rule_info *info = host->rule(msg, hit[i].rule);

		for (end = i; end < n && hit[end].rule == hit[i].rule;)
			end++;
		r = json_object_set_new(o, info ? info->name : "?", json_integer((json_int_t)(end - i)));
	}
	if (!hit || r != 0) {
		json_decref(o);
		o = NULL;
	}
	free(hit);
	return o;
}

/* {"encrypted": how many parts} */
static json_t *unreadable(const struct mw_host *host, struct mw_msg *msg)
{
	static const char *const words[] = {MW_UNREADABLE_WORDS};
	json_t *o = json_object();
	int r = o ? 0 : -1;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && r == 0; i++) {
		size_t n = host->unreadable(msg, words[i]);

		if (n)
			r = json_object_set_new(o, words[i], json_integer((json_int_t)n));
	}
	if (r == 0)
		return o;
	json_decref(o);
	return NULL;
}

/* ---- all of it --------------------------------------------------------------------------------------------------------------
 */

static int fill(const struct mw_host *host, struct mw_msg *msg, json_t *o)
{
	const struct mw_envelope *e = host->envelope(msg);
	const struct mw_outcome *out = host->outcome(msg);
	int r;

	r = json_object_set_new(o, "queue_id", text(e->queue_id));
	r |= json_object_set_new(o, "sender", octets(e->sender));
	r |= json_object_set_new(o, "client", octets(e->client_addr));
	r |= json_object_set_new(o, "user", octets(e->auth_user));
	r |= json_object_set_new(o, "local", json_boolean(e->local));
	r |= json_object_set_new(o, "size", json_integer((json_int_t)e->size));
	r |= json_object_set_new(o, "recipients", recipients(host, msg));
	r |= json_object_set_new(o, "classes", classes(host, msg));
	r |= json_object_set_new(o, "rules", rules(host, msg, 0));
	r |= json_object_set_new(o, "shadow", rules(host, msg, MW_FINDING_SHADOW));
	r |= json_object_set_new(o, "unreadable", unreadable(host, msg));
	r |= json_object_set_new(o, "outcome", effect(out->effect));
	r |= json_object_set_new(o, "cause", text(out->cause));
	r |= json_object_set_new(o, "reason", text(out->reason));
	r |= json_object_set_new(o, "observe", json_boolean(out->observe));
	r |= json_object_set_new(o, "policy", text(host->policy_digest(msg)));
	return r;
}

int mw_audit_message(const struct mw_host *host, struct mw_msg *msg, char **ret, struct mw_err *err)
{
	json_t *o = json_object();
	char *made = NULL;
	size_t n;

	/* jansson keeps the order of insertion, and takes NULL values for an error. */
	if (o && fill(host, msg, o) == 0)
		made = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	if (!made)
		return host->fail(err, -ENOMEM, "no memory for the audit record");
	n = strlen(made);
	memmove(made, made + 1, n - 2);
	made[n - 2] = '\0';
	*ret = made;
	return 0;
}
