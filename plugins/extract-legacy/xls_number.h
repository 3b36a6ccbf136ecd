/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xls_number: a number as Excel shows it by a format code: dates, times, percents, digits with what stands between them
 * ("000-00-0000"). Colours, conditions and widths are not looked at; months have English names.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_XLS_NUMBER_H
#define PLUGINS_EXTRACT_LEGACY_XLS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define XLS_NUMBER_MAX 512u

/* UTF-8 with NUL in to[XLS_NUMBER_MAX]; returns its length. 0: the format shows nothing. */
size_t xls_number(double, const char *format, bool from_1904, char *to);
/* All digits that there are: at most 15. */
size_t xls_number_general(double, char *to);
/* The code of a format that files do not spell out; NULL = none. */
const char *xls_number_builtin(unsigned index);

#endif
