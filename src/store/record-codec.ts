import type {
  ConstraintPrice,
  Decision,
  DecisionRecord,
  ModelEstimate,
  UpstreamLoad,
} from '../routing/decision.ts'
import { decisionId } from '../routing/decision.ts'
import type { Features } from '../routing/features/features.ts'
import { type ModelId, modelId } from '../routing/model.ts'
import { BinaryReader } from './binary-reader.ts'
import type { BinaryWriter } from './binary-writer.ts'
import { frameHashBytes, type KnownFrame, type RecordFrame } from './record-frame.ts'

/** First byte of every stored record; a reader refuses another number. */
const recordSchema = 1

/** What features may hold beside the rest, as bits of one byte. */
const EMBEDDING = 1
const NGRAMS = 2

const modes = ['exploit', 'explore'] as const

/**
 * Writes a record against its frame, exactly: what `decodeRecord` gives back makes a policy decide the same again.
 * Runs on the request thread, hence no JSON, no copies and no allocation per value.
 */
export function encodeRecord(record: DecisionRecord, frame: KnownFrame, out: BinaryWriter): void {
  const { context } = record
  out.writeByte(recordSchema)
  out.writeBytes(frame.hashBytes)
  out.writeString(record.id)
  out.writeNumber(record.learnedUpTo)
  out.writeNumber(context.floor)
  out.writeNumber(context.atMs)
  out.writeNumber(context.promptTokens)
  writeFeatures(context.features, out)
  out.writeVarint(context.load.length)
  for (const load of context.load) {
    out.writeNumber(load.inFlight)
    out.writeNumber(load.recentLatencyMs)
    out.writeNumber(load.availability)
  }
  writeDecision(record.decision, frame, out)
  // Last and only where it is, so that records without it, older ones among them, end before it.
  if (record.audit !== undefined) {
    out.writeNumber(record.audit.probability)
    out.writeNumber(record.audit.humanShare)
  }
}

/** The hash of the frame that a stored record needs. */
export function frameHashOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + 1, frameHashBytes).toString('hex')
}

/** Reads a stored record back. The frame is the one named by `frameHashOf`. */
export function decodeRecord(bytes: Uint8Array, frame: RecordFrame): DecisionRecord {
  const reader = new BinaryReader(bytes)
  const schema = reader.readByte()
  if (schema !== recordSchema) {
    throw new RangeError(
      `a stored decision has format ${schema}, this version of plimsoll reads format ${recordSchema}`,
    )
  }
  reader.readBytes(frameHashBytes)
  const id = decisionId(reader.readString())
  const learnedUpTo = reader.readPresentNumber()
  const floor = reader.readPresentNumber()
  const atMs = reader.readPresentNumber()
  const promptTokens = reader.readPresentNumber()
  const features = readFeatures(reader, frame)
  const load = readMany(reader, readLoad)
  const decision = readDecision(reader, frame)
  const audit = reader.done
    ? {}
    : { audit: { probability: reader.readPresentNumber(), humanShare: reader.readPresentNumber() } }
  const { sla, models } = frame
  return {
    id,
    context: { sla, floor, atMs, models, features, promptTokens, load },
    decision,
    learnedUpTo,
    ...audit,
  }
}

function writeFeatures(features: Features, out: BinaryWriter): void {
  const { embedding, ngrams } = features
  writeCounts(features, out)
  out.writeFloat32Array(features.statistics)
  out.writeByte((embedding === undefined ? 0 : EMBEDDING) + (ngrams === undefined ? 0 : NGRAMS))
  if (embedding !== undefined) out.writeFloat32Array(embedding.values)
  if (ngrams !== undefined) writeCounts(ngrams, out)
}

function writeCounts({ buckets, counts }: Pick<Features, 'buckets' | 'counts'>, out: BinaryWriter): void {
  if (counts.length !== buckets.length) {
    throw new RangeError(`features have ${buckets.length} buckets and ${counts.length} counts; give as many`)
  }
  out.writeCounts(buckets, counts)
}

function readFeatures(reader: BinaryReader, frame: RecordFrame): Features {
  const { encoder, embeddingEncoder = '', ngramCounter = '' } = frame
  const { buckets, counts } = reader.readCounts()
  const statistics = reader.readFloat32Array()
  const parts = reader.readByte()
  return {
    encoder,
    buckets,
    counts,
    statistics,
    ...((parts & EMBEDDING) === 0
      ? {}
      : { embedding: { encoder: embeddingEncoder, values: reader.readFloat32Array() } }),
    ...((parts & NGRAMS) === 0 ? {} : { ngrams: { counter: ngramCounter, ...reader.readCounts() } }),
  }
}

function readLoad(reader: BinaryReader): UpstreamLoad {
  return {
    inFlight: reader.readPresentNumber(),
    recentLatencyMs: reader.readNumber(),
    availability: reader.readPresentNumber(),
  }
}

function writeDecision(decision: Decision, frame: KnownFrame, out: BinaryWriter): void {
  writeModel(decision.chosen, frame, out)
  out.writeByte(modes.indexOf(decision.mode))
  out.writeVarint(decision.shadows.length)
  for (const shadow of decision.shadows) writeModel(shadow, frame, out)
  out.writeVarint(decision.prices.length)
  for (const price of decision.prices) {
    out.writeString(price.constraint)
    out.writeNumber(price.priceUsd)
  }
  out.writeVarint(decision.probabilities.length)
  for (const probability of decision.probabilities) out.writeNumber(probability)
  out.writeVarint(decision.estimates.length)
  for (const estimate of decision.estimates) {
    writeModel(estimate.model, frame, out)
    out.writeNumber(estimate.satisfaction)
    out.writeNumber(estimate.costUsd)
    out.writeNumber(estimate.score)
  }
}

function readDecision(reader: BinaryReader, frame: RecordFrame): Decision {
  const readFramedModel = (): ModelId => readModel(reader, frame)
  const chosen = readFramedModel()
  const mode = modes[reader.readByte()]
  if (mode === undefined)
    throw new RangeError('a stored decision holds a mode that is none of exploit, explore')
  const shadows = readMany(reader, readFramedModel)
  const prices = readMany(reader, readPrice)
  const probabilities = new Float64Array(reader.readVarint())
  for (let i = 0; i < probabilities.length; i++) probabilities[i] = reader.readPresentNumber()
  const estimates = readMany(reader, (): ModelEstimate => {
    const model = readFramedModel()
    const satisfaction = reader.readNumber()
    const costUsd = reader.readNumber()
    return { model, satisfaction, costUsd, score: reader.readPresentNumber() }
  })
  return { chosen, mode, shadows, prices, probabilities, estimates }
}

function readPrice(reader: BinaryReader): ConstraintPrice {
  return { constraint: reader.readString(), priceUsd: reader.readPresentNumber() }
}

/** A model is its position in the frame; a name from outside the frame follows the first position past its end. */
function writeModel(model: ModelId, frame: KnownFrame, out: BinaryWriter): void {
  const position = frame.positions.get(model)
  out.writeVarint(position ?? frame.modelCount)
  if (position === undefined) out.writeString(model)
}

function readModel(reader: BinaryReader, frame: RecordFrame): ModelId {
  const position = reader.readVarint()
  return frame.models[position]?.id ?? modelId(reader.readString())
}

function readMany<T>(reader: BinaryReader, read: (reader: BinaryReader) => T): readonly T[] {
  return Array.from({ length: reader.readVarint() }, () => read(reader))
}
