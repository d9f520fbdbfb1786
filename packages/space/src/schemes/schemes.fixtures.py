"""Virtual matrices entry by entry from the papers' formulas: python3-xxhash and numpy in double precision.

Run: OMP_NUM_THREADS=1 /usr/bin/python3 schemes.fixtures.py   (writes schemes.fixtures.json beside this file)
"""

import json
import pathlib
import struct

import numpy
import xxhash

WORD = 2**32


def hashed(row, col, seed):
    return xxhash.xxh32_intdigest(struct.pack("<II", row % WORD, col % WORD), seed=seed % WORD)


def below(h, n):
    return h * n // WORD


def sign(h):
    return -1.0 if h % 2 else 1.0


def block_sign(h, lane):
    def mul(a, b):
        return a * b % WORD

    mixed = mul(h ^ (h >> 15), 0x2C1B3C6D)
    mixed ^= mixed >> 12
    spread = (mul(lane, 0x9E3779B1) + 0x85EBCA6B) % WORD
    stirred = mul(spread ^ (spread >> 15), 0x2C1B3C6D)
    multiplier = (stirred ^ (stirred >> 13)) | 1
    return sign(mul(mixed, multiplier) >> 31)


def hashed_net(o, s, i, j):
    h = hashed(i, j, o["seed"])
    return s["w"][below(h, o["buckets"])] * sign(h)


