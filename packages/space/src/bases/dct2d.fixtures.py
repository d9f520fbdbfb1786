"""The orthonormal two-dimensional cosine transform by scipy, cut to its lowest frequencies.

Run: OMP_NUM_THREADS=1 /usr/bin/python3 dct2d.fixtures.py   (writes dct2d.fixtures.json beside this file)
"""

import json
import pathlib

import numpy
from scipy import fft

draws = numpy.random.RandomState(4)
cases = []
for height, width, keep, channels in [(5, 4, 3, 1), (3, 3, 3, 2), (4, 6, 2, 3), (8, 8, 1, 1), (28, 28, 12, 1)]:
    image = draws.normal(0, 1, (height, width, channels)).round(6)
    kept = fft.dctn(image, axes=(0, 1), norm="ortho")[:keep, :keep]
    cases.append(
        {
            "options": {"height": height, "width": width, "keep": keep, "channels": channels},
            "image": image.reshape(-1).tolist(),
            "coefficients": kept.reshape(-1).tolist(),
        }
    )

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
