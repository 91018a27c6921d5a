import type { Features } from '../features/features.ts'
import { LOG_LENGTH } from '../features/prompt-statistics.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { PromptVector } from '../predict/prompt-vector.ts'
import { TextProjection } from '../predict/text-projection.ts'

const COORDINATES = 25
/** Coordinates and a one. */
export const CONTEXT_DIMENSION = COORDINATES + 1

/** A prompt as the 25 coordinates and the one that LinUCB regresses on. */
export interface BanditContext {
  read(features: Features): Float64Array
  write(writer: ByteWriter): void
}

/** Learns the coordinates from unlabelled prompts; without any they are random signs over the tokens. */
export function fitBanditContext(sample: readonly Features[] | null): BanditContext {
  if (sample === null) return randomSigns
  const vector = PromptVector.fit(sample)
  return projected(vector, TextProjection.fit(vector, sample, COORDINATES))
}

/** Reads what `BanditContext.write` wrote. */
export function readBanditContext(reader: ByteReader): BanditContext {
  return reader.flag() ? projected(PromptVector.read(reader), TextProjection.read(reader)) : randomSigns
}

function projected(vector: PromptVector, projection: TextProjection): BanditContext {
  return {
    read(features) {
      const x = new Float64Array(CONTEXT_DIMENSION)
      x.set(projection.project(vector.weigh(features), features.statistics[LOG_LENGTH] ?? 0))
      x[COORDINATES] = 1
      return x
    },
    write(writer) {
      writer.flag(true)
      vector.write(writer)
      projection.write(writer)
    },
  }
}

/** Random projection with signs (Achlioptas 2003) of the log counts, normalised: needs no prompt to be known beforehand. */
const randomSigns: BanditContext = {
  read({ buckets, counts }) {
    const x = new Float64Array(CONTEXT_DIMENSION)
    let square = 0
    buckets.forEach((bucket, i) => {
      const value = 1 + Math.log(Math.max(1, counts[i] ?? 1))
      square += value * value
      let signs = mix(bucket)
      for (let k = 0; k < COORDINATES; k++, signs >>>= 1) x[k] = (x[k] ?? 0) + (signs & 1 ? value : -value)
    })
    const factor = square > 0 ? 1 / Math.sqrt(square * COORDINATES) : 0
    for (let k = 0; k < COORDINATES; k++) x[k] = (x[k] ?? 0) * factor
    x[COORDINATES] = 1
    return x
  },
  write: writer => writer.flag(false),
}

/** 32 well-mixed bits of a bucket's number (Murmur3 finaliser). */
function mix(bucket: number): number {
  let hash = Math.imul(bucket + 1, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
