import { csvRecords } from './csv-records.ts'
import { CellFault, DatasetError, datasetError } from './dataset-error.ts'
import type { InputFile } from './input-files.ts'
import { openParquet } from './parquet-rows.ts'

/** One row of a table. */
export interface TableRow {
  /** `line 3` of a CSV file, `row 3` of a Parquet file. */
  readonly place: string
  cell(column: string): unknown
}

/** A CSV or Parquet file whose header has been read. */
export interface Table {
  readonly file: InputFile
  readonly columns: readonly string[]
  /** Streams the rows; only the columns named can be asked for. Throws `DatasetError`. */
  rows(columns: readonly string[], onRead: (bytes: number) => void): AsyncGenerator<TableRow>
}

/** Opens a table by the ending of its name: `.parquet`, else CSV. Throws `DatasetError`. */
export function openTable(file: InputFile): Promise<Table> {
  return file.path.endsWith('.parquet') ? parquetTable(file) : csvTable(file)
}

async function parquetTable(file: InputFile): Promise<Table> {
  const parquet = await openParquet(file.path)
  return {
    file,
    columns: parquet.columns,
    async *rows(columns, onRead) {
      const wanted = new Set(columns)
      for await (const { number, values } of parquet.rows(path => wanted.has(path[0] ?? ''), onRead)) {
        yield { place: `row ${number}`, cell: column => values[column] }
      }
    },
  }
}

async function csvTable(file: InputFile): Promise<Table> {
  const columns = await header(file.path)
  const positions = new Map(columns.map((column, i) => [column, i]))
  return {
    file,
    columns,
    async *rows(_, onRead) {
      let first = true
      for await (const { line, fields } of csvRecords(file.path, onRead)) {
        const place = `line ${line}`
        if (first) {
          first = false
          continue
        }
        if (fields.length !== columns.length) {
          const fault = `expected ${columns.length} fields as in the header, given ${fields.length}`
          throw new DatasetError(file.path, place, fault)
        }
        yield { place, cell: column => fields[positions.get(column) ?? -1] }
      }
    },
  }
}

async function header(path: string): Promise<readonly string[]> {
  for await (const { fields } of csvRecords(path, () => {})) return fields
  throw new DatasetError(path, null, 'the file is empty; expected a header line')
}

/** Streams rows as `read` makes them of a table's rows; what `read` throws gets the place of its row. */
export async function* mapRows<T>(
  table: Table,
  columns: readonly string[],
  onRead: (bytes: number) => void,
  read: (row: TableRow) => T,
): AsyncGenerator<T> {
  for await (const row of table.rows(columns, onRead)) {
    let made: T
    try {
      made = read(row)
    } catch (error) {
      throw datasetError(table.file.path, row.place, error)
    }
    yield made
  }
}

/** Refuses a table that lacks columns. Throws `DatasetError`. */
export function expectColumns(table: Table, columns: readonly string[]): void {
  const missing = columns.filter(column => !table.columns.includes(column))
  if (missing.length === 0) return
  const given =
    table.columns.length > 12 ? `${table.columns.slice(0, 12).join(', ')}, …` : table.columns.join(', ')
  throw datasetError(
    table.file.path,
    null,
    new CellFault(`expected the columns ${missing.join(', ')}; the file has ${given}`),
  )
}

/** Refuses tables that do not name the same models, whatever their order. Throws `DatasetError`. */
export function expectSameModels(
  tables: readonly Table[],
  modelsOf: (table: Table) => readonly string[],
): void {
  const [first, ...others] = tables
  if (first === undefined) return
  for (const table of others) {
    const strangers = namesInOneOnly(modelsOf(table), modelsOf(first))
    if (strangers.length === 0) continue
    const fault = `names other models than ${first.file.path}: ${strangers.join(', ')}; import them one by one`
    throw new DatasetError(table.file.path, null, fault)
  }
}

/** The names that one of two lists has and the other lacks. */
export function namesInOneOnly(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...a.filter(name => !b.includes(name)), ...b.filter(name => !a.includes(name))]
}
