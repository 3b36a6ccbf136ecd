/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/children.h"

#include "base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEEP_SECONDS 30u

static void tell(struct mw_child *c, char word, const char *text)
{
	(void)mw_control_send(c->sock, word, mw_str(text), -1);
}

static bool is_busy(const struct mw_child *children, size_t n, const struct mw_child *me, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (&children[i] != me && strcmp(children[i].key, key) == 0)
			return true;
	return false;
}

void mw_child_forget(struct mw_child *c)
{
	if (c->room >= 0)
		(void)close(c->room);
	c->room = -1;
	c->kept = false;
	c->key[0] = '\0';
	free(c->record); /* (its queue id stays, for the log) */
	c->record = NULL;
}

/* ---- records --------------------------------------------------------------------------------------------------------------------- */

/* What is told when the journal is on disk, and behind it the record. */
static void owe(struct mw_child *c, char ask, char word, const char *text, char *record)
{
	c->owed = ask;
	c->told = c->site->recorder && !record ? MW_TOLD_UNRECORDED : word; /* no memory */
	c->record = record;
	(void)snprintf(c->text, sizeof(c->text), "%s", text);
}

/* The record of a copy that is delivered; NULL: nothing is recorded, or no memory. detail NULL: as the journal has it. */
static char *make_record(const struct mw_child *c, const struct mw_journal *j, const char *key, const char *detail,
			 const char *queued_as, bool again)
{
	char known[MW_JOURNAL_DETAIL] = "";
	struct mw_seal_record r = {.key = key,
				   .queue_id = c->queue_id,
				   .sender = c->sender,
				   .recipient = c->recipient,
				   .detail = detail ? detail : known,
				   .queued_as = queued_as,
				   .policy = mw_generation_plan(c->site->gen)->digest,
				   .again = again};

	if (!c->site->recorder)
		return NULL;
	if (!detail)
		mw_journal_detail(j, key, known);
	return mw_seal_record_members(&r);
}

/* Of the children that have records for this recorder; what they are told. */
static void write_records(struct mw_child *children, size_t n, struct mw_seal_recorder *recorder)
{
	const char **members = calloc(n, sizeof(*members));
	struct mw_err err = {0};
	size_t all = 0;
	int r;

	for (size_t i = 0; i < n && members; i++)
		if (children[i].record && children[i].site->recorder == recorder)
			members[all++] = children[i].record;
	r = members ? mw_seal_recorder_write(recorder, members, all, &err) : mw_fail_memory(&err);
	for (size_t i = 0; i < n; i++) {
		struct mw_child *c = &children[i];

		if (!c->record || c->site->recorder != recorder)
			continue;
		free(c->record);
		c->record = NULL;
		if (r >= 0)
			continue;
		c->told = MW_TOLD_UNRECORDED;
		mw_log(MW_ERROR, c->queue_id, "audit", "a copy for %s is delivered and not recorded, its mail waits: %s",
		       c->recipient, err.text);
	}
	free(members);
}

/* ---- the journal ----------------------------------------------------------------------------------------------------------------- */

/* The notice is out: what is left of its link's secret goes. False: the store does not know it yet. */
static bool noticed(const struct mw_child *c, const char *key, const char *queue_id)
{
	struct mw_err err = {0};
	int r = c->site->custody->noticed(c->site->custody_inst, key, queue_id, (int64_t)time(NULL), &err);

	if (r < 0 && r != -ENOENT) /* what was no notice, or is forgotten */
		mw_log(MW_ERROR, c->queue_id, "portal", "a notice is out, which the store does not know yet: %s",
		       err.text[0] ? err.text : strerror(-r));
	return r >= 0 || r == -ENOENT;
}

/* The next text of several; NULL: there is none. */
static const char *take_text(struct mw_str *what)
{
	const char *text = what->p, *end = memchr(what->p, '\0', what->n);

	if (!end)
		return NULL;
	*what = mw_str_behind(*what, (size_t)(end - text) + 1);
	return text;
}

static void look(struct mw_child *children, size_t n, struct mw_child *c, struct mw_journal *j, const char *key)
{
	char queue_id[MW_QUEUE_ID] = "";
	enum mw_fate fate = mw_journal_look(j, key, queue_id);
	size_t n_key = strlen(key);

	if (n_key >= sizeof(c->key))
		tell(c, MW_TOLD_FAILED, "the key is too long");
	else if (fate == MW_FATE_DONE && c->site->custody && !noticed(c, key, queue_id))
		tell(c, MW_TOLD_FAILED, "the portal's store does not know yet that the notice is out");
	else if (fate == MW_FATE_DONE)
		owe(c, MW_ASK_LOOK, MW_TOLD_DONE, queue_id, make_record(c, j, key, NULL, queue_id, true));
	else if (is_busy(children, n, c, key))
		tell(c, MW_TOLD_BUSY, "");
	else {
		/* It is this child's from here on, so that no other begins it meanwhile. */
		memcpy(c->key, key, n_key + 1);
		tell(c, fate == MW_FATE_STARTED ? MW_TOLD_AGAIN : MW_TOLD_NEW, "");
	}
}

