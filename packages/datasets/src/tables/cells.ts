// What single cells say: numbers, dates, and nothing.

const missing: ReadonlySet<string> = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?']);

/** Whether a cell says that nothing is known. */
export const isMissing = (cell: string): boolean =>
  cell.length <= 4 && missing.has(cell.trim().toLowerCase());

const number = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?\s*$/i;

/** The number that a cell is; undefined for another text. */
export function numberIn(cell: string): number | undefined {
  if (cell.length > 40 || !number.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

const date =
  /^\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(?:Z|UTC)?\s*$/;

/** Days since 1970 of a date such as 2012-01-31 or 2012/01/31 12:30; undefined for another text. */
export function daysIn(cell: string): number | undefined {
  const parts = cell.length > 40 ? null : date.exec(cell);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts
    .slice(1)
    .map((part) => Number(part ?? 0)) as number[];
  const at = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  const isReal = new Date(at).getUTCMonth() + 1 === month && (hour ?? 0) < 24 && (minute ?? 0) < 60;
  return isReal ? at / 86_400_000 : undefined;
}

/** Days of a year, of which the season is a part. */
export const yearDays = 365.2425;
