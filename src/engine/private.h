/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private: what the files of the engine share about a message. For src/engine alone.
 *
 *   message.c   its life, and filling it       parts.c, content.c, header_text.c, media.c, pasted.c, sink.c  octets -> text
 *   services.c  struct mw_host                 scan.c    rules over parts, counts           edit.c   staged edits
 *   view.c      what the policy asks           chain.c   see, verdicts, act                 readfile.c  offline input
 *   readers.c   extractors at work              busy.c    what runs, for a watch
 */
#ifndef MW_ENGINE_PRIVATE_H
#define MW_ENGINE_PRIVATE_H

#include "base/buf.h"
#include "base/str.h"
#include "engine/message.h"
#include "mail/header.h"
#include "mail/store.h"
#include "reader/readers.h"

#include <stdatomic.h>

/* ---- a module in a generation ------------------------------------------------------------------------------------ */
struct mw_self {
	struct mw_generation *gen;
	const struct mw_plan_module *row;
	const struct mw_plugin *plugin; /* with code */
	uint32_t index;			/* in plan->module */
	size_t fact_base, facts;	/* its slice of mw_msg.fact */
	bool opened;			/* in this process */
	bool reads;    /* an extractor that documents may be given to: by `readers`, or here when it is opened here */
	size_t reader; /* its index there */
	void *inst;
	atomic_uint complained; /* powers whose lack was logged */
};

struct mw_generation {
	atomic_size_t refs;
	uint64_t number;
	struct mw_plan *plan;
	struct mw_ruleset *rules;
	struct mw_rule_info *rule; /* one a rule */
	struct mw_self *self;	   /* one a module of the plan */
	size_t facts;		   /* of all modules */
	uint32_t stages;
	bool offline, dry, inside, service, sealers; /* of enum MW_GEN_… */
	struct mw_pool *pool;			     /* of scratch for scanning */
	struct mw_readers *readers;		     /* NULL: there are no extractors, or MW_GEN_INSIDE */
	unsigned char key[32];
	_Atomic int32_t *latest_day; /* of the loader */
	struct mw_tally tally;
};

/* Random octets of this process, and a number that grows: kept by the loader, which outlives every generation. */
const unsigned char *mw_loader_key(const struct mw_loader *);
uint64_t mw_loader_count(struct mw_loader *);
/* The last day that was seen, mw_day: no clock that jumps back makes it an earlier one. */
_Atomic int32_t *mw_loader_latest_day(struct mw_loader *);

/* Folder of module files, NULL = none. */
const char *mw_loader_dir(const struct mw_loader *);
unsigned mw_loader_readers(const struct mw_loader *);
const struct mw_tally *mw_loader_tally(const struct mw_loader *);

/* readers.c: a document to an extractor of this generation, wherever that runs: text and members into the sink, what went wrong is
 * noted with the part, and with the message when it is no fault of the document. */
int mw_generation_readers(struct mw_generation *, const struct mw_loader *, struct mw_err *);
void mw_msg_extract(struct mw_msg *, const struct mw_self *, const struct mw_document *, struct mw_sink *);

/* Scratch is costly to make and bound to a rule set: a pool for each generation. Thread safe. */
struct mw_pool;
struct mw_pool *mw_pool_new(const struct mw_ruleset *, const unsigned char key[32]);
void mw_pool_free(struct mw_pool **);
struct mw_scratch *mw_pool_take(struct mw_pool *); /* NULL = no memory */
void mw_pool_give(struct mw_pool *, struct mw_scratch *);

extern const struct mw_host mw_host_table;

/* ---- a message --------------------------------------------------------------------------------------------------- */
struct part {
	struct mw_part pub;
	struct mw_buf text; /* what pub.text points to */
	size_t hidden;	    /* as pub.hidden while text is added; SIZE_MAX = nothing is */
	unsigned nesting;   /* 0: of the message itself; else it stands inside so many files */
	bool named;	    /* its path ends with its name: a member */
	bool scanned;
	int result;	 /* of the scan */
	size_t first, n; /* its findings */
};

