"""Writes float16.fixtures.json and bfloat16.fixtures.json.

The oracles: numpy (binary16 from f32 and f64), torch (bfloat16 from f32), exact rationals (bfloat16 from f64, where
torch rounds twice). NaN inputs are left out of the lists: their payload is a matter of taste.

    OMP_NUM_THREADS=1 /usr/bin/python3 float16.fixtures.py
"""

import json
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

folder = Path(__file__).parent
random = np.random.default_rng(20160102)
all_patterns = np.arange(65536, dtype=np.uint16)


def bits32(values):
    return [int(b) for b in np.asarray(values, dtype=np.float32).view(np.uint32)]


def hex64(values):
    return [f"{int(b):016x}" for b in np.asarray(values, dtype=np.float64).view(np.uint64)]


def near_ties(decoded, spread):
    """Midpoints of neighbouring finite values, and the values of `spread` just beside them."""
    finite = np.unique(decoded[np.isfinite(decoded)].astype(np.float64))
    chosen = np.concatenate([random.choice(len(finite) - 1, 60), np.arange(len(finite) - 4, len(finite) - 1)])
    zero = int(np.searchsorted(finite, 0.0))
    chosen = np.concatenate([chosen, np.arange(zero - 3, zero + 3)])
    middle = (finite[chosen] + finite[chosen + 1]) / 2
    return np.concatenate([middle, spread(middle, -np.inf), spread(middle, np.inf)])


def next32(values, towards):
    return np.nextafter(values.astype(np.float32), np.float32(towards)).astype(np.float64)


def upcast_checksum(decoded):
    """CRC-32 of the f32 values of all 65 536 patterns, NaNs as zero."""
    return zlib.crc32(np.where(np.isnan(decoded), np.float32(0), decoded).astype("<f4").tobytes())


def bfloat16_of(value):
    """Round to nearest, ties to even, by exact rational arithmetic."""
    sign = 0x8000 if np.signbit(value) else 0
    if np.isinf(value):
        return sign | 0x7F80
    exact = abs(Fraction(float(value)))
    magnitudes = torch.arange(0, 0x7F81, dtype=torch.int32).to(torch.int16).view(torch.bfloat16).double()
    position = int(torch.searchsorted(magnitudes, abs(float(value)), right=True)) - 1
    position = min(position, 0x7F7F)
    below = Fraction(float(magnitudes[position]))
    above = Fraction(2) ** 128 if position == 0x7F7F else Fraction(float(magnitudes[position + 1]))
    if exact - below > above - exact or (exact - below == above - exact and position % 2 == 1):
        position += 1
    return sign | position


special = np.array([0.0, -0.0, np.inf, -np.inf, 1.0, -1.0, 65504, 65519.99, 65520, -65520, 1e-8, 2.0**-25, 2.0**-24])
wide = np.concatenate([special, random.normal(size=40), 2.0 ** random.uniform(-28, 17, 80) * random.choice([-1, 1], 80)])
half = all_patterns.view(np.float16)
brain = torch.from_numpy(all_patterns.astype(np.int32)).to(torch.int16).view(torch.bfloat16).float().numpy()

with np.errstate(all="ignore"):
    from32 = np.concatenate([wide, near_ties(half, next32)]).astype(np.float32)
    from64 = np.concatenate([wide, near_ties(half, np.nextafter), [1e300, -1e300, 5e-324]])
    float16 = {
        "float32Bits": bits32(from32),
        "fromFloat32": [int(p) for p in from32.astype(np.float16).view(np.uint16)],
        "float64Hex": hex64(from64),
        "fromFloat64": [int(p) for p in from64.astype(np.float16).view(np.uint16)],
        "upcastCrc32": upcast_checksum(half.astype(np.float32)),
    }

    widest = 2.0 ** random.uniform(-140, 127.9, 80) * random.choice([-1, 1], 80)
    from32 = np.concatenate([wide, widest, near_ties(brain, next32)]).astype(np.float32)
    from64 = np.concatenate([wide, widest, near_ties(brain, np.nextafter), [1e300, -1e300, 5e-324]])
    bfloat16 = {
        "float32Bits": bits32(from32),
        "fromFloat32": [int(p) & 0xFFFF for p in torch.from_numpy(from32).bfloat16().view(torch.int16)],
        "float64Hex": hex64(from64),
        "fromFloat64": [bfloat16_of(x) for x in from64],
        "upcastCrc32": upcast_checksum(brain),
    }

(folder / "float16.fixtures.json").write_text(json.dumps(float16, separators=(",", ":")) + "\n")
(folder / "bfloat16.fixtures.json").write_text(json.dumps(bfloat16, separators=(",", ":")) + "\n")
