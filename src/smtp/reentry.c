/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/reentry.h"

#include "base/clock.h"
#include "smtp/dots.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 32768u
#define GREETING_MS 60000 /* a listener on the same machine is there at once, or busy */

/* One answer, with all its lines. text: of the last line, kept in room. */
struct said {
	unsigned code;
	struct mw_str text;
	char room[MW_REPLY_LINE];
};

static int64_t until(const struct mw_reentry *r)
{
	return mw_clock_ms() + r->reply;
}

static void drop(struct mw_reentry *r)
{
	mw_stream_close(&r->stream);
	r->up = false;
}

static void failed(struct mw_reentry *r, int why, struct mw_answer *a)
{
	drop(r);
	mw_answer_set(a, 451, "4.4.1", "re-entry: %s",
		      why == -ETIMEDOUT	 ? "no answer in time"
		      : why == -EPIPE	 ? "the connection was lost"
		      : why == -EBADMSG	 ? "what answers is no SMTP server"
		      : why == -EMSGSIZE ? "an answer is too long"
					 : strerror(-why));
}

/* each: sees every line, may be NULL. */
static int hear(struct mw_reentry *r, struct said *s, int64_t when, void (*each)(struct mw_reentry *, struct mw_str))
{
	bool more = true;

	for (unsigned i = 0; more; i++) {
		struct mw_str line, text;
		int e = i < MW_REPLY_LINES ? mw_stream_line(&r->stream, MW_REPLY_LINE - 2, when, -1, &line) : -EMSGSIZE;

		e = e < 0 ? e : mw_reply_line(line, &s->code, &more, &text);
		if (e < 0)
			return e;
		memcpy(s->room, text.p, text.n);
		s->text = (struct mw_str){.p = s->room, .n = text.n};
		if (each)
			each(r, s->text);
	}
	return 0;
}

static bool said_ok(const struct said *s)
{
	return s->code >= 200 && s->code <= 299;
}

/* ---- the connection -------------------------------------------------------------------------------------------------------------- */

static void offer(struct mw_reentry *r, struct mw_str text)
{
	const char *space = text.n ? memchr(text.p, ' ', text.n) : NULL;
	struct mw_str word = {.p = text.p, .n = space ? (size_t)(space - text.p) : text.n};

	r->pipelining |= mw_str_caseeq(word, "PIPELINING");
	r->dsn |= mw_str_caseeq(word, "DSN");
	r->eight_bit |= mw_str_caseeq(word, "8BITMIME");
	r->utf8 |= mw_str_caseeq(word, "SMTPUTF8");
	r->size |= mw_str_caseeq(word, "SIZE");
	r->xforward |= mw_str_caseeq(word, "XFORWARD");
}

/* What goes wrong here is the site's set-up, or the listener is busy: never the message. */
static bool greet(struct mw_reentry *r, struct said *s, struct mw_answer *a)
{
	int e = mw_stream_connected(&r->stream, mw_clock_ms() + GREETING_MS);

	e = e < 0 ? e : hear(r, s, until(r), NULL);
	if (e == 0 && said_ok(s)) {
		mw_buf_printf(&r->stream.out, "EHLO %s\r\n", r->name);
		e = mw_stream_flush(&r->stream, until(r));
		e = e < 0 ? e : hear(r, s, until(r), offer);
	}
	if (e < 0) {
		failed(r, e, a);
		return false;
	}
	if (!said_ok(s)) {
		mw_answer_pass(a, 451, s->text, "re-entry: ");
		drop(r);
		return false;
	}
	return true;
}

static bool come_up(struct mw_reentry *r, struct said *s, struct mw_answer *a)
{
	if (r->up)
		return true;
	r->pipelining = r->dsn = r->eight_bit = r->utf8 = r->size = r->xforward = false;
	r->stream.fd = r->connect(r->ctx);
	if (r->stream.fd < 0) {
		failed(r, r->stream.fd, a);
		return false;
	}
	r->up = greet(r, s, a);
	return r->up;
}

/* ---- a message ------------------------------------------------------------------------------------------------------------------- */

/* Anew for each message: Postfix forgets it with the one before. In two commands, as Postfix does it, because some servers take no long
 * lines; with those that follow, so it costs no time. How many. */
