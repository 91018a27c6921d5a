import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import {
  adaptive,
  audited,
  convicted,
  delayed,
  delta,
  drifting,
  heavyTailed,
  mixedFloors,
  onTheFloor,
  runs,
  steady,
  steps,
  thinlyAudited,
  type World,
  type WorldDecision,
} from './certificate-worlds.fixture.ts'
import { type ClassCertificateOptions, createClassCertificate, type Evidence } from './class-certificate.ts'
import { createConfidenceSequence } from './confidence-sequence.ts'

/** What is claimed of a class after each decision. */
interface Claim {
  readonly compliant: boolean
  readonly breached: boolean
  readonly alarm: boolean
}

/** Something that claims: it takes each decision as it was made. */
interface Claimant {
  take(decision: WorldDecision): void
  claim(): Claim
}

const labelOf = ({ label }: WorldDecision): Evidence => ({ kind: 'label', satisfaction: label })
const auditOf = ({ probability, drawn, label }: WorldDecision): Evidence => ({
  kind: 'audit',
  draw: { probability, drawn, value: drawn ? label : null },
  humanShare: 1,
})

interface Way {
  readonly options?: Omit<ClassCertificateOptions, 'delta'>
  readonly evidence?: (decision: WorldDecision) => Evidence
  readonly predict?: (decision: WorldDecision) => number
  /** Order of folding: by decisions, up to the first whose label has not come, or as labels come. */
  readonly order?: 'decision' | 'arrival'
}

/** The certificate that the lab and the ledger keep, or that of a named wrong way. */
function certified(way: Way = {}): Claimant {
  const { options, evidence = labelOf, predict = decision => decision.prediction, order = 'decision' } = way
  const certificate = createClassCertificate({ delta, ...options })
  let waiting: { readonly decision: WorldDecision; readonly dueAt: number }[] = []
  let now = 0
  const fold = (decision: WorldDecision): void =>
    certificate.add({ atMs: now, floor: decision.floor, prediction: predict(decision) }, evidence(decision))
  return {
    take(decision) {
      now += 1
      waiting.push({ decision, dueAt: now + decision.delay })
      if (order === 'arrival') {
        for (const { decision: come } of waiting.filter(({ dueAt }) => dueAt <= now)) fold(come)
        waiting = waiting.filter(({ dueAt }) => dueAt > now)
        return
      }
      while ((waiting[0]?.dueAt ?? Number.POSITIVE_INFINITY) <= now) {
        const next = waiting.shift()
        if (next !== undefined) fold(next.decision)
      }
    },
    claim() {
      const { state, alarm } = certificate.verdict()
      return { compliant: state === 'compliant', breached: state === 'breached', alarm: alarm !== null }
    },
  }
}

/** Wrong on purpose: an interval for one fixed time, read at every time. */
function fixedTimeNormal(): Claimant {
  let [count, sum, squares] = [0, 0, 0]
  return {
    take({ label, floor }) {
      count += 1
      sum += label - floor
      squares += (label - floor) ** 2
    },
    claim() {
      const mean = sum / count
      const error = Math.sqrt(Math.max(squares / count - mean * mean, 1e-9) / count)
      return { compliant: count >= 30 && mean - 1.645 * error >= 0, breached: false, alarm: false }
    },
  }
}

/** Wrong on purpose: the scale of labels in [0, 1] for stand-ins that are up to fifty times as large. */
function withoutWeightInScale(): Claimant {
  const margins = createConfidenceSequence({ delta, lowerScale: 1, upperScale: 1 })
  return {
    take({ label, floor, prediction, drawn, probability }) {
      const standIn = prediction + (drawn ? (label - prediction) / probability : 0)
      margins.add(standIn - floor, prediction - floor)
    },
    claim: () => ({ compliant: margins.bounds().lower >= 0, breached: false, alarm: false }),
  }
}

/** Share of the runs in which a claim is ever made. */
function rateOf(claim: keyof Claim, world: World, claimant: () => Claimant, count = runs): number {
  let made = 0
  for (let seed = 0; seed < count; seed++) {
    const draw = world(seed)
    const claiming = claimant()
    for (let t = 0; t < steps; t++) {
      claiming.take(draw())
      if (!claiming.claim()[claim]) continue
      made++
      break
    }
  }
  return made / count
}

const auditing: Way = { evidence: auditOf }
const fifth = { audits: { leastProbability: 0.2, humanShare: 1 } }
const fiftieth = { audits: { leastProbability: 0.02, humanShare: 1 } }

describe('false certificates are made in at most delta of the runs', () => {
  it.each([
    ['under a policy that saves as soon as its labels look well', adaptive, {}],
    ['under drift', drifting, {}],
    ['under floors that differ', mixedFloors, {}],
    ['with labels whose delay depends on them', delayed, {}],
    ['from audits of probabilities that differ, late and adaptive', audited, { ...auditing, options: fifth }],
    ['from audits of one in fifty', heavyTailed, { ...auditing, options: fiftieth }],
    ['in windows that each begin anew', mixedFloors, { options: { windowMs: 200 } }],
  ] as const)('%s', (_, world, way) => {
    expect(rateOf('compliant', world, () => certified(way))).toBeLessThanOrEqual(delta)
  })
})

