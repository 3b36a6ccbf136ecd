/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/job.h"

#include "base/clock.h"
#include "base/log.h"
#include "mail/address.h"
#include "match/digest.h"
#include "seal/record.h"
#include "seal/results.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECE 32768u

/* One recipient in work. */
struct delivery {
	struct mw_job *job;
	const struct mw_job_rcpt *rcpt;
	struct mw_answer *answer;
	char key[MW_JOURNAL_KEY];
	char how[200]; /* for the log */
	enum mw_seal_means by;
	char queue_id[MW_QUEUE_ID];
	struct mw_seal_detail detail; /* for the record */
	struct mw_sealed made;
	char digest[65];
};

static const struct {
	char letter;
	const char *method, *name;
	enum mw_seal_means by;
} means[] = {{'s', "smime", "S/MIME", MW_BY_SMIME}, {'o', "openpgp", "OpenPGP", MW_BY_OPENPGP}};

/* ---- what it is called ----------------------------------------------------------------------------------------------------------- */

/* Digest of all octets, the same in every process. */
static int digest(int fd, uint64_t ret[2])
{
	static char piece[PIECE];
	unsigned char key[2][16] = {"milward-seal--1", "milward-seal--2"};

	for (int64_t at = 0;;) {
		ssize_t n = pread(fd, piece, sizeof(piece), at);
		struct mw_str s = {.p = piece, .n = n > 0 ? (size_t)n : 0};

		if (n < 0)
			return -errno;
		for (size_t i = 0; i < 2; i++) {
			ret[i] = mw_siphash(key[i], s);
			memcpy(key[i], &ret[i], sizeof(ret[i]));
		}
		if (n == 0)
			break;
		at += n;
	}
	explicit_bzero(piece, sizeof(piece));
	return 0;
}

/* The milter's own random id; without one, its id in the queue, which may be given to another message later, and a digest. */
static int name_it(struct mw_job *j)
{
	uint64_t d[2] = {0};
	int r;

	mw_head_id(&j->header, j->id);
	if (j->id[0])
		return 0;
	r = digest(j->worker->file[0], d);
	if (r == 0)
		(void)snprintf(j->id, sizeof(j->id), "q-%.63s-%016llx%016llx", j->queue_id, (unsigned long long)d[0],
			       (unsigned long long)d[1]);
	return r;
}

int mw_job_begin(struct mw_job *j, struct mw_str head, bool whole)
{
	struct mw_str rest;

	if (mw_header_parse(j->arena, head, &j->header, &rest) < 0)
		return -ENOMEM;
	if (!whole && rest.n == 0)
		return -EMSGSIZE;
	j->body = (int64_t)(head.n - rest.n);
	j->has_entity = false;
	(void)snprintf(j->queue_id, sizeof(j->queue_id), "%.*s", (int)sizeof(j->queue_id) - 1, j->xforward[MW_XFORWARD_IDENT]);
	if (!j->queue_id[0])
		mw_head_queue_id(&j->header, j->queue_id, sizeof(j->queue_id));
	if (!j->queue_id[0])
		memcpy(j->queue_id, "-", sizeof("-"));
	return name_it(j);
}

static const char *const ways[] = {
    [MW_TAG_NONE] = "-", [MW_TAG_SEAL] = "seal", [MW_TAG_OPEN] = "open", [MW_TAG_PORTAL] = "portal", [MW_TAG_OTHER] = "-"};

static int make_key(struct delivery *d)
{
	const char *address = mw_address_xtext(d->job->arena, d->rcpt->tag.address);
	int n;

	if (!address)
		return -ENOMEM;
	n = snprintf(d->key, sizeof(d->key), "%s %s %s", d->job->id, ways[d->rcpt->tag.kind], address);
	for (char *at = strrchr(d->key, '@'); at && *at; at++)
		*at = mw_lower(*at);
	return n > 0 && (size_t)n < sizeof(d->key) ? 0 : -ENAMETOOLONG;
}

/* ---- sending --------------------------------------------------------------------------------------------------------------------- */

