"""Golden vectors of xxHash32 and xxHash64, from the C library through python3-xxhash.

Message n is the first n bytes of byte(i) = (167 i + 13) mod 256. Run: /usr/bin/python3 xx-hash.fixtures.py
"""

import json
import pathlib
import struct

import xxhash

MESSAGE = bytes((167 * i + 13) % 256 for i in range(1000))
LENGTHS = list(range(0, 301)) + [512, 1000]
SEEDS32 = [0, 1, 0x9E3779B1, 0xFFFFFFFF]
SEEDS64 = [0, 1, 0xFFFFFFFF, 2**53 - 1, 0x9E3779B185EBCA87, 2**64 - 1]
WORDS = [0, 1, 2, 255, 65535, 65536, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 0xDEADBEEF]

fixtures = {
    "xxh32": [
        {"seed": seed, "hashes": [[n, xxhash.xxh32_intdigest(MESSAGE[:n], seed)] for n in LENGTHS]}
        for seed in SEEDS32
    ],
    "xxh64": [
        {"seed": str(seed), "hashes": [[n, xxhash.xxh64_hexdigest(MESSAGE[:n], seed)] for n in LENGTHS]}
        for seed in SEEDS64
    ],
    "words": [
        [row, col, seed, xxhash.xxh32_intdigest(struct.pack("<II", row, col), seed)]
        for row in WORDS
        for col in WORDS
        for seed in [0, 7, 2**31, 2**32 - 1]
    ],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(fixtures, separators=(",", ":")) + "\n")
