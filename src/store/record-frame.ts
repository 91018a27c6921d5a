import { createHash } from 'node:crypto'
import type { RoutingContext } from '../routing/decision.ts'
import type { ModelSpec } from '../routing/model.ts'
import type { SlaClass } from '../routing/sla.ts'

/** Bytes of a frame's hash inside a record. */
export const frameHashBytes = 16

/** Frames held in memory; a gateway with more distinct sets of eligible models pays their encoding again. */
const maxFrames = 4096

/** What records repeat: the class, the eligible models, the featurizer and the semantic encoder. Kept once in the log, under its content hash. */
export interface RecordFrame {
  readonly sla: SlaClass
  readonly models: readonly ModelSpec[]
  readonly encoder: string
  /** Who made the embeddings; absent where the records have none. */
  readonly embeddingEncoder?: string
  /** Who counted the n-grams; absent where the records have none. */
  readonly ngramCounter?: string
}

/** A frame as it is stored. */
export interface StoredFrame {
  /** First 128 bits of the SHA-256 of `body`, in lower-case hexadecimal. */
  readonly hash: string
  readonly body: string
}

/** A frame that is ready for encoding records against it. */
export interface KnownFrame extends StoredFrame {
  readonly hashBytes: Uint8Array
  /** Position of every model by its id. */
  readonly positions: ReadonlyMap<string, number>
  readonly modelCount: number
}

/**
 * Finds the frame of a context without looking at its contents twice: classes and models are recognised by identity,
 * since a gateway filters its configured objects per request and never copies them. Equal contents under another
 * identity only cost a second hashing; they end in the same hash.
 */
export class FrameTable {
  readonly #numbers = new WeakMap<object, number>()
  readonly #frames = new Map<string, KnownFrame>()
  #nextNumber = 0

  frameOf(context: RoutingContext): KnownFrame {
    const { encoder, embedding, ngrams } = context.features
    let key = `${encoder}|${this.#numberOf(context.sla)}`
    if (embedding !== undefined) key = `${embedding.encoder}|${key}`
    if (ngrams !== undefined) key = `${ngrams.counter}|${key}`
    for (const model of context.models) key += `,${this.#numberOf(model)}`
    const known = this.#frames.get(key)
    if (known !== undefined) return known
    if (this.#frames.size >= maxFrames) this.#frames.clear()
    const frame = describeFrame({
      sla: context.sla,
      models: context.models,
      encoder,
      ...(embedding === undefined ? {} : { embeddingEncoder: embedding.encoder }),
      ...(ngrams === undefined ? {} : { ngramCounter: ngrams.counter }),
    })
    this.#frames.set(key, frame)
    return frame
  }

  #numberOf(part: object): number {
    const known = this.#numbers.get(part)
    if (known !== undefined) return known
    const number = this.#nextNumber++
    this.#numbers.set(part, number)
    return number
  }
}

/** Reads a stored frame back. */
export function parseFrame(body: string): RecordFrame {
  return JSON.parse(body, reviveNumber) as RecordFrame
}

function describeFrame(frame: RecordFrame): KnownFrame {
  const body = JSON.stringify(frame, spellNumber)
  const digest = createHash('sha256').update(body).digest().subarray(0, frameHashBytes)
  return {
    hash: digest.toString('hex'),
    hashBytes: new Uint8Array(digest),
    body,
    positions: new Map(frame.models.map((model, position) => [model.id, position])),
    modelCount: frame.models.length,
  }
}

const spelledNumber = 'number'

/** JSON has no word for these numbers and would turn them into `null` or 0, which mean something else here. */
function spellNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value
  return { [spelledNumber]: Object.is(value, -0) ? '-0' : String(value) }
}

function reviveNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(spelledNumber in value)) return value
  return Number(value[spelledNumber])
}
