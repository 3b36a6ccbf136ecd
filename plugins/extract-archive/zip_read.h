/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip_read: the files of a zip, as every reader of zips may see them. Some believe the directory at its end, some the headers
 * before the files; who writes a zip in which the two differ shows one thing to a scanner and another to a person. So a file is
 * given as the directory has it, and, where its own header says otherwise or the directory does not know it, as the header has it;
 * octets that belong to no file are a file of their own.
 */
#ifndef EXTRACT_ARCHIVE_ZIP_READ_H
#define EXTRACT_ARCHIVE_ZIP_READ_H

#include "work.h"

/* Do these octets begin as a zip does? What is in front of one may be anything: see zip_list_ends(). */
bool zip_begins(struct mw_str);
int zip_read(struct work *);

#endif
