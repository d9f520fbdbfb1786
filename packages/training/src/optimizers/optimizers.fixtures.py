"""Writes optimizers.fixtures.json: several steps of PyTorch's optimisers on small tensors, in f64 and f32.

    OMP_NUM_THREADS=1 /usr/bin/python3 optimizers.fixtures.py
"""

import json
from pathlib import Path

import torch

STEPS = 6
torch.manual_seed(5)

CASES = {
    "sgd": [
        {},
        {"weightDecay": 0.1},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.3, "weightDecay": 0.05},
        {"momentum": 0.8, "nesterov": True},
        {"momentum": 0.8, "nesterov": True, "weightDecay": 0.05},
    ],
    "adam": [{}, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}, {"weightDecay": 0.1}],
    "adamW": [{}, {"weightDecay": 0.3}, {"beta1": 0.0, "beta2": 0.99, "epsilon": 1e-2}],
    "rmsprop": [
        {},
        {"alpha": 0.9, "epsilon": 1e-3},
        {"momentum": 0.9, "weightDecay": 0.1},
        {"centered": True},
        {"centered": True, "momentum": 0.5, "alpha": 0.9, "weightDecay": 0.02},
    ],
    "adaMax": [{}, {"beta1": 0.5, "beta2": 0.7, "epsilon": 1e-3}, {"weightDecay": 0.1}],
}
CLIPS = [{}, {"clipNorm": 1.5}, {"clipValue": 0.4}, {"clipNorm": 2.0, "clipValue": 0.6}]


def optimizer(rule, options, parameters):
    plain = {"weightDecay": "weight_decay", "epsilon": "eps"}
    given = {plain.get(key, key): value for key, value in options.items() if not key.startswith("beta")}
    if "beta1" in options:
        given["betas"] = (options["beta1"], options["beta2"])
    kind = {
        "sgd": torch.optim.SGD,
        "adam": torch.optim.Adam,
        "adamW": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
        "adaMax": torch.optim.Adamax,
    }[rule]
    return kind(parameters, lr=0.03, **given)


def run(rule, options, clip, dtype, start, gradients):
    parameters = [torch.nn.Parameter(values.to(dtype).clone()) for values in start]
    steps = optimizer(rule, options, parameters)
    trace = []
    for gradient in gradients:
        for parameter, values in zip(parameters, gradient):
            parameter.grad = values.to(dtype).clone()
        if "clipNorm" in clip:
            torch.nn.utils.clip_grad_norm_(parameters, clip["clipNorm"])
        if "clipValue" in clip:
            torch.nn.utils.clip_grad_value_(parameters, clip["clipValue"])
        steps.step()
        trace.append([parameter.detach().flatten().tolist() for parameter in parameters])
    return trace


shapes = [(2, 3), (3,)]
# Exact in f32, so that both precisions start from the same numbers.
start = [torch.randn(shape).double() for shape in shapes]
gradients = [[torch.randn(shape).double() for shape in shapes] for _ in range(STEPS)]
fixtures = {
    "torch": torch.__version__,
    "learningRate": 0.03,
    "shapes": shapes,
    "start": [values.flatten().tolist() for values in start],
    "gradients": [[values.flatten().tolist() for values in step] for step in gradients],
    "cases": [
        {
            "rule": rule,
            "options": {**options, **clip},
            "f64": run(rule, options, clip, torch.float64, start, gradients),
            "f32": run(rule, options, clip, torch.float32, start, gradients),
        }
        for rule, all_options in CASES.items()
        for options in all_options
        for clip in (CLIPS if options == {} else CLIPS[:1])
    ],
}
Path(__file__).with_name("optimizers.fixtures.json").write_text(json.dumps(fixtures) + "\n")
