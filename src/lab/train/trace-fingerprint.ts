import { createHash } from 'node:crypto'
import type { Trace } from '../trace.ts'

/**
 * SHA-256, in hexadecimal digits, over the rows as they were read: id, prompt, labels and costs, in the order of the file, models
 * in alphabetical order. How the file was packed, spaced or ordered within its rows does not count; what is hidden from
 * policies does not count either.
 */
export function traceFingerprint(trace: Trace): string {
  const columns = trace.models.map((_, m) => m).sort((a, b) => compare(trace.models[a], trace.models[b]))
  const hash = createHash('sha256')
  const add = (values: readonly unknown[]): void => {
    hash.update(`${JSON.stringify(values)}\n`)
  }
  add(columns.map(column => trace.models[column]))
  for (const { id, prompt, scores, costsUsd } of trace.rows) {
    add([id, prompt, columns.map(column => scores[column]), columns.map(column => costsUsd[column])])
  }
  return hash.digest('hex')
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0
}
