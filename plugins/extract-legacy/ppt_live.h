/* SPDX-License-Identifier: Apache-2.0 */
/* ppt_live: which records of a presentation count: saving may put new versions of slides behind the old ones. */
#ifndef PLUGINS_EXTRACT_LEGACY_PPT_LIVE_H
#define PLUGINS_EXTRACT_LEGACY_PPT_LIVE_H

#include <milward/plugin.h>

struct ppt_live {
	uint32_t *at; /* offsets of records, in order; none = all count */
	size_t n;
};

/* 0 or -ENOMEM. */
int ppt_live_read(struct mw_str document, struct mw_str user, struct ppt_live *);
bool ppt_live_has(const struct ppt_live *, uint32_t at);
void ppt_live_free(struct ppt_live *);

#endif
