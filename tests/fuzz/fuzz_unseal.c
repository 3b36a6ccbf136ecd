/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_unseal: any octets as a CMS value: what is taken apart, OpenSSL can read, and the content is as long as it was said. */
#include "plugins/seal-smime/cmsfile.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

static void read_content(const struct cmsfile *f)
{
	struct cmsfile_reader *c;
	uint64_t n = 0;
	char p[1000];
	ssize_t r;

	check(cmsfile_reader(f, &c) == 0);
	while ((r = cmsfile_get(c, p, sizeof(p))) > 0)
		n += (uint64_t)r;
	check(r == 0 && n == f->content);
	cmsfile_reader_free(c);
}

static void take_apart(int fd, struct entity_range all, enum entity_coding coding)
{
	const unsigned char *p;
	CMS_ContentInfo *cms;
	struct cmsfile f;

	if (cmsfile_open(fd, all, coding, &f) < 0)
		return;
	check(f.has_content || f.content == 0);
	read_content(&f);
	p = (const unsigned char *)f.rest;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)f.rest_n);
	if (cms)
		check(p == (const unsigned char *)f.rest + f.rest_n);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	cmsfile_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("value", MFD_CLOEXEC);
	struct entity_range all = {.begin = 0, .end = size};

	check(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size));
	take_apart(fd, all, ENTITY_IDENTITY);
	take_apart(fd, all, ENTITY_BASE64);
	(void)close(fd);
	return 0;
}
