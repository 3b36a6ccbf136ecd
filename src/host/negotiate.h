/* SPDX-License-Identifier: Apache-2.0 */
/* negotiate: what we ask of the MTA when it connects: as few callbacks as the modules allow, and no reply to any but the last. */
#ifndef MW_HOST_NEGOTIATE_H
#define MW_HOST_NEGOTIATE_H

#include <stdint.h>

/* Stages of see() that cost a callback of their own; everything else comes with the callbacks that we always need. */
#define MW_NEGOTIATED_STAGES 2u /* MW_SEE_HELO */

struct mw_negotiation {
	unsigned long actions, protocol; /* SMFIF_…, SMFIP_… */
};

/* stages: MW_SEE_… that modules want. 0; -ENOTSUP when the MTA lacks something: *missing names it. */
int mw_negotiate(uint32_t stages, unsigned long mta_actions, unsigned long mta_protocol, struct mw_negotiation *,
		 const char **missing);

/* Macros for each SMFIM_… stage that has any; a stage of -1 ends the rows. The MTA's own lists would carry more, and Sendmail's
 * less. */
struct mw_macros {
	int stage;
	const char *names;
};
extern const struct mw_macros mw_negotiate_macros[];

#endif
