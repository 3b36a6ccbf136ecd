/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "mail/address.h"
#include "seal/box.h"
#include "smtp/dots.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RCPTS_MOST 1000u
#define ERRORS_MOST 20u
#define PIECE 32768u

struct session {
	struct mw_worker *worker;
	struct mw_stream stream;
	char xforward[MW_XFORWARDS][MW_XFORWARD_VALUE];
	bool greeted, done;
	unsigned errors;
	/* The transaction. */
	struct mw_arena *arena;
	bool has_sender;
	struct mw_str sender;
	struct mw_lmtp_mail mail;
	size_t rcpts, cap;
	struct mw_job_rcpt *rcpt;
};

/* A message that is coming. */
struct coming {
	struct mw_undot undot;
	struct mw_buf head; /* the first octets */
	bool head_whole;
	uint64_t size;
	int failed; /* negative errno: what comes is thrown away */
};

static int64_t seconds(int64_t s)
{
	return mw_clock_ms() + s * 1000;
}

MW_PRINTF(2, 3) static void say(struct session *s, const char *fmt, ...)
{
	char line[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	mw_buf_puts(&s->stream.out, line);
	mw_buf_puts(&s->stream.out, "\r\n");
}

static void refuse(struct session *s, const char *reply)
{
	say(s, "%s", reply);
	if (++s->errors < ERRORS_MOST)
		return;
	say(s, "421 4.7.0 too many errors");
	s->done = true;
}

/* For the log. */
static const char *queue_id(const struct session *s)
{
	return s->xforward[MW_XFORWARD_IDENT][0] ? s->xforward[MW_XFORWARD_IDENT] : NULL;
}

static void forget(struct session *s)
{
	mw_arena_free(&s->arena);
	s->has_sender = false;
	s->sender = (struct mw_str){0};
	s->mail = (struct mw_lmtp_mail){0};
	s->rcpts = s->cap = 0;
	s->rcpt = NULL;
}

/* ---- commands -------------------------------------------------------------------------------------------------------------------- */

static void do_lhlo(struct session *s)
{
	forget(s);
	s->greeted = true;
	say(s, "250-%s", s->worker->name);
	say(s, "250-PIPELINING");
	say(s, "250-SIZE %llu", (unsigned long long)s->worker->conf->size);
	say(s, "250-8BITMIME");
	say(s, "250-SMTPUTF8");
	say(s, "250-ENHANCEDSTATUSCODES");
	say(s, "250-DSN");
	say(s, "250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE");
}

static bool copy(struct session *s, struct mw_str *p)
{
	p->p = mw_arena_dup(s->arena, p->p, p->n);
	return p->p != NULL;
}

static void do_mail(struct session *s, const struct mw_lmtp_command *c)
{
	struct mw_lmtp_mail m;
	const char *wrong = mw_lmtp_mail_params(c, &m);

	if (s->has_sender || wrong) {
		refuse(s, wrong ? wrong : "503 5.5.1 there is a sender already");
		return;
	}
	if (m.size > s->worker->conf->size) {
		say(s, "552 5.3.4 the message is too large");
		return;
	}
	forget(s);
	s->arena = mw_arena_new(64u << 20);
	s->sender = c->path;
	s->mail = m;
	s->has_sender = s->arena && copy(s, &s->sender) && copy(s, &s->mail.envid) && copy(s, &s->mail.ret);
	if (s->has_sender)
		say(s, "250 2.1.0 ok");
	else
		say(s, "451 4.3.0 out of memory");
}

/* What an address without a tag of ours wants here, only the site can tell: the message waits. */
static const char *address_wrong(struct session *s, const struct mw_tag *t)
{
	struct mw_rcpt r;

	if (t->kind == MW_TAG_NONE)
		return "451 4.3.5 an address without a tag: the MTA gives this agent what it should not";
	if (t->kind == MW_TAG_OTHER)
		return "451 4.3.5 a tag that this agent does not know";
	if (mw_address_parse(s->arena, t->address, &r) < 0)
		return "451 4.3.0 out of memory";
	return r.form == MW_ADDR_PLAIN ? NULL : "553 5.1.3 address form not supported";
}

static void do_rcpt(struct session *s, const struct mw_lmtp_command *c)
{
	struct mw_lmtp_rcpt params;
	const char *wrong = mw_lmtp_rcpt_params(c, &params);
	struct mw_job_rcpt r = {.path = c->path}, *v;

	if (!s->has_sender || wrong) {
		refuse(s, wrong ? wrong : "503 5.5.1 MAIL first");
		return;
	}
	if (s->rcpts == RCPTS_MOST) {
		say(s, "452 4.5.3 too many recipients");
		return;
	}
	r.notify = params.notify;
	r.orcpt = params.orcpt;
	v = mw_arena_grow(s->arena, s->rcpt, &s->cap, s->rcpts + 1, sizeof(*v));
	if (!v || !copy(s, &r.path) || !copy(s, &r.notify) || !copy(s, &r.orcpt)) {
		say(s, "451 4.3.0 out of memory");
		return;
	}
	s->rcpt = v;
	r.tag = mw_tag_parse(r.path);
	wrong = address_wrong(s, &r.tag);
	if (wrong) {
		mw_log(MW_ERROR, queue_id(s), "refused", "to=<%.*s> %s", (int)r.path.n, r.path.p, wrong);
		say(s, "%s", wrong);
		return;
	}
	s->rcpt[s->rcpts++] = r;
	say(s, "250 2.1.5 ok");
}

static void do_xforward(struct session *s, const struct mw_lmtp_command *c)
{
	char known[MW_XFORWARDS][MW_XFORWARD_VALUE];
	const char *wrong;

	if (s->has_sender) {
		refuse(s, "503 5.5.1 not within a transaction");
		return;
	}
	memcpy(known, s->xforward, sizeof(known));
	wrong = mw_lmtp_xforward(c, known);
	if (wrong) {
		refuse(s, wrong);
		return;
	}
	memcpy(s->xforward, known, sizeof(known));
	say(s, "250 2.0.0 ok");
}

/* ---- a message ------------------------------------------------------------------------------------------------------------------- */

/* The header, for as long as it goes on. */
static void keep_head(struct coming *c, const char *p, size_t n)
{
	size_t was = c->head.n, from = was > 3 ? was - 3 : 0;
	const char *end;

	if (c->head_whole || was >= MW_HEAD_MOST)
		return;
	n = n < MW_HEAD_MOST - was ? n : MW_HEAD_MOST - was;
	mw_buf_add(&c->head, p, n);
	if (!mw_buf_ok(&c->head))
		return;
	end = memmem(c->head.p + from, c->head.n - from, "\r\n\r\n", 4);
	if (c->head.n >= 2 && memcmp(c->head.p, "\r\n", 2) == 0)
		end = c->head.p - 2;
	if (!end)
		return;
	mw_buf_cut(&c->head, (size_t)(end - c->head.p) + 4);
	c->head_whole = true;
}

static void keep(struct session *s, struct coming *c, const struct mw_buf *octets)
{
	size_t n = 0;

	c->size += octets->n;
	if (!mw_buf_ok(octets))
		c->failed = -ENOMEM;
	if (!c->failed && c->size > s->worker->conf->size)
		c->failed = -EMSGSIZE;
	if (c->failed)
		return;
	keep_head(c, octets->p, octets->n);
	while (n < octets->n) {
		ssize_t w = write(s->worker->file[0], octets->p + n, octets->n - n);

		if (w < 0 && errno != EINTR) {
			c->failed = -errno;
			return;
		}
		n += w > 0 ? (size_t)w : 0;
	}
}

/* 0: the end has come, whatever was wrong with the message; negative: the connection is no more. */
static int receive(struct session *s, struct coming *c)
{
	int64_t until = seconds(s->worker->conf->data);
	struct mw_buf octets = MW_BUF_INIT;
	int r = mw_stream_flush(&s->stream, until);

	c->failed = mw_file_begin(s->worker->file[0], NULL);
	while (r == 0 && !c->undot.done) {
		struct mw_str in;

		r = mw_stream_peek(&s->stream, until, &in);
		if (r < 0)
			break;
		mw_stream_take(&s->stream, mw_undot(&c->undot, in, &octets));
		if (octets.n < PIECE && !c->undot.done && mw_buf_ok(&octets))
			continue;
		keep(s, c, &octets);
		mw_buf_clear(&octets);
	}
	if (!c->failed && !mw_buf_ok(&c->head))
		c->failed = -ENOMEM;
	if (!c->failed && c->undot.bare)
		c->failed = -EBADMSG;
	mw_buf_free(&octets);
	return r;
}

static void answer_failure(int why, struct mw_answer *a)
{
	switch (why) {
	case -EMSGSIZE:
		mw_answer_set(a, 552, "5.3.4", "the message or its header is too large");
		break;
	case -EBADMSG:
		mw_answer_set(a, 550, "5.6.0", "a CR or LF stands alone in the message");
		break;
	case -ENOSPC:
	case -EDQUOT:
	case -EFBIG:
		mw_answer_set(a, 452, "4.3.1", "no room for the message");
		break;
	default:
		mw_answer_set(a, 451, "4.3.0", "%s", strerror(-why));
	}
}

static void answer(struct session *s, const struct mw_answer *a)
{
	say(s, "%u %s", a->code, a->text);
	if (mw_stream_flush(&s->stream, seconds(s->worker->conf->idle)) < 0)
		s->done = true; /* nobody listens: the MTA will come again with those that are left */
}

static void work(struct session *s, struct coming *c)
{
	struct mw_job job = {.worker = s->worker,
			     .arena = s->arena,
			     .sender = s->sender,
			     .mail = s->mail,
			     .xforward = s->xforward,
			     .eight_bit = c->undot.eight_bit};
	int r = c->failed;

	if (r == 0)
		r = mw_job_begin(&job, (struct mw_str){.p = mw_buf_text(&c->head), .n = c->head.n},
				 c->head_whole || c->size < MW_HEAD_MOST);
	for (size_t i = 0; i < s->rcpts && !s->done; i++) {
		struct mw_answer a = {0};

		if (r < 0) {
			answer_failure(r, &a);
			mw_log(MW_NOTICE, queue_id(s), "not sent", "to=<%.*s> answer=%u %s", (int)s->rcpt[i].tag.address.n,
			       s->rcpt[i].tag.address.p, a.code, a.text);
		} else {
			mw_box_time(s->worker->conf->data);
			mw_job_deliver(&job, &s->rcpt[i], &a);
		}
		answer(s, &a);
	}
}

static void do_data(struct session *s)
{
	struct coming c = {.head = MW_BUF_INIT};

	if (!s->rcpts) {
		refuse(s, s->has_sender ? "554 5.5.1 no valid recipients" : "503 5.5.1 MAIL first");
		return;
	}
	say(s, "354 end with a dot on a line");
	if (receive(s, &c) < 0)
		s->done = true;
	else
		work(s, &c);
	mw_buf_free(&c.head);
	for (size_t i = 0; i < 3; i++)
		(void)mw_file_begin(s->worker->file[i], NULL);
	forget(s);
}

/* ---- the connection -------------------------------------------------------------------------------------------------------------- */

static void obey(struct session *s, struct mw_str line)
{
	struct mw_lmtp_command c;
	const char *wrong = mw_lmtp_parse(line, &c);

	if (wrong) {
		refuse(s, wrong);
		return;
	}
	if (!s->greeted && (c.verb == MW_LMTP_MAIL || c.verb == MW_LMTP_RCPT || c.verb == MW_LMTP_DATA)) {
		refuse(s, "503 5.5.1 LHLO first");
		return;
	}
	switch (c.verb) {
	case MW_LMTP_LHLO:
		do_lhlo(s);
		break;
	case MW_LMTP_MAIL:
		do_mail(s, &c);
		break;
	case MW_LMTP_RCPT:
		do_rcpt(s, &c);
		break;
	case MW_LMTP_DATA:
		do_data(s);
		break;
	case MW_LMTP_XFORWARD:
		do_xforward(s, &c);
		break;
	case MW_LMTP_RSET:
		forget(s);
		say(s, "250 2.0.0 ok");
		break;
	case MW_LMTP_NOOP:
		say(s, "250 2.0.0 ok");
		break;
	case MW_LMTP_VRFY:
		say(s, "252 2.5.0 send it and see");
		break;
	case MW_LMTP_QUIT:
		say(s, "221 2.0.0 bye");
		s->done = true;
		break;
	default:
		refuse(s, c.verb == MW_LMTP_HELO ? "500 5.5.1 this is LMTP: say LHLO" : "500 5.5.2 unknown command");
	}
}

/* A line, and before it what we have said so far. False: it is over. */
static bool next_line(struct session *s, struct mw_str *line)
{
	int64_t until = seconds(s->worker->conf->idle);
	bool idle = !s->has_sender;
	int r = 0;

	if (idle && mw_parent_stops(&s->worker->parent))
		r = -ECANCELED;
	if (r == 0 && !s->stream.n)
		r = mw_stream_flush(&s->stream, until);
	if (r == 0)
		r = mw_stream_line(&s->stream, MW_LMTP_LINE, until, idle ? s->worker->parent.sock : -1, line);
	if (r == 0)
		return true;
	if (r == -ECANCELED)
		say(s, "421 4.3.2 this agent stops or reads its policy again");
	else if (r == -ETIMEDOUT)
		say(s, "421 4.4.2 no command in time");
	else if (r == -EMSGSIZE || r == -EBADMSG)
		say(s, "500 5.5.2 a line that is too long, or does not end with CR LF");
	return false;
}

void mw_session_run(struct mw_worker *w, int client)
{
	struct session s = {.worker = w, .stream = {.fd = client}};
	struct mw_str line;

	say(&s, "220 %s LMTP milward-seal", w->name);
	while (!s.done && next_line(&s, &line))
		obey(&s, line);
	(void)mw_stream_flush(&s.stream, mw_clock_ms() + 1000);
	forget(&s);
	mw_reentry_close(&w->reentry);
	mw_stream_close(&s.stream);
}
