/* SPDX-License-Identifier: Apache-2.0 */
/* macfile: the wrappings in which a Macintosh sends the two forks of a file: BinHex 4.0 (RFC 1741), AppleSingle and AppleDouble (RFC 1740),
 * MacBinary. Pure over (pointer, length), linear, never fails on input. */
#ifndef MW_MAIL_MACFILE_H
#define MW_MAIL_MACFILE_H

#include <stdint.h>

#include "base/buf.h"
#include <milward/plugin.h>

struct mw_macfile {
	struct mw_str name, comment; /* Mac Roman as a rule; "" when none */
	struct mw_str data;	     /* what other systems call the file */
	struct mw_str resource;	     /* icons, previews, fonts; old text clippings have their text there */
	bool whole;		     /* all octets that it says it has are there */
};

/* Is this BinHex text? Then its octets are appended, at most max. 0; -EINVAL: it is not; -EFBIG (the first max are there), -ENOMEM. */
int mw_binhex_decode(struct mw_str text, uint64_t max, struct mw_buf *out);
/* Octets of the whole stream, by its first 300; 0: it is none. */
uint64_t mw_binhex_size(struct mw_str octets);
/* What a decoded BinHex stream holds. False: none. */
bool mw_binhex_read(struct mw_str octets, struct mw_macfile *);
/* AppleSingle, AppleDouble, MacBinary. False: none of them. */
bool mw_macfile_read(struct mw_str octets, struct mw_macfile *);

#endif
