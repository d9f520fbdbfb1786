"""Outputs, last states and gradients of PyTorch's LSTM, in f64, of values that f32 holds exactly.

    OMP_NUM_THREADS=1 /usr/bin/python3 lstm.fixtures.py
"""

import json
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(19971115)


def single(*shape):
    return (torch.randn(*shape) * 0.7).float().double().requires_grad_()


def case(batch, steps, width, out, bias):
    v, u, b = single(4 * out, width), single(4 * out, out), single(4 * out)
    x, hidden, state = single(batch, steps, width), single(batch, out), single(batch, out)
    if not bias:
        b = torch.zeros(4 * out)
    lstm = torch.nn.LSTM(width, out, batch_first=True)
    values = dict(weight_ih_l0=v, weight_hh_l0=u, bias_ih_l0=b, bias_hh_l0=torch.zeros(4 * out))
    lstm.load_state_dict({name: value.detach() for name, value in values.items()})
    y, (last, end) = lstm(x, (hidden[None], state[None]))
    along, ending = single(*y.shape), single(*end.shape)
    loss = (y * along).sum() + (end * ending).sum()
    grads = torch.autograd.grad(loss, [x, hidden, state, lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0])
    plain, _ = lstm(x)
    names = ["dx", "dHidden", "dCell", "dV", "dU", "dBias"]
    values = dict(x=x, hidden=hidden, cell=state, v=v, u=u, bias=b, along=along, ending=ending, y=y, last=last, end=end)
    values |= dict(zip(names, grads)) | {"fromZeros": plain}
    shape = dict(batch=batch, steps=steps, width=width, out=out)
    return shape | {name: value.flatten().tolist() for name, value in values.items()}


fixtures = [case(2, 4, 3, 5, True), case(1, 1, 2, 1, False), case(3, 7, 1, 2, True)]
Path(__file__).with_suffix(".json").write_text(json.dumps(fixtures) + "\n")