struct fact {
	int64_t n;
	const char *s;
	bool given; /* by a test: what the module finds does not count */
};

/* A module's state in this message. */
struct tx {
	bool begun; /* end() is due */
	void *p;
};

/* A field as edits have left it. */
struct current {
	struct mw_field field;
	bool added;   /* by us */
	bool changed; /* received, with another value now */
	bool first;   /* above all that were received */
};

/* What was decided for one recipient. */
struct decided {
	struct mw_verdict verdict;
	const struct mw_line *line; /* NULL: no line matched */
	const struct mw_call *call; /* NULL: nothing to call. A means although effect is HOLD: its route when it is released */
	const struct mw_call *hold; /* with a means: what holds it, NULL = nothing */
	uint32_t cause;		    /* that decided, MW_CAUSES = none */
	bool later;		    /* of some means it cannot be told now whether it is there */
};

struct mw_msg {
	struct mw_generation *gen;
	struct mw_arena *arena;
	struct mw_envelope env;
	struct mw_rcpt *rcpt; /* what env.rcpt points to */
	size_t rcpt_cap;
	struct mw_header header;
	char **decoded_value; /* of header, made when a policy asks; an entry may be NULL */
	struct mw_store *store;
	uint64_t body_at;   /* where the body begins in the store */
	bool in_body;	    /* the empty line is written */
	bool header_full;   /* further fields are dropped */
	bool full;	    /* everything further is dropped */
	bool truncated;	    /* something was dropped */
	bool broken;	    /* something was lost that the policy cannot see: no delivery now, whatever it says */
	uint32_t broken_by; /* the cause */
	uint32_t time;	    /* of mw_msg_options */
	struct mw_busy *busy;
	int64_t deadline; /* monotonic milliseconds, 0 = not running */
	bool complete;	  /* all of it has come: mw_msg_run has begun */
	bool begun;
	struct tx *tx; /* one a module */
	struct fact *fact;

	uint64_t causes;
	const char *why[MW_CAUSES];

	bool bare; /* text of mw_msg_text instead of a message */
	struct mw_str bare_text;
	bool parts_made;
	struct part **part; /* each stays where it is */
	size_t parts, part_cap;
	uint64_t members, unpacked;				   /* what limits count */
	int (*more)(void *ctx, uint64_t octets, int64_t patience); /* of mw_msg_options */
	void *more_ctx;
	uint64_t more_used, more_had;
	struct mw_msg_read read;
	uint64_t text_octets;
	struct mw_findings findings;
	struct mw_scratch *scratch;
	struct mw_finding *sorted;  /* findings by rule and value, without shadow */
	size_t sorted_n, sorted_of; /* sorted_of: findings when it was made */

	struct mw_days days; /* today MW_DAY_NONE: not asked for yet */
	bool *classes;
	struct decided *decided;
	bool decided_all, has_outcome;
	bool unsure; /* a class could not be decided, and counts as true */
	struct mw_outcome outcome;
	struct mw_outcome settled; /* by the host; effect 0 = not */

	bool edits_open; /* act() is running */
	struct current *current;
	size_t currents, current_cap, added;
	bool current_made;
	struct mw_edit_tag *tag;
	size_t tags, tag_cap;
	struct mw_edit_field *edit;
	size_t edits;
};

/* message.c: what a message, or a mail inside of one, may need beside octets and text. */
size_t mw_msg_arena_limit(const struct mw_limits *);
/* So many octets more are taken by what is inside of the message. 0; -ENOMEM, which is noted. */
int mw_msg_more(struct mw_msg *, uint64_t octets);
/* As many as a document of this size has inside as a rule: so that its reader, whose time runs, rarely waits. 0; -ENOMEM, which is noted. */
int mw_msg_more_ahead(struct mw_msg *, uint64_t size);

static inline uint64_t mw_msg_limit(const struct mw_msg *m, enum mw_limit l)
{
	return m->gen->plan->limits.max[l];
}

