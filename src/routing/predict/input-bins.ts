/** Most bins of one input. */
const BINS = 48

/** Inputs sorted into few bins, so that a tree looks at every possible split with one pass over its rows. */
export interface BinnedInputs {
  readonly rows: number
  /** Number of inputs. */
  readonly width: number
  /** Column-major [width x rows]; the bin of a value is the number of edges at or below it. */
  readonly bins: Uint8Array
  /** Ascending edges of each input. */
  readonly edges: readonly Float32Array[]
}

/** Bins row-major inputs [rows x width]: one bin per distinct value where there are few, else quantiles. */
export function binInputs(inputs: Float32Array, width: number): BinnedInputs {
  const rows = width === 0 ? 0 : inputs.length / width
  const bins = new Uint8Array(inputs.length)
  const edges: Float32Array[] = []
  const column = new Float32Array(rows)
  for (let f = 0; f < width; f++) {
    for (let i = 0; i < rows; i++) column[i] = inputs[i * width + f] ?? 0
    const own = edgesOf(column.toSorted())
    for (let i = 0; i < rows; i++) bins[f * rows + i] = countAtOrBelow(own, column[i] ?? 0)
    edges.push(own)
  }
  return { rows, width, bins, edges }
}

/** Every distinct value but the smallest, or at most `BINS - 1` quantiles of them. */
function edgesOf(sorted: Float32Array): Float32Array {
  const distinct = sorted.filter((value, i) => i > 0 && value !== sorted[i - 1])
  if (distinct.length < BINS) return distinct
  const quantiles: number[] = []
  for (let q = 1; q < BINS; q++) {
    const edge = sorted[Math.floor((q * sorted.length) / BINS)] ?? 0
    if (edge !== quantiles.at(-1) && edge !== sorted[0]) quantiles.push(edge)
  }
  return Float32Array.from(quantiles)
}

function countAtOrBelow(edges: Float32Array, value: number): number {
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((edges[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low
}
