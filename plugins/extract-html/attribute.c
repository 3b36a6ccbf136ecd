/* SPDX-License-Identifier: Apache-2.0 */
#include "attribute.h"

#include "ascii.h"
#include "entity.h"
#include "script.h"
#include "url.h"

#include <errno.h>

enum carrier { NOTHING = 0, TEXT, URL, SCRIPT };

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
    {"string", TEXT}, /* of VML: words that are drawn */
    {"summary", TEXT},
    {"title", TEXT},
    {"value", TEXT},
    {"xlink:href", URL},
};

static enum carrier carrier_of(struct mw_str name)
{
	if (name.n > 5 && ascii_begins(name, 0, "data-"))
		return TEXT;
	if (name.n > 3 && ascii_begins(name, 0, "on"))
		return SCRIPT;
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (ascii_same(name, carriers[i].name))
			return carriers[i].carrier;
	return NOTHING;
}

static void put_string(void *ctx, struct mw_str text)
{
	flow_block(ctx);
	entity_text(ctx, text, true);
}

/* Programs that run when something is done to an element, or a link is followed. */
static bool is_script(enum carrier carrier, struct mw_str value)
{
	return carrier == SCRIPT || (carrier == URL && ascii_begins(value, 0, "javascript:"));
}

bool attribute_text(struct flow *to, struct mw_str name, struct mw_str value)
{
	enum carrier carrier = carrier_of(name);
	enum url url = carrier == URL ? url_kind(value) : URL_NOTHING;

	if (is_script(carrier, value)) {
		if (script_strings(value, put_string, to) < 0)
			to->failed = -ENOMEM;
		return true;
	}
	if (value.n == 0 || carrier == NOTHING || (carrier == URL && url != URL_TEXT))
		return url != URL_SEALED;
	flow_block(to);
	if (carrier == URL)
		url_text(to, value);
	else
		entity_text(to, value, true);
	return true;
}
