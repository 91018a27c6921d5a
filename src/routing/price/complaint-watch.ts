import type { ModelId } from '../model.ts'
import { modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Requests of a class from which its complaint rates are learned before anything is tested. */
const LEARNING_REQUESTS = 400
/** Expected dissatisfied answers of a model below which its own rate is not known well enough to test it. */
const LEAST_EXPOSURE = 15
/** Dissatisfied answers that the class's rate counts as in that of a model, and a guess in that of the class. */
const PRIOR_EXPOSURE = 10
const PRIOR_COMPLAINTS = 1
/** Complaints beyond so many times the expected ones count, and a sum of so many of them is an alarm. */
const SLACK = 1.6
const LIMIT = 6
/** Complaints that wait for the silence of earlier requests; beyond that they count at once. */
const MOST_PENDING = 10_000

/** One request that has been spoken of, or whose time for it has passed. */
export interface Heard {
  readonly model: ModelId
  /** Time of the decision. */
  readonly atMs: number
  /** Predicted probability that the answer did not satisfy, in [0, 1]. */
  readonly doubt: number
}

interface ModelWatch {
  /** Complaints and expected dissatisfied answers while nothing was suspected. */
  complaints: number
  exposure: number
  /** The CUSUM, and what came in since it last was 0. */
  sum: number
  sinceComplaints: number
  sinceExposure: number
}

/**
 * Watches complaints where users never praise. The share rho of dissatisfied users who complain is unknown, but if it
 * stays as it is, complaints Y follow predicted dissatisfaction 1 - p. Per model, after a learning phase:
 *
 *   rho_m = (Y_m + 10 rho) / (E_m + 10),  E_m = sum of (1 - p),   rho = (Y + 1) / (E + 10) over all models
 *   W_m = max(0, W_m + Y - 1.6 rho_m (1 - p));  alarm at W_m > 6, then the model's rate is learned anew (Page 1954)
 *
 * Each model has a rate of its own, so that users who complain more readily of one model are no alarm. Requests count in the
 * order of their decisions, up to the latest one whose silence is certain: complaints come early, silence late.
 */
export class ComplaintWatch {
  #heard = 0
  #watermarkMs = Number.NEGATIVE_INFINITY
  #pending: Heard[] = []
  readonly #models = new Map<ModelId, ModelWatch>()

  /** Takes a complaint; the models that are suspect by it. */
  complained(heard: Heard): readonly ModelId[] {
    this.#pending.push(heard)
    if (heard.atMs > this.#watermarkMs && this.#pending.length <= MOST_PENDING) return []
    return this.#takePending()
  }

  /** Takes a request that nobody complained of; the models that are suspect by complaints of earlier ones. */
  silent(heard: Heard): readonly ModelId[] {
    this.#watermarkMs = Math.max(this.#watermarkMs, heard.atMs)
    const suspects = this.#takePending()
    this.#take(heard, 0)
    return suspects
  }

  /** Learned share of dissatisfied users of a model who complain; `null` before the learning phase has ended. */
  rate(model: ModelId): number | null {
    const watch = this.#models.get(model)
    return watch === undefined || !this.#knows(watch) ? null : this.#rateOf(watch)
  }

  #takePending(): readonly ModelId[] {
    const overflow = this.#pending.length > MOST_PENDING
    const due = this.#pending.filter(({ atMs }, i) => atMs <= this.#watermarkMs || (overflow && i === 0))
    if (due.length === 0) return []
    this.#pending = this.#pending.filter(heard => !due.includes(heard))
    return due.filter(heard => this.#take(heard, 1)).map(({ model }) => model)
  }

  #take({ model, doubt }: Heard, complaint: 0 | 1): boolean {
    this.#heard++
    const watch = this.#models.get(model) ?? {
      complaints: 0,
      exposure: 0,
      sum: 0,
      sinceComplaints: 0,
      sinceExposure: 0,
    }
    this.#models.set(model, watch)
    if (!this.#knows(watch)) {
      watch.complaints += complaint
      watch.exposure += doubt
      return false
    }
    watch.sinceComplaints += complaint
    watch.sinceExposure += doubt
    watch.sum = Math.max(0, watch.sum + complaint - SLACK * this.#rateOf(watch) * doubt)
    const alarmed = watch.sum > LIMIT
    if (alarmed) {
      watch.complaints = 0
      watch.exposure = 0
    } else if (watch.sum === 0) {
      // What led to no alarm was as usual, and teaches the rate.
      watch.complaints += watch.sinceComplaints
      watch.exposure += watch.sinceExposure
    }
    if (!alarmed && watch.sum > 0) return false
    watch.sum = 0
    watch.sinceComplaints = 0
    watch.sinceExposure = 0
    return alarmed
  }

  #knows(watch: ModelWatch): boolean {
    return this.#heard > LEARNING_REQUESTS && watch.exposure >= LEAST_EXPOSURE
  }

  #rateOf(watch: ModelWatch): number {
    let [complaints, exposure] = [PRIOR_COMPLAINTS, PRIOR_EXPOSURE]
    for (const each of this.#models.values()) {
      complaints += each.complaints
      exposure += each.exposure
    }
    return (watch.complaints + (PRIOR_EXPOSURE * complaints) / exposure) / (watch.exposure + PRIOR_EXPOSURE)
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#heard, this.#watermarkMs))
    writer.list(this.#pending, ({ model, atMs, doubt }) => {
      writer.text(model)
      writer.array(Float64Array.of(atMs, doubt))
    })
    writer.list([...this.#models], ([model, watch]) => {
      const { complaints, exposure, sum, sinceComplaints, sinceExposure } = watch
      writer.text(model)
      writer.array(Float64Array.of(complaints, exposure, sum, sinceComplaints, sinceExposure))
    })
  }

  static read(reader: ByteReader): ComplaintWatch {
    const watch = new ComplaintWatch()
    const [heard = 0, watermarkMs = Number.NEGATIVE_INFINITY] = reader.float64()
    watch.#heard = heard
    watch.#watermarkMs = watermarkMs
    watch.#pending = reader.list(() => {
      const model = modelId(reader.text())
      const [atMs = 0, doubt = 0] = reader.float64()
      return { model, atMs, doubt }
    })
    reader.list(() => {
      const model = modelId(reader.text())
      const [complaints = 0, exposure = 0, sum = 0, sinceComplaints = 0, sinceExposure = 0] = reader.float64()
      watch.#models.set(model, { complaints, exposure, sum, sinceComplaints, sinceExposure })
    })
    return watch
  }
}
