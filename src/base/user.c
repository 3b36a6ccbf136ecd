/* SPDX-License-Identifier: Apache-2.0 */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

int mw_user_become(const char *name, struct mw_err *err)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw)
		return mw_fail(err, -ENOENT, "--user %s: there is no such user", name);
	if (geteuid() == pw->pw_uid && getegid() == pw->pw_gid)
		return 0;
	if (initgroups(name, pw->pw_gid) || setgid(pw->pw_gid) || setuid(pw->pw_uid))
		return mw_fail(err, -EPERM, "--user %s: start as root, or leave --user out", name);
	if (pw->pw_uid != 0 && setuid(0) == 0)
		return mw_fail(err, -EPERM, "--user %s: root could be taken back", name);
	return 0;
}