static void begin(struct mw_child *c, struct mw_journal *j, const char *key, const char *detail)
{
	char queue_id[MW_QUEUE_ID];
	bool again = mw_journal_look(j, key, queue_id) == MW_FATE_STARTED;
	struct mw_err err = {0};

	if (strcmp(c->key, key) != 0) {
		tell(c, MW_TOLD_FAILED, "the journal was not asked before");
		return;
	}
	/* What cannot be recorded is not sent. */
	if (mw_seal_recorder_ready(c->site->recorder, &err) < 0) {
		mw_log(MW_ERROR, c->queue_id, "audit", "nothing is sent: %s", err.text);
		tell(c, MW_TOLD_FAILED, "the audit file cannot be written");
		return;
	}
	if (mw_journal_begin(j, key, detail, (int64_t)time(NULL), &err) < 0) {
		mw_log(MW_ERROR, c->queue_id, "journal", "%s", err.text);
		tell(c, MW_TOLD_FAILED, err.text);
		return;
	}
	c->owed = MW_ASK_BEGIN;
	c->told = again ? MW_TOLD_AGAIN : MW_TOLD_NEW;
	c->text[0] = '\0';
}

static void done(struct mw_child *c, struct mw_journal *j, const char *key, const char *queue_id)
{
	struct mw_err err;
	char *record;
	bool known;
	int r;

	if (strcmp(c->key, key) != 0) { /* of no message but its own may it say that there is nothing left to do */
		tell(c, MW_TOLD_FAILED, "the journal was not asked before");
		return;
	}
	known = !c->kept || noticed(c, key, queue_id);
	record = make_record(c, j, key, NULL, queue_id, false);
	mw_child_forget(c);
	r = mw_journal_done(j, key, queue_id, &err);
	if (r < 0) /* it is delivered and recorded all the same */
		owe(c, MW_ASK_DONE, MW_TOLD_FAILED, strerror(-r), record);
	else
		owe(c, MW_ASK_DONE, known ? MW_TOLD_OK : MW_TOLD_AGAIN, queue_id, record);
}

/* On its way when it is given: waiting for it is for the child. */
static void connect_for(struct mw_child *c, const struct mw_site *site)
{
	int fd = socket(site->reentry.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	int err = fd < 0 ? errno : 0;

	if (!err && connect(fd, (const struct sockaddr *)&site->reentry, site->reentry_len) < 0 && errno != EINPROGRESS)
		err = errno;
	if (err) {
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", err);
		tell(c, MW_TOLD_FAILED, text);
	} else {
		if (site->reentry.ss_family != AF_UNIX)
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		(void)mw_control_send(c->sock, MW_TOLD_OK, (struct mw_str){0}, fd);
	}
	if (fd >= 0)
		(void)close(fd);
}

/* What a stranger's message had as a key is looked at by a process that may end by it. It is told to nobody how that went. */
static void keep(struct mw_child *c, struct mw_str what)
{
	const struct mw_sealer *s;
	struct mw_err err = {0};
	void *inst;
	pid_t pid;

	s = what.n > 1 ? mw_generation_sealer(c->site->gen, (unsigned char)what.p[0], &inst) : NULL;
	if (!s || !s->keep) {
		tell(c, MW_TOLD_FAILED, "");
		return;
	}
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* it has our listener and our lock */
		(void)alarm(KEEP_SECONDS);
		if (s->keep(inst, mw_str_behind(what, 1), &err) < 0)
			mw_log(MW_WARNING, c->queue_id, "keep", "%s: a key that came with a message is not kept: %s", s->method,
			       err.text);
		_exit(0);
	}
	tell(c, pid < 0 ? MW_TOLD_FAILED : MW_TOLD_OK, "");
}

/* ---- the portal ------------------------------------------------------------------------------------------------------------------ */

static void custody_failed(struct mw_child *c, const char *what, int code, const struct mw_err *err)
{
	const char *why = err->text[0] ? err->text : strerror(-code);

	mw_log(MW_ERROR, c->queue_id, "portal", "%s: %s", what, why);
	tell(c, MW_TOLD_FAILED, code == -ENOSPC || code == -EDQUOT ? "no room for it is left" : "the store fails, see the log");
}

