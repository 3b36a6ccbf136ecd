/* SPDX-License-Identifier: Apache-2.0 */
/*
 * milward/plugin.h: the one header between milward and a module.
 *
 * A module (a milter, an extractor or a checker) is one static descriptor, `struct mw_plugin`, emitted with MW_PLUGIN().
 * It links against nothing of milward: all services arrive as a table of functions, `struct mw_host`.
 * A module publishes facts and offers actions; only the policy file connects the two. No module can accept or discard.
 *
 * Rules that hold everywhere in this file
 *  - Functions return 0 (or a count) on success and a negative errno value on failure. Out-parameters are untouched on failure.
 *  - `const` means borrowed. What a host function returns lives as long as the message, unless it says otherwise.
 *  - Strings marked (octets) come from outside, are not terminated and may hold NUL.
 *  - Nothing that came from a message may be passed to log() or fail(): no address parts beyond the envelope, no Subject, no text.
 *  - Hooks of one module run in several threads at once, one thread a message. `inst` is shared; `tx` belongs to one message.
 *
 * ABI history (append only within a major)
 *  1.0  first release
 *  1.1  mw_sealer.custody
 *  1.2  mw_host.del_field
 *  1.3  mw_host.cached
 *  1.4  mw_seal_work.made
 */
#ifndef MILWARD_PLUGIN_H
#define MILWARD_PLUGIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MW_MAGIC 0x4d574152u /* "MWAR" */
#define MW_ABI_MAJOR 1u	     /* a module of another major is refused */
#define MW_ABI_MINOR 5u	     /* a module of a newer minor is refused */

/* Build options that change the layout of structures, compared as a string. */
#if UINTPTR_MAX == UINT64_MAX
#define MW_BUILD_WORD "64"
#else
#define MW_BUILD_WORD "32"
#endif
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define MW_BUILD_ORDER "be"
#else
#define MW_BUILD_ORDER "le"
#endif
#ifndef MW_BUILD
#define MW_BUILD "milward-1/" MW_BUILD_WORD MW_BUILD_ORDER
#endif

#if defined(__GNUC__)
#define MW_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define MW_EXPORT __attribute__((visibility("default")))
#else
#define MW_PRINTF(f, a)
#define MW_EXPORT
#endif

struct mw_msg;	/* one message in work */
struct mw_self; /* the host's handle of a loaded module */
struct mw_sink; /* where an extractor puts text */

/* A piece of memory (octets). */
struct mw_str {
	const char *p;
	size_t n;
};

/* An error: filled by mw_host.fail(), printed by the host. The text is one line without message content. */
struct mw_err {
	int code; /* negative errno, 0 = none */
	char text[508];
};

/* ---- options and arguments ------------------------------------------------------------------------------------------------ */

enum mw_type {
	MW_BOOL = 1, /* bool              yes | no */
	MW_INT,	     /* int64_t           12 */
	MW_SIZE,     /* uint64_t  octets  64K, 25M, 1G */
	MW_TIME,     /* int64_t   seconds 30 seconds, 6 years */
	MW_WORD,     /* int64_t           one of .words */
	MW_STR,	     /* const char *      "text" */
	MW_PATH,     /* const char *      "file": absolute, or relative to the policy file; made absolute by the host */
	MW_LIST,     /* struct mw_list    "a", "b" */
};

struct mw_list {
	size_t n;
	const char *const *v;
};

struct mw_word {
	const char *name; /* NULL ends a list of words */
	int64_t value;
};

enum {
	MW_REQUIRED = 1, /* must be given */
	MW_KEYWORD = 2,	 /* argument rows: the value follows its name, as in `archive for 6 years` */
	MW_TOOL = 4,	 /* MW_PATH of an extractor: a program that it may run (power `run`), and no other */
};

/* One option of `load NAME { … }` or one argument of an action. The host parses, type-checks and stores the value. */
struct mw_opt {
	const char *name; /* as the policy writes it: key-table. NULL ends the rows */
	const char *help; /* one line */
	const char *dflt; /* in policy syntax, NULL = zero */
	uint32_t type;	  /* enum mw_type */
	uint32_t flags;	  /* MW_REQUIRED … */
	int64_t min, max; /* INT, SIZE, TIME; both 0 = no range */
	const struct mw_word *words;
	size_t offset; /* where the value lands in the module's own struct */
	const void *spare[2];
};

/* MW_OPT(PATH, struct dkim_conf, key_table, "key-table", .flags = MW_REQUIRED): a field of a wrong C type does not compile. */
#define MW_OPT(TYPE, st, field, optname, ...)                                                                                    \
	{                                                                                                                        \
		.name = (optname), .type = MW_##TYPE,                                                                            \
		.offset = _Generic(((st *)0)->field, MW_CTYPE_##TYPE                                                             \
				   : offsetof(st, field)),                                                                       \
		__VA_ARGS__                                                                                                      \
	}
