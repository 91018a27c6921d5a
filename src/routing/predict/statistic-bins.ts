import type { Features } from '../features/features.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { SparseVector } from './prompt-vector.ts'

const BINS = 8
/** A bin that fewer prompts of the sample share, or lack, is dropped. */
const RAREST_BIN = 5

/** One-hot quantile bins of the prompt statistics: eight per statistic, rare ones dropped. */
export class StatisticBins {
  /** Number of columns kept. */
  readonly columns: number
  /** Inner edges of statistic s: edges[s * (BINS - 1) ...], padded with +infinity. */
  readonly #edges: Float32Array
  /** Column of bin b of statistic s at [s * BINS + b]; -1 where dropped. */
  readonly #columnOfBin: Int32Array
  /** Makes the block's norm about one. */
  readonly #value: number

  constructor(edges: Float32Array, columnOfBin: Int32Array, value: number) {
    this.#edges = edges
    this.#columnOfBin = columnOfBin
    this.#value = value
    this.columns = columnOfBin.reduce((most, column) => Math.max(most, column + 1), 0)
  }

  static read(reader: ByteReader): StatisticBins {
    return new StatisticBins(reader.float32(), reader.int32(), reader.number())
  }

  write(writer: ByteWriter): void {
    writer.array(this.#edges)
    writer.array(this.#columnOfBin)
    writer.number(this.#value)
  }

  /** Appends the active columns of a prompt, numbered from `offset`, each with the value times `weight`. */
  append(statistics: Float32Array, offset: number, weight: number, out: SparseVector): void {
    const known = Math.min(statistics.length, this.#columnOfBin.length / BINS)
    for (let s = 0; s < known; s++) {
      const column = this.#columnOfBin[s * BINS + binOf(this.#edges, s, statistics[s] ?? 0)] ?? -1
      if (column < 0) continue
      out.columns[out.length] = offset + column
      out.values[out.length] = weight * this.#value
      out.length++
    }
  }
}

/** Number of edges of statistic s that lie at or below a value. */
function binOf(edges: Float32Array, s: number, value: number): number {
  const first = s * (BINS - 1)
  let bin = 0
  while (bin < BINS - 1 && (edges[first + bin] ?? 0) <= value) bin++
  return bin
}

/** Learns edges and columns from a sample of prompts. */
export function fitStatisticBins(sample: readonly Features[]): StatisticBins {
  const statistics = sample[0]?.statistics.length ?? 0
  const edges = new Float32Array(statistics * (BINS - 1)).fill(Number.POSITIVE_INFINITY)
  for (let s = 0; s < statistics; s++) edges.set(quantileEdges(sample, s), s * (BINS - 1))
  const counts = new Uint32Array(statistics * BINS)
  for (const features of sample) {
    for (let s = 0; s < statistics; s++) {
      const bin = s * BINS + binOf(edges, s, features.statistics[s] ?? 0)
      counts[bin] = (counts[bin] ?? 0) + 1
    }
  }
  let columns = 0
  let active = 0
  const columnOfBin = Int32Array.from(counts, count => {
    if (count < RAREST_BIN || count > sample.length - RAREST_BIN) return -1
    active += count
    return columns++
  })
  const perPrompt = active / Math.max(1, sample.length)
  return new StatisticBins(edges, columnOfBin, perPrompt > 0 ? 1 / Math.sqrt(perPrompt) : 0)
}

function quantileEdges(sample: readonly Features[], s: number): number[] {
  const values = Float32Array.from(sample, features => features.statistics[s] ?? 0).sort()
  const edges: number[] = []
  for (let q = 1; q < BINS; q++) {
    const edge = values[Math.floor((q * values.length) / BINS)] ?? 0
    if (edge !== edges.at(-1)) edges.push(edge)
  }
  return edges
}
