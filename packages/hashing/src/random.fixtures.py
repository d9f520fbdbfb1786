"""Draws of the Philox4x32-10 generator, derived seeds and forks: the generator in Python's big integers from the paper
(Salmon et al. 2011), normals from Python's statistics module, hashes from python3-xxhash.

Run: /usr/bin/python3 random.fixtures.py
"""

import json
import pathlib
import struct
from statistics import NormalDist

import xxhash

WORD = 2**32


def philox(counter, key):
    x, k = [counter // WORD**i % WORD for i in range(4)], [key % WORD, key // WORD]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [p1 // WORD ^ x[1] ^ k[0], p1 % WORD, p0 // WORD ^ x[3] ^ k[1], p0 % WORD]
        k = [(k[0] + 0x9E3779B9) % WORD, (k[1] + 0xBB67AE85) % WORD]
    return x


# From the file kat_vectors of Random123.
assert philox(0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def draw(seed, stream, position, count):
    return [philox(n // 4 + stream * WORD**2, seed)[n % 4] for n in range(position, position + count)]


def uniform(high, low):
    return (high // 2**5 * 2**26 + low // 2**6) / 2**53


def normal(high, low):
    return NormalDist().inv_cdf((high // 2**6 * 2**26 + low // 2**6 + 0.5) / 2**52)


def label_bytes(label):
    return b"\1" + label.encode() if isinstance(label, str) else b"\0" + struct.pack("<d", label)


def derive(seed, *labels):
    h = 0
    for label in (seed, *labels):
        h = xxhash.xxh32_intdigest(label_bytes(label), h)
    return h


def fork(seed, stream, label):
    return xxhash.xxh64_intdigest(label_bytes(label), xxhash.xxh64_intdigest(struct.pack("<Q", stream), seed))


fixtures = {
    "draws": [
        {"seed": seed, "stream": stream, "position": position, "words": words,
         "uniforms": [uniform(*words[i : i + 2]) for i in range(0, 12, 2)],
         "normals": [normal(*words[i : i + 2]) for i in range(0, 12, 2)]}
        for seed in [0, 1, 2**32 - 1, 2**53 - 1]
        for stream in [0, 1, 2**53 - 1]
        for position in [0, 3, 2**34 - 5, 2**50 + 2]
        for words in [draw(seed, stream, position, 12)]
    ],
    "derived": [
        [derive(*path), path]
        for path in [[0], [7], [0.5], [0, "a"], [0, "a", "b"], [0, "ab"], [0, "weights", 3], [1, "größe", -1, 2**40]]
    ],
    "forks": [
        {"seed": seed, "stream": stream, "label": label, "words": draw(fork(seed, stream, label), 0, 0, 4)}
        for seed, stream in [(0, 0), (5, 0), (2**53 - 1, 2**40 + 1)]
        for label in ["", "a", "dropout", 0, 1, -2.5]
    ],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(fixtures, separators=(",", ":")) + "\n")
