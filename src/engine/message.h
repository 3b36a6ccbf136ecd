/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: what is known about one message, and what came out. One thread at a time; many messages at once over one generation.
 * The caller fills it in the order of the protocol, runs it, reads the results, and frees it.
 */
#ifndef MW_ENGINE_MESSAGE_H
#define MW_ENGINE_MESSAGE_H

#include "engine/generation.h"
#include "policy/eval.h"

struct mw_msg;

/* What runs for a message, so that another thread sees what does not come back. */
struct mw_busy {
	_Atomic int64_t since;	    /* of the outermost call, monotonic milliseconds; 0 = nothing runs */
	const char *_Atomic module; /* of the innermost: static text, "milward" for ourselves */
	const char *_Atomic hook;
};

struct mw_msg_options {
	uint64_t memory;      /* octets kept in memory before the store goes to a file */
	const char *spool;    /* folder of that file */
	struct mw_busy *busy; /* outlives the message; NULL = nobody watches */
	/* Is asked for octets before files inside the message take them, and text of documents. It may wait for so many milliseconds. 0, or
	 * negative: there is no memory. NULL: any number. */
	int (*more)(void *ctx, uint64_t octets, int64_t patience);
	void *more_ctx;
	uint32_t time; /* milliseconds that mw_msg_run may take before it reads no more: cause `timeout`; 0 = MW_MSG_TIME */
};
#define MW_MSG_TIME 120000u /* an MTA waits for 300 seconds, and our progress notes keep it waiting */
/* Takes a reference of the generation. NULL = no memory. */
struct mw_msg *mw_msg_new(struct mw_generation *, const struct mw_msg_options *);
void mw_msg_free(struct mw_msg **); /* runs end() of each module, wipes; accepts NULL */
struct mw_arena *mw_msg_arena(struct mw_msg *);
/* When mw_msg_run is done: wipes and frees the text of all parts, which then are empty. What was found stays. */
void mw_msg_forget_text(struct mw_msg *);

/* Filling, in protocol order. All copy. 0, or negative: -EFBIG after a limit is no failure for the caller: the breach is
 * remembered as a cause and the rest is dropped. Any other failure makes the outcome of the message tempfail, whatever follows.
 */
int mw_msg_sender(struct mw_msg *, struct mw_str arg); /* the modules' begin() runs here */
/* One recipient as the client names it. Where the policy has the MTA's aliases, it may become several: those behind the alias. */
int mw_msg_rcpt(struct mw_msg *, struct mw_str arg, struct mw_str mta_addr, struct mw_str notify, struct mw_str orcpt);
/* The same, where the MTA says that a user of its own machine gets it, and does not say in which domain, as Sendmail does. It has followed
 * its aliases then: who is one that leads outside is never replaced. Without the MTA's aliases in the policy it is an address that
 * the MTA reads as another. */
int mw_msg_rcpt_user(struct mw_msg *, struct mw_str arg, struct mw_str user, struct mw_str notify, struct mw_str orcpt);
enum mw_msg_text { MW_MSG_QUEUE_ID = 1, MW_MSG_CLIENT_ADDR, MW_MSG_CLIENT_NAME, MW_MSG_AUTH_TYPE, MW_MSG_AUTH_USER };
int mw_msg_set(struct mw_msg *, enum mw_msg_text, struct mw_str);
void mw_msg_set_local(struct mw_msg *, bool local);
int mw_msg_field(struct mw_msg *, struct mw_str name, struct mw_str value);
int mw_msg_body(struct mw_msg *, const char *p, size_t n);
/* Instead of field and body: plain UTF-8 text as part "0" (`scan --text`). */
int mw_msg_text(struct mw_msg *, struct mw_str text);
/* A failure of the host itself (out of memory, disk full): MW_CAUSE_…; why is for the log, the first of a cause is kept. */
void mw_msg_cause(struct mw_msg *, uint32_t cause, const char *why);
/* Stages MW_SEE_CONNECT … MW_SEE_BODY and MW_SEE_ABORT, for modules that asked. Errors become the cause `error`. */
void mw_msg_see(struct mw_msg *, uint32_t stage, const char *p, size_t n);