/* A word with its texts; NULL ends them. What was told, or negative errno. */
static int say(struct delivery *d, char word, const char *const *texts, char *told, size_t size)
{
	struct mw_buf what = MW_BUF_INIT;
	int r = -ENOMEM;

	for (; *texts; texts++) {
		mw_buf_puts(&what, *texts);
		if (texts[1])
			mw_buf_putc(&what, '\0');
	}
	if (mw_buf_ok(&what))
		r = mw_parent_ask(&d->job->worker->parent, word, (struct mw_str){.p = what.p, .n = what.n}, told, size, NULL);
	mw_buf_free(&what);
	return r;
}

static int say_look(struct delivery *d, char *told, size_t size)
{
	const struct mw_job *j = d->job;
	const char *sender = mw_arena_dup(j->arena, j->sender.p, j->sender.n);
	const char *recipient = mw_arena_dup(j->arena, d->rcpt->tag.address.p, d->rcpt->tag.address.n);
	const char *const texts[] = {d->key, j->queue_id, sender, recipient, NULL};

	return sender && recipient ? say(d, MW_ASK_LOOK, texts, told, size) : -ENOMEM;
}

/* With what the record needs to know: it must survive what comes now. */
static int say_begin(struct delivery *d, char *told, size_t size)
{
	char detail[MW_JOURNAL_DETAIL];
	const char *const texts[] = {d->key, detail, NULL};

	mw_seal_detail_put(&d->detail, detail);
	return say(d, MW_ASK_BEGIN, texts, told, size);
}

static int ask(struct delivery *d, char word)
{
	char text[200] = "";
	int told = word == MW_ASK_LOOK ? say_look(d, text, sizeof(text)) : say_begin(d, text, sizeof(text));

	if (told == MW_TOLD_UNRECORDED) {
		mw_answer_set(d->answer, 451, "4.3.0", "delivered as %s, the audit file cannot be written", text);
	} else if (told == MW_TOLD_DONE) {
		(void)snprintf(d->queue_id, sizeof(d->queue_id), "%.*s", (int)MW_QUEUE_ID - 1, text);
		(void)snprintf(d->how, sizeof(d->how), "before");
		mw_answer_set(d->answer, 250, "2.0.0", "delivered before as %s", d->queue_id);
	} else if (told == MW_TOLD_BUSY) {
		mw_answer_set(d->answer, 451, "4.3.0", "another connection has this message in work");
	} else if (told != MW_TOLD_NEW && told != MW_TOLD_AGAIN) {
		mw_answer_set(d->answer, 452, "4.3.1", "%s", told == MW_TOLD_FAILED ? text : "the journal is out of reach");
	}
	if (told == MW_TOLD_AGAIN && word == MW_ASK_BEGIN)
		mw_log(MW_NOTICE, d->job->queue_id, "again",
		       "to=<%.*s> an attempt before this ended without a word: the copy may arrive twice",
		       (int)d->rcpt->tag.address.n, d->rcpt->tag.address.p);
	return told;
}

static void delivered(struct delivery *d)
{
	const char *const texts[] = {d->key, d->queue_id, NULL};
	char text[200] = "";
	int told = say(d, MW_ASK_DONE, texts, text, sizeof(text));

	if (told == MW_TOLD_UNRECORDED) /* the MTA comes back, and nothing is sent then */
		mw_answer_set(d->answer, 451, "4.3.0", "delivered as %s, the audit file cannot be written", d->queue_id);
	else if (told == MW_TOLD_AGAIN) /* the same */
		mw_answer_set(d->answer, 451, "4.3.0", "portal: the notice is out as %s, the store does not know it yet",
			      d->queue_id);
	else if (told != MW_TOLD_OK) /* it is delivered all the same */
		mw_log(MW_WARNING, d->job->queue_id, "journal",
		       "a copy is delivered, which the journal does not know: a retry would send it again: %s", text);
}

/* ORCPT as it came; but an address of ours is nothing to tell anybody. */
static struct mw_str original(const struct delivery *d)
{
	struct mw_str o = d->rcpt->orcpt;
	struct mw_arena *a = d->job->arena;
	const char *x;

	if (o.n && !mw_address_is_tag(o))
		return o;
	x = mw_address_xtext(a, d->rcpt->tag.address);
	x = x ? mw_arena_printf(a, "rfc822;%s", x) : NULL;
	return mw_str(x);
}