static void room(struct mw_child *c, const struct mw_journal *j, const char *key)
{
	char ticket[MW_TICKET_MOST];
	struct mw_err err = {0};
	size_t n = 0;
	int r, fd = -1;

	if (!c->site->custody || strcmp(c->key, key) != 0) { /* of no message but its own is it told the secret */
		tell(c, MW_TOLD_FAILED, "the journal was not asked before");
		return;
	}
	r = c->site->custody->room(c->site->custody_inst, key, ticket, &n, &fd, &err);
	if (r == 0 || r == 1) {
		if (c->room >= 0) /* it asks again */
			(void)close(c->room);
		c->kept = true;
		c->room = fd;
		(void)mw_control_send(c->sock, r == 0 ? MW_TOLD_NEW : MW_TOLD_AGAIN, (struct mw_str){.p = ticket, .n = n}, fd);
	} else if (r == -EALREADY) {
		char queue_id[MW_QUEUE_ID];

		(void)snprintf(queue_id, sizeof(queue_id), "%.*s", (int)n, ticket);
		owe(c, MW_ASK_ROOM, MW_TOLD_DONE, queue_id, make_record(c, j, key, "means=portal", queue_id, true));
	} else {
		custody_failed(c, "no room", r, &err);
	}
	explicit_bzero(ticket, sizeof(ticket));
}

static void store(struct mw_child *c, struct mw_str what)
{
	struct mw_custody_work work = {.in = -1, .out = -1, .now = (int64_t)time(NULL)};
	struct mw_err err = {0};
	const char *key = take_text(&what);
	int r = -EINVAL;

	work.sender = key ? take_text(&what) : NULL;
	work.recipient = work.sender ? take_text(&what) : NULL;
	work.queue_id = work.recipient ? take_text(&what) : NULL;
	if (work.queue_id && c->room >= 0 && strcmp(c->key, key) == 0)
		r = c->site->custody->store(c->site->custody_inst, key, &work, what, c->room, &err);
	if (r < 0)
		custody_failed(c, "a message is not stored", r, &err);
	else
		tell(c, MW_TOLD_OK, "");
}

/* what: terminated, as all that follows. */
static bool look_for(struct mw_child *children, size_t n, struct mw_child *c, struct mw_journal *j, struct mw_str what)
{
	const char *key = take_text(&what), *id = key ? take_text(&what) : NULL, *sender = id ? take_text(&what) : NULL;

	if (!sender)
		return false;
	mw_child_forget(c);
	(void)snprintf(c->queue_id, sizeof(c->queue_id), "%s", id);
	(void)snprintf(c->sender, sizeof(c->sender), "%s", sender);
	(void)snprintf(c->recipient, sizeof(c->recipient), "%s", what.p);
	look(children, n, c, j, key);
	return true;
}

static bool answer(struct mw_child *children, size_t n, struct mw_child *c, struct mw_journal *j, const struct mw_site *now,
		   char word, struct mw_str what)
{
	const char *second = memchr(what.p, '\0', what.n);

	switch (word) {
	case MW_ASK_LOOK:
		return look_for(children, n, c, j, what);
	case MW_ASK_BEGIN:
		begin(c, j, what.p, second ? second + 1 : "");
		return true;
	case MW_ASK_DONE:
		if (second)
			done(c, j, what.p, second + 1);
		return second != NULL;
	case MW_ASK_LEAVE:
		mw_child_forget(c);
		tell(c, MW_TOLD_OK, "");
		return true;
	case MW_ASK_ROOM:
		room(c, j, what.p);
		return true;
	case MW_ASK_STORE:
		store(c, what);
		return true;
	case MW_ASK_CONNECT:
		connect_for(c, now);
		return true;
	case MW_ASK_KEEP:
		keep(c, what);
		return true;
	default:
		return false;
	}
}

bool mw_child_ask(struct mw_child *children, size_t n, struct mw_child *c, struct mw_journal *j, const struct mw_site *now)
{
	static char packet[MW_CONTROL_PACKET + 1];
	ssize_t got = mw_control_receive(c->sock, packet, sizeof(packet) - 1, NULL);
	bool good;

	if (got <= 0 || c->owed)
		return false;
	packet[got] = '\0';
	good = answer(children, n, c, j, now, packet[0], (struct mw_str){.p = packet + 1, .n = (size_t)got - 1});
	explicit_bzero(packet, (size_t)got); /* a ticket has a link's secret, and the next child is a copy of this process */
	return good;
}

void mw_children_settle(struct mw_child *children, size_t n, struct mw_journal *j)
{
	struct mw_err err = {0};
	bool owed = false;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		owed |= children[i].owed != 0;
	if (!owed)
		return;
	r = mw_journal_sync(j, &err);
	if (r < 0)
		mw_log(MW_ERROR, NULL, "journal", "%s", err.text);
	/* Behind the journal: a crash between them leaves a copy that is not sent again, and whose record the retry writes. */
	for (size_t i = 0; i < n; i++)
		if (children[i].record)
			write_records(children, n, children[i].site->recorder);
	for (size_t i = 0; i < n; i++) {
		struct mw_child *c = &children[i];

		if (!c->owed)
			continue;
		c->owed = 0;
		if (r < 0 && c->told != MW_TOLD_UNRECORDED)
			tell(c, MW_TOLD_FAILED, err.text);
		else
			tell(c, c->told, c->text);
	}
}
