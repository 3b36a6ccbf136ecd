/* SPDX-License-Identifier: Apache-2.0 */
/* children: the processes that have a connection, and what the agent does when they ask (control.h). Private to the agent. */
#ifndef MW_SEAL_CHILDREN_H
#define MW_SEAL_CHILDREN_H

#include "seal/control.h"
#include "seal/site.h"
#include <poll.h>

struct mw_child {
	pid_t pid;
	int sock;
	struct mw_site *site;					  /* that it was made with */
	char key[MW_JOURNAL_KEY];				  /* of the copy that it has in work, "" = none */
	char queue_id[64];					  /* of its message, for the log */
	char sender[MW_SEAL_ADDRESS], recipient[MW_SEAL_ADDRESS]; /* of the copy, for its record */
	int room;						  /* file for what it packs of that copy, -1 = none */
	bool kept;		/* it asked for room for that copy: the keeper is told when the notice is out */
	char owed;		/* MW_ASK_… that is answered when the journal is on disk; 0 = nothing */
	char told;		/* the word for it */
	char *record;		/* that is written before; NULL = none */
	char text[MW_QUEUE_ID]; /* what goes with the word */
};

/* Reads what a child asks and answers, or leaves the answer owed. False: it is gone, or talks nonsense. */
bool mw_child_ask(struct mw_child *children, size_t n, struct mw_child *, struct mw_journal *, const struct mw_site *now);
/* Gives up what belongs to the copy in work. */
void mw_child_forget(struct mw_child *);
/* Puts the journal on disk once for all that is owed, then the records, and answers. */
void mw_children_settle(struct mw_child *children, size_t n, struct mw_journal *);

#endif
