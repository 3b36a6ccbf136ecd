/* SPDX-License-Identifier: Apache-2.0 */
#include "spf.h"

#include "dnsname.h"
#include "spf_macro.h"
#include "spf_match.h"
#include "spf_record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_OCTETS 253u		       /* RFC 7208, 7.3 */
#define TEXTS_MAX (65536u + MW_SPF_RECORD_MAX) /* octets of a record of SPF, and of any other behind it */

struct domain {
	size_t n;
	char raw[NAME_MAX_OCTETS];	 /* octets, with dots between */
	char name[MW_RESOLVER_NAME_MAX]; /* as the resolver has it, printable */
};

struct check {
	const struct mw_auth_mail *mail;
	const struct mw_resolver *resolver;
	const struct mw_spf_steps *steps;
	struct mw_spf_result *ret;
	struct mw_spf_client client;
	struct mw_spf_match *match;
	struct mw_spf_values values;
	unsigned voids;
	unsigned includes; /* that we are in */
	bool named;	   /* names of the client were asked for */
	size_t n;	   /* of its names, those that DNS proves */
	char name[MW_SPF_NAMES_MAX][MW_RESOLVER_NAME_MAX];
};

/* ---- saying so -------------------------------------------------------------------------------------------------------------- */

static void printable(char *p)
{
	for (; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static enum mw_auth_word say(struct check *c, enum mw_auth_word word, const char *format, ...) MW_PRINTF(3, 4);
static enum mw_auth_word say(struct check *c, enum mw_auth_word word, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(c->ret->why, sizeof(c->ret->why), format, ap);
	va_end(ap);
	printable(c->ret->why);
	return word;
}

static void step(const struct check *c, unsigned depth, const char *domain, struct mw_str text, const char *outcome)
{
	if (c->steps)
		c->steps->step(c->steps->ctx, depth, domain, text, outcome);
}

/* ---- names ------------------------------------------------------------------------------------------------------------------ */

/* false: no name in DNS can be like this. */
static bool set_domain(struct mw_str raw, struct domain *ret)
{
	size_t n = 0;

	if (raw.n && raw.p[raw.n - 1] == '.')
		raw.n--;
	if (raw.n == 0 || raw.n > NAME_MAX_OCTETS)
		return false;
	for (size_t i = 0, label = 0; i < raw.n; i++) {
		char c = raw.p[i];

		label = c == '.' ? 0 : label + 1;
		if (label > 63 || (c == '.' && (i == 0 || raw.p[i - 1] == '.')))
			return false;
		if (c == '.' || c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
			ret->name[n++] = c;
		else if (c >= 'A' && c <= 'Z')
			ret->name[n++] = (char)(c - 'A' + 'a');
		else
			n += (size_t)sprintf(ret->name + n, "\\%03u", (unsigned)(unsigned char)c);
	}
	ret->name[n] = '\0';
	memcpy(ret->raw, raw.p, raw.n);
	ret->n = raw.n;
	return true;
}

static struct mw_str raw_of(const struct domain *d)
{
	return (struct mw_str){d->raw, d->n};
}

/* What a domain-spec is for, after labels were taken off its left side until it fits; without one the domain itself. */
static bool target_of(struct check *c, struct mw_str spec, const struct domain *domain, struct domain *ret)
{
	char buf[MW_SPF_EXPANSION_MAX];
	struct mw_str raw = {buf, 0};
	int n;

	if (!spec.n) {
		*ret = *domain;
		return true;
	}
	c->values.domain = raw_of(domain);
	n = mw_spf_expand(spec, &c->values, buf, sizeof(buf));
	if (n < 0)
		return false;
	raw.n = (size_t)n;
	if (raw.n && raw.p[raw.n - 1] == '.')
		raw.n--;
	while (raw.n > NAME_MAX_OCTETS) {
		const char *dot = memchr(raw.p, '.', raw.n);

		if (!dot)
			return false;
		raw = (struct mw_str){dot + 1, raw.n - (size_t)(dot + 1 - raw.p)};
	}
	return set_domain(raw, ret);
}

/* %{p}: the proved name that is the domain's, or one below it, or any. */
static const char *on_validated(void *ctx, struct mw_str domain)
{
	const struct mw_spf_term exact = {.mechanism = MW_SPF_A, .prefix4 = 32, .prefix6 = 128};
	struct check *c = ctx;
	struct domain above;
	char reverse[80];
	const char *below = NULL;
	struct mw_records a;
	size_t k;

	mw_spf_reverse(&c->client, reverse);
	if (!c->named && c->resolver->get(c->resolver->ctx, reverse, MW_RR_PTR, &a) == 0 && a.status == MW_RECORDS_ANSWER) {
		for (size_t i = 0; i < a.n && i < MW_SPF_NAMES_MAX; i++) {
			const uint8_t *p = (const uint8_t *)a.record[i].p;
			unsigned voids = 0;
			const char *why;

			if (a.record[i].n < 2 || mw_dnsname_length(p, a.record[i].n) != a.record[i].n)
				continue;
			(void)mw_dnsname_text(p, c->name[c->n]);
			if (mw_spf_match(c->match, &exact, c->name[c->n], &voids, &why) == MW_SPF_YES)
				c->n++;
		}
	}
	c->named = true;
	if (!set_domain(domain, &above))
		return "unknown";
	k = strlen(above.name);
	for (size_t i = 0; i < c->n; i++) {
		size_t n = strlen(c->name[i]);

		if (strcmp(c->name[i], above.name) == 0)
			return c->name[i];
		if (!below && n > k && c->name[i][n - k - 1] == '.' && strcmp(c->name[i] + n - k, above.name) == 0)
			below = c->name[i];
	}
	return below ? below : c->n ? c->name[0] : "unknown";
}

/* ---- records ---------------------------------------------------------------------------------------------------------------- */

/* The strings of a TXT record, joined. false: it is none. */
static bool join(struct mw_str record, char *buf, size_t *n)
{
	size_t at = 0, out = 0;

	while (at < record.n) {
		size_t length = (unsigned char)record.p[at++];

		if (record.n - at < length)
			return false;
		memcpy(buf + out, record.p + at, length);
		at += length;
		out += length;
	}
	*n = out;
	return record.n > 0;
}

static enum mw_auth_word no_answer(struct check *c, const char *domain, enum mw_records_status status)
{
	static const char *const why[] = {[MW_RECORDS_ANSWER] = "",
					  [MW_RECORDS_BOGUS] = "DNSSEC proves an answer of DNS wrong",
					  [MW_RECORDS_TIMEOUT] = "DNS does not answer in time",
					  [MW_RECORDS_FAILED] = "DNS answers with a failure"};

	return say(c, MW_AUTH_TEMPERROR, "%s: %s", domain, why[status]);
}

/* The one record of SPF, in buf of TEXTS_MAX octets. MW_AUTH_PASS: there is one. */
static enum mw_auth_word find_record(struct check *c, const char *domain, char *buf, struct mw_str *ret)
{
	struct mw_str found = {buf, 0};
	struct mw_records a;
	int r = c->resolver->get(c->resolver->ctx, domain, MW_RR_TXT, &a);

	if (r == -EINVAL)
		return say(c, MW_AUTH_NONE, "no domain can be like this");
	if (r)
		return say(c, MW_AUTH_TEMPERROR, "no memory");
	if (a.status != MW_RECORDS_ANSWER)
		return no_answer(c, domain, a.status);
	for (size_t i = 0; i < a.n; i++) {
		struct mw_str version = {buf + found.n, 0};

		/* The others only to see what they are. */
		if (found.n > MW_SPF_RECORD_MAX || a.record[i].n > TEXTS_MAX - found.n)
			return say(c, MW_AUTH_PERMERROR, "%s: its records are too long", domain);
		if (!join(a.record[i], buf + found.n, &version.n) || !mw_spf_record_is(version))
			continue;
		if (found.n)
			return say(c, MW_AUTH_PERMERROR, "%s has more than one record of SPF", domain);
		found = version;
	}
	*ret = found;
	return found.n ? MW_AUTH_PASS : say(c, MW_AUTH_NONE, "%s has no record of SPF", domain);
}

/* In the words of the domain; "" when there are none that can be shown. */
static void explain(struct check *c, struct mw_str exp, const struct domain *domain, char *buf)
{
	char text[MW_SPF_EXPANSION_MAX];
	struct domain target;
	struct mw_str words = {buf, 0};
	struct mw_records a;
	int n;

	if (!exp.n || !target_of(c, exp, domain, &target) || c->resolver->get(c->resolver->ctx, target.name, MW_RR_TXT, &a) ||
	    a.status != MW_RECORDS_ANSWER || a.n != 1 || a.record[0].n > TEXTS_MAX || !join(a.record[0], buf, &words.n) ||
	    !mw_spf_is_explanation(words))
		return;
	c->values.domain = raw_of(domain);
	n = mw_spf_expand(words, &c->values, text, sizeof(text));
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(c->ret->explanation))
		n = (int)sizeof(c->ret->explanation) - 1;
	memcpy(c->ret->explanation, text, (size_t)n);
	printable(c->ret->explanation);
}

/* ---- terms ------------------------------------------------------------------------------------------------------------------ */

static enum mw_auth_word check_host(struct check *c, const struct domain *domain, unsigned depth);

static enum mw_spf_end include(struct check *c, const struct domain *domain, unsigned depth)
{
	enum mw_auth_word word;

	c->includes++;
	word = check_host(c, domain, depth + 1);
	c->includes--;
	switch (word) {
	case MW_AUTH_PASS:
		return MW_SPF_YES;
	case MW_AUTH_TEMPERROR:
		return MW_SPF_TEMP;
	case MW_AUTH_NONE:
	case MW_AUTH_PERMERROR:
		return MW_SPF_PERM;
	default:
		return MW_SPF_NO;
	}
}

static bool count_lookup(struct check *c)
{
	if (++c->ret->lookups <= MW_SPF_LOOKUPS_MAX)
		return true;
	(void)say(c, MW_AUTH_PERMERROR, "more than %u terms ask DNS", MW_SPF_LOOKUPS_MAX);
	return false;
}

static bool asks(const struct mw_spf_term *t)
{
	return t->mechanism != MW_SPF_ALL && t->mechanism != MW_SPF_IP4 && t->mechanism != MW_SPF_IP6;
}

static enum mw_spf_end try_term(struct check *c, const struct mw_spf_term *t, const struct domain *domain, unsigned depth)
{
	struct domain target = {0};
	const char *why = "";
	enum mw_spf_end end;

	if (t->mechanism == MW_SPF_ALL)
		return MW_SPF_YES;
	if (asks(t)) {
		if (!count_lookup(c))
			return MW_SPF_PERM;
		if (!target_of(c, t->spec, domain, &target)) {
			if (t->mechanism != MW_SPF_INCLUDE)
				return MW_SPF_NO; /* 4.8: there is no such name */
			(void)say(c, MW_AUTH_PERMERROR, "%s: include of no domain", domain->name);
			return MW_SPF_PERM;
		}
	}
	if (t->mechanism == MW_SPF_INCLUDE)
		return include(c, &target, depth);
	end = mw_spf_match(c->match, t, target.name, &c->voids, &why);
	if (end == MW_SPF_TEMP || end == MW_SPF_PERM) {
		(void)say(c, MW_AUTH_TEMPERROR, "%s: %.*s: %s", domain->name, (int)(t->text.n < 80 ? t->text.n : 80), t->text.p,
			  why);
	} else if (c->voids > MW_SPF_VOIDS_MAX) {
		(void)say(c, MW_AUTH_PERMERROR, "more than %u questions to DNS have no answer", MW_SPF_VOIDS_MAX);
		end = MW_SPF_PERM;
	}
	return end;
}

static enum mw_auth_word word_of(char qualifier)
{
	switch (qualifier) {
	case '-':
		return MW_AUTH_FAIL;
	case '~':
		return MW_AUTH_SOFTFAIL;
	case '?':
		return MW_AUTH_NEUTRAL;
	default:
		return MW_AUTH_PASS;
	}
}

static enum mw_auth_word redirect(struct check *c, struct mw_str spec, const struct domain *domain, unsigned depth)
{
	struct domain target;
	enum mw_auth_word word;

	if (!count_lookup(c))
		return MW_AUTH_PERMERROR;
	if (!target_of(c, spec, domain, &target))
		return say(c, MW_AUTH_PERMERROR, "%s: redirect to no domain", domain->name);
	word = check_host(c, &target, depth);
	return word == MW_AUTH_NONE ? MW_AUTH_PERMERROR : word;
}

static enum mw_auth_word matched(struct check *c, const struct mw_spf_term *t, const char *domain)
{
	if (c->includes == 0) {
		(void)snprintf(c->ret->mechanism, sizeof(c->ret->mechanism), "%.*s",
			       (int)(t->text.n < MW_AUTH_WHY ? t->text.n : MW_AUTH_WHY - 1), t->text.p);
		(void)say(c, MW_AUTH_PASS, "%s of %s", c->ret->mechanism, domain);
	}
	return word_of(t->qualifier);
}

/*
 * The first of these terms is about to ask DNS: those behind it begin to, so that a record with many includes takes the time of one. Not what
 * has macros, which may be asked for to be seen by its name server.
 */
static void want_terms(struct check *c, const struct mw_spf_term *t, size_t n, const struct domain *domain)
{
	struct domain target;

	for (unsigned asked = c->ret->lookups; n > 0 && asked < MW_SPF_LOOKUPS_MAX && t->mechanism != MW_SPF_ALL; t++, n--) {
		unsigned type = t->mechanism == MW_SPF_INCLUDE ? MW_RR_TXT
				: t->mechanism == MW_SPF_MX    ? MW_RR_MX
				: c->client.ip6		       ? MW_RR_AAAA
							       : MW_RR_A;

		if (!asks(t))
			continue;
		asked++;
		if (t->mechanism != MW_SPF_PTR && !(t->spec.n && memchr(t->spec.p, '%', t->spec.n)) &&
		    target_of(c, t->spec, domain, &target))
			c->resolver->want(c->resolver->ctx, target.name, type);
	}
}

static enum mw_auth_word walk(struct check *c, const struct mw_spf_record *record, const struct domain *domain, unsigned depth)
{
	static const char *const outcomes[] = {
	    [MW_SPF_NO] = "no", [MW_SPF_YES] = "matches", [MW_SPF_TEMP] = "temperror", [MW_SPF_PERM] = "permerror"};
	bool wanted = false;

	for (size_t i = 0; i < record->n; i++) {
		const struct mw_spf_term *t = &record->term[i];
		enum mw_spf_end end;

		if (asks(t) && !wanted) {
			want_terms(c, t, record->n - i, domain);
			wanted = true;
		}
		end = try_term(c, t, domain, depth);
		step(c, depth, domain->name, t->text, outcomes[end]);
		if (end == MW_SPF_YES)
			return matched(c, t, domain->name);
		if (end != MW_SPF_NO)
			return end == MW_SPF_TEMP ? MW_AUTH_TEMPERROR : MW_AUTH_PERMERROR;
	}
	if (record->redirect.n)
		return redirect(c, record->redirect, domain, depth);
	return say(c, MW_AUTH_NEUTRAL, "nothing in the record of %s matches", domain->name);
}

/* check_host() of RFC 7208, 4. Recursion ends with the look-ups. */
static enum mw_auth_word check_host(struct check *c, const struct domain *domain, unsigned depth)
{
	struct mw_spf_record record;
	struct mw_str text = {"", 0};
	enum mw_auth_word word;
	const char *why = "";
	char *buf = malloc(TEXTS_MAX);
	int r;

	if (!buf)
		return say(c, MW_AUTH_TEMPERROR, "no memory");
	word = find_record(c, domain->name, buf, &text);
	if (word == MW_AUTH_PASS) {
		r = mw_spf_record_parse(text, &record, &why);
		if (r == 0) {
			step(c, depth, domain->name, text, "");
			word = walk(c, &record, domain, depth);
			/* Of a redirect there is the explanation of where it led to. */
			if (word == MW_AUTH_FAIL && c->includes == 0 && !c->ret->word) {
				c->ret->word = word;
				explain(c, record.exp, domain, buf);
			}
			mw_spf_record_clear(&record);
		} else {
			word = r == -ENOMEM ? say(c, MW_AUTH_TEMPERROR, "no memory")
					    : say(c, MW_AUTH_PERMERROR, "the record of %s is wrong: %s", domain->name, why);
		}
	}
	if (text.n == 0 || why[0])
		step(c, depth, domain->name, (struct mw_str){"", 0}, c->ret->why);
	free(buf);
	return word;
}

/* ---- a message -------------------------------------------------------------------------------------------------------------- */

static bool read_client(struct mw_str text, struct mw_spf_client *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct mw_spf_client c = {0};
	char buf[INET6_ADDRSTRLEN];

	if (text.n == 0 || text.n >= sizeof(buf))
		return false;
	memcpy(buf, text.p, text.n);
	buf[text.n] = '\0';
	if (inet_pton(AF_INET, buf, c.address) != 1) {
		if (inet_pton(AF_INET6, buf, c.address) != 1)
			return false;
		c.ip6 = memcmp(c.address, mapped, sizeof(mapped)) != 0;
		if (!c.ip6)
			memcpy(c.address, c.address + sizeof(mapped), 4);
	}
	*ret = c;
	return true;
}

/* A name with a dot inside that has no address in brackets: 4.3. */
static bool is_domain(struct mw_str s, struct domain *ret)
{
	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return s.n && s.p[0] != '[' && memchr(s.p, '.', s.n) && set_domain(s, ret);
}

static struct mw_str identity_domain(const struct mw_auth_mail *mail, enum mw_spf_identity identity)
{
	return identity == MW_SPF_HELO || mail->sender_domain.n == 0 ? mail->helo : mail->sender_domain;
}

void mw_spf_want(const struct mw_auth_mail *mail, const struct mw_resolver *resolver)
{
	struct domain d;

	if (is_domain(mail->helo, &d))
		resolver->want(resolver->ctx, d.name, MW_RR_TXT);
	if (is_domain(mail->sender_domain, &d))
		resolver->want(resolver->ctx, d.name, MW_RR_TXT);
}

static struct mw_str local_part(const struct mw_auth_mail *mail, enum mw_spf_identity identity)
{
	size_t n = mail->sender.n > mail->sender_domain.n ? mail->sender.n - mail->sender_domain.n - 1 : 0;

	if (identity == MW_SPF_HELO || mail->sender_domain.n == 0 || n == 0)
		return (struct mw_str){"postmaster", 10};
	return (struct mw_str){mail->sender.p, n};
}

static void tell_domain(const struct domain *d, struct mw_spf_result *ret)
{
	if (strlen(d->name) < sizeof(ret->domain) && !strchr(d->name, '\\'))
		(void)strcpy(ret->domain, d->name);
}

int mw_spf_check(const struct mw_auth_mail *mail, const struct mw_resolver *resolver, enum mw_spf_identity identity,
		 const struct mw_spf_steps *steps, struct mw_spf_result *ret)
{
	struct mw_str asked = identity_domain(mail, identity);
	struct domain domain;
	struct check *c = calloc(1, sizeof(*c));

	*ret = (struct mw_spf_result){.identity = identity, .word = MW_AUTH_TEMPERROR};
	(void)strcpy(ret->why, "no memory");
	if (!c)
		return -ENOMEM;
	*c = (struct check){.mail = mail, .resolver = resolver, .steps = steps, .ret = ret};
	ret->word = MW_AUTH_NONE;
	if (!is_domain(asked, &domain)) {
		(void)say(c, MW_AUTH_NONE, "there is no domain to ask");
	} else if (!read_client(mail->client, &c->client)) {
		tell_domain(&domain, ret);
		ret->word = say(c, MW_AUTH_TEMPERROR, "the address of the client is not known");
	} else {
		tell_domain(&domain, ret);
		c->match = mw_spf_match_new(resolver, &c->client);
		c->values = (struct mw_spf_values){.local = local_part(mail, identity),
						   .sender_domain = asked,
						   .helo = mail->helo,
						   .receiver = {mail->receiver, strlen(mail->receiver)},
						   .ip6 = c->client.ip6,
						   .now = mail->now,
						   .validated = on_validated,
						   .ctx = c};
		memcpy(c->values.address, c->client.address, sizeof(c->values.address));
		ret->word = c->match ? check_host(c, &domain, 0) : MW_AUTH_TEMPERROR;
		mw_spf_match_free(&c->match);
	}
	free(c);
	return 0;
}
