"""Precision, recall, F1 and the area under the ROC curve by their definitions, pair by pair and class by class.

    /usr/bin/python3 classification-metrics.fixtures.py
"""

import json
import os
from fractions import Fraction

import numpy as np

rng = np.random.RandomState(7)
cases = []
for classes, count in ((2, 9), (3, 20), (5, 40), (4, 3)):
    scores = np.round(rng.randn(count, classes), 2)
    labels = rng.randint(0, classes, count)
    told = scores.argmax(1)

    def ratio(a, b):
        return float(Fraction(int(a), int(b))) if b else 0.0

    per = []
    for c in range(classes):
        tp = sum((told == c) & (labels == c))
        fp = sum((told == c) & (labels != c))
        fn = sum((told != c) & (labels == c))
        per.append((tp, fp, fn))
    forms = {
        'precision': lambda tp, fp, fn: ratio(tp, tp + fp),
        'recall': lambda tp, fp, fn: ratio(tp, tp + fn),
        'f1': lambda tp, fp, fn: ratio(2 * tp, 2 * tp + fp + fn),
    }
    for name, form in forms.items():
        expected = {
            'macro': float(np.mean([form(*row) for row in per])),
            'weighted': float(np.average([form(*row) for row in per], weights=np.bincount(labels, minlength=classes))),
            'micro': form(*[sum(column) for column in zip(*per)]),
        }
        if classes == 2:
            expected['binary'] = form(*per[1])
        cases.append({'metric': name, 'shape': [count, classes], 'scores': scores.flatten().tolist(),
                      'labels': labels.tolist(), 'expected': expected})
areas = []
for count in (6, 15, 40):
    scores = rng.randint(0, 6, count) / 4  # many ties
    labels = rng.randint(0, 2, count)
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in scores[labels == 1] for n in scores[labels == 0]]
    areas.append({'scores': scores.tolist(), 'labels': labels.tolist(), 'area': float(np.mean(pairs))})

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'classification-metrics.fixtures.json'), 'w') as out:
    json.dump({'cases': cases, 'areas': areas}, out)
    out.write('\n')
