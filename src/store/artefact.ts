import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ModelId } from '../routing/model.ts'
import type { TrainedPolicy } from '../routing/policies/trained-policy.ts'
import { type ArtefactHeader, headerOf, parseHeader } from './artefact-header.ts'
import { replaceFile } from './replace-file.ts'

/** The rows that a policy was trained on, without the rows. */
export interface TrainingRecord {
  readonly trace: string
  readonly rows: number
  /** SHA-256 over the rows as they were read, in hexadecimal digits. */
  readonly fingerprint: string
  /** Scores of at least this value counted as satisfied; `null`: fractions were kept. */
  readonly satisfiedAt: number | null
  /** Seed of the order of the rows; `null`: the order of the file. */
  readonly seed: number | null
}

/** One model over the training rows. */
export interface LearnedModel {
  readonly id: ModelId
  /** Mean in [0, 1]. */
  readonly satisfaction: number
  /** Mean per request, USD. */
  readonly costUsd: number
  /** Brier score of the cross-fitted predictions; `null` where the policy makes none. */
  readonly brier: number | null
  /** Expected calibration error of the cross-fitted predictions. */
  readonly ece: number | null
}

/** What a price bought on the training rows, by cross-fitted predictions. */
export interface LearnedPrice {
  /** USD per extra satisfied request. */
  readonly priceUsd: number
  readonly satisfaction: number
  readonly costUsd: number
}

/**
 * A floor that the policy keeps, as trained and with exploration and learning off, by learn-then-test on rows that it was not
 * trained on: wrong with probability at most `delta` over these rows, for prompts that are drawn as they were.
 */
export interface CertifiedFloor {
  /** Certified mean satisfaction. */
  readonly floor: number
  readonly delta: number
  /** The floor to ask the policy for. */
  readonly askFor: number
  /** Mean price of the decisions in USD per extra satisfied request; `null` where the policy has none. */
  readonly priceUsd: number | null
  /** Mean cost of a request on the calibration rows, USD. */
  readonly costUsd: number
  /** Calibration rows. */
  readonly labels: number
  /** Sum of (1 - satisfaction) over them. */
  readonly failures: number
  readonly pValue: number
  /** The floor that was asked for, where the rows could not certify it, and how many could; `null` for "no number of them". */
  readonly wish: { readonly floor: number; readonly labelsNeeded: number | null } | null
  /** SHA-256 over the calibration rows, in hexadecimal digits. */
  readonly split: string
}

/** A trained policy as a file: all that a gateway or a replay needs to start from it, and what the training came to. */
export interface Artefact extends TrainedPolicy {
  /** Version of the program that wrote it. */
  readonly codeVersion: string
  readonly training: TrainingRecord
  /** In the order of `models`. */
  readonly learned: readonly LearnedModel[]
  /** Ascending; empty where the policy makes no predictions. */
  readonly prices: readonly LearnedPrice[]
  /** Absent where none was asked for. */
  readonly certified?: readonly CertifiedFloor[]
}

/** A file is no artefact that can be used: the message names the file, the fault and what to do. */
export class ArtefactError extends Error {
  readonly code = 'bad_artefact'
  readonly file: string

  constructor(file: string, fault: string, cause?: unknown) {
    super(`${file}: ${fault}`, { cause })
    this.name = 'ArtefactError'
    this.file = file
  }
}

/** Format of the file; another one is refused. */
export const ARTEFACT_FORMAT = 2

const MAGIC = 'plimsoll-artefact'
/** The first line is shorter than this in every format. */
const LONGEST_FIRST_LINE = 256
const NEWLINE = 10

/**
 * The bytes of an artefact: one line with format, length and checksum of the rest; one line of JSON that says everything but
 * the state; the state's bytes. Equal artefacts give equal bytes.
 */
export function encodeArtefact(artefact: Artefact): Uint8Array {
  const header = Buffer.from(`${JSON.stringify(headerOf(artefact))}\n`)
  const body = Buffer.concat([header, artefact.snapshot.bytes])
  const first = `${MAGIC} ${ARTEFACT_FORMAT} ${body.length} ${checksum(body)}\n`
  return Buffer.concat([Buffer.from(first), body])
}

/** Reads what `encodeArtefact` wrote; `file` is named in errors. Throws `ArtefactError`. */
export function decodeArtefact(bytes: Uint8Array, file: string): Artefact {
  const body = checkedBody(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), file)
  const end = body.indexOf(NEWLINE)
  const { snapshot, ...header } = readHeader(body.subarray(0, Math.max(0, end)).toString(), file)
  const state = body.subarray(end + 1)
  if (state.length !== snapshot.byteLength) {
    throw new ArtefactError(
      file,
      `its header promises ${snapshot.byteLength} bytes of state, but ${state.length} follow; train it again`,
    )
  }
  const { policy, schema } = snapshot
  return { ...header, snapshot: { policy, schema, bytes: Uint8Array.from(state) } }
}

/** Everything below the first line, once format, length and checksum are right. */
function checkedBody(bytes: Buffer, file: string): Buffer {
  const end = bytes.subarray(0, LONGEST_FIRST_LINE).indexOf(NEWLINE)
  const first = bytes.subarray(0, Math.max(0, end)).toString('latin1')
  const [magic, format, length, sum] = first.split(' ')
  if (magic !== MAGIC) {
    throw new ArtefactError(file, 'this is no artefact; expected a file that plimsoll train wrote')
  }
  if (format !== String(ARTEFACT_FORMAT)) {
    throw new ArtefactError(
      file,
      `it is written in format ${format}, but this version reads format ${ARTEFACT_FORMAT}; train it again, or use the version that wrote it`,
    )
  }
  const body = bytes.subarray(end + 1)
  if (String(body.length) !== length) {
    throw new ArtefactError(
      file,
      `${length} bytes should follow its first line, but ${body.length} do: the file is cut short or grown; copy or train it again`,
    )
  }
  if (checksum(body) === sum) return body
  throw new ArtefactError(file, 'its checksum is wrong: the file is damaged; copy or train it again')
}

function readHeader(text: string, file: string): ArtefactHeader {
  try {
    return parseHeader(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ArtefactError(file, `its header cannot be read (${reason}); train it again`, error)
  }
}

function checksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Reads an artefact. Throws `ArtefactError`. */
export async function readArtefact(path: string): Promise<Artefact> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
    const fault = code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`
    throw new ArtefactError(path, `${fault}; expected an artefact that plimsoll train wrote`, error)
  }
  return decodeArtefact(bytes, path)
}

/** Writes an artefact as `replaceFile` does. Resolves to the size in bytes. */
export async function writeArtefact(path: string, artefact: Artefact): Promise<number> {
  const bytes = encodeArtefact(artefact)
  await replaceFile(path, bytes)
  return bytes.length
}
