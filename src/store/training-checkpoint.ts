import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ArtefactError } from './artefact.ts'
import { replaceFile } from './replace-file.ts'

/** Everything that must be the same for a training to be gone on with. */
export interface TrainingIdentity {
  readonly codeVersion: string
  readonly policy: string
  readonly parameters: Readonly<Record<string, number>>
  readonly encoder: string
  /** Of the rows, as in the artefact. */
  readonly fingerprint: string
  readonly satisfiedAt: number | null
  readonly seed: number | null
}

/** A training that was stopped. */
export interface TrainingCheckpoint {
  readonly done: number
  readonly bytes: Uint8Array
}

const NEWLINE = 10

const firstLine = z.strictObject({
  checkpoint: z.literal(1),
  identity: z.record(z.string(), z.unknown()),
  done: z.int().nonnegative(),
  sha256: z.string(),
})

/** The bytes of a checkpoint: a line of JSON that says what it belongs to, then the state. */
export function encodeCheckpoint(
  identity: TrainingIdentity,
  { done, bytes }: TrainingCheckpoint,
): Uint8Array {
  const line = JSON.stringify({ checkpoint: 1, identity: plain(identity), done, sha256: checksum(bytes) })
  return Buffer.concat([Buffer.from(`${line}\n`), bytes])
}

/** Reads the checkpoint of this very training; throws `ArtefactError` for another one's and for a damaged file. */
export function decodeCheckpoint(
  file: Uint8Array,
  path: string,
  identity: TrainingIdentity,
): TrainingCheckpoint {
  const end = file.indexOf(NEWLINE)
  const {
    identity: written,
    done,
    sha256,
  } = readFirstLine(Buffer.from(file.subarray(0, Math.max(0, end))), path)
  const expected = plain(identity)
  const differing = Object.keys(expected).find(
    key => JSON.stringify(written[key]) !== JSON.stringify(expected[key]),
  )
  if (differing !== undefined) {
    throw new ArtefactError(
      path,
      `it belongs to another training: its ${differing} is ${JSON.stringify(written[differing])}, here it is ${JSON.stringify(expected[differing])}; train with what it was started with, or without --resume`,
    )
  }
  const bytes = Uint8Array.from(file.subarray(end + 1))
  if (checksum(bytes) === sha256) return { done, bytes }
  throw new ArtefactError(path, 'its checksum is wrong: the file is damaged; train without --resume')
}

/** Reads a checkpoint from a file; throws `ArtefactError`. */
export async function readCheckpoint(path: string, identity: TrainingIdentity): Promise<TrainingCheckpoint> {
  let file: Uint8Array
  try {
    file = await readFile(path)
  } catch (error) {
    throw new ArtefactError(
      path,
      'there is no checkpoint to go on from; a training that is stopped leaves one beside its --out. Train without --resume',
      error,
    )
  }
  return decodeCheckpoint(file, path, identity)
}

/** Writes a checkpoint as `replaceFile` does. */
export function writeCheckpoint(
  path: string,
  identity: TrainingIdentity,
  checkpoint: TrainingCheckpoint,
): Promise<void> {
  return replaceFile(path, encodeCheckpoint(identity, checkpoint))
}

function readFirstLine(line: Buffer, path: string) {
  try {
    return firstLine.parse(JSON.parse(line.toString()))
  } catch (error) {
    throw new ArtefactError(path, 'this is no checkpoint of a training; train without --resume', error)
  }
}

/** The identity with its keys in a fixed order. */
function plain(identity: TrainingIdentity): Readonly<Record<string, unknown>> {
  const { codeVersion, policy, parameters, encoder, fingerprint, satisfiedAt, seed } = identity
  const sorted = Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { codeVersion, policy, parameters: sorted, encoder, fingerprint, satisfiedAt, seed }
}

function checksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
