/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/command.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int mw_command_fail(const struct mw_command_work *w, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "milwardctl portal %s: ", w->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return MW_COMMAND_FAILED;
}

int mw_command_usage(const char *name, const char *args)
{
	fprintf(stderr, "usage: milwardctl -p POLICY portal %s %s\n", name, args);
	return MW_COMMAND_USAGE;
}

/* ---- opening ----------------------------------------------------------------------------------------------------------------- */

/* Who is at the keyboard: sudo tells who became root. */
static void who(char *ret, size_t n)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw = getpwuid(getuid());

	if (getuid() == 0 && sudo && *sudo &&
	    strspn(sudo, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(sudo))
		(void)snprintf(ret, n, "by %.60s", sudo);
	else if (pw)
		(void)snprintf(ret, n, "by %.60s", pw->pw_name);
	else
		(void)snprintf(ret, n, "by uid %lu", (unsigned long)getuid());
}

static bool become(struct mw_command_work *w, uid_t user, gid_t group)
{
	/* root is needed to change the group, in both directions */
	if ((geteuid() == user && getegid() == group) || (seteuid(w->root) == 0 && setegid(group) == 0 && seteuid(user) == 0))
		return true;
	(void)mw_command_fail(w, "cannot become user %lu: %s", (unsigned long)user, strerror(errno));
	return false;
}

bool mw_command_as_root(struct mw_command_work *w)
{
	return become(w, w->root, w->root_group);
}

bool mw_command_as_owner(struct mw_command_work *w)
{
	return become(w, w->owner, w->group);
}

/* A database or a log that root made would stop the daemons. */
static bool find_owner(struct mw_command_work *w)
{
	struct stat st;

	w->root = w->owner = geteuid();
	w->root_group = w->group = getegid();
	if (stat(w->conf->store, &st) < 0) {
		(void)mw_command_fail(w, "%s: %s", w->conf->store, strerror(errno));
		return false;
	}
	if (w->root == 0) {
		w->owner = st.st_uid;
		w->group = st.st_gid;
	}
	return true;
}

bool mw_command_open(struct mw_command_work *w, const char *name, const void *conf, unsigned flags)
{
	struct mw_recorder_setup setup = {.visit = true};
	struct mw_err err = {0};
	const char *hint = "";
	int r = 0;

	w->name = name;
	w->conf = conf;
	w->now = (int64_t)time(NULL);
	w->colour = !w->json && isatty(STDOUT_FILENO) && !(getenv("NO_COLOR") && *getenv("NO_COLOR"));
	if (!conf) {
		(void)mw_command_fail(w, "give the policy that loads the module, with -p");
		return false;
	}
	if (!find_owner(w))
		return false;
	setup.path = w->conf->audit;
	setup.key = w->conf->audit_key;
	who(w->by, sizeof(w->by));
	if (flags & MW_COMMAND_KEYS)
		r = mw_pickup_keys_open(w->conf->keys, &w->keys, &err);
	if (r == 0 && !mw_command_as_owner(w))
		return false;
	if (r == 0 && (flags & MW_COMMAND_CHANGES))
		r = mw_recorder_open(&setup, &w->recorder, &err);
	if (r == 0) {
		r = mw_pickup_open(w->conf->store, w->keys, false, &w->store, &err);
		if (r == -ENOENT)
			hint = ": milward-seal and milward-portal make it when they start";
	}
	if (r < 0) {
		(void)mw_command_fail(w, "%s%s", err.text, hint);
		return false;
	}
	mw_recorder_attach(w->recorder, w->store);
	return true;
}

void mw_command_close(struct mw_command_work *w)
{
	mw_pickup_close(&w->store);
	mw_recorder_close(&w->recorder);
	mw_pickup_keys_close(&w->keys);
}

/* ---- values ------------------------------------------------------------------------------------------------------------------ */

void mw_command_time(int64_t at, char ret[MW_COMMAND_TIME])
{
	time_t seconds = (time_t)at;
	struct tm tm;

	if (!at || !localtime_r(&seconds, &tm) || strftime(ret, MW_COMMAND_TIME, "%Y-%m-%d %H:%M", &tm) == 0)
		(void)snprintf(ret, MW_COMMAND_TIME, "-");
}