#define MW_CTYPE_BOOL bool
#define MW_CTYPE_INT int64_t
#define MW_CTYPE_SIZE uint64_t
#define MW_CTYPE_TIME int64_t
#define MW_CTYPE_WORD int64_t
#define MW_CTYPE_STR const char *
#define MW_CTYPE_PATH const char *
#define MW_CTYPE_LIST struct mw_list

/* ---- facts and actions ---------------------------------------------------------------------------------------------------- */

/* A fact of the whole message, named MODULE.NAME in the policy. Type: MW_BOOL, MW_INT or MW_STR. */
struct mw_fact {
	const char *name; /* NULL ends the rows */
	const char *help;
	uint32_t type;
	const void *spare[1];
};

/* What an action does to the message. The strictest effect of all recipients wins: REFUSE > HOLD > TEMPFAIL > ROUTE > PASS. */
enum mw_effect {
	MW_PASS = 1, /* deliver as the MTA would have done */
	MW_ROUTE,    /* deliver another way; a "means" of `send by A or B` */
	MW_TEMPFAIL, /* ask the client to come back: 4xx */
	MW_HOLD,     /* the MTA keeps it until a person decides */
	MW_REFUSE,   /* 5xx */
	/* Effects below decide no delivery. They run in this order once delivery is decided. */
	MW_EDIT,   /* change header fields */
	MW_SIGN,   /* sign what leaves: after every edit */
	MW_RECORD, /* write down what was decided: last, and before the MTA hears anything */
};

struct mw_action {
	const char *name; /* NULL ends the rows */
	const char *help;
	const struct mw_opt *args; /* typed like options; NULL = none */
	size_t args_size;	   /* size of the struct that .args fill */
	uint32_t effect;	   /* enum mw_effect */
	const char *sealer;	   /* MW_ROUTE by a sealer of this method: the host asks it first; NULL = none */
	const char *needs;	   /* option of the module, MW_BOOL, without which no policy may order it; NULL = none */
};

/* One action that the policy orders, as act() and able() see it. */
#define MW_ALL UINT32_MAX /* the whole message, not one recipient */
struct mw_order {
	uint32_t action; /* index into the module's action rows */
	uint32_t rcpt;	 /* index of the recipient; MW_ALL for EDIT, SIGN and RECORD, which are done once a message */
	const void *args;
	const struct mw_order *next; /* the means that follows in `send by A or B`, when the same module offers it; else NULL */
};

/* ---- the message as a module sees it -------------------------------------------------------------------------------------- */

/* Forms of an envelope recipient; only MW_ADDR_PLAIN may be tagged (others are rewritten by an MTA after the milter). */
enum mw_addr_form {
	MW_ADDR_PLAIN = 0, /* one local part, one DNS domain; agrees with what the MTA says it resolves to */
	MW_ADDR_NO_DOMAIN,
	MW_ADDR_SOURCE_ROUTE, /* @a:b@c */
	MW_ADDR_BANG,	      /* a!b */
	MW_ADDR_PERCENT,      /* a%b@c, or a quoted local part with an @ */
	MW_ADDR_LITERAL,      /* a@[192.0.2.1] */
	MW_ADDR_TRAILING_DOT,
	MW_ADDR_TOO_LONG,    /* no room for a tag in 253 octets */
	MW_ADDR_BAD,	     /* does not parse */
	MW_ADDR_MTA_DIFFERS, /* the MTA resolves it to another address */
};

struct mw_rcpt {
	struct mw_str arg;     /* (octets) as the client wrote it, with or without <> */
	struct mw_str address; /* without <> */
	struct mw_str local;   /* part before the last @ */
	struct mw_str domain;  /* lower case, "" when there is none */
	struct mw_str notify;  /* value of NOTIFY=, "" when absent */
	struct mw_str orcpt;   /* value of ORCPT=, "" when absent */
	uint32_t form;	       /* enum mw_addr_form */
	bool internal;	       /* domain is in table <ours>, the form is plain, and no alias leads it outside */
	struct mw_str
	    alias; /* the address that the client named, where the MTA's aliases lead from it to this one; "" = none does */
	const char
	    *unsplit; /* the MTA's aliases lead it outside, and why those behind it cannot be sent to one by one; NULL = not so */
};

struct mw_envelope {
	const char *queue_id; /* "-" until the MTA has told */
	struct mw_str sender; /* without <>; "" = null sender */
	struct mw_str sender_domain;
	size_t rcpts;
	const struct mw_rcpt *rcpt;
	struct mw_str client_addr; /* macro {client_addr}; "" = unknown */
	struct mw_str client_name;
	struct mw_str auth_type; /* macro {auth_type}; "" = not authenticated */
	struct mw_str auth_user; /* macro {auth_authen} */
	bool local;		 /* submitted by a local program, not by SMTP */
	uint64_t size;		 /* octets of header and body */
};

/* One header field, with the octets that the client sent (SMFIP_HDR_LEADSPC): "Name" ":" value, folds as CRLF or LF. */
struct mw_field {
	struct mw_str name;
	struct mw_str value; /* leading space kept */
};

