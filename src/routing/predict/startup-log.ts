import type { DecisionId } from '../decision.ts'
import { decisionId } from '../decision.ts'
import type { Features } from '../features/features.ts'
import type { Outcome } from '../learning-event.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** A request served before text coordinates were known. */
export interface StartupRequest {
  readonly id: DecisionId
  readonly className: string
  readonly features: Features
  readonly promptTokens: number
  readonly floor: number
  /** Roster numbers of the eligible models. */
  readonly models: Int32Array
}

/** A label of such a request. */
export interface StartupLabel {
  readonly request: number
  readonly model: number
  readonly value: number
  /** 1 for a label, less for a stand-in. */
  readonly weight: number
}

/** What a call of such a request cost. */
export interface StartupOutcome {
  readonly request: number
  readonly model: number
  readonly outcome: Outcome
}

/** Everything learned before there were text coordinates, kept so that it can be learned again with them. */
export class StartupLog {
  readonly requests: StartupRequest[] = []
  readonly labels: StartupLabel[] = []
  readonly outcomes: StartupOutcome[] = []
  readonly #positions = new Map<DecisionId, number>()

  addRequest(request: StartupRequest): void {
    this.#positions.set(request.id, this.requests.length)
    this.requests.push(request)
  }

  /** Position of a decision among the requests; -1 if it is none of them. */
  position(id: DecisionId): number {
    return this.#positions.get(id) ?? -1
  }

  write(writer: ByteWriter): void {
    writer.list(this.requests, request => {
      writer.text(request.id)
      writer.text(request.className)
      writeFeatures(request.features, writer)
      writer.number(request.promptTokens)
      writer.number(request.floor)
      writer.array(request.models)
    })
    writer.list(this.labels, ({ request, model, value, weight }) =>
      writer.array(
        Float64Array.from(weight === 1 ? [request, model, value] : [request, model, value, weight]),
      ),
    )
    writer.list(this.outcomes, ({ request, model, outcome }) => {
      const { costUsd, completionTokens } = outcome
      writer.array(Float64Array.of(request, model, costUsd ?? Number.NaN, completionTokens ?? Number.NaN))
    })
  }

  static read(reader: ByteReader): StartupLog {
    const log = new StartupLog()
    const requests = reader.list(() => ({
      id: decisionId(reader.text()),
      className: reader.text(),
      features: readFeatures(reader),
      promptTokens: reader.number(),
      floor: reader.number(),
      models: reader.int32(),
    }))
    for (const request of requests) log.addRequest(request)
    reader.list(() => {
      const [request = 0, model = 0, value = 0, weight = 1] = reader.float64()
      log.labels.push({ request, model, value, weight })
    })
    reader.list(() => {
      const [request = 0, model = 0, cost = Number.NaN, completion = Number.NaN] = reader.float64()
      log.outcomes.push({ request, model, outcome: answered(cost, completion) })
    })
    return log
  }
}

/** The part of an outcome that cost learning reads: only answers of known cost are logged. */
function answered(cost: number, completion: number): Outcome {
  return {
    costUsd: Number.isNaN(cost) ? null : cost,
    completionTokens: Number.isNaN(completion) ? null : completion,
    promptTokens: null,
    latencyMs: null,
    firstTokenMs: null,
    error: null,
    shadow: false,
  }
}

function writeFeatures(features: Features, writer: ByteWriter): void {
  writer.text(features.encoder)
  writer.array(features.buckets)
  writer.array(features.counts)
  writer.array(features.statistics)
  const { embedding } = features
  writer.flag(embedding !== undefined)
  if (embedding === undefined) return
  writer.text(embedding.encoder)
  writer.array(embedding.values)
}

function readFeatures(reader: ByteReader): Features {
  const features = {
    encoder: reader.text(),
    buckets: reader.uint16(),
    counts: reader.uint16(),
    statistics: reader.float32(),
  }
  if (!reader.flag()) return features
  return { ...features, embedding: { encoder: reader.text(), values: reader.float32() } }
}
