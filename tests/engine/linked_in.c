/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that the tests of the engine link in, whatever configure was told. */
#include "engine/linked_in.h"

#include <stddef.h>

extern const struct mw_plugin mw_plugin_probe, mw_plugin_probe_text, mw_plugin_probe_check, mw_plugin_probe_site,
    mw_plugin_probe_keys, mw_plugin_probe_script, mw_plugin_probe_service, mw_plugin_phi, mw_plugin_trace;

const struct mw_plugin *const mw_linked_in[] = {
    &mw_plugin_probe,	     &mw_plugin_probe_text,    &mw_plugin_probe_check, &mw_plugin_probe_site, &mw_plugin_probe_keys,
    &mw_plugin_probe_script, &mw_plugin_probe_service, &mw_plugin_phi,	       &mw_plugin_trace,      NULL,
};
