"""Products with chains of cores, and their gradients, by PyTorch: one einsum over all cores, in double precision.

    OMP_NUM_THREADS=1 /usr/bin/python3 contract-chain.fixtures.py > contract-chain.fixtures.json
"""

import json

import torch

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)

CASES = [
    ("train of three cores", [3, 2, 2], [2, 3, 2], [1, 4, 3, 1]),
    ("train of one core", [4], [3], [1, 1]),
    ("train of four cores", [2, 3, 2, 2], [2, 1, 2, 3], [1, 2, 4, 2, 1]),
    ("periodic, three cores", [3, 2, 2], [2, 3, 2], [2, 3, 2, 2]),
    ("periodic, two cores", [3, 4], [2, 3], [3, 2, 3]),
]
BATCH = 3


def rounded(tensor):
    return [float(f"{value:.12g}") for value in tensor.detach().reshape(-1).tolist()]


def make(name, in_modes, out_modes, bonds):
    d = len(in_modes)
    # As the package stores them: [mode in, bond before, mode out, bond after].
    cores = [
        torch.randn(in_modes[k], bonds[k], out_modes[k], bonds[k + 1], requires_grad=True) for k in range(d)
    ]
    columns = 1
    for mode in in_modes:
        columns *= mode
    x = torch.randn(BATCH, columns, requires_grad=True)
    # Letters: inputs a.., outputs A.., bonds from p on; the last bond is the first again.
    ins = [chr(ord("a") + k) for k in range(d)]
    outs = [chr(ord("A") + k) for k in range(d)]
    links = [chr(ord("p") + k) for k in range(d)]
    terms = [f"{ins[k]}{links[k]}{outs[k]}{links[(k + 1) % d]}" for k in range(d)]
    if d == 1:
        v = cores[0].sum(dim=(1, 3)) if bonds[0] == 1 else None
        y = torch.einsum("za,aA->zA", x, v)
        matrix = v.transpose(0, 1)
    else:
        folded = x.reshape(BATCH, *in_modes)
        y = torch.einsum(f"z{''.join(ins)},{','.join(terms)}->z{''.join(outs)}", folded, *cores)
        matrix = torch.einsum(f"{','.join(terms)}->{''.join(outs)}{''.join(ins)}", *cores)
    y = y.reshape(BATCH, -1)
    matrix = matrix.reshape(y.shape[1], columns)
    g = torch.randn_like(y)
    gradients = torch.autograd.grad((y * g).sum(), [x, *cores])
    return {
        "name": name,
        "inModes": in_modes,
        "outModes": out_modes,
        "bonds": bonds,
        "x": rounded(x),
        "cores": [rounded(core) for core in cores],
        "matrix": rounded(matrix),
        "y": rounded(y),
        "dY": rounded(g),
        "dX": rounded(gradients[0]),
        "dCores": [rounded(gradient) for gradient in gradients[1:]],
    }


print(json.dumps({"batch": BATCH, "cases": [make(*case) for case in CASES]}))
