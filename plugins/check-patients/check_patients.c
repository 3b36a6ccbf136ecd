/* SPDX-License-Identifier: Apache-2.0 */
/* check-patients: is this one of ours? Checks that look into the site's own index of patients, milward-index(5). */
#include "command.h"
#include "lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 16u

/* One generation's index. MACs belong to one thread at a time: each check takes a free one. */
struct patients {
	void *map;
	size_t n;
	struct patients_index index;
	struct slot {
		atomic_flag busy;
		struct patients_mac *mac;
	} slot[SLOTS];
};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct patients_conf, index, "index", .flags = MW_REQUIRED, .help = "made by milwardctl index"),
    MW_OPT(PATH, struct patients_conf, key, "key", .flags = MW_REQUIRED, .help = "the key that it was made with"),
    {0},
};

/* ---- opening ----------------------------------------------------------------------------------------------------- */
static int map_fd(const struct mw_host *host, struct patients *p, int fd, const char *path, struct mw_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return host->fail(err, -errno, "cannot look at the index %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return host->fail(err, -EINVAL, "the index %s is %s", path, S_ISREG(st.st_mode) ? "empty" : "not a regular file");
	if (st.st_mode & S_IWOTH)
		return host->fail(err, -EPERM, "the index %s can be written by everybody: run chmod o-w %s", path, path);
	p->n = (size_t)st.st_size;
	p->map = mmap(NULL, p->n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p->map == MAP_FAILED) {
		p->map = NULL;
		return host->fail(err, -errno, "cannot map the index %s: %s", path, strerror(errno));
	}
	return 0;
}

static int map_index(const struct mw_host *host, struct patients *p, const char *path, struct mw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	if (fd < 0)
		return host->fail(err, -errno, "cannot open the index %s: %s%s", path, strerror(errno),
				  errno == ENOENT ? "; milwardctl index makes it" : "");
	r = map_fd(host, p, fd, path, err);
	(void)close(fd);
	return r;
}

static int open_index(const struct mw_host *host, struct patients *p, const struct patients_conf *conf, struct mw_err *err)
{
	unsigned char key[PATIENTS_KEY_OCTETS];
	const char *wrong;
	int r = patients_key_read(host, conf->key, key, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < SLOTS && r == 0; i++) {
		atomic_flag_clear(&p->slot[i].busy);
		p->slot[i].mac = patients_mac_new(key);
		if (!p->slot[i].mac)
			r = host->fail(err, -ENOMEM, "no memory, or OpenSSL has no HMAC");
	}
	explicit_bzero(key, sizeof(key));
	if (r == 0)
		r = map_index(host, p, conf->index, err);
	if (r < 0)
		return r;
	(void)madvise(p->map, p->n, MADV_SEQUENTIAL);
	wrong = patients_index_read(p->map, p->n, p->slot[0].mac, &p->index);
	if (wrong)
		return host->fail(err, -EINVAL, "the index %s %s", conf->index, wrong);
	/* Reading it once has brought all of it in; what lookups need comes back page by page. */
	(void)madvise(p->map, p->n, MADV_DONTNEED);
	(void)madvise(p->map, p->n, MADV_RANDOM);
	return 0;
}

static void patients_close(void *inst)
{
	struct patients *p = inst;

	if (!p)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		patients_mac_free(&p->slot[i].mac);
	if (p->map)
		(void)munmap(p->map, p->n);
	free(p);
}

/* Entries, with the padding: what the file tells anyone. */
static void log_opened(const struct mw_host *host, struct mw_self *self, const struct patients_index *index)
{
	time_t made = (time_t)index->made;
	char date[32] = "?";
	struct tm tm;

	if (gmtime_r(&made, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);
	host->log(self, NULL, MW_INFO, "patients", "index made %s; entries: %llu names, %llu record numbers, %llu member numbers",
		  date, (unsigned long long)index->section[PATIENTS_NAME].n, (unsigned long long)index->section[PATIENTS_MRN].n,
		  (unsigned long long)index->section[PATIENTS_MEMBER].n);
}

static int patients_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct patients *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return host->fail(err, -ENOMEM, "no memory");
	r = open_index(host, p, conf, err);
	if (r < 0) {
		patients_close(p);
		return r;
	}
	log_opened(host, self, &p->index);
	*inst = p;
	return 0;
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */
static struct slot *slot_take(const struct patients *p)
{
	struct slot *slot = (struct slot *)(uintptr_t)p->slot; /* a borrowed tool, not the index */

	for (size_t i = 0;; i++) {
		if (!atomic_flag_test_and_set_explicit(&slot[i % SLOTS].busy, memory_order_acquire))
			return &slot[i % SLOTS];
		if (i % SLOTS == SLOTS - 1)
			(void)sched_yield();
	}
}

static void slot_give(struct slot *slot)
{
	atomic_flag_clear_explicit(&slot->busy, memory_order_release);
}

static unsigned this_year(void)
{
	time_t now = time(NULL);
	struct tm tm;

	return gmtime_r(&now, &tm) ? (unsigned)tm.tm_year + 1900u : 2026u;
}

static bool check_name(const void *inst, const char *p, size_t n)
{
	const struct patients *patients = inst;
	struct slot *slot = slot_take(patients);
	bool yes = patients_has_name(&patients->index, slot->mac, p, n);

	slot_give(slot);
	return yes;
}

static bool check_name_dob(const void *inst, const char *p, size_t n)
{
	const struct patients *patients = inst;
	struct slot *slot = slot_take(patients);
	bool yes = patients_has_name_dob(&patients->index, slot->mac, p, n, this_year());

	slot_give(slot);
	return yes;
}

static bool check_dob(const void *inst, const char *p, size_t n)
{
	const struct patients *patients = inst;
	struct slot *slot = slot_take(patients);
	bool yes = patients_has_dob(&patients->index, slot->mac, p, n, this_year());

	slot_give(slot);
	return yes;
}

static bool check_number(const void *inst, enum patients_kind kind, const char *p, size_t n)
{
	const struct patients *patients = inst;
	struct slot *slot = slot_take(patients);
	bool yes = patients_has_number(&patients->index, slot->mac, kind, p, n);

	slot_give(slot);
	return yes;
}

static bool check_mrn(const void *inst, const char *p, size_t n)
{
	return check_number(inst, PATIENTS_MRN, p, n);
}

static bool check_member(const void *inst, const char *p, size_t n)
{
	return check_number(inst, PATIENTS_MEMBER, p, n);
}

static const struct mw_check checks[] = {
    {"patient-name", "words of the match are the name of a patient of the index", check_name, MW_CHECK_DATA},
    {"patient-name-dob", "the name of a patient of the index, and his or her birth date", check_name_dob, MW_CHECK_DATA},
    {"patient-dob", "the birth date of a patient of the index", check_dob, MW_CHECK_DATA},
    {"patient-mrn", "the record number of a patient of the index", check_mrn, MW_CHECK_DATA},
    {"patient-member", "the member or insurance number of a patient of the index", check_member, MW_CHECK_DATA},
    {0},
};

static const struct mw_command commands[] = {
    {"index", "[options] TABLE", "make the index of a table of patients (short: milwardctl index)", patients_index_command},
    {0},
};

MW_PLUGIN(check_patients, "check-patients", .kind = MW_KIND_CHECKER, .version = MW_VERSION,
	  .summary = "checks against the site's own patients", .licence = "Apache-2.0", .powers = MW_POWER_KEYS,
	  .options = options, .conf_size = sizeof(struct patients_conf), .checks = checks, .commands = commands,
	  .hooks = {.open = patients_open, .close = patients_close});