static unsigned say_xforward(struct mw_reentry *r, const struct mw_envelope_out *e)
{
	static const enum mw_xforward end[] = {MW_XFORWARD_PROTO, MW_XFORWARDS};
	unsigned k = 0;

	if (!e->xforward || !r->xforward || !r->pipelining)
		return 0;
	for (size_t turn = 0; turn < 2; turn++) {
		mw_buf_puts(&r->stream.out, "XFORWARD");
		for (; k < end[turn]; k++)
			mw_buf_printf(&r->stream.out, " %s=%s", mw_xforward_names[k],
				      e->xforward[k][0] ? e->xforward[k] : "[UNAVAILABLE]");
		mw_buf_puts(&r->stream.out, "\r\n");
	}
	return 2;
}

/* What it answers to that. One who does not want to be told is not told again. */
static int hear_xforward(struct mw_reentry *r, unsigned n, struct said *s)
{
	int err = 0;

	for (; n > 0 && err == 0; n--) {
		err = hear(r, s, until(r), NULL);
		r->xforward = r->xforward && err == 0 && said_ok(s);
	}
	return err;
}

static int64_t rest_of(const struct mw_mail *m)
{
	struct stat st;

	return m->fd >= 0 && fstat(m->fd, &st) == 0 && st.st_size > m->from ? st.st_size - m->from : 0;
}

static void add(struct mw_buf *out, const char *key, struct mw_str value)
{
	if (!value.n)
		return;
	mw_buf_printf(out, " %s=", key);
	mw_buf_add(out, value.p, value.n);
}

static void add_path(struct mw_buf *out, const char *verb, struct mw_str path)
{
	mw_buf_printf(out, "%s:<", verb);
	mw_buf_add(out, path.p, path.n);
	mw_buf_putc(out, '>');
}

static void say_mail(struct mw_reentry *r, const struct mw_envelope_out *e, const struct mw_mail *m)
{
	struct mw_buf *out = &r->stream.out;

	add_path(out, "MAIL FROM", e->sender);
	if (r->size)
		mw_buf_printf(out, " SIZE=%lld", (long long)m->head.n + (long long)rest_of(m));
	if (e->eight_bit && r->eight_bit)
		mw_buf_puts(out, " BODY=8BITMIME");
	if (e->mail->utf8)
		mw_buf_puts(out, " SMTPUTF8");
	if (r->dsn) {
		add(out, "RET", e->mail->ret);
		add(out, "ENVID", e->mail->envid);
	}
	mw_buf_puts(out, "\r\n");
}

static void say_rcpt(struct mw_reentry *r, const struct mw_envelope_out *e)
{
	add_path(&r->stream.out, "RCPT TO", e->recipient);
	if (r->dsn) {
		add(&r->stream.out, "NOTIFY", e->notify);
		add(&r->stream.out, "ORCPT", e->orcpt);
	}
	mw_buf_puts(&r->stream.out, "\r\n");
}

/* MAIL, RCPT and DATA, at once where the server lets us. 0: it waits for the message; 1: it refused, *s says how; 2: and
 * the connection is of no use any more. */
static int open_data(struct mw_reentry *r, const struct mw_envelope_out *e, const struct mw_mail *m, struct said *s)
{
	struct said refusal = {0};
	unsigned told = say_xforward(r, e);
	int err = 0;

	for (unsigned step = 0; step < 3 && err == 0; step++) {
		if (step == 0)
			say_mail(r, e, m);
		else if (step == 1)
			say_rcpt(r, e);
		else
			mw_buf_puts(&r->stream.out, "DATA\r\n");
		if (r->pipelining && step < 2)
			continue;
		err = mw_stream_flush(&r->stream, until(r));
		if (err == 0 && told) /* 0 without pipelining */
			err = hear_xforward(r, told, s);
		for (unsigned answers = r->pipelining ? 3 : 1; answers > 0 && err == 0; answers--) {
			err = hear(r, s, until(r), NULL);
			if (err == 0 && !refusal.code && !said_ok(s) && s->code != 354) {
				refusal.code = s->code;
				refusal.text = (struct mw_str){.p = refusal.room, .n = s->text.n};
				memcpy(refusal.room, s->text.p, s->text.n);
			}
		}
		if (err < 0 || refusal.code)
			break;
	}
	if (err < 0)
		return err;
	if (!refusal.code)
		return s->code == 354 ? 0 : -EBADMSG;
	err = s->code == 354 ? 2 : 1; /* in spite of that: it waits for a message for nobody */
	memcpy(s->room, refusal.room, refusal.text.n);
	s->text = (struct mw_str){.p = s->room, .n = refusal.text.n};
	s->code = refusal.code;
	return err;
}

