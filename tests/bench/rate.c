/* SPDX-License-Identifier: Apache-2.0 */
#include "rate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 5u
#define SECONDS 0.4

struct run {
	rate_fn way;
	void *ctx;
	atomic_bool stop;
	atomic_ulong count;
};

static void die(const char *what)
{
	fprintf(stderr, "rate: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *work(void *arg)
{
	struct run *run = arg;
	unsigned long count = 0;

	for (; !atomic_load(&run->stop); count++)
		run->way(run->ctx);
	atomic_fetch_add(&run->count, count);
	return NULL;
}

static double rate(rate_fn way, void *ctx, unsigned threads)
{
	struct run run = {.way = way, .ctx = ctx};
	pthread_t *thread = calloc(threads, sizeof(*thread));
	double begin = now();

	if (!thread)
		die("no memory");
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, &run) != 0)
			die("no thread");
	while (now() - begin < SECONDS)
		(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	atomic_store(&run.stop, true);
	for (unsigned i = 0; i < threads; i++)
		(void)pthread_join(thread[i], NULL);
	free(thread);
	return (double)atomic_load(&run.count) / (now() - begin);
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void rate_measure(const rate_fn *way, size_t ways, void *ctx, unsigned threads, double *ret)
{
	double *result = calloc(ways * ROUNDS, sizeof(*result));

	if (!result)
		die("no memory");
	for (unsigned r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < ways; i++)
			result[i * ROUNDS + r] = rate(way[i], ctx, threads);
	for (size_t i = 0; i < ways; i++) {
		qsort(result + i * ROUNDS, ROUNDS, sizeof(*result), order);
		ret[i] = result[i * ROUNDS + ROUNDS / 2];
	}
	free(result);
}
