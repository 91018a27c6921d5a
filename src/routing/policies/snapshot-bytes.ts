import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { PolicySnapshot } from '../policy.ts'

/** Learned state as plain values and, where it is large, as arrays of floats. */
export interface SnapshotContent {
  /** JSON values only; the writer fixes the order of keys, so that equal states give equal bytes. */
  readonly state: unknown
  readonly floats: readonly Float32Array[]
}

/** Writes a state as bytes: the JSON text of the plain values, then the arrays. Equal contents give equal bytes. */
export function encodeState(content: SnapshotContent): Uint8Array {
  const writer = new ByteWriter()
  writer.text(JSON.stringify(content.state))
  writer.list(content.floats, array => writer.array(array))
  return writer.finish()
}

/** Reads what `encodeState` wrote. Throws a RangeError on bytes that are cut short. */
export function decodeState(bytes: Uint8Array): SnapshotContent {
  const reader = new ByteReader(bytes)
  const state: unknown = JSON.parse(reader.text())
  return { state, floats: reader.list(() => reader.float32()) }
}

/** The content of a snapshot, if this policy and schema wrote it; throws otherwise. `null` without a snapshot. */
export function openSnapshot(
  snapshot: PolicySnapshot | null,
  policy: string,
  schema: number,
): SnapshotContent | null {
  checkSnapshot(snapshot, policy, schema)
  return snapshot === null ? null : decodeState(snapshot.bytes)
}

/** A reader at the beginning of a snapshot that this policy wrote in this schema; throws for any other. `null` without one. */
export function readSnapshot(
  snapshot: PolicySnapshot | null,
  policy: string,
  schema: number,
): ByteReader | null {
  checkSnapshot(snapshot, policy, schema)
  return snapshot === null ? null : new ByteReader(snapshot.bytes)
}

function checkSnapshot(snapshot: PolicySnapshot | null, policy: string, schema: number): void {
  if (snapshot === null || (snapshot.policy === policy && snapshot.schema === schema)) return
  throw new RangeError(
    `the snapshot was written by ${snapshot.policy} in schema ${snapshot.schema}, but ${policy} reads its own in schema ${schema}; fold the event log from its beginning instead`,
  )
}
