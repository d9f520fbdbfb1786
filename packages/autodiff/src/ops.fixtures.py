"""Forward values, gradients and second-order quantities of the ops, by PyTorch in f64.

    OMP_NUM_THREADS=1 /usr/bin/python3 ops.fixtures.py

Each case: y = op(inputs, parameters); g = gradients of sum(w(y) * y) by the inputs; h = gradients of
sum over inputs of sum(v(g) * g) by the inputs, where w and v are fixed weights that a reader computes from the
element's number i alone: w_i = 0.5 + ((37 i) mod 101) / 101, v_i = 0.5 + ((53 i) mod 103) / 103.
Inputs that are lists of whole numbers (indices, labels) are parameters. Infinite and NaN values are strings.
"""

import json
import math
import os

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
rng = np.random.RandomState(20)
cases = []


def weights(t, step, modulus):
    i = torch.arange(t.numel())
    return (0.5 + ((step * i) % modulus) / modulus).reshape(t.shape)


def values(t):
    def plain(v):
        return v if math.isfinite(v) else ('NaN' if math.isnan(v) else 'Infinity' if v > 0 else '-Infinity')

    # The sum gives memory to torch's symbolic zeros.
    flat = (t.detach() + torch.zeros(t.shape)).flatten().tolist()
    return {'shape': list(t.shape), 'values': [plain(v) for v in flat]}


def case(op, f, inputs, parameters=None, order=2):
    """order 1: no second-order quantity, where torch's is not the derivative of its gradient."""
    xs = [torch.as_tensor(x, dtype=torch.float64).clone().requires_grad_() for x in inputs]
    y = f(*xs)
    zeros = lambda grads: [torch.zeros_like(x) if g is None else g for g, x in zip(grads, xs)]
    g = zeros(torch.autograd.grad((weights(y, 37, 101) * y).sum(), xs, create_graph=True, allow_unused=True))
    entry = {
        'op': op,
        'parameters': parameters if parameters is not None else {},
        'inputs': [values(x) for x in xs],
        'output': values(y),
        'gradients': [values(t) for t in g],
    }
    if order == 2:
        s = sum((weights(t, 53, 103) * t).sum() for t in g)
        h = torch.autograd.grad(s, xs, allow_unused=True) if s.requires_grad else [None] * len(xs)
        entry['second'] = [values(t) for t in zeros(h)]
    cases.append(entry)


def normal(*shape):
    return np.round(rng.randn(*shape), 3)


def positive(*shape):
    return np.round(rng.rand(*shape) * 2 + 0.2, 3)


# Pointwise: one row of special points, one of ordinary ones.
line = np.concatenate([[0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0], normal(4)])
unary = {
    'negative': torch.neg, 'square': torch.square, 'exp': torch.exp, 'sin': torch.sin, 'cos': torch.cos,
    'abs': torch.abs, 'sign': torch.sign, 'floor': torch.floor, 'relu': F.relu, 'leakyRelu': F.leaky_relu,
    'elu': F.elu, 'tanh': torch.tanh, 'sigmoid': torch.sigmoid, 'softplus': F.softplus, 'silu': F.silu,
}
for name, f in unary.items():
    if name == 'elu':  # its second derivative at 0 is 0 here, 1 there: the limits from above and below
        case(name, f, [line], order=1)
        case(name, f, [line[1:]])
        continue
    case(name, f, [line])
# torch 1.13 computes the tanh form only when asked.
case('gelu', lambda x: F.gelu(x, approximate='tanh'), [line])
for name, f in {'reciprocal': torch.reciprocal, 'sqrt': torch.sqrt, 'log': torch.log}.items():
    case(name, f, [positive(10)])
for p in [0, 1, 2, 3, -1, -2, 7]:
    base = positive(6) * np.array([1, -1, 1, -1, 1, -1])
    case('power', lambda x: torch.pow(x, p), [base], {'exponent': p})
