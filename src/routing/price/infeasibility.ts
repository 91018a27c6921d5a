import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Empirical-Bernstein constants for eta = 2, s = 1.4 (Howard, Ramdas, McAuliffe, Sekhon 2021, Thm 4, stitched). */
const K1 = 1.4355
const K2 = 1.2071
const STITCH = 1.4
const ZETA = 3.1055
/** Beliefs must call the floor unreachable by this much, for this many decisions. */
const MARGIN = 0.01
const PATIENCE = 500

/**
 * Watches whether a floor can be met at all: declared infeasible when an upper confidence bound of the mean of
 * (label - floor), valid at all times together, lies below zero, and the best reachable satisfaction by the policy's
 * own predictions has lain more than .01 below the floor at every plan of the last 500 decisions.
 * Either alone is no proof: early labels are those of a policy that still learns, and beliefs alone may be wrong.
 */
export class InfeasibilityWatch {
  #labels = 0
  #sum = 0
  #squares = 0
  /** Decision at which beliefs began to call the floor unreachable; -1 while they do not. */
  #lowSince = -1
  #declared = false

  /** Takes one label minus its floor. */
  observe(margin: number): void {
    const expected = this.#labels === 0 ? 0 : this.#sum / this.#labels
    this.#labels++
    this.#sum += margin
    this.#squares += (margin - expected) ** 2
  }

  /** Upper confidence bound of the running mean of (label - floor), at level 1 - delta. */
  upperBound(delta: number): number {
    if (this.#labels === 0) return 1
    const v = Math.max(this.#squares, 1)
    const ell = STITCH * Math.log(1 + Math.log(v) / Math.LN2) + Math.log(ZETA / delta)
    const width = Math.sqrt(K1 * K1 * v * ell + (K2 * ell) ** 2) + K2 * ell
    return (this.#sum + width) / this.#labels
  }

  /**
   * Takes the result of one plan; true while the floor is infeasible as far as is known. The bound holds at all times together, so that
   * a verdict once given stands until beliefs hold the floor to be reachable again, however labels scatter around it.
   */
  planned(decisions: number, floor: number, reachable: number, delta: number): boolean {
    if (reachable >= floor - MARGIN) {
      this.#lowSince = -1
      this.#declared = false
      return false
    }
    if (this.#lowSince < 0) this.#lowSince = decisions
    this.#declared ||= decisions - this.#lowSince >= PATIENCE && this.upperBound(delta) < 0
    return this.#declared
  }

  /** Begins anew once a verdict is withdrawn: the labels that it rested on speak of what no longer is. */
  restart(): void {
    this.#labels = 0
    this.#sum = 0
    this.#squares = 0
    this.#lowSince = -1
    this.#declared = false
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#labels, this.#sum, this.#squares, this.#lowSince, +this.#declared))
  }

  static read(reader: ByteReader): InfeasibilityWatch {
    const watch = new InfeasibilityWatch()
    const [labels = 0, sum = 0, squares = 0, lowSince = -1, declared = 0] = reader.float64()
    watch.#labels = labels
    watch.#sum = sum
    watch.#squares = squares
    watch.#lowSince = lowSince
    watch.#declared = declared === 1
    return watch
  }
}
