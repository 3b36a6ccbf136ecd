/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

#include "../../plugins/asker/asker.h"
#include "dnsname.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 256u	     /* questions at a time: some name servers take their time */
#define WAIT 15000		     /* milliseconds: milward-lookup gives up before */
#define ENTRIES 50000u		     /* answers that are remembered */
#define OCTETS (32u * 1024u * 1024u) /* of all of them */
#define ANSWER_MAX 99999u	     /* octets of one: what a netstring of five digits has */
#define QUESTION_MAX (MW_RESOLVER_NAME_MAX + 16u)
#define TTL_LEAST 1	 /* seconds: a crowd of messages that ask the same asks once */
#define TTL_MOST 86400	 /* that an answer is believed */
#define NOTHING_MOST 900 /* that there is nothing */
#define FORGED 10	 /* that it was forged: who repairs a zone does not wait for us */

struct mw_dns_lookup {
	struct mw_asker *asker;
};

struct answer {
	struct answer *next;
	char *question;
	int result;
	struct mw_records records;
	void *memory; /* that the records are in */
};

struct mw_dns_message {
	struct mw_dns_lookup *lookup;
	int64_t time, until;
	struct answer *first;
	size_t n;
	unsigned wanted; /* asked for ahead */
};

/* ---- answers of milward-lookup ---------------------------------------------------------------------------------------------- */
static bool takes(struct mw_str *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n || memcmp(text->p, word, n) != 0)
		return false;
	text->p += n;
	text->n -= n;
	return true;
}

/* The next word and the blank behind it. */
static struct mw_str take_word(struct mw_str *text)
{
	const char *blank = text->n ? memchr(text->p, ' ', text->n) : NULL;
	struct mw_str word = {text->p, blank ? (size_t)(blank - text->p) : text->n};
	size_t used = word.n + (blank != NULL);

	*text = (struct mw_str){text->p + used, text->n - used};
	return word;
}

static bool take_number(struct mw_str *text, uint32_t *ret)
{
	struct mw_str word = take_word(text);
	uint64_t v = 0;

	if (word.n == 0 || word.n > 10)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(word.p[i] - '0');
	}
	*ret = (uint32_t)v;
	return v <= UINT32_MAX;
}

/* All but the name and the records, which *text is moved to. false: it is no answer. */
static bool take_head(struct mw_str *text, struct mw_records *ret)
{
	struct mw_records a = {.name = ""};
	struct mw_str state;
	uint32_t rcode;

	if (takes(text, "TEMP timeout")) {
		a.status = MW_RECORDS_TIMEOUT;
	} else if (takes(text, "TEMP ") || takes(text, "PERM ")) {
		a.status = MW_RECORDS_FAILED;
	} else if (takes(text, "OK ")) {
		state = take_word(text);
		a.secure = state.n == 6 && memcmp(state.p, "secure", 6) == 0;
		if (state.n == 5 && memcmp(state.p, "bogus", 5) == 0)
			a.status = MW_RECORDS_BOGUS;
		else if (!a.secure && (state.n != 8 || memcmp(state.p, "insecure", 8) != 0))
			return false;
		if (!take_number(text, &rcode) || !take_number(text, &a.ttl))
			return false;
		if (a.status == MW_RECORDS_ANSWER && rcode != MW_RCODE_NOERROR && rcode != MW_RCODE_NXDOMAIN)
			return false;
		a.rcode = a.status == MW_RECORDS_ANSWER ? rcode : 0;
	} else {
		return false;
	}
	*ret = a;
	return true;
}

