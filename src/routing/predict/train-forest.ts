import { createRandom, type Random } from '../numeric/random.ts'
import { type BinnedInputs, binInputs } from './input-bins.ts'
import { RandomForest } from './random-forest.ts'
import { type NodeRows, SplitFinder } from './tree-split.ts'

/** A leaf holds at least so many training rows: fewer memorise them. */
const SMALLEST_LEAF = 10
/** One split looks at a third of the inputs, drawn anew. */
const INPUTS_PER_SPLIT = 1 / 3

/** What a forest is trained on. */
export interface ForestProblem {
  /** Row-major [rows x inputWidth]. */
  readonly inputs: Float32Array
  readonly inputWidth: number
  /** Row-major [rows x outputs]: what the leaves average. */
  readonly targets: Float64Array
  readonly outputs: number
  /** Row-major [rows x guides]: what splits tell apart, for example the targets' leading components. */
  readonly guides: Float64Array
  readonly guideWidth: number
  readonly trees: number
}

/** A forest with what the trees that have not seen a row predict of it. */
export interface TrainedForest {
  readonly forest: RandomForest
  /** Out-of-bag predictions, row-major [rows x outputs]. */
  readonly crossFitted: Float64Array
}

/** Nodes as they grow. */
interface GrowingNodes {
  readonly roots: number[]
  readonly inputs: number[]
  readonly thresholds: number[]
  readonly children: number[]
  readonly leaves: number[]
}

/** Grows trees on bootstrap samples; each split minimises the summed variance of all guides. Deterministic. */
export function trainForest(problem: ForestProblem): TrainedForest {
  const { inputs, inputWidth, outputs, trees } = problem
  const data = binInputs(inputs, inputWidth)
  const nodes: GrowingNodes = { roots: [], inputs: [], thresholds: [], children: [], leaves: [] }
  const grower = new TreeGrower(problem, data, nodes)
  const sums = new Float64Array(data.rows * outputs)
  const votes = new Int32Array(data.rows)
  for (let tree = 0; tree < trees; tree++) {
    // A generator per tree: how one tree grew must not decide which rows the next one draws.
    const random = createRandom(`tree/${tree}`)
    const drawn = new Uint16Array(data.rows)
    for (let i = 0; i < data.rows; i++) {
      const row = random.integer(data.rows)
      drawn[row] = (drawn[row] ?? 0) + 1
    }
    const root = grower.grow(drawn, random)
    for (let row = 0; row < data.rows; row++) {
      if ((drawn[row] ?? 0) > 0) continue
      votes[row] = (votes[row] ?? 0) + 1
      addLeaf(nodes, leafAt(nodes, root, inputs, row * inputWidth), sums.subarray(row * outputs), outputs)
    }
  }
  return { forest: frozen(outputs, nodes), crossFitted: outOfBag(problem, sums, votes) }
}

/** A node with the rows that it still has to split or to average. */
interface OpenNode {
  readonly node: number
  readonly rows: Int32Array
}

/** Grows one tree after the other into the same arrays. */
class TreeGrower {
  readonly #problem: ForestProblem
  readonly #data: BinnedInputs
  readonly #nodes: GrowingNodes
  readonly #finder: SplitFinder
  /** All inputs in an order that is shuffled on and on within a tree. */
  readonly #order: Int32Array
  readonly #perSplit: number

  constructor(problem: ForestProblem, data: BinnedInputs, nodes: GrowingNodes) {
    this.#problem = problem
    this.#data = data
    this.#nodes = nodes
    this.#finder = new SplitFinder(data, problem.guideWidth, SMALLEST_LEAF)
    this.#order = new Int32Array(data.width)
    this.#perSplit = Math.max(1, Math.round(data.width * INPUTS_PER_SPLIT))
  }

  /** Grows a tree on rows drawn so many times each; returns its root. */
  grow(drawn: Uint16Array, random: Random): number {
    for (let f = 0; f < this.#order.length; f++) this.#order[f] = f
    const inBag = Int32Array.from(drawn.keys()).filter(row => (drawn[row] ?? 0) > 0)
    const root = this.#add()
    this.#nodes.roots.push(root)
    const open: OpenNode[] = [{ node: root, rows: inBag }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const sides = this.#split(next, drawn, random)
      if (sides === null) this.#close(next.node, next.rows, drawn)
      else open.push(...sides)
    }
    return root
  }

  #add(): number {
    const { inputs, thresholds, children } = this.#nodes
    inputs.push(0)
    thresholds.push(0)
    return children.push(-1) - 1
  }

