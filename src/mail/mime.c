/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MIME tree, walked once from the first octet to the last, without recursion over its nesting and without objects for what
 * lies beyond a limit. Every octet of the message belongs to a header, a boundary line, or a leaf: nothing is left out.
 */
#include "mail/mime.h"

#include <errno.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/str.h"
#include "mail/entity.h"
#include "mail/header.h"
#include "mail/sealed.h"

struct leaf {
	struct mw_leaf pub;
	struct mw_str data;
	enum mw_transfer transfer;
};

/* A message that was encoded as a whole (message/rfc822 in base64), decoded: its leaves point here. */
struct decoded {
	struct mw_buf octets;
	struct decoded *next;
};

struct mw_mime {
	struct mw_arena *arena;
	struct leaf *leaf;
	size_t n, cap;
	struct decoded *decoded;
	uint64_t decoded_octets;
};

/* An open multipart. */
struct frame {
	struct mw_str boundary;
	const char *path; /* of its children: "" for the message's own */
	uint64_t depth;
	unsigned children;
	bool closed; /* its last boundary was seen; should another follow all the same, what is behind is a part again */
	bool digest;
	bool attachment; /* it, or what it is in, is attached */
};

enum section { LEAF, PREAMBLE, EPILOGUE };

/* The walk over one run of octets: the message, or one that was decoded out of it. */
struct walk {
	struct mw_mime *mime;
	const struct mw_limits *limits;
	bool *breach;
	struct mw_str s;
	struct frame *frame;
	size_t frames, cap;
	/* What is being read, up to the next boundary. */
	enum section section;
	size_t start;
	const char *path; /* of the leaf, or of the multipart */
	struct mw_entity entity;
	const char *unread;
	bool attachment;
	uint64_t depth;
};

/* Where an entity stands. */
struct place {
	const char *path; /* of a part; for the body of a message, of the message */
	bool body;
	bool attachment;
	bool digest;
	uint64_t depth;
};

void mw_mime_init(void)
{
	g_mime_init();
}

/* ---- leaves ------------------------------------------------------------------------------------------------------------------- */

static void breached(const struct walk *w, enum mw_limit limit)
{
	if (w->breach)
		w->breach[limit] = true;
}

