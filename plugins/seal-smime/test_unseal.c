/* SPDX-License-Identifier: Apache-2.0 */
/* What the openssl command and others have made is opened, and what somebody has tampered with is not taken for good. */
#include "harvest.h"
#include "testpki.h"

#include "tests/unit/fakehost.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/cms.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define ENTITY "Content-Type: text/plain\r\nSubject: a secret\r\n\r\nhello\r\n"
#define ATTIME "-attime 1790000000"

static struct pki_cert root, alice, mallory;

static int setup(void **state)
{
	struct pki_cert c;

	(void)state;
	(void)pki_begin();
	pki_folder("keys");
	pki_folder("store");
	root = pki_make(NULL, &(struct pki_how){.ca = true, .from = -3000, .until = 3000});
	pki_write_one("anchors.pem", NULL, root.x);
	c = pki_make(&root, &(struct pki_how){.email = "site@clinic.example"});
	pki_write_one("keys/rsa.pem", c.key, c.x);
	pki_write_one("rsa.pem", NULL, c.x);
	pki_free(&c);
	c = pki_make(&root, &(struct pki_how){.email = "site@clinic.example", .key = PKI_P256});
	pki_write_one("keys/ec.pem", c.key, c.x);
	pki_write_one("ec.pem", NULL, c.x);
	pki_free(&c);
	c = pki_make(&root, &(struct pki_how){.email = "other@clinic.example", .key = PKI_P384});
	pki_write_one("other.pem", NULL, c.x);
	pki_free(&c);
	alice = pki_make(&root, &(struct pki_how){.email = "alice@x.example"});
	pki_write_one("alice.pem", alice.key, alice.x);
	mallory = pki_make(NULL, &(struct pki_how){.email = "alice@x.example"});
	pki_write_one("mallory.pem", mallory.key, mallory.x);
	pki_write_text("in", ENTITY, sizeof(ENTITY) - 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_free(&root);
	pki_free(&alice);
	pki_free(&mallory);
	pki_end();
	return 0;
}

static void open_site(struct pki_module *m)
{
	assert_int_equal(
	    pki_open(m, "keys", pki_path("keys"), "store", pki_path("store"), "anchors", pki_path("anchors.pem"), NULL), 0);
}

static int unseal_from(struct pki_module *m, const char *sender, struct mw_opened *o)
{
	struct mw_seal_work w = {.in = open(pki_path("mail"), O_RDONLY),
				 .out = open(pki_path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600),
				 .sender = sender,
				 .recipient = "site@clinic.example",
				 .now = PKI_NOW};
	int r;

	assert_true(w.in >= 0 && w.out >= 0);
	*o = (struct mw_opened){.decrypted = false};
	m->err = (struct mw_err){0};
	r = m->plugin->sealer->unseal(m->smime, &w, o, &m->err);
	(void)close(w.in);
	(void)close(w.out);
	return r;
}

static int unseal(struct pki_module *m, struct mw_opened *o)
{
	return unseal_from(m, "alice@x.example", o);
}

/* The openssl command writes lines that end with LF, with MIME-Version and a text; mail has CRLF. */
static void make(const char *command)
{
	if (pki_run("%s > raw 2>err && sed -e 's/\\r$//' -e 's/$/\\r/' raw > mail", command))
		fail_msg("%s", command);
}

static void assert_opened(struct pki_module *m, const char *sender, bool decrypted, enum mw_signature signature, const char *why)
{
	struct mw_opened o;
	int r = unseal_from(m, sender, &o);

	if (r != 1)
		fail_msg("not opened: %s", m->err.text);
	assert_int_equal(o.decrypted, decrypted);
	if (o.signature != (uint32_t)signature || !strstr(o.why, why) || (!*why && o.why[0]))
		fail_msg("signature %u: %s", (unsigned)o.signature, o.why);
	assert_int_equal(strcasecmp(o.signer, signature == MW_SIGNATURE_GOOD ? "alice@x.example" : ""), 0);
	assert_int_equal(o.keep.n != 0, signature == MW_SIGNATURE_GOOD);
}

static void assert_refused(struct pki_module *m, const char *why)
{
	struct mw_opened o;
	int r = unseal(m, &o);

	if (r != 0 || !strstr(m->err.text, why))
		fail_msg("%d: \"%s\" is not in \"%s\"", r, why, m->err.text);
}

static void test_encrypted(void **state)
{
	static const char *const command[] = {
	    "openssl cms -encrypt -aes256 -in in rsa.pem",
	    "openssl cms -encrypt -aes128 -in in other.pem rsa.pem",
	    "openssl cms -encrypt -des3 -in in -stream rsa.pem",
	    "openssl cms -encrypt -aes-256-cbc -in in -recip ec.pem -keyopt ecdh_kdf_md:sha256",
	    "openssl cms -encrypt -aes-256-gcm -in in -recip rsa.pem -keyopt rsa_padding_mode:oaep",
	    "openssl cms -encrypt -aes-128-gcm -stream -in in -recip ec.pem",
	};
	struct pki_module m;

	(void)state;
	open_site(&m);
	for (size_t i = 0; i < sizeof(command) / sizeof(*command); i++) {
		make(command[i]);
		assert_opened(&m, "", true, MW_UNSIGNED, strstr(command[i], "gcm") ? "" : "nothing tells whether it was changed");
		assert_int_equal(pki_run("cmp in out"), 0);
	}
	make("openssl cms -encrypt -aes256 -in in other.pem");
	assert_refused(&m, "for none of the site's keys");
	pki_close(&m);
	assert_int_equal(pki_open(&m, "store", pki_path("store"), "anchors", pki_path("anchors.pem"), NULL), 0);
	make("openssl cms -encrypt -aes256 -in in rsa.pem");
	assert_refused(&m, "has no keys");
	pki_close(&m);
}

static void test_signed(void **state)
{
	struct pki_module m;

	(void)state;
	open_site(&m);
	/* opaque: opened */
	make("openssl cms -sign -nodetach -binary -in in -signer alice.pem -md sha256");
	assert_opened(&m, "alice@x.example", false, MW_SIGNATURE_GOOD, "");
	assert_int_equal(pki_run("cmp in out"), 0);
	make("openssl cms -sign -nodetach -binary -stream -in in -signer alice.pem -md sha384");
	assert_opened(&m, "Alice@X.example", false, MW_SIGNATURE_GOOD, "");
	/* in clear: stays as it is */
	make("openssl cms -sign -in in -signer alice.pem -md sha256");
	assert_opened(&m, "alice@x.example", false, MW_SIGNATURE_GOOD, "");
	assert_int_equal(pki_run("cmp mail out"), 0);
	/* strangers, weak hashes, somebody else's content */
	make("openssl cms -sign -in in -signer mallory.pem -md sha256");
	assert_opened(&m, "alice@x.example", false, MW_SIGNATURE_UNKNOWN, "its issuer is not trusted");
	make("openssl cms -sign -in in -signer alice.pem -md sha1");
	assert_opened(&m, "alice@x.example", false, MW_SIGNATURE_UNKNOWN, "SHA-1");
	make("openssl cms -sign -in in -signer alice.pem -md sha256 | sed s/hello/HELLO/");
	assert_opened(&m, "alice@x.example", false, MW_SIGNATURE_BAD, "does not fit");
	make("openssl cms -sign -in in -signer alice.pem -nocerts -md sha256");
	assert_opened(&m, "alice@x.example", false, MW_SIGNATURE_BAD, "certificate is missing");
	pki_close(&m);
}

/* Whose is it? */
static void test_author(void **state)
{
	static const struct {
		const char *from, *sender;
		enum mw_signature signature;
		const char *why;
	} row[] = {
	    {"From: Alice <alice@x.example>\\r\\n", "bounce@list.example", MW_SIGNATURE_GOOD, ""},
	    {"From: boss@x.example\\r\\n", "alice@x.example", MW_SIGNATURE_UNKNOWN, "not of the author's address"},
	    {"From: alice@x.example\\r\\nFrom: boss@x.example\\r\\n", "alice@x.example", MW_SIGNATURE_UNKNOWN, "not clear who"},
	    {"From: alice@x.example, boss@x.example\\r\\n", "alice@x.example", MW_SIGNATURE_UNKNOWN, "not clear who"},
	};
	struct mw_opened o;
	struct pki_module m;

	(void)state;
	open_site(&m);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_int_equal(pki_run("(printf '%s'; cat in) > with", row[i].from), 0);
		make("openssl cms -sign -nodetach -binary -in with -signer alice.pem -md sha256");
		assert_opened(&m, row[i].sender, false, row[i].signature, row[i].why);
	}
	/* Nobody is named but the envelope's sender, who is somebody else: a list. It is good, and brings nothing. */
	make("openssl cms -sign -nodetach -binary -in in -signer alice.pem -md sha256");
	assert_int_equal(unseal_from(&m, "bounce@list.example", &o), 1);
	assert_int_equal(o.signature, MW_SIGNATURE_GOOD);
	assert_string_equal(o.signer, "alice@x.example");
	assert_int_equal(o.keep.n, 0);
	pki_close(&m);
}

