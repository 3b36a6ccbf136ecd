/* SPDX-License-Identifier: Apache-2.0 */
/* dest: where mail goes, as Postfix names it: "clinic.example", "clinic.example:587", "[mx.clinic.example]", "[192.0.2.1]:25". */
#ifndef MW_LOOKUP_DEST_H
#define MW_LOOKUP_DEST_H

#include "dns/packet.h"

struct mw_dest {
	bool host;    /* in brackets: a host, whose MX records nobody asks */
	bool literal; /* an address: there is no name that a certificate or DNS could prove */
	unsigned port;
	char name[MW_DNS_NAME_MAX + 1]; /* small letters, no dot at its end; of a literal the words inside of the brackets */
	char key[MW_DNS_NAME_MAX + 9];	/* all of it in one way to write it: port 25 is left out */
};

/* Names in UTF-8 become A-labels. false: no destination, such as the ".example" by which Postfix asks for what a table has for all subdomains. */
bool mw_dest_parse(struct mw_str text, struct mw_dest *ret);

#endif
