/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/filename.h"

#include "portal/html_text.h"

#include <stdint.h>
#include <string.h>

/* ---- one name --------------------------------------------------------------------------------------------------------------------- */

/* Characters that nobody sees, or that turn others around. All are of two or three octets. */
static size_t unseen(struct mw_str s)
{
	static const char *const chars[] = {
	    "\xc2\xad",									    /* soft hyphen */
	    "\xd8\x9c",									    /* Arabic letter mark */
	    "\xe1\xa0\x8e",								    /* Mongolian vowel separator */
	    "\xe2\x80\x8b",								    /* zero width space */
	    "\xe2\x80\x8e", "\xe2\x80\x8f",						    /* marks of direction */
	    "\xe2\x80\xa8", "\xe2\x80\xa9",						    /* ends of line and paragraph */
	    "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", /* embeddings, overrides */
	    "\xe2\x81\xa0",								    /* word joiner */
	    "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9",		    /* isolates */
	    "\xef\xbb\xbf",								    /* byte order mark */
	};

	for (size_t i = 0; i < sizeof(chars) / sizeof(*chars); i++) {
		size_t n = strlen(chars[i]);

		if (s.n >= n && memcmp(s.p, chars[i], n) == 0)
			return n;
	}
	return 0;
}

/* Without what is unseen; signs of paths and shells become "_". */
static void put_signs(struct mw_str s, struct mw_buf *out)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		n = unseen(mw_str_behind(s, i));
		if (n)
			continue;
		n = 1;
		mw_buf_putc(out, s.p[i] == '\n' || s.p[i] == '\t' ? ' ' : strchr("/\\:*?\"<>|", s.p[i]) ? '_' : s.p[i]);
	}
}

static struct mw_str trim(struct mw_str s)
{
	while (s.n && (s.p[0] == '.' || s.p[0] == ' '))
		s = mw_str_behind(s, 1);
	while (s.n && (s.p[s.n - 1] == '.' || s.p[s.n - 1] == ' '))
		s.n--;
	return s;
}

/* Octets up to the dot of the extension; all when there is none. */
static size_t stem(struct mw_str s)
{
	for (size_t i = s.n; i-- > 1;) {
		if (s.n - i > 16)
			break;
		if (s.p[i] == '.')
			return i;
	}
	return s.n;
}

/* The first n octets and no part of a character. */
static struct mw_str head_of(struct mw_str s, size_t n)
{
	if (n < s.n) {
		while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
		s.n = n;
	}
	return s;
}

/* A name that Windows takes for a device, whatever its extension. */
static bool is_device(struct mw_str s)
{
	static const char *const names[] = {"con", "prn", "aux", "nul", "com", "lpt"};
	struct mw_str first = s;
	bool digit;

	for (first.n = 0; first.n < s.n && s.p[first.n] != '.'; first.n++)
		;
	while (first.n && first.p[first.n - 1] == ' ')
		first.n--;
	digit = first.n == 4 && first.p[3] >= '0' && first.p[3] <= '9';
	if (digit)
		first.n = 3;
	for (size_t i = 0; i < 6; i++)
		if (mw_str_caseeq(first, names[i]) && digit == (i >= 4))
			return true;
	return false;
}

static void put_limited(struct mw_str s, struct mw_buf *out)
{
	size_t at = stem(s);
	struct mw_str extension = mw_str_behind(s, at);
	bool device = is_device(s);

	if (device)
		mw_buf_putc(out, '_');
	s.n = at;
	s = head_of(s, MW_FILENAME_MAX - 1 - extension.n - device);
	if (!extension.n)
		s = trim(s); /* the cut may be behind a dot */
	mw_buf_add(out, s.p, s.n);
	mw_buf_add(out, extension.p, extension.n);
}

void mw_filename_safe(struct mw_str name, struct mw_buf *out)
{
	struct mw_buf valid = MW_BUF_INIT, signs = MW_BUF_INIT;
	struct mw_str s;

	mw_html_valid(&valid, name);
	put_signs((struct mw_str){.p = mw_buf_text(&valid), .n = valid.n}, &signs);
	s = trim((struct mw_str){.p = mw_buf_text(&signs), .n = signs.n});
	if (!mw_buf_ok(&valid) || !mw_buf_ok(&signs))
		out->failed = true;
	else if (s.n)
		put_limited(s, out);
	else
		mw_buf_puts(out, "file");
	mw_buf_free(&valid);
	mw_buf_free(&signs);
}