for p in [0.5, 1.5, -0.7, 2.5]:
    case('power', lambda x: torch.pow(x, p), [positive(6)], {'exponent': p})
case('power', lambda x: torch.pow(x, 2.5), [[0.0, 1.0, 2.0]], {'exponent': 2.5})
case('power', torch.pow, [positive(2, 3), normal(3)])
corners = [[-2.0], [-1.0], [-0.5], [0.0], [0.5], [1.0], [3.0]]
# Gradients of gradients at 0 are NaN in torch 1.13 where they are 0.
case('power', torch.pow, [corners, [0.0, 1.0, 2.0, 3.0, 7.0, 16.0, 17.0]], order=1)
case('power', torch.pow, [corners, [-1.0, -2.0, -3.0, 0.5, 1.5, -0.5]], order=1)
case('power', torch.pow, [[0.0, 2.0, -2.0, -2.0], [2.0, 2.0, 2.0, 3.0]], order=1)
for p in [0, 1, 2, 3, -1, 0.5, 1.5, -0.5]:
    case('power', lambda x: torch.pow(x, p), [[0.0, -2.0, 4.0]], {'exponent': p}, order=1)
case('clip', lambda x: torch.clamp(x, -0.5, 1.0), [line], {'low': -0.5, 'high': 1.0})

binary = {
    'add': torch.add, 'subtract': torch.sub, 'multiply': torch.mul,
    'maximum': torch.maximum, 'minimum': torch.minimum,
}
for name, f in binary.items():
    case(name, f, [normal(2, 3), normal(2, 3)])
    case(name, f, [normal(2, 1, 3), normal(4, 1)])
    case(name, f, [normal(2, 2), normal()])
case('divide', torch.div, [normal(2, 3), positive(2, 3)])
case('divide', torch.div, [normal(2, 1, 3), positive(4, 1)])
ties = [[1.0, 2.0, -1.0, 0.0], [1.0, 1.0, -1.0, 0.0]]
case('maximum', torch.maximum, ties)
case('minimum', torch.minimum, ties)
compare = {
    'greater': torch.gt, 'greaterEqual': torch.ge, 'less': torch.lt, 'lessEqual': torch.le, 'equal': torch.eq,
    'notEqual': torch.ne,
}
odd = [0.0, 1.0, 1.0, math.inf, math.inf, -math.inf, math.nan, math.nan, 1.0]
other = [0.0, 1.0, 2.0, math.inf, 1.0, math.inf, math.nan, 1.0, math.nan]
for name, f in compare.items():
    with torch.no_grad():
        y = f(torch.tensor(odd), torch.tensor(other)).double()
    none = values(torch.zeros(9))
    cases.append({'op': name, 'parameters': {}, 'inputs': [values(torch.tensor(odd)), values(torch.tensor(other))],
                  'output': values(y), 'gradients': [none, none], 'second': [none, none]})
case('where', lambda c, x, y: torch.where(c != 0, x, y), [[1.0, 0.0, -1.0], normal(2, 3), normal(2, 1)])

# Products.
def matmul(a, b, ta=False, tb=False, bias=None):
    y = (a.transpose(-1, -2) if ta else a) @ (b.transpose(-1, -2) if tb else b)
    return y if bias is None else y + bias


for ta in (False, True):
    for tb in (False, True):
        a = normal(*((4, 3) if ta else (3, 4)))
        b = normal(*((5, 4) if tb else (4, 5)))
        p = {'transposeA': ta, 'transposeB': tb}
        case('matmul', lambda a, b: matmul(a, b, ta, tb), [a, b], p)
        case('matmul', lambda a, b, c: matmul(a, b, ta, tb, c), [a, b, normal(5)], p)
        case('matmul', lambda a, b: matmul(a, b, ta, tb), [np.stack([a, -a + 0.5]), b], p)
        case('matmul', lambda a, b: matmul(a, b, ta, tb), [a, np.stack([b, b * 2 - 1])], p)
        case('matmul', lambda a, b: matmul(a, b, ta, tb), [a[None, None], np.stack([b, b * 2 - 1])], p)
