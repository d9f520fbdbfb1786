import { programText } from '@funhash/codegen';
import type { Epilogue } from '@funhash/tensor';
import { type GpuContext, languageOf } from '../context.ts';
import type { Elements, NativeCode } from '../device.ts';
import { nativeCode } from '../program-operands.ts';

/** What a product kernel does to its sum before it returns it. */
export interface EpilogueCode {
  readonly key: string;
  readonly args: readonly (Elements | number)[];
  /** The names of `args` in the kernel. */
  readonly names: readonly string[];
  native(): { readonly native?: NativeCode };
  /** Lines that return the result; `sum` and `col` are expressions. */
  lines(sum: string, col: string): string;
}

export function epilogueOf({ device, memory }: GpuContext, epilogue: Epilogue = {}): EpilogueCode {
  const { bias, activation } = epilogue;
  const language = languageOf(device.mode);
  const step = bias?.strides[0];
  const text = () => activation && programText(activation, language, 'after');
  return {
    key: `${step}:${activation?.key}`,
    args: bias ? memory.argumentsOf(bias) : [],
    names: bias ? ['bias', 'fromBias'] : [],
    native: () => {
      const written = text();
      return written ? { native: nativeCode(written, language) } : {};
    },
    lines: (sum, col) => {
      const written = text();
      const added = bias ? `${sum} + bias[fromBias + ${col} * ${step}]` : sum;
      if (!written) return `return ${added};`;
      return `const before = ${added};
        ${written.evaluate({ input: () => 'before' }).join('\n')}
        return ${written.results[0]};`;
    },
  };
}