static bool holds(struct mw_str text, int64_t *ms)
{
	struct mw_records a;
	int64_t seconds;

	if (!take_head(&text, &a))
		return false;
	if (a.status == MW_RECORDS_TIMEOUT || a.status == MW_RECORDS_FAILED) {
		*ms = MW_ASKER_AGAIN;
		return true;
	}
	seconds = a.status == MW_RECORDS_BOGUS ? FORGED : (int64_t)a.ttl;
	(void)take_word(&text);
	if (text.n == 0 && seconds > NOTHING_MOST)
		seconds = NOTHING_MOST;
	seconds = seconds > TTL_MOST ? TTL_MOST : seconds < TTL_LEAST ? TTL_LEAST : seconds;
	*ms = seconds * 1000;
	return true;
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Writes at most word.n / 4 * 3 octets. */
static bool decode(struct mw_str word, char *p, size_t *n)
{
	size_t out = 0, letters = word.n;

	while (letters && word.n - letters < 2 && word.p[letters - 1] == '=')
		letters--;
	if (word.n % 4)
		return false;
	for (size_t i = 0; i < word.n; i += 4) {
		unsigned v = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = i + k < letters ? digit(word.p[i + k]) : 0;

			if (d < 0)
				return false;
			v = v << 6 | (unsigned)d;
		}
		for (size_t k = 0; k < 3 && i + k + 1 < letters; k++)
			p[out++] = (char)(v >> (16 - 8 * k));
	}
	*n = out;
	return true;
}

/* NAME RDATA …, in memory of the answer's own. */
static int take_records(struct mw_str text, struct answer *a)
{
	struct mw_str name = take_word(&text);
	struct mw_str *record;
	size_t words = text.n ? 1 : 0;
	char *p;

	if (name.n == 0 || name.n >= MW_RESOLVER_NAME_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < text.n; i++)
		words += text.p[i] == ' ';
	record = malloc(words * sizeof(*record) + name.n + 1 + text.n);
	if (!record)
		return -ENOMEM;
	a->memory = record;
	p = (char *)(record + words);
	memcpy(p, name.p, name.n);
	p[name.n] = '\0';
	a->records.name = name.n == 1 && *p == '.' ? "" : p;
	p += name.n + 1;
	for (size_t i = 0; i < words; i++) {
		record[i].p = p;
		if (!decode(take_word(&text), p, &record[i].n))
			return -EBADMSG;
		p += record[i].n;
	}
	a->records.n = words;
	a->records.record = record;
	return 0;
}

static void read_answer(struct mw_str text, struct answer *a)
{
	int r = take_head(&text, &a->records) ? 0 : -EBADMSG;

	if (r == 0 && a->records.status == MW_RECORDS_ANSWER)
		r = take_records(text, a);
	if (r)
		a->records = (struct mw_records){.status = MW_RECORDS_FAILED, .name = ""};
	a->result = r == -ENOMEM ? r : 0;
}

int mw_dns_answer_read(struct mw_str text, struct mw_records *ret, int64_t *ms, void **memory)
{
	struct mw_str rest = text;
	struct answer a = {.result = 0};
	int r = take_head(&rest, &a.records) ? 0 : -EBADMSG;

	if (r == 0 && a.records.status == MW_RECORDS_ANSWER)
		r = take_records(rest, &a);
	if (r) {
		free(a.memory);
		return r;
	}
	(void)holds(text, ms);
	*ret = a.records;
	*memory = a.memory;
	return 0;
}

/* ---- a message -------------------------------------------------------------------------------------------------------------- */
static const char *type_word(unsigned type)
{
	switch (type) {
	case MW_RR_A:
		return "A";
	case MW_RR_AAAA:
		return "AAAA";
	case MW_RR_CNAME:
		return "CNAME";
	case MW_RR_MX:
		return "MX";
	case MW_RR_NS:
		return "NS";
	case MW_RR_PTR:
		return "PTR";
	case MW_RR_TLSA:
		return "TLSA";
	case MW_RR_TXT:
		return "TXT";
	default:
		return NULL;
	}
}

static int question_of(const char *name, unsigned type, char ret[QUESTION_MAX])
{
	uint8_t wire[MW_DNSNAME_WIRE_MAX];
	char text[MW_RESOLVER_NAME_MAX];
	size_t n;

	if (!type_word(type) || !mw_dnsname_wire((struct mw_str){name, strlen(name)}, wire, &n) || n == 1)
		return -EINVAL;
	(void)mw_dnsname_text(wire, text);
	(void)snprintf(ret, QUESTION_MAX, "dns %s %s", type_word(type), text);
	return 0;
}

