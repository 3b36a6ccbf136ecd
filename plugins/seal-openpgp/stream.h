/* SPDX-License-Identifier: Apache-2.0 */
/* stream: files in RNP's hands, piece by piece. */
#ifndef OPENPGP_STREAM_H
#define OPENPGP_STREAM_H

#include "plugins/mime-entity/entity.h"

#include <rnp/rnp.h>

/* A range of a file, decoded. The reader must outlive the input. RNP_SUCCESS or not. */
rnp_result_t pgp_input(rnp_input_t *ret, struct entity_reader *);

/* What RNP writes, as lines that end with CRLF, with a bound. Zeroed but for writer.fd and max, to begin with. */
struct pgp_sink {
	struct entity_writer writer;
	uint64_t n, max; /* octets; max 0 = no bound */
	bool cr;	 /* the last octet was CR */
	bool full;	 /* there was more */
};
rnp_result_t pgp_output(rnp_output_t *ret, struct pgp_sink *);

#endif