static void test_both(void **state)
{
	struct pki_module m;

	(void)state;
	open_site(&m);
	make("openssl cms -sign -in in -signer alice.pem -md sha256 | sed -e 's/\\r$//' -e 's/$/\\r/' | openssl cms -encrypt "
	     "-binary -aes256 ec.pem");
	assert_opened(&m, "alice@x.example", true, MW_SIGNATURE_GOOD, "");
	assert_int_equal(pki_run("cmp in out"), 0);
	make("openssl cms -sign -nodetach -binary -in in -signer alice.pem -md sha256 | openssl cms -encrypt -aes-256-gcm "
	     "rsa.pem");
	assert_opened(&m, "alice@x.example", true, MW_SIGNATURE_GOOD, "");
	assert_int_equal(pki_run("cmp in out"), 0);
	make("openssl cms -sign -in in -signer alice.pem -md sha256 | sed s/hello/HELLO/ | sed -e 's/\\r$//' -e 's/$/\\r/' | "
	     "openssl cms -encrypt -binary -aes256 ec.pem");
	assert_opened(&m, "alice@x.example", true, MW_SIGNATURE_BAD, "does not fit");
	/* The signature around the encryption is of whoever had the message last. */
	make("openssl cms -encrypt -aes256 -in in rsa.pem | openssl cms -sign -nodetach -signer alice.pem -md sha256");
	assert_opened(&m, "alice@x.example", false, MW_SIGNATURE_UNKNOWN, "around the encryption");
	assert_int_equal(pki_run("cp out mail"), 0);
	assert_opened(&m, "alice@x.example", true, MW_UNSIGNED, "nothing tells");
	assert_int_equal(pki_run("cmp in out"), 0);
	pki_close(&m);
}