static ssize_t read_file(const struct mw_mail *m, int64_t at, char *p, size_t n)
{
	ssize_t got;

	if (m->read)
		return m->read(m->read_ctx, at, p, n);
	if (m->fd < 0)
		return 0;
	got = pread(m->fd, p, n, at);
	return got < 0 ? -errno : got;
}

static int send_file(struct mw_reentry *r, const struct mw_mail *m, struct mw_dot *d)
{
	char piece[PIECE];
	int64_t at = m->read ? 0 : m->from;
	int err = 0;

	while (err == 0 && !d->wrong) {
		ssize_t n = read_file(m, at, piece, sizeof(piece));

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		mw_dot(d, (struct mw_str){.p = piece, .n = (size_t)n}, &r->stream.out);
		at += n;
		if (r->stream.out.n >= PIECE)
			err = mw_stream_flush(&r->stream, until(r));
	}
	return err;
}

/* The message and its end. What must not be sent ends the connection instead: without the dot the server forgets it all. */
static int send_data(struct mw_reentry *r, const struct mw_mail *m, struct mw_dot *d, bool *given)
{
	int err;

	d->eight_bit_ok = true;
	mw_dot(d, (struct mw_str){.p = m->head.p, .n = m->head.n}, &r->stream.out);
	d->eight_bit_ok = !m->seven_bit;
	d->repair = m->repair;
	err = send_file(r, m, d);
	if (err == 0 && !r->goes_on(r->ctx))
		return -ECANCELED;
	mw_dot_end(d, &r->stream.out);
	if (err == 0 && d->wrong)
		return -EPROTO;
	*given = err == 0;
	return err < 0 ? err : mw_stream_flush(&r->stream, until(r));
}

static bool can_carry(struct mw_reentry *r, const struct mw_envelope_out *e, struct mw_answer *a)
{
	if (!e->mail->utf8 || r->utf8)
		return true;
	mw_answer_set(a, 550, "5.6.7", "re-entry: the listener does not know SMTPUTF8");
	return false;
}

void mw_reentry_send(struct mw_reentry *r, const struct mw_envelope_out *e, const struct mw_mail *m, struct mw_answer *a,
		     char queue_id[MW_QUEUE_ID])
{
	struct said s = {0};
	struct mw_dot d = {0};
	bool used = r->up, given = false;
	int err;

	if (!come_up(r, &s, a) || !can_carry(r, e, a))
		return;
	err = open_data(r, e, m, &s);
	if (used && (err == -EPIPE || (err > 0 && s.code == 421))) { /* it had waited too long for us: a new one */
		drop(r);
		if (!come_up(r, &s, a) || !can_carry(r, e, a))
			return;
		err = open_data(r, e, m, &s);
	}
	if (err == 0) {
		err = send_data(r, m, &d, &given);
		err = err < 0 ? err : hear(r, &s, until(r), NULL);
	}
	if (d.wrong) {
		drop(r);
		mw_answer_set(a, 451, "4.6.0", "what was to be sent has %s", d.wrong);
	} else if (err < 0) {
		failed(r, err, a);
		a->unknown = given;
	} else if (said_ok(&s)) {
		mw_reply_queue_id(s.text, queue_id);
		mw_answer_set(a, 250, "2.0.0", "queued as %s", queue_id);
	} else {
		mw_answer_pass(a, s.code, s.text, "re-entry: ");
		if (err == 2)
			drop(r);
		else if (err == 1 || s.code == 421) /* the transaction may be open still */
			mw_reentry_close(r);
	}
}

void mw_reentry_close(struct mw_reentry *r)
{
	if (r->up) {
		mw_buf_puts(&r->stream.out, "QUIT\r\n");
		(void)mw_stream_flush(&r->stream, mw_clock_ms() + 1000);
	}
	drop(r);
}
