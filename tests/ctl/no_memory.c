/* SPDX-License-Identifier: Apache-2.0 */
/*
 * no_memory: an LD_PRELOAD under which one allocation fails: the NO_MEMORY_AT-th that the program, one of its modules or jansson asks
 * for. What other libraries ask for is theirs (GLib aborts: doc/adr/0006). With NO_MEMORY_COUNT, how many were asked for is written to
 * that file at the end. Compiled and used by memory.t.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static atomic_ulong asked;
static unsigned long fails_at;

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("NO_MEMORY_AT");

	fails_at = at ? strtoul(at, NULL, 10) : 0;
	atomic_store(&asked, 0);
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("NO_MEMORY_COUNT");
	FILE *f = path ? fopen(path, "w") : NULL;

	if (f) {
		fprintf(f, "%lu\n", atomic_load(&asked));
		fclose(f);
	}
}

/* Is the code at this address ours? */
static int find(struct dl_phdr_info *info, size_t size, void *ctx)
{
	uintptr_t *at = ctx;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type != PT_LOAD || *at < info->dlpi_addr + h->p_vaddr ||
		    *at - info->dlpi_addr - h->p_vaddr >= h->p_memsz)
			continue;
		return info->dlpi_name[0] == '\0' || strstr(info->dlpi_name, "/modules/") || strstr(info->dlpi_name, "libjansson")
			   ? 1
			   : -1;
	}
	return 0;
}

static bool fails(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	return dl_iterate_phdr(find, &at) == 1 && atomic_fetch_add(&asked, 1) + 1 == fails_at;
}

#define HERE __builtin_extract_return_addr(__builtin_return_address(0))

void *malloc(size_t n)
{
	return fails(HERE) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails(HERE) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails(HERE) ? NULL : __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	return (size && n > SIZE_MAX / size) || fails(HERE) ? NULL : __libc_realloc(p, n * size);
}

char *strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = fails(HERE) ? NULL : __libc_malloc(len + 1);

	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

char *strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = fails(HERE) ? NULL : __libc_malloc(n);

	return p ? memcpy(p, s, n) : NULL;
}

static int format(char **ret, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	*ret = n < 0 ? NULL : __libc_malloc((size_t)n + 1);
	if (*ret)
		n = vsnprintf(*ret, (size_t)n + 1, fmt, again);
	va_end(again);
	return *ret ? n : -1;
}

int asprintf(char **ret, const char *fmt, ...)
{
	bool no = fails(HERE);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = no ? -1 : format(ret, fmt, ap);
	va_end(ap);
	return n;
}

/* As _FORTIFY_SOURCE calls it. */
int __asprintf_chk(char **ret, int flag, const char *fmt, ...);
int __asprintf_chk(char **ret, int flag, const char *fmt, ...)
{
	bool no = fails(HERE);
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, fmt);
	n = no ? -1 : format(ret, fmt, ap);
	va_end(ap);
	return n;
}

int vasprintf(char **ret, const char *fmt, va_list ap)
{
	return fails(HERE) ? -1 : format(ret, fmt, ap);
}
