/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ole1: objects of OLE 1 ([MS-OLEDS]): what \objdata of RTF holds, and the "package" that a file becomes which is dropped into a
 * document. Pure over (pointer, length); what is given is borrowed from it. Failures: -EBADMSG.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_OLE1_H
#define PLUGINS_EXTRACT_LEGACY_OLE1_H

#include <milward/plugin.h>

/* The native data of an embedded object, and its class; whole: as much as it says. */
int ole1_object(struct mw_str, struct mw_str *class_name, struct mw_str *native, bool *whole);
/* The file in a package (the native data of class "Package", or a stream "\001Ole10Native" behind its length). The name is in an
 * unknown code page. */
int ole1_package(struct mw_str, struct mw_str *name, struct mw_str *file, bool *whole);

#endif