/* Where a text stands in the message. What is found in a body may be in one of the three that no part is in. */
enum mw_zone {
	MW_ZONE_SUBJECT = 1,
	MW_ZONE_HEADER,
	MW_ZONE_BODY, /* of a finding: new text, what the sender wrote */
	MW_ZONE_ATTACHMENT,
	MW_ZONE_QUOTED,	   /* of earlier messages, forwarded ones too */
	MW_ZONE_SIGNATURE, /* of new text */
	MW_ZONE_DISCLAIMER,
	MW_ZONE_FILENAME, /* names of attachments and of files inside them: a part of its own, beside the attachment's */
	MW_ZONE_HIDDEN,	  /* of a finding: text that a reader of the document does not see */
};
/* Words of the zones in rules and policies, from MW_ZONE_SUBJECT on. */
#define MW_ZONE_WORDS "subject", "header", "new", "attachment", "quoted", "signature", "disclaimer", "filename", "hidden"

/* One leaf of the MIME tree, what stands inside a leaf, or the header. `text` is decoded UTF-8 as `milwardctl text` prints it, lines end
 * with LF; offsets count its octets. */
struct mw_part {
	/* "subject", "header", "1.2" as in IMAP; "2/report.zip/march/a.xlsx!Sheet2": a section of a file in the attachment report.zip,
	 * which is part 2; "0" bare text. Behind the first "/" or "!" it is message content: never log it. */
	const char *path;
	const char *type;   /* text/plain, lower case */
	const char *name;   /* file name in UTF-8, "" when none. Message content: never log it */
	uint32_t zone;	    /* enum mw_zone */
	const char *unread; /* NULL, or why it could not be read: a word of mw_unreadable */
	struct mw_str text; /* what could be read; it may be some of it when unread */
	size_t hidden;	    /* offset into text from which on a reader does not see it; text.n = all is seen */
};

/* Reasons of `unreadable(...)`, a closed list. */
#define MW_UNREADABLE_WORDS "encrypted", "damaged", "image", "unknown-format", "limit", "crashed", "sealed", "indeterminate"

/* MW_CONTEXT: only context of other rules, never a finding. */
enum mw_rule_kind { MW_IDENTIFIER = 1, MW_CLINICAL, MW_STRUCTURE, MW_CONTEXT };

/* Flags of a finding. */
enum {
	MW_FINDING_SHADOW = 1, /* of a rule in shadow: it is shown and counted, and decides nothing: no fact may count it */
	MW_FINDING_ROW = 2,    /* the record is a row of a table or another record of data, not a paragraph */
	MW_FINDING_NEAR = 4,   /* its confidence is due to a word of context, or to the finding of another rule */
	MW_FINDING_COLUMN = 8, /* that stands in the header of its column */
};
#define MW_NO_CUE UINT32_MAX

/* A place where a rule matched. Never the text itself. */
struct mw_finding {
	uint32_t rule;	     /* index for mw_host.rule() */
	uint32_t part;	     /* index of the part */
	uint32_t zone;	     /* enum mw_zone */
	uint32_t confidence; /* 1-100 */
	uint64_t offset;     /* octets into mw_part.text */
	uint64_t length;
	uint64_t value; /* keyed digest of the normalised match: equal values are equal matches within this process */
	uint32_t
	    record; /* which unit of the part it stands in, from 0: row of a table, HL7 message, member or claim of X12, line of
			  * NDJSON, resource of FHIR, C-CDA document; else the paragraph */
	uint32_t flags; /* MW_FINDING_… */
	uint32_t cue;	/* what of the rule's `near` entries it is due to, counted through all of them; or MW_NO_CUE */
	uint32_t names; /* which names of its `near` entries were asked for and hold: bits, in the order of the rule */
};

struct mw_rule_info {
	const char *name;
	uint32_t kind; /* enum mw_rule_kind */
};

/* A patient's consent to plain mail, as it was recorded. */
struct mw_consent {
	const char *name;	  /* of the table of consents */
	const char *by;		  /* who recorded it */
	const char *from, *until; /* "2026-03-01"; until may be "none" */
	const char *where;	  /* "tables/consents:12" */
};

/* What was decided for one recipient. */
struct mw_verdict {
	uint32_t effect;		  /* enum mw_effect, of this recipient alone */
	const char *action;		  /* "pass", "tls(verified)", "portal", "hold" … */
	const char *where;		  /* "outbound.policy:18", the line that decided */
	const char *reason;		  /* text from the policy, "" when none */
	const char *skipped;		  /* why means to the left were passed over, "" when none were */
	const struct mw_consent *consent; /* that the line asked for; NULL = it asked for none */
	const char *attested;		  /* what the sender attests, in the words of the policy, "" when nothing */
};

/* What was decided for the message. */
struct mw_outcome {
	uint32_t effect;    /* strictest of the recipients */
	const char *cause;  /* NULL, or the failure that decided: error, timeout, limit.size … */
	const char *reason; /* "" when none */
	bool observe;	    /* mode observe: nothing of this is done */
};

