/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mode.h"

#include <stdlib.h>
#include <string.h>

bool mw_mode_parse(const char *text, unsigned *ret)
{
	size_t n = strlen(text);

	if (n == 0 || n > 4 || strspn(text, "01234567") != n || strtoul(text, NULL, 8) > 0777)
		return false;
	*ret = (unsigned)strtoul(text, NULL, 8);
	return true;
}
