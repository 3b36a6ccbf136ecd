/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_entity: any octets as an entity: its head, its parts and their bodies. Parts lie in the entity, in order, and what is decoded is
 * no longer than what it was decoded from. */
#include "plugins/mime-entity/entity.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARTS 16u

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

static void read_body(int fd, struct entity_range body, enum entity_coding coding)
{
	static struct entity_reader r;
	char p[777];
	uint64_t n = 0;
	ssize_t got;

	entity_reader(&r, fd, body, coding);
	do {
		got = entity_get(&r, p, sizeof(p));
		n += got > 0 ? (uint64_t)got : 0;
	} while (got > 0);
	check(n <= body.end - body.begin);
}

static void read_parts(int fd, struct entity_range body, const char *boundary)
{
	struct entity_range part[PARTS];
	struct entity_parts found;
	uint64_t at = body.begin;
	struct entity e;

	if (entity_parts(fd, body, boundary, part, PARTS, &found) < 0)
		return;
	check(found.n <= PARTS);
	for (size_t i = 0; i < found.n; i++) {
		check(part[i].begin >= at && part[i].end >= part[i].begin && part[i].end <= body.end);
		at = part[i].end;
		if (entity_load(fd, part[i], &e) == 0) {
			check(e.body.begin >= part[i].begin && e.body.begin <= part[i].end && e.body.end == part[i].end);
			entity_free(&e);
		}
	}
}

static void read_entity(int fd)
{
	struct entity_range all;
	struct entity_media m;
	struct mw_str value;
	struct entity e;
	struct mw_str coding = {.p = NULL};

	check(entity_file(fd, &all) == 0);
	if (entity_load(fd, all, &e) < 0)
		return;
	(void)entity_find(&e, "Content-Transfer-Encoding", &coding);
	read_body(fd, e.body, entity_coding(coding));
	if (entity_find(&e, "Content-Type", &value) == 1 && entity_media(value, &m) == 0) {
		check(strlen(m.type) < sizeof(m.room));
		if (entity_param(&m, "boundary"))
			read_parts(fd, e.body, entity_param(&m, "boundary"));
	}
	entity_free(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("entity", MFD_CLOEXEC);

	check(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size));
	read_entity(fd);
	(void)close(fd);
	return 0;
}
