import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** The nodes of all trees in one row of arrays. */
export interface ForestNodes {
  /** First node of each tree. */
  readonly roots: Int32Array
  /** Input that a node looks at; any value at a leaf. */
  readonly inputs: Uint16Array
  /** A prompt goes left where its input lies below, else right. */
  readonly thresholds: Float32Array
  /** Left child, whose right sibling follows it; at a leaf the complement (~) of its number. */
  readonly children: Int32Array
  /** Row-major [leaves x outputs]: means of the training rows that a leaf holds. */
  readonly leaves: Float32Array
}

/** Mean over many regression trees with several outputs each (Breiman 2001, "Random Forests"). Immutable. */
export class RandomForest {
  /** Number of outputs. */
  readonly outputs: number
  readonly #nodes: ForestNodes

  constructor(outputs: number, nodes: ForestNodes) {
    this.outputs = outputs
    this.#nodes = nodes
  }

  /** Number of trees. */
  get trees(): number {
    return this.#nodes.roots.length
  }

  /** Bytes held in memory. */
  get byteLength(): number {
    const { roots, inputs, thresholds, children, leaves } = this.#nodes
    return [roots, inputs, thresholds, children, leaves].reduce((sum, array) => sum + array.byteLength, 0)
  }

  /** Writes the mean of all trees for one row of inputs into `out` [outputs]. */
  predict(inputs: Float32Array, out: Float64Array): void {
    const { roots, leaves } = this.#nodes
    out.fill(0)
    for (let tree = 0; tree < roots.length; tree++) {
      const from = leafOf(this.#nodes, roots[tree] ?? 0, inputs) * this.outputs
      for (let k = 0; k < out.length; k++) out[k] = (out[k] ?? 0) + (leaves[from + k] ?? 0)
    }
    const share = 1 / Math.max(1, roots.length)
    for (let k = 0; k < out.length; k++) out[k] = (out[k] ?? 0) * share
  }

  write(writer: ByteWriter): void {
    const { roots, inputs, thresholds, children, leaves } = this.#nodes
    writer.count(this.outputs)
    writer.array(roots)
    writer.array(inputs)
    writer.array(thresholds)
    writer.array(children)
    writer.array(leaves)
  }

  static read(reader: ByteReader): RandomForest {
    return new RandomForest(reader.count(), {
      roots: reader.int32(),
      inputs: reader.uint16(),
      thresholds: reader.float32(),
      children: reader.int32(),
      leaves: reader.float32(),
    })
  }
}

/** Number of the leaf that a row of inputs falls into. */
function leafOf({ inputs, thresholds, children }: ForestNodes, root: number, row: Float32Array): number {
  let node = root
  let child = children[node] ?? -1
  while (child >= 0) {
    node = child + ((row[inputs[node] ?? 0] ?? 0) < (thresholds[node] ?? 0) ? 0 : 1)
    child = children[node] ?? -1
  }
  return ~child
}
