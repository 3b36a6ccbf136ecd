/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl doctor: what is unsafe or missing on this machine, and the command that mends it. It changes nothing. */
#include "ctl/doctor.h"

#include "base/str.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WARNINGS = 1, EXIT_ERRORS = 2, EXIT_CANNOT = 3 };
enum { OPT_JSON = 256, OPT_IGNORE, OPT_CF, OPT_PROGRAMS };

static const char *const severity_words[] = {[DOCTOR_NOTE] = "note", [DOCTOR_WARNING] = "warning", [DOCTOR_ERROR] = "error"};

/* ---- what was found, as text ----------------------------------------------------------------------------------------------------- */

static int by_severity(const void *a, const void *b)
{
	const struct doctor_finding *x = a, *y = b;
	int r;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	r = strcmp(x->id, y->id);
	if (r == 0)
		r = strcmp(x->where, y->where);
	return r ? r : strcmp(x->text, y->text);
}

static void print_text(const struct ctl *ctl, const struct doctor_finding *f)
{
	static const enum ctl_style style[] = {[DOCTOR_NOTE] = CTL_CYAN, [DOCTOR_WARNING] = CTL_YELLOW, [DOCTOR_ERROR] = CTL_RED};

	printf("%s%-7s%s %s%s%s ", ctl_style(ctl, style[f->severity]), severity_words[f->severity], ctl_style(ctl, CTL_PLAIN),
	       ctl_style(ctl, CTL_BOLD), f->id, ctl_style(ctl, CTL_PLAIN));
	ctl_print_safe(mw_str(f->where));
	printf(": ");
	ctl_print_safe(mw_str(f->text));
	putchar('\n');
	if (*f->fix) {
		printf("        %s%s%s ", ctl_style(ctl, CTL_DIM), f->dns ? "publish:" : "fix:", ctl_style(ctl, CTL_PLAIN));
		ctl_print_safe(mw_str(f->fix));
		putchar('\n');
	}
}

static void print_json(const struct doctor_finding *f)
{
	json_t *o = json_object();

	if (!o) {
		ctl_output_lost();
		return;
	}
	json_object_set_new(o, "id", ctl_json_text(mw_str(f->id)));
	json_object_set_new(o, "severity", ctl_json_text(mw_str(severity_words[f->severity])));
	json_object_set_new(o, "where", ctl_json_text(mw_str(f->where)));
	json_object_set_new(o, "text", ctl_json_text(mw_str(f->text)));
	json_object_set_new(o, "fix", ctl_json_text(mw_str(f->fix)));
	if (f->dns)
		json_object_set_new(o, "dns", json_true()); /* a record to publish, not a command */
	ctl_json_line(o);
}

static int print_all(struct doctor *d, bool json)
{
	size_t count[3] = {0};

	if (d->findings.n)
		qsort(d->findings.v, d->findings.n, sizeof(*d->findings.v), by_severity);
	for (size_t i = 0; i < d->findings.n; i++) {
		count[d->findings.v[i].severity]++;
		if (json)
			print_json(&d->findings.v[i]);
		else
			print_text(d->ctl, &d->findings.v[i]);
	}
	if (!json)
		printf("%zu error%s, %zu warning%s\n", count[DOCTOR_ERROR], count[DOCTOR_ERROR] == 1 ? "" : "s",
		       count[DOCTOR_WARNING], count[DOCTOR_WARNING] == 1 ? "" : "s");
	return count[DOCTOR_ERROR] ? EXIT_ERRORS : count[DOCTOR_WARNING] ? EXIT_WARNINGS : CTL_OK;
}

/* ---- the command line ------------------------------------------------------------------------------------------------------------ */

static bool take_options(struct doctor *d, bool *json, int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, OPT_JSON},
					      {"ignore", required_argument, NULL, OPT_IGNORE},
					      {"cf", required_argument, NULL, OPT_CF},
					      {"programs", required_argument, NULL, OPT_PROGRAMS},
					      {NULL, 0, NULL, 0}};
	const char **id;
	int c;

	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		switch (c) {
		case OPT_JSON:
			*json = true;
			break;
		case OPT_IGNORE:
			id = DOCTOR_ADD(d, d->ignored);
			if (id)
				*id = optarg;
			break;
		case OPT_CF:
			d->cf = optarg;
			break;
		case OPT_PROGRAMS:
			d->programs = optarg;
			break;
		case 'c':
			d->config = optarg;
			break;
		default:
			return false;
		}
	}
	if (optind < argc && (strcmp(argv[optind], "postfix") == 0 || strcmp(argv[optind], "sendmail") == 0))
		d->mta = argv[optind++];
	return true;
}

static void look(struct doctor *d, int n, char **policies)
{
	doctor_policies(d, (size_t)n, policies);
	doctor_mta(d);
	doctor_modules(d);
	doctor_certificates(d);
	doctor_aliases(d);
	doctor_sockets(d);
	doctor_limits(d);
	doctor_means(d);
	doctor_disk(d);
	doctor_clock(d);
	doctor_resolver(d);
	doctor_dns(d);
}

int ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	struct doctor d = {.ctl = ctl, .arena = mw_arena_new(0)};
	bool json = false;
	int r;

	if (!d.arena)
		return ctl_fail("out of memory");
	if (take_options(&d, &json, argc, argv)) {
		look(&d, argc - optind, argv + optind);
		r = print_all(&d, json);
		if (d.lost) {
			ctl_fail("out of memory: not all was looked at");
			r = EXIT_CANNOT;
		}
	} else {
		r = ctl_usage_alone("doctor");
	}
	for (size_t i = 0; i < d.policies.n; i++)
		mw_generation_unref(&d.policies.v[i].gen);
	mw_arena_free(&d.arena);
	return r;
}
