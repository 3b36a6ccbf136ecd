/* SPDX-License-Identifier: Apache-2.0 */
#include "layers.h"

bool layers_hide(struct pdf *p)
{
	size_t mark = pdf_mark(p);
	qpdf_oh usual = pdf_get(p, pdf_get(p, pdf_root(p), "/OCProperties"), "/D");
	bool yes = pdf_items(p, pdf_get(p, usual, "/OFF")) || pdf_items(p, pdf_get(p, usual, "/AS")) ||
		   pdf_is_name(p, pdf_get(p, usual, "/BaseState"), "/OFF");

	pdf_drop(p, mark);
	return yes;
}

struct mw_str layers_shown(struct pdf *p)
{
	size_t mark = pdf_mark(p);
	struct mw_str s = {.p = "", .n = 0};

	/* What belongs to no layer is seen. */
	qpdf_oh_remove_key(p->q, pdf_root(p), "/OCProperties");
	pdf_drop(p, mark);
	if (qpdf_init_write_memory(p->q) & QPDF_ERRORS)
		return s;
	qpdf_set_preserve_encryption(p->q, QPDF_FALSE);
	qpdf_set_stream_data_mode(p->q, qpdf_s_preserve);
	qpdf_set_static_ID(p->q, QPDF_TRUE); /* it is nobody's document */
	if (qpdf_write(p->q) & QPDF_ERRORS)
		return s;
	s.p = (const char *)qpdf_get_buffer(p->q);
	s.n = s.p ? qpdf_get_buffer_length(p->q) : 0;
	return s;
}
