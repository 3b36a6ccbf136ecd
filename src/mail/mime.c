/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readings of a message, one after the other, and what they have in common. Nearly every message needs the first alone: only
 * when it meets something that other readers take otherwise are they asked too.
 */
#include "mail/mime.h"

#include <errno.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/str.h"
#include "mail/header.h"
#include "mail/walk.h"

struct mw_mime {
	struct mw_forest forest;
	struct mw_tree tree; /* of the first reading; then what the others found */
};

void mw_mime_init(void)
{
	g_mime_init();
}

/* ---- forest ------------------------------------------------------------------------------------------------------ */

struct mw_made *mw_forest_make(struct mw_forest *f)
{
	struct mw_made *made = mw_arena_alloc(f->arena, sizeof(*made));

	if (made) {
		made->next = f->made;
		f->made = made;
	}
	return made;
}

uint64_t mw_forest_room(const struct mw_forest *f)
{
	uint64_t max = f->limits->max[MW_LIMIT_SIZE];

	return f->made_octets < max ? max - f->made_octets : 0;
}

static void breached(const struct mw_forest *f, enum mw_limit limit)
{
	if (f->breach)
		f->breach[limit] = true;
}

static int append(const struct mw_forest *f, struct mw_tree *t, struct mw_tree_leaf leaf)
{
	struct mw_tree_leaf *v = mw_arena_grow(f->arena, t->leaf, &t->cap, t->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	t->leaf = v;
	v[t->n++] = leaf;
	return 0;
}

int mw_tree_add(const struct mw_forest *f, struct mw_tree *t, struct mw_tree_leaf leaf)
{
	bool room = t->n < f->limits->max[MW_LIMIT_PARTS];
	int r;

	if (!room) {
		leaf.pub.unread = "limit";
		breached(f, MW_LIMIT_PARTS);
	}
	r = append(f, t, leaf);
	return r < 0 ? r : room ? 0 : -EFBIG;
}

const char *mw_tree_path(const struct mw_forest *f, const char *path, const char *word)
{
	size_t n = strlen(path);

	return mw_arena_printf(f->arena, "%s%s%s", path, n && path[n - 1] != '/' ? "." : "", word);
}

/* Octets of the run of CRs at i. */
static size_t returns(const struct mw_buf *b, size_t i)
{
	size_t n = 0;

	while (i + n < b->n && b->p[i + n] == '\r')
		n++;
	return n;
}

void mw_plain_lines(struct mw_buf *b)
{
	size_t n = 0, i = 0;

	while (i < b->n) {
		size_t run = returns(b, i);

		if (run) {
			i += run;
			if (i == b->n || b->p[i] != '\n') /* "\r\r\n" is one line end */
				memset(b->p + n, '\n', run);
			n += i == b->n || b->p[i] != '\n' ? run : 0;
			continue;
		}
		if (b->p[i])
			b->p[n++] = b->p[i];
		i++;
	}
	mw_buf_cut(b, n);
}

/* ---- comparing readings ------------------------------------------------------------------------------------------ */

/* Index of the next octet at or behind i that is neither of a line end nor NUL. */
static size_t next_seen(struct mw_str s, size_t i)
{
	while (i < s.n && (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0'))
		i++;
	return i;
}

/* The same text, line ends and NUL aside? */
static bool same_text(struct mw_str a, struct mw_str b)
{
	size_t i = 0, k = 0;

	if (a.p == b.p && a.n == b.n)
		return true;
	for (;;) {
		i = next_seen(a, i);
		k = next_seen(b, k);
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (a.p[i++] != b.p[k++])
			return false;
	}
}

static bool same_leaf(const struct mw_tree_leaf *a, const struct mw_tree_leaf *b)
{
	return a->transfer == b->transfer && strcmp(a->pub.type, b->pub.type) == 0 &&
	       strcmp(a->pub.charset, b->pub.charset) == 0 && a->pub.delsp == b->pub.delsp && !a->pub.unread == !b->pub.unread &&
	       same_text(a->data, b->data);
}

/* Adds to `to` the leaves in which `other` differs from it. Readings differ at few places as a rule: what is the same at the
 * start and at the end is left away. *differ is set when there is anything. */
static int merge(const struct mw_forest *f, struct mw_tree *to, size_t n, const struct mw_tree *other, bool *differ)
{
	size_t head = 0, tail = 0;
	int r = 0;

	while (head < n && head < other->n && same_leaf(&to->leaf[head], &other->leaf[head]))
		head++;
	while (tail < n - head && tail < other->n - head && same_leaf(&to->leaf[n - 1 - tail], &other->leaf[other->n - 1 - tail]))
		tail++;
	if (head < n || head < other->n)
		*differ = true;
	for (size_t i = head; r == 0 && i < other->n - tail; i++)
		if (other->leaf[i].pub.unread || mw_str_trim(other->leaf[i].data).n)
			r = append(f, to, other->leaf[i]);
	return r;
}

/* ---- the readings ------------------------------------------------------------------------------------------------ */

/* One more reading of s, by its letter and, where there is doubt, loosely. first: of how many leaves the first reading is. */
static int read_again(struct mw_mime *m, struct mw_str s, bool lines, size_t first, bool *differ)
{
	static const char *const root[2][2] = {{"", "loose/"}, {"lines/", "lines/loose/"}};
	bool doubt = m->tree.doubt;
	int r = 0;

	for (int loose = lines ? 0 : 1; r == 0 && loose < 2; loose++) {
		struct mw_tree tree = {0};

		if (loose && !doubt)
			break;
		r = mw_walk(&m->forest, s, (struct mw_reading){.loose = loose, .lines = lines}, root[lines][loose], &tree);
		if (r == 0 || r == -EFBIG)
			r = merge(&m->forest, &m->tree, first, &tree, differ);
		doubt = doubt || tree.doubt;
		m->tree.odd = m->tree.odd || tree.odd;
	}
	return r;
}

/* The message with plain lines; -EFBIG: there is no room for it. */
static int make_plain(struct mw_forest *f, struct mw_str message, struct mw_str *ret)
{
	struct mw_made *made;

	if (message.n > mw_forest_room(f))
		return -EFBIG;
	made = mw_forest_make(f);
	if (!made)
		return -ENOMEM;
	mw_buf_add(&made->octets, message.p, message.n);
	if (!mw_buf_ok(&made->octets))
		return -ENOMEM;
	mw_plain_lines(&made->octets);
	f->made_octets += message.n;
	*ret = (struct mw_str){.p = mw_buf_text(&made->octets), .n = made->octets.n};
	return 0;
}

static struct mw_tree_leaf plain_leaf(const char *path, const char *unread, struct mw_str data)
{
	return (struct mw_tree_leaf){
	    .pub = {.path = path, .type = "text/plain", .charset = "", .name = "", .zone = MW_ZONE_BODY, .unread = unread},
	    .data = data};
}

/* The body of the message, and whether its header says MIME. */
static struct mw_str body_of(struct mw_str message, bool *mime)
{
	struct mw_field f;

	*mime = false;
	while (mw_header_next(&message, &f))
		if (mw_str_caseeq(f.name, "mime-version"))
			*mime = true;
	return message;
}

/* Is there anything in the tree that a reader without MIME would not see as we do? */
static bool needs_mime(const struct mw_tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->leaf[i].transfer != MW_TRANSFER_NONE || strncmp(t->leaf[i].pub.type, "text/", 5) != 0)
			return true;
	return t->n > 1;
}

/* Is the text in the tree as it stands? */
static bool has_text(const struct mw_tree *t, struct mw_str text)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct mw_tree_leaf *l = &t->leaf[i];

		if (l->data.p == text.p && l->data.n == text.n && l->transfer == MW_TRANSFER_NONE && !l->pub.unread &&
		    !*l->pub.charset && strcmp(l->pub.type, "text/plain") == 0)
			return true;
	}
	return false;
}

