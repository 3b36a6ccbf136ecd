/* SPDX-License-Identifier: Apache-2.0 */
/* What the portal tells milwardctl doctor: are the server's keys there, and when was the newest made? (`portal check` looks at the store.) */
#include "pickup/command.h"
#include "pickup/keyfile.h"

#include <time.h>

#define DAY 86400
#define OLD (366 * DAY)

int mw_portal_doctor(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct mw_portal_conf *c = conf;
	struct mw_keyfile file;
	struct mw_err err = {0};
	struct stat st;
	int64_t age;

	(void)host;
	if (!c)
		return MW_COMMAND_OK;
	if (mw_keyfile_read(c->keys, &file, &st, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return MW_COMMAND_FAILED;
	}
	age = (int64_t)time(NULL) - file.key[file.n - 1].created;
	if (age > OLD)
		printf("warning\tportal-key\t%s\tthe newest server key of the portal is %lld days old\tmilwardctl -p '%s' portal "
		       "rekey\n",
		       c->keys, (long long)(age / DAY), argc > 1 ? argv[1] : "POLICY");
	mw_keyfile_free(&file);
	return MW_COMMAND_OK;
}