case('matmul', lambda a, b, c: matmul(a, b, bias=c), [normal(2, 2, 3), normal(3, 2), normal(2)],
     {'transposeA': False, 'transposeB': False})

# Reductions.
for axis in ([0], [1], [-1], [0, 2], [0, 1, 2]):
    for keep in (False, True):
        p = {'axis': axis, 'keepDims': keep}
        case('sum', lambda x: x.sum(dim=axis, keepdim=keep), [normal(2, 3, 2)], p)
        case('mean', lambda x: x.mean(dim=axis, keepdim=keep), [normal(2, 3, 2)], p)
        case('max', lambda x: x.amax(dim=axis, keepdim=keep), [normal(2, 3, 2)], p)
        case('min', lambda x: x.amin(dim=axis, keepdim=keep), [normal(2, 3, 2)], p)
tied = [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.0, -1.0, 5.0]]
case('max', lambda x: x.amax(dim=1), [tied], {'axis': [1], 'keepDims': False})
case('min', lambda x: x.amin(dim=[0, 1]), [tied], {'axis': [0, 1], 'keepDims': False})

# Along the last axis.
ninf = -math.inf
masked = [[0.5, ninf, 1.0], [ninf, 2.0, ninf]]
for name, f in {
    'softmax': lambda x: torch.softmax(x, -1), 'logSoftmax': lambda x: torch.log_softmax(x, -1),
    'logSumExp': lambda x: torch.logsumexp(x, -1),
}.items():
    case(name, f, [normal(3, 4)])
    case(name, f, [normal(2, 2, 3) * 50])
    case(name, f, [[1000.0, 1001.0, -1000.0]])
case('softmax', lambda x: torch.softmax(x, -1), [masked])
case('logSumExp', lambda x: torch.logsumexp(x, -1), [masked])
case('logSumExp', lambda x: torch.logsumexp(x, -1), [[[ninf, ninf], [1.0, 2.0]]])

# Cross-entropy.
logits = normal(5, 4) * 2
labels = [0, 3, 1, 1, 2]
soft = rng.dirichlet(np.ones(4), 5)
class_weights = [0.5, 2.0, 1.0, 0.25]
for reduction in ('mean', 'sum', 'none'):
    for smoothing in (0.0, 0.1):
        common = {'reduction': reduction, 'label_smoothing': smoothing}
        p = {'reduction': reduction, 'labelSmoothing': smoothing}
        t = torch.tensor(labels)
        case('softmaxCrossEntropy', lambda z: F.cross_entropy(z, t, **common), [logits], {**p, 'labels': labels})
        case('softmaxCrossEntropy',
             lambda z: F.cross_entropy(z, t, weight=torch.tensor(class_weights), **common), [logits],
             {**p, 'labels': labels, 'classWeights': class_weights})
        case('softmaxCrossEntropy', lambda z, s: F.cross_entropy(z, s, **common), [logits, soft], p)
case('softmaxCrossEntropy', lambda z: F.cross_entropy(z, torch.tensor([2, 1])), [masked],
     {'labels': [2, 1], 'reduction': 'mean', 'labelSmoothing': 0.0})

# Indexing.
case('slice', lambda x: x[1:3, :, 2:], [normal(4, 2, 3)], {'starts': [1, 0, 2], 'sizes': [2, 2, -1]})
case('gather', lambda x: x[[2, 0, 2, 1]], [normal(3, 2)], {'index': [2, 0, 2, 1]})
case('gather', lambda x: torch.square(x)[[2, 0, 2, 1]], [normal(3, 2)],
     {'index': [2, 0, 2, 1], 'squared': True})
case('scatterAdd', lambda x: torch.zeros(4, 2).index_add(0, torch.tensor([1, 3, 1]), torch.square(x)),
     [normal(3, 2)], {'index': [1, 3, 1], 'rows': 4})
