/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture: what a picture is by its octets, how large it becomes, and its pages, decoded by Leptonica. A page that would have more
 * than `most` pixels is not decoded: a few octets can say that they are a square of 65,535.
 */
#ifndef PLUGINS_EXTRACT_IMAGE_PICTURE_H
#define PLUGINS_EXTRACT_IMAGE_PICTURE_H

#include <milward/plugin.h>

struct Pix;

enum picture_kind { PICTURE_NONE, PICTURE_PNG, PICTURE_JPEG, PICTURE_TIFF, PICTURE_GIF, PICTURE_BMP, PICTURE_WEBP, PICTURE_PNM };

struct picture {
	struct mw_str data;
	enum picture_kind kind;
	size_t page;   /* that comes next */
	size_t offset; /* of it in a TIFF */
	bool end;
};

/* false: nothing that we know. */
bool picture_begin(struct picture *, struct mw_str);
/* The next page, which the caller destroys. 1; 0: there are no more; -EBADMSG: damaged; -EFBIG: more than `most` pixels. After
 * a failure there are no more. */
int picture_next(struct picture *, uint64_t most, struct Pix **);
/* Does it have more pictures than can be read: is it a GIF that moves? */
bool picture_moves(const struct picture *);

#endif
