/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/connection.h"

#include "portal/field.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct mw_connection {
	struct mw_connection *next, **link;
	int fd;
	int64_t until;
	char client[MW_FIELD_CLIENT]; /* "": no request is counted */
};

struct mw_connections {
	pthread_mutex_t lock;
	struct mw_connection *first;
};

struct mw_connections *mw_connections_new(void)
{
	struct mw_connections *all = calloc(1, sizeof(*all));

	if (all)
		(void)pthread_mutex_init(&all->lock, NULL);
	return all;
}

void mw_connections_free(struct mw_connections **p)
{
	if (!*p)
		return;
	(void)pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

struct mw_connection *mw_connection_add(struct mw_connections *all, int fd, int64_t until)
{
	struct mw_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->until = until;
	(void)pthread_mutex_lock(&all->lock);
	c->next = all->first;
	c->link = &all->first;
	if (c->next)
		c->next->link = &c->next;
	all->first = c;
	(void)pthread_mutex_unlock(&all->lock);
	return c;
}

void mw_connection_remove(struct mw_connections *all, struct mw_connection *c)
{
	if (!c)
		return;
	(void)pthread_mutex_lock(&all->lock);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	(void)pthread_mutex_unlock(&all->lock);
	free(c);
}

void mw_connection_until(struct mw_connections *all, struct mw_connection *c, int64_t until)
{
	if (!c)
		return;
	(void)pthread_mutex_lock(&all->lock);
	c->until = until;
	(void)pthread_mutex_unlock(&all->lock);
}

/* The server closes it when it sees that: the descriptor stays the server's. */
size_t mw_connections_cut(struct mw_connections *all, int64_t now)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&all->lock);
	for (struct mw_connection *c = all->first; c; c = c->next)
		if (c->until && c->until <= now) {
			(void)shutdown(c->fd, SHUT_RDWR);
			c->until = 0;
			n++;
		}
	(void)pthread_mutex_unlock(&all->lock);
	return n;
}

bool mw_connection_enter(struct mw_connections *all, struct mw_connection *c, const char *client, unsigned most)
{
	unsigned n = 0;

	if (!c || !*client)
		return true;
	(void)pthread_mutex_lock(&all->lock);
	for (const struct mw_connection *other = all->first; other; other = other->next)
		n += strcmp(other->client, client) == 0;
	if (n < most)
		(void)snprintf(c->client, sizeof(c->client), "%s", client);
	(void)pthread_mutex_unlock(&all->lock);
	return n < most;
}

void mw_connection_leave(struct mw_connections *all, struct mw_connection *c)
{
	if (!c)
		return;
	(void)pthread_mutex_lock(&all->lock);
	c->client[0] = '\0';
	(void)pthread_mutex_unlock(&all->lock);
}
