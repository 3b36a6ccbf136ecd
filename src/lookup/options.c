/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/options.h"

#include "base/mode.h"

enum { OPT_SOCKET_MODE = MW_START_OWN, OPT_SOCKET_GROUP };

static const struct mw_start_row rows[] = {
    {OPT_SOCKET_MODE, "socket-mode", "MODE", "permissions of unix sockets (0660)"},
    {OPT_SOCKET_GROUP, "socket-group", "GROUP", "their group"},
    {.name = NULL},
};

static bool take(void *options, int id, const char *value)
{
	struct mw_lookup_options *o = options;

	if (id == OPT_SOCKET_MODE)
		return mw_mode_parse(value, &o->socket_mode);
	o->socket_group = value;
	return *value != '\0';
}

static const struct mw_start_line line = {
    .program = "milward-lookup",
    .policy = "a policy with `load lookup { ... }` (see milward-lookup(8))",
    .test = "read it and its tables, say what is wrong, and exit",
    .log = "where to log (stderr)",
    .signals = "Signals: HUP reload, TERM or INT stop, USR1 log the counters.",
    .own = rows,
    .take = take,
};

int mw_lookup_options_parse(int argc, char **argv, struct mw_lookup_options *o)
{
	*o = (struct mw_lookup_options){.socket_mode = 0660};
	return mw_start_parse(&line, argc, argv, &o->start, o);
}