/* ---- what extractors read ------------------------------------------------------------------------------------------------ */

/* The octets of one part, decoded from its transfer encoding, and what is said of them. */
struct mw_document {
	struct mw_str data;  /* (octets) */
	const char *type;    /* media type, lower case: one of mw_plugin.types */
	const char *charset; /* the label in the message, lower case; "" when absent */
	const char *name;    /* file name in UTF-8, "" when none */
};

/* A file inside the document in work: of an archive, attached to a mail, embedded in a text. */
enum {
	MW_MEMBER_BODY = 1, /* no attachment but what the sender wrote: the body of a mail that came packed */
};
struct mw_member {
	struct mw_str
	    name;	  /* UTF-8, folders with "/"; (octets) that are no UTF-8 or control characters are replaced by the host */
	const char *type; /* media type, "" = not known: the host judges by content and name */
	const char *charset; /* "" = not known */
	uint64_t packed;     /* octets that it takes in the document, 0 = not known: for the limit of ratio */
	uint32_t flags;	     /* MW_MEMBER_… */
};

/* A program that an extractor runs, for run_beside(); as the arguments of run(). */
struct mw_program {
	const char *const *argv;
	struct mw_str input;
	int (*fn)(void *ctx, const char *p, size_t n);
	void *ctx;
	int status; /* result */
};
#define MW_PROGRAMS_MOST 8u

/* ---- host services -------------------------------------------------------------------------------------------------------- */

enum mw_log_level { MW_ERROR = 3, MW_WARNING = 4, MW_NOTICE = 5, MW_INFO = 6, MW_DEBUG = 7 };

/* Table of services. New members only at the end; `size` is sizeof of the host's table: test it before using a late member. */
struct mw_host {
	uint32_t size;
	uint16_t abi_major, abi_minor;

	/* Memory of a message: zeroed, 16-octet aligned, wiped and freed at its end. NULL when there is none. Not from other threads. */
	void *(*alloc)(struct mw_msg *, size_t n);
	/* Fills err (may be NULL) and returns code, which must be negative. */
	int (*fail)(struct mw_err *err, int code, const char *fmt, ...) MW_PRINTF(3, 4);
	/* One line: event is a short fixed word; msg may be NULL and gives the queue id. */
	void (*log)(struct mw_self *, struct mw_msg *, enum mw_log_level, const char *event, const char *fmt, ...)
	    MW_PRINTF(5, 6);

	/* Facts: index into the module's fact rows. The type must be that of the row. set_str copies. */
	int (*set_int)(struct mw_self *, struct mw_msg *, uint32_t fact, int64_t value); /* also MW_BOOL */
	int (*set_str)(struct mw_self *, struct mw_msg *, uint32_t fact, const char *value);

	/* Envelope: no power needed. */
	const struct mw_envelope *(*envelope)(struct mw_msg *);
	/* Power `headers`: fields as the client sent them, with the edits staged so far applied. NULL past the end. */
	const struct mw_field *(*field)(struct mw_self *, struct mw_msg *, size_t i);
	/* Power `headers`: the body as the client sent it, piece by piece; stops and returns what fn returns when that is not 0.
	 * -EBUSY before MW_SEE_MESSAGE; -EFBIG when a limit has cut it off. */
	int (*body)(struct mw_self *, struct mw_msg *, int (*fn)(void *ctx, const char *p, size_t n), void *ctx);
	/* Power `text`: parts of the message. NULL past the end, and before MW_SEE_MESSAGE. */
	const struct mw_part *(*part)(struct mw_self *, struct mw_msg *, size_t i);
	/* Power `text`: run the policy's rules over one part. Findings in order of offset. -EAGAIN: indeterminate (a match limit was
	 * reached); *n findings are valid all the same and the part is marked unreadable(indeterminate). */
	int (*scan)(struct mw_self *, struct mw_msg *, size_t part, const struct mw_finding **ret, size_t *n);
	const struct mw_rule_info *(*rule)(struct mw_msg *, uint32_t rule);

	/* What the policy decided; valid in act(). */
	const struct mw_verdict *(*verdict)(struct mw_msg *, size_t rcpt);
	const struct mw_outcome *(*outcome)(struct mw_msg *);
	/* Names of the classes that the message is in; NULL past the end. */
	const char *(*msg_class)(struct mw_msg *, size_t i);
	/* Digest (hex SHA-256) of the policy and all that it includes. */
	const char *(*policy_digest)(struct mw_msg *);
	/* Findings of all modules; NULL past the end. */
	const struct mw_finding *(*finding)(struct mw_msg *, size_t i);

