"""Golden vectors of the multiply-shift hash of two words, in Python's big integers.

Run: /usr/bin/python3 multiply-shift.fixtures.py
"""

import json
import pathlib

WORD = 2**32
WORDS = [0, 1, 2, 255, 65535, 65536, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 0xDEADBEEF]


def fmix32(h):
    h ^= h // 2**16
    h = h * 0x85EBCA6B % WORD
    h ^= h // 2**13
    h = h * 0xC2B2AE35 % WORD
    return h ^ h // 2**16


def multiply_shift(row, col, seed):
    a = fmix32((seed + 0x9E3779B9) % WORD) | 1
    b = fmix32((seed + 2 * 0x9E3779B9) % WORD) | 1
    x = a * row % WORD ^ b * col % WORD
    y = (x ^ x // 2**15) * 0x85EBCA6B % WORD
    return y ^ y // 2**15


vectors = [[r, c, s, multiply_shift(r, c, s)] for r in WORDS for c in WORDS for s in [0, 7, 2**31, 2**32 - 1]]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(vectors, separators=(",", ":")) + "\n")
