import type { AuditSpec } from '../../lab/audits.ts'
import { type Drift, parseDrift } from '../../lab/drift.ts'
import { type ChannelSpec, parseChannel } from '../../lab/feedback-channel.ts'
import { type FloorSchedule, parseFloors } from '../../lab/floor-schedule.ts'
import type { Trace } from '../../lab/trace.ts'
import type { ModelId } from '../../routing/model.ts'
import type { PromiseKind } from '../../routing/sla.ts'
import type { ParsedArguments } from '../arguments.ts'
import { wrongUsage } from '../exit.ts'
import { checkOverwrites, type NamedPath } from '../output-path.ts'
import { policyParameters } from '../policy-parameters.ts'

/** One floor of the command line, with the text that named it. */
export interface NamedFloors {
  readonly text: string
  readonly schedule: FloorSchedule
}

/** What can be read from the command line before the trace is. */
export interface ReplayRequest {
  readonly tracePath: string
  readonly policy: string
  readonly floors: readonly NamedFloors[]
  readonly feedback: string
  readonly audits: AuditSpec
  readonly delay: number
  readonly warmShare: number
  readonly warmTracePath: string | null
  readonly artefactPath: string | null
  readonly seeds: readonly number[]
  readonly limit: number | null
  readonly satisfiedAt: number | null
  readonly delta: number
  readonly promise: PromiseKind
  readonly parameters: Readonly<Record<string, number>>
  readonly stepsPath: string | null
}

/** What names models, and so needs the trace. */
export interface ModelRequest {
  readonly channel: ChannelSpec
  readonly drifts: readonly Drift[]
  readonly proven: ModelId | null
}

/** Checks and collects the options of `plimsoll replay`. Throws with exit code 64. */
export function readReplayRequest(given: ParsedArguments): ReplayRequest {
  const satisfiedAt = given.number('satisfied-at') ?? null
  if (satisfiedAt !== null && !(satisfiedAt > 0 && satisfiedAt <= 1)) {
    throw wrongUsage(`--satisfied-at must lie above 0 and not above 1, but ${satisfiedAt} was given`)
  }
  const delta = given.number('delta') ?? 0.05
  if (!(delta > 0 && delta < 1)) throw wrongUsage(`--delta must lie between 0 and 1, but ${delta} was given`)
  const warmShare = given.number('warm-start') ?? 0
  const warmTracePath = given.text('warm-start-trace') ?? null
  if (warmShare > 0 && warmTracePath !== null) {
    throw wrongUsage('--warm-start and --warm-start-trace exclude each other; give one of them')
  }
  if (warmShare === 1) throw wrongUsage('--warm-start 1 leaves no row to decide; give a share below 1')
  checkOverwrites(namedPaths(given, ['trace', 'warm-start-trace', 'artefact']), namedPaths(given, ['steps']))
  return {
    tracePath: required(given, 'trace'),
    policy: required(given, 'policy'),
    floors: namedFloors(required(given, 'floor')),
    feedback: required(given, 'feedback'),
    audits: auditsOf(given),
    delay: given.number('delay') ?? 0,
    warmShare,
    warmTracePath,
    artefactPath: artefactPathOf(given),
    seeds: seedsOf(given),
    limit: limitOf(given),
    satisfiedAt,
    delta,
    promise: promiseOf(given),
    parameters: policyParameters(given.texts('param')),
    stepsPath: given.text('steps') ?? null,
  }
}

/** Reads the options that name models. Throws `SpecificationError`, or with exit code 64. */
export function readModelRequest(given: ParsedArguments, policy: string, trace: Trace): ModelRequest {
  checkPolicyModel(policy, trace)
  const provenName = given.text('proven')
  const proven = trace.models.find(model => model === provenName) ?? null
  if (provenName !== undefined && proven === null) {
    throw wrongUsage(`--proven: no model '${provenName}' in the trace; it has ${trace.models.join(', ')}`)
  }
  return {
    channel: parseChannel(required(given, 'feedback'), trace.models),
    drifts: given.texts('drift').map(text => parseDrift(text, trace.models)),
    proven,
  }
}

/** A policy would serve another model in place of one that does not exist; here that is a slip of the pen. */
function checkPolicyModel(policy: string, trace: Trace): void {
  const colon = policy.indexOf(':')
  const model = policy.slice(colon + 1)
  if (colon < 0 || trace.models.some(known => known === model)) return
  throw wrongUsage(`--policy ${policy}: no model '${model}' in the trace; it has ${trace.models.join(', ')}`)
}

/** What an artefact says already must not be said again. */
function artefactPathOf(given: ParsedArguments): string | null {
  const path = given.text('artefact') ?? null
  if (path === null) return null
  for (const option of ['warm-start', 'warm-start-trace']) {
    if (given.texts(option).length === 0) continue
    throw wrongUsage(
      `--artefact is the state after a training; --${option} would train anew, give one of them`,
    )
  }
  if (given.texts('param').length > 0) {
    throw wrongUsage(
      '--artefact brings the parameters that it was trained with; give --param to plimsoll train',
    )
  }
  return path
}

function promiseOf(given: ParsedArguments): PromiseKind {
  const text = given.text('promise') ?? 'on-average'
  if (text === 'on-average' || text === 'certified') return text
  throw wrongUsage(`--promise must be on-average or certified, but '${text}' was given`)
}

function namedPaths(given: ParsedArguments, options: readonly string[]): readonly NamedPath[] {
  return options.flatMap(name => given.texts(name).map(path => ({ option: `--${name}`, path })))
}

function required(given: ParsedArguments, name: string): string {
  const text = given.text(name)
  if (text === undefined) throw wrongUsage(`--${name} is required`)
  return text
}

function namedFloors(text: string): readonly NamedFloors[] {
  const schedules = parseFloors(text)
  return schedules.map(schedule => ({
    schedule,
    text: schedule.kind === 'constant' ? String(schedule.floor) : text,
  }))
}

function seedsOf(given: ParsedArguments): readonly number[] {
  const count = given.number('seeds')
  if (count === undefined) return [given.number('seed') ?? 1]
  if (given.texts('seed').length > 0)
    throw wrongUsage('--seed and --seeds exclude each other; give one of them')
  if (count === 0) throw wrongUsage('--seeds must be at least 1, but 0 was given')
  return Array.from({ length: count }, (_, i) => i + 1)
}

function limitOf(given: ParsedArguments): number | null {
  const limit = given.number('limit') ?? null
  if (limit === 0) throw wrongUsage('--limit must be at least 1, but 0 was given')
  return limit
}

function auditsOf(given: ParsedArguments): AuditSpec {
  const budget = given.number('audit') ?? 0
  const rates = given.text('judge-error')
  const human = given.number('human')
  if (rates === undefined) {
    if (human !== undefined)
      throw wrongUsage('--human corrects a judge that errs; give --judge-error as well')
    return { budget, judge: null, humanShare: 0 }
  }
  // An empty text is no number, though `Number` takes it for 0.
  const numbers = rates.split(',').map(text => (text.trim() === '' ? Number.NaN : Number(text)))
  const [falsePositive = Number.NaN, falseNegative = Number.NaN, ...more] = numbers
  const valid = [falsePositive, falseNegative].every(rate => rate >= 0 && rate <= 1)
  if (!valid || more.length > 0) {
    throw wrongUsage(`--judge-error must be two rates from 0 to 1, as in 0.1,0.05, but '${rates}' was given`)
  }
  return { budget, judge: { falsePositive, falseNegative }, humanShare: human ?? 0 }
}
