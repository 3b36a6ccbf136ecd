/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door: from the link to a session. /m/LINK shows a button and nothing else happens; the button asks for a code; the code opens. What
 * is not there, was recalled, is locked or has another secret looks the same.
 */
#ifndef MW_PORTAL_DOOR_H
#define MW_PORTAL_DOOR_H

struct mw_request;

void mw_door_show(struct mw_request *);	 /* GET /m/LINK */
void mw_door_ask(struct mw_request *);	 /* POST /m/LINK */
void mw_door_enter(struct mw_request *); /* POST /m/LINK/code */
void mw_door_leave(struct mw_request *); /* POST /read/ID/leave */

#endif
