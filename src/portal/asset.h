/* SPDX-License-Identifier: Apache-2.0 */
/* asset: what pages load: style and logo, of the templates' folder. */
#ifndef MW_PORTAL_ASSET_H
#define MW_PORTAL_ASSET_H

struct mw_request;

void mw_asset_style(struct mw_request *);
void mw_asset_brand(struct mw_request *);
void mw_asset_logo(struct mw_request *);
void mw_asset_robots(struct mw_request *);

#endif
