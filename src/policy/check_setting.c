/* SPDX-License-Identifier: Apache-2.0 */
/* `listen`, `mode`, `limit`. */
#include "policy/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* Said twice: is it? Then at the second place. */
static bool is_twice(struct mw_checker *c, const struct mw_tokens *tokens, const char *what)
{
	if (tokens->n > 1)
		mw_check_error(c, tokens->v[1].place, mw_check_first_at(c, tokens->v[0].place), "\"%s\" is given twice", what);
	return tokens->n > 1;
}

/* What is wrong with a socket, NULL when nothing is. */
static const char *wrong_unix(const char *path)
{
	struct sockaddr_un sun;

	if (path[0] != '/')
		return "the path of the socket must begin with \"/\"";
	return strlen(path) < sizeof(sun.sun_path) ? NULL : "the path of the socket is too long for the system";
}

static const char *wrong_inet(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || port < 1 || port > 65535 || (*end != '@' && *end != '\0'))
		return "a port number from 1 to 65535, then @ and a host";
	return *end == '@' && end[1] == '\0' ? "the host behind @ is missing" : NULL;
}

static void check_listen(struct mw_checker *c)
{
	const struct mw_tokens *listens = &c->ast->listens;
	const char *text, *wrong;

	if (is_twice(c, listens, "listen") || listens->n == 0)
		return;
	text = listens->v[0].text;
	c->plan->listen = text;
	c->plan->listen_place = listens->v[0].place;
	if (text[0] == '/') {
		c->plan->listen = mw_arena_printf(c->arena, "unix:%s", text);
		c->diags->no_memory = c->diags->no_memory || !c->plan->listen;
		wrong = wrong_unix(text);
	} else if (strncmp(text, "unix:", 5) == 0) {
		wrong = wrong_unix(text + 5);
	} else if (strncmp(text, "inet:", 5) == 0) {
		wrong = wrong_inet(text + 5);
	} else if (strncmp(text, "inet6:", 6) == 0) {
		wrong = wrong_inet(text + 6);
	} else {
		wrong = "write unix:/run/milward/x.sock or inet:8891@localhost";
	}
	if (wrong)
		mw_check_error(c, listens->v[0].place, wrong, "bad socket \"%s\"", text);
}

static void check_mode(struct mw_checker *c)
{
	static const char *const words[] = {"observe", "enforce", NULL};
	const struct mw_tokens *modes = &c->ast->modes;
	const struct mw_token *t = modes->n ? &modes->v[0] : NULL;

	if (is_twice(c, modes, "mode") || !t)
		return;
	c->plan->observe = strcmp(t->text, "observe") == 0;
	if (!c->plan->observe && strcmp(t->text, "enforce") != 0) {
		const char *hint = mw_diag_did_you_mean(c->diags, t->text, words);

		mw_check_error(c, t->place, hint ? hint : "observe or enforce", "unknown mode \"%s\"", t->text);
	}
}

static void unknown_limit(struct mw_checker *c, const struct mw_token *t)
{
	struct mw_names names = {0};

	for (size_t i = 0; i < MW_LIMITS; i++)
		mw_names_add(c, &names, mw_limit_rows[i].name);
	mw_check_error(c, t->place, mw_check_suggest(c, t->text, &names), "unknown limit \"%s\"", t->text);
}

static void check_limit(struct mw_checker *c, const struct mw_ast_limit *limit, bool *given)
{
	const struct mw_limit_row *row = mw_limit_rows;
	int64_t value = limit->value.number;
	size_t i = 0;

	while (i < MW_LIMITS && strcmp(row[i].name, limit->name.text) != 0)
		i++;
	if (i == MW_LIMITS) {
		unknown_limit(c, &limit->name);
		return;
	}
	if (given[i])
		mw_check_error(c, limit->name.place, NULL, "the limit \"%s\" is set twice", row[i].name);
	given[i] = true;
	if (value < 0 || (uint64_t)value < row[i].min || (uint64_t)value > row[i].max)
		mw_check_error(c, limit->value.place, row[i].help, "the limit \"%s\" must be between %llu and %llu", row[i].name,
			       (unsigned long long)row[i].min, (unsigned long long)row[i].max);
	else
		c->plan->limits.max[i] = (uint64_t)value;
}

void mw_check_settings(struct mw_checker *c)
{
	bool given[MW_LIMITS] = {false};

	check_listen(c);
	check_mode(c);
	c->plan->limits = mw_limits_default();
	for (size_t i = 0; i < c->ast->limits.n; i++)
		check_limit(c, &c->ast->limits.v[i], given);
}