static void want(void *ctx, const char *name, unsigned type)
{
	struct mw_dns_message *m = ctx;
	char question[QUESTION_MAX];

	if (m->wanted < MW_DNS_MESSAGE_AHEAD && question_of(name, type, question) == 0)
		m->wanted += mw_asker_want(m->lookup->asker, (struct mw_str){question, strlen(question)});
}

static void ask(struct mw_dns_message *m, const char *question, struct answer *a)
{
	char *text;
	size_t n;
	int r = mw_asker_get(m->lookup->asker, (struct mw_str){question, strlen(question)}, &m->until, m->time, &text, &n);

	if (r == 0) {
		read_answer((struct mw_str){text, n}, a);
		free(text);
		return;
	}
	a->result = r == -ENOMEM ? r : 0;
	a->records = (struct mw_records){.status = r == -ETIMEDOUT ? MW_RECORDS_TIMEOUT : MW_RECORDS_FAILED, .name = ""};
}

/* A message gets the same answer each time that it asks. */
static int get(void *ctx, const char *name, unsigned type, struct mw_records *ret)
{
	struct mw_dns_message *m = ctx;
	char question[QUESTION_MAX];
	struct answer *a = m->first;
	int r = question_of(name, type, question);

	if (r)
		return r;
	while (a && strcmp(a->question, question) != 0)
		a = a->next;
	if (!a) {
		if (m->n >= MW_DNS_MESSAGE_MOST) {
			*ret = (struct mw_records){.status = MW_RECORDS_FAILED, .name = ""};
			return 0;
		}
		a = calloc(1, sizeof(*a));
		if (!a)
			return -ENOMEM;
		a->question = strdup(question);
		if (!a->question) {
			free(a);
			return -ENOMEM;
		}
		ask(m, question, a);
		a->next = m->first;
		m->first = a;
		m->n++;
	}
	if (a->result == 0)
		*ret = a->records;
	return a->result;
}

struct mw_dns_message *mw_dns_message_new(struct mw_dns_lookup *lookup, int64_t time)
{
	struct mw_dns_message *m = calloc(1, sizeof(*m));

	if (m)
		*m = (struct mw_dns_message){.lookup = lookup, .time = time};
	return m;
}

void mw_dns_message_free(struct mw_dns_message **mp)
{
	struct mw_dns_message *m = *mp;

	if (!m)
		return;
	*mp = NULL;
	while (m->first) {
		struct answer *a = m->first;

		m->first = a->next;
		free(a->memory);
		free(a->question);
		free(a);
	}
	free(m);
}

struct mw_resolver mw_dns_message_resolver(struct mw_dns_message *m)
{
	return (struct mw_resolver){.ctx = m, .want = want, .get = get};
}

void mw_dns_lookup_tell(struct mw_dns_lookup *l, void (*asked)(void *ctx, bool hit), void *ctx)
{
	mw_asker_tell(l->asker, asked, ctx);
}

struct mw_dns_lookup *mw_dns_lookup_new(const char *socket)
{
	const struct mw_asker_options options = {.socket = socket,
						 .wait = WAIT,
						 .connections = CONNECTIONS,
						 .question_max = QUESTION_MAX,
						 .answer_max = ANSWER_MAX,
						 .entries = ENTRIES,
						 .octets = OCTETS,
						 .holds = holds};
	struct mw_dns_lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->asker = mw_asker_new(&options);
	if (!l->asker) {
		free(l);
		l = NULL;
	}
	return l;
}

void mw_dns_lookup_free(struct mw_dns_lookup **lp)
{
	if (!*lp)
		return;
	mw_asker_free(&(*lp)->asker);
	free(*lp);
	*lp = NULL;
}
