/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl text: the parts of a message as the scanner sees them. Offsets of findings count octets of this text. */
#include "ctl/offline.h"

#include "base/str.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_part_json(const struct mw_part *part)
{
	json_t *line = json_pack("{s:o, s:o, s:o, s:s}", "part", ctl_json_text(mw_str(part->path)), "type",
				 ctl_json_text(mw_str(part->type)), "name", ctl_json_text(mw_str(part->name)), "zone",
				 ctl_zone_name(part->zone));

	if (part->unread)
		json_object_set_new(line, "unreadable", json_string(part->unread));
	if (part->hidden < part->text.n)
		json_object_set_new(line, "hidden", json_integer((json_int_t)part->hidden));
	json_object_set_new(line, "text", ctl_json_text(part->text));
	ctl_json_line(line);
}

/* Exactly its octets, so that offsets can be cut; on a terminal nothing that drives it. */
static void put_text(const struct ctl *ctl, struct mw_str text)
{
	if (ctl->terminal)
		ctl_print_lines(text);
	else
		(void)fwrite(text.p, 1, text.n, stdout);
}

static void print_part(const struct ctl *ctl, const struct mw_part *part)
{
	printf("%s== ", ctl_style(ctl, CTL_CYAN));
	ctl_print_safe(mw_str(part->path));
	fputs("  ", stdout);
	ctl_print_safe(mw_str(part->type));
	printf("  %s", ctl_zone_name(part->zone));
	if (part->name[0]) {
		fputs("  ", stdout);
		ctl_print_safe(mw_str(part->name));
	}
	if (part->unread)
		printf("  unreadable: %s", part->unread);
	printf("  (%zu octets", part->text.n);
	if (part->hidden < part->text.n)
		printf(", hidden from %zu", part->hidden);
	printf(")%s\n", ctl_style(ctl, CTL_PLAIN));
	put_text(ctl, part->text);
	if (part->text.n && part->text.p[part->text.n - 1] != '\n')
		putchar('\n');
}

static int print_parts(const struct ctl *ctl, const struct mw_msg *msg, const char *only, bool json)
{
	size_t shown = 0;

	for (size_t i = 0; i < mw_msg_parts(msg); i++) {
		const struct mw_part *part = mw_msg_part(msg, i);

		if (only && strcmp(only, part->path) != 0)
			continue;
		shown++;
		if (json)
			print_part_json(part);
		else if (only)
			put_text(ctl, part->text);
		else
			print_part(ctl, part);
	}
	if (only && !shown)
		return ctl_fail("the message has no part \"%s\"", only);
	return CTL_OK;
}

int ctl_text(struct ctl *ctl, int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
					      {"part", required_argument, NULL, 'P'},
					      {"policy", required_argument, NULL, 'p'},
					      {NULL, 0, NULL, 0}};
	const struct offline how = {0};
	const char *only = NULL, *policy;
	struct mw_generation *gen;
	struct mw_err err = {0};
	struct mw_msg *msg;
	bool json = false;
	int c, r;

	while ((c = getopt_long(argc, argv, "p:", longs, NULL)) != -1) {
		if (c == 'j')
			json = true;
		else if (c == 'P')
			only = optarg;
		else if (c == 'p')
			ctl->policy = optarg;
		else
			return ctl_usage_alone("text");
	}
	if (optind + 1 != argc)
		return ctl_usage("text", "one message, please");
	policy = ctl_policy(ctl);
	gen = policy ? ctl_generation(ctl, policy, MW_GEN_OFFLINE) : NULL;
	if (!gen)
		return CTL_FAILED;
	msg = offline_read(gen, &how, argv[optind], &err);
	if (msg) {
		bool whole = offline_run(msg, argv[optind], NULL, NULL, &err) == 0;

		r = print_parts(ctl, msg, only, json);
		if (!whole)
			r = ctl_fail("%s", err.text);
	} else {
		r = ctl_fail("%s", err.text);
	}
	mw_msg_free(&msg);
	mw_generation_unref(&gen);
	return r;
}
