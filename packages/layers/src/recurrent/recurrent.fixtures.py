"""Outputs and all gradients of PyTorch's LSTM and GRU in f64: two layers, both directions, sequences of several lengths.

    OMP_NUM_THREADS=1 /usr/bin/python3 recurrent.fixtures.py
"""

import json
from pathlib import Path

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_default_dtype(torch.float64)
torch.manual_seed(20141003)


def single(*shape):
    return (torch.randn(*shape) * 0.7).float().double()


def case(kind, layers, bidirectional, lengths, width, hidden):
    net = getattr(torch.nn, kind)(width, hidden, num_layers=layers, bidirectional=bidirectional, batch_first=True)
    for name, value in net.named_parameters():
        # The sum of both biases is all that an LSTM sees.
        value.data = torch.zeros_like(value) if kind == "LSTM" and name.startswith("bias_hh") else single(*value.shape)
    steps = max(lengths)
    x = single(len(lengths), steps, width)
    for row, length in enumerate(lengths):
        x[row, length:] = 0
    x.requires_grad_()
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    out, state = net(packed)
    y, _ = pad_packed_sequence(out, batch_first=True, total_length=steps)
    ends = state[0] if kind == "LSTM" else state
    # Of the last layer, its directions side by side.
    last = torch.cat(list(ends[-2 if bidirectional else -1 :]), dim=-1)
    along, ending = single(*y.shape), single(*last.shape)
    named = [(name, value) for name, value in net.named_parameters() if not (kind == "LSTM" and name.startswith("bias_hh"))]
    inputs = [x] + [value for _, value in named]
    ofSequence = torch.autograd.grad((y * along).sum(), inputs, retain_graph=True)
    ofLast = torch.autograd.grad((last * ending).sum(), inputs, allow_unused=True)
    flat = lambda values: None if values is None else values.flatten().tolist()
    names = ["x"] + [name for name, _ in named]
    return dict(
        kind=kind, layers=layers, bidirectional=bidirectional, lengths=lengths, width=width, hidden=hidden,
        x=flat(x), y=flat(y), last=flat(last), along=flat(along), ending=flat(ending),
        parameters={name: flat(value) for name, value in named},
        ofSequence=dict(zip(names, map(flat, ofSequence))),
        ofLast=dict(zip(names, map(flat, ofLast))),
    )


fixtures = [
    case(kind, layers, bidirectional, lengths, 2, 3)
    for kind in ["LSTM", "GRU"]
    for layers, bidirectional, lengths in [(1, False, [4, 4]), (2, True, [3, 5, 1]), (2, False, [2, 4]), (1, True, [4, 2])]
]
Path(__file__).with_suffix(".json").write_text("[\n" + ",\n".join(json.dumps(each) for each in fixtures) + "\n]\n")
