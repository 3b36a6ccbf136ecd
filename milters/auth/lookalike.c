/* SPDX-License-Identifier: Apache-2.0 */
#include "lookalike.h"

#include "author.h"
#include "confusables.h"
#include "words2047.h"

#include <errno.h>
#include <fcntl.h>
#include <idn2.h>
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST (8u * 1024u * 1024u)
#define NAME 64u /* octets of a label as it looks, with its end; what is longer is cut off */
#define DOT (1ull << ('.' & 63))
#define FAR 2u		   /* the furthest that a name may be off */
#define DISPLAY_MOST 4096u /* octets of a From field that are looked at */

/* A domain as a person sees it: "clinic" of clinic.co.uk. */
struct shape {
	char label[NAME]; /* its letters in ASCII */
	char name[NAME];  /* with pairs that pass for one letter as that */
	char bare[NAME];  /* and without hyphens */
	const char *suffix;
	uint64_t letters; /* set of the octets in label */
	uint32_t hash;	  /* of bare */
	uint8_t label_n, name_n, bare_n;
};

struct entry {
	char *domain; /* the organisation: lower case, A-labels */
	struct shape shape;
};

/* What most entries are passed over by. */
struct filter {
	uint64_t letters;	 /* of the label */
	uint64_t domain_letters; /* of the domain, but for its dots */
	uint32_t hash;
	uint8_t label_n, domain_n;
};

struct mw_lookalike {
	psl_ctx_t *suffixes;
	size_t n;
	struct entry *entry; /* in order of domain */
	struct filter *filter;
};

static uint64_t letters_of(const char *s, size_t n)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++)
		set |= 1ull << ((unsigned char)s[i] & 63);
	return set;
}

/* domain: an organisation. */
static void shape_of(const char *domain, struct shape *ret)
{
	const char *dot = strchr(domain, '.');
	size_t n = dot ? (size_t)(dot - domain) : strlen(domain);
	char label[MW_AUTH_NAME], *seen = NULL;
	const char *name = label;

	memset(ret, 0, sizeof(*ret));
	n = n < sizeof(label) ? n : sizeof(label) - 1;
	memcpy(label, domain, n);
	label[n] = '\0';
	if (strncmp(label, "xn--", 4) == 0 && idn2_to_unicode_8z8z(label, &seen, 0) == IDN2_OK)
		name = seen;
	ret->label_n = (uint8_t)mw_confusables_letters(name, strlen(name), ret->label, sizeof(ret->label));
	idn2_free(seen);
	memcpy(ret->name, ret->label, sizeof(ret->name));
	ret->name_n = (uint8_t)mw_confusables_fold(ret->name, ret->label_n);
	ret->hash = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < ret->name_n; i++) {
		if (ret->name[i] == '-')
			continue;
		ret->bare[ret->bare_n++] = ret->name[i];
		ret->hash = (ret->hash ^ (unsigned char)ret->name[i]) * 16777619u;
	}
	ret->letters = letters_of(ret->label, ret->label_n);
	ret->suffix = dot ? dot + 1 : "";
}

static const char *organisation(const struct mw_lookalike *l, const char *domain)
{
	const char *o = psl_registrable_domain(l->suffixes, domain);

	return o ? o : domain;
}

/* ---- tables ----------------------------------------------------------------------------------------------------------------- */

static int by_domain(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->domain, ((const struct entry *)b)->domain);
}

