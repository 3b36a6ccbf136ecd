/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script: the extractor "probe-script" does what the lines of its document say, so that a test or a fuzzer can be any extractor, a broken
 * one too:
 *
 *	text WORDS     fill N         text, and N octets of it
 *	section NAME   section        a section; none: back to the part itself
 *	hidden   page   unread REASON
 *	member TYPE CHARSET NAME      "-" = not said; "body" as TYPE: a member with MW_MEMBER_BODY
 *	data WORDS     datafill N     octets of the member
 *	end REASON     end            of the member
 *	return CODE REASON            what extract() returns at once
 *	again          goes on with what is below although a service failed: the contract says return
 *
 * \n \t \r \\ and \xHH are one octet in WORDS and NAME. A service that fails ends the script with what it gave.
 */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 8192u
#define FILL_MAX (1u << 24)

struct script {
	const struct mw_host *host;
	struct mw_sink *sink;
	bool stubborn;
};

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* In place. */
static struct mw_str unescape(char *s)
{
	size_t n = 0;

	for (const char *c = s; *c; c++) {
		if (*c != '\\' || !c[1]) {
			s[n++] = *c;
		} else if (*++c == 'x' && hex(c[1]) >= 0 && hex(c[2]) >= 0) {
			s[n++] = (char)(hex(c[1]) << 4 | hex(c[2]));
			c += 2;
		} else {
			s[n++] = *c == 'n' ? '\n' : *c == 't' ? '\t' : *c == 'r' ? '\r' : *c;
		}
	}
	s[n] = '\0';
	return (struct mw_str){.p = s, .n = n};
}

static int fill(struct mw_sink *sink, int (*put)(struct mw_sink *, const char *p, size_t n), const char *number)
{
	char octets[1024];
	unsigned long n = strtoul(number, NULL, 10);
	int r = 0;

	memset(octets, 'x', sizeof(octets));
	for (n = n < FILL_MAX ? n : FILL_MAX; n && r == 0; n -= n < sizeof(octets) ? n : sizeof(octets))
		r = put(sink, octets, n < sizeof(octets) ? n : sizeof(octets));
	return r;
}

/* The next word of *s; "" for "-". */
static char *take_word(char **s)
{
	char *word = *s, *blank = strchr(word, ' ');

	*s = blank ? blank + 1 : word + strlen(word);
	if (blank)
		*blank = '\0';
	return strcmp(word, "-") == 0 ? word + 1 : word;
}

static int begin_member(const struct script *s, char *rest)
{
	const char *type = unescape(take_word(&rest)).p, *charset = unescape(take_word(&rest)).p;
	bool body = strcmp(type, "body") == 0;
	struct mw_member member = {
	    .name = unescape(rest), .type = body ? "" : type, .charset = charset, .flags = body ? MW_MEMBER_BODY : 0};

	if (strcmp(type, "none") == 0)
		member.type = member.charset = NULL;
	return s->host->member(s->sink, &member);
}

static int call(const struct script *s, const char *word, char *rest)
{
	const struct mw_host *h = s->host;
	struct mw_str text;

	if (strcmp(word, "fill") == 0)
		return fill(s->sink, h->sink_text, rest);
	if (strcmp(word, "datafill") == 0)
		return fill(s->sink, h->member_data, rest);
	if (strcmp(word, "member") == 0)
		return begin_member(s, rest);
	text = unescape(rest);
	if (strcmp(word, "text") == 0)
		return h->sink_text(s->sink, text.p, text.n);
	if (strcmp(word, "data") == 0)
		return h->member_data(s->sink, text.p, text.n);
	if (strcmp(word, "section") == 0)
		return h->sink_section(s->sink, text.n ? text.p : NULL);
	if (strcmp(word, "hidden") == 0)
		return h->sink_hidden(s->sink);
	if (strcmp(word, "page") == 0)
		return h->sink_page(s->sink);
	if (strcmp(word, "unread") == 0)
		return h->sink_unread(s->sink, text.p);
	if (strcmp(word, "end") == 0)
		return h->member_end(s->sink, text.n ? text.p : NULL);
	return 0;
}

/* One line; its end is not in it. True: that was the last, and *ret is what extract() returns. */
static bool step(struct script *s, char *line, const char **reason, int *ret)
{
	static const char *const words[] = {MW_UNREADABLE_WORDS, "nonsense"};
	char *rest = line;
	const char *word = take_word(&rest);

	if (strcmp(word, "return") == 0) {
		*ret = -atoi(take_word(&rest));
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (strcmp(words[i], rest) == 0)
				*reason = words[i];
		return true;
	}
	if (strcmp(word, "again") == 0)
		s->stubborn = true;
	*ret = call(s, word, rest);
	return *ret < 0 && !s->stubborn;
}

static int script_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	(void)self;
	(void)conf;
	(void)err;
	*inst = (void *)(uintptr_t)host;
	return 0;
}

static int script_extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason,
			  struct mw_err *err)
{
	struct script s = {.host = inst, .sink = sink};
	const char *at = doc->data.p, *end = at + doc->data.n;
	char line[LINE];
	int r = 0;

	(void)err;
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((lf ? lf : end) - at), fits = n < sizeof(line) - 1 ? n : sizeof(line) - 1;

		memcpy(line, at, fits);
		line[fits] = '\0';
		line[strcspn(line, "\r")] = '\0';
		at += n + (lf ? 1 : 0);
		if (step(&s, line, reason, &r))
			break;
	}
	return r;
}

static const char *const types[] = {"application/x-probe-script", NULL};

MW_PLUGIN(probe_script, "probe-script", .kind = MW_KIND_EXTRACTOR, .version = "1", .summary = "test", .types = types,
	  .hooks = {.open = script_open, .extract = script_extract});