/* What tampering leaves. */
static void test_tampered(void **state)
{
	static const struct {
		const char *command, *why;
	} row[] = {
	    {"printf 'Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n--b\\r\\n'; cat mail; printf -- '--b--\\r\\n'",
	     "no S/MIME"},
	    {"sed 10s/^...../AAAAA/ mail", "cannot be decrypted"},
	    {"head -c 1500 mail", "damaged"},
	    {"cat mail; printf 'AAAA\\r\\n'", "damaged"},
	    {"sed s/^MII/MIJ/ mail", "damaged"},
	    {"printf 'Content-Type: text/html\\r\\n'; cat mail", "no MIME entity"},
	    {"sed '/Transfer-Encoding/d' mail", "damaged"},
	    {"printf 'hello\\r\\n'; cat mail", "no MIME entity"},
	    {"sed '/^\\r$/q' mail", "damaged"},
	};
	struct pki_module m;

	(void)state;
	open_site(&m);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		make("head -c 3000 /dev/zero | tr '\\0' x | cat in - | openssl cms -encrypt -aes-256-gcm rsa.pem");
		assert_int_equal(pki_run("(%s) > new && mv new mail", row[i].command), 0);
		assert_refused(&m, row[i].why);
	}
	/* What was encrypted is no entity: blocks that were put together seldom are. */
	assert_int_equal(pki_run("printf '<img src=\"http://evil.example/' > html"), 0);
	make("openssl cms -encrypt -aes256 -in html rsa.pem");
	assert_refused(&m, "what was decrypted is no MIME entity");
	pki_close(&m);
}