case('concat', lambda *x: torch.square(torch.cat(x, 1)), [normal(2, 1), normal(2, 3), normal(2, 2)], {'axis': 1})
case('stack', lambda *x: torch.square(torch.stack(x, 1)), [normal(2, 3), normal(2, 3)], {'axis': 1})
case('pad', lambda x: torch.square(F.pad(x, (1, 2, 0, 3), value=0.5)), [normal(2, 3)],
     {'amounts': [[0, 3], [1, 2]], 'value': 0.5})
case('reshape', lambda x: torch.square(x.t().reshape(2, 6)), [normal(4, 3)], {'shape': [2, -1]})
case('transpose', lambda x: torch.square(x.permute(2, 0, 1)), [normal(2, 3, 4)], {'permutation': [2, 0, 1]})
case('broadcastTo', lambda x: torch.square(x.expand(2, 4, 3)), [normal(4, 1)], {'shape': [2, 4, 3]})
case('split', lambda x: torch.split(x, [1, 3], 1)[1] * torch.split(x, [1, 3], 1)[0], [normal(2, 4)],
     {'parts': [1, 3], 'axis': 1})
case('unstack', lambda x: torch.unbind(x, 1)[0] * torch.unbind(x, 1)[2], [normal(2, 3, 2)], {'axis': 1})

# Axes of what is along one axis, or over some.
for axis in (0, 1, -1):
    for name, f in {
        'softmax': torch.softmax, 'logSoftmax': torch.log_softmax, 'cumsum': torch.cumsum,
    }.items():
        case(name, lambda x: f(x, axis), [normal(2, 3, 2)], {'options': {'axis': axis}})
for axis in ([0], [-1], [0, 2], [0, 1, 2]):
    for keep in (False, True):
        p = {'axis': axis, 'keepDims': keep}
        case('logSumExp', lambda x: torch.logsumexp(x, axis, keep), [normal(2, 3, 2)], {'options': p})
        case('norm', lambda x: torch.linalg.vector_norm(x, 2, axis, keep), [normal(2, 3, 2)], {'options': p})
        for ddof in (0, 1):
            # torch 1.13 has one flag for it.
            q = {'options': {**p, 'ddof': ddof}}
            case('variance', lambda x: torch.var(x, axis, unbiased=ddof == 1, keepdim=keep), [normal(2, 3, 2)], q)
            case('standardDeviation', lambda x: torch.std(x, axis, unbiased=ddof == 1, keepdim=keep),
                 [normal(2, 3, 2)], q)
    case('flip', lambda x: torch.square(torch.flip(x, axis)), [normal(2, 3, 2)], {'options': {'axis': axis}})
for order in (1, 3, 2.5, math.inf):
    case('norm', lambda x: torch.linalg.vector_norm(x, order, [1]), [normal(3, 4)],
         {'options': {'axis': 1}, 'order': str(order).replace('inf', 'Infinity')})
case('norm', lambda x: torch.linalg.vector_norm(x), [[0.0, 0.0]], {'options': {}}, order=1)
for axis in (0, 1, -1):
    case('prod', lambda x: torch.prod(x, axis), [normal(2, 5, 3)], {'options': {'axis': axis}})
case('prod', torch.prod, [normal(7)], {'options': {}})
case('prod', torch.prod, [[2.0, 0.0, -3.0]], {'options': {}})
case('prod', torch.prod, [[0.0, 0.0, -3.0]], {'options': {}}, order=1)

# Slices, indices and edges.
case('gather', lambda x: torch.square(x)[:, [[2, 0], [1, 1]]], [normal(2, 3, 2)],
     {'options': {'axis': 1}, 'index': [[2, 0], [1, 1]]})