	/* Staged edits, in act() alone: done only after every hook of the message has succeeded, in the order that no MTA can half apply. */
	/* Power `edit`. Name and value are copied; the value goes behind "Name:" as it is, so begin it with a space; folds are LF. */
	int (*add_field)(struct mw_self *, struct mw_msg *, const char *name, const char *value, bool first);
	/* Power `edit`: remove every field that came in and whose name matches (case-insensitive; a final * matches any rest). What
	 * modules have added stays: `strip header "X-Milward-*"` is for what others send. Returns how many. */
	int (*del_fields)(struct mw_self *, struct mw_msg *, const char *name);
	/* Power `route`: deliver this recipient through `.mw-TAG.invalid`. -EINVAL when its form is not MW_ADDR_PLAIN. */
	int (*tag)(struct mw_self *, struct mw_msg *, size_t rcpt, const char *tag);

	/* For extractors, in extract() alone. Each gives -EFBIG when a limit is reached, which the host has noted: return then, with what
	 * was returned. Any other failure is -ENOMEM or -EIO: return as well.
	 * Adds UTF-8 text to the section in work, which is the part itself at first. Lines end with LF; the cells of a row of a table are
	 * separated by tabs, so that rules find the head of a column; a form feed on a line of its own ends what belongs together. */
	int (*sink_text)(struct mw_sink *, const char *utf8, size_t n);
	/* For extractors: octets in a charset (the label may be "", unknown or wrong; a byte order mark wins) as valid UTF-8 without
	 * NUL. Calls fn once with all of it, valid until fn returns; returns what fn returned, or -ENOMEM. */
	int (*to_utf8)(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx);

	/* How many parts could not be read for this reason, a word of MW_UNREADABLE_WORDS; of the parts that somebody has asked for. */
	size_t (*unreadable)(struct mw_msg *, const char *reason);
	/* Digest (hex SHA-256) of the policy that this module was loaded by, as policy_digest() of its messages. */
	const char *(*own_policy_digest)(struct mw_self *);

	/* For extractors, as sink_text(). What follows is a section of its own, a part with the path PART!NAME: a sheet, the notes of a
	 * slide, the fields of a form. name: UTF-8 as a reader knows it; one that was there already is gone on with; NULL: back to the
	 * part itself. */
	int (*sink_section)(struct mw_sink *, const char *name);
	/* What follows in this section is not seen by a reader of the document; once a section, after all that is seen. */
	int (*sink_hidden)(struct mw_sink *);
	/* A page, sheet or slide begins: what the limit of pages counts. */
	int (*sink_page)(struct mw_sink *);
	/* The section in work is not read to its end, or not all of it can be: a word of MW_UNREADABLE_WORDS. Reading goes on. */
	int (*sink_unread)(struct mw_sink *, const char *reason);
	/* Begins a file inside the document, which the host reads as it reads an attachment, when this document is done: octets by
	 * member_data(), then member_end(). unread: NULL; or why not all of its octets are there, a word of MW_UNREADABLE_WORDS. */
	int (*member)(struct mw_sink *, const struct mw_member *);
	int (*member_data)(struct mw_sink *, const char *p, size_t n);
	int (*member_end)(struct mw_sink *, const char *unread);
	/* Power `run`: starts argv[0], an option with MW_TOOL, with `input` as a file at its standard input, and gives fn what it
	 * prints, piece by piece; fn stops it by returning other than 0. Time, memory and output are bounded; nothing of what it says
	 * on standard error is kept. Returns 0 with the exit status, 128 + signal when it was killed; what fn returned; -ENOENT when there
	 * is no such program; -ETIME when the time for the part is over; or another negative errno. */
	int (*run)(struct mw_sink *, const char *const *argv, struct mw_str input, int (*fn)(void *ctx, const char *p, size_t n),
		   void *ctx, int *status);

	/* As add_field(): takes a text (ASCII, in any case) out of the values of all fields of that name, as a reader sees them: a tag in the
	 * Subject, wherever encoded words and folds have it. Returns how many fields are changed. */
	int (*cut_text)(struct mw_self *, struct mw_msg *, const char *name, const char *text);

	/* As run(), for programs that work at the same time, MW_PROGRAMS_MOST at most. When all have been started, meanwhile() (may be NULL) is
	 * called, for what can be done until they print. Then each fn gets its output: that of a run only when the one before it has
	 * ended. The first failure, of meanwhile() too, ends all of them and is returned. */
	int (*run_beside)(struct mw_sink *, struct mw_program *, size_t n, int (*meanwhile)(void *ctx), void *ctx);

	/* As del_fields(): removes the one that field() gives for i; those behind it move up by one. -EINVAL: there is none, or a module
	 * has added it. ABI 1.2. */
	int (*del_field)(struct mw_self *, struct mw_msg *, size_t i);

	/* A cache of this module was asked, and had what was wanted, or had not: for who counts (milward-metrics(7)). From any thread, and
	 * at any time. ABI 1.3. */
	void (*cached)(struct mw_self *, bool hit);

	/* For a command: a file of chained records (milward-audit(5)) that the policy names, whichever module writes it; that of the module
	 * audit is the first. key: the file of its key, NULL = it has none. NULL past the end; the function is NULL for what is no command.
	 * The host is the one that the command was called with. ABI 1.5. */
	const char *(*audit_file)(const struct mw_host *, size_t i, const char **key);
};

