/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/asset.h"

#include "portal/pages.h"

static void show(struct mw_request *r, const char *name, const char *type)
{
	struct mw_str octets;

	if (r->response || mw_templates_asset(r->site->templates, name, &octets) < 0)
		return;
	mw_page_octets(r, 200, type, octets);
	/* A picture or a style that somebody opens by itself is no page of ours: nothing in it runs or loads. */
	mw_page_header(r, "Content-Security-Policy",
		       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox");
}

void mw_asset_style(struct mw_request *r)
{
	show(r, "style.css", "text/css; charset=utf-8");
	mw_page_not_found(r);
}

void mw_asset_brand(struct mw_request *r)
{
	show(r, "brand.css", "text/css; charset=utf-8");
	mw_page_not_found(r);
}

void mw_asset_logo(struct mw_request *r)
{
	show(r, "logo.svg", "image/svg+xml");
	show(r, "logo.png", "image/png");
	mw_page_not_found(r);
}

void mw_asset_robots(struct mw_request *r)
{
	mw_page_octets(r, 200, "text/plain; charset=utf-8", MW_STR_LIT("User-agent: *\nDisallow: /\n"));
}
