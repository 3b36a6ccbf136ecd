/* SPDX-License-Identifier: Apache-2.0 */
/* read: what a status socket tells (mw_metrics_write, or another's text in the same formats), line by line. Pure over (pointer, length). */
#ifndef MW_METRIC_READ_H
#define MW_METRIC_READ_H

#include "base/buf.h"
#include "base/str.h"

#define MW_METRIC_SAMPLE_LABELS 8u

/* Points into the text. */
struct mw_metric_sample {
	struct mw_str name;
	size_t labels;
	struct {
		struct mw_str name, value; /* value: as it is written, see mw_metric_value() */
	} label[MW_METRIC_SAMPLE_LABELS];
	double value;
};

/* Takes the next sample off *text: comments and empty lines are passed over. 1; 0: there is none; -EINVAL: a line that is none. */
int mw_metric_take(struct mw_str *text, struct mw_metric_sample *ret);
/* The value of a label as it was before it was written. false: no such label. */
bool mw_metric_value(const struct mw_metric_sample *, const char *label, struct mw_buf *ret);
/* The same, as it is written: for words, which have nothing to escape. "" = no such label. */
struct mw_str mw_metric_word(const struct mw_metric_sample *, const char *label);

#endif