/* ---- the module ----------------------------------------------------------------------------------------------------------- */

/* MW_KIND_SERVICE: a program of its own, such as milward-seal, whose options stand in the policy; it is options, their check(), and nothing else. */
enum mw_kind { MW_KIND_MILTER = 1, MW_KIND_EXTRACTOR, MW_KIND_CHECKER, MW_KIND_PREFILTER, MW_KIND_SEALER, MW_KIND_SERVICE };

/* Powers: what a module may do. The `load` line must grant each that the module needs. */
enum {
	MW_POWER_HEADERS = 1, /* read header fields and the raw body */
	MW_POWER_TEXT = 2,    /* read decoded text and findings */
	MW_POWER_EDIT = 4,    /* add and remove header fields */
	MW_POWER_ROUTE = 8,   /* change how recipients are reached */
	MW_POWER_KEYS = 16,   /* read private keys */
	MW_POWER_STORE = 32,  /* write files */
	MW_POWER_NETWORK = 64,
	MW_POWER_RUN = 128, /* start programs */
};
#define MW_POWER_NAMES "headers", "text", "edit", "route", "keys", "store", "network", "run"

/* Protocol stages that see() wants. The host asks the MTA only for what some module wants. */
enum {
	MW_SEE_CONNECT = 1, /* p = client name as the MTA gives it */
	MW_SEE_HELO = 2,    /* p = argument */
	MW_SEE_MAIL = 4,    /* p = sender with <> */
	MW_SEE_RCPT =
	    8, /* p = recipient with <>; those of the envelope with the .arg of the last are new: several, behind an alias */
	MW_SEE_HEADERS = 16, /* all header fields are there */
	MW_SEE_BODY = 32,    /* p = a piece of the body */
	MW_SEE_MESSAGE = 64, /* the whole message is there: the stage for scanning. p = NULL */
	MW_SEE_ABORT = 128,  /* the client gave up before the end */
	MW_SEE_CLOSE = 256,  /* the connection ended; msg is NULL */
};

/* Hooks: all may be NULL. 0 or negative errno with err filled; a failure of see() or act() is the cause `error`. */
struct mw_hooks {
	/* Judge relations between options that are already typed. Pure: no files, no network. */
	int (*check)(const struct mw_host *, const void *conf, struct mw_err *);
	/* Once a generation (start or reload), before any message. *inst is NULL at entry. Files are opened here. */
	int (*open)(const struct mw_host *, struct mw_self *, const void *conf, void **inst, struct mw_err *);
	/* A message begins (at MAIL). */
	int (*begin)(void *inst, struct mw_msg *, void **tx, struct mw_err *);
	int (*see)(void *inst, void *tx, struct mw_msg *, uint32_t stage, const char *p, size_t n, struct mw_err *);
	/* Are the means there for this recipient? 1 yes; 0 no, err says why in words for a person; negative: failure. */
	int (*able)(void *inst, void *tx, struct mw_msg *, const struct mw_order *, struct mw_err *);
	int (*act)(void *inst, void *tx, struct mw_msg *, const struct mw_order *, struct mw_err *);
	/* Always runs when begin() returned 0. */
	void (*end)(void *inst, void *tx);
	/* Accepts NULL and half-built objects. */
	void (*close)(void *inst);
	/* Extractors: the text of one document, and the files inside it, into the sink. Runs in a process of its own that has neither
	 * files nor network: whatever extract() needs of those is opened by open(), which runs there, too, before that is locked down
	 * and copied (so it starts no threads). Of the services there are fail, log (of open() alone; what extract() says is dropped),
	 * to_utf8, sink_*, member* and run; close() is not called. iconv() has few charsets there: to_utf8() has all. Text goes to
	 * the host in large pieces: what a limit refuses may be told by a later call. `reason` is set to a word of MW_UNREADABLE_WORDS
	 * when this returns negative; text that is in the sink by then stays. -ENOMEM without a reason is taken for a document that
	 * needs too much memory. */
	int (*extract)(void *inst, const struct mw_document *, struct mw_sink *, const char **reason, struct mw_err *);
	void *spare[4];
};

enum {
	MW_CHECK_DATA =
	    1, /* it answers out of a site's data, which open() reads: samples of rules take it as passed; where milwardctl
			    * cannot open the data, the host does not call it and the rule finds nothing */
};

/* A named check of a match, used by `check NAME` in rules: (octets) in, true or false out, from any thread. */
struct mw_check {
	const char *name; /* NULL ends the rows */
	const char *help;
	bool (*valid)(const void *inst, const char *p, size_t n); /* inst: what open() made, NULL without open() */
	uint32_t flags;						  /* MW_CHECK_… */
};

/* A set of octets, and a row of them: what stands somewhere in a text, octet by octet. */
struct mw_octets {
	uint64_t bit[4];
};
struct mw_row {
	size_t n;
	const struct mw_octets *set;
};

