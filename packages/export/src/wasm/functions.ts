/** Functions that WebAssembly has no instruction for, in the C that `compiled` takes, by their names. After Cephes (Moshier). */
export const mathFunctions: Readonly<Record<string, string>> = {
  expf: `static float expf(float x) {
if (x != x) return x;
if (x > 88.8f) return INFINITY;
if (x < -104.f) return 0.f;
const float n = floorf(x * 1.44269504f + .5f);
const float r = x - n * .693359375f + n * 2.1219444e-4f;
const float p = ((((1.98756915e-4f * r + 1.39819995e-3f) * r + 8.33345192e-3f) * r + 4.16657959e-2f) * r + 1.66666655e-1f) * r + 5.00000012e-1f;
const int k = (int)n;
const int half = k >> 1;
return (p * r * r + r + 1.f) * ofBits((half + 127) << 23) * ofBits((k - half + 127) << 23);
}`,
  logf: `static float logf(float x) {
if (x != x) return x;
if (x < 0.f) return NAN;
if (x == 0.f) return -INFINITY;
if (x == INFINITY) return x;
int e = 0;
float m = x;
if (x < 1.17549435e-38f) { m = x * 8388608.f; e = -23; }
const int b = bits(m);
e += (b >> 23) - 126;
m = ofBits((b & 8388607) | 1056964608);
if (m < .707106781f) { e -= 1; m = m + m - 1.f; } else m = m - 1.f;
const float z = m * m;
float y = ((((((((7.0376836292e-2f * m - 1.1514610310e-1f) * m + 1.1676998740e-1f) * m - 1.2420140846e-1f) * m + 1.4249322787e-1f) * m - 1.6668057665e-1f) * m + 2.0000714765e-1f) * m - 2.4999993993e-1f) * m + 3.3333331174e-1f) * m * z;
y += (float)e * -2.12194440e-4f;
y += z * -.5f;
return m + y + (float)e * .693359375f;
}`,
  sinf: `static float sinf(float x) {
const float n = floorf(x * .636619772f + .5f);
const float r = x - n * 1.5703125f - n * 4.8351287841796875e-4f - n * 3.138295e-7f;
const int q = (int)(n - 4.f * floorf(n * .25f));
const float z = r * r;
const float s = r + r * z * ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f);
const float c = 1.f - z * .5f + z * z * ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f);
const float v = (q & 1) == 0 ? s : c;
return (q & 2) == 0 ? v : -v;
}`,
  cosf: `static float cosf(float x) { return sinf(x + 1.57079633f); }`,
};
