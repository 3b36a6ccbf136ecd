/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/mime.h"

#include "base/str.h"
#include "mail/transfer.h"
#include <errno.h>
#include <gmime/gmime.h>
#include <string.h>

struct leaf {
	struct mw_leaf pub;
	GMimeDataWrapper *content; /* borrowed from the tree; NULL: data holds it */
	struct mw_str data;
};

struct mw_mime {
	struct mw_arena *arena;
	GByteArray *bytes; /* points to the caller's message */
	GMimeMessage *message;
	struct leaf *leaf;
	size_t n, cap;
};

struct walk {
	struct mw_mime *mime;
	const struct mw_limits *limits;
	bool *breach;
	bool full; /* the leaf that says "limit" is there */
};

void mw_mime_init(void)
{
	g_mime_init();
}

static char *lower(struct mw_arena *a, const char *s)
{
	char *p = mw_arena_str(a, s);

	for (char *c = p; c && *c; c++)
		*c = mw_lower(*c);
	return p;
}

static struct leaf *add_leaf(struct walk *w, const char *path, uint32_t zone, const char *unread)
{
	struct mw_mime *m = w->mime;
	struct leaf *v = mw_arena_grow(m->arena, m->leaf, &m->cap, m->n + 1, sizeof(*v));

	if (!v)
		return NULL;
	m->leaf = v;
	v = &m->leaf[m->n];
	*v = (struct leaf){.pub = {.path = mw_arena_str(m->arena, path), .type = "text/plain", .charset = "", .name = "", .zone = zone,
				   .unread = unread}};
	if (!v->pub.path)
		return NULL;
	m->n++;
	return v;
}

/* All that lies beyond a limit is one leaf, so that the policy sees that something was not read. */
static int stop_at(struct walk *w, enum mw_limit limit, const char *path)
{
	if (w->breach)
		w->breach[limit] = true;
	if (w->full)
		return 0;
	w->full = true;
	return add_leaf(w, path, MW_ZONE_ATTACHMENT, "limit") ? 0 : -ENOMEM;
}

static bool has_room(const struct walk *w)
{
	return w->mime->n < w->limits->max[MW_LIMIT_PARTS];
}

/* Text that no part owns (before the first boundary, after the last) is read by nobody but can carry anything. */
static int add_stray_text(struct walk *w, const char *path, const char *what, const char *text)
{
	struct leaf *leaf;
	char *name;

	if (!text || mw_str_trim(mw_str(text)).n == 0)
		return 0;
	if (!has_room(w))
		return stop_at(w, MW_LIMIT_PARTS, path);
	name = mw_arena_printf(w->mime->arena, "%s%s%s", path, *path ? "." : "", what);
	leaf = name ? add_leaf(w, name, MW_ZONE_BODY, NULL) : NULL;
	if (!leaf)
		return -ENOMEM;
	leaf->data = mw_str(text); /* lives with the tree */
	return 0;
}

static int set_names(struct walk *w, struct leaf *leaf, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	const char *charset = g_mime_object_get_content_type_parameter(object, "charset");
	const char *name = NULL;
	char *mime_type = type ? g_mime_content_type_get_mime_type(type) : NULL;

	if (GMIME_IS_PART(object))
		name = g_mime_part_get_filename((GMimePart *)object);
	if (!name)
		name = g_mime_object_get_content_type_parameter(object, "name");
	leaf->pub.type = lower(w->mime->arena, mime_type ? mime_type : "text/plain");
	leaf->pub.charset = lower(w->mime->arena, charset ? charset : "");
	leaf->pub.name = mw_arena_str(w->mime->arena, name && g_utf8_validate(name, -1, NULL) ? name : "");
	g_free(mime_type);
	return leaf->pub.type && leaf->pub.charset && leaf->pub.name ? 0 : -ENOMEM;
}

/* What is encrypted on purpose is "sealed"; what only refers to something elsewhere cannot be read. */
static const char *unread_reason(const char *type)
{
	if (strcmp(type, "application/pkcs7-mime") == 0 || strcmp(type, "application/x-pkcs7-mime") == 0 ||
	    strcmp(type, "application/pgp-encrypted") == 0)
		return "sealed";
	if (strcmp(type, "message/external-body") == 0)
		return "unknown-format";
	return NULL;
}

