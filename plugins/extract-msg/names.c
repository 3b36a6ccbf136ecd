/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRY 8u /* a number or the place of a string, which GUID, which property */
#define GUID 16u

static const char set_mapi[GUID] = {0x28, 0x03, 0x02, 0, 0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0x46};
static const char set_public[GUID] = {0x29, 0x03, 0x02, 0, 0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0x46};

static int stream_read(struct names *names, struct ole *ole, uint32_t folder, const char *name, char **p, size_t *n)
{
	uint32_t e = ole_find(ole, folder, name);
	bool whole;
	int r = e == OLE_NONE ? -ENOENT : ole_read(ole, e, p, n, &whole);

	if (r < 0 || !whole)
		names->damaged = true;
	return r == -ENOMEM ? r : 0;
}

int names_read(struct names *names, struct ole *ole, uint32_t folder)
{
	int r = 0;

	*names = (struct names){0};
	if (folder == OLE_NONE)
		return 0;
	r = stream_read(names, ole, folder, "__substg1.0_00020102", &names->guids, &names->guids_n);
	if (r == 0)
		r = stream_read(names, ole, folder, "__substg1.0_00030102", &names->entries, &names->entries_n);
	if (r == 0)
		r = stream_read(names, ole, folder, "__substg1.0_00040102", &names->strings, &names->strings_n);
	if (r < 0)
		names_free(names);
	return r;
}

void names_free(struct names *names)
{
	free(names->guids);
	free(names->entries);
	free(names->strings);
	*names = (struct names){0};
}

/* The first two sets are known to all; the file lists those from 3 on. */
static const char *guid_of(const struct names *names, uint32_t index)
{
	if (index == 1)
		return set_mapi;
	if (index == 2)
		return set_public;
	return index >= 3 && index - 3 < names->guids_n / GUID ? names->guids + (size_t)(index - 3) * GUID : NULL;
}

void names_find(const struct names *names, struct mapi_prop *p)
{
	size_t i = p->id >= MAPI_NAMED ? (size_t)p->id - MAPI_NAMED : SIZE_MAX;
	uint32_t value, which, length;

	if (i >= names->entries_n / ENTRY || mapi_u16(names->entries + i * ENTRY + 6) != i)
		return;
	value = mapi_u32(names->entries + i * ENTRY);
	which = mapi_u16(names->entries + i * ENTRY + 4);
	p->guid = guid_of(names, which >> 1);
	if (!(which & 1)) {
		p->lid = value;
	} else if (value <= names->strings_n && names->strings_n - value >= 4) {
		length = mapi_u32(names->strings + value);
		value += 4;
		p->name = (struct mw_str){.p = names->strings + value,
					  .n = length < names->strings_n - value ? length : names->strings_n - value};
	}
}
