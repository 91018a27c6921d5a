import type { PreparedTrace } from '../../lab/prepare-trace.ts'
import { type CalibrationSplit, calibrationSplit } from '../../lab/train/calibration-split.ts'
import { certifyFloors } from '../../lab/train/certify-floors.ts'
import type { Artefact, CertifiedFloor } from '../../store/artefact.ts'
import type { ParsedArguments } from '../arguments.ts'
import { CommandError, exitCodes, wrongUsage } from '../exit.ts'

/** What the command line wants certified. */
export interface CertificationRequest {
  readonly floors: readonly number[]
  readonly delta: number
  /** Share of the rows that is kept for it. */
  readonly share: number
}

/** Reads `--certify`, `--delta` and `--calibration`; `null` without the first. Throws with exit code 64. */
export function readCertification(given: ParsedArguments): CertificationRequest | null {
  const text = given.text('certify')
  if (text === undefined) {
    const idle = ['delta', 'calibration'].find(name => given.texts(name).length > 0)
    if (idle === undefined) return null
    throw wrongUsage(`--${idle} belongs to --certify, which was not given`)
  }
  const floors = text.split(',').map(Number)
  const bad = floors.find(floor => !(floor > 0 && floor < 1))
  if (bad !== undefined) {
    throw wrongUsage(
      `--certify must be floors between 0 and 1, such as 0.9 or 0.85,0.9, but '${text}' was given`,
    )
  }
  const [delta, share] = [given.number('delta') ?? 0, given.number('calibration') ?? 0]
  if (!(delta > 0 && delta < 1)) throw wrongUsage(`--delta must lie between 0 and 1, but ${delta} was given`)
  if (!(share > 0 && share < 1)) {
    throw wrongUsage(`--calibration must lie between 0 and 1, but ${share} was given`)
  }
  return { floors, delta, share }
}

/** Keeps rows for the certificate. Throws with exit code 65 where one side would have none. */
export function keepApart(
  { share }: CertificationRequest,
  { trace }: PreparedTrace,
  seed: number | null,
): CalibrationSplit {
  const split = calibrationSplit(trace, share, seed ?? 0)
  if (split.calibration.length > 0 && split.training.size > 0) return split
  throw new CommandError(
    exitCodes.badData,
    `--calibration ${share} of the ${trace.rows.length} rows of trace '${trace.name}' leaves ${split.training.size} to train on and ${split.calibration.length} to certify with; give more rows or another share`,
  )
}

/** The artefact with the floors that the rows kept apart certify. */
export function certified(
  { floors, delta }: CertificationRequest,
  { artefact, prepared, split }: { artefact: Artefact; prepared: PreparedTrace; split: CalibrationSplit },
): Artefact {
  return { ...artefact, certified: certifyFloors({ trained: artefact, prepared, split, floors, delta }) }
}

/** One certificate in one sentence. */
export function certificateLine({ wish, ...statement }: CertifiedFloor): string {
  const { floor, delta, askFor, priceUsd, costUsd, labels, failures, pValue } = statement
  const price = priceUsd === null ? '' : ` at ${priceUsd.toPrecision(3)} USD per extra satisfied request`
  const basis = `${labels} labels, ${plain(failures)} failures, p ${pValue.toPrecision(2)}, delta ${plain(delta)}`
  const made = `certified ${plain(floor)} when asked for ${plain(askFor)}${price}, ${(costUsd * 1000).toPrecision(3)} USD/1000 (${basis})`
  if (wish === null) return made
  const need =
    wish.labelsNeeded === null
      ? 'no number of labels would certify it: what this policy chooses at its dearest does not satisfy so often'
      : `it would need about ${wish.labelsNeeded} labels`
  return `${plain(wish.floor)} cannot be certified by these rows, ${need}; the largest floor that can: ${made}`
}

/** What an artefact's certificates say, for the start of a replay or a gateway; nothing without any. */
export function certificateRemarks({ policy, certified: floors = [] }: Artefact): readonly string[] {
  return floors.map(floor => `${policy} with exploration and learning off: ${certificateLine(floor)}`)
}

function plain(value: number): string {
  return String(Number(value.toFixed(4)))
}
