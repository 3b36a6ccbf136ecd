/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mail/entity.h"
#include "mail/header.h"
#include "mail/hint.h"
#include "mail/label.h"
#include "mail/sealed.h"

#define SAMPLE 4096u /* octets that tell whether all is encoded */

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
	struct mw_forest *forest;
	struct mw_tree *tree;
	struct mw_reading reading;
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

/* A line that divides a multipart. */
struct delimiter {
	size_t at, after; /* the line, and what is behind it */
	size_t frame;
	bool last;
};

/* ---- leaves ------------------------------------------------------------------------------------------------------ */

static void breached(const struct walk *w, enum mw_limit limit)
{
	if (w->forest->breach)
		w->forest->breach[limit] = true;
}

static int add_leaf(struct walk *w, struct mw_leaf pub, struct mw_str data, enum mw_transfer transfer)
{
	return mw_tree_add(w->forest, w->tree, (struct mw_tree_leaf){.pub = pub, .data = data, .transfer = transfer});
}

static uint32_t body_zone(bool attachment)
{
	return attachment ? MW_ZONE_ATTACHMENT : MW_ZONE_BODY;
}

/* Text beside the leaves: "2.preamble", "2.header", "2.name". */
static int add_text(struct walk *w, const char *path, const char *word, const char *type, uint32_t zone, struct mw_str text)
{
	const char *name = mw_tree_path(w->forest, path, word);

	if (!name)
		return -ENOMEM;
	return add_leaf(w, (struct mw_leaf){.path = name, .type = type, .charset = "", .name = "", .zone = zone}, text,
			MW_TRANSFER_NONE);
}

/* Something about this place cannot be relied on; what could be read is in other leaves. */
static int add_damage(struct walk *w, const char *path)
{
	const char *name = mw_tree_path(w->forest, path, "structure");
	struct mw_leaf pub = {
	    .path = name, .type = "text/plain", .charset = "", .name = "", .zone = MW_ZONE_BODY, .unread = "damaged"};

	return name ? add_leaf(w, pub, MW_STR_LIT(""), MW_TRANSFER_NONE) : -ENOMEM;
}

/* ---- boundaries -------------------------------------------------------------------------------------------------- */

enum match { NONE, PREFIX, EXACT };

/* Is the line at `at` the delimiter "--boundary" or "--boundary--", or does it begin with it? Says where the line ends. */
static enum match match_line(struct mw_str s, size_t at, struct mw_str boundary, struct delimiter *d)
{
	size_t i = at + 2 + boundary.n;
	const char *lf;

	if (i > s.n || memcmp(s.p + at + 2, boundary.p, boundary.n) != 0)
		return NONE;
	d->at = at;
	d->last = s.n - i >= 2 && s.p[i] == '-' && s.p[i + 1] == '-';
	if (d->last)
		i += 2;
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r'))
		i++;
	lf = i < s.n ? memchr(s.p + i, '\n', s.n - i) : NULL;
	d->after = lf ? (size_t)(lf - s.p) + 1 : s.n;
	return i == s.n || s.p[i] == '\n' ? EXACT : PREFIX;
}

/* Which multipart a line divides: the innermost that is open; one that was closed only if there is no other. RFC 2046 5.1.1 lets
 * a reader be content with a line that begins with the delimiter; nearly none is, and those are the loose ones. */
static bool match_frame(struct walk *w, size_t at, struct delimiter *ret)
{
	struct delimiter closed, prefix, d;
	bool has_closed = false, has_prefix = false;

	if (w->s.n - at < 3 || w->s.p[at] != '-' || w->s.p[at + 1] != '-')
		return false;
	for (size_t i = w->frames; i-- > 0;) {
		enum match m = match_line(w->s, at, w->frame[i].boundary, &d);

		d.frame = i;
		if (m == EXACT && !w->frame[i].closed) {
			*ret = d;
			return true;
		}
		if (m == EXACT && !has_closed) {
			has_closed = true;
			closed = d;
		} else if (m == PREFIX && !has_prefix && !w->frame[i].closed) {
			has_prefix = true;
			prefix = d;
		}
	}
	w->tree->doubt = w->tree->doubt || has_prefix || (has_closed && !closed.last);
	if (w->reading.loose ? has_prefix : has_closed) {
		*ret = w->reading.loose ? prefix : closed;
		return true;
	}
	return false;
}

