/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/box.h"

#include "base/listen.h"
#include "base/sanitized.h"
#include "box/filter.h"
#include "box/landlock.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PATHS_MOST 256u

struct paths {
	struct mw_arena *arena;
	struct mw_landlock_path path[PATHS_MOST];
	size_t n;
};

static int add(struct paths *p, const char *path, uint32_t access)
{
	if (p->n == PATHS_MOST)
		return -E2BIG;
	p->path[p->n++] = (struct mw_landlock_path){path, access};
	return 0;
}

/* What a file stands in: one that is replaced by another is another file. Not the whole system. */
static int add_folder_of(struct paths *p, const char *path, uint32_t access)
{
	const char *slash = strrchr(path, '/');
	char *folder;

	if (!slash || slash == path)
		return add(p, path, access);
	folder = mw_arena_dup(p->arena, path, (size_t)(slash - path));
	return folder ? add(p, folder, access) : -ENOMEM;
}

/* Files and folders that the policy names, of whatever module. */
static int add_options(struct paths *p, const struct mw_plan *plan)
{
	const uint32_t see = MW_LANDLOCK_READ | MW_LANDLOCK_LIST;
	int r = 0;

	for (size_t i = 0; i < plan->modules; i++) {
		const struct mw_plan_module *m = &plan->module[i];

		for (const struct mw_opt *o = m->conf ? m->plugin->options : NULL; o && o->name && r == 0; o++) {
			const char *path = NULL;

			if (o->type == MW_PATH)
				memcpy(&path, (const char *)m->conf + o->offset, sizeof(path));
			r = path ? add(p, path, see) : 0;
			r = path && r == 0 ? add_folder_of(p, path, see) : r;
		}
	}
	return r;
}

static int list(struct paths *p, const struct mw_site *site, const struct mw_portal_options *o, const char *status)
{
	static const char *const system[] = {"/usr", "/lib", "/lib64", "/etc", "/dev/null", "/dev/urandom"};
	const uint32_t see = MW_LANDLOCK_READ | MW_LANDLOCK_LIST;
	const struct mw_portal_conf *c = site->conf;
	const char *const own[] = {o->start.modules, o->start.policies, o->templates};
	const char *socket = mw_unix_path(c->listen);
	int r = 0;

	for (size_t i = 0; i < sizeof(system) / sizeof(*system) && r == 0; i++)
		r = add(p, system[i], see);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own) && r == 0; i++)
		r = add(p, own[i], see);
	r = r < 0 ? r : add_folder_of(p, o->start.policy, see);
	r = r < 0 ? r : add_options(p, mw_generation_plan(site->gen));
	r = r < 0 ? r : add(p, c->store, see | MW_LANDLOCK_WRITE);
	if (r == 0 && c->audit)
		r = add_folder_of(p, c->audit, see | MW_LANDLOCK_WRITE);
	if (r == 0 && socket)
		r = add_folder_of(p, socket, MW_LANDLOCK_REMOVE);
	if (r == 0 && status)
		r = add_folder_of(p, status, MW_LANDLOCK_REMOVE);
	return r;
}

static int enter_landlock(const struct mw_site *site, const struct mw_portal_options *o, const char *status)
{
	struct paths p = {.arena = mw_arena_new(0)};
	int r = p.arena ? list(&p, site, o, status) : -ENOMEM, fd;

	if (r == 0) {
		fd = mw_landlock_make_online(p.path, p.n);
		r = fd == -ENOSYS ? 0 : fd < 0 ? fd : mw_landlock_enter(fd);
		if (fd >= 0)
			(void)close(fd);
	}
	mw_arena_free(&p.arena);
	return r;
}

int mw_box_enter(const struct mw_site *site, const struct mw_portal_options *o, const char *status, struct mw_err *err)
{
	struct sock_fprog filter = {0};
	int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;

	if (r == 0)
		r = enter_landlock(site, o, status);
	if (r < 0)
		return mw_fail(err, r, "sandbox: landlock: %s", strerror(-r));
	r = mw_filter_make_server(&filter);
	if (r == 0 && !MW_SANITIZED)
		r = mw_filter_set(&filter);
	mw_filter_free(&filter);
	return r < 0 ? mw_fail(err, r, "sandbox: seccomp: %s", strerror(-r)) : 0;
}
