/* SPDX-License-Identifier: Apache-2.0 */
/* patients_bench: nanoseconds a look-up in an index, of numbers and names that are there or not. patients_bench INDEX KEY */
#include "../../plugins/check-patients/lookup.h"
#include "../unit/fakehost.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	enum { TURNS = 300000 };
	unsigned char key[PATIENTS_KEY_OCTETS];
	struct patients_index index;
	struct patients_mac *mac;
	struct mw_err err;
	struct stat st;
	const char *wrong;
	unsigned hits = 0;
	double began;
	void *map;
	int fd;

	if (argc != 3 || patients_key_read(fh_host(), argv[2], key, &err) < 0)
		return 64;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 1;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	mac = patients_mac_new(key);
	if (map == MAP_FAILED || !mac)
		return 1;
	began = now();
	wrong = patients_index_read(map, (size_t)st.st_size, mac, &index);
	if (wrong) {
		fprintf(stderr, "the index %s\n", wrong);
		return 1;
	}
	printf("open and verify   %8.2f s\n", now() - began);
	began = now();
	for (unsigned i = 0; i < TURNS; i++) {
		char text[32];
		int n = snprintf(text, sizeof(text), "%09u", (unsigned)((i * UINT64_C(2654435761)) % 1000000000u));

		hits += patients_has_number(&index, mac, PATIENTS_MRN, text, (size_t)n);
	}
	printf("record number     %8.0f ns  (%u of %d found)\n", (now() - began) * 1e9 / TURNS, hits, TURNS);
	began = now();
	hits = 0;
	for (unsigned i = 0; i < TURNS; i++) {
		char text[64];
		int n = snprintf(text, sizeof(text), "Mr. Kala%c%c Rosimo%c%c", 'a' + (int)(i % 26), 'a' + (int)(i / 26 % 26),
				 'a' + (int)(i / 676 % 26), 'a' + (int)(i / 17576 % 26));

		hits += patients_has_name(&index, mac, text, (size_t)n);
	}
	printf("name of two words %8.0f ns  (%u of %d found)\n", (now() - began) * 1e9 / TURNS, hits, TURNS);
	patients_mac_free(&mac);
	return 0;
}
