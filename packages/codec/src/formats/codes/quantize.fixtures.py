"""The least squared error of symmetric uniform quantisation, by trying 20 000 scales, for quantize.spec.ts.

OMP_NUM_THREADS=1 /usr/bin/python3 quantize.fixtures.py          writes quantize.fixtures.json
"""

import json
from pathlib import Path

import numpy as np

random = np.random.default_rng(20160103)
normal = random.normal(0, 0.05, 300)
cases = {
    "normal": normal,
    "uniform": random.uniform(-2e-4, 2e-4, 300),
    "laplace": random.laplace(0, 3, 300),
    "one outlier": np.append(normal[:200], 40.0),
    "one sign": np.abs(normal[:100]) + 7,
    "one value": np.array([-6.25]),
}


def least(values, bits):
    most = 2 ** (bits - 1) - 1
    scales = np.abs(values).max() / most * np.geomspace(1, 2**-6, 20_000)
    return min(float(((np.clip(np.rint(values / s), -most, most) * s - values) ** 2).sum()) for s in scales)


fixtures = []
for name, values in cases.items():
    values = values.astype(np.float32).astype(np.float64)
    errors = {bits: least(values, bits) for bits in range(2, 9)}
    fixtures.append({"name": name, "values": values.tolist(), "leastErrors": errors})
target = Path(__file__).with_name("quantize.fixtures.json")
target.write_text(json.dumps(fixtures) + "\n")
