/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader: module names -> descriptors. A module is linked in, or a file FOLDER/NAME.so; never both.
 *
 * The loader never falls back: whatever is wrong with a module is an error that names the file and the cause. It keeps what it
 * gave out until it is freed, so a module that runs is not replaced while the process lives, whatever happens to its file. Not
 * thread safe: one thread loads (at start, or the one that reloads).
 */
#ifndef MW_ENGINE_LOADER_H
#define MW_ENGINE_LOADER_H

#include "base/err.h"
#include "policy/plan.h"

struct mw_loader;
/* dir: folder of module files, borrowed; NULL = only linked-in modules. Caller frees, after every generation that used it.
 * NULL = no memory. */
struct mw_loader *mw_loader_new(const char *dir);
void mw_loader_free(struct mw_loader **);
/* Descriptor without running code of the module: linked in, or read from the file's ELF data. Lives as long as the loader; its
 * hooks must not be called. NULL with err. Errors, each its own text: not found; linked in and also a file; symbolic link; owner;
 * file or folder writable by others; not a module (no ELF, other machine, no symbol); wrong magic; short descriptor; newer or
 * older ABI major; newer minor; other build; name differs from the file's; a row that is wrong. */
const struct mw_plugin *mw_loader_describe(struct mw_loader *, const char *name, struct mw_err *);
/* The same module with its code, ready to be called (dlopen RTLD_NOW|RTLD_LOCAL; all checks again on what was loaded). */
const struct mw_plugin *mw_loader_load(struct mw_loader *, const char *name, struct mw_err *);
/* How many documents may be read at a time (1); for generations made from then on. */
void mw_loader_set_readers(struct mw_loader *, unsigned n);
/* Who counts: told from any thread; a function may be NULL. */
struct mw_tally {
	void *ctx;
	void (*cached)(void *ctx, const char *module, bool hit); /* as mw_host.cached() */
	void (*reader_started)(void *ctx);			 /* a process that keeps readers */
};
/* For generations made from then on; copied. */
void mw_loader_set_tally(struct mw_loader *, const struct mw_tally *);
/* For the policy checker; valid as long as the loader. */
struct mw_catalog mw_loader_catalog(struct mw_loader *);

#endif
