import type { DecisionRecord } from '../routing/decision.ts'
import type { FeedbackSource, LearningEvent } from '../routing/learning-event.ts'
import { modelId } from '../routing/model.ts'
import { BinaryReader } from './binary-reader.ts'
import { BinaryWriter } from './binary-writer.ts'
import { encodeRecord } from './record-codec.ts'
import { FrameTable, type KnownFrame, type StoredFrame } from './record-frame.ts'
import { type NewEvent, ownKeyPrefix } from './store.ts'

/** The kinds of events in the order of their stored numbers; append only. */
export const eventKinds = ['decision', 'outcome', 'feedback', 'audit', 'silence'] as const

export type EventKind = (typeof eventKinds)[number]

/** One event as a row of a database: what SQL must see is a column, the rest is `body`. */
export interface EventRow {
  readonly kind: EventKind
  readonly atMs: number
  readonly decision: string
  /** The policy instance that decided; empty for all kinds but `decision`. */
  readonly policy: string
  /** The SLA class; empty for all kinds but `decision`. */
  readonly className: string
  /** What the same decision says at most once: feedback by its idempotency key, an audit by itself; `null` for all other kinds. */
  readonly key: string | null
  /** Somebody speaks on the decision's satisfaction. */
  readonly answers: boolean
  readonly body: Uint8Array
}

/** A batch in one transferable buffer, with the frames that its records need. */
export interface EncodedBatch {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly frames: ReadonlyMap<string, StoredFrame>
}

/** Packs batches for another thread or a database. It keeps its buffer and the frames it has met: one per store. */
export class BatchEncoder {
  readonly #frameTable = new FrameTable()
  readonly #out = new BinaryWriter()

  /** Throws a RangeError for an event that cannot be stored. */
  encode(events: readonly NewEvent[]): EncodedBatch {
    const out = this.#out
    out.truncate(0)
    const frames = new Map<string, StoredFrame>()
    for (const event of events) {
      if (!Number.isFinite(event.atMs)) {
        throw new RangeError(`an event of kind ${event.kind} has the time ${event.atMs}; give milliseconds`)
      }
      out.writeByte(eventKinds.indexOf(event.kind))
      out.writeFloat64(event.atMs)
      if (event.kind === 'decision') {
        const frame = this.#frameTable.frameOf(event.record.context)
        frames.set(frame.hash, frame)
        writeDecisionEvent(event, frame, out)
      } else {
        writeLaterEvent(event, out)
      }
    }
    return { bytes: out.toBytes(), frames }
  }
}

type DecisionEvent = Extract<NewEvent, { readonly kind: 'decision' }>
type LaterEvent = Exclude<NewEvent, { readonly kind: 'decision' }>

function writeDecisionEvent({ record, policy }: DecisionEvent, frame: KnownFrame, out: BinaryWriter): void {
  out.writeString(record.id)
  out.writeString(policy)
  out.writeString(record.context.sla.name)
  const block = out.beginBlock()
  encodeRecord(record, frame, out)
  out.endBlock(block)
}

function writeLaterEvent(event: LaterEvent, out: BinaryWriter): void {
  out.writeString(event.decision)
  const key = keyOf(event)
  if (key !== null) out.writeString(key)
  if (event.kind === 'feedback') {
    out.writeByte(event.metric === 'satisfaction' ? 1 : 0)
  }
  const block = out.beginBlock()
  writeBody(event, out)
  out.endBlock(block)
}

/** The key under which a decision says something at most once; `null` for what may be said again. */
export function keyOf(event: NewEvent): string | null {
  if (event.kind === 'feedback') return event.idempotencyKey
  return event.kind === 'audit' ? `${ownKeyPrefix}audit` : null
}

/** Unpacks a batch into rows; their bodies are views of `bytes`. */
export function decodeBatch(bytes: Uint8Array): readonly EventRow[] {
  const reader = new BinaryReader(bytes)
  const rows: EventRow[] = []
  while (!reader.done) {
    const kind = eventKinds[reader.readByte()]
    if (kind === undefined) throw new RangeError('a batch holds an event of an unknown kind')
    const atMs = reader.readFloat64()
    const decision = reader.readString()
    const policy = kind === 'decision' ? reader.readString() : ''
    const className = kind === 'decision' ? reader.readString() : ''
    const key = kind === 'feedback' || kind === 'audit' ? reader.readString() : null
    const answers = kind === 'feedback' && reader.readByte() === 1
    rows.push({ kind, atMs, decision, policy, className, key, answers, body: reader.readBlock() })
  }
  return rows
}

