/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/ctl.h"

#include "base/str.h"
#include "installed.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_shown(FILE *to, struct mw_str text, const char *also)
{
	for (size_t i = 0, n; i < text.n; i += n) {
		n = mw_utf8_shown(text.p + i, text.n - i);
		if (n == 0 && (!text.p[i] || !strchr(also, text.p[i])))
			fprintf(to, "\\x%02x", (unsigned char)text.p[i]);
		else
			(void)fwrite(text.p + i, 1, n ? n : 1, to);
		n = n ? n : 1;
	}
}

int ctl_fail(const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	fflush(stdout);
	fputs("milwardctl: ", stderr);
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_shown(stderr, mw_str(text), "");
	fputc('\n', stderr);
	return CTL_FAILED;
}

int ctl_usage_alone(const char *command)
{
	for (const struct ctl_command *c = ctl_commands; c->name; c++)
		if (strcmp(c->name, command) == 0)
			fprintf(stderr, "usage: milwardctl %s %s\n", c->name, c->args);
	return CTL_USAGE;
}

int ctl_usage(const char *command, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "milwardctl%s%s: ", *command ? " " : "", command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return ctl_usage_alone(command);
}

bool ctl_asks_help(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

/* The site's own default goes before the shipped one. */
const char *ctl_policy(struct ctl *ctl)
{
	const char *const folder[] = {MW_CONF_DIR, ctl->search};

	if (ctl->policy)
		return ctl->policy;
	for (size_t i = 0; i < sizeof(folder) / sizeof(*folder); i++) {
		int n = snprintf(ctl->policy_path, sizeof(ctl->policy_path), "%s/default.policy", folder[i]);

		if (n > 0 && (size_t)n < sizeof(ctl->policy_path) && access(ctl->policy_path, R_OK) == 0) {
			ctl->policy = ctl->policy_path;
			return ctl->policy;
		}
	}
	ctl_fail("no policy: neither %s/default.policy nor %s/default.policy can be read; name one with -p FILE", MW_CONF_DIR,
		 ctl->search);
	return NULL;
}

/* Something was to be printed and could not be made. jansson asks for memory without a context, so this is the process's. */
static bool lost;

static void *json_memory(size_t n)
{
	void *p = malloc(n);

	lost = lost || !p;
	return p;
}

void ctl_output_watch(void)
{
	json_set_alloc_funcs(json_memory, free);
}

bool ctl_output_whole(void)
{
	return !lost;
}

void ctl_output_lost(void)
{
	lost = true;
}

void ctl_print_buf(struct mw_buf *b, FILE *to)
{
	if (to == stderr)
		fflush(stdout);
	(void)fwrite(mw_buf_text(b), 1, b->n, to);
	lost = lost || !mw_buf_ok(b);
	mw_buf_free(b);
}

void ctl_print_diags(const struct ctl *ctl, const struct mw_diags *diags)
{
	struct mw_buf out = MW_BUF_INIT;

	mw_diags_print(diags, ctl->colour_err, &out);
	ctl_print_buf(&out, stderr);
}

static struct mw_generation *make_generation(struct ctl *ctl, const char *policy, unsigned flags, bool warn)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_generation *gen = NULL;
	struct mw_err err = {0};
	struct mw_diags diags;
	int r;

	if (!arena) {
		ctl_fail("out of memory");
		return NULL;
	}
	mw_diags_init(&diags, arena);
	r = mw_generation_new(ctl->loader, policy, ctl->search, flags, &diags, &gen, &err);
	if (warn || diags.errors)
		ctl_print_diags(ctl, &diags);
	if (r < 0 && diags.errors)
		ctl_fail("%s: %zu error%s", policy, diags.errors, diags.errors == 1 ? "" : "s");
	else if (r < 0)
		ctl_fail("%s: %s", policy, err.text[0] ? err.text : strerror(-r));
	mw_arena_free(&arena);
	return r < 0 ? NULL : gen;
}

struct mw_generation *ctl_generation(struct ctl *ctl, const char *policy, unsigned flags)
{
	return make_generation(ctl, policy, flags, true);
}

struct mw_generation *ctl_generation_options(struct ctl *ctl, const char *policy)
{
	return make_generation(ctl, policy, MW_GEN_OFFLINE, false);
}

const char *ctl_style(const struct ctl *ctl, enum ctl_style style)
{
	static const char *const escape[] = {
	    [CTL_PLAIN] = "\033[0m",  [CTL_BOLD] = "\033[1m",	 [CTL_DIM] = "\033[2m",	  [CTL_RED] = "\033[31m",
	    [CTL_GREEN] = "\033[32m", [CTL_YELLOW] = "\033[33m", [CTL_CYAN] = "\033[36m",
	};

	return ctl->colour ? escape[style] : "";
}

const char *ctl_zone_name(uint32_t zone)
{
	return zone == MW_ZONE_BODY ? "body" : mw_zone_word(zone);
}

const char *ctl_kind_name(uint32_t kind)
{
	switch (kind) {
	case MW_IDENTIFIER:
		return "identifier";
	case MW_CLINICAL:
		return "clinical";
	case MW_STRUCTURE:
		return "structure";
	case MW_CONTEXT:
		return "context";
	default:
		return "unknown";
	}
}

void ctl_print_safe(struct mw_str text)
{
	print_shown(stdout, text, "");
}

void ctl_print_cell(struct mw_str text, size_t width)
{
	ctl_print_safe(text);
	for (size_t i = text.n; i < width; i++)
		putchar(' ');
}

void ctl_print_lines(struct mw_str text)
{
	print_shown(stdout, text, "\n\t");
}

json_t *ctl_json_text(struct mw_str text)
{
	struct mw_buf out = MW_BUF_INIT;
	json_t *s = json_stringn(text.p, text.n);

	if (s)
		return s;
	for (size_t i = 0; i < text.n;) {
		size_t n = mw_utf8_length(text.p + i, text.n - i);

		mw_buf_add(&out, n ? text.p + i : "\xef\xbf\xbd", n ? n : 3);
		i += n ? n : 1;
	}
	if (mw_buf_ok(&out))
		s = json_stringn(mw_buf_text(&out), out.n);
	mw_buf_free(&out);
	return s;
}

void ctl_json_line(json_t *object)
{
	int r = object ? json_dumpf(object, stdout, JSON_COMPACT) : -1;

	lost = lost || r < 0;
	json_decref(object);
	putchar('\n');
}
