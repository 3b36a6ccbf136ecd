/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void mw_process_open(struct mw_process *p, long pid)
{
	char path[64];

	mw_process_close(p);
	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	p->stat = open(path, O_RDONLY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	p->fds = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void mw_process_close(struct mw_process *p)
{
	if (p->stat >= 0)
		(void)close(p->stat);
	if (p->fds >= 0)
		(void)close(p->fds);
	p->stat = p->fds = -1;
}

/* Seconds since 1970 at which the machine started; 0 = not known. */
static uint64_t boot_time(void)
{
	struct timespec up, now;

	if (clock_gettime(CLOCK_BOOTTIME, &up) || clock_gettime(CLOCK_REALTIME, &now))
		return 0;
	return (uint64_t)(now.tv_sec - up.tv_sec);
}

static void put(struct mw_buf *b, enum mw_metric_format format, const char *name, const char *help, uint64_t n)
{
	mw_metric_head(b, format, name, "gauge", help);
	mw_buf_printf(b, "%s %" PRIu64 "\n", name, n);
}

/* The fields of proc(5)'s stat behind the name of the program, which may hold anything: the first is the state, number 3 there. */
static void put_stat(int fd, enum mw_metric_format format, struct mw_buf *b)
{
	enum { UTIME = 14 - 3, STIME = 15 - 3, THREADS = 20 - 3, START = 22 - 3, VSIZE = 23 - 3, RSS = 24 - 3, FIELDS };
	uint64_t field[FIELDS] = {0}, hz = (uint64_t)sysconf(_SC_CLK_TCK), ticks;
	char text[1024], *p, *rest;
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	size_t n = 0;

	text[got > 0 ? got : 0] = '\0';
	p = strrchr(text, ')');
	if (!p || !hz)
		return;
	for (p = strtok_r(p + 1, " ", &rest); p && n < FIELDS; p = strtok_r(NULL, " ", &rest))
		field[n++] = strtoull(p, NULL, 10);
	if (n < FIELDS)
		return;
	ticks = field[UTIME] + field[STIME];
	mw_metric_head(b, format, "process_cpu_seconds", "counter", "Time of processors that it took.");
	mw_buf_printf(b, "process_cpu_seconds_total %" PRIu64 ".%03" PRIu64 "\n", ticks / hz, ticks % hz * 1000 / hz);
	put(b, format, "process_resident_memory_bytes", "Its memory that is in RAM.",
	    field[RSS] * (uint64_t)sysconf(_SC_PAGESIZE));
	put(b, format, "process_virtual_memory_bytes", "Its address space.", field[VSIZE]);
	put(b, format, "process_threads", "Its threads.", field[THREADS]);
	put(b, format, "process_start_time_seconds", "When it was started, since 1970.", boot_time() + field[START] / hz);
}

static void put_fds(int fd, enum mw_metric_format format, struct mw_buf *b)
{
	int copy = dup(fd);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	uint64_t n = 0;

	if (!d) {
		if (copy >= 0)
			(void)close(copy);
		return;
	}
	rewinddir(d);
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		n += e->d_name[0] != '.';
	(void)closedir(d);
	if (n)
		put(b, format, "process_open_fds", "Its open descriptors.", n);
}

void mw_process_write(const struct mw_process *p, enum mw_metric_format format, struct mw_buf *b)
{
	if (p->stat >= 0)
		put_stat(p->stat, format, b);
	if (p->fds >= 0)
		put_fds(p->fds, format, b);
}
