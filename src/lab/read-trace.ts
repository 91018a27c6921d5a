import { basename } from 'node:path'
import type { ModelId } from '../routing/model.ts'
import { parseTraceRow, RowFault } from './parse-trace-row.ts'
import { readLines } from './read-lines.ts'
import type { Trace, TraceRow } from './trace.ts'

/** A trace cannot be read: the message names the file, the line where there is one, and the fault. */
export class TraceError extends Error {
  readonly code = 'bad_trace'
  readonly file: string
  /** Counted from 1; `null` where the fault has no line. */
  readonly line: number | null

  constructor(file: string, line: number | null, fault: string, cause?: unknown) {
    super(`${file}${line === null ? '' : `, line ${line}`}: ${fault}`, { cause })
    this.name = 'TraceError'
    this.file = file
    this.line = line
  }
}

/** How to read a trace. */
export interface ReadTraceOptions {
  /** Scores of at least this value, in (0, 1], count as satisfied (1), others as not (0); `null` keeps fractions. */
  readonly satisfiedAt: number | null
}

/**
 * Reads a recorded trace: JSON Lines, plain or `.gz`, one row per prompt.
 * Checks every field of every row and throws `TraceError` at the first fault.
 */
export async function readTrace(path: string, options: ReadTraceOptions): Promise<Trace> {
  const rows: TraceRow[] = []
  let models: readonly ModelId[] | null = null
  let line = 0
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    for await (const { number, bytes } of readLines(path)) {
      line = number
      const text = decoder.decode(bytes)
      if (text.trim() === '') continue
      const parsed = parseTraceRow(text, { models, satisfiedAt: options.satisfiedAt })
      models = parsed.models
      rows.push(parsed.row)
    }
  } catch (error) {
    throw located(path, line, error)
  }
  if (models === null)
    throw new TraceError(path, null, 'the file holds no rows; expected one JSON object per line')
  return { name: traceName(path), models, rows }
}

/** Name of a trace by its file: the base name without `.jsonl`, `.json` and `.gz`. */
export function traceName(path: string): string {
  return basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.jsonl?$/, '')
}

function located(path: string, line: number, error: unknown): TraceError {
  if (error instanceof RowFault) return new TraceError(path, line, error.message)
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const message = error instanceof Error ? error.message : String(error)
  if (code === 'ENOENT')
    return new TraceError(path, null, 'no such file; expected a trace (JSON Lines, plain or .gz)')
  if (code.startsWith('Z_')) return new TraceError(path, null, `not a readable gzip file: ${message}`, error)
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new TraceError(path, line, 'the line is not valid UTF-8 text', error)
  }
  return new TraceError(path, null, `cannot be read: ${message}`, error)
}
