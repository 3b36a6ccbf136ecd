/* SPDX-License-Identifier: Apache-2.0 */
/* `milwardctl portal unlock`: the way back for who has tried too often. */
#include "pickup/command.h"
#include "pickup/prove.h"

#include <errno.h>
#include <string.h>

static bool tell(const struct mw_command_work *w, const unsigned char id[MW_PICKUP_ID], bool was_locked)
{
	char text[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(id, text);
	if (w->json)
		return mw_command_json_put(json_pack("{s:s, s:b}", "id", text, "was_locked", (int)was_locked));
	printf("%s: %s, tries are counted from 0\n", text, was_locked ? "unlocked" : "was not locked");
	return true;
}

/* An exit status. */
static int unlock_one(const struct mw_command_work *w, const char *name)
{
	unsigned char id[MW_PICKUP_ID];
	struct mw_pickup_row row;
	struct mw_err err = {0};
	int r = -ENOENT;

	if (mw_pickup_id_parse((struct mw_str){.p = name, .n = strlen(name)}, id))
		r = mw_pickup_find(w->store, id, &row, &err);
	if (r == 0)
		r = mw_pickup_unlock_tries(w->store, id, w->now, &err);
	if (r == 0)
		return tell(w, id, mw_command_locked(w, &row)) ? MW_COMMAND_OK : MW_COMMAND_FAILED;
	if (r != -ENOENT)
		return mw_command_fail(w, "%s", err.text);
	(void)mw_command_fail(w, "there is no message %s", name);
	return MW_COMMAND_NONE;
}

int mw_portal_unlock(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct mw_command_work w = {0};
	const struct mw_command_option rows[] = {{"json", .flag = &w.json}, {0}};
	int n = mw_command_options("unlock", rows, argc, argv), status = MW_COMMAND_FAILED;

	(void)host;
	if (n <= 0)
		return mw_command_usage("unlock", "[--json] ID...");
	if (mw_command_open(&w, "unlock", conf, MW_COMMAND_CHANGES)) {
		status = MW_COMMAND_OK;
		for (int i = 1; i <= n; i++) {
			int one = unlock_one(&w, argv[i]);

			status = one != MW_COMMAND_OK ? one : status;
		}
		if (fflush(stdout) != 0)
			status = MW_COMMAND_FAILED;
	}
	mw_command_close(&w);
	return status;
}
