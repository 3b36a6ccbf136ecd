/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fakehost: struct mw_host for the unit tests of modules, without the engine. A test fills a struct mw_msg, calls the module's
 * hooks with fh_host(), and looks at what the module set, staged and logged.
 *
 * Everything that a test puts in is borrowed; everything that a module stages is copied and freed by fh_msg_reset().
 * The host functions check what the real host checks where a module could get it wrong: type of a fact, sign of an error code,
 * powers that the descriptor did not ask for. A breach is an assertion.
 */
#ifndef MW_TESTS_FAKEHOST_H
#define MW_TESTS_FAKEHOST_H

#include <milward/plugin.h>

#define FH_FACTS 32
#define FH_LINES 64

struct fh_fact {
	bool set;
	int64_t number;
	char text[256];
};

struct fh_tag {
	size_t rcpt;
	char tag[64];
};

/* The host's handle of a module: fill with fh_self(). Log lines of all threads land here. */
struct mw_self {
	const struct mw_plugin *plugin;
	size_t lines;		  /* how many were logged; the first FH_LINES are kept */
	char line[FH_LINES][600]; /* "4 event text" */
};

struct mw_msg {
	/* Set by the test. */
	struct mw_envelope envelope;
	size_t fields;		/* header as it stands, staged edits included */
	struct mw_field *field; /* made with fh_header() */
	struct mw_str body;
	size_t piece; /* body() gives pieces of this size, 0 = all at once */
	size_t parts;
	const struct mw_part *part;
	size_t rules;
	const struct mw_rule_info *rule;
	size_t findings;
	const struct mw_finding *finding;
	const struct mw_verdict *verdict; /* one a recipient */
	struct mw_outcome outcome;
	const char *const *classes; /* NULL ends; may be NULL */
	const char *digest;
	int (*scan)(struct mw_msg *, size_t part, const struct mw_finding **, size_t *);
	size_t fail_alloc; /* the n-th alloc() from now fails, 0 = none */

	/* Set by the module. */
	struct fh_fact fact[FH_FACTS];
	size_t tags;
	struct fh_tag tag[64];
	const char *const *unread; /* a reason for each unreadable part, NULL ends; NULL = none */
	size_t added;		   /* fields added, and the last one's text */
	char *last_name, *last_value;
	bool last_first;
	size_t deleted;

	void *blocks; /* what alloc() gave */
};

const struct mw_host *fh_host(void);
void fh_self(struct mw_self *, const struct mw_plugin *);
/* Options and arguments, as the policy checker would fill them. fh_opts(): the defaults into a zeroed struct; fh_opt(): one value
 * as text, a list with commas. An unknown name or a bad value is an assertion. Texts live until fh_opts_free(). */
void fh_opts(const struct mw_opt *rows, void *to);
void fh_opt(const struct mw_opt *rows, void *to, const char *name, const char *value);
void fh_opts_free(void);
/* Does some log line hold this text? */
bool fh_logged(const struct mw_self *, const char *text);

/* An empty message, from a@x.example to nobody, by 192.0.2.1. */
void fh_msg(struct mw_msg *);
/* Header from text: fields divided by CRLF or LF, folds kept as they are. */
void fh_header(struct mw_msg *, const char *text);
/* Frees what the module staged and allocated, and the header. */
void fh_msg_reset(struct mw_msg *);
struct mw_str fh_str(const char *);

/* What policy_digest() and own_policy_digest() say. */
#define FH_DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#endif
