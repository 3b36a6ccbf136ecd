/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_disk: room where milward and the MTA write. */
#include "ctl/doctor.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MEGA (UINT64_C(1024) * 1024)

/* The folder itself, or the one of a file, or the first above that is there. false: there is none. */
static bool nearest(struct doctor *d, const char *path, const char **ret, struct stat *st)
{
	for (;;) {
		const char *slash = strrchr(path, '/');

		if (stat(path, st) == 0) {
			*ret = path;
			return true;
		}
		if (!slash || slash == path)
			return false;
		path = doctor_text(d, "%.*s", (int)(slash - path), path);
	}
}

static bool was_seen(struct doctor *d, dev_t device)
{
	const char *key = doctor_text(d, "disk %ju", (uintmax_t)device);

	if (doctor_fact(d, key))
		return true;
	doctor_add_fact(d, key, "seen", NULL);
	return false;
}

static void look_at(struct doctor *d, const char *path)
{
	struct statvfs v;
	struct stat st;
	uint64_t room;

	if (path[0] != '/' || !nearest(d, path, &path, &st) || was_seen(d, st.st_dev) || statvfs(path, &v) < 0 || v.f_blocks == 0)
		return;
	room = (uint64_t)v.f_bavail * v.f_frsize;
	if (room < 16 * MEGA || v.f_bavail < v.f_blocks / 100)
		doctor_find(d, DOCTOR_ERROR, "disk-space", path, NULL, "%ju MB are left: mail will be asked to come back",
			    (uintmax_t)(room / MEGA));
	else if (room < 1024 * MEGA && v.f_bavail < v.f_blocks / 10)
		doctor_find(d, DOCTOR_WARNING, "disk-space", path, NULL, "%ju MB are left, less than a tenth",
			    (uintmax_t)(room / MEGA));
	if (v.f_files && v.f_favail < v.f_files / 100)
		doctor_find(d, DOCTOR_ERROR, "disk-files", path, NULL, "room for %ju files is left (inodes)",
			    (uintmax_t)v.f_favail);
}

void doctor_disk(struct doctor *d)
{
	const char *queue = doctor_fact(d, "queue");

	for (size_t i = 0; i < d->policies.n; i++) {
		const struct mw_plan *plan = d->policies.v[i].plan;

		for (size_t k = 0; k < plan->modules; k++) {
			const struct mw_plan_module *m = &plan->module[k];
			bool writes = m->granted & MW_POWER_STORE || m->plugin->kind == MW_KIND_SERVICE;

			for (const struct mw_opt *o = m->plugin->options; writes && m->conf && o && o->name; o++) {
				const char *const *path = doctor_option(m, o->name, MW_PATH);

				if (path && *path)
					look_at(d, *path);
			}
		}
	}
	if (queue)
		look_at(d, queue);
}
