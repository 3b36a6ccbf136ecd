/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_file: loads a built dkim module as the daemon does, signs one message and prints it with its signatures. For
 * tests/module/dkim.t, which has an independent verifier look at them.
 *
 *   sign_file MODULE.so [NAME=VALUE]… <MESSAGE >SIGNED
 * NAME=VALUE are options of the module; piece=N gives the body in pieces of N octets; client=ADDRESS. Logs go to stderr.
 */
#include "../../tests/unit/fakehost.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *slurp(FILE *f, size_t *n)
{
	size_t room = 1 << 16;
	char *p = malloc(room + 1);

	*n = 0;
	while (p) {
		size_t got = fread(p + *n, 1, room - *n, f);

		*n += got;
		if (got == 0)
			break;
		if (*n == room) {
			char *more = realloc(p, 2 * room + 1);

			if (!more) {
				free(p);
				return NULL;
			}
			p = more;
			room *= 2;
		}
	}
	if (p)
		p[*n] = '\0';
	return p;
}

static void options(const struct mw_plugin *plugin, char *conf, struct mw_msg *msg, int argc, char **argv)
{
	fh_opts(plugin->options, conf);
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(argv[i], "piece") == 0)
			msg->piece = strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "client") == 0)
			msg->envelope.client_addr = fh_str(value);
		else
			fh_opt(plugin->options, conf, argv[i], value);
	}
}

static int run(const struct mw_plugin *plugin, struct mw_self *self, const void *conf, struct mw_msg *msg)
{
	static const struct mw_order order = {.rcpt = MW_ALL};
	struct mw_err err = {0};
	void *inst = NULL, *tx = NULL;
	int r = plugin->hooks.open(fh_host(), self, conf, &inst, &err);

	if (r == 0)
		r = plugin->hooks.begin(inst, msg, &tx, &err);
	if (r == 0)
		r = plugin->hooks.see(inst, tx, msg, MW_SEE_MESSAGE, NULL, 0, &err);
	if (r == 0)
		r = plugin->hooks.act(inst, tx, msg, &order, &err);
	if (r < 0)
		fprintf(stderr, "error %s\n", err.text);
	fprintf(stderr, "signatures %d reason \"%s\"\n", (int)msg->fact[0].number, msg->fact[1].text);
	for (size_t i = 0; i < self->lines; i++)
		fprintf(stderr, "log %s\n", self->line[i]);
	plugin->hooks.close(inst);
	return r;
}

static void print(const struct mw_msg *msg)
{
	for (size_t i = 0; i < msg->fields; i++) {
		const struct mw_field *f = &msg->field[i];

		fwrite(f->name.p, 1, f->name.n, stdout);
		putchar(':');
		for (size_t k = 0; k < f->value.n; k++) {
			if (f->value.p[k] == '\n' && (k == 0 || f->value.p[k - 1] != '\r'))
				putchar('\r');
			putchar(f->value.p[k]);
		}
		fputs("\r\n", stdout);
	}
	fputs("\r\n", stdout);
	fwrite(msg->body.p, 1, msg->body.n, stdout);
	/* As the MTA would end the last line. */
	if (msg->body.n && msg->body.p[msg->body.n - 1] != '\n')
		fputs("\r\n", stdout);
}

int main(int argc, char **argv)
{
	static struct mw_self self;
	static struct mw_msg msg;
	const struct mw_plugin *plugin;
	char *text, *body;
	void *conf, *file;
	size_t n;
	int r;

	file = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	plugin = file ? dlsym(file, "mw_plugin") : NULL;
	text = plugin ? slurp(stdin, &n) : NULL;
	body = text ? strstr(text, "\r\n\r\n") : NULL;
	conf = plugin ? calloc(1, plugin->conf_size) : NULL;
	if (!body || !conf) {
		fprintf(stderr, "usage: sign_file MODULE.so [NAME=VALUE]... <MESSAGE: %s\n", file ? "no empty line" : dlerror());
		return 2;
	}
	fh_self(&self, plugin);
	fh_msg(&msg);
	msg.envelope.client_addr = fh_str("127.0.0.1");
	options(plugin, conf, &msg, argc - 2, argv + 2);
	msg.body = (struct mw_str){.p = body + 4, .n = n - (size_t)(body + 4 - text)};
	body[2] = '\0';
	fh_header(&msg, text);
	r = run(plugin, &self, conf, &msg);
	if (r == 0)
		print(&msg);
	fh_msg_reset(&msg);
	fh_opts_free();
	free(conf);
	free(text);
	return r == 0 ? 0 : 1;
}