/* cause.c */
/* Remembers the cause `error`, and that something was lost. why NULL: the text of code. Returns code. */
int mw_msg_fail(struct mw_msg *, int code, const char *why);
/* `module "x": text` as the cause `error`. Returns code. */
int mw_msg_module_failed(struct mw_msg *, const struct mw_self *, int code, const struct mw_err *);
void mw_msg_broken(struct mw_msg *, uint32_t cause);
void mw_msg_breach(struct mw_msg *, enum mw_limit);
void mw_msg_start_clock(struct mw_msg *);
/* Is the time of the message over? Then that is a cause, and what is not read yet stays unread. */
bool mw_msg_late(struct mw_msg *);

/* busy.c: around each call that may not come back. What enter returned goes to leave. b may be NULL. */
struct mw_busy_mark {
	const char *module, *hook;
	bool outermost;
};
struct mw_busy_mark mw_busy_enter(struct mw_busy *b, const char *module, const char *hook);
void mw_busy_leave(struct mw_busy *b, struct mw_busy_mark before);

/* hooks.c */
void mw_msg_begin(struct mw_msg *); /* once; a failure is a cause */
void mw_msg_end(struct mw_msg *);   /* of each module that has begun */

/* fill.c */
void mw_msg_complete(struct mw_msg *); /* the last octet has come; the clock runs */

/* parts.c: a failure is noted as a cause. */
int mw_msg_make_parts(struct mw_msg *);
/* The rest of these gives 0 or -ENOMEM, unless it says otherwise; a breach of a limit is noted, and the part says so.
 * A new part; its strings are copied. NULL = no memory. */
struct part *mw_part_new(struct mw_msg *, const char *path, const char *type, const char *name, uint32_t zone);
/* Path under which files inside a part stand. NULL = no memory. */
const char *mw_part_within(struct mw_msg *, struct part *);
/* Adds text as far as the limit of text allows; -EFBIG when not all fits. */
int mw_part_add(struct mw_msg *, struct part *, const char *text, size_t n);
/* Makes b, and no copy of it, the text of a part that has none. */
void mw_part_take(struct mw_msg *, struct part *, struct mw_buf *b);
/* false: no word of MW_UNREADABLE_WORDS. */
bool mw_part_unread(struct part *, const char *reason);
/* One more file inside attachments, or section. -EFBIG: that is one too many, and noted. */
int mw_msg_count_member(struct mw_msg *);
/* So many more octets of files inside attachments. -EFBIG: too many, and noted; they are not counted. */
int mw_msg_count_unpacked(struct mw_msg *, uint64_t octets);
int mw_part_done(struct mw_msg *, struct part *);
/* The parts of a mail that stands in part p: each counts as a member. */
int mw_msg_read_mail(struct mw_msg *, struct part *p, struct mw_str mail);
/* content.c: reads octets, of which it may make the text, into the part; and the files inside into parts behind it. */
int mw_part_read(struct mw_msg *, struct part *, struct mw_buf *content, const char *charset, bool delsp);
/* CR LF to LF. */
void mw_unify_lines(struct mw_buf *);

