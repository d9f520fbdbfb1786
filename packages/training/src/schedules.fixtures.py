"""Writes schedules.fixtures.json: factors of PyTorch's learning-rate schedulers; Torch7's decay is its formula.

    OMP_NUM_THREADS=1 /usr/bin/python3 schedules.fixtures.py
"""

import json
from pathlib import Path

import torch
from torch.optim import lr_scheduler

STEPS = 24


def trace(make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler = make(optimizer)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def warmup_cosine(optimizer):
    warmup = lr_scheduler.LinearLR(optimizer, start_factor=1 / 4, total_iters=3)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS - 4)
    return lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[4])


fixtures = {
    "steps": STEPS,
    "rate": 0.5,
    "linearWarmup": trace(lambda o: lr_scheduler.LinearLR(o, start_factor=1 / 10, total_iters=9)),
    "cosine": trace(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS)),
    "stepDecay": trace(lambda o: lr_scheduler.StepLR(o, step_size=5, gamma=0.3)),
    "exponential": trace(lambda o: lr_scheduler.ExponentialLR(o, gamma=0.8)),
    "inverseTime": trace(lambda o: lr_scheduler.LambdaLR(o, lambda n: 1 / (1 + n * 0.05))),
    "warmupCosine": trace(warmup_cosine),
}
Path(__file__).with_name("schedules.fixtures.json").write_text(json.dumps(fixtures) + "\n")
