/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal-test and seal-other: sealers for tests of milward-seal, compiled by them. What they seal is base64 of the octets with their bits
 * turned, so that a test can read it and nobody else would. The local part of a recipient says what happens.
 */
#include <milward/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef METHOD
#define METHOD "smime"
#define MODULE "seal-test"
#endif
#define TYPE "application/x-sealed-" METHOD

struct conf {
	const char *folder;
};

struct sealer {
	const struct mw_host *host;
	const struct conf *conf;
	bool unlocked;
};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct conf, folder, "folder", .flags = MW_REQUIRED),
    {.name = NULL},
};

static int sealer_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct sealer *s = calloc(1, sizeof(*s));

	(void)self;
	if (!s)
		return host->fail(err, -ENOMEM, "out of memory");
	s->host = host;
	s->conf = conf;
	*inst = s;
	return 0;
}

static int sealer_unlock(void *inst, struct mw_err *err)
{
	struct sealer *s = inst;
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/locked", s->conf->folder);
	if (access(path, F_OK) == 0)
		return s->host->fail(err, -EACCES, "the key cannot be read");
	s->unlocked = true;
	return 0;
}

static int sealer_able(void *inst, const char *recipient, int64_t now, struct mw_err *err)
{
	(void)inst, (void)recipient, (void)now, (void)err;
	return 1;
}

/* What only a process that was taken over would do: 0 when it could. */
static int try_evil(const char *how, const char *folder)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(25), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char path[600];
	int fd;

	if (strcmp(how, "write") == 0) {
		(void)snprintf(path, sizeof(path), "%s/evil", folder);
		return open(path, O_WRONLY | O_CREAT, 0600) >= 0 ? 0 : -errno;
	}
	if (strcmp(how, "read") == 0)
		return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : -errno;
	if (strcmp(how, "allowed") == 0) {
		(void)snprintf(path, sizeof(path), "%s/key", folder);
		return open(path, O_RDONLY) >= 0 ? 0 : -errno;
	}
	if (strcmp(how, "net") == 0) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		return fd >= 0 && connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0 ? 0 : -errno;
	}
	if (strcmp(how, "exec") == 0)
		return execl("/bin/true", "true", (char *)NULL);
	return fork() == 0 ? 0 : -errno;
}

static int misbehave(const struct sealer *s, const char *local, struct mw_err *err)
{
	if (strncmp(local, "nokey", 5) == 0) {
		(void)s->host->fail(err, -ENOENT, "its certificate expired 2026-01-02");
		return 0;
	}
	if (strncmp(local, "later", 5) == 0)
		return s->host->fail(err, -EAGAIN, "the directory does not answer");
	if (strncmp(local, "full", 4) == 0)
		return s->host->fail(err, -ENOSPC, "no room");
	if (strncmp(local, "crash", 5) == 0)
		abort();
	if (strncmp(local, "hang", 4) == 0)
		for (;;)
			(void)pause();
	if (strncmp(local, "slow", 4) == 0) {
		while (access(s->conf->folder, F_OK) == 0) {
			char path[600];

			(void)snprintf(path, sizeof(path), "%s/go", s->conf->folder);
			if (access(path, F_OK) == 0)
				break;
			(void)usleep(10000);
		}
	}
	if (strncmp(local, "evil-", 5) == 0) {
		char how[20];
		int r;

		(void)snprintf(how, sizeof(how), "%.*s", (int)strcspn(local + 5, "@"), local + 5);
		r = try_evil(how, s->conf->folder);
		return s->host->fail(err, -EPERM, "%s: %s", how, r == 0 ? "could" : strerror(-r));
	}
	return 1;
}

static int convert(int in, int out, bool encode)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	FILE *f = fdopen(dup(in), "rb"), *g = fdopen(dup(out), "wb");
	unsigned line = 0, bits = 0, have = 0;
	int c;

	if (!f || !g)
		return -EIO;
	while ((c = getc(f)) != EOF) {
		if (encode) {
			bits = bits << 8 | ((unsigned)c ^ 0x2au);
			have += 8;
			for (; have >= 6; have -= 6)
				(void)putc(set[(bits >> (have - 6)) & 63], g);
			if (++line % 54 == 0)
				(void)fputs("\r\n", g);
		} else {
			const char *at = c ? strchr(set, c) : NULL;

			if (!at)
				continue;
			bits = bits << 6 | (unsigned)(at - set);
			have += 6;
			if (have >= 8) {
				have -= 8;
				(void)putc((int)((bits >> have) & 255) ^ 0x2a, g);
			}
		}
	}
	if (encode && have)
		(void)putc(set[(bits << (6 - have)) & 63], g);
	if (encode)
		(void)fputs("\r\n", g);
	(void)fclose(f);
	return fclose(g) == 0 ? 0 : -errno;
}