/* Runs everything: parts, see(MESSAGE), classes, verdicts, act(). Never fails: a failure is a cause with its outcome. After it
 * the queries below are valid. trace as in eval.h, may be NULL. */
void mw_msg_run(struct mw_msg *,
		void (*trace)(void *ctx, uint32_t rcpt, const struct mw_line *, bool matched, const struct mw_expr *failed),
		void *trace_ctx);

/* Takes this day (mw_day) for today, in place of what the clock says: for trying a policy. Before mw_msg_run(). */
void mw_msg_set_day(struct mw_msg *, int32_t day);
/* What a condition that failed does not tell by its own words, as mw_eval_why(). After mw_msg_run(). */
void mw_msg_why(struct mw_msg *, uint32_t rcpt, const struct mw_expr *failed, struct mw_buf *out);

/* Instead of mw_msg_run(): the host itself does not take the message, and no policy judges it, not even in mode observe. What the policy
 * always records is recorded. effect: MW_REFUSE or MW_TEMPFAIL; cause: a word, and reason, both static. */
void mw_msg_settle(struct mw_msg *, uint32_t effect, const char *cause, const char *reason);

/* ---- what came out ----------------------------------------------------------------------------------------------- */
/* The reason of a verdict that refuses because no means of `send by` is there. */
#define MW_NO_ROUTE "none of the ways to send that the policy asks for is there"
/* With .observe the effect is what would have been done: the caller lets the message pass as it is. */
const struct mw_outcome *mw_msg_outcome(const struct mw_msg *);
const struct mw_verdict *mw_msg_verdict(const struct mw_msg *, size_t rcpt); /* NULL past the end */
const struct mw_envelope *mw_msg_envelope(const struct mw_msg *);
size_t mw_msg_parts(const struct mw_msg *); /* 0 when nothing asked for parts; MW_GEN_OFFLINE always asks, and scans all */
const struct mw_part *mw_msg_part(const struct mw_msg *, size_t i);
size_t mw_msg_findings(const struct mw_msg *);
const struct mw_finding *mw_msg_finding(const struct mw_msg *, size_t i);
const bool *mw_msg_classes(const struct mw_msg *); /* one a class of the plan */
int64_t mw_msg_fact(const struct mw_msg *, uint32_t module, uint32_t fact);
const char *mw_msg_fact_text(const struct mw_msg *, uint32_t module, uint32_t fact); /* NULL when never set */
/* Before mw_msg_run(): the fact has this value, whatever its module finds. text: borrowed; NULL = a number. */
void mw_msg_give_fact(struct mw_msg *, uint32_t module, uint32_t fact, int64_t n, const char *text);
/* Causes that were met: bit i = MW_CAUSE_i. */
uint64_t mw_msg_causes(const struct mw_msg *);
/* What became of the documents that extractors were given; and nanoseconds that it took to make text of the message, and to look for what
 * the rules describe. */
struct mw_msg_read {
	uint64_t documents, crashed, late;
	int64_t reading, scanning;
};
struct mw_msg_read mw_msg_read(const struct mw_msg *);
/* Why, for the log: "module \"audit\": No space left on device"; "" when that cause was not met. */
const char *mw_msg_cause_why(const struct mw_msg *, uint32_t cause);

/* Staged edits, to be done by src/host in this order: tags (add, then delete), then fields as they come (deletions and changes in descending
 * index, then additions). Empty when the outcome is refuse or tempfail, or in observe mode. */
struct mw_edit_tag {
	size_t rcpt;
	const char *address; /* <bob@dom.mw-tls.invalid>; without a tag when it only takes the place of an alias */
	const char *params;  /* "ORCPT=rfc822;… NOTIFY=…" */
};
struct mw_edit_field {
	const char *name;
	const char *value; /* NULL: remove the index-th field of that name (from 1) */
	uint32_t index;	   /* with a value: change that one; 0 = a new field */
	bool first;	   /* above all others, else below */
};
size_t mw_msg_edit_tags(const struct mw_msg *, const struct mw_edit_tag **);
size_t mw_msg_edit_fields(const struct mw_msg *, const struct mw_edit_field **);

/* Offline: reads a message file (LF or CRLF) as if it came by SMTP. The envelope is the caller's. */
int mw_msg_read_file(struct mw_msg *, const char *path, struct mw_err *);

#endif
