/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/name.h"

#include "base/str.h"
#include "dns/packet.h"

/* The last label of an address is a number; that of no name is. */
static bool ends_in_number(struct mw_str name)
{
	size_t n = name.n;

	while (n > 0 && name.p[n - 1] >= '0' && name.p[n - 1] <= '9')
		n--;
	return n < name.n && (n == 0 || name.p[n - 1] == '.');
}

bool mw_name_take(struct mw_str name, char ret[MW_NAME_MAX + 1])
{
	if (!mw_dns_is_host(name) || ends_in_number(name))
		return false;
	for (size_t i = 0; i < name.n; i++)
		ret[i] = mw_lower(name.p[i]);
	ret[name.n] = '\0';
	return true;
}