static int sealer_seal(void *inst, const struct mw_seal_work *w, struct mw_err *err)
{
	static const char head[] = "Content-Type: " TYPE "; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\n";
	const struct sealer *s = inst;
	int r = misbehave(s, w->recipient, err);

	if (r <= 0)
		return r;
	if (strncmp(w->recipient, "raw", 3) == 0) /* what must never leave: the entity as it is */
		return write(w->out, "Content-Type: text/plain\r\n\r\na\nb\r\n", 34) == 34 ? 1 : -EIO;
	if (write(w->out, head, sizeof(head) - 1) != (ssize_t)sizeof(head) - 1)
		return s->host->fail(err, -errno, "cannot write: %s", strerror(errno));
	if (w->made) {
		(void)snprintf(w->made->key, sizeof(w->made->key), "%s", "5ea1ed");
		(void)snprintf(w->made->signer, sizeof(w->made->signer), "%s", "516ed");
	}
	r = convert(w->in, w->out, true);
	return r < 0 ? s->host->fail(err, r, "cannot write: %s", strerror(-r)) : 1;
}

/* The header of the entity, from its start. */
static size_t read_head(int in, char *p, size_t size)
{
	ssize_t n = pread(in, p, size - 1, 0);
	char *end;

	p[n > 0 ? n : 0] = '\0';
	end = strstr(p, "\r\n\r\n");
	return end ? (size_t)(end - p) + 4 : 0;
}

static int sealer_unseal(void *inst, const struct mw_seal_work *w, struct mw_opened *found, struct mw_err *err)
{
	static char key[] = METHOD " key";
	const struct sealer *s = inst;
	char head[4096];
	size_t n = read_head(w->in, head, sizeof(head));
	bool is_signed = n && strstr(head, "application/x-signed-" METHOD) != NULL;
	int r;

	if (!n || (!strstr(head, TYPE) && !is_signed)) {
		(void)s->host->fail(err, -ENOENT, "not for it");
		return 0;
	}
	if (strncmp(w->recipient, "nokey", 5) == 0) {
		(void)s->host->fail(err, -ENOENT, "encrypted to another (key)");
		return 0;
	}
	if (strncmp(w->recipient, "crash", 5) == 0)
		abort();
	(void)lseek(w->in, (off_t)n, SEEK_SET);
	r = convert(w->in, w->out, false);
	if (r < 0)
		return r;
	found->decrypted = !is_signed;
	if (is_signed) {
		found->signature = MW_SIGNATURE_GOOD;
		(void)snprintf(found->signer, sizeof(found->signer), "carol@out.test");
		found->keep = (struct mw_str){.p = key, .n = sizeof(key) - 1};
	}
	return 1;
}

static int sealer_keep(void *inst, struct mw_str key, struct mw_err *err)
{
	const struct sealer *s = inst;
	char path[600];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/kept", s->conf->folder);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || write(fd, key.p, key.n) != (ssize_t)key.n)
		return s->host->fail(err, -EIO, "cannot write");
	return close(fd);
}

static void sealer_close(void *inst)
{
	free(inst);
}

static const struct mw_sealer sealer = {.method = METHOD,
					.able = sealer_able,
					.unlock = sealer_unlock,
					.seal = sealer_seal,
					.unseal = sealer_unseal,
					.keep = sealer_keep};

MW_PLUGIN(test, MODULE, .kind = MW_KIND_SEALER, .version = "1.0", .summary = "for tests", .licence = "Apache-2.0",
	  .powers = MW_POWER_KEYS | MW_POWER_STORE, .options = options, .conf_size = sizeof(struct conf), .sealer = &sealer,
	  .hooks = {.open = sealer_open, .close = sealer_close});