static int add_part(struct walk *w, GMimePart *part, const char *path)
{
	const char *disposition = g_mime_object_get_disposition((GMimeObject *)part);
	struct leaf *leaf;

	if (!has_room(w))
		return stop_at(w, MW_LIMIT_PARTS, path);
	leaf = add_leaf(w, path, MW_ZONE_BODY, NULL);
	if (!leaf || set_names(w, leaf, (GMimeObject *)part) < 0)
		return -ENOMEM;
	if (strncmp(leaf->pub.type, "text/", 5) != 0 || (disposition && g_ascii_strcasecmp(disposition, "attachment") == 0))
		leaf->pub.zone = MW_ZONE_ATTACHMENT;
	leaf->pub.unread = unread_reason(leaf->pub.type);
	leaf->content = g_mime_part_get_content(part);
	return 0;
}

static int walk_object(struct walk *w, GMimeObject *object, const char *path, uint64_t depth);

static int walk_multipart(struct walk *w, GMimeMultipart *multi, const char *path, uint64_t depth)
{
	int n = g_mime_multipart_get_count(multi), r;

	r = add_stray_text(w, path, "preamble", g_mime_multipart_get_prologue(multi));
	for (int i = 0; i < n && r == 0 && !w->full; i++) {
		char *child = mw_arena_printf(w->mime->arena, "%s%s%d", path, *path ? "." : "", i + 1);

		r = child ? walk_object(w, g_mime_multipart_get_part(multi, i), child, depth + 1) : -ENOMEM;
	}
	if (r == 0 && !w->full)
		r = add_stray_text(w, path, "epilogue", g_mime_multipart_get_epilogue(multi));
	return r;
}

/* The fields of a nested message as one text leaf. */
static int add_nested_header(struct walk *w, GMimeMessage *message, const char *path)
{
	char *name = mw_arena_printf(w->mime->arena, "%s.header", path);
	char *text = g_mime_object_get_headers((GMimeObject *)message, NULL);
	struct leaf *leaf = name && text && has_room(w) ? add_leaf(w, name, MW_ZONE_HEADER, NULL) : NULL;
	int r = 0;

	if (leaf) {
		leaf->pub.type = "text/rfc822-headers";
		leaf->data.p = mw_arena_str(w->mime->arena, text);
		leaf->data.n = leaf->data.p ? strlen(text) : 0;
	}
	if (!name || !text || (leaf && !leaf->data.p))
		r = -ENOMEM;
	else if (!leaf)
		r = stop_at(w, MW_LIMIT_PARTS, path);
	g_free(text);
	return r;
}

static int walk_message(struct walk *w, GMimeMessage *message, const char *path, uint64_t depth)
{
	GMimeObject *root = message ? g_mime_message_get_mime_part(message) : NULL;
	char *child;
	int r;

	if (!root)
		return add_leaf(w, path, MW_ZONE_ATTACHMENT, "damaged") ? 0 : -ENOMEM;
	r = add_nested_header(w, message, path);
	if (r < 0 || w->full)
		return r;
	if (GMIME_IS_MULTIPART(root))
		return walk_object(w, root, path, depth + 1);
	child = mw_arena_printf(w->mime->arena, "%s.1", path);
	return child ? walk_object(w, root, child, depth + 1) : -ENOMEM;
}

static int walk_object(struct walk *w, GMimeObject *object, const char *path, uint64_t depth)
{
	if (depth > w->limits->max[MW_LIMIT_DEPTH])
		return stop_at(w, MW_LIMIT_DEPTH, path);
	if (GMIME_IS_MULTIPART(object))
		return walk_multipart(w, (GMimeMultipart *)object, path, depth);
	if (GMIME_IS_MESSAGE_PART(object))
		return walk_message(w, g_mime_message_part_get_message((GMimeMessagePart *)object), path, depth);
	if (GMIME_IS_PART(object)) /* message/partial is one too */
		return add_part(w, (GMimePart *)object, path);
	return add_leaf(w, path, MW_ZONE_ATTACHMENT, "damaged") ? 0 : -ENOMEM;
}

static GMimeMessage *construct(GByteArray *bytes)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
	GMimeParser *parser;
	GMimeMessage *message;

	g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
	parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_persist_stream(parser, TRUE); /* parts stay windows on the caller's octets */
	g_mime_parser_set_format(parser, GMIME_FORMAT_MESSAGE);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

