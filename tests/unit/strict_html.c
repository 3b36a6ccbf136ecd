/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/strict_html.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH 256

struct reader {
	const char *p, *end;
	char name[16];
	char open[DEPTH][16];
	size_t depth;
};

static const char elements[] = " a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col "
			       "colgroup dd del details dfn dir div dl "
			       "dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav "
			       "ol p pre q rp rt ruby s samp section "
			       "small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr ";
static const char voids[] = " br col hr img wbr ";
static const char attributes[] =
    " abbr align alt bgcolor border cellpadding cellspacing clear color colspan datetime dir face height href hspace lang "
    "noshade nowrap "
    "open rel reversed rowspan scope size span src start style summary target title type valign value vspace width ";

static bool in_list(const char *list, const char *word)
{
	char spaced[20];

	(void)strcpy(spaced, " ");
	(void)strcat(spaced, word);
	(void)strcat(spaced, " ");
	return strstr(list, spaced) != NULL;
}

static bool read_name(struct reader *r)
{
	size_t n = 0;

	while (r->p < r->end && n < 15 && ((*r->p >= 'a' && *r->p <= 'z') || (n && *r->p >= '0' && *r->p <= '9')))
		r->name[n++] = *r->p++;
	r->name[n] = '\0';
	return n > 0;
}

/* A reference is one of four, or letters and digits and a semicolon. */
static const char *read_reference(struct reader *r)
{
	size_t n = 0;

	for (r->p++; r->p < r->end && *r->p != ';'; r->p++, n++)
		if (!((*r->p >= 'a' && *r->p <= 'z') || (*r->p >= 'A' && *r->p <= 'Z') || (n && *r->p >= '0' && *r->p <= '9')))
			return "a stray &";
	if (r->p == r->end || n == 0 || n > 32)
		return "a stray &";
	r->p++;
	return NULL;
}

static const char *read_text(struct reader *r, const char *stop)
{
	while (r->p < r->end && (*r->p == '\0' || !strchr(stop, *r->p))) {
		const char *wrong = NULL;

		if (*r->p == '&')
			wrong = read_reference(r);
		else if ((unsigned char)*r->p < ' ' && *r->p != '\n' && *r->p != '\t')
			wrong = "a control character";
		else if (*r->p == '>')
			wrong = "a stray >";
		else
			r->p++;
		if (wrong)
			return wrong;
	}
	return NULL;
}

static bool begins(const char *p, const char *end, const char *word)
{
	return (size_t)(end - p) >= strlen(word) && memcmp(p, word, strlen(word)) == 0;
}

static bool has(const char *p, const char *end, const char *word)
{
	return memmem(p, (size_t)(end - p), word, strlen(word)) != NULL;
}

static const char *look_at(const struct reader *r, const char *p, const char *end)
{
	static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:"};
	size_t i = 0;

	while (i < 4 && ((size_t)(end - p) <= strlen(schemes[i]) || strncasecmp(p, schemes[i], strlen(schemes[i])) != 0))
		i++;
	if (strcmp(r->name, "href") == 0 && i == 4)
		return "a link to elsewhere";
	if (strcmp(r->name, "src") == 0 && !begins(p, end, "/read/") && !begins(p, end, "cid:") && !begins(p, end, "data:image/"))
		return "a picture from elsewhere";
	if (strcmp(r->name, "style") == 0) {
		for (const char *c = p; c < end; c++)
			if ((unsigned char)*c < 0x80 && !strchr(" #%'(),-./:;!_", *c) && !(*c >= '0' && *c <= '9') &&
			    !(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z'))
				return "a sign in a style";
		if (has(p, end, "url(") || has(p, end, "expression(") || has(p, end, "position:") || has(p, end, "/*"))
			return "a style that loads or places";
	}
	return NULL;
}

static const char *read_attribute(struct reader *r)
{
	const char *wrong, *value;

	if (!read_name(r) || !in_list(attributes, r->name))
		return "an attribute that is not allowed";
	if (!begins(r->p, r->end, "=\""))
		return "a value without quotes";
	value = r->p += 2;
	wrong = read_text(r, "\"<");
	if (wrong || r->p == r->end || *r->p != '"')
		return wrong ? wrong : "a value that does not end";
	wrong = look_at(r, value, r->p);
	r->p++;
	return wrong;
}

static const char *read_tag(struct reader *r)
{
	bool close = begins(r->p, r->end, "</");
	char name[16];

	r->p += close ? 2 : 1;
	if (!read_name(r) || !in_list(elements, r->name))
		return "an element that is not allowed";
	(void)strcpy(name, r->name);
	while (!close && r->p < r->end && *r->p == ' ') {
		const char *wrong;

		r->p++;
		wrong = read_attribute(r);
		if (wrong)
			return wrong;
	}
	if (r->p == r->end || *r->p++ != '>')
		return "a tag that does not end";
	if (close)
		return r->depth && strcmp(r->open[--r->depth], name) == 0 ? NULL : "an end tag of what is not open";
	if (in_list(voids, name))
		return NULL;
	if (r->depth == DEPTH)
		return "too deep";
	(void)strcpy(r->open[r->depth++], name);
	return NULL;
}

const char *strict_html(const char *p, size_t n, size_t *at)
{
	struct reader *r = calloc(1, sizeof(*r));
	const char *wrong = NULL;

	if (!r)
		abort();
	r->p = p;
	r->end = p + n;
	while (r->p < r->end && !wrong)
		wrong = *r->p == '<' ? read_tag(r) : read_text(r, "<");
	if (!wrong && r->depth)
		wrong = "an element that does not end";
	*at = (size_t)(r->p - p);
	free(r);
	return wrong;
}
