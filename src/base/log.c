/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* The one process-wide state of this file: set in main before threads start, read only afterwards. */
static struct {
	const char *name;
	enum mw_log_to to;
	enum mw_log_level level;
	_Atomic uint64_t *errors, *warnings; /* NULL: nobody counts */
	int journal;			     /* connected; -1: none */
} log_state = {.name = "milward", .to = MW_LOG_STDERR, .level = MW_INFO, .journal = -1};

/* The journal's own socket, which takes fields (systemd's "native journal protocol"). */
static int journal_open(void)
{
	const char *other = getenv("MILWARD_JOURNAL"), *path = other && *other ? other : "/run/systemd/journal/socket";
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

void mw_log_open(const char *name, enum mw_log_to to, enum mw_log_level level)
{
	log_state.name = name;
	log_state.to = to;
	log_state.level = level;
	if (to == MW_LOG_JOURNAL) {
		log_state.journal = journal_open();
		log_state.to = log_state.journal < 0 ? MW_LOG_SYSLOG : MW_LOG_JOURNAL;
	}
	if (log_state.to == MW_LOG_SYSLOG)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void mw_log_tally(_Atomic uint64_t *errors, _Atomic uint64_t *warnings)
{
	log_state.errors = errors;
	log_state.warnings = warnings;
}

static void tally(enum mw_log_level level)
{
	_Atomic uint64_t *count = level <= MW_ERROR ? log_state.errors : level == MW_WARNING ? log_state.warnings : NULL;

	if (count)
		atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

/* 0x80 to 0x9f drive a terminal: by themselves in old ones, behind 0xc2 (U+0080 to U+009F) in those that know UTF-8. Elsewhere they
 * are the rest of a letter. */
static bool is_control(unsigned char before, unsigned char c)
{
	return c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2));
}

/* Control characters would let an outsider forge lines or drive a terminal. */
static void make_printable(char *line, size_t size, const char *text)
{
	unsigned char before = 0;
	size_t n = 0;

	for (; *text && n + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (is_control(before, c)) {
			n += (size_t)snprintf(line + n, size - n, "\\x%02x", c);
			c = 0;
		} else {
			line[n++] = (char)c;
		}
		before = c;
	}
	line[n] = '\0';
}

static const char *level_name(enum mw_log_level level)
{
	switch (level) {
	case MW_ERROR:
		return "error: ";
	case MW_WARNING:
		return "warning: ";
	case MW_DEBUG:
		return "debug: ";
	case MW_NOTICE:
	case MW_INFO:
		break;
	}
	return "";
}

/* A field a line: there is no control character in any value. */
static bool to_journal(enum mw_log_level level, const char *id, const char *event, const char *line)
{
	char text[2600];
	bool none = strcmp(id, "-") == 0;
	int n = snprintf(text, sizeof(text),
			 "MESSAGE=%s: %s%s: "
			 "%s\nPRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%ld\nMILWARD_EVENT=%s\n%s%s%s",
			 id, level_name(level), event, line, (int)level, LOG_MAIL >> 3, log_state.name, (long)getpid(), event,
			 none ? "" : "MILWARD_QUEUE_ID=", none ? "" : id, none ? "" : "\n");

	return n > 0 && (size_t)n < sizeof(text) && send(log_state.journal, text, (size_t)n, MSG_NOSIGNAL) == n;
}

void mw_logv(enum mw_log_level level, const char *queue_id, const char *event, const char *fmt, va_list ap)
{
	char raw[1800], line[2000], id[80];

	tally(level);
	if (level > log_state.level)
		return;
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	make_printable(line, sizeof(line), raw);
	make_printable(id, sizeof(id), queue_id && *queue_id ? queue_id : "-");
	if (log_state.to == MW_LOG_SYSLOG)
		syslog((int)level, "%s: %s%s: %s", id, level_name(level), event, line);
	else if (log_state.to != MW_LOG_JOURNAL || !to_journal(level, id, event, line))
		/* One write a line, so that lines of several threads do not mix. */
		(void)dprintf(STDERR_FILENO, "%s[%ld]: %s: %s%s: %s\n", log_state.name, (long)getpid(), id, level_name(level),
			      event, line);
}

void mw_log(enum mw_log_level level, const char *queue_id, const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mw_logv(level, queue_id, event, fmt, ap);
	va_end(ap);
}
