import type { BinnedInputs } from './input-bins.ts'

/** Training rows of one node with what its split is to tell apart. */
export interface NodeRows {
  readonly rows: Int32Array
  /** How often each row was drawn. */
  readonly weights: Float64Array
  /** Row-major [rows x guides], each times its row's weight. */
  readonly guides: Float64Array
}

/** A split of a node: rows whose bin of `input` is at most `bin` go left. */
export interface TreeSplit {
  readonly input: number
  readonly bin: number
}

const LARGEST_BINS = 256

/**
 * Finds the split that leaves the least sum of squared deviations of all guides, by histograms over the bins of an input.
 * Keeps its scratch memory from node to node.
 */
export class SplitFinder {
  readonly #data: BinnedInputs
  readonly #guideCount: number
  readonly #fewest: number
  /** Per bin: weight, number of rows, sums of guides. */
  readonly #histogram: Float64Array
  readonly #left: Float64Array

  /** Splits leave at least `fewest` rows on either side. */
  constructor(data: BinnedInputs, guideCount: number, fewest: number) {
    this.#data = data
    this.#guideCount = guideCount
    this.#fewest = fewest
    this.#histogram = new Float64Array(LARGEST_BINS * (guideCount + 2))
    this.#left = new Float64Array(guideCount + 2)
  }

  /** Best split over some inputs; `null` where none tells anything. */
  best(node: NodeRows, inputs: ArrayLike<number>): TreeSplit | null {
    const total = this.#totals(node)
    let least = this.#explained(total) * (1 + 1e-9) + 1e-12
    let found: TreeSplit | null = null
    for (let c = 0; c < inputs.length; c++) {
      const input = inputs[c] ?? 0
      const bins = (this.#data.edges[input]?.length ?? 0) + 1
      if (bins < 2) continue
      this.#fill(node, input, bins)
      const { bin, explained } = this.#scan(total, bins)
      if (explained <= least) continue
      least = explained
      found = { input, bin }
    }
    return found
  }

  #totals({ rows, weights, guides }: NodeRows): Float64Array {
    const width = this.#guideCount
    const total = new Float64Array(width + 2)
    for (let i = 0; i < rows.length; i++) {
      total[0] = (total[0] ?? 0) + (weights[i] ?? 0)
      for (let k = 0; k < width; k++) total[k + 2] = (total[k + 2] ?? 0) + (guides[i * width + k] ?? 0)
    }
    total[1] = rows.length
    return total
  }

  /** Sum of squared sums over the weight: what the mean of a node explains. */
  #explained(sums: Float64Array): number {
    const weight = sums[0] ?? 0
    let square = 0
    for (let k = 2; k < sums.length; k++) square += (sums[k] ?? 0) ** 2
    return weight > 0 ? square / weight : 0
  }

  #fill({ rows, weights, guides }: NodeRows, input: number, bins: number): void {
    const width = this.#guideCount
    const stride = width + 2
    const histogram = this.#histogram
    histogram.fill(0, 0, bins * stride)
    const column = input * this.#data.rows
    const binOf = this.#data.bins
    for (let i = 0; i < rows.length; i++) {
      const at = (binOf[column + (rows[i] ?? 0)] ?? 0) * stride
      histogram[at] = (histogram[at] ?? 0) + (weights[i] ?? 0)
      histogram[at + 1] = (histogram[at + 1] ?? 0) + 1
      const from = i * width
      for (let k = 0; k < width; k++) {
        histogram[at + 2 + k] = (histogram[at + 2 + k] ?? 0) + (guides[from + k] ?? 0)
      }
    }
  }

  #scan(total: Float64Array, bins: number): { readonly bin: number; readonly explained: number } {
    const stride = total.length
    const histogram = this.#histogram
    const left = this.#left.fill(0)
    const count = total[1] ?? 0
    let best = { bin: 0, explained: 0 }
    for (let bin = 0; bin < bins - 1; bin++) {
      const at = bin * stride
      if ((histogram[at + 1] ?? 0) === 0) continue
      for (let k = 0; k < stride; k++) left[k] = (left[k] ?? 0) + (histogram[at + k] ?? 0)
      if ((left[1] ?? 0) < this.#fewest) continue
      if (count - (left[1] ?? 0) < this.#fewest) break
      let [onLeft, onRight] = [0, 0]
      for (let k = 2; k < stride; k++) {
        const sum = left[k] ?? 0
        onLeft += sum * sum
        onRight += ((total[k] ?? 0) - sum) ** 2
      }
      const weight = left[0] ?? 0
      const explained = onLeft / weight + onRight / ((total[0] ?? 0) - weight)
      if (explained > best.explained) best = { bin, explained }
    }
    return best
  }
}
