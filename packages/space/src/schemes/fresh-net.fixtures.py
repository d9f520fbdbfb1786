"""FreshNets' filters from the paper's formulas: python3-xxhash, and scipy's inverse cosine transform.

Run: OMP_NUM_THREADS=1 /usr/bin/python3 fresh-net.fixtures.py   (writes fresh-net.fixtures.json beside this file)
"""

import json
import pathlib
import struct

import numpy
import xxhash
from scipy import fft

WORD = 2**32
cases = []


def bucket_ranges(d, buckets):
    """First bucket and number of buckets of each band: one each, and shares r_j N_j of the rest."""
    bands = 2 * d - 1
    x = (numpy.arange(bands) + 0.5) / bands
    count = numpy.array([sum(a + b == j for a in range(d) for b in range(d)) for j in range(bands)])
    share = count * x ** (0.25 - 1) * (1 - x) ** (2.5 - 1)
    bounds = [int(s * WORD) for s in numpy.concatenate([[0], numpy.cumsum(share)[:-1]]) / share.sum()]
    starts = [bound * (buckets - bands) // WORD + j for j, bound in enumerate(bounds)] + [buckets]
    return [(a, b - a) for a, b in zip(starts, starts[1:])]


for kernel, channels, rows, buckets, seed in [(3, 2, 7, 40, 0x9ABCDEF0), (5, 3, 4, 21, 5), (5, 1, 6, 9, 0), (1, 4, 3, 6, 8)]:
    w = [round(float(v), 6) for v in numpy.random.RandomState(kernel).normal(0, 0.5, buckets)]
    ranges = bucket_ranges(kernel, buckets)
    entries = numpy.zeros((rows, kernel, kernel, channels))
    for row in range(rows):
        for c in range(channels):
            v = numpy.zeros((kernel, kernel))
            for a in range(kernel):
                for b in range(kernel):
                    col = (a * kernel + b) * channels + c
                    h = xxhash.xxh32_intdigest(struct.pack("<II", row, col), seed=seed)
                    first, size = ranges[a + b]
                    v[a, b] = w[first + h * size // WORD] * (-1 if h % 2 else 1)
            entries[row, :, :, c] = fft.idctn(v, norm="ortho")
    cases.append(
        {
            "rows": rows,
            "options": {"kernel": kernel, "channels": channels, "buckets": buckets, "seed": seed},
            "sizes": [size for _, size in ranges],
            "w": w,
            "entries": entries.reshape(-1).tolist(),
        }
    )

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
