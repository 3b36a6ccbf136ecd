/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_mta: asks milward-postfix or milward-sendmail, which know the MTA. */
#include "ctl/doctor.h"
#include "installed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where each MTA has its configuration, unless -c names another folder. */
static const struct mta {
	const char *name, *shown, *config, *file;
} mtas[] = {{"postfix", "Postfix", "/etc/postfix", "main.cf"}, {"sendmail", "Sendmail", "/etc/mail", "sendmail.cf"}};
#define MTAS (sizeof(mtas) / sizeof(mtas[0]))

struct call {
	const char *argv[12];
};

static bool is_there(struct doctor *d, const char *folder, const char *name)
{
	return access(doctor_text(d, "%s/%s", folder, name), F_OK) == 0;
}

/* The one that has milward, else the one that is there. */
static const struct mta *find_mta(struct doctor *d)
{
	const struct mta *only = NULL;
	size_t n = 0;

	for (size_t i = 0; i < MTAS; i++) {
		const char *folder = d->config ? d->config : mtas[i].config;

		if (d->mta ? strcmp(d->mta, mtas[i].name) != 0 : !is_there(d, folder, mtas[i].file))
			continue;
		only = &mtas[i];
		n++;
	}
	for (size_t i = 0; n > 1 && i < MTAS; i++)
		if (is_there(d, d->config ? d->config : mtas[i].config, "milward"))
			return &mtas[i];
	return n == 1 ? only : NULL;
}

static int run_script(void *ctx)
{
	const struct call *c = ctx;

	execv(c->argv[0], (char *const *)(uintptr_t)c->argv);
	fprintf(stderr, "cannot run %s: %s\n", c->argv[0], strerror(errno));
	return 127;
}

void doctor_mta(struct doctor *d)
{
	const struct mta *mta = find_mta(d);
	const char *share = getenv("MILWARD_SETUP"), *said;
	struct call call = {.argv = {NULL}};
	size_t n = 0;

	if (!mta) {
		doctor_find(d, DOCTOR_ERROR, "mta", d->config ? d->config : "/etc", NULL,
			    "neither Postfix nor Sendmail is found, or both are: name one, and its folder with -c");
		return;
	}
	d->mta = mta->name;
	call.argv[n++] = doctor_text(d, "%s/%s/milward-%s", share && *share ? share : MW_SETUP_DIR "/..", mta->name, mta->name);
	call.argv[n++] = "check";
	call.argv[n++] = "--records";
	if (d->config) {
		call.argv[n++] = "-c";
		call.argv[n++] = d->config;
	}
	if (d->cf && strcmp(mta->name, "sendmail") == 0) {
		call.argv[n++] = "--cf";
		call.argv[n++] = d->cf;
	}
	if (d->programs && strcmp(mta->name, "sendmail") == 0) {
		call.argv[n++] = "--programs";
		call.argv[n++] = d->programs;
	}
	if (doctor_records(d, run_script, &call, &said) != 0)
		doctor_find(d, DOCTOR_ERROR, "mta", d->config ? d->config : mta->config, NULL, "%s cannot be looked at: %s",
			    mta->shown, *said ? said : "the look failed");
}
