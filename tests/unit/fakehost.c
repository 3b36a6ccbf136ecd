/* SPDX-License-Identifier: Apache-2.0 */
#undef NDEBUG /* the checks are the point of this file */
#include "fakehost.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct block {
	struct block *next;
	_Alignas(16) unsigned char data[];
};

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static bool power(const struct mw_self *self, uint32_t bit)
{
	return !self->plugin || (self->plugin->powers & bit);
}

static char *copy(const char *p, size_t n)
{
	char *q = malloc(n + 1);

	assert(q);
	memcpy(q, p, n);
	q[n] = '\0';
	return q;
}

static void *fake_alloc(struct mw_msg *m, size_t n)
{
	struct block *b;

	if (m->fail_alloc && --m->fail_alloc == 0)
		return NULL;
	b = calloc(1, sizeof(*b) + n);
	assert(b);
	b->next = m->blocks;
	m->blocks = b;
	return b->data;
}

MW_PRINTF(3, 4) static int fake_fail(struct mw_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code < 0);
	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

MW_PRINTF(5, 6)
static void fake_log(struct mw_self *self, struct mw_msg *m, enum mw_log_level level, const char *event, const char *fmt, ...)
{
	char text[500];
	va_list ap;

	(void)m;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert(!strchr(text, '\n'));
	(void)pthread_mutex_lock(&log_lock);
	if (self->lines < FH_LINES)
		(void)snprintf(self->line[self->lines], sizeof(self->line[0]), "%d %s %s", (int)level, event, text);
	self->lines++;
	(void)pthread_mutex_unlock(&log_lock);
}

static uint32_t fact_type(const struct mw_self *self, uint32_t fact)
{
	uint32_t n = 0;

	assert(fact < FH_FACTS && self->plugin && self->plugin->facts);
	while (self->plugin->facts[n].name && n < fact)
		n++;
	assert(n == fact && self->plugin->facts[n].name);
	return self->plugin->facts[n].type;
}

static int fake_set_int(struct mw_self *self, struct mw_msg *m, uint32_t fact, int64_t value)
{
	uint32_t type = fact_type(self, fact);

	assert(type == MW_INT || type == MW_BOOL);
	m->fact[fact].set = true;
	m->fact[fact].number = value;
	return 0;
}

static int fake_set_str(struct mw_self *self, struct mw_msg *m, uint32_t fact, const char *value)
{
	assert(fact_type(self, fact) == MW_STR);
	m->fact[fact].set = true;
	(void)snprintf(m->fact[fact].text, sizeof(m->fact[fact].text), "%s", value);
	return 0;
}

static const struct mw_envelope *fake_envelope(struct mw_msg *m)
{
	return &m->envelope;
}

static const struct mw_field *fake_field(struct mw_self *self, struct mw_msg *m, size_t i)
{
	assert(power(self, MW_POWER_HEADERS));
	return i < m->fields ? &m->field[i] : NULL;
}

static int fake_body(struct mw_self *self, struct mw_msg *m, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	size_t at = 0;
	int r = 0;

	assert(power(self, MW_POWER_HEADERS));
	while (at < m->body.n && r == 0) {
		size_t n = m->body.n - at;

		if (m->piece && n > m->piece)
			n = m->piece;
		r = fn(ctx, m->body.p + at, n);
		at += n;
	}
	return r;
}

static const struct mw_part *fake_part(struct mw_self *self, struct mw_msg *m, size_t i)
{
	assert(power(self, MW_POWER_TEXT));
	return i < m->parts ? &m->part[i] : NULL;
}

static int fake_scan(struct mw_self *self, struct mw_msg *m, size_t part, const struct mw_finding **ret, size_t *n)
{
	assert(power(self, MW_POWER_TEXT));
	assert(m->scan && part < m->parts);
	return m->scan(m, part, ret, n);
}

static const struct mw_rule_info *fake_rule(struct mw_msg *m, uint32_t rule)
{
	return rule < m->rules ? &m->rule[rule] : NULL;
}

static const struct mw_verdict *fake_verdict(struct mw_msg *m, size_t rcpt)
{
	return m->verdict && rcpt < m->envelope.rcpts ? &m->verdict[rcpt] : NULL;
}

static const struct mw_outcome *fake_outcome(struct mw_msg *m)
{
	return &m->outcome;
}

static const char *fake_class(struct mw_msg *m, size_t i)
{
	size_t n = 0;

	while (m->classes && m->classes[n] && n < i)
		n++;
	return m->classes ? m->classes[n] : NULL;
}

static const char *fake_digest(struct mw_msg *m)
{
	return m->digest;
}

