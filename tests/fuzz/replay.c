/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: runs a fuzzer's function over files, so that `make check` replays the seeds with any compiler.
 *     fuzz_NAME [FILE | FOLDER]…     without arguments: $srcdir/tests/fuzz/seeds/NAME
 * Fails when there was nothing to run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long files;

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, got;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	do {
		uint8_t *more = realloc(data, n + 65536);

		if (!more)
			abort();
		data = more;
		got = fread(data + n, 1, 65536, f);
		n += got;
	} while (got == 65536);
	(void)fclose(f);
	data = realloc(data, n ? n : 1); /* the exact size, so that a sanitizer sees one octet too many */
	(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
	files++;
	return 0;
}

static int run_path(const char *path);

static int run_folder(const char *path, DIR *d)
{
	const struct dirent *e;
	char file[4096];
	int bad = 0;

	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		bad |= run_path(file);
	}
	(void)closedir(d);
	return bad;
}

static int run_path(const char *path)
{
	DIR *d = opendir(path);

	return d ? run_folder(path, d) : run_file(path);
}

static int run_seeds(const char *program)
{
	const char *base = strrchr(program, '/'), *top = getenv("srcdir"), *name;
	char path[4096];

	base = base ? base + 1 : program;
	name = strstr(base, "fuzz_"); /* libtool's wrapper may have put something in front */
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s", top ? top : ".", name ? name + strlen("fuzz_") : base);
	return run_path(path);
}

int main(int argc, char **argv)
{
	int bad = argc > 1 ? 0 : run_seeds(argv[0]);

	for (int i = 1; i < argc; i++)
		bad |= run_path(argv[i]);
	printf("%lu inputs\n", files);
	return bad || files == 0;
}
