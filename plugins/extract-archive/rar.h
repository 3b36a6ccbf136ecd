/* SPDX-License-Identifier: Apache-2.0 */
/* rar: what libarchive does not tell of an archive of RAR: its comment, whether it is one of several volumes, where
 * it ends, and whether a file is encrypted. */
#ifndef EXTRACT_ARCHIVE_RAR_H
#define EXTRACT_ARCHIVE_RAR_H

#include <milward/plugin.h>

struct rar {
	bool volume;	       /* files may begin or end elsewhere */
	bool unread;	       /* it has a comment that is packed or encrypted */
	bool encrypted;	       /* the file whose header was read last */
	struct mw_str comment; /* n = 0: none that can be read */
	uint64_t end;	       /* 0 = it is not known where it ends */

	struct mw_str data;
	uint64_t at; /* of the next header */
	bool old;    /* RAR 1.5 to 4, else RAR 5 */
	bool done;
};

/* The octets that the archive begins in. */
void rar_begin(struct rar *, struct mw_str data);
/* Reads the headers that begin before `at`. */
void rar_look(struct rar *, uint64_t at);

#endif
