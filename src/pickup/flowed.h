/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowed: text/plain; format=flowed (RFC 3676) as text whose paragraphs are lines. Each stands behind the marks of its quoting and a blank:
 * ">> so deep". Lines of one paragraph that are quoted differently are not joined (4.5), a signature's separator stays a line.
 * Pure over (pointer, length), linear.
 */
#ifndef MW_PICKUP_FLOWED_H
#define MW_PICKUP_FLOWED_H

#include "base/buf.h"
#include "base/str.h"

/* text: with LF at line ends. delsp: the blank at the end of a line that goes on is no part of the text. */
void mw_flowed_join(struct mw_str text, bool delsp, struct mw_buf *out);

#endif
