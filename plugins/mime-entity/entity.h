/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity: MIME entities in files, read and written piece by piece. Shared by the sealers: each compiles it in.
 *
 * An entity is a range of octets of a regular file: header fields, an empty line, a body. Ranges are [begin, end) offsets, and all
 * reads are pread(), so that one file serves several readers. Nothing here guesses: what two readers of mail could take for two
 * different things is refused, since what is read here decides what was signed and what was encrypted.
 * Failures: -EBADMSG (it is not well formed), -E2BIG (a limit), -ENOMEM, -EIO and what pread() and write() say.
 */
#ifndef PLUGINS_MIME_ENTITY_H
#define PLUGINS_MIME_ENTITY_H

#include <milward/plugin.h>
#include <sys/types.h>

#define ENTITY_HEAD_MAX 262144u /* octets of the header fields */

struct entity_range {
	uint64_t begin, end;
};

/* ---- header fields ----------------------------------------------------------------------------------------------------------- */

struct entity {
	char *head; /* the fields with their line ends, without the empty line; entity_free() */
	size_t head_n;
	struct entity_range body;
};

/* The whole file. 0, or what fstat() says; -EINVAL: not a regular file. */
int entity_file(int fd, struct entity_range *);
/* A range in which no empty line is found has fields alone. -EBADMSG: a line in front of it is no field. */
int entity_load(int fd, struct entity_range, struct entity *);
void entity_free(struct entity *);

/* Takes the next field with its folded lines off the start of *rest; false: there is none, and *rest is not empty when its next
 * line is no field. */
bool entity_field(struct mw_str *rest, struct mw_field *);
/* The value of the only field of this name. 1; 0: none; -EBADMSG: there are several. */
int entity_find(const struct entity *, const char *name, struct mw_str *value);

/* ---- Content-Type ------------------------------------------------------------------------------------------------------------ */

#define ENTITY_PARAMS 24u

/* A value with parameters, of Content-Type or Content-Disposition (RFC 2045, RFC 2231). */
struct entity_media {
	const char *type; /* in lower case: "application/pkcs7-mime" */
	size_t params;
	struct {
		const char *name, *value; /* the name in lower case; the value without quotes, octets of its own charset */
	} param[ENTITY_PARAMS];
	char room[4096];
};

/* 0, -EBADMSG (a parameter twice, an unfinished quote, a NUL …), -E2BIG. */
int entity_media(struct mw_str value, struct entity_media *);
/* NULL: there is no such parameter. */
const char *entity_param(const struct entity_media *, const char *name);

/* ---- parts of a multipart ---------------------------------------------------------------------------------------------------- */

struct entity_parts {
	size_t n;
	bool closed; /* the closing delimiter is there */
	bool around; /* there is more than blank lines in front of the first delimiter or behind the closing one */
};

/* The parts of a multipart body, without the line end in front of each delimiter, which belongs to the delimiter. max: room in part;
 * more parts are -E2BIG. A boundary that RFC 2046 does not allow, a line that begins like a delimiter and goes on otherwise, and a
 * delimiter behind the closing one are -EBADMSG: not every reader takes them for the same. */
int entity_parts(int fd, struct entity_range body, const char *boundary, struct entity_range *part, size_t max,
		 struct entity_parts *);

/* ---- transfer encodings ------------------------------------------------------------------------------------------------------ */

enum entity_coding {
	ENTITY_IDENTITY = 0, /* 7bit, 8bit, binary */
	ENTITY_BASE64,
	ENTITY_QP,
	ENTITY_OTHER, /* one that is not known */
};
/* Of the value of Content-Transfer-Encoding; .p NULL = there is no such field. */
enum entity_coding entity_coding(struct mw_str value);

/* Zeroed but for the coding, to begin with. */
struct entity_decoder {
	enum entity_coding coding;
	uint32_t bits;	/* base64 */
	unsigned held;	/* base64: letters in bits; qp: octets in blank */
	unsigned pad;	/* base64: '=' seen */
	char blank[80]; /* qp: blanks and begun escapes that the next octets decide upon */
};
/* Decodes n octets; out has room for n + ENTITY_SLACK. Base64 is taken strictly: letters, line ends and blanks. Returns how many octets
 * are in out, or -EBADMSG. */
#define ENTITY_SLACK 128u
ssize_t entity_decode(struct entity_decoder *, const char *p, size_t n, char *out);
/* The end: as entity_decode(); -EBADMSG when something is missing. */
ssize_t entity_decode_end(struct entity_decoder *, char *out);

/* A body, decoded, piece by piece. */
struct entity_reader {
	int fd;
	struct entity_range rest;
	struct entity_decoder decoder;
	bool done;
	size_t at, n; /* what is decoded and not yet taken */
	char in[16384], out[16384 + ENTITY_SLACK];
};
void entity_reader(struct entity_reader *, int fd, struct entity_range body, enum entity_coding);
/* Up to n octets; 0 at the end; negative: failure, and again at each further call. */
ssize_t entity_get(struct entity_reader *, char *p, size_t n);

/* ---- writing ----------------------------------------------------------------------------------------------------------------- */

/* Writes to a file through a buffer; base64 as lines of 76 letters that end with CRLF. Zeroed but for the fd, to begin with. The first
 * failure stays. */
struct entity_writer {
	int fd;
	int failed; /* negative errno */
	size_t n, line_n;
	unsigned char line[57];
	char buffer[16384];
};
int entity_put(struct entity_writer *, const char *p, size_t n);
int entity_put_text(struct entity_writer *, const char *text);
int entity_put_range(struct entity_writer *, int fd, struct entity_range);
int entity_put_base64(struct entity_writer *, const char *p, size_t n);
/* The end of the base64, with its line end. */
int entity_end_base64(struct entity_writer *);
/* What is in the buffer. */
int entity_flush(struct entity_writer *);

#endif
