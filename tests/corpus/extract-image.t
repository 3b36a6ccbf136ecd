#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-image: pictures that are drawn here (python3-pil, fonts-dejavu-core) and sent as attachments: what
stands in them is found, in the sandbox.

Needs MILWARD_BUILD, a built tree with extract-image and milwardctl. Prints TAP.
"""

import email.message
import io
import json
import os
import subprocess
import sys
import tempfile

try:
    from PIL import Image, ImageDraw, ImageFont, PngImagePlugin
except ImportError:
    Image = None

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
FORMATS = {"PNG": "png", "JPEG": "jpeg", "TIFF": "tiff", "BMP": "bmp", "GIF": "gif", "WEBP": "webp"}


def drawn(lines):
    """Black letters on white, as a screen shows them."""
    picture = Image.new("L", (700, 60 + 60 * len(lines)), 255)
    draw = ImageDraw.Draw(picture)
    for i, line in enumerate(lines):
        draw.text((40, 30 + 60 * i), line, font=ImageFont.truetype(FONT, 28), fill=0)
    return picture


def octets(picture, form, **more):
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def read(top, data, subtype):
    """The part of the picture."""
    message = email.message.EmailMessage()
    message["From"] = "a@x.example"
    message["To"] = "b@y.example"
    message.add_attachment(data, maintype="image", subtype=subtype, filename="f")
    eml = os.path.join(top, "one.eml")
    with open(eml, "wb") as f:
        f.write(message.as_bytes())
    policy = os.path.join(top, "image.policy")
    with open(policy, "w", encoding="utf-8") as f:
        f.write("load phi with extract-image grant text\nload extract-image { megapixels 3; pages 2 }\n")
    command = [os.path.join(BUILD, "milwardctl"), "-p", policy, "--modules", os.path.join(BUILD, "modules/.libs")]
    command += ["--policies", os.path.join(SRC, "policies"), "text", "--json", eml]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr.decode("utf-8", "replace"))
    return next(part for part in map(json.loads, done.stdout.splitlines()) if part["part"] == "1")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def result(self, good, name, why=""):
        self.count += 1
        self.failed += not good
        if not good:
            print("# %s" % why)
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name))


def main():
    missing = [] if os.path.exists(FONT) else [FONT]
    missing += [path for path in ("modules/.libs/extract-image.so", "milwardctl") if not os.path.exists(os.path.join(BUILD, path))]
    if not Image or missing:
        print("1..0 # SKIP no %s" % (", ".join(missing) or "python3-pil"))
        return 0
    tap = Tap()
    page = drawn(["Patient Mary Miller", "SSN 219-09-9998"])
    with tempfile.TemporaryDirectory() as top:
        for form, subtype in FORMATS.items():
            part = read(top, octets(page, form), subtype)
            good = "219-09-9998" in part["text"] and not part.get("unreadable")
            tap.result(good, "%s: the number is read" % form, part)
        part = read(top, octets(page, "TIFF", save_all=True, append_images=[drawn(["Second page here"]), page]), "tiff")
        good = "219-09-9998" in part["text"] and "Second" in part["text"] and part.get("unreadable") == "limit"
        tap.result(good, "TIFF: two pages are read, and the third is a limit", part)
        part = read(top, octets(Image.new("L", (2100, 1500), 255), "PNG"), "png")
        tap.result(part.get("unreadable") == "limit", "a page of too many pixels is a limit", part)
        part = read(top, octets(Image.effect_noise((300, 200), 80), "PNG"), "png")
        tap.result(part.get("unreadable") == "image", "noise stays an image", part)
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", "MRN 4711", zip=True)
        part = read(top, octets(page, "PNG", pnginfo=info), "png")
        good = part["text"].find("MRN 4711") >= part.get("hidden", len(part["text"])) > 0
        tap.result(good, "PNG: a packed comment is hidden text", part)
    print("1..%d" % tap.count)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