/* sink.c: what an extractor gives of one document. */
struct member;
struct mw_sink {
	struct mw_msg *msg;
	struct part *part, *now; /* the document's own, and the section in work */
	const char *within;	 /* path under which what is inside stands */
	size_t first;		 /* of its sections in msg->part */
	struct member *member;	 /* in the order in which they came */
	struct member *last;
	size_t members;
	bool open;    /* the last one takes octets */
	uint64_t in;  /* octets of the document */
	uint64_t out; /* that came of it */
	uint64_t pages;
	bool limited; /* a limit is reached: nothing more is taken */
	int failed;   /* -ENOMEM; -EIO: it did what the contract forbids */
};
void mw_sink_begin(struct mw_sink *, struct mw_msg *, struct part *, size_t octets);
/* Ends the sections, and reads the members: parts behind. The sink is empty then, whatever this returns. */
int mw_sink_end(struct mw_sink *);
/* As struct mw_host says. */
int mw_sink_text(struct mw_sink *, const char *utf8, size_t n);
int mw_sink_section(struct mw_sink *, const char *name);
int mw_sink_hidden(struct mw_sink *);
int mw_sink_page(struct mw_sink *);
int mw_sink_unread(struct mw_sink *, const char *reason);
int mw_sink_member(struct mw_sink *, const struct mw_member *);
int mw_sink_data(struct mw_sink *, const char *p, size_t n);
int mw_sink_member_end(struct mw_sink *, const char *unread);
/* pasted.c: members that the host finds itself. 0; -EFBIG: a limit, which is noted; -ENOMEM. Files that stand in a text; guesses: those
 * too that are base64 without a word about it. */
int mw_sink_pasted(struct mw_sink *, struct mw_str text, bool guesses);
/* Files in properties of a calendar or a card. */
int mw_sink_properties(struct mw_sink *, struct mw_str text);
/* The forks of a file of a Macintosh. Also -EINVAL: it is none. */
int mw_sink_mac(struct mw_sink *, struct mw_str data);
/* The mails of a folder in one file. */
int mw_sink_mbox(struct mw_sink *, struct mw_str data);
/* A limit that the sink does not see itself: time. Returns -EFBIG. */
int mw_sink_breach(struct mw_sink *, enum mw_limit);

/* header_text.c: a header for the scanner: "Name: value" lines, decoded; see there for what is left out. 0 or -ENOMEM. */
int mw_header_text(struct mw_arena *, const struct mw_header *, bool subject, struct mw_buf *out);

/* scan.c */
int mw_msg_scan_part(struct mw_msg *, size_t part);
int mw_msg_scan_all(struct mw_msg *);
/* Distinct values; zones: bits of MW_ZONE_BIT, 0 = all. */
uint64_t mw_msg_rule_count(struct mw_msg *, uint32_t rule, uint32_t zones);
void mw_msg_scan_done(struct mw_msg *);

/* edit.c */
int mw_msg_current(struct mw_msg *); /* makes msg->current; -ENOMEM */
int mw_msg_add_field(struct mw_msg *, const char *name, const char *value, bool first);
int mw_msg_del_fields(struct mw_msg *, const char *name);
int mw_msg_del_field(struct mw_msg *, size_t i);
/* cut.c: as mw_host.cut_text() */
int mw_msg_cut_text(struct mw_msg *, const char *name, const char *text);
int mw_msg_tag(struct mw_msg *, size_t rcpt, const char *tag);
bool mw_msg_has_tag(const struct mw_msg *, size_t rcpt);
/* Of an alias one of whose recipients is tagged: the others are to be named by themselves, as they are. -ENOMEM is noted. */
int mw_msg_tag_kin(struct mw_msg *);
int mw_msg_list_edits(struct mw_msg *);
void mw_msg_drop_edits(struct mw_msg *);

/* seal.c: means by a sealer. As mw_msg_able(). */
int mw_msg_able_to_seal(struct mw_msg *, const struct mw_self *, const char *method, uint32_t rcpt, const char **why);
/* A recipient was named: sealers may begin to fetch. */
void mw_msg_want_keys(struct mw_msg *, const struct mw_rcpt *);

/* view.c */
void mw_msg_view(struct mw_msg *, struct mw_view *ret);
/* A call as the module sees it, with the means of the same module that follow it in its line. NULL = no memory. */
struct mw_order *mw_msg_order(struct mw_msg *, const struct mw_call *, uint32_t rcpt);
/* What day it is, asked once a message. */
void mw_msg_find_day(struct mw_msg *);
/* Is this means there? As mw_view.able: 1, 0 with why, or negative; then the cause is noted. */
int mw_msg_able(struct mw_msg *, const struct mw_call *, uint32_t rcpt, const char **why);

#endif
