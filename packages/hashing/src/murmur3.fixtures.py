"""Golden vectors of the MurmurHash3 finaliser and of the two-word hash built from it, in Python's big integers.

Run: /usr/bin/python3 murmur3.fixtures.py
"""

import json
import pathlib

WORD = 2**32
GOLDEN = 0x9E3779B9
WORDS = [0, 1, 2, 255, 65535, 65536, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 0xDEADBEEF]


def fmix32(h):
    h ^= h // 2**16
    h = h * 0x85EBCA6B % WORD
    h ^= h // 2**13
    h = h * 0xC2B2AE35 % WORD
    return h ^ h // 2**16


def two_words(row, col, seed):
    h = fmix32((seed + GOLDEN) % WORD)
    h = fmix32((h + row * GOLDEN) % WORD)
    return fmix32((h + col * GOLDEN) % WORD)


# The published value of MurmurHash3_x86_32 of the empty message under seed 1, which is fmix32(1).
assert fmix32(1) == 0x514E28B7
assert fmix32(0xFFFFFFFF) == 0x81F16F39

fixtures = {
    "mix": [[h, fmix32(h)] for h in WORDS],
    "words": [[r, c, s, two_words(r, c, s)] for r in WORDS for c in WORDS for s in [0, 7, 2**31, 2**32 - 1]],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(fixtures, separators=(",", ":")) + "\n")
