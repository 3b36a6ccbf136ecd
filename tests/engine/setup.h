/* SPDX-License-Identifier: Apache-2.0 */
/* setup: a policy from text, a message from text, and what came out, for the tests of the engine. Failures are assertions. */
#ifndef MW_TESTS_ENGINE_SETUP_H
#define MW_TESTS_ENGINE_SETUP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "engine/engine.h"
#include "probe.h"

/* The line that loads the probe with every power. */
#define LOAD_PROBE "load probe grant headers, text, edit, route\n"
#define OURS "table <ours> { \"clinic.example\" }\n"
#define RULES                                                                                                                    \
	"rule num { kind identifier; pattern /\\b\\d{9}\\b/; level 80 }\n"                                                       \
	"rule weak { kind identifier; pattern /\\bW\\d{4}\\b/; level 40 }\n"                                                     \
	"rule ill { kind clinical; pattern /\\b(diabetes|asthma)\\b/i; level 90 }\n"

struct world {
	struct mw_loader *loader;
	struct mw_arena *arena; /* of the diagnostics */
	struct mw_diags diags;
	struct mw_generation *gen;
	struct mw_err err;
	int result; /* of mw_generation_new */
	char folder[64], policy[96];
};

/* Builds a generation from the text; world_open asserts that it works. */
void world_try(struct world *, const char *policy, unsigned flags);
void world_open(struct world *, const char *policy, unsigned flags);
void world_close(struct world *);
/* All diagnostics as text, as the tool prints them. Valid until the next call. */
const char *world_diags(struct world *);

/* An empty message from alice@clinic.example to the recipients ("a@x b@y", without <>). */
struct mw_msg *msg_to(struct world *, const char *rcpts);
/* Fills header and body from text with LF lines. */
void msg_take(struct mw_msg *, const char *text);
/* msg_to, msg_take and mw_msg_run. */
struct mw_msg *msg_run(struct world *, const char *rcpts, const char *text);
/* What was decided, in a line: "route tls(verified) policy:5 / pass pass policy:6 => route". Valid until the next call. */
const char *msg_shown(const struct mw_msg *);
/* All parts but subject and header: "== PATH ZONE [UNREAD]" and the text, with "|" where hidden text begins. Valid until the next call. */
const char *msg_read(const struct mw_msg *);
/* The part of that path, NULL = none. */
const struct mw_part *msg_part(const struct mw_msg *, const char *path);

#define PLAIN_MAIL "From: Alice <alice@clinic.example>\nSubject: hello\n\nNothing here.\n"
#define SICK_MAIL "From: Alice <alice@clinic.example>\nSubject: hello\n\nPatient 123456789 has diabetes.\n"

#endif