/* A leaf; strings are borrowed. At the limit one that says so, and -EFBIG ends the walk. */
static int add_leaf(struct walk *w, struct mw_leaf pub, struct mw_str data, enum mw_transfer transfer)
{
	struct mw_mime *m = w->mime;
	bool room = m->n < w->limits->max[MW_LIMIT_PARTS];
	struct leaf *v = mw_arena_grow(m->arena, m->leaf, &m->cap, m->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	m->leaf = v;
	if (!room) {
		pub.unread = "limit";
		breached(w, MW_LIMIT_PARTS);
	}
	v[m->n++] = (struct leaf){.pub = pub, .data = data, .transfer = transfer};
	return room ? 0 : -EFBIG;
}

/* path "2", word "header" -> "2.header"; path "" -> the word alone. NULL = no memory. */
static const char *join(struct walk *w, const char *path, const char *word)
{
	return mw_arena_printf(w->mime->arena, "%s%s%s", path, *path ? "." : "", word);
}

static const char *join_number(struct walk *w, const char *path, unsigned n)
{
	return mw_arena_printf(w->mime->arena, "%s%s%u", path, *path ? "." : "", n);
}

static uint32_t body_zone(bool attachment)
{
	return attachment ? MW_ZONE_ATTACHMENT : MW_ZONE_BODY;
}

/* Text beside the leaves: "2.preamble", "2.header", "2.mime". */
static int add_text(struct walk *w, const char *path, const char *word, const char *type, uint32_t zone, struct mw_str text)
{
	const char *name = join(w, path, word);

	if (!name)
		return -ENOMEM;
	return add_leaf(w, (struct mw_leaf){.path = name, .type = type, .charset = "", .name = "", .zone = zone}, text, MW_TRANSFER_NONE);
}

/* Something about this place cannot be relied on; what could be read is in other leaves. */
static int add_damage(struct walk *w, const char *path)
{
	const char *name = join(w, path, "structure");

	if (!name)
		return -ENOMEM;
	return add_leaf(w,
			(struct mw_leaf){.path = name, .type = "text/plain", .charset = "", .name = "", .zone = MW_ZONE_BODY, .unread = "damaged"},
			(struct mw_str){.p = "", .n = 0}, MW_TRANSFER_NONE);
}

/* ---- boundaries ----------------------------------------------------------------------------------------------------------------- */

/* Is the line at `at` the delimiter "--boundary" or "--boundary--"? *after: index behind the line. */
static bool is_delimiter(struct mw_str s, size_t at, struct mw_str boundary, bool *last, size_t *after)
{
	size_t i = at + 2 + boundary.n;

	if (i > s.n || memcmp(s.p + at + 2, boundary.p, boundary.n) != 0)
		return false;
	*last = s.n - i >= 2 && s.p[i] == '-' && s.p[i + 1] == '-';
	if (*last)
		i += 2;
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r'))
		i++;
	if (i < s.n && s.p[i] != '\n')
		return false;
	*after = i < s.n ? i + 1 : i;
	return true;
}

/* The open multipart that the line at `at` divides, the innermost first; w->frames = none. */
static size_t match_frame(const struct walk *w, size_t at, bool *last, size_t *after)
{
	size_t closed = w->frames;

	if (w->s.n - at < 3 || w->s.p[at] != '-' || w->s.p[at + 1] != '-')
		return w->frames;
	for (size_t i = w->frames; i-- > 0;) {
		if (!is_delimiter(w->s, at, w->frame[i].boundary, last, after))
			continue;
		if (!w->frame[i].closed)
			return i;
		if (closed == w->frames)
			closed = i; /* only if no open one has the same boundary */
	}
	if (closed < w->frames)
		(void)is_delimiter(w->s, at, w->frame[closed].boundary, last, after);
	return closed;
}

/* Next delimiter line at or behind `from`, which is the start of a line. False: there is none. */
static bool next_delimiter(const struct walk *w, size_t from, size_t *at, size_t *frame, bool *last, size_t *after)
{
	while (w->frames && from < w->s.n) {
		const char *mark;

		*frame = match_frame(w, from, last, after);
		if (*frame < w->frames) {
			*at = from;
			return true;
		}
		mark = memmem(w->s.p + from, w->s.n - from, "\n--", 3);
		if (!mark)
			break;
		from = (size_t)(mark - w->s.p) + 1;
	}
	return false;
}

/* ---- entities ------------------------------------------------------------------------------------------------------------------- */

/* The header at *at, which moves to the body. A boundary ends it too. */
static struct mw_str read_header(const struct walk *w, size_t *at)
{
	struct mw_str rest = {.p = w->s.p + *at, .n = w->s.n - *at}, header;
	struct mw_field f;
	size_t after;
	bool last;

	mw_header_skip_mbox(&rest);
	header = rest;
	do
		header.n = (size_t)(rest.p - header.p);
	while (match_frame(w, (size_t)(rest.p - w->s.p), &last, &after) == w->frames && mw_header_next(&rest, &f));
	*at = (size_t)(rest.p - w->s.p);
	return header;
}

static int push_frame(struct walk *w, struct place place)
{
	struct frame *v = mw_arena_grow(w->mime->arena, w->frame, &w->cap, w->frames + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	w->frame = v;
	v[w->frames++] = (struct frame){.boundary = mw_str(w->entity.boundary),
					.path = place.path,
					.depth = place.depth + 1,
					.digest = strcmp(w->entity.type, "multipart/digest") == 0,
					.attachment = w->attachment};
	w->section = PREAMBLE;
	w->path = place.path;
	return 0;
}

static bool is_message(const char *type)
{
	return strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0 || strcmp(type, "message/news") == 0;
}

/* Why the content of this type cannot be read, though it may be scanned as it stands; NULL = it can. */
static const char *type_unread(const char *type)
{
	if (strcmp(type, "message/partial") == 0)
		return "damaged";
	if (strcmp(type, "message/external-body") == 0)
		return "unknown-format";
	return NULL;
}

/* Fields and file name of a part are text that a person wrote. */
static int add_entity_text(struct walk *w, const char *path)
{
	struct mw_str text = mw_str(w->entity.text);
	int r = text.n ? add_text(w, path, "mime", "text/plain", MW_ZONE_HEADER, text) : 0;

	return r == 0 && w->entity.twofold ? add_damage(w, path) : r;
}

/* Reads the header at *at and says what follows: a leaf, or the preamble of a multipart. *inner: a message begins there instead. */
static int begin_one(struct walk *w, size_t *at, struct place *place, bool *inner)
{
	struct mw_str header = read_header(w, at);
	bool part = !place->body, multipart;
	const char *leaf_path;
	int r;

	r = mw_entity_read(w->mime->arena, header, part, place->digest ? "message/rfc822" : "text/plain", &w->entity);
	leaf_path = part ? place->path : join(w, place->path, "1");
	if (r < 0 || !leaf_path)
		return -ENOMEM;
	multipart = strncmp(w->entity.type, "multipart/", 10) == 0;
	w->section = LEAF;
	w->start = *at;
	w->path = leaf_path;
	w->unread = type_unread(w->entity.type);
	w->attachment = place->attachment || w->entity.attachment;
	w->depth = place->depth;
	*inner = is_message(w->entity.type) && w->entity.transfer == MW_TRANSFER_NONE;
	r = add_entity_text(w, multipart ? place->path : leaf_path);
	if (r < 0)
		return r;
	if ((multipart || is_message(w->entity.type)) && place->depth >= w->limits->max[MW_LIMIT_DEPTH]) {
		breached(w, MW_LIMIT_DEPTH);
		*inner = false;
		w->unread = "limit";
		return 0;
	}
	if (multipart && *w->entity.boundary)
		return push_frame(w, *place);
	if (multipart)
		w->unread = "damaged";
	if (*inner)
		*place = (struct place){.path = leaf_path, .body = true, .attachment = w->attachment, .depth = place->depth + 1};
	return 0;
}

/* The header of a message inside, as a leaf. */
static int add_message_header(struct walk *w, size_t at, const char *path)
{
	struct mw_str header = read_header(w, &at);

	return mw_str_trim(header).n ? add_text(w, path, "header", "text/rfc822-headers", MW_ZONE_HEADER, header) : 0;
}

/* Begins the entity at *at, and the messages that begin right inside of it; *at moves to the content. */
static int begin(struct walk *w, size_t *at, struct place place)
{
	bool inner;
	int r;

	do {
		r = begin_one(w, at, &place, &inner);
		if (r == 0 && inner)
			r = add_message_header(w, *at, place.path);
	} while (r == 0 && inner);
	return r;
}

static int walk_octets(struct walk *w, struct place place);

/* A message that was encoded as a whole. */
static int end_encoded_message(struct walk *w, struct mw_str data)
{
	struct mw_mime *m = w->mime;
	struct decoded *d = mw_arena_alloc(m->arena, sizeof(*d));
	struct walk inner = {.mime = m, .limits = w->limits, .breach = w->breach};
	uint64_t max = w->limits->max[MW_LIMIT_SIZE];
	struct place place = {.path = w->path, .body = true, .attachment = w->attachment, .depth = w->depth + 1};
	int r;

	if (!d)
		return -ENOMEM;
	d->next = m->decoded;
	m->decoded = d;
	r = mw_transfer_decode(w->entity.transfer, data, max > m->decoded_octets ? max - m->decoded_octets : 0, &d->octets);
	m->decoded_octets += d->octets.n;
	if (r == -ENOMEM)
		return r;
	inner.s = (struct mw_str){.p = mw_buf_text(&d->octets), .n = d->octets.n};
	if (r == -EFBIG) {
		struct mw_leaf pub = {.path = w->path, .type = w->entity.type, .charset = "", .name = w->entity.name,
				      .zone = MW_ZONE_ATTACHMENT, .unread = "limit"};

		breached(w, MW_LIMIT_SIZE);
		r = add_leaf(w, pub, data, MW_TRANSFER_NONE);
		return r;
	}
	r = add_message_header(&inner, 0, w->path);
	return r < 0 ? r : walk_octets(&inner, place);
}

static int end_leaf(struct walk *w, struct mw_str data)
{
	const struct mw_entity *e = &w->entity;
	enum mw_transfer transfer = mw_transfer_plausible(e->transfer, data) ? e->transfer : MW_TRANSFER_NONE;
	bool text = strncmp(e->type, "text/", 5) == 0;
	struct mw_leaf pub = {.path = w->path, .type = e->type, .charset = e->charset, .name = e->name,
			      .zone = body_zone(!text || w->attachment), .unread = w->unread};
	int r;

	if (!pub.unread && !text && mw_sealed(e->type, e->name, data, transfer))
		pub.unread = "sealed";
	r = add_leaf(w, pub, data, transfer);
	/* What is not understood may still be text. */
	if (r == 0 && pub.unread && strcmp(pub.unread, "sealed") != 0 && strcmp(pub.unread, "limit") != 0 && mw_str_trim(data).n)
		r = add_text(w, w->path, "raw", "text/plain", pub.zone, data);
	return r;
}

/* What stands between the start of the section and `end`. */
static int end_section(struct walk *w, size_t end)
{
	struct mw_str data = {.p = w->s.p + w->start, .n = end > w->start ? end - w->start : 0};

	if (w->section == LEAF && is_message(w->entity.type) && !w->unread) {
		if (mw_transfer_plausible(w->entity.transfer, data))
			return end_encoded_message(w, data);
		w->unread = "damaged";
	}
	if (w->section == LEAF)
		return end_leaf(w, data);
	if (mw_str_trim(data).n == 0)
		return 0;
	return add_text(w, w->path, w->section == PREAMBLE ? "preamble" : "epilogue", "text/plain", body_zone(w->attachment), data);
}

/* Leaves the multiparts above `keep`. One without any part has lost what it had, or hides it from us. */
static int pop_frames(struct walk *w, size_t keep)
{
	int r = 0;

	while (r == 0 && w->frames > keep) {
		const struct frame *f = &w->frame[--w->frames];

		if (f->children == 0)
			r = add_damage(w, f->path);
	}
	return r;
}

/* Index of the line end before `at`, which belongs to the boundary. */
static size_t before_line(struct mw_str s, size_t at)
{
	if (at && s.p[at - 1] == '\n')
		at--;
	return at && s.p[at - 1] == '\r' ? at - 1 : at;
}

static int on_delimiter(struct walk *w, size_t frame, bool last, size_t *at)
{
	struct place place;
	struct frame *f;
	int r = pop_frames(w, frame + 1);

	if (r < 0)
		return r;
	f = &w->frame[frame];
	if (last) {
		f->closed = true;
		w->section = EPILOGUE;
		w->start = *at;
		w->path = f->path;
		w->attachment = f->attachment;
		return 0;
	}
	f->closed = false;
	f->children++;
	place = (struct place){.path = join_number(w, f->path, f->children),
			       .attachment = f->attachment,
			       .digest = f->digest,
			       .depth = f->depth};
	return place.path ? begin(w, at, place) : -ENOMEM;
}

static int walk_octets(struct walk *w, struct place place)
{
	size_t pos = 0, at, frame, after;
	bool last;
	int r = begin(w, &pos, place);

	while (r == 0 && next_delimiter(w, pos, &at, &frame, &last, &after)) {
		r = end_section(w, before_line(w->s, at));
		pos = after;
		if (r == 0)
			r = on_delimiter(w, frame, last, &pos);
	}
	if (r == 0)
		r = end_section(w, w->s.n);
	return r < 0 ? r : pop_frames(w, 0);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------ */

/* Does the message begin with something that is neither a field nor the end of a header? Then all of it is text. */
static bool is_shapeless(struct mw_str message)
{
	struct mw_str rest = message;
	struct mw_field f;

	return mw_str_trim(message).n && !mw_header_next(&rest, &f) && rest.n == message.n;
}

int mw_mime_parse(struct mw_arena *a, struct mw_str message, const struct mw_limits *limits, bool breach[MW_LIMITS], struct mw_mime **ret,
		  struct mw_err *err)
{
	struct mw_mime *m = mw_arena_alloc(a, sizeof(*m));
	struct walk w = {.mime = m, .limits = limits, .breach = breach, .s = message};
	struct place top = {.path = "", .body = true};
	int r;

	if (!m)
		return mw_fail_memory(err);
	m->arena = a;
	if (!message.p)
		w.s.p = "";
	mw_header_skip_mbox(&w.s);
	r = walk_octets(&w, top);
	if (r == 0 && is_shapeless(w.s))
		r = add_damage(&w, "1");
	if (r < 0 && r != -EFBIG) {
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

int mw_mime_decode(struct mw_mime *m, size_t i, uint64_t max, struct mw_buf *out)
{
	mw_buf_clear(out);
	return mw_transfer_decode(m->leaf[i].transfer, m->leaf[i].data, max, out);
}

void mw_mime_free(struct mw_mime **mp)
{
	if (!mp || !*mp)
		return;
	for (struct decoded *d = (*mp)->decoded; d; d = d->next)
		mw_buf_free(&d->octets);
	(*mp)->decoded = NULL;
	*mp = NULL;
}
