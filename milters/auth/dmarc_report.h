/* SPDX-License-Identifier: Apache-2.0 */
/* dmarc_report: `milwardctl dmarc report`, which makes aggregate reports of what `report dmarc` has noted, and tells to whom they go. */
#ifndef MW_AUTH_DMARC_REPORT_H
#define MW_AUTH_DMARC_REPORT_H

#include <milward/plugin.h>

#define MW_DMARC_REPORT_ARGS                                                                                                     \
	"report --org NAME --email ADDRESS [--day D] [--domain D] [--data DIR] [--records FILE|--lookup SOCKET] [--gzip] DIR"
/* As mw_command.run. */
int mw_dmarc_report_command(const struct mw_host *, const void *conf, int argc, char **argv);

#endif
