/* SPDX-License-Identifier: Apache-2.0 */
/* tool: where pdftotext is, as configure has found it, or where distributions have it. */
#ifndef EXTRACT_PDF_TOOL_H
#define EXTRACT_PDF_TOOL_H

#ifndef MW_PDFTOTEXT
#define MW_PDFTOTEXT "/usr/bin/pdftotext"
#endif

#endif