along = [[[2, 0]], [[1, 1]]]
case('takeAlongAxis', lambda x: torch.square(x.gather(2, torch.tensor(along))), [normal(2, 1, 3)], {'index': along})
across = [[1, 0, 1, 1], [0, 0, 2, 2]]
case('takeAlongAxis', lambda x: torch.square(x.gather(0, torch.tensor(across))), [normal(3, 4)],
     {'options': {'axis': 0}, 'index': across})
case('scatterAddTo', lambda b, x: torch.square(b.scatter_add(0, torch.tensor(across), x)), [normal(3, 4), normal(2, 4)],
     {'options': {'axis': 0}, 'index': across})
case('indexAdd', lambda b, x: torch.square(b.index_add(1, torch.tensor([2, 0, 2]), x)), [normal(2, 4), normal(2, 3)],
     {'options': {'axis': 1}, 'index': [2, 0, 2]})
case('sliceRanges', lambda x: torch.square(x[1:-1, ::2, -1]), [normal(4, 5, 3)],
     {'ranges': [{'start': 1, 'stop': -1}, {'step': 2}, -1]})
case('sliceRanges', lambda x: torch.square(torch.flip(x, [1])[:, ::2]), [normal(2, 5)],
     {'ranges': [{}, {'step': -2}]})
for mode, name in {'reflect': 'reflect', 'edge': 'replicate', 'wrap': 'circular'}.items():
    # torch pads the last axes of batches of channels.
    case('padMode', lambda x: torch.square(F.pad(x[None, None], (2, 1, 0, 2), mode=name)[0, 0]), [normal(3, 4)],
         {'amounts': [[0, 2], [2, 1]], 'options': {'mode': mode}})

# Activations with options, and of straight lines.
wide = np.array([-4.0, -2.5, -1.2, -0.3, 0.4, 0.9, 1.6, 2.9, 3.5])
case('erf', torch.erf, [wide])
case('erfc', torch.erfc, [wide])
case('gelu', F.gelu, [wide], {'options': {'approximate': 'none'}})
case('elu', lambda x: F.elu(x, 1.7), [wide], {'options': {'alpha': 1.7}})
case('leakyRelu', lambda x: F.leaky_relu(x, 0.3), [wide], {'options': {'negativeSlope': 0.3}})
case('hardTanh', F.hardtanh, [wide])
# torch's own gradient takes a sixth in f32.
case('hardSigmoid', lambda x: F.hardtanh(x / 6 + 0.5, 0.0, 1.0), [wide])
case('hardSwish', F.hardswish, [wide], order=1)

# Einstein's sums.
for equation, shapes in {
    'ij,jk->ik': [(2, 3), (3, 4)], 'bij,bjk->bik': [(2, 3, 2), (2, 2, 4)], '...ij,...jk->...ik': [(2, 1, 2, 3), (4, 3, 2)],
    'i,j->ij': [(3,), (2,)], 'ij,ij->i': [(2, 3), (2, 3)], 'ii->i': [(3, 3)], 'ii': [(3, 3)], 'ij->ji': [(2, 3)],
    'bhqd,bhkd->bhqk': [(2, 2, 3, 4), (2, 2, 2, 4)], 'ij,jk,kl->il': [(2, 3), (3, 2), (2, 2)], 'ijk,jil->kl': [(2, 3, 2), (3, 2, 4)],
    'ba,cb': [(2, 3), (4, 2)], 'iji,j->i': [(2, 3, 2), (3,)], 'i...,i...->...': [(3, 2), (3, 1)],
}.items():
    case('einsum', lambda *x: torch.square(torch.einsum(equation, *x)), [normal(*s) for s in shapes],
         {'equation': equation})

# Cross-entropy over leading axes.
sequence = normal(2, 3, 4)
marked = [[0, -100, 3], [2, 2, -100]]
for reduction in ('mean', 'sum', 'none'):
    for smoothing in (0.0, 0.1):
        for weight in (None, [0.5, 2.0, 1.0, 0.25]):
            w = None if weight is None else torch.tensor(weight)
            case('softmaxCrossEntropy',
                 lambda z: F.cross_entropy(z.transpose(1, 2), torch.tensor(marked), w, ignore_index=-100,
                                           reduction=reduction, label_smoothing=smoothing),
                 [sequence], {'labels': marked, 'classWeights': weight, 'reduction': reduction,
                              'labelSmoothing': smoothing, 'ignoreIndex': -100})
