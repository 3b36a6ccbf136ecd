/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noop_milter SOCKET: the cheapest milter that still sees a whole message: it asks for envelope, header and body, wants no
 * reply in between, and accepts at the end. What milward costs beyond it is milward's own.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static sfsistat noop_mail(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_NOREPLY;
}

static sfsistat noop_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return SMFIS_NOREPLY;
}

static sfsistat noop_body(SMFICTX *ctx, unsigned char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return SMFIS_NOREPLY;
}

static sfsistat noop_eom(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat noop_negotiate(SMFICTX *ctx, unsigned long a, unsigned long offered, unsigned long c, unsigned long d,
			       unsigned long *ra, unsigned long *rp, unsigned long *rc, unsigned long *rd)
{
	const unsigned long want = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NR_MAIL |
				   SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_BODY;

	(void)ctx;
	(void)a;
	(void)c;
	(void)d;
	*ra = 0;
	*rp = want & offered;
	*rc = 0;
	*rd = 0;
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	struct smfiDesc desc = {.xxfi_name = "noop",
				.xxfi_version = SMFI_VERSION,
				.xxfi_envfrom = noop_mail,
				.xxfi_envrcpt = noop_mail,
				.xxfi_header = noop_header,
				.xxfi_body = noop_body,
				.xxfi_eom = noop_eom,
				.xxfi_negotiate = noop_negotiate};

	if (argc != 2) {
		fprintf(stderr, "usage: noop_milter unix:PATH\n");
		return 64;
	}
	umask(0);
	if (smfi_setconn(argv[1]) != MI_SUCCESS || smfi_register(desc) != MI_SUCCESS || smfi_opensocket(1) != MI_SUCCESS) {
		fprintf(stderr, "noop_milter: cannot listen on %s\n", argv[1]);
		return 69;
	}
	return smfi_main() == MI_SUCCESS ? 0 : 70;
}
