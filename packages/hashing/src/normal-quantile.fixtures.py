"""Quantiles of the standard normal distribution, from Python's statistics module.

Run: /usr/bin/python3 normal-quantile.fixtures.py
"""

import json
import pathlib
from statistics import NormalDist

levels = [2.0**-53, 1e-15, 1e-12, 1e-9, 1e-6, 1e-4, 0.001, 0.01, 0.025, 0.05, 0.074, 0.0750001, 0.1]
levels += [n / 64 for n in range(8, 57)] + [0.9249999, 0.9251, 0.95, 0.99, 0.999999, 1 - 2.0**-53]
normal = NormalDist()
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps([[p, normal.inv_cdf(p)] for p in levels]) + "\n")
