/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation: a policy, its modules opened, its rules compiled. Immutable and counted: each message keeps the one it began with,
 * and a reload builds a new one. The last reference closes the modules.
 */
#ifndef MW_ENGINE_GENERATION_H
#define MW_ENGINE_GENERATION_H

#include "engine/loader.h"
#include "match/ruleset.h"
#include "policy/plan.h"

struct mw_generation;
struct mw_busy; /* message.h */
enum {
	MW_GEN_OFFLINE = 1,  /* milwardctl: a module that needs keys, store, network or run is checked but not opened: none of its
			     * hooks runs, and its means count as there; checks whose data cannot be opened are a warning */
	MW_GEN_DRY = 4,	     /* milward -t: nothing is written: a module that needs the power `store` is checked but not opened */
	MW_GEN_SAMPLES = 2,  /* refuse when a rule's hit/miss sample fails */
	MW_GEN_LINT = 8,     /* warn of patterns that some text can make slow, and of a policy that forgets what is unreadable */
	MW_GEN_SERVICE = 32, /* a program that wants its own options of the policy: no module is opened, no rule compiled; see
			     * mw_generation_service() */
	MW_GEN_SEALERS = 64, /* milward-seal: the same, but sealers are opened, with the site's private keys */
	MW_GEN_INSIDE = 16,  /* for tests: extractors are opened and run in this process, without a sandbox */
};
/* Policy -> running generation. Diagnostics in diags. On failure nothing stays open. Thread safe against running messages.
 * Extractors are opened by readers (src/reader), which are started here; with MW_GEN_OFFLINE when a document comes.
 * 0; -EINVAL with diags->errors (policy), or another code with err (a module did not open: names the module and the cause). */
int mw_generation_new(struct mw_loader *, const char *policy, const char *search, unsigned flags, struct mw_diags *,
		      struct mw_generation **ret, struct mw_err *);
struct mw_generation *mw_generation_ref(struct mw_generation *);
void mw_generation_unref(struct mw_generation **); /* accepts NULL, sets NULL */
const struct mw_plan *mw_generation_plan(const struct mw_generation *);
const struct mw_ruleset *mw_generation_rules(const struct mw_generation *);
/* A named check of a module of the policy, with what its valid() takes. NULL = none has it. */
const struct mw_check *mw_generation_check(const struct mw_generation *, const char *name, const void **inst);
/* Union of MW_SEE_… of the chain. */
uint32_t mw_generation_stages(const struct mw_generation *);
/* 1, 2, … within one loader. */
uint64_t mw_generation_number(const struct mw_generation *);
/* Options of a MW_KIND_SERVICE or a custody, for the program that they are of: the struct that they fill, which lives as long as
 * the generation. size: its own. The module's check() is run first, with its code alone, and nothing is opened. 0; -EINVAL: the
 * policy does not load it, its struct is another, or the check refuses the options; or as mw_loader_load(). */
int mw_generation_service(const struct mw_generation *, struct mw_loader *, const char *name, size_t size, const void **ret,
			  struct mw_err *);
/* The sealers that are open and keep nothing, in the order of the policy: the n-th, with what its functions take. NULL past the end. */
const struct mw_sealer *mw_generation_sealer(const struct mw_generation *, size_t n, void **inst);
/* The custody that is open, with what its functions take. NULL: none is. */
const struct mw_custody *mw_generation_custody(const struct mw_generation *, void **inst);
/* MW_SEE_CLOSE for the modules that asked: a connection ended. There is no message, and nothing to fail. */
void mw_generation_closed(struct mw_generation *, struct mw_busy *);

#endif