/* Finds rows in text, in place of the host's own way (MW_KIND_PREFILTER). Rows only say where the host looks closer, so what it
 * finds is the same with every prefilter. One that fails is done without. Out-parameters are untouched on failure. */
struct mw_prefilter {
	/* inst: what open() made. The rows are gone when this returns. Several threads share what it makes. */
	int (*make)(void *inst, const struct mw_row *rows, size_t n, void **db, struct mw_err *);
	void (*drop)(void *db); /* accepts NULL */
	/* What one thread needs, beside db. */
	int (*scratch_new)(const void *db, void **scratch);
	void (*scratch_free)(void *scratch); /* accepts NULL */
	/* Tells hit() of every place in p[0, n) where a row begins of which all octets are in p[0, n); in any order, and more than
	 * once if need be. hit() gives false to stop. 0 (also when stopped) or negative. */
	int (*look)(const void *db, void *scratch, const char *p, size_t n, bool (*hit)(void *ctx, uint32_t row, size_t at),
		    void *ctx);
};

/* ---- sealers -------------------------------------------------------------------------------------------------------------- */

/* Encrypts a message to its recipient's own key, and opens what was encrypted to the site's (MW_KIND_SEALER). It is opened in two
 * programs. In milward, where mail is judged, it tells whether there is a key: want(), able(); no private key is in that process. In
 * milward-seal, which does the work and where unlock() has read the site's private keys: able(), seal(), unseal(), keep().
 * An entity is MIME header fields, an empty line and a body (RFC 2045); its lines end with CRLF. */

/* With what seal() has made it, for the audit record: fingerprints in hex, "" = not told, or none. */
struct mw_sealed {
	char key[136];	  /* of the key or the certificate that it is encrypted to */
	char signer[136]; /* of the one that signed inside */
};

struct mw_seal_work {
	int in; /* the entity: a regular file, at its first octet. In seal(): with the fields that are to be protected (RFC 9788) */
	int out;		/* where the result goes, an entity again: an empty regular file */
	const char *sender;	/* envelope sender without <>; "" = null sender */
	const char *recipient;	/* envelope recipient without <> */
	int64_t now;		/* seconds since 1970 */
	struct mw_sealed *made; /* seal(): to be filled; NULL = nobody asks. ABI 1.4 */
};

enum mw_signature {
	MW_UNSIGNED = 0,
	MW_SIGNATURE_GOOD,    /* and the key is known to be the signer's */
	MW_SIGNATURE_UNKNOWN, /* it fits, but nothing says whose key it is */
	MW_SIGNATURE_BAD,
};

/* What unseal() found. */
struct mw_opened {
	bool decrypted;
	uint32_t signature; /* enum mw_signature */
	char signer[320];   /* address that the key of a good signature stands for, "" = none */
	char why[128]; /* of what is not good, for a person: no octet of the message but printable ASCII of its certificates */
	struct mw_str keep; /* key that the signature proved, for keep(); the sealer's own, until the next call. n == 0: none */
};

#define MW_TICKET_MOST 4096u

/* A message that is to be kept. Files are regular ones. */
struct mw_custody_work {
	int in;	 /* the message as it came, at its first octet */
	int out; /* pack(): what room() gave; notice(): an empty file for the notice, a message with CRLF at its lines */
	const char *sender;    /* envelope sender without <>; "" = null sender */
	const char *recipient; /* envelope recipient without <> */
	const char *queue_id;  /* of the MTA that handed the message in, "-" = not known */
	int64_t now;	       /* seconds since 1970 */
};

/*
 * Keeps messages until their recipients fetch them, and makes the notices that tell of them (the portal). It works in two processes of
 * milward-seal. The parent, which reads no mail, has keys and store: room(), store(), noticed(). A child has the message, and of the
 * secrets those of this message alone: leave(), pack(), notice(). What goes from one to the other is a ticket (octets, at most
 * MW_TICKET_MOST), of which the parent believes no more than it has checked.
 * key: names the message and one recipient, the same when it is handed in again after a failure.
 */
struct mw_custody {
	size_t size; /* sizeof(struct mw_custody) in the module's header */
	/* 0: it was not stored before, *fd is an empty file for it, which nobody finds; 1: it was, notice() is what is left to do;
	 * -EALREADY: that was done, too, and the ticket is the queue id of the notice; other negative: failed. */
	int (*room)(void *inst, const char *key, char *ticket, size_t *n, int *fd, struct mw_err *);
	/* What was packed into fd is kept: when this returns 0 it is on disk, and room() gives 1. */
	int (*store)(void *inst, const char *key, const struct mw_custody_work *, struct mw_str ticket, int fd, struct mw_err *);
	/* The MTA has the notice, under queue_id: the secret is forgotten. */
	int (*noticed)(void *inst, const char *key, const char *queue_id, int64_t now, struct mw_err *);
	/* In a child, before it is locked down: gives up the keys and the store, which are the parent's. */
	void (*leave)(void *inst);
	/* 1 the message is in work->out, on disk, and the ticket says so; 0 it cannot be kept, err says why in words for its sender;
	 * negative: failed, to be tried again. */
	int (*pack)(void *inst, const struct mw_custody_work *, char *ticket, size_t *n, struct mw_err *);
	/* Makes the notice for what has this ticket: the same each time. 0 or negative. */
	int (*notice)(void *inst, const struct mw_custody_work *, struct mw_str ticket, struct mw_err *);
};

