import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import { createCertificate } from '../certify/certificate.ts'
import { type ConfidenceSequence, createConfidenceSequence } from '../certify/confidence-sequence.ts'
import { estimateOf } from '../decision.ts'
import { createRandom } from '../numeric/random.ts'
import type { Policy, PolicySetup } from '../policy.ts'
import {
  CHANCES,
  meanOf,
  type RunConditions,
  runWorld,
  type ServedRequest,
  worldTraining,
} from './known-world.fixture.ts'
import { plimsoll } from './plimsoll.ts'

const FLOOR = 0.8
const CERTIFIED = { promise: 'certified' } as const

function create(overrides: Partial<PolicySetup> = {}): Policy {
  return plimsoll.create(
    { parameters: {}, training: null, snapshot: null, auditBudget: 0, ...overrides },
    null,
  )
}

interface Verdicts {
  /** Labels at the first certificate; `null` without one. */
  readonly first: number | null
  /** Moments at which it said compliant. */
  readonly compliant: number
  /** Of these, moments at which the mean chance of what was served lay below the floor. */
  readonly wrong: number
}

/** Folds a run's labels into a certificate of its own, in decision order, and looks at it every ten. */
function certify(served: readonly ServedRequest[], floor: number): Verdicts {
  const certificate = createCertificate({ delta: 0.05 })
  let [first, compliant, wrong, margin]: [number | null, number, number, number] = [null, 0, 0, 0]
  served.forEach(({ satisfied, kind, model }, i) => {
    certificate.add({ satisfaction: satisfied, floor })
    margin += (CHANCES[kind]?.[model] ?? 0) - floor
    if (i % 10 !== 9 || certificate.reading().state !== 'compliant') return
    first ??= i + 1
    compliant += 10
    if (margin < 0) wrong++
  })
  return { first, compliant, wrong }
}

function run(
  conditions: Omit<RunConditions, 'requests'>,
  requests: number,
  setup: Partial<PolicySetup> = {},
) {
  const policy = create(setup)
  const served = runWorld(policy, { ...conditions, requests })
  return { policy, served, ...certify(served, conditions.classFloor?.(0) ?? FLOOR) }
}

/** Keeps the margins of a class that rests on audits: one stand-in f + (A/q)(S - f) a decision, in decision order. */
function standInsOf(policy: Policy): { readonly policy: Policy; readonly margins: ConfidenceSequence } {
  const margins = createConfidenceSequence({ delta: 0.05, lowerScale: 2, upperScale: 2 })
  let pending: readonly [number, number] | null = null
  const watched: Policy = {
    ...policy,
    decide: (context, random) => policy.decide(context, random),
    auditProbability: record => policy.auditProbability(record),
    report: name => policy.report(name),
    snapshot: () => policy.snapshot(),
    learn: event => {
      policy.learn(event)
      const { context, decision } = event.record
      const predicted = (estimateOf(event.record, decision.chosen)?.satisfaction ?? 0.5) - context.floor
      if (event.kind === 'decision') {
        if (pending !== null) margins.add(...pending)
        pending = [predicted, predicted]
      }
      if (event.kind !== 'audit') return
      pending = [predicted + (event.value - context.floor - predicted) / event.probability, predicted]
    },
  }
  return { policy: watched, margins }
}

const costUsd = (served: readonly ServedRequest[]): number => meanOf(served, each => each.costUsd)
const satisfaction = (served: readonly ServedRequest[]): number => meanOf(served, each => each.satisfied)

