/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine: one message through the modules and the policy, with no MTA in sight. The daemon (src/host) and milwardctl (src/ctl)
 * run the same engine, so that `explain` tells what the daemon would do.
 *
 *   loader      module files -> descriptors: checks of section 5 of the design; reading a descriptor runs no code of the module
 *   generation  a policy, its modules opened, its rules compiled. Immutable, counted; a reload builds a new one
 *   message     what is known about one message: envelope, fields, octets, parts, facts, findings, verdicts, staged edits
 *   services    struct mw_host, the table that modules call
 *   chain       the stages: see -> classes -> verdict for each recipient -> act
 */
#ifndef MW_ENGINE_ENGINE_H
#define MW_ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/loader.h"
#include "mail/header.h"
#include "mail/limits.h"
#include "match/ruleset.h"
#include "policy/eval.h"
#include "policy/plan.h"

/* ---- generation ------------------------------------------------------------------------------------------------------------- */
struct mw_generation;
enum {
	MW_GEN_OFFLINE = 1, /* milwardctl: modules are opened only when they need neither keys, store, network nor run */
	MW_GEN_SAMPLES = 2, /* refuse when a rule's hit/miss sample fails */
};
/* Policy -> running generation. Diagnostics in diags. On failure nothing stays open. Thread safe against running messages.
 * 0; -EINVAL with diags->errors (policy), or err (a module did not open: names the module and the cause). */
int mw_generation_new(struct mw_loader *, const char *policy, const char *search, unsigned flags, struct mw_diags *,
		      struct mw_generation **ret, struct mw_err *);
struct mw_generation *mw_generation_ref(struct mw_generation *);
void mw_generation_unref(struct mw_generation **); /* the last one closes the modules */
const struct mw_plan *mw_generation_plan(const struct mw_generation *);
const struct mw_ruleset *mw_generation_rules(const struct mw_generation *);
/* Union of MW_SEE_… of the chain. */
uint32_t mw_generation_stages(const struct mw_generation *);
uint64_t mw_generation_number(const struct mw_generation *);

/* ---- message ----------------------------------------------------------------------------------------------------------------- */
struct mw_msg;
struct mw_msg_options {
	uint64_t memory; /* octets kept in memory before the store goes to a file */
	const char *spool; /* folder of that file */
};
/* Takes a reference of the generation. NULL = no memory. */
struct mw_msg *mw_msg_new(struct mw_generation *, const struct mw_msg_options *);
void mw_msg_free(struct mw_msg **); /* runs end() of each module, wipes */
struct mw_arena *mw_msg_arena(struct mw_msg *);

/* Filling, in protocol order. All copy. 0, or negative: -EFBIG after a limit is no failure for the caller: the breach is
 * remembered as a cause and the rest is dropped. */
int mw_msg_sender(struct mw_msg *, struct mw_str arg);
int mw_msg_rcpt(struct mw_msg *, struct mw_str arg, struct mw_str mta_addr, struct mw_str notify, struct mw_str orcpt);
enum mw_msg_text { MW_MSG_QUEUE_ID = 1, MW_MSG_CLIENT_ADDR, MW_MSG_CLIENT_NAME, MW_MSG_AUTH_TYPE, MW_MSG_AUTH_USER };
int mw_msg_set(struct mw_msg *, enum mw_msg_text, struct mw_str);
void mw_msg_set_local(struct mw_msg *, bool local);
int mw_msg_field(struct mw_msg *, struct mw_str name, struct mw_str value);
int mw_msg_body(struct mw_msg *, const char *p, size_t n);
/* Instead of field and body: plain UTF-8 text as part "0" (`scan --text`). */
int mw_msg_text(struct mw_msg *, struct mw_str text);
/* A failure of the host itself (out of memory, disk full): MW_CAUSE_…; why is for the log. */
void mw_msg_cause(struct mw_msg *, uint32_t cause, const char *why);
/* Whole-message stages MW_SEE_CONNECT … MW_SEE_BODY, for modules that asked. Errors become the cause `error`. */
void mw_msg_see(struct mw_msg *, uint32_t stage, const char *p, size_t n);

/* Runs everything: parts, see(MESSAGE), classes, verdicts, act(). Never fails: a failure is a cause with its outcome. After it
 * the queries below are valid. trace as in eval.h, may be NULL. */
void mw_msg_run(struct mw_msg *, void (*trace)(void *ctx, uint32_t rcpt, const struct mw_line *, bool matched, const struct mw_expr *failed),
		void *trace_ctx);

/* ---- what came out ------------------------------------------------------------------------------------------------------------ */
const struct mw_outcome *mw_msg_outcome(const struct mw_msg *);
const struct mw_verdict *mw_msg_verdict(const struct mw_msg *, size_t rcpt);
const struct mw_envelope *mw_msg_envelope(const struct mw_msg *);
size_t mw_msg_parts(const struct mw_msg *);
const struct mw_part *mw_msg_part(const struct mw_msg *, size_t i);
size_t mw_msg_findings(const struct mw_msg *);
const struct mw_finding *mw_msg_finding(const struct mw_msg *, size_t i);
const bool *mw_msg_classes(const struct mw_msg *); /* one a class of the plan */
int64_t mw_msg_fact(const struct mw_msg *, uint32_t module, uint32_t fact);
const char *mw_msg_fact_text(const struct mw_msg *, uint32_t module, uint32_t fact);
/* Causes that were met: bit i = MW_CAUSE_i. */
uint64_t mw_msg_causes(const struct mw_msg *);

/* Staged edits, to be done by src/host in this order: tags (add, then delete), then fields (deletions in descending index). Empty
 * when the outcome is refuse or tempfail, or in observe mode. */
struct mw_edit_tag {
	size_t rcpt;
	const char *address; /* <bob@dom.mw-tls.invalid> */
	const char *params;  /* "ORCPT=rfc822;… NOTIFY=…" */
};
struct mw_edit_field {
	const char *name;
	const char *value; /* NULL: remove the index-th field of that name (from 1) */
	uint32_t index;
	bool first;
};
size_t mw_msg_edit_tags(const struct mw_msg *, const struct mw_edit_tag **);
size_t mw_msg_edit_fields(const struct mw_msg *, const struct mw_edit_field **);

/* Offline: reads a message file (LF or CRLF) as if it came by SMTP. */
int mw_msg_read_file(struct mw_msg *, const char *path, struct mw_err *);

#endif