struct mw_sealer {
	const char *method; /* the word of `send by`: smime */
	/* Somebody named this recipient: begin to fetch what able() will need. Returns at once. NULL = there is nothing to fetch. */
	void (*want)(void *inst, const char *recipient);
	/* Is there a key for this recipient that may be used now? 1 yes; 0 no, err says why in words for a person ("its certificate
	 * expired 2026-01-02"); -EAGAIN: a server that is not the site's does not tell now, err says which: the next means is tried,
	 * and where there is none the client is asked to come back; other negative: it failed. May wait for what is being fetched, with a bound of its own. */
	int (*able)(void *inst, const char *recipient, int64_t now, struct mw_err *);
	/* Reads the site's private keys. In milward-seal, after open(). NULL = it has none. */
	int (*unlock)(void *inst, struct mw_err *);
	/* 1 sealed, out is whole; 0 there is no key that may be used, err says why; negative: failed, to be tried again. */
	int (*seal)(void *inst, const struct mw_seal_work *, struct mw_err *);
	/* 1 opened, out is whole; 0 it is nothing for this sealer or for the site's keys, err says why and out is not used;
	 * negative: failed. NULL = it cannot. */
	int (*unseal)(void *inst, const struct mw_seal_work *, struct mw_opened *, struct mw_err *);
	/* Keeps a key that unseal() found; needs the power `store`. Not called in the process that reads messages. NULL = it cannot. */
	int (*keep)(void *inst, struct mw_str key, struct mw_err *);
	/* It encrypts nothing on its way but keeps it; of the functions above, unlock() may be there. ABI 1.1. NULL = it does not. */
	const struct mw_custody *custody;
};

/* A command of milwardctl that belongs to this module: `milwardctl MODULE NAME …`. */
struct mw_command {
	const char *name; /* NULL ends the rows; "" (one at most): `milwardctl MODULE …`, when no other command is named */
	const char *args; /* usage of the arguments */
	const char *help;
	/* conf as in open(), or NULL when no policy is given. argv[0] is the command's name, its arguments follow. Prints to stdout,
	 * errors to stderr; the result is the exit status. */
	int (*run)(const struct mw_host *, const void *conf, int argc, char **argv);
};

struct mw_plugin {
	uint32_t magic; /* MW_MAGIC */
	uint32_t size;	/* sizeof(struct mw_plugin) in the module's header */
	uint16_t abi_major, abi_minor;
	uint32_t kind;	   /* enum mw_kind */
	const char *build; /* MW_BUILD */
	const char *name;  /* equals the file's name without .so */
	const char *version, *summary, *licence;
	uint32_t stages; /* MW_SEE_… */
	uint32_t powers; /* MW_POWER_… */
	const struct mw_opt *options;
	size_t conf_size; /* size of the struct that .options fill */
	const struct mw_fact *facts;
	const struct mw_action *actions;
	const struct mw_check *checks;	      /* MW_KIND_CHECKER */
	const char *const *types;	      /* MW_KIND_EXTRACTOR: media types, NULL ends; "text/x-*" matches a prefix */
	const struct mw_prefilter *prefilter; /* MW_KIND_PREFILTER */
	const struct mw_sealer *sealer;	      /* MW_KIND_SEALER */
	const struct mw_command *commands;
	struct mw_hooks hooks; /* last, so that `size` covers it */
};

/*
 * MW_PLUGIN(audit, "audit", .kind = …): the same object is linked in or becomes a loadable file. Programs with many modules linked in know
 * each by its own name, which MW_DESCRIPTOR gives it; a file is asked for mw_plugin, which is weak because such programs have one of each
 * module.
 */
#define MW_PLUGIN(id, modname, ...)                                                                                              \
	MW_DESCRIPTOR(id, modname, __VA_ARGS__);                                                                                 \
	extern const struct mw_plugin mw_plugin MW_EXPORT __attribute__((weak, alias("mw_plugin_" #id)))
#define MW_DESCRIPTOR(id, modname, ...)                                                                                          \
	extern const struct mw_plugin mw_plugin_##id;                                                                            \
	const struct mw_plugin mw_plugin_##id = {.magic = MW_MAGIC,                                                              \
						 .size = sizeof(struct mw_plugin),                                               \
						 .abi_major = MW_ABI_MAJOR,                                                      \
						 .abi_minor = MW_ABI_MINOR,                                                      \
						 .build = MW_BUILD,                                                              \
						 .name = (modname),                                                              \
						 __VA_ARGS__}

#ifdef __cplusplus
}
#endif
#endif
