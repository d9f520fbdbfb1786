"""A second, independent writer and reader of model files, after docs/format.md: struct, json and zlib only; numpy and
torch give the values.

    OMP_NUM_THREADS=1 /usr/bin/python3 model-file.fixtures.py          writes model-file.fixtures.json
    OMP_NUM_THREADS=1 /usr/bin/python3 model-file.fixtures.py check F  checks that file F holds the same model
"""

import base64
import json
import re
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import torch

sizes = {"F64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "U8": 1}
field = re.compile(rb'"funhash\.checksum"\s*:\s*"crc32:([0-9a-f]{8})"')


def write(tensors, metadata, separators=(",", ":"), pad=8):
    """tensors: name → (dtype, shape, bytes)."""
    order = list(sizes)
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = dict(sorted(metadata.items()))
    for name, (dtype, shape, raw) in sorted(tensors.items(), key=lambda t: (order.index(t[1][0]), t[0].encode())):
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=separators, ensure_ascii=False).encode()
    text += b" " * (-len(text) % pad)
    return struct.pack("<Q", len(text)) + text + data


def crc(file):
    start = field.search(file).start(1)
    return b"%08x" % zlib.crc32(file[:start] + b"00000000" + file[start + 8 :])


def stamp(file):
    start = field.search(file).start(1)
    return file[:start] + crc(file) + file[start + 8 :]


def read(file):
    (length,) = struct.unpack("<Q", file[:8])
    header = json.loads(file[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    end, tensors = 0, {}
    for name, entry in sorted(header.items(), key=lambda t: t[1]["data_offsets"]):
        begin, stop = entry["data_offsets"]
        assert begin == end and stop - begin == sizes[entry["dtype"]] * int(np.prod(entry["shape"]))
        tensors[name] = (entry["dtype"], entry["shape"], file[8 + length + begin : 8 + length + stop])
        end = stop
    assert 8 + length + end == len(file)
    return tensors, metadata


def brain(values):
    return torch.tensor(values, dtype=torch.float32).bfloat16().view(torch.int16).numpy().astype("<i2").tobytes()


def pack(codes, bits):
    """Codes in two's complement, from the lowest bit of the first byte on."""
    matrix = np.array(codes)[:, None] >> np.arange(bits) & 1
    return np.packbits(matrix.astype(np.uint8).ravel(), bitorder="little").tobytes()


def quantized_file():
    """One tensor of codes for each number of bits, a scalar, an empty one and a plain one; values and file."""
    scales = {2: 0.5, 3: 1e-7, 4: 0.01234, 5: 3.0, 6: 2.5e-37, 7: 5.4e36, 8: 1 / 3}
    said, stored, expected = {}, {"plain": ("U8", [3], b"\x01\x02\x03")}, {}
    for bits, scale in scales.items():
        most = 2 ** (bits - 1) - 1
        codes = [(11 * k) % (2 * most + 1) - most for k in range(15)]
        name = "constructor" if bits == 3 else f"w.i{bits}"
        stored[name] = ("U8", [len(pack(codes, bits))], pack(codes, bits))
        said[name] = {"bits": bits, "scale": scale, "shape": [3, 5]}
        expected[name] = (np.array(codes) * scale).astype(np.float32).tolist()
    for name, codes, shape in [("scalar", [-3], []), ("empty", [], [2, 0])]:
        raw = pack(codes, 3) if codes else b""
        stored[name] = ("U8", [len(raw)], raw)
        said[name] = {"bits": 3, "scale": 1.5, "shape": shape}
        expected[name] = [1.5 * code for code in codes]
    text = json.dumps({**envelope, "quantized": said}, separators=(",", ":"), ensure_ascii=False)
    return expected, said, stamp(write(stored, {**metadata, "funhash": text}))


spec = {
    "layers": [{"in": 3, "kind": "dense", "out": 2, "ratio": 0.015625, "seed": 4294967295}],
    "name": 'Ziffern "é" 数 😀\n',
    "nothing": None,
    "trained": True,
}
values = np.array([[0.1, -2.5, 3e-5], [65504, -0.0, 1e-7]])
tensors = {
    "w.f64": ("F64", [2, 3], values.astype("<f8").tobytes()),
    "w.f32": ("F32", [2, 3], values.astype("<f4").tobytes()),
    "w.f16": ("F16", [2, 3], values.astype("<f2").tobytes()),
    "w.bf16": ("BF16", [2, 3], brain(values)),
    "index": ("I32", [2], np.array([-(2**31), 2**31 - 1], dtype="<i4").tobytes()),
    "bits": ("U8", [3], bytes([0, 127, 255])),
    "scalar": ("F32", [], np.array(0.5, dtype="<f4").tobytes()),
    "empty": ("F32", [0, 4], b""),
    "__proto__": ("F32", [1], np.array([1.5], dtype="<f4").tobytes()),
    "constructor": ("U8", [1], b"\x07"),
    "\U0001f600": ("U8", [1], b"\x01"),
    "\uffee": ("U8", [1], b"\x02"),
}
envelope = {"format": "funhash-model", "spec": spec, "version": 1}
metadata = {
    "funhash": json.dumps(envelope, separators=(",", ":"), ensure_ascii=False),
    "funhash.checksum": "crc32:00000000",
}

if sys.argv[1:2] == ["check"]:
    file = Path(sys.argv[2]).read_bytes()
    found, texts = read(file)
    assert found == tensors, found
    assert json.loads(texts["funhash"]) == envelope, texts
    assert texts["funhash.checksum"].encode() == b"crc32:" + crc(file), texts
    print("same model, valid checksum")
else:
    upcast = {
        "w.f64": values.tolist(),
        "w.f32": values.astype(np.float32).tolist(),
        "w.f16": values.astype(np.float16).tolist(),
        "w.bf16": torch.tensor(values, dtype=torch.float32).bfloat16().float().tolist(),
    }
    quantized, said, file = quantized_file()
    fixtures = {
        "spec": spec,
        "values": {name: np.ravel(rows).tolist() for name, rows in upcast.items()},
        "shapes": [[name, dtype, shape] for name, (dtype, shape, _) in tensors.items()],
        "canonical": base64.b64encode(stamp(write(tensors, metadata))).decode(),
        "spaced": base64.b64encode(stamp(write(tensors, metadata, (", ", ": "), 1))).decode(),
        "quantized": {
            "values": quantized,
            "said": said,
            "file": base64.b64encode(file).decode(),
        },
        "plain": base64.b64encode(write({"w": tensors["w.f32"]}, {"format": "pt"})).decode(),
    }
    target = Path(__file__).with_name("model-file.fixtures.json")
    target.write_text(json.dumps(fixtures, indent=1, ensure_ascii=True) + "\n")
