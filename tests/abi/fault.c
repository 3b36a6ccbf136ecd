/* SPDX-License-Identifier: Apache-2.0 */
/* A module with one deliberate fault, chosen with -DFAULT_…; compiled by modules.t against the installed header. */
#include <milward/plugin.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef FAULT_MAGIC
#define FAULT_MAGIC MW_MAGIC
#endif
#ifndef FAULT_SIZE
#define FAULT_SIZE sizeof(struct mw_plugin)
#endif
#ifndef FAULT_MAJOR
#define FAULT_MAJOR MW_ABI_MAJOR
#endif
#ifndef FAULT_MINOR
#define FAULT_MINOR MW_ABI_MINOR
#endif
#ifndef FAULT_BUILD
#define FAULT_BUILD MW_BUILD
#endif
#ifndef FAULT_NAME
#define FAULT_NAME "fault"
#endif
#ifndef FAULT_SYMBOL
#define FAULT_SYMBOL mw_plugin
#endif
#ifndef FAULT_FACTS
#define FAULT_FACTS facts
#endif

/* Not static: a pointer to it needs a relocation by symbol. */
extern const struct mw_fact facts[];
const struct mw_fact facts[] = {{.name = "number", .type = MW_INT}, {0}};

/* Code that a mere look must not run, and proof that loading does. */
__attribute__((constructor)) static void mark(void)
{
	const char *path = getenv("FAULT_MARK");
	int fd = path ? open(path, O_WRONLY | O_CREAT, 0600) : -1;

	if (fd >= 0)
		(void)close(fd);
}

MW_EXPORT extern const struct mw_plugin FAULT_SYMBOL;
MW_EXPORT const struct mw_plugin FAULT_SYMBOL = {
    .magic = FAULT_MAGIC,
    .size = FAULT_SIZE,
    .abi_major = FAULT_MAJOR,
    .abi_minor = FAULT_MINOR,
    .kind = MW_KIND_MILTER,
    .build = FAULT_BUILD,
    .name = FAULT_NAME,
    .version = "1.2",
    .facts = FAULT_FACTS,
};