json_t *mw_command_json_time(int64_t at)
{
	time_t seconds = (time_t)at;
	char text[32];
	struct tm tm;

	if (!at || !gmtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

static bool ago(const char *text, int64_t now, int64_t *ret)
{
	static const char units[] = "smhdw";
	static const int64_t seconds[] = {1, 60, 3600, 86400, 7 * 86400};
	char *end;
	const char *unit;
	long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtol(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || !unit || end[1] || n > 100000)
		return false;
	*ret = now - n * seconds[unit - units];
	return true;
}

bool mw_command_time_parse(const char *text, int64_t now, int64_t *ret)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, forms[i], &tm);

		if (end && !*end) {
			time_t at = mktime(&tm);

			if (at == (time_t)-1)
				return false;
			*ret = (int64_t)at;
			return true;
		}
	}
	return ago(text, now, ret);
}

void mw_command_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)s[0], next = (unsigned char)s[1];
		bool c1 = c == 0xc2 && next >= 0x80 && next < 0xa0; /* U+0080 to U+009F are control characters, too */

		fputc(c < ' ' || c == 0x7f || c1 ? '?' : (int)c, out);
		s += c1;
	}
}

json_t *mw_command_json_text(const char *s)
{
	json_t *made = json_string(s);
	char safe[2048];
	size_t n = 0;

	if (made)
		return made;
	for (; *s && n + 1 < sizeof(safe); s++) /* it is not UTF-8 */
		safe[n++] = (unsigned char)*s < 0x80 ? *s : '?';
	return json_stringn(safe, n);
}

const char *mw_command_size(uint64_t octets, char *room, size_t n)
{
	static const char *const unit[] = {"B", "KB", "MB", "GB", "TB"};
	double value = (double)octets;
	size_t i = 0;

	for (; value >= 1000 && i + 1 < sizeof(unit) / sizeof(*unit); i++)
		value /= 1000;
	(void)snprintf(room, n, i && value < 10 ? "%.1f %s" : "%.0f %s", value, unit[i]);
	return room;
}

bool mw_command_locked(const struct mw_command_work *w, const struct mw_pickup_row *row)
{
	return !row->ended && row->locked_until > w->now;
}

void mw_command_state(const struct mw_command_work *w, const struct mw_pickup_row *row, int width)
{
	static const char *const colour[] = {[MW_PICKUP_STORED] = "33",
					     [MW_PICKUP_WAITING] = "33",
					     [MW_PICKUP_READ] = "32",
					     [MW_PICKUP_EXPIRED] = "31",
					     [MW_PICKUP_RECALLED] = "31"};
	bool locked = mw_command_locked(w, row);
	const char *name = locked ? "locked" : mw_pickup_state_name(row->state);

	if (w->colour && row->state < sizeof(colour) / sizeof(*colour) && colour[row->state])
		printf("\033[%sm%-*s\033[0m", locked ? "31" : colour[row->state], width, name);
	else
		printf("%-*s", width, name);
}

json_t *mw_command_json_row(const struct mw_command_work *w, const struct mw_pickup_row *row)
{
	char id[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(row->id, id);
	return json_pack(
	    "{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:s}",
	    "id", id, "state", mw_pickup_state_name(row->state), "locked", (int)mw_command_locked(w, row), "sender",
	    mw_command_json_text(row->sender), "recipient", mw_command_json_text(row->recipient), "message_id",
	    mw_command_json_text(row->origin_message_id), "queue_id", mw_command_json_text(row->origin_queue_id),
	    "notice_message_id", mw_command_json_text(row->message_id), "notice_queue_id", mw_command_json_text(row->queue_id),
	    "created", mw_command_json_time(row->created), "expires", mw_command_json_time(row->expires), "noticed",
	    mw_command_json_time(row->noticed), "first_read", mw_command_json_time(row->first_read), "last_read",
	    mw_command_json_time(row->last_read), "reminded", mw_command_json_time(row->reminded), "ended",
	    mw_command_json_time(row->ended), "size", (json_int_t)row->size, "objects", (json_int_t)row->objects, "reads",
	    (json_int_t)row->reads, "failures", (json_int_t)row->failures, "server_key", (json_int_t)row->key, "proof",
	    row->proof == (MW_PROOF_CODE | MW_PROOF_PASSPHRASE) ? "both"
	    : row->proof == MW_PROOF_PASSPHRASE			? "passphrase"
								: "code");
}

bool mw_command_json_put(json_t *o)
{
	bool good = o && json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0 && putchar('\n') != EOF;

	json_decref(o);
	return good;
}