static const struct mw_finding *fake_finding(struct mw_msg *m, size_t i)
{
	return i < m->findings ? &m->finding[i] : NULL;
}

static void field_insert(struct mw_msg *m, size_t at, const char *name, size_t name_n, const char *value, size_t value_n)
{
	struct mw_field *f = realloc(m->field, (m->fields + 1) * sizeof(*f));

	assert(f);
	memmove(f + at + 1, f + at, (m->fields - at) * sizeof(*f));
	f[at].name = (struct mw_str){.p = copy(name, name_n), .n = name_n};
	f[at].value = (struct mw_str){.p = copy(value, value_n), .n = value_n};
	m->field = f;
	m->fields++;
}

static void field_free(struct mw_field *f)
{
	free((void *)(uintptr_t)f->name.p);
	free((void *)(uintptr_t)f->value.p);
}

static int fake_add_field(struct mw_self *self, struct mw_msg *m, const char *name, const char *value, bool first)
{
	assert(power(self, MW_POWER_EDIT));
	assert(value[0] == ' ' && !strchr(value, '\r'));
	field_insert(m, first ? 0 : m->fields, name, strlen(name), value, strlen(value));
	free(m->last_name);
	free(m->last_value);
	m->last_name = copy(name, strlen(name));
	m->last_value = copy(value, strlen(value));
	m->last_first = first;
	m->added++;
	return 0;
}

static bool name_matches(const struct mw_str *name, const char *pattern)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return name->n >= n - 1 && strncasecmp(name->p, pattern, n - 1) == 0;
	return name->n == n && strncasecmp(name->p, pattern, n) == 0;
}

static int fake_del_fields(struct mw_self *self, struct mw_msg *m, const char *name)
{
	size_t i = 0;
	int n = 0;

	assert(power(self, MW_POWER_EDIT));
	while (i < m->fields) {
		if (!name_matches(&m->field[i].name, name)) {
			i++;
			continue;
		}
		field_free(&m->field[i]);
		m->fields--;
		memmove(m->field + i, m->field + i + 1, (m->fields - i) * sizeof(*m->field));
		n++;
	}
	m->deleted += (size_t)n;
	return n;
}

static int fake_del_field(struct mw_self *self, struct mw_msg *m, size_t i)
{
	assert(power(self, MW_POWER_EDIT));
	if (i >= m->fields)
		return -EINVAL;
	field_free(&m->field[i]);
	m->fields--;
	memmove(m->field + i, m->field + i + 1, (m->fields - i) * sizeof(*m->field));
	m->deleted++;
	return 0;
}

static void fake_cached(struct mw_self *self, bool hit)
{
	(void)self;
	(void)hit;
}

static int fake_tag(struct mw_self *self, struct mw_msg *m, size_t rcpt, const char *tag)
{
	assert(power(self, MW_POWER_ROUTE));
	assert(rcpt < m->envelope.rcpts && m->tags < sizeof(m->tag) / sizeof(m->tag[0]));
	if (m->envelope.rcpt[rcpt].form != MW_ADDR_PLAIN)
		return -EINVAL;
	m->tag[m->tags].rcpt = rcpt;
	(void)snprintf(m->tag[m->tags].tag, sizeof(m->tag[0].tag), "%s", tag);
	m->tags++;
	return 0;
}

static size_t fake_unreadable(struct mw_msg *m, const char *reason)
{
	size_t n = 0;

	for (const char *const *r = m->unread; r && *r; r++)
		n += strcmp(*r, reason) == 0;
	return n;
}

static const char *fake_own_digest(struct mw_self *self)
{
	(void)self;
	return FH_DIGEST;
}

/* ---- options ----------------------------------------------------------------------------------------------------------------
 */

static void **texts;
static size_t texts_n;

static void *keep(void *p)
{
	void **grown = realloc(texts, (texts_n + 1) * sizeof(*grown));

	assert(p && grown);
	texts = grown;
	texts[texts_n++] = p;
	return p;
}

/* "a", "b" or a,b */
static struct mw_list list_of(const char *value)
{
	const char **v = keep(calloc(strlen(value) + 1, sizeof(*v)));
	struct mw_list list = {.v = v};

	while (*value) {
		size_t n = strcspn(value, ",\"");

		if (n)
			v[list.n++] = keep(copy(value, n));
		value += n;
		value += strspn(value, ", \"");
	}
	return list;
}

