import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Times the C++ core of the standard's reference coder on levels; ours, but for what it includes. */
const program = `
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

/** Least milliseconds of a pass over levels. */
export interface CoderTimes {
  readonly encode: number;
  readonly optimize: number;
  readonly decode: number;
}

export interface ReferenceCoder {
  times(levels: Int32Array, rounds: number): CoderTimes;
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
  writeFileSync(join(folder, 'times.cpp'), program);
  const binary = join(folder, 'times');
  const include = [core, join(core, 'Lib'), folder].map((path) => `-I${path}`);
  execFileSync('g++', ['-O3', '-std=c++17', ...include, '-o', binary, join(folder, 'times.cpp'), ...units]);
  return {
    times(levels, rounds) {
      const path = join(folder, 'levels');
      writeFileSync(path, new Uint8Array(levels.buffer, levels.byteOffset, levels.byteLength));
      const printed = execFileSync(binary, [path, String(rounds)], { encoding: 'utf8' });
      const [encode, optimize, decode] = JSON.parse(printed) as [number, number, number];
      return { encode, optimize, decode };
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