/* Next delimiter line at or behind `from`, which is the start of a line. False: there is none. */
static bool next_delimiter(struct walk *w, size_t from, struct delimiter *ret)
{
	while (w->frames && from < w->s.n) {
		const char *mark;

		if (match_frame(w, from, ret))
			return true;
		mark = memmem(w->s.p + from, w->s.n - from, "\n--", 3);
		if (!mark)
			break;
		from = (size_t)(mark - w->s.p) + 1;
	}
	return false;
}

/* ---- entities ---------------------------------------------------------------------------------------------------- */

static void note_odd(struct walk *w, struct mw_str s)
{
	if (!w->reading.lines && !w->tree->odd)
		w->tree->odd = mw_hint_odd(s);
}

/* The header at *at, which moves to the body. A boundary ends it too. message: not of a part, so that an mbox line may begin it.
 */
static struct mw_str read_header(struct walk *w, size_t *at, bool message)
{
	struct mw_str rest = {.p = w->s.p + *at, .n = w->s.n - *at}, header;
	struct delimiter d;
	struct mw_field f;

	if (message)
		mw_header_skip_mbox(&rest);
	header = rest;
	for (;;) {
		const char *line = rest.p;

		header.n = (size_t)(line - header.p);
		if (rest.n == 0 || match_frame(w, (size_t)(line - w->s.p), &d))
			break;
		if (mw_header_next(&rest, &f))
			continue;
		if (rest.p != line)
			break; /* the empty line */
		w->tree->doubt = true;
		if (!w->reading.loose)
			break;
		mw_header_skip_line(&rest);
	}
	*at = (size_t)(rest.p - w->s.p);
	note_odd(w, header);
	return header;
}

/* A part without a header, or a message in the message, may have one to a reader that skips empty lines before it. */
static void skip_empty_lines(struct walk *w, size_t *at, const struct place *place)
{
	struct mw_str rest = {.p = w->s.p + *at, .n = w->s.n - *at};
	size_t n = mw_hint_empty_lines(rest);

	if (n == 0 || place->digest)
		return;
	w->tree->doubt = true;
	if (w->reading.loose)
		*at += n;
}