/* An authentication tag that was cut is guessed soon. */
static void test_short_tag(void **state)
{
	static const char mime[] = "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n";
	size_t n, at, head = sizeof(mime) - 1;
	struct pki_module m;
	char *der, *mail;

	(void)state;
	open_site(&m);
	assert_int_equal(pki_run("openssl cms -encrypt -aes-256-gcm -stream -in in -outform der -out der rsa.pem"), 0);
	der = pki_read("der", &n);
	mail = malloc(n + head);
	assert_non_null(mail);
	for (at = n - 18; at && (der[at] != 0x04 || der[at + 1] != 0x10 || der[at + 18] != 0); at--)
		; /* the tag, and ends of values behind it */
	assert_true(at > 0);
	memcpy(mail, mime, head);
	memcpy(mail + head, der, n);
	pki_write_text("mail", mail, head + n);
	assert_opened(&m, "", true, MW_UNSIGNED, "");
	mail[head + at + 1] = 4;
	memmove(mail + head + at + 6, der + at + 18, n - at - 18);
	pki_write_text("mail", mail, head + n - 12);
	assert_refused(&m, "tag is too short");
	free(der);
	free(mail);
	pki_close(&m);
}

/* multipart/signed in other forms than two parts. */
static void test_malformed(void **state)
{
	static const char *const edit[] = {
	    "sed 's/^\\(------[0-9A-F]*\\)--/\\1/' mail",
	    "awk '/^------/ && ++n == 2 { print $0; print \"Content-Type: text/plain\\r\\n\\r\\nx\\r\" } 1' mail",
	    "sed 's/^\\(------[0-9A-F]*\\)\\r/\\1x\\r/' mail",
	    "sed 's/pkcs7-signature; name/pkcs7-nothing; name/' mail",
	};
	struct pki_module m;

	(void)state;
	open_site(&m);
	for (size_t i = 0; i < sizeof(edit) / sizeof(*edit); i++) {
		make("openssl cms -sign -in in -signer alice.pem -md sha256");
		assert_int_equal(pki_run("(%s) > new && ! cmp -s new mail && mv new mail", edit[i]), 0);
		assert_opened(&m, "alice@x.example", false, MW_SIGNATURE_BAD, "not well formed");
	}
	pki_close(&m);
}

/* zlib in a CompressedData, by hand: OpenSSL may have been built without. */
static void write_compressed(const char *p, size_t n)
{
	static const unsigned char head[] = {0x30, 0x80, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01,
					     0x09, 0xa0, 0x80, 0x30, 0x80, 0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x0b, 0x2a, 0x86,
					     0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x03, 0x08, 0x30, 0x80, 0x06, 0x09, 0x2a,
					     0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0, 0x80, 0x24, 0x80, 0x04, 0x83};
	static const char mime[] =
	    "Content-Type: application/pkcs7-mime; smime-type=compressed-data\r\nContent-Transfer-Encoding: binary\r\n\r\n";
	uLongf packed = compressBound((uLong)n);
	char *text = malloc(packed + 512);
	size_t at = sizeof(mime) - 1;

	assert_non_null(text);
	memcpy(text, mime, at);
	memcpy(text + at, head, sizeof(head));
	at += sizeof(head);
	assert_int_equal(compress2((unsigned char *)text + at + 3, &packed, (const unsigned char *)p, (uLong)n, 9), Z_OK);
	text[at++] = (char)(packed >> 16);
	text[at++] = (char)(packed >> 8);
	text[at++] = (char)packed;
	at += packed;
	memset(text + at, 0, 12);
	pki_write_text("mail", text, at + 12);
	free(text);
}

static void test_compressed(void **state)
{
	size_t n = 20u << 20;
	char *zeros = calloc(1, n);
	struct pki_module m;

	(void)state;
	assert_non_null(zeros);
	open_site(&m);
	write_compressed(ENTITY, sizeof(ENTITY) - 1);
	assert_opened(&m, "", false, MW_UNSIGNED, "");
	assert_int_equal(pki_run("cmp in out"), 0);
	write_compressed(zeros, n);
	assert_refused(&m, "unpacks to too much");
	pki_close(&m);
	free(zeros);
}

