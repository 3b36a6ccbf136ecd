/* SPDX-License-Identifier: Apache-2.0 */
/* testlog: for the tests of the audit module: a folder, a module that is open on a file in it, messages, and verify's findings.
 */
#ifndef MW_AUDIT_TESTLOG_H
#define MW_AUDIT_TESTLOG_H

#include "../../tests/unit/fakehost.h"
#include "verify.h"

extern const struct mw_plugin mw_plugin_audit;

/* The folder is made by the first call; tl_remove() removes it. Paths live for ever. */
const char *tl_path(const char *name);
void tl_remove(void);
/* No log and no head of an earlier test. */
void tl_fresh(void);

struct tl {
	void *inst;
	struct mw_self self;
	struct mw_err err;
};

/* opts: NAME, VALUE, … NULL, besides path=tl_path("log"). The result of open(). */
int tl_open(struct tl *, ...);
void tl_close(struct tl *);
/* One message with two recipients. Any thread. The result of act(). */
int tl_message(struct tl *, const char *queue_id, struct mw_err *);
/* A fresh log, closed, of the messages Q1 and Q2: records 2 and 3 of 4. */
void tl_fill(void);

/* verify(); *said holds what it printed, to be freed; may be NULL. */
struct tl_check {
	const char *key; /* file name, NULL = none */
	bool no_head;
	uint64_t head_seq;
	char head_hash[MW_AUDIT_HEX + 1];
};
int tl_verify(const struct tl_check *, char **said, const char *file, ...);
/* Is the log intact, or is it not and does verify say so with this text? */
void tl_intact(const struct tl_check *);
void tl_broken(const struct tl_check *, const char *text);

char *tl_read(const char *path, size_t *n);
void tl_write(const char *path, const char *p, size_t n);
/* How many lines of the file hold the text? */
unsigned tl_count(const char *path, const char *text);

#endif
