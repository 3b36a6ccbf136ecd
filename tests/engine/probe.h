/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: modules of the tests, linked in. The milter "probe" offers one action of each effect, fails wherever its options say,
 * and writes down what it was called for; "probe-text" extracts; "probe-check" checks, "probe-site" with data of a site; "probe-keys" needs the power `keys`;
 * "probe-service" is the options of a program.
 */
#ifndef MW_TESTS_ENGINE_PROBE_H
#define MW_TESTS_ENGINE_PROBE_H

#include <milward/plugin.h>

/* Options of "probe-service": low must not be above high. */
struct probe_service {
	int64_t low, high;
};
/* What was called since probe_reset(), as words: "open begin see:64 able:tls:0 act:tls:0 end close". Thread safe. */
const char *probe_calls(void);
void probe_reset(void);
/* Called in see(MESSAGE) with the host's table, when set: a test's own look from inside. Its result is the hook's. */
typedef int (*probe_inside)(const struct mw_host *, struct mw_self *, struct mw_msg *, struct mw_err *);
void probe_in_see(probe_inside);
void probe_early(probe_inside); /* in stages before the whole message */
/* The same for act(), with the name of the action. */
typedef int (*probe_acting)(const struct mw_host *, struct mw_self *, struct mw_msg *, const char *action, uint32_t rcpt,
			    struct mw_err *);
void probe_in_act(probe_acting);

#endif
