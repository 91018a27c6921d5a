import { type FileHandle, open } from 'node:fs/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet'
import { datasetError } from './dataset-error.ts'

/** One row of a Parquet file; `number` counts from 1. */
export interface ParquetRow {
  readonly number: number
  readonly values: Readonly<Record<string, unknown>>
}

/** A Parquet file whose footer has been read. */
export interface ParquetFile {
  /** Top-level columns, in order. */
  readonly columns: readonly string[]
  /** Names of the fields of a struct column; `null` for a column that is none. */
  fieldsOf(column: string): readonly string[] | null
  /** Streams rows with the leaves that `keep` accepts by path; the others are neither read nor decoded. Throws `DatasetError`. */
  rows(
    keep: (path: readonly string[]) => boolean,
    onRead: (bytes: number) => void,
  ): AsyncGenerator<ParquetRow>
}

/** Rows are decoded in batches of about this many bytes: a row group may hold a whole file. */
const batchBytes = 1 << 26
const mostBatchRows = 1 << 14

const unpack = (bytes: Uint8Array, by: (bytes: Uint8Array) => Uint8Array): Uint8Array =>
  new Uint8Array(by(bytes))
/** Snappy is built into hyparquet; the rest is built into Node. */
const compressors: Compressors = {
  GZIP: bytes => unpack(bytes, gunzipSync),
  BROTLI: bytes => unpack(bytes, brotliDecompressSync),
  ZSTD: bytes => unpack(bytes, zstdDecompressSync),
}

/** Reads the footer of a Parquet file. Throws `DatasetError`. */
export async function openParquet(path: string): Promise<ParquetFile> {
  const metadata = await withFile(path, file => parquetMetadataAsync(file)).catch((error: unknown) => {
    throw datasetError(path, null, error)
  })
  const { children } = parquetSchema(metadata)
  return {
    columns: children.map(child => child.element.name),
    fieldsOf(column) {
      const found = children.find(child => child.element.name === column)
      const struct =
        found !== undefined && found.children.length > 0 && found.element.logical_type === undefined
      return struct && found.element.converted_type === undefined
        ? found.children.map(child => child.element.name)
        : null
    },
    rows: (keep, onRead) => readRows(path, prune(metadata, keep), onRead),
  }
}

async function* readRows(
  path: string,
  metadata: FileMetaData,
  onRead: (bytes: number) => void,
): AsyncGenerator<ParquetRow> {
  let start = 0
  const handle = await open(path)
  try {
    const file = await fileBuffer(handle)
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows)
      const sum = (size: 'total_uncompressed_size' | 'total_compressed_size'): number =>
        group.columns.reduce((total, column) => total + Number(column.meta_data?.[size] ?? 0), 0)
      const fitting = Math.floor((rows * batchBytes) / Math.max(1, sum('total_uncompressed_size')))
      const batch = Math.max(1, Math.min(mostBatchRows, fitting))
      const groupBytes = sum('total_compressed_size')
      for (let from = 0; from < rows; from += batch) {
        const to = Math.min(rows, from + batch)
        const range = { rowStart: start + from, rowEnd: start + to }
        const values = await parquetReadObjects({
          file,
          metadata,
          compressors,
          useOffsetIndex: true,
          ...range,
        })
        onRead((groupBytes * (to - from)) / rows)
        for (const [i, row] of values.entries()) yield { number: start + from + i + 1, values: row }
      }
      start += rows
    }
  } catch (error) {
    throw datasetError(path, `row ${start + 1} or one after it`, error)
  } finally {
    await handle.close()
  }
}

/** Metadata without the leaves that are not kept, and without groups left empty: what it does not name is not read. */
function prune(metadata: FileMetaData, keep: (path: readonly string[]) => boolean): FileMetaData {
  const schema: FileMetaData['schema'] = []
  let next = 0
  const visit = (path: readonly string[]): boolean => {
    const element = metadata.schema[next++]
    if (element === undefined) return false
    const own = next === 1 ? [] : [...path, element.name]
    const children = element.num_children ?? 0
    const at = schema.length
    schema.push(element)
    let kept = 0
    for (let i = 0; i < children; i++) if (visit(own)) kept++
    const stays = children === 0 ? keep(own) : kept > 0
    if (!stays) schema.length = at
    else if (children > 0) schema[at] = { ...element, num_children: kept }
    return stays
  }
  visit([])
  const row_groups = metadata.row_groups.map(group => ({
    ...group,
    columns: group.columns.filter(column => keep(column.meta_data?.path_in_schema ?? [])),
  }))
  return { ...metadata, schema, row_groups }
}

async function withFile<T>(path: string, use: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  const handle = await open(path)
  try {
    return await use(await fileBuffer(handle))
  } finally {
    await handle.close()
  }
}

async function fileBuffer(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat()
  return {
    byteLength: size,
    async slice(start, end = size) {
      const buffer = new ArrayBuffer(Math.max(0, Math.min(end, size) - start))
      const bytes = new Uint8Array(buffer)
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at)
        if (bytesRead === 0) throw new Error('the file ends too early')
        at += bytesRead
      }
      return buffer
    },
  }
}