/* A certificate that a signature has brought is used for mail to its owner. */
static void test_keep(void **state)
{
	struct mw_opened o;
	struct pki_module m;
	char *kept;
	size_t n;

	(void)state;
	open_site(&m);
	assert_int_equal(m.plugin->sealer->able(m.smime, "alice@x.example", PKI_NOW, &m.err), 0);
	make("openssl cms -sign -in in -signer alice.pem -md sha256");
	assert_int_equal(unseal(&m, &o), 1);
	assert_true(o.keep.n > 0);
	assert_int_equal(harvest_keep(m.smime, o.keep, PKI_NOW, &m.err), 0);
	m.smime->site.due = 0;
	assert_int_equal(m.plugin->sealer->able(m.smime, "alice@x.example", PKI_NOW, &m.err), 1);
	kept = pki_read("store/alice@x.example.pem", &n);
	assert_int_equal(strncmp(kept, "address: alice@x.example\n", 25), 0);
	assert_null(strstr(kept, "aes256-gcm")); /* openssl has not said so */
	free(kept);
	assert_int_equal(pki_run("test $(ls -A store | wc -l) = 1"), 0);
	/* Again, and once more with what it reads. */
	assert_int_equal(unseal(&m, &o), 1);
	assert_int_equal(harvest_keep(m.smime, o.keep, PKI_NOW, &m.err), 0);
	assert_int_equal(pki_run("grep -c BEGIN store/alice@x.example.pem | grep -qx 1"), 0);
	/* After its time it goes away when a new one comes. */
	pki_close(&m);
}

/* What keep() gets is of a process that may be another's. */
static void test_keep_refused(void **state)
{
	static const struct {
		const char *command, *why;
	} row[] = {
	    {"(echo 'address: alice@x.example'; openssl x509 -in mallory.pem)", "not trusted"},
	    {"(echo 'address: bob@x.example'; openssl x509 -in alice.pem)", "not of its address"},
	    {"(echo 'address: ../../etc/x'; openssl x509 -in alice.pem)", "no certificate of an address"},
	    {"openssl x509 -in alice.pem", "no certificate of an address"},
	    {"echo 'address: alice@x.example'", "cannot be used"},
	    {"(echo 'address: alice@x.example'; head -c 70000 /dev/zero)", "no certificate of an address"},
	};
	struct pki_module m;

	(void)state;
	assert_int_equal(pki_run("rm -f store/*"), 0);
	open_site(&m);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_str key;
		char *p;

		assert_int_equal(pki_run("%s > key", row[i].command), 0);
		p = pki_read("key", &key.n);
		key.p = p;
		assert_true(harvest_keep(m.smime, key, PKI_NOW, &m.err) < 0);
		if (!strstr(m.err.text, row[i].why))
			fail_msg("\"%s\" is not in \"%s\"", row[i].why, m.err.text);
		free(p);
	}
	assert_int_equal(pki_run("test -z \"$(ls -A store)\""), 0);
	pki_close(&m);
}

static void test_names_of_files(void **state)
{
	static const struct {
		const char *address, *name;
	} row[] = {
	    {"Ann.B@X.example", "ann.b@x.example.pem"},	      {"../x/y@z.example", "%2E./../x/y@z.example.pem"},
	    {"a/b@x.example", "a%2Fb@x.example.pem"},	      {".a@x.example", "%2Ea@x.example.pem"},
	    {"j\xc3\xb6@x.example", "j%C3%B6@x.example.pem"},
	};
	char name[256];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_true(harvest_name(row[i].address, name));
		assert_null(strchr(name, '/'));
		if (i != 1)
			assert_string_equal(name, row[i].name);
	}
	assert_false(harvest_name("no address", name));
}

