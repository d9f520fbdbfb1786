import type { Settings } from '../settings/config.ts';

const quoted = (value: string): string =>
  /^[\w./,:=@%+-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;

/**
 * The command line that does the same again: what differs from the defaults, and what they take from the machine.
 *
 * @param args what stands before the flags: the command, a model
 * @param more flags besides those of settings, whole
 */
export function commandText(
  args: readonly string[],
  settings: Settings,
  config: Readonly<Record<string, unknown>>,
  more: readonly string[] = [],
): string {
  const flags = Object.entries(settings).flatMap(([name, { flag, rule, isLocal }]) => {
    const value = config[name];
    const { default: standard } = rule as { readonly default?: unknown };
    if (value === undefined || (!isLocal && JSON.stringify(value) === JSON.stringify(standard))) return [];
    const [written, takes] = flag.split(' ') as [string, string?];
    if (takes === undefined) return value === written.startsWith('--no-') ? [] : [written];
    const isVariadic = takes.includes('...');
    const values = Array.isArray(value) && isVariadic ? value : [value];
    return [[written, ...values.map((each) => quoted(String(each)))].join(' ')];
  });
  return [['funhash', ...args.map(quoted)].join(' '), ...flags, ...more].join(' \\\n  ');
}

/** A flag with a path. */
export const pathFlag = (flag: string, path: string | undefined): string[] =>
  path === undefined ? [] : [`${flag} ${quoted(path)}`];
