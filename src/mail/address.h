/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address: envelope addresses as MTAs hand them to a milter (RFC 5321 4.1.2, RFC 6531), and whether one may be tagged.
 * Pure over (pointer, length).
 */
#ifndef MW_MAIL_ADDRESS_H
#define MW_MAIL_ADDRESS_H

#include "base/arena.h"
#include <milward/plugin.h>

#define MW_DOMAIN_MAX 253 /* octets of a domain name in text, RFC 1035 2.3.4 less the length and root octets */
#define MW_TAG_ROOM 20	  /* octets kept free for ".mw-XXXXXX.invalid" */

/* Splits "arg" (with or without <>, as the client wrote it) into rcpt: arg, address, local, domain (lower case), form; all are
 * copies in the arena. notify, orcpt and internal are left alone. 0 or -ENOMEM; an address that does not parse gets form
 * MW_ADDR_BAD. The null sender "<>" has an empty address and, as no recipient may look like that, the form MW_ADDR_BAD. */
int mw_address_parse(struct mw_arena *, struct mw_str arg, struct mw_rcpt *rcpt);
/* Does what the MTA resolved (macro {rcpt_addr}; "" = not known, and then nothing changes) agree with the address as written?
 * Sets the form MW_ADDR_MTA_DIFFERS when a plain one does not. Case and quotes that change no meaning are ignored, because
 * Postfix folds the one and normalises the other. */
void mw_address_confirm(struct mw_rcpt *, struct mw_str mta_addr);
/* The same, where all that the MTA says is the name of a user of its own machine. "" = some user: it never agrees. */
void mw_address_confirm_user(struct mw_rcpt *, struct mw_str user);
/* Name of a form for people: "source route". */
const char *mw_address_form_name(uint32_t form);
/* Is the domain one of milward's own tag domains (.mw-NAME.invalid), in any case, with or without a final dot? Given a whole
 * address: is one named anywhere, also where an MTA would find it only after rewriting (source route, a%b@c, "a@b"@c)? */
bool mw_address_is_tag(struct mw_str domain_or_address);
/* xtext of RFC 3461 4: '+', '=' and all outside 33..126 as +XX. NULL = no memory. */
char *mw_address_xtext(struct mw_arena *, struct mw_str);

#endif
