"""Outputs and all gradients of PyTorch's MultiheadAttention in f64: padded, causal, and attending to another sequence.

    OMP_NUM_THREADS=1 /usr/bin/python3 multi-head-attention.fixtures.py
"""

import json
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(20170612)


def single(*shape):
    return (torch.randn(*shape) * 0.7).float().double()


def case(width, heads, lengths, causal=False, bias=True, queries=None):
    net = torch.nn.MultiheadAttention(width, heads, bias=bias, batch_first=True)
    for parameter in net.parameters():
        parameter.data = single(*parameter.shape)
    steps = max(lengths)
    context = single(len(lengths), steps, width).requires_grad_()
    x = context if queries is None else single(len(lengths), queries, width).requires_grad_()
    padded = torch.tensor([[k >= length for k in range(steps)] for length in lengths])
    hidden = torch.triu(torch.ones(x.shape[1], steps, dtype=torch.bool), 1) if causal else None
    y, _ = net(x, context, context, key_padding_mask=padded, attn_mask=hidden, need_weights=False)
    along = single(*y.shape)
    named = list(net.named_parameters())
    inputs = [x] + ([] if queries is None else [context]) + [value for _, value in named]
    gradients = torch.autograd.grad((y * along).sum(), inputs)
    names = ["x"] + ([] if queries is None else ["context"]) + [name for name, _ in named]
    flat = lambda values: values.flatten().tolist()
    return dict(
        width=width, heads=heads, lengths=lengths, causal=causal, bias=bias, queries=queries,
        x=flat(x), context=flat(context), y=flat(y), along=flat(along),
        parameters={name: flat(value) for name, value in named},
        gradients=dict(zip(names, map(flat, gradients))),
    )


fixtures = [
    case(4, 2, [3, 3]),
    case(6, 3, [4, 2], causal=True),
    case(4, 1, [2, 4], bias=False),
    case(6, 2, [3, 1], queries=5),
]
Path(__file__).with_suffix(".json").write_text("[\n" + ",\n".join(json.dumps(each) for each in fixtures) + "\n]\n")