static void store(const struct mw_opt *row, void *at, const char *value)
{
	const struct mw_word *w = row->words;
	char *end;

	switch ((enum mw_type)row->type) {
	case MW_BOOL:
		*(bool *)at = strcmp(value, "yes") == 0;
		assert(*(bool *)at || strcmp(value, "no") == 0);
		return;
	case MW_INT:
	case MW_TIME:
		*(int64_t *)at = strtoll(value, NULL, 10);
		assert((!row->min && !row->max) || (*(int64_t *)at >= row->min && *(int64_t *)at <= row->max));
		return;
	case MW_SIZE:
		*(uint64_t *)at = strtoull(value, &end, 10);
		*(uint64_t *)at <<= *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
		return;
	case MW_WORD:
		while (w->name && strcmp(w->name, value) != 0)
			w++;
		assert(w->name);
		*(int64_t *)at = w->value;
		return;
	case MW_STR:
	case MW_PATH:
		*(const char **)at = keep(copy(value, strlen(value)));
		return;
	case MW_LIST:
		*(struct mw_list *)at = list_of(value);
		return;
	}
	abort();
}

void fh_opts(const struct mw_opt *rows, void *to)
{
	for (; rows && rows->name; rows++)
		if (rows->dflt)
			store(rows, (char *)to + rows->offset, rows->dflt);
}

void fh_opt(const struct mw_opt *rows, void *to, const char *name, const char *value)
{
	while (rows->name && strcmp(rows->name, name) != 0)
		rows++;
	assert(rows->name);
	store(rows, (char *)to + rows->offset, value);
}

void fh_opts_free(void)
{
	for (size_t i = 0; i < texts_n; i++)
		free(texts[i]);
	free(texts);
	texts = NULL;
	texts_n = 0;
}

/* ---- the table --------------------------------------------------------------------------------------------------------------
 */

static const struct mw_host table = {
    .size = sizeof(struct mw_host),
    .abi_major = MW_ABI_MAJOR,
    .abi_minor = MW_ABI_MINOR,
    .alloc = fake_alloc,
    .fail = fake_fail,
    .log = fake_log,
    .set_int = fake_set_int,
    .set_str = fake_set_str,
    .envelope = fake_envelope,
    .field = fake_field,
    .body = fake_body,
    .part = fake_part,
    .scan = fake_scan,
    .rule = fake_rule,
    .verdict = fake_verdict,
    .outcome = fake_outcome,
    .msg_class = fake_class,
    .policy_digest = fake_digest,
    .finding = fake_finding,
    .unreadable = fake_unreadable,
    .own_policy_digest = fake_own_digest,
    .add_field = fake_add_field,
    .del_fields = fake_del_fields,
    .del_field = fake_del_field,
    .cached = fake_cached,
    .tag = fake_tag,
};

const struct mw_host *fh_host(void)
{
	return &table;
}

void fh_self(struct mw_self *self, const struct mw_plugin *plugin)
{
	memset(self, 0, sizeof(*self));
	self->plugin = plugin;
}

bool fh_logged(const struct mw_self *self, const char *text)
{
	for (size_t i = 0; i < self->lines && i < FH_LINES; i++)
		if (strstr(self->line[i], text))
			return true;
	return false;
}

struct mw_str fh_str(const char *s)
{
	return (struct mw_str){.p = s, .n = strlen(s)};
}

void fh_msg(struct mw_msg *m)
{
	memset(m, 0, sizeof(*m));
	m->envelope.queue_id = "4XYZ1234";
	m->envelope.sender = fh_str("a@x.example");
	m->envelope.sender_domain = fh_str("x.example");
	m->envelope.client_addr = fh_str("192.0.2.1");
	m->envelope.client_name = fh_str("client.example");
	m->envelope.auth_type = fh_str("");
	m->envelope.auth_user = fh_str("");
	m->outcome.effect = MW_PASS;
	m->outcome.reason = "";
	m->digest = FH_DIGEST;
}

void fh_header(struct mw_msg *m, const char *text)
{
	while (*text) {
		const char *colon = strchr(text, ':'), *end = text;

		/* The field ends at a line end that no fold follows. */
		do {
			end = strchr(end, '\n');
			end = end ? end + 1 : text + strlen(text);
		} while (*end == ' ' || *end == '\t');
		assert(colon && colon < end);
		{
			const char *last = end;

			if (last > colon + 1 && last[-1] == '\n')
				last--;
			if (last > colon + 1 && last[-1] == '\r')
				last--;
			field_insert(m, m->fields, text, (size_t)(colon - text), colon + 1, (size_t)(last - colon - 1));
		}
		text = end;
	}
}

void fh_msg_reset(struct mw_msg *m)
{
	struct block *b = m->blocks;

	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
	for (size_t i = 0; i < m->fields; i++)
		field_free(&m->field[i]);
	free(m->field);
	free(m->last_name);
	free(m->last_value);
	fh_msg(m);
}
