/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup: what readers are started with: modules by name, with the values of their options. It goes to the process of the readers as
 * octets, because that loads the modules for itself.
 */
#ifndef MW_READER_SETUP_H
#define MW_READER_SETUP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* An extractor as the policy loads it. */
struct mw_reader_module {
	const struct mw_plugin *plugin; /* data only */
	const void *conf;		/* NULL when it has no options */
	uint32_t granted;		/* MW_POWER_… */
};

struct mw_setup {
	const char *modules_dir; /* NULL = none */
	bool tools;		 /* the modules may run programs */
	uint32_t readers;	 /* how many wait for a document at a time */
	size_t modules;
	const struct mw_reader_module *module;
};

/* -ENOMEM */
int mw_setup_put(struct mw_buf *out, const struct mw_setup *);

/* The other way. find: as mw_loader_load(). Everything is of the arena, except for what find() gives. 0; -ESTALE: it comes from a
 * program of another build; -EPROTO; -ENOMEM; or why a module cannot be had. */
int mw_setup_take(struct mw_str in, struct mw_arena *,
		  const struct mw_plugin *(*find)(void *ctx, const char *dir, const char *name, struct mw_err *), void *ctx,
		  struct mw_setup *ret, struct mw_err *);

#endif
