/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_list: what was found, and what is known. */
#include "ctl/doctor.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *doctor_room(struct doctor *d, void **v, size_t *n, size_t *cap, size_t size)
{
	void *grown = mw_arena_grow(d->arena, *v, cap, *n + 1, size);

	if (!grown) {
		d->lost = true;
		return NULL;
	}
	*v = grown;
	return (char *)grown + size * (*n)++;
}

__attribute__((format(printf, 2, 0))) static const char *text_of(struct doctor *d, const char *fmt, va_list ap)
{
	char text[4096];
	char *copy;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	copy = mw_arena_str(d->arena, text);
	d->lost = d->lost || !copy;
	return copy ? copy : "";
}

const char *doctor_text(struct doctor *d, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = text_of(d, fmt, ap);
	va_end(ap);
	return text;
}

static bool is_ignored(const struct doctor *d, const char *id)
{
	for (size_t i = 0; i < d->ignored.n; i++)
		if (strcmp(d->ignored.v[i], id) == 0)
			return true;
	return false;
}

/* Told once: two policies may say the same. */
static bool is_known(const struct doctor *d, const struct doctor_finding *f)
{
	for (size_t i = 0; i < d->findings.n; i++) {
		const struct doctor_finding *k = &d->findings.v[i];

		if (strcmp(k->id, f->id) == 0 && strcmp(k->where, f->where) == 0 && strcmp(k->text, f->text) == 0)
			return true;
	}
	return false;
}

static void add(struct doctor *d, struct doctor_finding f)
{
	struct doctor_finding *at;

	if (is_ignored(d, f.id) || is_known(d, &f))
		return;
	at = DOCTOR_ADD(d, d->findings);
	if (at)
		*at = f;
}

void doctor_find(struct doctor *d, enum doctor_severity severity, const char *id, const char *where, const char *fix,
		 const char *fmt, ...)
{
	struct doctor_finding f = {.severity = severity, .id = id, .where = doctor_text(d, "%s", where)};
	va_list ap;

	va_start(ap, fmt);
	f.text = text_of(d, fmt, ap);
	va_end(ap);
	f.fix = doctor_text(d, "%s", fix ? fix : "");
	add(d, f);
}

void doctor_find_dns(struct doctor *d, enum doctor_severity severity, const char *id, const char *where, const char *fix,
		     const char *fmt, ...)
{
	struct doctor_finding f = {.severity = severity, .id = id, .where = doctor_text(d, "%s", where), .dns = true};
	va_list ap;

	va_start(ap, fmt);
	f.text = text_of(d, fmt, ap);
	va_end(ap);
	f.fix = doctor_text(d, "%s", fix);
	add(d, f);
}

const char *doctor_fact(const struct doctor *d, const char *name)
{
	for (size_t i = 0; i < d->facts.n; i++)
		if (strcmp(d->facts.v[i].name, name) == 0)
			return d->facts.v[i].value;
	return NULL;
}

void doctor_add_fact(struct doctor *d, const char *name, const char *value, const char *more)
{
	struct doctor_fact *f = DOCTOR_ADD(d, d->facts);

	if (f)
		*f = (struct doctor_fact){.name = doctor_text(d, "%s", name),
					  .value = doctor_text(d, "%s", value),
					  .more = doctor_text(d, "%s", more ? more : "")};
}