/* ---- Content-Disposition ----------------------------------------------------------------------------------------------------------- */

static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

/* attr-char of RFC 8187 */
static bool is_attr(char c)
{
	return (mw_lower(c) >= 'a' && mw_lower(c) <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$&+-.^_`|~", c));
}

void mw_filename_disposition(bool is_inline, struct mw_str safe, struct mw_buf *out)
{
	bool differs = false;

	mw_buf_puts(out, is_inline ? "inline; filename=\"" : "attachment; filename=\"");
	for (size_t i = 0; i < safe.n; i++) {
		unsigned char c = (unsigned char)safe.p[i];

		differs = differs || !is_plain(safe.p[i]);
		if ((c & 0xc0) != 0x80) /* one sign for each character */
			mw_buf_putc(out, is_plain(safe.p[i]) ? safe.p[i] : '_');
	}
	mw_buf_putc(out, '"');
	if (!differs)
		return;
	mw_buf_puts(out, "; filename*=UTF-8''");
	for (size_t i = 0; i < safe.n; i++)
		if (is_attr(safe.p[i]))
			mw_buf_putc(out, safe.p[i]);
		else
			mw_buf_printf(out, "%%%02X", (unsigned char)safe.p[i]);
}

/* ---- names that differ ------------------------------------------------------------------------------------------------------------- */

struct mw_filenames {
	struct mw_arena *arena;
	size_t size; /* a power of two, twice the names at least */
	unsigned number;
	const char **slot;
};

struct mw_filenames *mw_filenames_new(struct mw_arena *arena, size_t n)
{
	struct mw_filenames *names = mw_arena_alloc(arena, sizeof(*names));

	if (!names)
		return NULL;
	names->arena = arena;
	for (names->size = 16; names->size < 2 * n; names->size *= 2)
		;
	names->slot = mw_arena_array(arena, names->size, sizeof(*names->slot));
	return names->slot ? names : NULL;
}

/* FNV-1a over letters without case. */
static uint64_t hash(struct mw_str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)mw_lower(s.p[i])) * 0x100000001b3u;
	return h;
}

/* Where it stands, or would. */
static const char **find(struct mw_filenames *names, struct mw_str s)
{
	size_t i = (size_t)hash(s) & (names->size - 1);

	while (names->slot[i] && !mw_str_casesame(mw_str(names->slot[i]), s))
		i = (i + 1) & (names->size - 1);
	return &names->slot[i];
}

/* A number that another name has cannot be the next one's either: it is counted on, so that all names together take few tries. */
static void put_number(struct mw_filenames *names, struct mw_str safe, struct mw_buf *out)
{
	size_t at = stem(safe);
	struct mw_str extension = mw_str_behind(safe, at), first = {.p = safe.p, .n = at};

	mw_buf_clear(out);
	first = head_of(first, MW_FILENAME_MAX - 12 - extension.n);
	mw_buf_add(out, first.p, first.n);
	mw_buf_printf(out, " (%u)", ++names->number);
	mw_buf_add(out, extension.p, extension.n);
}

const char *mw_filenames_add(struct mw_filenames *names, struct mw_str name)
{
	struct mw_buf safe = MW_BUF_INIT, tried = MW_BUF_INIT;
	const char **slot, *kept = NULL;

	mw_filename_safe(name, &safe);
	mw_buf_add(&tried, mw_buf_text(&safe), safe.n);
	slot = find(names, (struct mw_str){.p = mw_buf_text(&tried), .n = tried.n});
	while (*slot && mw_buf_ok(&tried)) {
		if (!names->number)
			names->number = 1;
		put_number(names, (struct mw_str){.p = mw_buf_text(&safe), .n = safe.n}, &tried);
		slot = find(names, (struct mw_str){.p = mw_buf_text(&tried), .n = tried.n});
	}
	if (mw_buf_ok(&safe) && mw_buf_ok(&tried))
		kept = *slot = mw_arena_dup(names->arena, mw_buf_text(&tried), tried.n);
	mw_buf_free(&safe);
	mw_buf_free(&tried);
	return kept;
}
