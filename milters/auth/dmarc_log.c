/* SPDX-License-Identifier: Apache-2.0 */
#include "dmarc_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY 86400

struct mw_dmarc_log {
	const struct mw_host *host;
	struct mw_self *self;
	const char *folder;
	pthread_mutex_t lock;
	int folder_fd, fd; /* fd: of the day, -1 = none */
	int64_t day;
	bool torn; /* the last line may have no end */
	bool said; /* that something is lost */
};

int mw_dmarc_log_open(const struct mw_host *host, struct mw_self *self, const char *folder, struct mw_dmarc_log **ret,
		      struct mw_err *err)
{
	struct mw_dmarc_log *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return host->fail(err, -ENOMEM, "out of memory");
	l->host = host;
	l->self = self;
	l->folder = folder;
	l->fd = -1;
	l->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->folder_fd < 0) {
		r = -errno;
		free(l);
		return host->fail(err, r, "%s: %s", folder, strerror(-r));
	}
	if (faccessat(l->folder_fd, ".", W_OK | X_OK, AT_EACCESS) < 0 || pthread_mutex_init(&l->lock, NULL) != 0) {
		r = errno ? -errno : -ENOMEM;
		(void)close(l->folder_fd);
		free(l);
		return host->fail(err, r, "%s: %s", folder, strerror(-r));
	}
	*ret = l;
	return 0;
}

void mw_dmarc_log_close(struct mw_dmarc_log **lp)
{
	struct mw_dmarc_log *l = *lp;

	if (!l)
		return;
	*lp = NULL;
	if (l->fd >= 0)
		(void)close(l->fd);
	(void)close(l->folder_fd);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

static void name_of(int64_t day, char name[64])
{
	time_t t = (time_t)(day * DAY);
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	(void)snprintf(name, 64, MW_DMARC_LOG_NAME, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static bool is_day_file(const char *name)
{
	int y, m, d, n = 0;

	return sscanf(name, "dmarc-%4d-%2d-%2d.jsonl%n", &y, &m, &d, &n) == 3 && n && !name[n];
}

/* Names are in order of their days. */
static void remove_old(struct mw_dmarc_log *l, int64_t day)
{
	int fd = openat(l->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	char oldest[64];

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	name_of(day - MW_DMARC_LOG_DAYS, oldest);
	while ((e = readdir(d)) != NULL)
		if (is_day_file(e->d_name) && strcmp(e->d_name, oldest) < 0)
			(void)unlinkat(l->folder_fd, e->d_name, 0);
	(void)closedir(d);
}

static int open_day(struct mw_dmarc_log *l, int64_t day)
{
	char name[64], last = '\n';
	struct stat st;

	if (l->fd >= 0 && l->day == day)
		return 0;
	if (l->fd >= 0)
		(void)close(l->fd);
	name_of(day, name);
	l->fd = openat(l->folder_fd, name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (l->fd < 0)
		return -errno;
	l->day = day;
	if (fstat(l->fd, &st) == 0 && st.st_size > 0)
		(void)!pread(l->fd, &last, 1, st.st_size - 1);
	l->torn = last != '\n';
	remove_old(l, day);
	return 0;
}

/* One write() for a line, so that those of several processes do not mix. One that is cut short is ended by the next. */
static int append(struct mw_dmarc_log *l, int64_t day, const char *line, size_t n)
{
	struct stat st;
	ssize_t got;
	int r = open_day(l, day);

	if (r < 0)
		return r;
	if (fstat(l->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size + n > MW_DMARC_LOG_MOST)
		return -EFBIG;
	if (l->torn && write(l->fd, "\n", 1) != 1)
		return -errno;
	l->torn = false;
	got = write(l->fd, line, n);
	if (got == (ssize_t)n)
		return 0;
	l->torn = got > 0;
	return got < 0 ? -errno : -ENOSPC;
}

void mw_dmarc_log_add(struct mw_dmarc_log *l, const struct mw_auth_mail *mail, const struct mw_auth *a, enum mw_disposition done)
{
	char line[MW_DMARC_LOG_LINE];
	size_t n = mw_dmarc_log_line(mail, a, done, line);
	bool said;
	int r;

	if (n == 0)
		return;
	(void)pthread_mutex_lock(&l->lock);
	r = append(l, mail->now / DAY, line, n);
	said = l->said;
	l->said = r < 0;
	(void)pthread_mutex_unlock(&l->lock);
	if (r < 0 && !said)
		l->host->log(l->self, NULL, MW_WARNING, "dmarc-reports", "%s: %s: reports will lack messages", l->folder,
			     r == -EFBIG ? "the day has too many" : strerror(-r));
	else if (r == 0 && said)
		l->host->log(l->self, NULL, MW_NOTICE, "dmarc-reports", "%s: can be written again", l->folder);
}
