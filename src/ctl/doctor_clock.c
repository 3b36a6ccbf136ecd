/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_clock: does the kernel know that its clock is right? */
#include "ctl/doctor.h"

#include <sys/timex.h>

void doctor_clock(struct doctor *d)
{
	struct timex t = {.modes = 0}; /* asks, and sets nothing */
	int state = adjtimex(&t);

	if (state < 0 || state == TIME_ERROR || t.status & STA_UNSYNC)
		doctor_find(d, DOCTOR_WARNING, "clock", "adjtimex(2)", "timedatectl set-ntp true",
			    "the clock is not set by NTP: consents, certificates and records go by it");
}
