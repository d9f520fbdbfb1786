import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Times the C++ core of the standard's reference coder on levels; ours, but for what it includes. */
const timing = `
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include "Lib/CommonLib/Quant.h"
#include "Lib/EncLib/CABACEncoder.h"
#include "Lib/DecLib/CABACDecoder.h"
int main(int, char **args) {
  std::ifstream file(args[1], std::ios::binary);
  std::vector<char> raw((std::istreambuf_iterator<char>(file)), {});
  std::vector<int32_t> levels((int32_t *)raw.data(), (int32_t *)(raw.data() + raw.size()));
  double least[3] = {1e9, 1e9, 1e9};
  for (int round = 0; round < std::atoi(args[2]); round++) {
    std::vector<uint8_t> bytes;
    for (int optimize = 1; optimize >= 0; optimize--) {
      std::vector<int32_t> copy(levels);
      auto begun = std::chrono::steady_clock::now();
      CABACEncoder encoder;
      bytes.clear();
      encoder.startCabacEncoding(&bytes);
      encoder.initCtxMdls(11, optimize);
      encoder.encodeWeights(copy.data(), 1, copy.size(), 0, 0);
      encoder.terminateCabacEncoding();
      std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begun;
      least[optimize] = std::min(least[optimize], taken.count());
    }
    bytes.resize(bytes.size() + 64);
    std::vector<int32_t> back(levels.size());
    auto begun = std::chrono::steady_clock::now();
    CABACDecoder decoder;
    decoder.startCabacDecoding(bytes.data());
    decoder.initCtxMdls(11);
    decoder.decodeWeights(back.data(), 1, back.size(), 0, 0);
    std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begun;
    least[2] = std::min(least[2], taken.count());
    if (back != levels) return 1;
  }
  std::printf("[%f,%f,%f]", least[0], least[1], least[2]);
}
`;

/** Quantises weights and codes them by the core, parameters optimised: bytes and the sum of squared errors; ours, but for what it includes. */
const sizing = `
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include "Lib/CommonLib/Quant.h"
#include "Lib/EncLib/CABACEncoder.h"
int main(int, char **args) {
  std::ifstream file(args[1], std::ios::binary);
  std::vector<char> raw((std::istreambuf_iterator<char>(file)), {});
  std::vector<float> weights((float *)raw.data(), (float *)(raw.data() + raw.size()));
  uint32_t n = weights.size(), width = std::atoi(args[2]);
  int qp = std::atoi(args[3]), dependent = std::atoi(args[4]);
  float step = (4 + (qp & 3)) * std::pow(2.0, (qp >> 2) - 2);
  std::vector<float> copy(weights);
  std::vector<int32_t> levels(n);
  quantize(copy.data(), levels.data(), step, width, n, DIST_MSE, std::atof(args[5]), dependent, 10, 0);
  double error = 0;
  for (uint32_t i = 0; i < n; i++) error += std::pow((double)weights[i] - (double)levels[i] * step, 2);
  std::vector<uint8_t> bytes;
  CABACEncoder encoder;
  encoder.startCabacEncoding(&bytes);
  encoder.initCtxMdls(11, 1);
  encoder.encodeWeights(levels.data(), width, n, dependent, 0);
  encoder.terminateCabacEncoding();
  std::printf("[%zu,%.17g]", bytes.size(), error);
}
`;

/** Least milliseconds of a pass over levels. */
export interface CoderTimes {
  readonly encode: number;
  readonly optimize: number;
  readonly decode: number;
}

export interface ReferenceCoder {
  times(levels: Int32Array, rounds: number): CoderTimes;
  /** Weights, a row of them of so many, at the step of a quantisation parameter of density 2. */
  size(
    weights: Float32Array,
    options: {
      readonly width: number;
      readonly qp: number;
      readonly dependent: boolean;
      readonly lambda: number;
    },
  ): { readonly bytes: number; readonly error: number };
  close(): void;
}

/**
 * Builds the reference coder of a checkout of github.com/fraunhoferhhi/nncodec, outside of this repository, by g++ -O3.
 *
 * @throws what g++ throws
 */
export function buildReference(checkout: string): ReferenceCoder {
  const folder = mkdtempSync(join(tmpdir(), 'funhash-nncodec-'));
  const core = join(checkout, 'extensions/deepCABAC/source');
  const units = ['CommonLib', 'EncLib', 'DecLib'].flatMap((room) =>
    readdirSync(join(core, 'Lib', room))
      .filter((name) => name.endsWith('.cpp'))
      .map((name) => join(core, 'Lib', room, name)),
  );
  mkdirSync(join(folder, 'pybind11'));
  // The core includes bindings that it does not use.
  writeFileSync(join(folder, 'pybind11/pybind11.h'), 'namespace pybind11 { namespace literals {} }\n');
  const include = [core, join(core, 'Lib'), folder].map((path) => `-I${path}`);
  const built = (name: string, program: string): string => {
    const [source, binary] = [join(folder, `${name}.cpp`), join(folder, name)];
    writeFileSync(source, program);
    execFileSync('g++', ['-O3', '-std=c++17', ...include, '-o', binary, source, ...units]);
    return binary;
  };
  let [times, sizes]: (string | undefined)[] = [];
  const input = (values: Int32Array | Float32Array): string => {
    const path = join(folder, 'values');
    writeFileSync(path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return path;
  };
  return {
    times(levels, rounds) {
      times ??= built('times', timing);
      const printed = execFileSync(times, [input(levels), String(rounds)], { encoding: 'utf8' });
      const [encode, optimize, decode] = JSON.parse(printed) as [number, number, number];
      return { encode, optimize, decode };
    },
    size(weights, { width, qp, dependent, lambda }) {
      sizes ??= built('sizes', sizing);
      const args = [input(weights), ...[width, qp, dependent ? 1 : 0, lambda].map(String)];
      const [bytes, error] = JSON.parse(execFileSync(sizes, args, { encoding: 'utf8' })) as [number, number];
      return { bytes, error };
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
