"""Tail probabilities of the chi-squared, normal and Poisson distributions, from PyTorch's incomplete gamma functions
and Python's erfc. Run: OMP_NUM_THREADS=1 /usr/bin/python3 tails.fixtures.py
"""

import json
import math
import pathlib

import torch


def double(x):
    return torch.tensor(float(x), dtype=torch.float64)


def lower(a, x):
    return float(torch.special.gammainc(double(a), double(x)))


def upper(a, x):
    return float(torch.special.gammaincc(double(a), double(x)))


fixtures = {
    "chiSquare": [
        [x, degrees, upper(degrees / 2, x / 2)]
        for degrees in [1, 2, 9, 63, 255, 999]
        for x in [0.1 * degrees, 0.8 * degrees, degrees, 1.3 * degrees + 4, degrees + 6 * math.sqrt(2 * degrees)]
    ],
    "normal": [[z, math.erfc(abs(z) / math.sqrt(2))] for z in [0, 0.1, -1, 2, 3.5, -4.9, 8]],
    "poisson": [
        [count, mean, lower(count, mean), upper(count + 1, mean)]
        for count, mean in [(1, 0.03), (3, 0.03), (5, 0.5), (10, 10), (30, 10), (2, 20), (11400, 10956), (10500, 10956)]
    ],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(fixtures) + "\n")
