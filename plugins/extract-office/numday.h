/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numday: days and times of spreadsheets, which are numbers, as 2024-03-05 07:30.
 */
#ifndef OFFICE_NUMDAY_H
#define OFFICE_NUMDAY_H

#include "numfmt.h"

/* 1: the number is no day that a sheet can show. */
int numday_put(const struct numfmt *, double value, bool from_1904, struct buf *to);

#endif