describe('a certified promise', () => {
  it('certifies early, stays certified, and gives back what that does not need', () => {
    const requests = proofSize(6000, 50_000)
    for (const seed of proofSize(1, 3) === 1 ? ['a'] : ['a', 'b', 'c']) {
      const { policy, served, first, compliant, wrong } = run({ seed, promise: CERTIFIED }, requests)
      expect(first).toBeLessThan(3500)
      expect(compliant).toBeGreaterThan(0.75 * (requests - (first ?? 0)))
      expect(wrong).toBe(0)
      const early = satisfaction(served.slice(0, 3000)) - FLOOR
      const late = satisfaction(served.slice(-3000)) - FLOOR
      expect(early).toBeGreaterThan(0.015)
      expect(late).toBeLessThan(early)
      const promise = policy.report('gold')?.promise
      expect(promise?.kind).toBe('certified')
      expect(promise?.margin).toBeLessThan(0.03)
      expect(promise?.remark).toBeNull()
    }
  })

  it('says what it costs: about what the bill is above that of a promise on average', () => {
    const requests = proofSize(4000, 20_000)
    const training = worldTraining('cost', 400)
    const average = run({ seed: 'cost' }, requests, { training })
    const policy = create({ training })
    let told = 0
    const watched: Policy = {
      ...policy,
      decide: (context, random) => policy.decide(context, random),
      auditProbability: () => 0,
      report: name => policy.report(name),
      snapshot: () => policy.snapshot(),
      learn: event => {
        policy.learn(event)
        if (event.kind === 'decision') told += policy.report('gold')?.promise?.extraCostUsd ?? 0
      },
    }
    const certified = runWorld(watched, { seed: 'cost', promise: CERTIFIED, requests })
    const really = costUsd(certified) - costUsd(average.served)
    expect(really).toBeGreaterThan(0)
    expect(told / requests).toBeGreaterThan(0.4 * really)
    expect(told / requests).toBeLessThan(2.5 * really)
    expect(average.first).toBeNull()
  })

  it('never calls a floor compliant that it missed, whatever the floor', () => {
    for (const floor of [0.7, 0.86, 0.93]) {
      const { wrong } = run(
        { seed: `floor-${floor}`, promise: CERTIFIED, classFloor: () => floor },
        proofSize(1500, 50_000),
      )
      expect(wrong).toBe(0)
    }
  })

  it('stops paying for a margin that no model reaches', () => {
    const { policy } = run({ seed: 'top', promise: CERTIFIED, classFloor: () => 0.95 }, 1500)
    expect(policy.report('gold')?.promise?.margin).toBe(0)
  })

  it('rests on audits where users only complain, and needs many', () => {
    const training = worldTraining('audited', 400)
    const conditions = {
      feedback: 'one-sided',
      complaintRates: [0.1, 0.1, 0.1, 0.1],
      audits: true,
      promise: CERTIFIED,
    } as const
    const requests = proofSize(2500, 50_000)
    const { policy, margins } = standInsOf(create({ training, auditBudget: 0.5 }))
    const served = runWorld(policy, { ...conditions, seed: 'audited', requests })
    const { lower, upper } = margins.bounds()
    expect(upper).toBeGreaterThan(0)
    if (requests === 50_000) expect(lower).toBeGreaterThanOrEqual(0)
    const promise = policy.report('gold')?.promise
    expect(promise?.remark).toBeNull()
    expect(satisfaction(served)).toBeGreaterThan(FLOOR + 0.01)
    expect(promise?.labelsNeeded).not.toBeNull()
    const blind = run({ ...conditions, seed: 'blind', audits: false }, 200, { training })
    const unknowable = blind.policy.report('gold')?.promise
    expect(unknowable?.margin).toBe(0)
    expect(unknowable?.labelsNeeded).toBeNull()
    expect(unknowable?.remark).toMatch(/cannot be known; a certificate takes about \d+ audits/)
  })

  it('goes on from its snapshot as if nothing had happened', () => {
    const policy = create()
    const promise = { ...CERTIFIED, windowMs: 400_000 }
    const served = runWorld(policy, { seed: 'snapshot', requests: 700, promise })
    const restored = create({ snapshot: policy.snapshot() })
    expect(restored.report('gold')).toEqual(policy.report('gold'))
    expect(restored.snapshot().bytes).toEqual(policy.snapshot().bytes)
    const context = served.at(-1)?.record.context
    if (context === undefined) throw new Error('nothing was served')
    expect(restored.decide(context, createRandom('x'))).toEqual(policy.decide(context, createRandom('x')))
  })
})

describe('a promise in windows', () => {
  const LENGTH = 1500
  const promise = { windowMs: LENGTH * 1000 }
  /** All but the smallest model are poor shortly before the second half of the second window. */
  const chance = (kind: number, model: number, position: number): number => {
    const poor = position >= 1.3 * LENGTH && position < 1.5 * LENGTH && model > 0
    return (CHANCES[kind]?.[model] ?? 0) * (poor ? 0.7 : 1)
  }
  const windowOf = (served: readonly ServedRequest[], k: number) => served.slice(k * LENGTH, (k + 1) * LENGTH)

  it('makes good within the window what the window lost, and starts the next one without debt', () => {
    const debts: number[] = []
    const targets: number[] = []
    const margins = ['a', 'b', 'c'].map(seed => {
      const policy = create()
      const conditions = { seed, requests: 3 * LENGTH, chance, promise }
      const watched: Policy = {
        ...policy,
        decide: (context, random) => policy.decide(context, random),
        auditProbability: () => 0,
        report: name => policy.report(name),
        snapshot: () => policy.snapshot(),
        learn: event => {
          policy.learn(event)
          if (event.kind !== 'decision') return
          const report = policy.report('gold')
          if (event.record.learnedUpTo === 2 * LENGTH) debts.push(report?.debt ?? Number.NaN)
          if (event.record.learnedUpTo === Math.round(1.55 * LENGTH)) {
            targets.push(report?.promise?.window?.target ?? Number.NaN)
          }
        },
      }
      const served = runWorld(watched, conditions)
      return [0, 1, 2].map(k => satisfaction(windowOf(served, k)) - FLOOR)
    })
    for (const debt of debts) expect(Math.abs(debt)).toBeLessThan(1)
    for (const target of targets) expect(target).toBeGreaterThan(FLOOR + 0.005)
    expect(meanOf(margins, window => window[1] ?? 0)).toBeGreaterThan(-0.02)
    // Nothing of the second window is repaid in the third.
    expect(Math.abs(meanOf(margins, window => window[2] ?? 0))).toBeLessThan(0.02)
  })

  it('plans for the floor itself where a window is ahead', () => {
    const policy = create()
    const classFloor = (): number => 0.62
    const easy = (kind: number, model: number): number => Math.max(0.75, CHANCES[kind]?.[model] ?? 0)
    runWorld(policy, { seed: 'ahead', requests: 1200, promise, classFloor, chance: easy })
    expect(policy.report('gold')?.debt).toBeLessThan(-50)
    expect(policy.report('gold')?.promise?.window?.target).toBe(0.62)
  })
})