/* No header at all: GMime makes no message of it. Its octets are read as they are, and the policy is told. */
static int add_shapeless(struct walk *w, struct mw_str message)
{
	struct leaf *leaf;

	if (mw_str_trim(message).n == 0)
		return 0;
	leaf = add_leaf(w, "1", MW_ZONE_BODY, NULL);
	if (!leaf)
		return -ENOMEM;
	leaf->data = message;
	return add_leaf(w, "1.structure", MW_ZONE_BODY, "damaged") ? 0 : -ENOMEM;
}

int mw_mime_parse(struct mw_arena *a, struct mw_str message, const struct mw_limits *limits, bool breach[MW_LIMITS], struct mw_mime **ret,
		  struct mw_err *err)
{
	struct mw_mime *m = mw_arena_alloc(a, sizeof(*m));
	struct walk w = {.mime = m, .limits = limits, .breach = breach};
	GMimeObject *root;
	int r;

	if (!m)
		return mw_fail_memory(err);
	if (message.n > G_MAXUINT)
		return mw_fail(err, -EFBIG, "message too large to parse");
	m->arena = a;
	/* GMime only reads; it wants a pointer that is not const. */
	m->bytes = g_byte_array_new_take((guint8 *)(uintptr_t)message.p, message.n);
	m->message = construct(m->bytes);
	root = m->message ? g_mime_message_get_mime_part(m->message) : NULL;
	if (!root)
		r = add_shapeless(&w, message);
	else
		r = walk_object(&w, root, GMIME_IS_MULTIPART(root) ? "" : "1", 0);
	if (r < 0) {
		mw_mime_free(&m);
		return mw_fail_memory(err);
	}
	*ret = m;
	return 0;
}

size_t mw_mime_leaves(const struct mw_mime *m)
{
	return m->n;
}

const struct mw_leaf *mw_mime_leaf(const struct mw_mime *m, size_t i)
{
	return i < m->n ? &m->leaf[i].pub : NULL;
}

/* The octets of a leaf as they stand in the message: GMime's stream is a window on them. */
static struct mw_str raw_content(GMimeStream *stream)
{
	const GByteArray *bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
	gint64 start = stream->bound_start, end = stream->bound_end;

	if (end < 0 || (guint64)end > bytes->len)
		end = (gint64)bytes->len;
	if (start < 0 || start > end)
		start = end;
	return (struct mw_str){.p = (const char *)bytes->data + start, .n = (size_t)(end - start)};
}

static enum mw_transfer transfer_of(GMimeContentEncoding encoding)
{
	switch (encoding) {
	case GMIME_CONTENT_ENCODING_BASE64:
		return MW_TRANSFER_BASE64;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		return MW_TRANSFER_QP;
	case GMIME_CONTENT_ENCODING_UUENCODE:
		return MW_TRANSFER_UU;
	default:
		return MW_TRANSFER_NONE;
	}
}

int mw_mime_decode(struct mw_mime *m, size_t i, uint64_t max, struct mw_buf *out)
{
	const struct leaf *leaf = &m->leaf[i];
	enum mw_transfer transfer;
	GMimeStream *stream;
	struct mw_str raw;

	mw_buf_clear(out);
	if (!leaf->content) {
		bool over = leaf->data.n > max;

		mw_buf_add(out, leaf->data.p ? leaf->data.p : "", over ? (size_t)max : leaf->data.n);
		return !mw_buf_ok(out) ? -ENOMEM : over ? -EFBIG : 0;
	}
	stream = g_mime_data_wrapper_get_stream(leaf->content);
	if (!stream)
		return 0;
	raw = raw_content(stream);
	transfer = transfer_of(g_mime_data_wrapper_get_encoding(leaf->content));
	/* A label that lies must not hide what is readable on the wire. */
	return mw_transfer_decode(mw_transfer_plausible(transfer, raw) ? transfer : MW_TRANSFER_NONE, raw, max, out);
}

void mw_mime_free(struct mw_mime **mp)
{
	struct mw_mime *m = *mp;

	if (!m)
		return;
	if (m->message)
		g_object_unref(m->message);
	if (m->bytes)
		(void)g_byte_array_free(m->bytes, FALSE); /* the octets are the caller's */
	m->message = NULL;
	m->bytes = NULL;
	*mp = NULL;
}
