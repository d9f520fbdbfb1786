"""Two small archives in the forms of CIFAR-10, made by Python's tarfile, Pillow and NumPy, and what they hold.

Run with Debian's python3 (python3-pil, python3-numpy); writes cifar10.fixtures.json beside this file.
"""

import base64
import gzip
import io
import json
import pathlib
import tarfile

import numpy as np
from PIL import Image

names = "airplane automobile bird cat deer dog frog horse ship truck".split()
draws = np.random.default_rng(5)


def text(data):
    return base64.b64encode(data).decode()


def archive(files, form):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        folder = tarfile.TarInfo("files")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return text(gzip.compress(buffer.getvalue(), mtime=0))


def smooth_image():
    """Slow waves: what JPEG keeps much the same, whichever way a decoder enlarges the chroma planes."""
    y, x = np.mgrid[0:32, 0:32] / 32
    waves = [
        128 + 90 * np.sin(2 * np.pi * (a * x + b * y + c)) for a, b, c in draws.uniform(-0.4, 0.4, (3, 3))
    ]
    return np.clip(np.stack(waves, -1).round(), 0, 255).astype(np.uint8)


def jpeg(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=75, subsampling=2)
    return buffer.getvalue()


# Names out of order; class 3 has one image more than the others.
order = [(split, label, k) for split in ("train", "test") for label in range(10) for k in (1, 0)]
order += [("train", 3, 2)]
jpegs = {key: jpeg(smooth_image()) for key in order}
shown = [("train", 0, 0), ("train", 3, 1), ("test", 9, 0)]
decoded = [
    {"split": s, "label": c, "number": k, "pixels": text(np.asarray(Image.open(io.BytesIO(jpegs[s, c, k]))).tobytes())}
    for s, c, k in shown
]

records = {}
for name in [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]:
    labels = draws.integers(0, 10, 2)
    planes = draws.integers(0, 256, (2, 3, 32, 32)).astype(np.uint8)
    records[name] = (labels, planes)
files = [
    (f"cifar-10-batches-bin/{name}", b"".join(bytes([c]) + p.tobytes() for c, p in zip(labels, planes)))
    for name, (labels, planes) in records.items()
]
files.insert(1, ("cifar-10-batches-bin/readme.html", b"<html>"))
pixels = {name: planes.transpose(0, 2, 3, 1) for name, (_, planes) in records.items()}

fixture = {
    "jpegArchive": archive(
        [(f"files/{s}/{names[c]}/{k:04}.jpg", jpegs[s, c, k]) for s, c, k in order], tarfile.USTAR_FORMAT
    ),
    "decoded": decoded,
    "binaryArchive": archive(files, tarfile.GNU_FORMAT),
    "labels": {name: labels.tolist() for name, (labels, _) in records.items()},
    # Of the image [32, 32, 3]: some elements that tell any wrong order, and the sum of all.
    "probes": {
        name: {
            "firstRow": images[1, 0, :4].reshape(-1).tolist(),
            "last": images[1, 31, 31].tolist(),
            "sum": int(images[1].sum()),
        }
        for name, images in pixels.items()
    },
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(fixture) + "\n")
