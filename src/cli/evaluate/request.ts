import type { EncoderSpec } from '../../encoders/open-encoder.ts'
import { type FloorSpec, parseFloorSpec } from '../../lab/evaluate/floor-spec.ts'
import { namedPolicy } from '../../lab/evaluate/named-policy.ts'
import type { Trace } from '../../lab/trace.ts'
import { policyDefinitions } from '../../routing/policies/registry.ts'
import { nearestName, type ParsedArguments } from '../arguments.ts'
import { wrongUsage } from '../exit.ts'
import { checkOverwrites, checkWritable, type NamedPath } from '../output-path.ts'
import { readEncoderSpec } from '../trace-preparer.ts'

/** What can be read from the command line before the traces are. */
export interface EvaluateRequest {
  readonly tracePath: string
  readonly testTracePath: string | null
  readonly policies: readonly string[]
  readonly floorText: string
  readonly floors: FloorSpec
  readonly seeds: readonly number[]
  readonly trainingShare: number
  readonly satisfiedAt: number | null
  /** `-` is standard output. */
  readonly jsonPath: string | null
  readonly csvPath: string | null
  readonly reportPath: string | null
  readonly encoder: EncoderSpec | null
}

/** Checks and collects the options of `plimsoll evaluate`. Throws with exit code 64, or `SpecificationError`. */
export function readEvaluateRequest(given: ParsedArguments): EvaluateRequest {
  const satisfiedAt = given.number('satisfied-at') ?? null
  if (satisfiedAt !== null && !(satisfiedAt > 0 && satisfiedAt <= 1)) {
    throw wrongUsage(`--satisfied-at must lie above 0 and not above 1, but ${satisfiedAt} was given`)
  }
  const testTracePath = given.text('test-trace') ?? null
  for (const option of ['seeds', 'first-seed', 'train']) {
    if (testTracePath !== null && given.text(option) !== undefined) {
      throw wrongUsage(`--test-trace is one split of its own; --${option} goes with random splits only`)
    }
  }
  const trainingShare = given.number('train') ?? 0.7
  if (!(trainingShare > 0 && trainingShare < 1)) {
    throw wrongUsage(`--train must lie between 0 and 1, but ${trainingShare} was given; both sides need rows`)
  }
  const seeds = given.number('seeds') ?? 5
  if (seeds === 0) throw wrongUsage('--seeds must be at least 1, but 0 was given')
  const firstSeed = given.number('first-seed') ?? 1
  checkOutputs(given)
  const floorText = given.text('floors') ?? 'auto'
  return {
    tracePath: given.text('trace') ?? '',
    testTracePath,
    policies: policiesOf(given.text('policies') ?? ''),
    floorText,
    floors: parseFloorSpec(floorText),
    seeds: Array.from({ length: seeds }, (_, i) => firstSeed + i),
    trainingShare,
    satisfiedAt,
    jsonPath: given.text('json') ?? null,
    csvPath: given.text('csv') ?? null,
    reportPath: given.text('report') ?? null,
    encoder: readEncoderSpec(given),
  }
}

/** Hours of work must not end at a file that cannot be written, or at the trace itself. */
function checkOutputs(given: ParsedArguments): void {
  const named = (names: readonly string[]): readonly NamedPath[] =>
    names.flatMap(name => given.texts(name).map(path => ({ option: `--${name}`, path })))
  const outputs = named(['json', 'csv', 'report']).filter(
    ({ option, path }) => option !== '--json' || path !== '-',
  )
  checkOverwrites(named(['trace', 'test-trace']), outputs)
  outputs.forEach(checkWritable)
}

/** A policy would serve another model in place of one that does not exist; here that is a slip of the pen. */
export function checkPolicyModels(policies: readonly string[], trace: Trace): void {
  for (const policy of policies) {
    const { policy: name } = namedPolicy(policy)
    const colon = name.indexOf(':')
    const model = name.slice(colon + 1)
    if (colon < 0 || trace.models.some(known => known === model)) continue
    throw wrongUsage(
      `--policies ${policy}: no model '${model}' in the trace; it has ${trace.models.join(', ')}`,
    )
  }
}

function policiesOf(text: string): readonly string[] {
  const policies = text.split(',').map(name => name.trim())
  for (const [i, policy] of policies.entries()) {
    checkName(policy)
    if (policies.indexOf(policy) < i) throw wrongUsage(`--policies names ${policy} twice; once is enough`)
  }
  return policies
}

function checkName(policy: string): void {
  const known = [...policyDefinitions.map(definition => definition.name), 'oracle']
  const [base = ''] = namedPolicy(policy).policy.split(':')
  if (known.includes(base)) return
  if (base === '') throw wrongUsage('--policies holds an empty name; expected P1,P2,… without spare commas')
  const nearest = nearestName(base, known)
  const hint = nearest === undefined ? `the known ones are ${known.join(', ')}` : `did you mean ${nearest}?`
  throw wrongUsage(`--policies: unknown policy '${base}'; ${hint}`)
}
