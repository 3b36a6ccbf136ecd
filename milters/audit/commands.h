/* SPDX-License-Identifier: Apache-2.0 */
/* commands: `milwardctl audit verify|show|export|report`. Exit status: 0 done (verify: intact), 1 not, 2 wrong usage. */
#ifndef MW_AUDIT_COMMANDS_H
#define MW_AUDIT_COMMANDS_H

#include <milward/plugin.h>

/* The module's options, as the policy has them. */
struct mw_audit_conf {
	const char *path, *key;
	bool sync;
	int64_t checkpoint;
};

/* The i-th file of records that the policy names: the module's own first, then those of milward-seal and the portal. NULL past the end. */
const char *mw_audit_file_of(const struct mw_host *, const struct mw_audit_conf *, size_t i, const char **key);

/* struct mw_command's run. FILE and --key default to what the policy says. */
int mw_audit_verify_command(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_audit_show_command(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_audit_export_command(const struct mw_host *, const void *conf, int argc, char **argv);
/* `milwardctl report`: a month as numbers. */
int mw_audit_report_command(const struct mw_host *, const void *conf, int argc, char **argv);
/* Is the end of the chain there? For milwardctl doctor; argv[1]: the policy. */
int mw_audit_doctor_command(const struct mw_host *, const void *conf, int argc, char **argv);

#endif
