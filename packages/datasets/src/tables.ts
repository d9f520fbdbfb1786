export type { TableColumn } from './tables/infer-columns.ts';
export { loadTable, type TableDataset } from './tables/load-table.ts';
export { type TableBatch, tableInputs } from './tables/table-inputs.ts';
export { type TableOptions, tableRules } from './tables/table-options.ts';
export type { TableFormat, TableSource } from './tables/table-source.ts';
export {
  type ColumnKind,
  type ColumnTransformation,
  inputsOfColumn,
  isOfTable,
  type TableTransformation,
  tableTransformation,
} from './tables/transformation.ts';