static int push_frame(struct walk *w, struct place place)
{
	struct frame *v = mw_arena_grow(w->forest->arena, w->frame, &w->cap, w->frames + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	if (w->frames == 0)
		note_odd(w, (struct mw_str){.p = w->s.p + w->start, .n = w->s.n - w->start});
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

static bool is_multipart(const char *type)
{
	return strncmp(type, "multipart/", 10) == 0;
}

/* Why the content of this type cannot be read, though it may be scanned as it stands; NULL = it can. */
static const char *type_unread(const struct mw_entity *e)
{
	if (strcmp(e->type, "message/partial") == 0 || (is_multipart(e->type) && !*e->boundary))
		return "damaged";
	if (strcmp(e->type, "message/external-body") == 0)
		return "unknown-format";
	return NULL;
}

/* File names and fields of a part are text that a person wrote. */
static int add_entity_text(struct walk *w, const char *path)
{
	struct mw_str names = mw_str(w->entity.names), text = mw_str(w->entity.text);
	int r = names.n ? add_text(w, path, "name", "text/plain", MW_ZONE_FILENAME, names) : 0;

	if (r == 0 && text.n)
		r = add_text(w, path, "mime", "text/plain", MW_ZONE_HEADER, text);
	return r == 0 && w->entity.damaged ? add_damage(w, path) : r;
}

/* The RFCs forbid to encode a multipart or a message as a whole, and some senders do it all the same. A message in base64 is
 * nothing else to any reader, and what is not in base64 cannot be decoded. Otherwise, by the letter an encoded message is decoded
 * and a multipart is one as it stands, as nearly all readers have it; a loose reader does the opposite. */
static bool is_encoded_whole(struct walk *w)
{
	struct mw_str sample = {.p = w->s.p + w->start, .n = w->s.n - w->start};
	bool message = is_message(w->entity.type), qp = w->entity.transfer == MW_TRANSFER_QP, pure;
	const char *dashes;

	if (sample.n > SAMPLE)
		sample.n = SAMPLE;
	if (w->entity.transfer == MW_TRANSFER_NONE || w->unread || !(message || is_multipart(w->entity.type)))
		return false;
	dashes = qp || sample.n == 0 ? NULL : sample.p[0] == '-' ? sample.p : memmem(sample.p, sample.n, "\n--", 3);
	if (dashes)
		sample.n = (size_t)(dashes - sample.p); /* no base64 */
	if (mw_str_trim(sample).n == 0)
		return false;
	pure = mw_transfer_pure(w->entity.transfer, sample);
	if (!qp && (message || !pure))
		return pure;
	w->tree->doubt = true;
	return (message && pure) != w->reading.loose;
}

/* Reads the header at *at and says what follows: a leaf, or the preamble of a multipart. *inner: a message begins there instead.
 */
static int begin_one(struct walk *w, size_t *at, struct place *place, bool *inner)
{
	struct mw_str header;
	bool part = !place->body, multipart, message, whole;
	const char *leaf_path;
	int r;

	skip_empty_lines(w, at, place);
	header = read_header(w, at, place->body);
	r = mw_entity_read(w->forest->arena, header, part, place->digest ? "message/rfc822" : "text/plain", w->reading.loose,
			   &w->entity);
	leaf_path = part ? place->path : mw_tree_path(w->forest, place->path, "1");
	if (r < 0 || !leaf_path)
		return -ENOMEM;
	multipart = is_multipart(w->entity.type);
	message = is_message(w->entity.type);
	w->tree->doubt = w->tree->doubt || w->entity.doubtful;
	w->section = LEAF;
	w->start = *at;
	w->path = leaf_path;
	w->unread = type_unread(&w->entity);
	w->attachment = place->attachment || w->entity.attachment;
	w->depth = place->depth;
	*inner = false;
	whole = is_encoded_whole(w);
	r = add_entity_text(w, multipart ? place->path : leaf_path);
	if (r < 0)
		return r;
	if ((multipart || message) && place->depth >= w->forest->limits->max[MW_LIMIT_DEPTH]) {
		breached(w, MW_LIMIT_DEPTH);
		w->unread = "limit";
	} else if (multipart && !whole && !w->unread) {
		return push_frame(w, *place);
	} else if (message && !whole) {
		*inner = true;
		*place = (struct place){.path = leaf_path, .body = true, .attachment = w->attachment, .depth = place->depth + 1};
	}
	return 0;
}

/* The header of a message inside, as a leaf; and the line of an mbox above it, which some show and which may say anything. */
static int add_message_header(struct walk *w, size_t at, const char *path)
{
	struct mw_str mbox = mw_str_behind(w->s, at), behind = mbox, header;
	int r;

	mw_header_skip_mbox(&behind);
	mbox.n -= behind.n;
	r = mbox.n ? add_text(w, path, "mbox", "text/plain", MW_ZONE_HEADER, mbox) : 0;
	if (r < 0)
		return r;
	header = read_header(w, &at, true);
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

/* ---- sections ---------------------------------------------------------------------------------------------------- */

static int walk_on(struct walk *w, size_t at);

/* A message or multipart that was encoded as a whole: what is in it. */
static int walk_decoded(struct walk *w, struct mw_str octets)
{
	struct walk inner = {.forest = w->forest, .tree = w->tree, .reading = w->reading, .s = octets};
	struct place place = {.path = w->path, .body = true, .attachment = w->attachment, .depth = w->depth + 1};
	size_t at = 0;
	int r;

	if (is_message(w->entity.type)) {
		r = add_message_header(&inner, 0, w->path);
		if (r == 0)
			r = begin(&inner, &at, place);
	} else {
		inner.entity = w->entity;
		inner.attachment = w->attachment;
		r = push_frame(&inner, place);
	}
	return r < 0 ? r : walk_on(&inner, at);
}

static int end_encoded(struct walk *w, struct mw_str data)
{
	struct mw_made *made = mw_forest_make(w->forest);
	struct mw_leaf pub = {.path = w->path,
			      .type = w->entity.type,
			      .charset = "",
			      .name = w->entity.name,
			      .zone = MW_ZONE_ATTACHMENT,
			      .unread = "limit"};
	int r;

	if (!made)
		return -ENOMEM;
	r = mw_transfer_decode(w->entity.transfer, data, mw_forest_room(w->forest), &made->octets);
	if (r == 0 && w->reading.lines)
		mw_plain_lines(&made->octets);
	w->forest->made_octets += made->octets.n;
	if (r == 0)
		return walk_decoded(w, (struct mw_str){.p = mw_buf_text(&made->octets), .n = made->octets.n});
	if (r != -EFBIG)
		return r;
	breached(w, MW_LIMIT_SIZE);
	return add_leaf(w, pub, data, MW_TRANSFER_NONE);
}

/* Is there nothing that a reader might show beside what is decoded? Around a uuencoded file there may be any text. */
static bool is_all_decoded(enum mw_transfer transfer, struct mw_str data)
{
	return transfer != MW_TRANSFER_UU && mw_transfer_pure(transfer, data);
}

/* What is not understood may still be text; what is not what its encoding says, or not only that, is read in both ways. */
static int add_second_look(struct walk *w, struct mw_leaf pub, struct mw_str data, enum mw_transfer transfer)
{
	if (mw_str_trim(data).n == 0 || (pub.unread && (strcmp(pub.unread, "sealed") == 0 || strcmp(pub.unread, "limit") == 0)))
		return 0;
	if (pub.unread || (transfer == w->entity.transfer && !is_all_decoded(transfer, data)))
		return add_text(w, w->path, "raw", "text/plain", pub.zone, data);
	if (transfer == w->entity.transfer)
		return 0;
	pub.path = mw_tree_path(w->forest, w->path, "decoded");
	return pub.path ? add_leaf(w, pub, data, w->entity.transfer) : -ENOMEM;
}

static int end_leaf(struct walk *w, struct mw_str data)
{
	const struct mw_entity *e = &w->entity;
	enum mw_transfer transfer = mw_transfer_plausible(e->transfer, data) ? e->transfer : MW_TRANSFER_NONE;
	bool text = strncmp(e->type, "text/", 5) == 0;
	struct mw_leaf pub = {.path = w->path,
			      .type = e->type,
			      .charset = e->charset,
			      .name = e->name,
			      .zone = body_zone(!text || w->attachment),
			      .delsp = e->delsp && strcmp(e->type, "text/plain") == 0,
			      .unread = w->unread};
	int r;

	w->tree->doubt = w->tree->doubt || mw_hint_boundary(data, e->boundary);
	if (!pub.unread && !text && mw_sealed(e->type, data, transfer))
		pub.unread = "sealed";
	r = add_leaf(w, pub, data, transfer);
	if (r == 0)
		r = add_second_look(w, pub, data, transfer);
	return r;
}

/* What stands between the start of the section and `end`. */
static int end_section(struct walk *w, size_t end)
{
	struct mw_str data = {.p = w->s.p + w->start, .n = end > w->start ? end - w->start : 0};
	int r;

	if (w->section == LEAF && !w->unread && (is_message(w->entity.type) || is_multipart(w->entity.type))) {
		r = end_encoded(w, data);
		if (r < 0 || is_all_decoded(w->entity.transfer, data))
			return r;
		return add_text(w, w->path, "raw", "text/plain", body_zone(w->attachment), data);
	}
	if (w->section == LEAF)
		return end_leaf(w, data);
	if (mw_str_trim(data).n == 0)
		return 0;
	r = add_text(w, w->path, w->section == PREAMBLE ? "preamble" : "epilogue", "text/plain", body_zone(w->attachment), data);
	return r == 0 && mw_hint_field(data) ? add_damage(w, w->path) : r;
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

static int on_delimiter(struct walk *w, const struct delimiter *d, size_t *at)
{
	char number[24];
	struct place place;
	struct frame *f;
	int r = pop_frames(w, d->frame + 1);

	if (r < 0)
		return r;
	f = &w->frame[d->frame];
	*at = d->after;
	if (d->last) {
		f->closed = true;
		w->section = EPILOGUE;
		w->start = *at;
		w->path = f->path;
		w->attachment = f->attachment;
		return 0;
	}
	f->closed = false;
	f->children++;
	(void)snprintf(number, sizeof(number), "%u", f->children);
	place = (struct place){.path = mw_tree_path(w->forest, f->path, number),
			       .attachment = f->attachment,
			       .digest = f->digest,
			       .depth = f->depth};
	return place.path ? begin(w, at, place) : -ENOMEM;
}

/* From inside of a section to the end. */
static int walk_on(struct walk *w, size_t at)
{
	struct delimiter d;
	int r = 0;

	while (r == 0 && next_delimiter(w, at, &d)) {
		r = end_section(w, before_line(w->s, d.at));
		if (r == 0)
			r = on_delimiter(w, &d, &at);
	}
	if (r == 0)
		r = end_section(w, w->s.n);
	return r < 0 ? r : pop_frames(w, 0);
}

int mw_walk(struct mw_forest *forest, struct mw_str s, struct mw_reading reading, const char *root, struct mw_tree *tree)
{
	struct walk w = {.forest = forest, .tree = tree, .reading = reading, .s = s};
	struct place top = {.path = root, .body = true};
	size_t at = 0;
	int r = begin(&w, &at, top);

	return r < 0 ? r : walk_on(&w, at);
}
