/* SPDX-License-Identifier: Apache-2.0 */
#include "attribute.h"

#include "ascii.h"
#include "entity.h"
#include "url.h"

enum carrier { NOTHING = 0, TEXT, URL };

static const struct {
	const char *name;
	enum carrier carrier;
} carriers[] = {
    {"abbr", TEXT},
    {"action", URL},
    {"alt", TEXT},
    {"aria-description", TEXT},
    {"aria-label", TEXT},
    {"aria-placeholder", TEXT},
    {"aria-valuetext", TEXT},
    {"background", URL},
    {"cite", URL},
    {"content", TEXT},
    {"data", URL},
    {"datetime", TEXT},
    {"download", TEXT},
    {"formaction", URL},
    {"href", URL},
    {"label", TEXT},
    {"longdesc", URL},
    {"placeholder", TEXT},
    {"poster", URL},
    {"prompt", TEXT},
    {"src", URL},
    {"srcdoc", TEXT},
    {"srcset", URL},
    {"standby", TEXT},
    {"summary", TEXT},
    {"title", TEXT},
    {"value", TEXT},
    {"xlink:href", URL},
};

static enum carrier carrier_of(struct mw_str name)
{
	if (name.n > 5 && ascii_begins(name, 0, "data-"))
		return TEXT;
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (ascii_same(name, carriers[i].name))
			return carriers[i].carrier;
	return NOTHING;
}

bool attribute_text(struct flow *to, struct mw_str name, struct mw_str value)
{
	enum carrier carrier = carrier_of(name);
	enum url url = carrier == URL ? url_kind(value) : URL_NOTHING;

	if (value.n == 0 || carrier == NOTHING || (carrier == URL && url != URL_TEXT))
		return url != URL_SEALED;
	flow_block(to);
	if (carrier == URL)
		url_text(to, value);
	else
		entity_text(to, value, true);
	return true;
}
