/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blip: pictures in the drawings of Office ([MS-ODRAW] 2.2.23), wherever they stand in a stream: each is a member.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_BLIP_H
#define PLUGINS_EXTRACT_LEGACY_BLIP_H

#include "give.h"

/* 0, or a failure of struct out. Linear: a picture is not looked into. */
int blip_find(struct mw_str, struct out *);

#endif
