/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/dane.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A host that is being asked about. */
struct asking {
	struct mw_dane_query *query;
	struct mw_mail_host *host;
	struct mw_dns_query *dns;
};

struct mw_dane_query {
	struct mw_dns *dns;
	struct mw_dest dest;
	mw_dane_done *done;
	void *ctx;
	struct mw_dns_query *mx;
	size_t waiting; /* hosts that are not done */
	struct asking asking[MW_DANE_MAX];
	struct mw_mail_hosts *hosts; /* large, and not there while nothing is known */
};

void mw_dane_cancel(struct mw_dane_query *q)
{
	if (!q)
		return;
	mw_dns_cancel(q->mx);
	for (size_t i = 0; i < MW_DANE_MAX; i++)
		mw_dns_cancel(q->asking[i].dns);
	free(q->hosts);
	free(q);
}

static void finish(struct mw_dane_query *q)
{
	q->done(q->ctx, &q->hosts->finding);
	mw_dane_cancel(q);
}

static void on_host(void *ctx, const struct mw_dns_answer *a);

/* Asks the host's next question. One that cannot be asked is answered here. */
static void ask_next(struct asking *k)
{
	static const unsigned types[] = {
	    [MW_STEP_A] = MW_DNS_A, [MW_STEP_AAAA] = MW_DNS_AAAA, [MW_STEP_CNAME] = MW_DNS_CNAME, [MW_STEP_TLSA] = MW_DNS_TLSA};
	struct mw_dane_query *q = k->query;
	struct mw_mail_host *h = k->host;
	char name[MW_DNS_NAME_MAX + 32];
	struct mw_err err;
	int r;

	while (h->step != MW_STEP_DONE) {
		if (h->step == MW_STEP_TLSA)
			(void)snprintf(name, sizeof(name), "_%u._tcp.%s", q->dest.port, h->at_name ? h->name : h->canonical);
		else
			(void)snprintf(name, sizeof(name), "%s", h->name);
		r = mw_dns_ask(q->dns, name, types[h->step], on_host, k, &k->dns, &err);
		if (!r)
			return;
		/* A name that is too long with "_25._tcp." before it has no records. */
		mw_judge_host(h, r == -EINVAL
				     ? &(struct mw_dns_answer){.packet = {.rcode = MW_DNS_NXDOMAIN, .ttl = UINT32_MAX}}
				     : &(struct mw_dns_answer){.status = MW_DNS_FAILED, .why = "too much is being asked"});
	}
	q->waiting--;
}

static void on_host(void *ctx, const struct mw_dns_answer *a)
{
	struct asking *k = ctx;
	struct mw_dane_query *q = k->query;

	k->dns = NULL;
	mw_judge_host(k->host, a);
	ask_next(k);
	if (q->waiting)
		return;
	mw_judge_all(q->hosts);
	finish(q);
}

static bool ask_hosts(struct mw_dane_query *q)
{
	q->waiting = q->hosts->best;
	for (size_t i = 0; i < q->hosts->best; i++) {
		q->asking[i] = (struct asking){.query = q, .host = &q->hosts->host[i]};
		ask_next(&q->asking[i]);
	}
	if (!q->waiting)
		mw_judge_all(q->hosts);
	return q->waiting > 0;
}

static void on_mx(void *ctx, const struct mw_dns_answer *a)
{
	struct mw_dane_query *q = ctx;

	q->mx = NULL;
	q->hosts = calloc(1, sizeof(*q->hosts));
	if (!q->hosts) {
		q->done(q->ctx, &(struct mw_dane_finding){.dane = MW_DANE_TEMP, .why = "out of memory"});
		mw_dane_cancel(q);
		return;
	}
	if (mw_judge_mx(q->hosts, &q->dest, a) || !ask_hosts(q))
		finish(q);
}

static int ask_about_host(struct mw_dane_query *q, struct mw_err *err)
{
	q->hosts = calloc(1, sizeof(*q->hosts));
	if (!q->hosts)
		return mw_fail_memory(err);
	return mw_judge_mx(q->hosts, &q->dest, NULL) || !ask_hosts(q) ? mw_fail(err, -EBUSY, "too much is being asked") : 0;
}

int mw_dane_ask(struct mw_dns *dns, const struct mw_dest *dest, mw_dane_done *done, void *ctx, struct mw_dane_query **ret,
		struct mw_err *err)
{
	struct mw_dane_query *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return mw_fail_memory(err);
	q->dns = dns;
	q->dest = *dest;
	q->done = done;
	q->ctx = ctx;
	r = dest->host ? ask_about_host(q, err) : mw_dns_ask(dns, dest->name, MW_DNS_MX, on_mx, q, &q->mx, err);
	if (r)
		mw_dane_cancel(q);
	else
		*ret = q;
	return r;
}

/* ---- as octets: a letter for the finding, one for "nowhere", then lines: why, and each host ------------------------------------- */
static const char letters[] = {[MW_DANE_NO] = 'n', [MW_DANE_YES] = 'y', [MW_DANE_TEMP] = 't'};

void mw_dane_pack(const struct mw_dane_finding *f, struct mw_buf *b)
{
	mw_buf_putc(b, letters[f->dane]);
	mw_buf_putc(b, f->nowhere ? '-' : '+');
	mw_buf_puts(b, f->why);
	mw_buf_putc(b, '\0');
	for (size_t i = 0; i < f->n; i++)
		mw_buf_add(b, f->host[i], strlen(f->host[i]) + 1);
}

bool mw_dane_unpack(const char *packed, size_t n, const char *names[MW_MX_MAX], struct mw_dane_finding *ret)
{
	struct mw_dane_finding f = {0};
	const char *letter = n > 2 ? memchr(letters, packed[0], sizeof(letters)) : NULL;
	size_t at = 2;

	if (!letter || packed[n - 1] != '\0')
		return false;
	f.dane = (enum mw_dane)(letter - letters);
	f.nowhere = packed[1] == '-';
	f.why = packed + at;
	for (at += strlen(packed + at) + 1; at < n && f.n < MW_MX_MAX; at += strlen(packed + at) + 1)
		names[f.n++] = packed + at;
	f.host = names;
	*ret = f;
	return true;
}
