/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl: what the commands of milwardctl share. Each command is one file with one entry, `int ctl_NAME(struct ctl *, argc, argv)`,
 * argv[0] being the command's name; it prints to standard output, complains to standard error and returns the exit status.
 */
#ifndef MW_CTL_CTL_H
#define MW_CTL_CTL_H

#include "base/buf.h"
#include "engine/engine.h"
#include <jansson.h>
#include <stdio.h>

enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 64 };

/* Options before the command, and what follows from them. Made in main, read by all. */
struct ctl {
	const char *policy;  /* -p, or the installed default; NULL until ctl_policy() looked */
	const char *modules; /* folder of module files */
	const char *search;  /* folder of the shipped policies */
	bool colour;	     /* standard output takes colours */
	bool colour_err;     /* standard error takes colours */
	bool terminal;	     /* standard output is one */
	struct mw_loader *loader;
	char policy_path[4096];
};

struct ctl_command {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(struct ctl *, int argc, char **argv);
};
extern const struct ctl_command ctl_commands[]; /* NULL name ends */

int ctl_check(struct ctl *, int argc, char **argv);
int ctl_consent(struct ctl *, int argc, char **argv);
int ctl_doctor(struct ctl *, int argc, char **argv);
int ctl_index(struct ctl *, int argc, char **argv);
int ctl_explain(struct ctl *, int argc, char **argv);
int ctl_scan(struct ctl *, int argc, char **argv);
int ctl_diff(struct ctl *, int argc, char **argv);
int ctl_status(struct ctl *, int argc, char **argv);
int ctl_test(struct ctl *, int argc, char **argv);
int ctl_text(struct ctl *, int argc, char **argv);
int ctl_new(struct ctl *, int argc, char **argv);
int ctl_completion(struct ctl *, int argc, char **argv);
/* `milwardctl MODULE COMMAND …`: runs a module's own command. -1: no such module (nothing printed). */
int ctl_module(struct ctl *, int argc, char **argv);
/* Calls a module's command. plan: of the policy at hand, conf: what it says to the module; NULL: there is none. Its exit status. */
int ctl_command_run(const struct mw_command *, const struct mw_plan *plan, const void *conf, int argc, char **argv);
/* Prints the words that stand for a command of a module, each behind a blank. */
void ctl_module_words(struct ctl *);
/* Prints the commands that loadable modules bring, for help. */
void ctl_module_help(struct ctl *);

/* Prints "milwardctl: …" to standard error and returns CTL_FAILED. */
int ctl_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Usage error of a command: says what is wrong and how it is called; returns CTL_USAGE. */
int ctl_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same when getopt(3) has said what is wrong. */
int ctl_usage_alone(const char *command);
/* Is help all that is asked of the command argv[0]? */
bool ctl_asks_help(int argc, char **argv);
/* The policy to use; complains when there is none. NULL then. */
const char *ctl_policy(struct ctl *);
/* Policy -> generation for offline work; prints diagnostics and errors. NULL then. Caller unrefs. */
struct mw_generation *ctl_generation(struct ctl *, const char *policy, unsigned flags);
/* The same for who wants options of it alone: what the policy does with mail is not warned of. */
struct mw_generation *ctl_generation_options(struct ctl *, const char *policy);

/* Colour escapes, "" when off. */
enum ctl_style { CTL_PLAIN, CTL_BOLD, CTL_DIM, CTL_RED, CTL_GREEN, CTL_YELLOW, CTL_CYAN };
const char *ctl_style(const struct ctl *, enum ctl_style);
const char *ctl_zone_name(uint32_t zone);
const char *ctl_kind_name(uint32_t kind);
/* Why a finding is as sure as it is: `near "ssn"`, `no context, in shadow`; nothing when its rule knows no context. */
void ctl_why(const struct mw_plan *, const struct mw_finding *, struct mw_buf *out);
/* Prints text with control characters, and what is not UTF-8, as \xHH: what came from a message must not drive the terminal. */
void ctl_print_safe(struct mw_str text);
/* The same, filled up with blanks to a width in octets. */
void ctl_print_cell(struct mw_str text, size_t width);
/* The same, but line ends and tabs stay. */
void ctl_print_lines(struct mw_str text);
/* Prints what was made and frees it. */
void ctl_print_buf(struct mw_buf *, FILE *to);
/* Diagnostics, to standard error. */
void ctl_print_diags(const struct ctl *, const struct mw_diags *);
/* JSON string of octets that may not be UTF-8 (strays become U+FFFD). NULL = no memory. */
json_t *ctl_json_text(struct mw_str text);
/* One compact line, then '\n'. Takes over the reference. */
void ctl_json_line(json_t *);
/* For main: begins to watch over what jansson asks for; and at the end: was everything printed that was to be? Callers above need
 * not look after a member that there was no memory for. */
void ctl_output_watch(void);
bool ctl_output_whole(void);
void ctl_output_lost(void); /* there was no memory for something */

#endif
