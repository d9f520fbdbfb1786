# Pictures that EXIF turns, and what Pillow makes of them: OMP_NUM_THREADS=1 /usr/bin/python3 metadata.fixtures.py
# Needs python3-pil and python3-numpy.
import base64
import io
import json
import pathlib

import numpy
from PIL import Image, ImageCms, ImageOps

rows, cols = numpy.mgrid[0:16, 0:24]
pixels = numpy.stack([cols * 10, rows * 15, (cols < 8) * 200], axis=2).astype(numpy.uint8)
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
cases = []
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=95, subsampling=0, exif=exif, icc_profile=profile)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue())))
    cases.append(
        {
            "orientation": orientation,
            "jpeg": base64.b64encode(out.getvalue()).decode(),
            "width": upright.width,
            "height": upright.height,
            "corners": [list(upright.getpixel(at)) for at in [(0, 0), (upright.width - 1, 0), (0, upright.height - 1)]],
        }
    )
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"profileBytes": len(profile), "cases": cases}, indent=1) + "\n")
