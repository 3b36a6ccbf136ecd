/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spf_ask ZONEFILE: reads lines "CLIENT TAB HELO TAB SENDER" and answers each with a line "WORD TAB EXPLANATION TAB WHY TAB LOOKUPS", by
 * milters/auth over the records of the file (milters/auth/zone.h). Octets in SENDER are as they are.
 */
#include "spf.h"
#include "zone.h"

#include <stdio.h>
#include <string.h>

static struct mw_str str(const char *s)
{
	return (struct mw_str){s, strlen(s)};
}

static int answer(const struct mw_resolver *resolver, char *line)
{
	char *helo = strchr(line, '\t'), *sender = helo ? strchr(helo + 1, '\t') : NULL, *at;
	struct mw_auth_mail mail = {.receiver = "unknown", .now = 1700000000};
	struct mw_spf_result result;

	if (!sender)
		return 1;
	*helo++ = '\0';
	*sender++ = '\0';
	sender[strcspn(sender, "\n")] = '\0';
	at = strrchr(sender, '@');
	mail.client = str(line);
	mail.helo = str(helo);
	mail.sender = str(sender);
	mail.sender_domain = str(at ? at + 1 : sender);
	mw_spf_want(&mail, resolver);
	if (mw_spf_check(&mail, resolver, MW_SPF_MAILFROM, NULL, &result))
		return 1;
	(void)printf("%s\t%s\t%s\t%u\n", mw_auth_word(result.word), result.explanation, result.why, result.lookups);
	return 0;
}

int main(int argc, char **argv)
{
	struct mw_zonefile *zone = NULL;
	struct mw_resolver resolver;
	struct mw_err err = {0};
	char line[65536];
	int r = 0;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: spf_ask ZONEFILE\n");
		return 2;
	}
	if (mw_zonefile_read(argv[1], &zone, &err)) {
		(void)fprintf(stderr, "spf_ask: %s\n", err.text);
		return 2;
	}
	resolver = mw_zonefile_resolver(zone);
	while (r == 0 && fgets(line, sizeof(line), stdin))
		r = answer(&resolver, line);
	mw_zonefile_free(&zone);
	return r;
}