static int add(const struct mw_host *host, struct mw_lookalike *l, const char *text, size_t n, struct mw_err *err)
{
	char *ascii = NULL, written[4 * MW_AUTH_NAME];
	struct entry *e;
	const char *o;

	if (n >= sizeof(written))
		return host->fail(err, -EINVAL, "a domain of the site or of a partner is too long");
	memcpy(written, text, n);
	written[n] = '\0';
	if (memchr(written, '.', n) == NULL ||
	    idn2_lookup_u8((const uint8_t *)written, (uint8_t **)&ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return host->fail(err, -EINVAL, "\"%s\" is no domain", written);
	for (char *c = ascii; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	if (l->n == MW_LOOKALIKE_MOST) {
		idn2_free(ascii);
		return host->fail(err, -EFBIG, "more than %u domains of the site and its partners", MW_LOOKALIKE_MOST);
	}
	if ((l->n & (l->n - 1)) == 0) {
		struct entry *more = realloc(l->entry, (l->n ? 2 * l->n : 1) * sizeof(*more));

		if (!more) {
			idn2_free(ascii);
			return host->fail(err, -ENOMEM, "out of memory");
		}
		l->entry = more;
	}
	e = &l->entry[l->n];
	o = organisation(l, ascii);
	e->domain = strdup(o);
	idn2_free(ascii);
	if (!e->domain)
		return host->fail(err, -ENOMEM, "out of memory");
	shape_of(e->domain, &e->shape);
	l->n++;
	return 0;
}

static int read_lines(const struct mw_host *host, struct mw_lookalike *l, FILE *f, const char *path, struct mw_err *err)
{
	char line[2048];
	size_t all = 0;
	int r = 0;

	while (r == 0 && fgets(line, sizeof(line), f)) {
		char *p = line + strspn(line, " \t");
		size_t n = strcspn(p, " \t\r\n#");

		all += strlen(line);
		if (all > FILE_MOST)
			r = host->fail(err, -EFBIG, "%s: more than %u octets", path, FILE_MOST);
		else if (n)
			r = add(host, l, p, n, err);
	}
	if (r == 0 && ferror(f))
		r = host->fail(err, -EIO, "%s: cannot be read", path);
	return r;
}

/* The same organisation once. */
static void sort(struct mw_lookalike *l)
{
	size_t kept = 0;

	if (l->n)
		qsort(l->entry, l->n, sizeof(*l->entry), by_domain);
	for (size_t i = 0; i < l->n; i++) {
		if (kept && strcmp(l->entry[kept - 1].domain, l->entry[i].domain) == 0)
			free(l->entry[i].domain);
		else
			l->entry[kept++] = l->entry[i];
	}
	l->n = kept;
}

static int make_filter(struct mw_lookalike *l)
{
	l->filter = calloc(l->n ? l->n : 1, sizeof(*l->filter));
	if (!l->filter)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		const struct entry *e = &l->entry[i];
		size_t n = strlen(e->domain);

		l->filter[i] = (struct filter){.letters = e->shape.letters,
					       .domain_letters = letters_of(e->domain, n) & ~DOT,
					       .hash = e->shape.hash,
					       .label_n = e->shape.label_n,
					       .domain_n = (uint8_t)n};
	}
	return 0;
}

int mw_lookalike_open(const struct mw_host *host, const struct mw_list *own, const char *partners, struct mw_lookalike **ret,
		      struct mw_err *err)
{
	struct mw_lookalike *l = calloc(1, sizeof(*l));
	int r = 0;

	if (!l)
		return host->fail(err, -ENOMEM, "out of memory");
	l->suffixes = psl_latest(NULL);
	if (!l->suffixes)
		r = host->fail(err, -EIO, "the list of public suffixes cannot be read");
	for (size_t i = 0; r == 0 && i < own->n; i++)
		r = add(host, l, own->v[i], strlen(own->v[i]), err);
	if (r == 0 && partners && *partners) {
		int fd = open(partners, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* O_NONBLOCK: a FIFO must not hang the start */
		FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
		struct stat st;

		if (!f || fstat(fd, &st) < 0)
			r = host->fail(err, -errno, "%s: %s", partners, strerror(errno));
		else if (!S_ISREG(st.st_mode))
			r = host->fail(err, -EINVAL, "%s: it is no regular file", partners);
		else
			r = read_lines(host, l, f, partners, err);
		if (f)
			(void)fclose(f);
		else if (fd >= 0)
			(void)close(fd);
	}
	sort(l);
	if (r == 0 && make_filter(l) < 0)
		r = host->fail(err, -ENOMEM, "out of memory");
	if (r < 0)
		mw_lookalike_close(&l);
	else
		*ret = l;
	return r;
}

void mw_lookalike_close(struct mw_lookalike **lp)
{
	struct mw_lookalike *l = *lp;

	if (!l)
		return;
	*lp = NULL;
	for (size_t i = 0; i < l->n; i++)
		free(l->entry[i].domain);
	free(l->entry);
	free(l->filter);
	psl_free(l->suffixes);
	free(l);
}

/* The row of that organisation, NULL when it is not in the table. */
static const struct entry *find(const struct mw_lookalike *l, const char *domain)
{
	struct entry key = {.domain = (char *)(uintptr_t)domain};

	return l->n ? bsearch(&key, l->entry, l->n, sizeof(key), by_domain) : NULL;
}

/* ---- one domain ------------------------------------------------------------------------------------------------------------- */

/* Damerau's distance (neighbours may change places), no further than most: most + 1 is "too far". */
static unsigned distance(const char *a, size_t an, const char *b, size_t bn, unsigned most)
{
	unsigned rows[3][NAME + 1], *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t k = 0; k <= bn; k++)
		above[k] = (unsigned)k;
	for (size_t i = 1; i <= an; i++) {
		unsigned best, *spare = before;

		row[0] = best = (unsigned)i;
		for (size_t k = 1; k <= bn; k++) {
			unsigned d = above[k - 1] + (a[i - 1] != b[k - 1]);

			d = above[k] + 1 < d ? above[k] + 1 : d;
			d = row[k - 1] + 1 < d ? row[k - 1] + 1 : d;
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && before[k - 2] + 1 < d)
				d = before[k - 2] + 1;
			row[k] = d;
			best = d < best ? d : best;
		}
		if (best > most)
			return most + 1;
		before = above;
		above = row;
		row = spare;
	}
	return above[bn];
}

/* In short names, every letter makes another word. */
static unsigned tolerance(size_t n)
{
	return n < 5 ? 0 : n < 10 ? 1 : 2;
}

static bool is_close(const struct shape *a, const struct shape *b)
{
	size_t shorter = a->label_n < b->label_n ? a->label_n : b->label_n;
	unsigned most = tolerance(shorter);

	if (most == 0 || (size_t)a->label_n + b->label_n > 2 * shorter + most)
		return false;
	return distance(a->label, a->label_n, b->label, b->label_n, most) <= most;
}

/* "clinic.example" as labels, or parts of labels between hyphens, of "clinic.example.evil.test" or "clinic-example.evil.test". */
static bool is_inside(const char *domain, size_t n, const char *of)
{
	size_t of_n = strlen(of);

	for (size_t at = 0; at + of_n < n; at++) {
		size_t k = 0;

		if (at && domain[at - 1] != '.' && domain[at - 1] != '-')
			continue;
		while (k < of_n && (domain[at + k] == of[k] || (of[k] == '.' && domain[at + k] == '-')))
			k++;
		if (k == of_n && (domain[at + k] == '.' || domain[at + k] == '-'))
			return true;
	}
	return false;
}

static bool same_suffix(const struct shape *a, const struct shape *b)
{
	return strcmp(a->suffix, b->suffix) == 0;
}

/* May the entry be it? False for most, true for all that likeness() finds. A letter that is changed changes two of a set. */
static bool may_be(const struct filter *f, const struct filter *of)
{
	if (of->hash == f->hash)
		return true;
	if (of->label_n <= f->label_n + FAR && f->label_n <= of->label_n + FAR &&
	    __builtin_popcountll(of->letters ^ f->letters) <= 2 * (int)FAR)
		return true;
	return of->domain_n < f->domain_n && (of->domain_letters & ~f->domain_letters) == 0;
}

/* Why it can be taken for the entry; NULL: it cannot. */
static const char *likeness(const char *domain, size_t n, const struct shape *s, const struct entry *e)
{
	const struct shape *o = &e->shape;

	if (s->bare_n == o->bare_n && memcmp(s->bare, o->bare, s->bare_n) == 0) {
		if (!same_suffix(s, o))
			return "the same name under another suffix";
		return strcmp(s->name, o->name) == 0 ? "it looks the same" : "only hyphens differ";
	}
	if (same_suffix(s, o) && is_close(s, o))
		return "a letter or two differ";
	return is_inside(domain, n, e->domain) ? "it stands inside of another domain" : NULL;
}

static void tell(struct mw_likeness_result *ret, const char *domain, const char *of, const char *why)
{
	ret->found = true;
	(void)snprintf(ret->domain, sizeof(ret->domain), "%s", domain);
	(void)snprintf(ret->of, sizeof(ret->of), "%s", of);
	(void)snprintf(ret->why, sizeof(ret->why), "%s", why);
}

bool mw_lookalike_domain(const struct mw_lookalike *l, const char *domain, struct mw_likeness_result *ret)
{
	const char *own = organisation(l, domain);
	size_t n = strlen(domain);
	struct filter filter;
	struct shape shape;

	if (l->n == 0 || find(l, own))
		return false;
	shape_of(own, &shape);
	filter = (struct filter){.letters = shape.letters,
				 .domain_letters = letters_of(domain, n),
				 .hash = shape.hash,
				 .label_n = shape.label_n,
				 .domain_n = (uint8_t)(n < UINT8_MAX ? n : UINT8_MAX)};
	for (size_t i = 0; i < l->n; i++) {
		const char *why = may_be(&filter, &l->filter[i]) ? likeness(domain, n, &shape, &l->entry[i]) : NULL;

		if (!why)
			continue;
		tell(ret, domain, l->entry[i].domain, why);
		return true;
	}
	return false;
}

/* ---- the name beside the address -------------------------------------------------------------------------------------------- */

static bool is_domain_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* What stands behind an "@", in lower case. */
static bool named(const char *p, size_t n, char ret[MW_AUTH_NAME])
{
	size_t k = 0;

	while (k < n && is_domain_octet(p[k]) && k + 1 < MW_AUTH_NAME) {
		ret[k] = p[k] >= 'A' && p[k] <= 'Z' ? (char)(p[k] - 'A' + 'a') : p[k];
		k++;
	}
	while (k && (ret[k - 1] == '.' || ret[k - 1] == '-'))
		k--;
	ret[k] = '\0';
	return k != 0;
}

/* Octets of an "@", also of the wide and the small one, at p; 0: there is none. */
static size_t at_sign(const char *p, size_t n)
{
	if (*p == '@')
		return 1;
	return n >= 3 && (memcmp(p, "\xef\xbc\xa0", 3) == 0 || memcmp(p, "\xef\xb9\xab", 3) == 0) ? 3 : 0;
}

bool mw_lookalike_display(const struct mw_lookalike *l, const char *domain, struct mw_str value, struct mw_likeness_result *ret)
{
	char text[DISPLAY_MOST], name[MW_AUTH_NAME];
	size_t n;

	if (l->n == 0 || find(l, organisation(l, domain)))
		return false;
	n = mw_words2047_decode(value, text, sizeof(text));
	for (size_t i = 0; i < n; i++) {
		size_t at = at_sign(text + i, n - i);
		const struct entry *e;

		if (at == 0 || !named(text + i + at, n - i - at, name))
			continue;
		e = find(l, organisation(l, name));
		if (!e)
			continue;
		tell(ret, domain, e->domain, "the name beside the address has an address of it");
		return true;
	}
	return false;
}

/* ---- the message ------------------------------------------------------------------------------------------------------------ */

void mw_lookalike_check(const struct mw_lookalike *l, const struct mw_auth_mail *mail, struct mw_likeness_result *ret)
{
	struct mw_authors authors;

	mw_authors_read(mail, &authors);
	for (size_t i = 0; i < authors.domains; i++)
		if (mw_lookalike_domain(l, authors.domain[i], ret))
			return;
	for (size_t i = 0; i < mail->fields; i++)
		if (mw_author_field(&mail->field[i]) &&
		    mw_lookalike_display(l, authors.domains ? authors.domain[0] : "", mail->field[i].value, ret))
			return;
}
