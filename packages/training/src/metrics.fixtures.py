"""Writes metrics.fixtures.json: metrics by numpy from their definitions.

    OMP_NUM_THREADS=1 /usr/bin/python3 metrics.fixtures.py
"""

import json
from pathlib import Path

import numpy as np

random = np.random.default_rng(11)
scores = random.normal(size=(40, 5))
labels = random.integers(0, 5, 40)
order = np.argsort(-scores, axis=1)
matrix = np.zeros((5, 5), dtype=int)
np.add.at(matrix, (labels, order[:, 0]), 1)

outputs = random.normal(size=(30, 2))
targets = 0.7 * outputs + 0.4 * random.normal(size=(30, 2)) + 1

fixtures = {
    "scores": scores.tolist(),
    "labels": labels.tolist(),
    "accuracy": float(np.mean(order[:, 0] == labels)),
    "top3": float(np.mean([label in row[:3] for label, row in zip(labels, order)])),
    "confusionMatrix": matrix.tolist(),
    "outputs": outputs.tolist(),
    "targets": targets.tolist(),
    "meanAbsoluteError": float(np.abs(outputs - targets).mean()),
    "rootMeanSquaredError": float(np.sqrt(((outputs - targets) ** 2).mean())),
    "r2": float(1 - ((outputs - targets) ** 2).sum() / ((targets - targets.mean()) ** 2).sum()),
}
Path(__file__).with_name("metrics.fixtures.json").write_text(json.dumps(fixtures) + "\n")
