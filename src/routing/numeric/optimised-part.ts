import { type AdamState, adamState, adamStep, clipNorm } from './adam.ts'
import type { ByteReader, ByteWriter } from './byte-codec.ts'

/** Longest gradient that is stepped on as it is. */
const LARGEST_GRADIENT = 1

/** A stretch of a network's parameters that AdamW steps on its own, its gradient clipped to a norm of one. */
export class OptimisedPart {
  readonly gradient: Float32Array
  readonly #weights: Float32Array
  readonly #decayed: number
  readonly #adam: AdamState

  constructor(weights: Float32Array, gradient: Float32Array, decayed: number) {
    this.#weights = weights
    this.gradient = gradient
    this.#decayed = decayed
    this.#adam = adamState(weights.length)
  }

  /** Clips the gradient and steps. */
  step({ rate, decay }: { readonly rate: number; readonly decay: number }): void {
    clipNorm(this.gradient, LARGEST_GRADIENT)
    adamStep(this.#weights, this.gradient, this.#adam, { rate, decay, decayed: this.#decayed })
  }

  write(writer: ByteWriter): void {
    writer.count(this.#adam.steps)
    writer.array(this.#adam.first)
    writer.array(this.#adam.second)
  }

  read(reader: ByteReader): void {
    this.#adam.steps = reader.count()
    this.#adam.first.set(reader.float32())
    this.#adam.second.set(reader.float32())
  }
}