/* What we seal, we open; and who answers may use AES-GCM. */
static void test_circle(void **state)
{
	struct mw_opened o;
	struct pki_module from, to;
	struct mw_seal_work w;

	(void)state;
	pki_folder("people");
	pki_folder("signers");
	assert_int_equal(pki_run("rm -f store/*; cp rsa.pem people && cp -p alice.pem signers/alice@x.example"), 0);
	assert_int_equal(pki_open(&from, "certificates", pki_path("people"), "anchors", pki_path("anchors.pem"), "signers",
				  pki_path("signers"), "gcm", "clinic.example", NULL),
			 0);
	w = (struct mw_seal_work){.in = open(pki_path("in"), O_RDONLY),
				  .out = open(pki_path("mail"), O_RDWR | O_CREAT | O_TRUNC, 0600),
				  .sender = "alice@x.example",
				  .recipient = "site@clinic.example",
				  .now = PKI_NOW};
	assert_int_equal(from.plugin->sealer->seal(from.smime, &w, &from.err), 1);
	(void)close(w.in);
	(void)close(w.out);
	pki_close(&from);
	open_site(&to);
	assert_int_equal(unseal(&to, &o), 1);
	assert_true(o.decrypted && o.signature == MW_SIGNATURE_GOOD && !o.why[0]);
	assert_int_equal(pki_run("cmp in out"), 0);
	assert_non_null(memmem(o.keep.p, o.keep.n, "aes256-gcm", 10));
	assert_int_equal(harvest_keep(to.smime, o.keep, PKI_NOW, &to.err), 0);
	to.smime->site.due = 0;
	w.in = open(pki_path("in"), O_RDONLY);
	w.out = open(pki_path("mail"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	w.recipient = "alice@x.example";
	assert_int_equal(to.plugin->sealer->seal(to.smime, &w, &to.err), 1);
	(void)close(w.in);
	(void)close(w.out);
	assert_int_equal(pki_run("grep -q authEnveloped-data mail"), 0);
	pki_close(&to);
}

/* Certificates for encryption beside one that can sign only. */
static void test_two_keys(void **state)
{
	struct pki_cert sign =
	    pki_make(&root, &(struct pki_how){.email = "alice@x.example", .usage = "digitalSignature", .key = PKI_P384});
	struct mw_opened o;
	struct pki_module m;

	(void)state;
	pki_write_one("sign.pem", sign.key, sign.x);
	open_site(&m);
	make("openssl cms -sign -in in -signer sign.pem -certfile alice.pem -md sha256");
	assert_int_equal(unseal(&m, &o), 1);
	assert_int_equal(o.signature, MW_SIGNATURE_GOOD);
	assert_true(o.keep.n > 0);
	pki_write_text("key", o.keep.p, o.keep.n);
	assert_int_equal(pki_run("openssl x509 -in key > a && openssl x509 -in alice.pem > b && cmp a b"), 0);
	make("openssl cms -sign -in in -signer sign.pem -md sha256");
	assert_int_equal(unseal(&m, &o), 1);
	assert_int_equal(o.signature, MW_SIGNATURE_GOOD);
	assert_int_equal(o.keep.n, 0);
	pki_close(&m);
	pki_free(&sign);
}

static void test_large(void **state)
{
	struct rusage before, after;
	struct mw_opened o;
	struct pki_module m;

	(void)state;
	open_site(&m);
	make("openssl cms -encrypt -aes256 -in in rsa.pem");
	assert_int_equal(unseal(&m, &o), 1);
	assert_int_equal(pki_run("(cat in; head -c 15000000 /dev/urandom | base64 -w 76 | sed 's/$/\\r/') > large"), 0);
	make("openssl cms -sign -binary -nodetach -stream -in large -signer alice.pem -md sha256 | openssl cms -encrypt -binary "
	     "-stream -aes256 rsa.pem");
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	assert_opened(&m, "alice@x.example", true, MW_SIGNATURE_GOOD, "");
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	assert_true(after.ru_maxrss - before.ru_maxrss < 8192);
	assert_int_equal(pki_run("cmp large out"), 0);
	pki_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_encrypted),	 cmocka_unit_test(test_signed),		cmocka_unit_test(test_author),
	    cmocka_unit_test(test_both),	 cmocka_unit_test(test_tampered),	cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_short_tag),	 cmocka_unit_test(test_compressed),	cmocka_unit_test(test_keep),
	    cmocka_unit_test(test_keep_refused), cmocka_unit_test(test_names_of_files), cmocka_unit_test(test_circle),
	    cmocka_unit_test(test_two_keys),	 cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