def fun_hash(o, s, i, j):
    U, G, hops = o["hashes"], o["layers"], o.get("hops", 1)
    widths = {1: [U], 2: [U, 1], 3: [U, max(1, U // 2), 1], 4: [U, U, max(1, U // 2), 1]}[G]

    def value(hop, row, col):
        last = hop == hops - 1
        x = []
        for u in range(U):
            h = hashed(row, col, o["seed"] + 16 * hop + u)
            n = o["buckets"] if last else o["buckets"] * o["spread"] ** (hops - 1 - hop)
            k = below(h, n)
            x.append(sign(h) * (s["w"][k] if last else value(hop + 1, k, hop + 1)))
        return network(hop, row, col, numpy.array(x))

    def network(hop, row, col, x):
        prefix = "" if hop == 0 else f"hop{hop}."
        place = 0
        for k in range(1, len(widths)):
            shape = (widths[k], widths[k - 1])
            if o.get("dual"):
                size = (0.3 if k == 1 and len(widths) > 2 else 1.0) / numpy.sqrt(shape[1])
                flat = []
                for r in range(shape[0] * shape[1]):
                    h = hashed(row, col, o["seed"] + 1024 + 512 * hop + place + r)
                    flat.append(sign(h) * s[prefix + "dual"][below(h, o["dualBuckets"])] * size)
                a = numpy.array(flat).reshape(shape)
                place += shape[0] * shape[1]
            else:
                a = numpy.array(s[f"{prefix}g{k - 1}"]).reshape(shape)
            x = a @ x
            if k < len(widths) - 1:
                x = numpy.tanh(x)
        return float(x[0])

    return value(0, i, j)


def product_hash(o, s, i, j):
    h = hashed(i, j, o["seed"])
    other = hashed(i, j, o["seed"] + 1)
    return s["w"][below(h, o["buckets"])] * sign(h) * s["p"][below(other, o["factors"])]


def robe(o, s, i, j):
    Z = o["block"]
    h = hashed(i, j // Z, o["seed"])
    return s["w"][below(h, o["buckets"] - Z + 1) + j % Z] * block_sign(h, j % Z)


def tiles(o, s, i, j):
    n = o["side"]
    h = hashed(i // n, j // n, o["seed"])
    lane = (j % n) * n + i % n
    return s["w"][below(h, o["buckets"] - n * n + 1) + lane] * block_sign(h, lane)


def random_edge_removal(o, s, i, j):
    R, C = o["blockRows"], o["blockCols"]
    r, c = i // R, j // C
    height, width = min(R, ROWS - r * R), min(C, COLS - c * C)
    kept = below(hashed(r, c, o["seed"]), height * width)
    if (i - r * R) * width + (j - c * C) != kept:
        return 0.0
    return s["w"][r * -(-COLS // C) + c]


def dense(o, s, i, j):
    return s["w"][i * COLS + j]


def low_rank(o, s, i, j):
    k = o["rank"]
    return float(numpy.dot(s["a"][i * k : (i + 1) * k], s["b"][j * k : (j + 1) * k]))


ROWS, COLS = 11, 19
SEED = 0x9ABCDEF0
cases = []


def case(name, kind, formula, options, sizes):
    draw = numpy.random.RandomState(len(cases))
    stored = {key: [round(float(x), 6) for x in draw.normal(0, 0.5, size)] for key, size in sizes.items()}
    entries = [formula(options, stored, i, j) for i in range(ROWS) for j in range(COLS)]
    cases.append({"name": name, "kind": kind, "options": options, "stored": stored, "entries": entries})


case("HashedNets", "hashedNet", hashed_net, {"buckets": 37, "seed": SEED}, {"w": 37})
case("HashedNets, one bucket", "hashedNet", hashed_net, {"buckets": 1, "seed": 0}, {"w": 1})
fun = {"buckets": 31, "seed": 0xFFFFFFFE, "hashes": 4}
case("U4-G3", "funHash", fun_hash, {**fun, "layers": 3}, {"w": 31, "g0": 8, "g1": 2})
case("U4-G2", "funHash", fun_hash, {**fun, "layers": 2}, {"w": 31, "g0": 4})
case("U4-G4", "funHash", fun_hash, {**fun, "layers": 4}, {"w": 31, "g0": 16, "g1": 8, "g2": 2})
case("U8-G3", "funHash", fun_hash, {**fun, "hashes": 8, "layers": 3}, {"w": 31, "g0": 32, "g1": 4})
case("U1-G3", "funHash", fun_hash, {**fun, "hashes": 1, "layers": 3}, {"w": 31, "g0": 1, "g1": 1})
dual = {**fun, "dual": True, "dualBuckets": 9}
case("U4-G3-D", "funHash", fun_hash, {**dual, "layers": 3}, {"w": 31, "dual": 9})
case("U4-G2-D", "funHash", fun_hash, {**dual, "layers": 2}, {"w": 31, "dual": 9})
case("U4-G4-D", "funHash", fun_hash, {**dual, "layers": 4}, {"w": 31, "dual": 9})
hops = {**fun, "hashes": 2, "layers": 3, "spread": 3}
case(
    "U2-G3, two hops", "funHash", fun_hash, {**hops, "hops": 2}, {"w": 31, "g0": 2, "g1": 1, "hop1.g0": 2, "hop1.g1": 1}
)
case(
    "U2-G2, three hops",
    "funHash",
    fun_hash,
    {**hops, "layers": 2, "hops": 3},
    {"w": 31, "g0": 2, "hop1.g0": 2, "hop2.g0": 2},
)
case(
    "U2-G3-D, two hops",
    "funHash",
    fun_hash,
    {**hops, "hops": 2, "dual": True, "dualBuckets": 9},
    {"w": 31, "dual": 9, "hop1.dual": 9},
)
case("product", "productHash", product_hash, {"buckets": 23, "factors": 14, "seed": 5}, {"w": 23, "p": 14})
for block in (2, 8, 64):
    case(f"ROBE-{block}", "robe", robe, {"buckets": 70, "block": block, "seed": SEED}, {"w": 70})
case("ROBE-8, one block", "robe", robe, {"buckets": 8, "block": 8, "seed": SEED}, {"w": 8})
for side, buckets in ((2, 30), (4, 30), (8, 70), (16, 260)):
    case(f"tiles of {side}", "tiles", tiles, {"buckets": buckets, "side": side, "seed": 77}, {"w": buckets})
for R, C in ((3, 4), (1, 7), (11, 19), (4, 1), (20, 6)):
    count = -(-ROWS // R) * -(-COLS // C)
    options = {"blockRows": R, "blockCols": C, "seed": SEED}
    case(f"edges by {R} × {C}", "randomEdgeRemoval", random_edge_removal, options, {"w": count})
case("dense", "dense", dense, {}, {"w": ROWS * COLS})
case("low rank 3", "lowRank", low_rank, {"rank": 3}, {"a": ROWS * 3, "b": COLS * 3})

path = pathlib.Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases)
path.write_text(f'{{"rows": {ROWS}, "cols": {COLS}, "cases": [\n{lines}\n]}}\n')
