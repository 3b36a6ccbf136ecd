/* SPDX-License-Identifier: Apache-2.0 */
/* hint: signs in octets that another reader makes something else of them. Pure over (pointer, length), linear. Internal to src/mail. */
#ifndef MW_MAIL_HINT_H
#define MW_MAIL_HINT_H

#include <stddef.h>

#include <milward/plugin.h>

/* Is there a CR before no LF, or a NUL? */
bool mw_hint_odd(struct mw_str);
/* Does a line begin with the boundary that the label names, though it is no multipart? */
bool mw_hint_boundary(struct mw_str, const char *boundary);
/* Is there a field of MIME where no part is? Its boundary line is damaged or lost, and some readers show a part all the same. */
bool mw_hint_field(struct mw_str);
/* Octets of the empty lines at the start, when fields follow, and one of MIME's among them. */
size_t mw_hint_empty_lines(struct mw_str);

#endif
