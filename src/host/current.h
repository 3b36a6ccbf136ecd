/* SPDX-License-Identifier: Apache-2.0 */
/*
 * current: the generation that new messages get. A reload builds a complete new one beside it, then swaps; the old one goes
 * with its last message. A policy that is wrong changes nothing.
 */
#ifndef MW_HOST_CURRENT_H
#define MW_HOST_CURRENT_H

#include "engine/engine.h"
#include "host/options.h"

struct mw_current;

/* Empty; loader and options are borrowed. NULL = no memory. */
struct mw_current *mw_current_new(struct mw_loader *, const struct mw_options *);
/* Gives up our reference: modules close when the last message is done. */
void mw_current_free(struct mw_current **);
/* Builds and swaps. Logs every diagnostic. MW_EXIT_OK, or why not (MW_EXIT_POLICY, …), with the reason in one line of err; then
 * nothing has changed. Not from two threads at once. */
enum mw_exit mw_current_load(struct mw_current *, struct mw_err *);
/* No more for new messages; those in work keep theirs, and the last one closes the modules. */
void mw_current_close(struct mw_current *);
/* A reference; the caller gives it back. NULL after mw_current_close(). */
struct mw_generation *mw_current_get(struct mw_current *);

#endif
