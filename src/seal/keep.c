/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep: hands a message in to the portal. The parent has the store and its keys, this process has the message: room is asked for, the
 * message packed into it, then it is stored; the notice is made of the ticket. Every step may fail or be cut off: a retry goes on where the
 * store says that it ended, with the same link.
 */
#include "seal/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct keeping {
	struct mw_job *job;
	const struct mw_job_rcpt *rcpt;
	const char *key;
	struct mw_answer *answer;
	struct mw_custody_work work;
	char ticket[MW_TICKET_MOST];
	size_t n;
};

static void failed(struct keeping *k, int told, const char *text)
{
	if (told == MW_TOLD_FAILED)
		mw_answer_set(k->answer, 451, "4.3.0", "portal: %s", text);
	else
		mw_answer_set(k->answer, 451, "4.3.0", "portal: the store is out of reach");
}

/* False: the recipient has his answer. */
static bool pack(struct keeping *k, int fd)
{
	struct mw_worker *w = k->job->worker;
	struct mw_err err = {0};
	int r;

	k->work.in = w->file[0];
	k->work.out = fd;
	(void)alarm((unsigned)w->conf->data);
	r = w->custody->pack(w->custody_inst, &k->work, k->ticket, &k->n, &err);
	(void)alarm(0);
	if (r == 0)
		mw_answer_set(k->answer, 552, "5.3.4", "portal: %s", err.text);
	else if (r < 0)
		mw_answer_set(k->answer, r == -ENOSPC || r == -EDQUOT || r == -EFBIG ? 452 : 451,
			      r == -ENOSPC || r == -EDQUOT || r == -EFBIG ? "4.3.1" : "4.3.0", "portal: %s",
			      err.text[0] ? err.text : strerror(-r));
	return r > 0;
}

static bool store(struct keeping *k)
{
	const char *const texts[] = {k->key, k->work.sender, k->work.recipient, k->work.queue_id};
	struct mw_buf what = MW_BUF_INIT;
	char text[200] = "";
	int told = -ENOMEM;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		mw_buf_add(&what, texts[i], strlen(texts[i]) + 1);
	mw_buf_add(&what, k->ticket, k->n);
	if (mw_buf_ok(&what))
		told = mw_parent_ask(&k->job->worker->parent, MW_ASK_STORE, (struct mw_str){.p = what.p, .n = what.n}, text,
				     sizeof(text), NULL);
	mw_buf_free(&what);
	if (told != MW_TOLD_OK)
		failed(k, told, text);
	return told == MW_TOLD_OK;
}

static bool make_notice(struct keeping *k)
{
	struct mw_worker *w = k->job->worker;
	struct mw_err err = {0};
	int r = mw_file_begin(w->file[2], NULL);

	k->work.in = -1;
	k->work.out = w->file[2];
	r = r < 0 ? r : w->custody->notice(w->custody_inst, &k->work, (struct mw_str){.p = k->ticket, .n = k->n}, &err);
	if (r < 0)
		mw_answer_set(k->answer, 451, "4.3.0", "portal: the notice: %s", err.text[0] ? err.text : strerror(-r));
	return r == 0;
}

/* True: the notice is made. */
static bool keep(struct keeping *k, char queue_id[MW_QUEUE_ID])
{
	int fd = -1, told;
	bool good = true;

	k->n = sizeof(k->ticket) - 1;
	told = mw_parent_ask_octets(&k->job->worker->parent, MW_ASK_ROOM, mw_str(k->key), k->ticket, &k->n, &fd);
	k->ticket[k->n] = '\0';
	if (told == MW_TOLD_DONE) {
		(void)snprintf(queue_id, MW_QUEUE_ID, "%.*s", (int)MW_QUEUE_ID - 1, k->ticket);
		mw_answer_set(k->answer, 250, "2.0.0", "handed in before, the notice went out as %s", queue_id);
		return false;
	}
	if (told == MW_TOLD_UNRECORDED) {
		mw_answer_set(k->answer, 451, "4.3.0", "handed in before, the audit file cannot be written");
		return false;
	}
	if ((told != MW_TOLD_NEW || fd < 0) && told != MW_TOLD_AGAIN) {
		failed(k, told, k->ticket);
		return false;
	}
	if (told == MW_TOLD_NEW)
		good = pack(k, fd) && store(k);
	if (fd >= 0)
		(void)close(fd);
	return good && make_notice(k);
}

bool mw_job_keep(struct mw_job *j, const struct mw_job_rcpt *rcpt, const char *key, struct mw_answer *answer,
		 char queue_id[MW_QUEUE_ID])
{
	struct keeping k = {.job = j, .rcpt = rcpt, .key = key, .answer = answer};
	bool made = false;

	k.work.sender = mw_arena_dup(j->arena, j->sender.p, j->sender.n);
	k.work.recipient = mw_arena_dup(j->arena, rcpt->tag.address.p, rcpt->tag.address.n);
	k.work.queue_id = j->queue_id;
	k.work.now = (int64_t)time(NULL);
	if (k.work.sender && k.work.recipient)
		made = keep(&k, queue_id);
	else
		mw_answer_set(answer, 451, "4.3.0", "out of memory");
	explicit_bzero(k.ticket, sizeof(k.ticket));
	return made;
}
