/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the monotonic clock in milliseconds and nanoseconds, and conditions that wait by it. */
#ifndef MW_BASE_CLOCK_H
#define MW_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

static inline int64_t mw_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t mw_clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* For pthread_cond_timedwait() on a condition of mw_clock_cond(). */
static inline struct timespec mw_clock_at(int64_t ms)
{
	return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

static inline struct timespec mw_clock_after(int64_t ms)
{
	return mw_clock_at(mw_clock_ms() + ms);
}

/* 0 or an errno value, as pthread_cond_init(). */
static inline int mw_clock_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int err = pthread_condattr_init(&attr);

	if (err)
		return err;
	err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!err)
		err = pthread_cond_init(cond, &attr);
	(void)pthread_condattr_destroy(&attr);
	return err;
}

#endif
