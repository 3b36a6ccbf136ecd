/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/manifest.h"

#include "base/str.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define FORMAT 1

static const char *const kinds[] = {[MW_PART_ATTACHMENT] = "attachment", [MW_PART_INLINE] = "inline"};

/* ---- fields: the same rows serve both ways ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
    {"from", offsetof(struct mw_manifest, from)},
    {"to", offsetof(struct mw_manifest, to)},
    {"cc", offsetof(struct mw_manifest, cc)},
    {"reply-to", offsetof(struct mw_manifest, reply_to)},
    {"date", offsetof(struct mw_manifest, date)},
    {"subject", offsetof(struct mw_manifest, subject)},
    {"message-id", offsetof(struct mw_manifest, message_id)},
    {"sender", offsetof(struct mw_manifest, sender)},
    {"recipient", offsetof(struct mw_manifest, recipient)},
};
static const struct {
	const char *name;
	size_t offset;
} objects_of[] = {
    {"text", offsetof(struct mw_manifest, text)},
    {"html", offsetof(struct mw_manifest, html)},
    {"original", offsetof(struct mw_manifest, original)},
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- writing --------------------------------------------------------------------------------------------------------------------- */

/* False: no memory, or no UTF-8. Takes value. */
static bool put(json_t *object, const char *name, json_t *value)
{
	return value && json_object_set_new(object, name, value) == 0;
}

static bool put_text(json_t *object, const char *name, const char *text)
{
	return put(object, name, json_string(text ? text : ""));
}

static bool put_part(json_t *list, const struct mw_manifest_part *p)
{
	json_t *o = json_object();

	if (json_array_append_new(list, o) != 0)
		return false;
	return put(o, "object", json_integer(p->object)) && put_text(o, "kind", kinds[p->kind]) && put_text(o, "type", p->type) &&
	       put_text(o, "name", p->name) && put_text(o, "cid", p->cid) && put(o, "size", json_integer((json_int_t)p->size));
}

static bool put_all(json_t *root, const struct mw_manifest *m)
{
	json_t *list = json_array();
	bool good = put(root, "version", json_integer(FORMAT));

	for (size_t i = 0; i < COUNT(texts) && good; i++) {
		const char *text;

		memcpy(&text, (const char *)m + texts[i].offset, sizeof(text));
		good = put_text(root, texts[i].name, text);
	}
	for (size_t i = 0; i < COUNT(objects_of) && good; i++) {
		uint32_t n;

		memcpy(&n, (const char *)m + objects_of[i].offset, sizeof(n));
		good = put(root, objects_of[i].name, json_integer(n));
	}
	good = good && put(root, "received", json_integer(m->received)) && put(root, "more", json_boolean(m->more));
	for (size_t i = 0; i < m->parts && good; i++)
		good = put_part(list, &m->part[i]);
	return put(root, "parts", list) && good;
}

static int add(const char *p, size_t n, void *out)
{
	mw_buf_add(out, p, n);
	return 0;
}

int mw_manifest_write(const struct mw_manifest *m, struct mw_buf *out, struct mw_err *err)
{
	json_t *root = json_object();
	int r = 0;

	if (!root)
		return mw_fail_memory(err);
	if (!put_all(root, m))
		r = mw_fail(err, -EINVAL, "the manifest cannot be written: no memory, or a text that is not UTF-8");
	else if (json_dump_callback(root, add, out, JSON_COMPACT) != 0 || !mw_buf_ok(out))
		r = mw_fail_memory(err);
	json_decref(root);
	return r;
}

/* ---- reading --------------------------------------------------------------------------------------------------------------------- */

static bool get_text(struct mw_arena *a, json_t *o, const char *name, const char **ret)
{
	json_t *s = json_object_get(o, name);

	*ret = json_is_string(s) ? mw_arena_dup(a, json_string_value(s), json_string_length(s)) : NULL;
	return *ret != NULL;
}

static bool get_number(json_t *o, const char *name, json_int_t most, json_int_t *ret)
{
	json_t *n = json_object_get(o, name);

	*ret = json_integer_value(n);
	return json_is_integer(n) && *ret >= 0 && *ret <= most;
}

static bool get_part(struct mw_arena *a, json_t *o, uint32_t objects, struct mw_manifest_part *p)
{
	const char *kind;
	json_int_t n, size;

	if (!get_number(o, "object", (json_int_t)objects - 1, &n) || !get_number(o, "size", INT64_MAX, &size) ||
	    !get_text(a, o, "kind", &kind) || !get_text(a, o, "type", &p->type) || !get_text(a, o, "name", &p->name) ||
	    !get_text(a, o, "cid", &p->cid))
		return false;
	p->object = (uint32_t)n;
	p->size = (uint64_t)size;
	p->kind = strcmp(kind, kinds[MW_PART_INLINE]) == 0 ? MW_PART_INLINE : MW_PART_ATTACHMENT;
	return true;
}

static bool get_parts(struct mw_arena *a, json_t *list, uint32_t objects, struct mw_manifest *m)
{
	size_t n = json_array_size(list);
	struct mw_manifest_part *part =
	    json_is_array(list) && n <= MW_MANIFEST_PARTS ? mw_arena_array(a, n, sizeof(*part)) : NULL;

	for (size_t i = 0; part && i < n; i++)
		if (!get_part(a, json_array_get(list, i), objects, &part[i]))
			return false;
	m->part = part;
	m->parts = n;
	return part != NULL;
}

static bool get_all(struct mw_arena *a, json_t *root, uint32_t objects, struct mw_manifest *m)
{
	json_int_t n;

	if (!get_number(root, "version", FORMAT, &n) || n != FORMAT)
		return false;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text;

		if (!get_text(a, root, texts[i].name, &text))
			return false;
		memcpy((char *)m + texts[i].offset, &text, sizeof(text));
	}
	for (size_t i = 0; i < COUNT(objects_of); i++) {
		uint32_t number;

		if (!get_number(root, objects_of[i].name, (json_int_t)objects - 1, &n))
			return false;
		number = (uint32_t)n;
		memcpy((char *)m + objects_of[i].offset, &number, sizeof(number));
	}
	if (!get_number(root, "received", INT64_MAX, &n))
		return false;
	m->received = n;
	m->more = json_is_true(json_object_get(root, "more"));
	return get_parts(a, json_object_get(root, "parts"), objects, m);
}

int mw_manifest_read(struct mw_arena *a, struct mw_str json, uint32_t objects, struct mw_manifest *ret, struct mw_err *err)
{
	json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	struct mw_manifest m = {0};
	bool good = json_is_object(root) && objects > 0 && get_all(a, root, objects, &m);

	json_decref(root);
	if (!good)
		return mw_fail(err, -EBADMSG, "the manifest is damaged, or of another version");
	*ret = m;
	return 0;
}

const struct mw_manifest_part *mw_manifest_by_cid(const struct mw_manifest *m, struct mw_str cid)
{
	for (size_t i = 0; i < m->parts && cid.n; i++)
		if (mw_str_eq(cid, m->part[i].cid))
			return &m->part[i];
	return NULL;
}
