import type { PreparedTrace } from '../../lab/prepare-trace.ts'
import { traceFingerprint } from '../../lab/train/trace-fingerprint.ts'
import { compareZoo, startTrained, type ZooComparison } from '../../routing/policies/trained-policy.ts'
import { type Artefact, ArtefactError } from '../../store/artefact.ts'
import type { ParsedArguments } from '../arguments.ts'
import { wrongUsage } from '../exit.ts'
import { certificateRemarks } from '../train/certification.ts'
import type { ReplayRequest } from './request.ts'

/** The request with the policy and parameters of an artefact. Throws with exit code 64 where another policy is asked for. */
export function requestFrom(
  artefact: Artefact,
  stated: ReplayRequest,
  given: ParsedArguments,
): ReplayRequest {
  const { policy, parameters } = artefact
  const [asked = policy] = given.texts('policy')
  if (asked === policy) return { ...stated, policy, parameters }
  throw wrongUsage(
    `--artefact ${stated.artefactPath} holds the policy ${policy}, but --policy ${asked} was given; leave --policy out, or train ${asked}`,
  )
}

/** Checks that an artefact fits the trace, and says on standard error what a reader of the figures should know. Throws `ArtefactError`. */
export function checkArtefact(
  artefact: Artefact,
  { request, prepared }: { readonly request: ReplayRequest; readonly prepared: PreparedTrace },
): void {
  const path = request.artefactPath ?? ''
  const { trace } = prepared
  for (const remark of [
    ...certificateRemarks(artefact),
    ...zooRemarks(compared(artefact, path, prepared)),
    ...dataRemarks(artefact, { satisfiedAt: request.satisfiedAt, fingerprint: traceFingerprint(trace) }),
  ]) {
    process.stderr.write(`${path}: ${remark}\n`)
  }
}

function compared(artefact: Artefact, path: string, { trace, encoder }: PreparedTrace): ZooComparison {
  try {
    startTrained(artefact, 0)
    return compareZoo(artefact, { encoder, models: trace.models })
  } catch (error) {
    if (error instanceof RangeError) throw new ArtefactError(path, error.message, error)
    throw error
  }
}

function zooRemarks({ newcomers, absent }: ZooComparison): readonly string[] {
  const fate = 'they start as unknown models, and policies that learn from training alone pass them over'
  return [
    ...(newcomers.length === 0 ? [] : [`not trained on ${newcomers.join(', ')}: ${fate}`]),
    ...(absent.length === 0 ? [] : [`trained on ${absent.join(', ')} as well, which the trace lacks`]),
  ]
}

function dataRemarks(
  { training }: Artefact,
  there: { readonly satisfiedAt: number | null; readonly fingerprint: string },
): readonly string[] {
  const threshold = (satisfiedAt: number | null): string =>
    satisfiedAt === null ? 'without --satisfied-at' : `with --satisfied-at ${satisfiedAt}`
  const labels = `trained ${threshold(training.satisfiedAt)}, replayed ${threshold(there.satisfiedAt)}: labels mean something else`
  return [
    ...(training.fingerprint === there.fingerprint
      ? ['trained on these very rows: the figures flatter it']
      : []),
    ...(training.satisfiedAt === there.satisfiedAt ? [] : [labels]),
  ]
}
