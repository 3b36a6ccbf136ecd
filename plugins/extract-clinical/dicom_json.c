/* SPDX-License-Identifier: Apache-2.0 */
/* dicom_json: DICOM as JSON: members that are called by the number of an element, with its kind and values. */
#include "dicom.h"
#include "fhir.h"

#include <stdlib.h>
#include <string.h>

/* The number that an object is called by; 0 = none. */
static uint32_t tag_of(struct mw_str key)
{
	char number[9];

	if (key.n != 8)
		return 0;
	for (size_t i = 0; i < 8; i++) {
		char c = key.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f')))
			return 0;
		number[i] = c;
	}
	number[8] = '\0';
	return (uint32_t)strtoul(number, NULL, 16);
}

static void opened(struct tree *t, struct frame *f)
{
	if (f == t->frame)
		out_feed(t->o);
	if (tag_of(tree_key(t, f)) == DICOM_TAG(0x7fe0, 0x0010))
		t->image = true;
}

static void put(struct tree *t, uint32_t tag, struct mw_str kind, struct mw_str value)
{
	const struct dicom_name *known = dicom_name(tag);
	char vr[3] = "UN";

	if (kind.n == 2)
		memcpy(vr, kind.p, 2);
	else if (known)
		memcpy(vr, known->vr, 3);
	if ((!known || *known->name) && strcmp(vr, "UI") != 0)
		dicom_put(t->o, tag, known ? known->name : NULL, vr, value);
}

static void closing(struct tree *t, struct frame *f)
{
	struct frame *around = tree_around(t, f);
	uint32_t tag = tag_of(tree_key(t, f));
	bool name = !tag && around && tag_of(tree_key(t, around)); /* of a person: {"Alphabetic": …} */

	for (size_t i = 0; i < f->leaves; i++) {
		struct mw_str key = leaf_key(t, tree_at(t, f, i)), value = leaf_value(t, tree_at(t, f, i));

		if (name)
			put(t, tag_of(tree_key(t, around)), str("PN"), value);
		else if (tag == DICOM_TAG(0x0042, 0x0011) && str_is(key, "InlineBinary"))
			out_base64(t->o, "", value);
		else if (tag && str_is(key, "Value"))
			put(t, tag, tree_get(t, f, "vr"), value);
	}
}

const struct tree_kind dicom_json_kind = {.opened = opened, .closing = closing};