describe('false verdicts of a breach and false alarms are made in at most delta of the runs', () => {
  it.each([
    ['on the floor', onTheFloor, {}],
    ['from audits of one in twenty', thinlyAudited, auditing],
    ['in windows', onTheFloor, { options: { windowMs: 200 } }],
  ] as const)('%s', (_, world, way) => {
    expect(rateOf('breached', world, () => certified(way))).toBeLessThanOrEqual(delta)
    expect(rateOf('alarm', world, () => certified(way))).toBeLessThanOrEqual(delta)
  })
})

describe('the proof rejects', () => {
  const certifiedFalsely = (world: World, claimant: () => Claimant): number =>
    rateOf('compliant', world, claimant)

  it('a fixed-time normal interval used at every time', () => {
    expect(certifiedFalsely(mixedFloors, fixedTimeNormal)).toBeGreaterThan(convicted)
  })

  it('a scale without 1/qmin under rare audits', () => {
    expect(certifiedFalsely(heavyTailed, withoutWeightInScale)).toBeGreaterThan(convicted)
  })

  it('labels folded in the order of their arrival, which depends on them', () => {
    expect(certifiedFalsely(delayed, () => certified({ order: 'arrival' }))).toBeGreaterThan(convicted)
  })

  it('an audit probability that is logged as twice what it was', () => {
    const mislogged = (decision: WorldDecision): Evidence =>
      auditOf({ ...decision, probability: 2 * decision.probability })
    const options = { audits: { leastProbability: 0.4, humanShare: 1 } }
    const optimistic: World = steady(0.849, 0.2)
    const overrating = (): number => 0.97
    expect(
      certifiedFalsely(optimistic, () => certified({ options, evidence: mislogged, predict: overrating })),
    ).toBeGreaterThan(convicted)
  })

  it('a prediction that has seen the label', () => {
    // Of audits: the model behind it has learned from the label before it is asked.
    const learned = ({ drawn, label }: WorldDecision): number => (drawn ? label : 0.97)
    const way = { ...auditing, options: fifth, predict: learned }
    expect(certifiedFalsely(steady(0.7, 0.2, 0.702), () => certified(way))).toBeGreaterThan(convicted)
    // Of users' labels: nothing seems to vary.
    const told = ({ label }: WorldDecision): number => label
    expect(certifiedFalsely(mixedFloors, () => certified({ predict: told }))).toBeGreaterThan(convicted)
  })

  it('an alarm that is told of floors two points above the promise', () => {
    const strict = (): Claimant => {
      const inner = certified()
      return { ...inner, take: decision => inner.take({ ...decision, floor: decision.floor + 0.02 }) }
    }
    expect(rateOf('alarm', onTheFloor, strict)).toBeGreaterThan(convicted)
  })
})

describe('power', () => {
  /** Decisions until a claim, in the middle run. */
  function medianUntil(claim: keyof Claim, world: World, way: Way, limit: number): number {
    const found = Array.from({ length: proofSize(21, 201) }, (_, seed) => {
      const draw = world(seed)
      const claiming = certified(way)
      for (let t = 1; t <= limit; t++) {
        claiming.take(draw())
        if (claiming.claim()[claim]) return t
      }
      return Number.POSITIVE_INFINITY
    })
    return found.sort((a, b) => a - b)[found.length >> 1] ?? Number.NaN
  }

  it('certifies .88 against .85 within 5,000 labels, and not within 500', () => {
    const labels = medianUntil('compliant', steady(0.88), {}, 5000)
    expect(labels).toBeLessThan(5000)
    expect(labels).toBeGreaterThan(500)
  })

  it('certifies .92 against .85 from audits of a fifth within 8,000 decisions', () => {
    const decisions = medianUntil('compliant', steady(0.92, 0.2), { ...auditing, options: fifth }, 8000)
    expect(decisions).toBeLessThan(8000)
  })

  it('raises the alarm at .87 under .90 within 1,500 labels, and at .85 from audits of a fifth within 4,000', () => {
    expect(medianUntil('alarm', steady(0.87, 1, 0.9), {}, 6000)).toBeLessThan(1500)
    const fromAudits = medianUntil('alarm', steady(0.85, 0.2, 0.9), { ...auditing, options: fifth }, 9000)
    expect(fromAudits).toBeLessThan(4000)
  })

  it('has the widths that were foretold: mean .88, delta .05', () => {
    const width = (probability: number, count: number): number => {
      const certificate = createClassCertificate({
        delta,
        ...(probability === 1 ? {} : { audits: { leastProbability: probability, humanShare: 1 } }),
      })
      const draw = steady(0.88, probability)(1)
      for (let t = 0; t < count; t++) {
        const decision = draw()
        const evidence = probability === 1 ? labelOf(decision) : auditOf(decision)
        certificate.add({ atMs: t, floor: 0.85, prediction: 0.88 }, evidence)
      }
      const { estimate, lower } = certificate.reading()
      return 100 * ((estimate ?? 0) - lower)
    }
    // Points below the estimate after 1,000, 5,000 and 20,000 decisions.
    for (const [probability, widths] of [
      [1, [5.0, 2.0, 1.0]],
      [0.2, [12.5, 4.8, 2.3]],
      [0.05, [32, 11, 4.8]],
    ] as const) {
      for (const [i, wanted] of widths.entries()) {
        const found = width(probability, [1000, 5000, 20_000][i] ?? 0)
        expect(Math.abs(found - wanted) / wanted, `q ${probability}: ${found}`).toBeLessThan(0.25)
      }
    }
  })
})
