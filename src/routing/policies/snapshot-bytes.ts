import type { PolicySnapshot } from '../policy.ts'

/** Learned state as plain values and, where it is large, as arrays of floats. */
export interface SnapshotContent {
  /** JSON values only; the writer fixes the order of keys, so that equal states give equal bytes. */
  readonly state: unknown
  readonly floats: readonly Float32Array[]
}

const lengthBytes = 4

/**
 * Writes a state as bytes: length of the head (32 bits, little-endian), the head as JSON `{lengths, state}`,
 * then the floats of every array, little-endian, one after the other.
 */
export function encodeState(content: SnapshotContent): Uint8Array {
  const lengths = content.floats.map(array => array.length)
  const head = new TextEncoder().encode(JSON.stringify({ lengths, state: content.state }))
  const floatCount = lengths.reduce((sum, length) => sum + length, 0)
  const bytes = new Uint8Array(lengthBytes + head.length + 4 * floatCount)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, head.length, true)
  bytes.set(head, lengthBytes)
  let offset = lengthBytes + head.length
  for (const array of content.floats) {
    for (const value of array) {
      view.setFloat32(offset, value, true)
      offset += 4
    }
  }
  return bytes
}

/** Reads what `encodeState` wrote. Throws on bytes that are cut short. */
export function decodeState(bytes: Uint8Array): SnapshotContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headLength = bytes.length < lengthBytes ? Number.POSITIVE_INFINITY : view.getUint32(0, true)
  let offset = lengthBytes + headLength
  if (offset > bytes.length) throw new RangeError(cutShort(bytes.length))
  const head: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(lengthBytes, offset)))
  const { lengths, state } = head as { readonly lengths: readonly number[]; readonly state: unknown }
  const floats = lengths.map(length => {
    if (offset + 4 * length > bytes.length) throw new RangeError(cutShort(bytes.length))
    const array = Float32Array.from({ length }, (_, i) => view.getFloat32(offset + 4 * i, true))
    offset += 4 * length
    return array
  })
  return { state, floats }
}

function cutShort(length: number): string {
  return `a policy snapshot of ${length} bytes is cut short; restore it from the store or start from the event log`
}

/** The content of a snapshot, if this policy and schema wrote it; throws otherwise. `null` without a snapshot. */
export function openSnapshot(
  snapshot: PolicySnapshot | null,
  policy: string,
  schema: number,
): SnapshotContent | null {
  if (snapshot === null) return null
  if (snapshot.policy !== policy || snapshot.schema !== schema) {
    throw new RangeError(
      `the snapshot was written by ${snapshot.policy} in schema ${snapshot.schema}, but ${policy} reads its own in schema ${schema}; fold the event log from its beginning instead`,
    )
  }
  return decodeState(snapshot.bytes)
}
