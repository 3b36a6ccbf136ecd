/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup.h"

#include "../../plugins/asker/asker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 64u		     /* questions at a time: some name servers take their time */
#define DOMAINS 65536u		     /* that are remembered */
#define OCTETS (32u * 1024u * 1024u) /* of all of them */
#define DOMAIN_MAX 255u		     /* octets of one that can have an answer */
#define REPLY_MAX 1024u		     /* octets of an answer */
#define TTL_MAX 86400		     /* seconds that an answer is believed, whatever it says */
#define MAP "verdict "

struct mw_lookup {
	struct mw_asker *asker;
	int64_t wait;
};

static bool takes(struct mw_str *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n || memcmp(text->p, word, n) != 0)
		return false;
	text->p += n;
	text->n -= n;
	return true;
}

/* The rest of the line behind why=, as far as it is for a terminal. */
static void take_why(struct mw_str text, char *why)
{
	size_t n = 0;

	while (text.n && !takes(&text, "why=")) {
		text.p++;
		text.n--;
	}
	for (size_t i = 0; i < text.n && n + 1 < MW_LOOKUP_WHY; i++)
		why[n++] = text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?';
	why[n] = '\0';
}

int mw_lookup_parse(struct mw_str text, enum mw_lookup_answer *ret, int64_t *ttl, char *why)
{
	enum mw_lookup_answer answer = MW_LOOKUP_UNKNOWN;
	int64_t seconds = 0;

	if (takes(&text, "TEMP") || takes(&text, "PERM")) {
		*ret = answer;
		*ttl = 0;
		why[0] = '\0';
		return 0;
	}
	if (takes(&text, "OK dane ") || takes(&text, "OK mta-sts ") || takes(&text, "OK partner "))
		answer = MW_LOOKUP_VERIFIED;
	else if (takes(&text, "OK none "))
		answer = MW_LOOKUP_NONE;
	if (answer == MW_LOOKUP_UNKNOWN || !takes(&text, "ttl=") || text.n == 0 || *text.p < '0' || *text.p > '9')
		return -EBADMSG;
	while (text.n && *text.p >= '0' && *text.p <= '9') {
		seconds = seconds > TTL_MAX ? seconds : seconds * 10 + (*text.p - '0');
		text.p++;
		text.n--;
	}
	why[0] = '\0';
	if (answer == MW_LOOKUP_NONE) {
		take_why(text, why);
		if (!why[0])
			(void)snprintf(why, MW_LOOKUP_WHY, "nothing assures its TLS");
	}
	*ret = answer;
	*ttl = seconds > TTL_MAX ? TTL_MAX : seconds;
	return 0;
}

static bool holds(struct mw_str text, int64_t *ms)
{
	enum mw_lookup_answer answer;
	char why[MW_LOOKUP_WHY];
	int64_t ttl;

	if (mw_lookup_parse(text, &answer, &ttl, why) < 0)
		return false;
	*ms = answer == MW_LOOKUP_UNKNOWN ? MW_ASKER_AGAIN : ttl * 1000;
	return true;
}

struct mw_lookup *mw_lookup_new(const char *socket, int64_t wait)
{
	const struct mw_asker_options options = {.socket = socket,
						 .wait = wait,
						 .connections = CONNECTIONS,
						 .question_max = DOMAIN_MAX + sizeof(MAP) - 1,
						 .answer_max = REPLY_MAX,
						 .entries = DOMAINS,
						 .octets = OCTETS,
						 .holds = holds};
	struct mw_lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->wait = wait;
	l->asker = mw_asker_new(&options);
	if (!l->asker) {
		free(l);
		l = NULL;
	}
	return l;
}

void mw_lookup_free(struct mw_lookup **lp)
{
	if (!*lp)
		return;
	mw_asker_free(&(*lp)->asker);
	free(*lp);
	*lp = NULL;
}

/* "" when no domain can be like this. */
static struct mw_str question(struct mw_str domain, char buf[DOMAIN_MAX + sizeof(MAP)])
{
	if (domain.n == 0 || domain.n > DOMAIN_MAX)
		return (struct mw_str){"", 0};
	memcpy(buf, MAP, sizeof(MAP) - 1);
	memcpy(buf + sizeof(MAP) - 1, domain.p, domain.n);
	return (struct mw_str){buf, sizeof(MAP) - 1 + domain.n};
}

void mw_lookup_tell(struct mw_lookup *l, void (*asked)(void *ctx, bool hit), void *ctx)
{
	mw_asker_tell(l->asker, asked, ctx);
}

void mw_lookup_want(struct mw_lookup *l, struct mw_str domain)
{
	char buf[DOMAIN_MAX + sizeof(MAP)];

	(void)mw_asker_want(l->asker, question(domain, buf));
}

enum mw_lookup_answer mw_lookup_ask(struct mw_lookup *l, struct mw_str domain, int64_t *until, char *why)
{
	enum mw_lookup_answer answer = MW_LOOKUP_UNKNOWN;
	char buf[DOMAIN_MAX + sizeof(MAP)];
	int64_t own = 0, ttl;
	char *text;
	size_t n;

	why[0] = '\0';
	if (mw_asker_get(l->asker, question(domain, buf), until ? until : &own, l->wait, &text, &n))
		return answer;
	(void)mw_lookup_parse((struct mw_str){text, n}, &answer, &ttl, why);
	free(text);
	return answer;
}