  #split({ node, rows }: OpenNode, drawn: Uint16Array, random: Random): readonly OpenNode[] | null {
    if (rows.length < 2 * SMALLEST_LEAF) return null
    const split = this.#finder.best(this.#gather(rows, drawn), this.#drawInputs(random))
    if (split === null) return null
    const column = split.input * this.#data.rows
    const isLeft = (row: number): boolean => (this.#data.bins[column + row] ?? 0) <= split.bin
    const { inputs, thresholds, children } = this.#nodes
    inputs[node] = split.input
    thresholds[node] = this.#data.edges[split.input]?.[split.bin] ?? 0
    const left = this.#add()
    const right = this.#add()
    children[node] = left
    return [
      { node: right, rows: rows.filter(row => !isLeft(row)) },
      { node: left, rows: rows.filter(isLeft) },
    ]
  }

  #gather(rows: Int32Array, drawn: Uint16Array): NodeRows {
    const { guides, guideWidth } = this.#problem
    const weights = new Float64Array(rows.length)
    const weighted = new Float64Array(rows.length * guideWidth)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0
      const weight = drawn[row] ?? 0
      weights[i] = weight
      for (let k = 0; k < guideWidth; k++) {
        weighted[i * guideWidth + k] = weight * (guides[row * guideWidth + k] ?? 0)
      }
    }
    return { rows, weights, guides: weighted }
  }

  #drawInputs(random: Random): Int32Array {
    const order = this.#order
    for (let f = 0; f < this.#perSplit; f++) {
      const other = f + random.integer(order.length - f)
      const kept = order[f] ?? 0
      order[f] = order[other] ?? 0
      order[other] = kept
    }
    return order.subarray(0, this.#perSplit)
  }

  #close(node: number, rows: Int32Array, drawn: Uint16Array): void {
    const { targets, outputs } = this.#problem
    const { children, leaves } = this.#nodes
    const mean = new Float64Array(outputs)
    let weight = 0
    for (const row of rows) {
      const times = drawn[row] ?? 0
      weight += times
      for (let k = 0; k < outputs; k++) mean[k] = (mean[k] ?? 0) + times * (targets[row * outputs + k] ?? 0)
    }
    children[node] = ~(leaves.length / outputs)
    for (const sum of mean) leaves.push(Math.fround(sum / Math.max(1, weight)))
  }
}

function leafAt(nodes: GrowingNodes, root: number, inputs: Float32Array, start: number): number {
  let node = root
  let child = nodes.children[node] ?? -1
  while (child >= 0) {
    const value = inputs[start + (nodes.inputs[node] ?? 0)] ?? 0
    node = child + (value < (nodes.thresholds[node] ?? 0) ? 0 : 1)
    child = nodes.children[node] ?? -1
  }
  return ~child
}

function addLeaf({ leaves }: GrowingNodes, leaf: number, out: Float64Array, outputs: number): void {
  for (let k = 0; k < outputs; k++) out[k] = (out[k] ?? 0) + (leaves[leaf * outputs + k] ?? 0)
}

/** Means over the trees that have not seen a row; the mean of the other rows where every tree has. */
function outOfBag({ targets, outputs }: ForestProblem, sums: Float64Array, votes: Int32Array): Float64Array {
  const totals = new Float64Array(outputs)
  targets.forEach((value, i) => {
    totals[i % outputs] = (totals[i % outputs] ?? 0) + value
  })
  return sums.map((sum, i) => {
    const seen = votes[Math.floor(i / outputs)] ?? 0
    if (seen > 0) return sum / seen
    return ((totals[i % outputs] ?? 0) - (targets[i] ?? 0)) / Math.max(1, votes.length - 1)
  })
}

function frozen(outputs: number, nodes: GrowingNodes): RandomForest {
  return new RandomForest(outputs, {
    roots: Int32Array.from(nodes.roots),
    inputs: Uint16Array.from(nodes.inputs),
    thresholds: Float32Array.from(nodes.thresholds),
    children: Int32Array.from(nodes.children),
    leaves: Float32Array.from(nodes.leaves),
  })
}
