/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/routes.h"

#include "portal/asset.h"
#include "portal/door.h"
#include "portal/draft.h"
#include "portal/part.h"
#include "portal/reply.h"
#include "portal/view.h"
#include "portal/zip.h"

#include <string.h>

/* "*" "/" keeps compilers from seeing the end of a comment, or its beginning. */
#define LINK "/m/*"
#define READ "/read/*"

static const struct mw_route routes[] = {
    {"GET", LINK, 0, mw_door_show, NULL},
    {"POST", LINK, MW_ROUTE_FORM, mw_door_ask, NULL},
    {"GET", LINK "/code", 0, mw_door_show, NULL}, /* who loads the page of the code's field again */
    {"POST", LINK "/code", MW_ROUTE_FORM, mw_door_enter, NULL},
    {"POST", READ "/leave", MW_ROUTE_FORM | MW_ROUTE_SESSION | MW_ROUTE_CSRF, mw_door_leave, NULL},
    {"GET", READ, MW_ROUTE_SESSION | MW_ROUTE_MESSAGE, mw_view_message, NULL},
    {"GET", READ "/html", MW_ROUTE_SESSION | MW_ROUTE_FRAME, mw_view_html, NULL},
    {"GET", READ "/part/*", MW_ROUTE_SESSION, mw_part_get, NULL},
    {"GET", READ "/print", MW_ROUTE_SESSION, mw_view_print, NULL},
    {"GET", READ "/reply", MW_ROUTE_SESSION, mw_reply_show, NULL},
    {"POST", READ "/reply", MW_ROUTE_SESSION, mw_reply_send, &mw_draft_upload},
    {"GET", READ "/zip", MW_ROUTE_SESSION, mw_zip_get, NULL},
    {"GET", "/style.css", 0, mw_asset_style, NULL},
    {"GET", "/brand.css", 0, mw_asset_brand, NULL},
    {"GET", "/logo", 0, mw_asset_logo, NULL},
    {"GET", "/robots.txt", 0, mw_asset_robots, NULL},
};

static bool of_arg(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool match(const char *pattern, struct mw_str path, struct mw_str arg[MW_ROUTE_ARGS])
{
	size_t at = 0, n = 0;

	for (; *pattern; pattern++) {
		size_t from = at;

		if (*pattern != '*') {
			if (at == path.n || path.p[at++] != *pattern)
				return false;
			continue;
		}
		while (at < path.n && of_arg(path.p[at]))
			at++;
		if (at == from || at - from > MW_ROUTE_ARG || n == MW_ROUTE_ARGS)
			return false;
		arg[n++] = (struct mw_str){.p = path.p + from, .n = at - from};
	}
	return at == path.n;
}

const struct mw_route *mw_routes_find(const char *method, struct mw_str path, struct mw_str arg[MW_ROUTE_ARGS], bool *known)
{
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	*known = false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		struct mw_str found[MW_ROUTE_ARGS] = {{0}};

		if (!match(routes[i].path, path, found))
			continue;
		*known = true;
		if (strcmp(routes[i].method, method) != 0)
			continue;
		memcpy(arg, found, sizeof(found));
		return &routes[i];
	}
	return NULL;
}

const char *mw_routes_allow(struct mw_str path)
{
	struct mw_str arg[MW_ROUTE_ARGS];
	bool known;
	bool get = mw_routes_find("GET", path, arg, &known) != NULL, post = mw_routes_find("POST", path, arg, &known) != NULL;

	return get && post ? "GET, HEAD, POST" : get ? "GET, HEAD" : "POST";
}
