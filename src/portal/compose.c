/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/compose.h"

#include "portal/secret.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

GMimePart *mw_compose_text(struct mw_str text)
{
	GMimePart *part = g_mime_part_new_with_type("text", "plain");
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text.p, text.n);
	GMimeDataWrapper *wrapper = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, wrapper);
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_object_unref(wrapper);
	g_object_unref(stream);
	return part;
}

bool mw_compose_identify(GMimeMessage *m, const char *address)
{
	GDateTime *now = g_date_time_new_now_utc();
	char unique[33], id[300];

	g_mime_message_set_date(m, now);
	g_date_time_unref(now);
	if (!mw_secret_text(unique, sizeof(unique)))
		return false;
	(void)snprintf(id, sizeof(id), "%s@%.255s", unique, strrchr(address, '@') + 1);
	g_mime_message_set_message_id(m, id);
	return true;
}

void mw_compose_write(GMimeMessage *m, struct mw_buf *out)
{
	GMimeFormatOptions *format = g_mime_format_options_new();
	GMimeStream *stream = g_mime_stream_mem_new();
	GByteArray *octets;

	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
	if (g_mime_object_write_to_stream(GMIME_OBJECT(m), format, stream) < 0)
		out->failed = true;
	octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	mw_buf_add(out, (const char *)octets->data, octets->len);
	OPENSSL_cleanse(octets->data, octets->len);
	g_object_unref(stream);
	g_mime_format_options_free(format);
}