/* What the first reading was not sure of: other readings, and then the body as text for all that nobody thought of. */
static int read_doubts(struct mw_mime *m, struct mw_str message)
{
	const size_t first = m->tree.n;
	struct mw_str plain, body;
	bool differ = false, mime;
	int r = read_again(m, message, false, first, &differ);

	if (r == 0 && m->tree.odd) {
		r = make_plain(&m->forest, message, &plain);
		if (r == 0) {
			r = read_again(m, plain, true, first, &differ);
		} else if (r == -EFBIG) {
			breached(&m->forest, MW_LIMIT_SIZE);
			r = append(&m->forest, &m->tree, plain_leaf("lines/1", "limit", MW_STR_LIT("")));
		}
	}
	if (r == 0 && differ)
		r = append(&m->forest, &m->tree, plain_leaf("structure", "damaged", MW_STR_LIT("")));
	body = body_of(message, &mime);
	if (r == 0 && mw_str_trim(body).n && (differ || (!mime && needs_mime(&m->tree))) && !has_text(&m->tree, body))
		r = append(&m->forest, &m->tree, plain_leaf("raw", NULL, body));
	return r;
}

int mw_mime_parse(struct mw_arena *a, struct mw_str message, const struct mw_limits *limits, bool breach[MW_LIMITS],
		  struct mw_mime **ret, struct mw_err *err)
{
	struct mw_mime *m = mw_arena_alloc(a, sizeof(*m));
	int r;

	if (!m)
		return mw_fail_memory(err);
	m->forest = (struct mw_forest){.arena = a, .limits = limits, .breach = breach};
	if (!message.p)
		message.p = "";
	mw_header_skip_mbox(&message);
	r = mw_walk(&m->forest, message, (struct mw_reading){.loose = false}, "", &m->tree);
	if (r == 0 || r == -EFBIG)
		r = read_doubts(m, message);
	if (r < 0) {
		mw_mime_free(&m);
		return mw_fail_memory(err);
	}
	*ret = m;
	return 0;
}

size_t mw_mime_leaves(const struct mw_mime *m)
{
	return m->tree.n;
}

const struct mw_leaf *mw_mime_leaf(const struct mw_mime *m, size_t i)
{
	return i < m->tree.n ? &m->tree.leaf[i].pub : NULL;
}

int mw_mime_decode(struct mw_mime *m, size_t i, uint64_t max, struct mw_buf *out)
{
	mw_buf_clear(out);
	return mw_transfer_decode(m->tree.leaf[i].transfer, m->tree.leaf[i].data, max, out);
}

void mw_mime_free(struct mw_mime **mp)
{
	if (!mp || !*mp)
		return;
	for (struct mw_made *made = (*mp)->forest.made; made; made = made->next)
		mw_buf_free(&made->octets);
	(*mp)->forest.made = NULL;
	*mp = NULL;
}
