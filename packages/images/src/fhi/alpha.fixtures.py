# Alpha of pictures, read from codewords by another reader, written after docs/format.md and the engine of ISO/IEC 15938-17:
# python3 alpha.fixtures.py < alpha.fixtures.json > again.json, which are the same.
import json
import sys

WIDEST = [228, 200, 174, 150, 132, 116, 102, 90, 80, 70, 62, 54, 48, 42, 36, 32]
WIDEST += [28, 26, 22, 20, 18, 16, 14, 14, 10, 10, 8, 8, 6, 6, 4, 4]
MOVES = [2512, 2288, 2064, 1840, 1616, 1392, 1168, 944, 720, 560, 464, 368, 272, 208, 144, 80] + [64] * 15 + [0]
FLAT, END, EQUAL, BELOW, LONGER, BIT = 0, 8, 170, 1295, 2420, 2492


class Decoder:
    def __init__(self, coded):
        self.bits = ''.join(f'{byte:08b}' for byte in coded) + '0' * 64
        self.range, self.value, self.at, self.contexts = 510, int(self.bits[:9], 2), 9, {}

    def bin(self, context):
        fast, slow = self.contexts.get(context, (0, 0))
        s = (16 * fast + slow) >> 7
        share = (WIDEST[min(31, abs(s))] * (9 + ((self.range >> 5) & 7))) >> 4
        self.range -= share
        found = 1 if s >= 0 else 0
        if self.value >= self.range:
            self.value, self.range, found = self.value - self.range, share, 1 - found
        g = 1 if found else -1
        fast, slow = fast + g * (MOVES[16 + ((g * fast) >> 3)] >> 5), slow + g * (MOVES[16 + ((g * slow) >> 7)] >> 4)
        self.contexts[context] = fast, slow
        while self.range < 256:
            self.range, self.value, self.at = 2 * self.range, 2 * self.value + int(self.bits[self.at]), self.at + 1
        return found


def sign(x):
    return (x > 0) - (x < 0)


def kind(v):
    return 0 if v == 0 else 2 if v == 255 else 1


def steepness(g):
    return 0 if g < -2 else 1 if g < 0 else 2 if g == 0 else 3 if g <= 2 else 4


def pixel(d, a, width, x, y):
    n, nw, ne = (a[y - 1][min(width - 1, max(0, x + k))] if y else 255 for k in (0, -1, 1))
    nn = a[y - 2][x] if y > 1 else n
    w = a[y][x - 1] if x else n
    ww = a[y][x - 2] if x > 1 else w
    end = END + 2 * (kind(w) + 3 * kind(n) + 9 * kind(nw) + 27 * kind(ne))
    if d.bin(end):
        return 255
    if d.bin(end + 1):
        return 0
    low, high = min(w, n), max(w, n)
    e = max(1, min(254, low if nw >= high else high if nw <= low else w + n - nw))
    slope = 9 * (steepness(ne - n) + 5 * steepness(n - nw) + 25 * steepness(nw - w))
    slope += sign(w - ww) + 1 + 3 * (sign(n - nn) + 1)
    if d.bin(EQUAL + slope):
        return e
    below = e != 1 and (e == 254 or bool(d.bin(BELOW + slope)))
    most = e - 1 if below else 254 - e
    activity = min(8, (abs(w - nw) + abs(n - nw) + abs(n - ne)).bit_length())
    b = 0
    while 2 ** (b + 1) <= most and d.bin(LONGER + 8 * activity + b):
        b += 1
    distance = 1
    for k in range(b):
        distance = 2 * distance + d.bin(BIT + 2 * b + (k == 0))
    return e - distance if below else e + distance


def alpha(coded, width, height):
    d, a, blocks = Decoder(coded), [[0] * width for _ in range(height)], (width + 7) // 8
    above = [1] * blocks
    for top in range(0, height, 8):
        flat = []
        for k in range(blocks):
            flat.append(d.bin(FLAT + (flat[-1] if k else 1) + 2 * above[k] + 4 * above[min(k + 1, blocks - 1)]))
        for y in range(top, min(top + 8, height)):
            for x in range(width):
                if flat[x // 8] and y > top:
                    a[y][x] = a[y - 1][x]
                elif flat[x // 8] and x % 8 > 0:
                    a[y][x] = a[y][x - 1]
                else:
                    a[y][x] = pixel(d, a, width, x, y)
        above = flat
    return a


cases = json.load(sys.stdin)
for case in cases:
    case['alpha'] = sum(alpha(bytes.fromhex(case['coded']), case['width'], case['height']), [])
print(json.dumps(cases))