case('softmaxCrossEntropy', lambda z: F.cross_entropy(z.transpose(1, 2), torch.tensor([[0, 1, 3], [2, 2, 1]])),
     [sequence], {'labels': [[0, 1, 3], [2, 2, 1]], 'reduction': 'mean', 'labelSmoothing': 0.0})

# Rounding, order, repetition, triangles.
halves = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, -1.2, 1.7, math.inf, -math.inf]
case('round', torch.round, [halves])
case('ceil', torch.ceil, [halves])
case('expm1', torch.expm1, [line])
case('log1p', torch.log1p, [positive(8) - 0.9])
for axis in (0, 1, -1):
    for descending in (False, True):
        case('sort', lambda x: torch.square(torch.sort(x, dim=axis, descending=descending, stable=True)[0]), [normal(2, 3, 4)],
             {'options': {'axis': axis, 'descending': descending}})
    for largest in (False, True):
        case('topK', lambda x: torch.square(torch.topk(x, 2, axis, largest)[0]), [normal(2, 3, 4)],
             {'options': {'axis': axis, 'largest': largest}, 'rows': 2})
for counts in ([2], [2, 1, 3], [2, 2, 1, 1]):
    # torch takes a count for each axis; NumPy's tile fewer, too.
    full = [1] * (3 - len(counts)) + counts
    case('tile', lambda x: torch.square(x.repeat(full)), [normal(2, 1, 2)], {'parts': counts})
for axis in (0, 1, -1):
    case('repeat', lambda x: torch.square(x.repeat_interleave(3, axis)), [normal(2, 3, 2)],
         {'options': {'axis': axis}, 'rows': 3})
for diagonal in (0, 1, -2):
    for name, f in {'tril': torch.tril, 'triu': torch.triu}.items():
        case(name, lambda x: f(x, diagonal), [normal(2, 3, 4)], {'options': {'diagonal': diagonal}})


# Attention: torch 1.13 has no public form of it; this is the definition of torch 2.
def attention(q, k, v, mask=None, bias=None, causal=False, scale=None):
    scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if bias is not None:
        scores = scores + bias
    seen = torch.ones(scores.shape[-2:], dtype=torch.bool)
    if causal:
        seen = torch.tril(seen)
    if mask is not None:
        seen = seen & (torch.tensor(mask) != 0)
    return torch.softmax(scores.masked_fill(~seen, -math.inf), -1) @ v


for p in ({}, {'causal': True}, {'scale': 0.3}, {'mask': [[1, 0, 1], [0, 1, 1]]},
          {'mask': [[1, 0, 1], [1, 1, 1]], 'causal': True}):
    case('scaledDotProductAttention', lambda q, k, v: attention(q, k, v, **p),
         [normal(2, 2, 2, 4), normal(2, 2, 3, 4), normal(2, 2, 3, 3)], {'options': p})
case('attentionBias', lambda q, k, b: attention(q, k, k, bias=b), [normal(2, 3, 4), normal(2, 3, 4), normal(3, 3)])
if hasattr(torch._C._nn, '_scaled_dot_product_attention'):
    q, k, v = (torch.tensor(normal(2, 3, 4)) for _ in range(3))
    there, _ = torch._C._nn._scaled_dot_product_attention(q, k, v, None, 0.0, False, True)
    assert torch.allclose(there, attention(q, k, v, causal=True), atol=1e-14)

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'ops.fixtures.json'), 'w') as out:
    out.write('[\n' + ',\n'.join(json.dumps(entry) for entry in cases) + '\n]\n')