static void send_copy(struct delivery *d, struct mw_str recipient, const struct mw_mail *mail, const struct mw_lmtp_mail *how,
		      bool eight_bit)
{
	struct mw_job *j = d->job;
	struct mw_envelope_out e = {.sender = j->sender,
				    .recipient = recipient,
				    .mail = how,
				    .notify = d->rcpt->notify,
				    .orcpt = original(d),
				    .eight_bit = eight_bit,
				    .xforward = (const char(*)[MW_XFORWARD_VALUE])j->xforward};
	int told;

	if (!mw_buf_ok(&mail->head)) {
		mw_answer_set(d->answer, 451, "4.3.0", "out of memory");
		return;
	}
	told = ask(d, MW_ASK_BEGIN);
	if (told != MW_TOLD_NEW && told != MW_TOLD_AGAIN)
		return;
	mw_reentry_send(&j->worker->reentry, &e, mail, d->answer, d->queue_id);
	if (d->answer->code == 250)
		delivered(d);
}

static void failed(struct delivery *d, const char *what, int code)
{
	mw_answer_set(d->answer, code == -ENOSPC || code == -EDQUOT || code == -EFBIG ? 452 : 451,
		      code == -ENOSPC || code == -EDQUOT || code == -EFBIG ? "4.3.1" : "4.3.0", "%s: %s", what, strerror(-code));
}

/* ---- sealing --------------------------------------------------------------------------------------------------------------------- */

static const struct mw_sealer *sealer_of(const struct mw_generation *g, const char *method, void **inst)
{
	const struct mw_sealer *s;

	for (size_t i = 0; (s = mw_generation_sealer(g, i, inst)); i++)
		if (strcmp(s->method, method) == 0)
			return s;
	return NULL;
}

static int make_entity(struct mw_job *j)
{
	const int *file = j->worker->file;
	struct mw_buf head = MW_BUF_INIT;
	int r;

	if (j->has_entity)
		return 0;
	mw_head_inner(&j->header, j->eight_bit, &head);
	r = mw_buf_ok(&head) ? mw_file_begin(file[1], &head) : -ENOMEM;
	r = r < 0 ? r : mw_file_append(file[1], file[0], j->body);
	mw_buf_free(&head);
	j->has_entity = r == 0;
	return r;
}

