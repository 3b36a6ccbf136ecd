/* SPDX-License-Identifier: Apache-2.0 */
/* report_plot: the pictures of the page, as SVG within it: no script, nothing from elsewhere, colours by the page's style sheet. */
#ifndef MW_AUDIT_REPORT_PLOT_H
#define MW_AUDIT_REPORT_PLOT_H

#include <jansson.h>
#include <stdio.h>

/* Text of a page: what HTML would read is written as entities, control characters as "?". */
void mw_report_escape(FILE *, const char *);

/* Columns of a picture of bars. */
struct mw_report_series {
	const char *name;  /* as a person reads it */
	const char *klass; /* of the style sheet: w-pass … */
};

/* Stacked columns, one a day. value(ctx, day, series). */
typedef json_int_t (*mw_report_value_fn)(const void *ctx, size_t at, size_t series);
void mw_report_plot_days(FILE *, const char *what, size_t days, const struct mw_report_series *, size_t series,
			 mw_report_value_fn, const void *ctx);
/* Bars that lie, one a name; each is 100 % when share is set. name(ctx, at). */
typedef const char *(*mw_report_name_fn)(const void *ctx, size_t at);
void mw_report_plot_bars(FILE *, const char *what, size_t bars, mw_report_name_fn, const struct mw_report_series *, size_t series,
			 mw_report_value_fn, const void *ctx, int share);
/* A strip of days: which have records. */
void mw_report_plot_strip(FILE *, const char *what, size_t days, mw_report_value_fn, const void *ctx);

#endif
