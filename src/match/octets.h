/* SPDX-License-Identifier: Apache-2.0 */
/* octets: sets of octets (struct mw_octets of plugin.h). */
#ifndef MW_MATCH_OCTETS_H
#define MW_MATCH_OCTETS_H

#include "base/str.h"

#define MW_OCTETS_ALL ((struct mw_octets){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}})
/* What begins or goes on in a character beyond ASCII. */
#define MW_OCTETS_WIDE ((struct mw_octets){{0, 0, UINT64_MAX, UINT64_MAX}})

static inline void mw_octets_put(struct mw_octets *o, unsigned c)
{
	o->bit[c / 64 & 3] |= 1ull << (c % 64);
}

static inline bool mw_octets_has(const struct mw_octets *o, unsigned c)
{
	return o->bit[c / 64 & 3] >> (c % 64) & 1;
}

static inline struct mw_octets mw_octets_or(struct mw_octets a, struct mw_octets b)
{
	return (struct mw_octets){{a.bit[0] | b.bit[0], a.bit[1] | b.bit[1], a.bit[2] | b.bit[2], a.bit[3] | b.bit[3]}};
}

static inline struct mw_octets mw_octets_and(struct mw_octets a, struct mw_octets b)
{
	return (struct mw_octets){{a.bit[0] & b.bit[0], a.bit[1] & b.bit[1], a.bit[2] & b.bit[2], a.bit[3] & b.bit[3]}};
}

static inline struct mw_octets mw_octets_not(struct mw_octets a)
{
	return (struct mw_octets){{~a.bit[0], ~a.bit[1], ~a.bit[2], ~a.bit[3]}};
}

static inline bool mw_octets_none(struct mw_octets a)
{
	return !(a.bit[0] | a.bit[1] | a.bit[2] | a.bit[3]);
}

static inline bool mw_octets_meet(struct mw_octets a, struct mw_octets b)
{
	return !mw_octets_none(mw_octets_and(a, b));
}

static inline bool mw_octets_within(struct mw_octets a, struct mw_octets b)
{
	return !mw_octets_meet(a, mw_octets_not(b));
}

static inline bool mw_octets_same(struct mw_octets a, struct mw_octets b)
{
	return a.bit[0] == b.bit[0] && a.bit[1] == b.bit[1] && a.bit[2] == b.bit[2] && a.bit[3] == b.bit[3];
}

#endif