/* 1 sealed in file[2]; 0 passed over, err says why; negative. */
static int seal(struct delivery *d, const struct mw_sealer *s, void *inst, struct mw_err *err)
{
	struct mw_job *j = d->job;
	const int *file = j->worker->file;
	struct mw_seal_work work = {.in = file[1], .out = file[2], .now = (int64_t)time(NULL), .made = &d->made};
	int r = make_entity(j);

	d->made = (struct mw_sealed){.key = ""};

	work.sender = mw_arena_dup(j->arena, j->sender.p, j->sender.n);
	work.recipient = mw_arena_dup(j->arena, d->rcpt->tag.address.p, d->rcpt->tag.address.n);
	if (!work.sender || !work.recipient)
		return -ENOMEM;
	r = r < 0 ? r : mw_file_begin(file[2], NULL);
	if (r == 0 && lseek(file[1], 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return r;
	(void)alarm((unsigned)j->worker->conf->data);
	r = s->seal(inst, &work, err);
	(void)alarm(0);
	return r;
}

/* SHA-256 of a file from an offset on, and its octets: of what is encrypted, so that a copy can be compared with its record. */
static int digest_body(struct delivery *d, int fd, int64_t at)
{
	char piece[PIECE];
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	int64_t from = at;
	ssize_t n;

	if (!sum)
		return -ENOMEM;
	while ((n = pread(fd, piece, sizeof(piece), at)) > 0) {
		g_checksum_update(sum, (const guchar *)piece, n);
		at += n;
	}
	if (n == 0)
		(void)snprintf(d->digest, sizeof(d->digest), "%s", g_checksum_get_string(sum));
	g_checksum_free(sum);
	d->detail.size = (long long)(at - from);
	return n < 0 ? -errno : 0;
}

static void send_sealed(struct delivery *d)
{
	struct mw_job *j = d->job;
	struct mw_header entity = {0};
	struct mw_mail mail = {.head = MW_BUF_INIT, .fd = j->worker->file[2], .seven_bit = true};
	int r = mw_file_header(j->arena, mail.fd, &entity, &mail.from);

	mw_head_outer(&j->header, &mail.head);
	r = r < 0 ? r : mw_head_sealed(&entity, &mail.head);
	r = r < 0 ? r : digest_body(d, mail.fd, mail.from);
	d->made.key[sizeof(d->made.key) - 1] = d->made.signer[sizeof(d->made.signer) - 1] = '\0';
	d->detail.key = d->made.key;
	d->detail.signer = d->made.signer;
	d->detail.digest = d->digest;
	if (r < 0)
		failed(d, "what the sealer made is no entity", r);
	else
		send_copy(d, d->rcpt->tag.address, &mail, &j->mail,
			  mw_head_eight_bit((struct mw_str){.p = mail.head.p, .n = mail.head.n}));
	mw_buf_free(&mail.head);
}

/* On to the recipient as it is, or opened. */
static void send_onward(struct delivery *d, struct mw_str recipient)
{
	struct mw_job *j = d->job;
	struct mw_mail mail = {.head = MW_BUF_INIT, .fd = j->worker->file[0], .from = j->body};

	mw_head_onward(&j->header, NULL, NULL, &mail.head);
	send_copy(d, recipient, &mail, &j->mail, j->eight_bit);
	mw_buf_free(&mail.head);
}

/* The message is in the portal, or was before; its recipient is told. His answer to the notice is nobody's business: a bounce with the
 * link in it would go to the sender. */
static void hand_in(struct delivery *d)
{
	struct mw_job *j = d->job;
	struct mw_lmtp_mail mail = j->mail;
	/* Of a recipient with SMTPUTF8, his address is the one thing in it that is not ASCII. */
	struct mw_mail notice = {.head = MW_BUF_INIT, .fd = j->worker->file[2], .seven_bit = !mail.utf8};

	if (!mw_job_keep(j, d->rcpt, d->key, d->answer, d->queue_id))
		return;
	mail.ret = mw_str("HDRS");
	send_copy(d, d->rcpt->tag.address, &notice, &mail, mail.utf8);
	mw_buf_free(&notice.head);
}

static void to_portal(struct delivery *d)
{
	struct mw_str a = d->rcpt->tag.address;
	char *p;

	(void)snprintf(d->how, sizeof(d->how), "portal");
	d->by = MW_BY_PORTAL;
	d->detail.means = "portal";
	if (d->job->worker->custody) {
		hand_in(d);
		return;
	}
	if (d->rcpt->tag.kind == MW_TAG_PORTAL) { /* that it came from */
		mw_answer_set(d->answer, 451, "4.3.5", "portal: the policy loads no module for it");
		return;
	}
	p = mw_arena_printf(d->job->arena, "%.*s%s", (int)a.n, a.p, MW_PORTAL_TAG);
	if (p)
		send_onward(d, mw_str(p));
	else
		mw_answer_set(d->answer, 451, "4.3.0", "out of memory");
}

/* One means. True: the recipient has his answer. */
static bool try_means(struct delivery *d, char letter, struct mw_buf *reasons)
{
	size_t i = 0;
	const struct mw_sealer *s;
	struct mw_err why = {0};
	void *inst;
	int r;

	if (letter == 'p') {
		to_portal(d);
		return true;
	}
	while (means[i].letter != letter)
		i++;
	s = sealer_of(d->job->worker->gen, means[i].method, &inst);
	(void)snprintf(d->how, sizeof(d->how), "%s", means[i].method);
	d->by = means[i].by;
	d->detail.means = means[i].method;
	if (!s) { /* a site that took it out of its policy will put it back, or decide about these messages */
		mw_answer_set(d->answer, 451, "4.3.5", "%s: the policy loads no module for it", means[i].name);
		return true;
	}
	r = seal(d, s, inst, &why);
	if (r > 0) {
		send_sealed(d);
	} else if (r < 0) {
		mw_answer_set(d->answer, r == -ENOSPC ? 452 : 451, r == -ENOSPC ? "4.3.1" : "4.3.0", "%s: %s", means[i].name,
			      why.text[0] ? why.text : strerror(-r));
	} else {
		mw_buf_printf(reasons, "%s%s: %s", reasons->n ? "; " : "", means[i].name,
			      why.text[0] ? why.text : "there is no key");
	}
	return r != 0;
}

static void deliver_sealed(struct delivery *d)
{
	struct mw_buf reasons = MW_BUF_INIT;
	bool settled = false;

	for (const char *m = d->rcpt->tag.means; *m && !settled; m++)
		settled = try_means(d, *m, &reasons);
	if (!settled) {
		(void)snprintf(d->how, sizeof(d->how), "none");
		d->by = MW_BY_NONE;
		mw_answer_set(d->answer, 550, "5.7.1", "this message must be encrypted, and cannot be for this recipient: %s",
			      mw_buf_text(&reasons));
	}
	mw_buf_free(&reasons);
}

/* ---- opening --------------------------------------------------------------------------------------------------------------------- */

static bool is_ours(void *ctx, struct mw_str value)
{
	const struct mw_worker *w = ctx;

	return mw_results_is_by(value, w->author) && (!w->conf->keep_results || mw_results_of_sealer(value));
}

static void deliver_opened(struct delivery *d)
{
	struct mw_job *j = d->job;
	struct mw_opening o = {.results = MW_BUF_INIT};
	struct mw_head_results results = {.is_ours = is_ours, .ctx = j->worker};
	struct mw_mail mail = {.head = MW_BUF_INIT, .fd = j->worker->file[0], .from = j->body};
	struct mw_err err = {0};
	int r = mw_job_open(j, d->rcpt, &o, &err);

	d->by = MW_BY_OPEN;
	results.text = mw_buf_text(&o.results);
	if (r < 0) {
		mw_answer_set(d->answer, r == -ENOSPC ? 452 : 451, r == -ENOSPC ? "4.3.1" : "4.3.0", "%s", err.text);
	} else if (!mw_buf_ok(&o.results)) {
		mw_answer_set(d->answer, 451, "4.3.0", "out of memory");
	} else {
		d->detail.means = "open";
		d->detail.results = o.words;
		(void)snprintf(d->how, sizeof(d->how), "open %s", o.words);
		mw_head_onward(&j->header, r > 0 ? &o.header : NULL, &results, &mail.head);
		if (r > 0) {
			mail.fd = o.fd;
			mail.from = o.body;
			mail.repair = true;
		}
		send_copy(d, d->rcpt->tag.address, &mail, &j->mail, r > 0 || j->eight_bit);
	}
	mw_buf_free(&mail.head);
	mw_buf_free(&o.results);
}

void mw_job_deliver(struct mw_job *j, const struct mw_job_rcpt *rcpt, struct mw_answer *answer)
{
	struct delivery d = {.job = j, .rcpt = rcpt, .answer = answer, .how = "-", .queue_id = "-"};
	int64_t began = mw_clock_ns();
	int told = make_key(&d);

	if (told < 0)
		failed(&d, "journal", told);
	else
		told = ask(&d, MW_ASK_LOOK);
	if (told == MW_TOLD_NEW || told == MW_TOLD_AGAIN) {
		if (rcpt->tag.kind == MW_TAG_OPEN)
			deliver_opened(&d);
		else if (rcpt->tag.kind == MW_TAG_PORTAL)
			to_portal(&d);
		else
			deliver_sealed(&d);
		if (answer->code != 250)
			(void)mw_parent_ask(&j->worker->parent, MW_ASK_LEAVE, (struct mw_str){0}, NULL, 0, NULL);
	}
	mw_seal_count(j->worker->counts, d.by, answer->code, mw_clock_ns() - began);
	mw_log(answer->code == 250 ? MW_INFO : MW_NOTICE, j->queue_id, answer->code == 250 ? "sent" : "not sent",
	       "to=<%.*s> by=%s queued-as=%s id=%s answer=%u %s", (int)rcpt->tag.address.n, rcpt->tag.address.p, d.how,
	       d.queue_id, j->id, answer->code, answer->text);
}
