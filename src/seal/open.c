/* SPDX-License-Identifier: Apache-2.0 */
/* open: mail that came encrypted to the site, or signed. Sealers take one layer off at a time, the outermost first. */
#include "mail/address.h"
#include "seal/job.h"
#include "seal/results.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LAYERS_MOST 6u

struct opener {
	struct mw_job *job;
	struct mw_seal_work work;
	struct mw_result result[MW_RESULTS_MOST];
	size_t results;
	bool opened;
};

/* What Authentication-Results compare a signer with: the address of the only From field, "" when there is not one. */
static void from_address(const struct mw_header *h, char *ret, size_t size)
{
	size_t at = 0;
	const struct mw_field *f = mw_header_find(h, "From", &at);

	ret[0] = '\0';
	if (f && !mw_header_find(h, "From", &at))
		mw_results_author(f->value, ret, size);
}

/* Says what a sealer found, and gives the parent the key that it wants to keep. */
static void note(struct opener *o, size_t sealer, const char *method, const struct mw_opened *found)
{
	struct mw_result *r = &o->result[o->results++];
	struct mw_buf packet = MW_BUF_INIT;

	*r = (struct mw_result){.method = method, .opened = true, .found = *found};
	if (!found->keep.n || found->keep.n >= MW_CONTROL_PACKET - 2)
		return;
	mw_buf_putc(&packet, (char)sealer);
	mw_buf_add(&packet, found->keep.p, found->keep.n);
	if (mw_buf_ok(&packet))
		(void)mw_parent_ask(&o->job->worker->parent, MW_ASK_KEEP, (struct mw_str){.p = packet.p, .n = packet.n}, NULL, 0,
				    NULL);
	mw_buf_free(&packet);
	r->found.keep = (struct mw_str){0};
}

static void note_refusal(struct opener *o, const char *method, const struct mw_err *why)
{
	struct mw_result *r = &o->result[o->results++];

	*r = (struct mw_result){.method = method};
	(void)snprintf(r->why, sizeof(r->why), "%.*s", (int)sizeof(r->why) - 1, why->text[0] ? why->text : "it cannot");
}

static bool is_same(int a, int b)
{
	struct stat x, y;
	char p[4096], q[4096];

	if (fstat(a, &x) < 0 || fstat(b, &y) < 0 || x.st_size != y.st_size)
		return false;
	for (int64_t at = 0; at < x.st_size; at += (int64_t)sizeof(p)) {
		ssize_t n = pread(a, p, sizeof(p), at), k = pread(b, q, sizeof(q), at);

		if (n <= 0 || n != k || memcmp(p, q, (size_t)n) != 0)
			return false;
	}
	return true;
}

/* One layer. 1: it is off; 0: nobody can; negative. */
static int open_layer(struct opener *o, struct mw_err *err)
{
	const struct mw_sealer *s;
	void *inst;

	for (size_t i = 0; (s = mw_generation_sealer(o->job->worker->gen, i, &inst)) && o->results < MW_RESULTS_MOST; i++) {
		struct mw_opened found = {0};
		struct mw_err why = {0};
		int r;

		if (!s->unseal)
			continue;
		r = mw_file_begin(o->work.out, NULL);
		if (r == 0 && lseek(o->work.in, 0, SEEK_SET) < 0)
			r = -errno;
		if (r < 0)
			return mw_fail(err, r, "working file: %s", strerror(-r));
		(void)alarm((unsigned)o->job->worker->conf->data);
		r = s->unseal(inst, &o->work, &found, &why);
		(void)alarm(0);
		if (r < 0)
			return mw_fail(err, r, "%s: %.*s", s->method, 400, why.text[0] ? why.text : strerror(-r));
		if (r > 0) {
			note(o, i, s->method, &found);
			return 1;
		}
		if (!o->opened)
			note_refusal(o, s->method, &why);
	}
	return 0;
}

/* What was told by those who could not do anything is of no interest when somebody could. */
static void forget_refusals(struct opener *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->results; i++)
		if (o->result[i].opened)
			o->result[n++] = o->result[i];
	o->results = n;
}

static void say(struct opener *o, struct mw_opening *ret)
{
	char from[320];
	size_t n = 0;

	from_address(&o->job->header, from, sizeof(from));
	mw_results_put(&ret->results, o->job->worker->author, o->result, o->results, from);
	ret->words[0] = '\0';
	for (size_t i = 0; i < o->results && n + 1 < sizeof(ret->words); i++) {
		int k = snprintf(ret->words + n, sizeof(ret->words) - n, "%s%s=%s%s", i ? "," : "", o->result[i].method,
				 mw_result_word(&o->result[i], from), o->result[i].found.decrypted ? "(decrypted)" : "");

		n += k > 0 ? (size_t)k : 0;
	}
}

static int make_entity(struct opener *o)
{
	struct mw_buf head = MW_BUF_INIT;
	const int *file = o->job->worker->file;
	int r;

	mw_head_entity(&o->job->header, &head);
	r = mw_buf_ok(&head) ? mw_file_begin(file[1], &head) : -ENOMEM;
	r = r < 0 ? r : mw_file_append(file[1], file[0], o->job->body);
	mw_buf_free(&head);
	o->job->has_entity = false; /* that was for sealing */
	return r;
}

int mw_job_open(struct mw_job *job, const struct mw_job_rcpt *rcpt, struct mw_opening *ret, struct mw_err *err)
{
	const int *file = job->worker->file;
	struct opener o = {.job = job, .work = {.in = file[1], .out = file[2], .now = (int64_t)time(NULL)}};
	int r = make_entity(&o);

	o.work.sender = mw_arena_dup(job->arena, job->sender.p, job->sender.n);
	o.work.recipient = mw_arena_dup(job->arena, rcpt->tag.address.p, rcpt->tag.address.n);
	if (r < 0 || !o.work.sender || !o.work.recipient)
		return mw_fail(err, r < 0 ? r : -ENOMEM, "working file: %s", strerror(r < 0 ? -r : ENOMEM));
	for (unsigned layer = 0; layer < LAYERS_MOST; layer++) {
		int was = o.work.in;
		bool same;

		r = open_layer(&o, err);
		if (r <= 0)
			break;
		/* A signature that anybody can check stays where it is: it would be found again. */
		same = !o.result[o.results - 1].found.decrypted && is_same(o.work.in, o.work.out);
		o.opened = true;
		forget_refusals(&o);
		o.work.in = o.work.out;
		o.work.out = was;
		if (same)
			break;
	}
	if (r < 0)
		return r;
	say(&o, ret);
	if (!o.opened)
		return 0;
	ret->fd = o.work.in;
	r = mw_file_header(job->arena, ret->fd, &ret->header, &ret->body);
	return r < 0 ? mw_fail(err, r, "what was opened: %s", strerror(-r)) : 1;
}
