"""Metrics of many labels by scikit-learn.

    OMP_NUM_THREADS=1 /usr/bin/python3 multi-label-metrics.fixtures.py
"""

import json
import os
import warnings

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

warnings.filterwarnings('ignore')
rng = np.random.RandomState(3)
cases = []
for rows, labels, threshold, share in ((8, 3, 0.5, 0.4), (30, 5, 0.3, 0.2), (6, 1, 0.5, 0.5), (12, 4, 0.9, 0.7)):
    logits = np.round(rng.randn(rows, labels) * 2, 2)
    targets = (rng.rand(rows, labels) < share).astype(int)
    if labels == 4:
        targets[:, 1] = 0  # a label that is never there
        logits[:, 2] = -9  # one that is never told
    told = (1 / (1 + np.exp(-logits)) > threshold).astype(int)
    expected = {}
    for average in ('macro', 'weighted', 'micro', 'samples') if labels > 1 else ('micro',):
        p, r, f, _ = precision_recall_fscore_support(targets if labels > 1 else targets[:, 0], told if labels > 1 else told[:, 0], average=average if labels > 1 else 'binary')
        expected[average] = {'precision': p, 'recall': r, 'f1': f}
    if labels > 1:
        p, r, f, s = precision_recall_fscore_support(targets, told, average=None)
    else:
        p, r, f, s = [[x[1]] for x in precision_recall_fscore_support(targets[:, 0], told[:, 0], average=None)]
    cases.append({
        'shape': [rows, labels], 'threshold': threshold, 'logits': logits.flatten().tolist(), 'targets': targets.flatten().tolist(),
        'expected': expected, 'subset': float(accuracy_score(targets, told)),
        'labels': [{'precision': float(a), 'recall': float(b), 'f1': float(c), 'count': int(d)} for a, b, c, d in zip(p, r, f, s)],
    })
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'multi-label-metrics.fixtures.json'), 'w') as out:
    json.dump({'cases': cases}, out)
    out.write('\n')