const sources: readonly FeedbackSource[] = ['user', 'judge', 'test', 'system']

function writeBody(event: LaterEvent, out: BinaryWriter): void {
  switch (event.kind) {
    case 'outcome': {
      const { outcome } = event
      out.writeString(event.model)
      out.writeNumber(outcome.costUsd)
      out.writeNumber(outcome.promptTokens)
      out.writeNumber(outcome.completionTokens)
      out.writeNumber(outcome.latencyMs)
      out.writeNumber(outcome.firstTokenMs)
      out.writeByte((outcome.error === null ? 0 : 1) + (outcome.shadow ? 2 : 0))
      if (outcome.error !== null) out.writeString(outcome.error)
      return
    }
    case 'feedback':
      out.writeString(event.model)
      out.writeString(event.metric)
      out.writeNumber(event.value)
      out.writeByte(sources.indexOf(event.source))
      return
    case 'audit':
      out.writeString(event.model)
      out.writeNumber(event.value)
      out.writeNumber(event.probability)
      return
    case 'silence':
      return
    default:
      event satisfies never
  }
}

/** A stored event and the record of its decision. */
export interface StoredEvent {
  readonly kind: EventKind
  readonly atMs: number
  readonly body: Uint8Array
  readonly record: DecisionRecord
}

/** The learning event of a row; the body of a decision is its record and not read again. */
export function decodeEvent({ kind, atMs, body, record }: StoredEvent): LearningEvent {
  const reader = new BinaryReader(body)
  switch (kind) {
    case 'decision':
    case 'silence':
      return { kind, atMs, record }
    case 'outcome':
      return readOutcome(reader, atMs, record)
    case 'feedback': {
      const model = modelId(reader.readString())
      const metric = reader.readString()
      const value = reader.readPresentNumber()
      const source = sources[reader.readByte()]
      if (source === undefined) throw new RangeError('stored feedback comes from an unknown source')
      return { kind, atMs, record, model, metric, value, source }
    }
    case 'audit': {
      const model = modelId(reader.readString())
      const value = reader.readPresentNumber()
      return { kind, atMs, record, model, value, probability: reader.readPresentNumber() }
    }
    default:
      return kind satisfies never
  }
}

function readOutcome(reader: BinaryReader, atMs: number, record: DecisionRecord): LearningEvent {
  const model = modelId(reader.readString())
  const costUsd = reader.readNumber()
  const promptTokens = reader.readNumber()
  const completionTokens = reader.readNumber()
  const latencyMs = reader.readNumber()
  const firstTokenMs = reader.readNumber()
  const flags = reader.readByte()
  const error = flags % 2 === 1 ? reader.readString() : null
  const shadow = flags >= 2
  const outcome = { costUsd, promptTokens, completionTokens, latencyMs, firstTokenMs, error, shadow }
  return { kind: 'outcome', atMs, record, model, outcome }
}

/** The learning event that a committed new event amounts to. */
export function toLearningEvent(event: NewEvent, record: DecisionRecord): LearningEvent {
  const { atMs } = event
  switch (event.kind) {
    case 'decision':
    case 'silence':
      return { kind: event.kind, atMs, record }
    case 'outcome':
      return { kind: event.kind, atMs, record, model: event.model, outcome: event.outcome }
    case 'feedback': {
      const { kind, model, metric, value, source } = event
      return { kind, atMs, record, model, metric, value, source }
    }
    case 'audit': {
      const { kind, model, value, probability } = event
      return { kind, atMs, record, model, value, probability }
    }
    default:
      return event satisfies never
  }
}

/** The decision that a new event is about. */
export function decisionOf(event: NewEvent): string {
  return event.kind === 'decision' ? event.record.id : event.decision
}
