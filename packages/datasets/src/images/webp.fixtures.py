"""Writes webp.fixtures.json: small pictures as WebP files (base64) with their pixels, by Pillow over libwebp.

Run with Debian's python3 (python3-pil).
"""

import base64
import io
import json
import pathlib

from PIL import Image

side = (9, 7)


def picture(mode):
    image = Image.new(mode, side)
    for y in range(side[1]):
        for x in range(side[0]):
            colour = (20 * x, 30 * y, 255 - 10 * (x + y))
            image.putpixel((x, y), colour + ((40 * x) % 256,) if mode == "RGBA" else colour)
    return image


def coded(image, **options):
    out = io.BytesIO()
    image.save(out, "WEBP", method=4, **options)
    return out.getvalue()


def row(name, data, with_pixels=True):
    found = Image.open(io.BytesIO(data))
    return {
        "name": name,
        "file": base64.b64encode(data).decode(),
        "width": found.width,
        "height": found.height,
        **({"rgba": list(found.convert("RGBA").tobytes())} if with_pixels else {}),
    }


files = [
    row("lossy", coded(picture("RGB"), quality=80)),
    row("lossless", coded(picture("RGB"), lossless=True)),
    row("lossless with alpha", coded(picture("RGBA"), lossless=True, exact=True)),
    row("lossy with alpha", coded(picture("RGBA"), quality=90)),
    row("with a profile", coded(picture("RGB"), quality=80, icc_profile=b"0" * 128)),
    row(
        "moves",
        coded(picture("RGB"), save_all=True, append_images=[picture("RGB").rotate(180)], duration=100),
        False,
    ),
]
here = pathlib.Path(__file__)
here.with_suffix("").with_suffix(".fixtures.json").write_text(json.dumps({"files": files}) + "\n")
