import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import { createRandom } from '../numeric/random.ts'
import { createConfidenceSequence, stitchedBoundary } from './confidence-sequence.ts'

const options = { delta: 0.05, lowerScale: 1, upperScale: 1 }

/** Something that claims a lower bound of the running conditional mean after every value. */
interface Claimant {
  add(value: number, prediction: number): void
  lower(): number
}

function anytimeBound(lowerScale: number): Claimant {
  const sequence = createConfidenceSequence({ ...options, lowerScale })
  return { add: sequence.add, lower: () => sequence.bounds().lower }
}

/** Wrong on purpose: an interval for one fixed time, read at every time. */
function fixedTimeNormal(): Claimant {
  let count = 0
  let sum = 0
  let squares = 0
  return {
    add(value) {
      count += 1
      sum += value
      squares += value * value
    },
    lower() {
      const mean = sum / count
      const deviation = Math.sqrt(Math.max(squares / count - mean * mean, 1e-9) / count)
      return count < 30 ? Number.NEGATIVE_INFINITY : mean - 1.645 * deviation
    },
  }
}

/** Wrong on purpose: its prediction has seen the label. */
function peeking(): Claimant {
  const sequence = createConfidenceSequence(options)
  return { add: value => sequence.add(value, value), lower: () => sequence.bounds().lower }
}

/** One value of a world with the conditional mean it was drawn from. */
interface Draw {
  readonly value: number
  readonly prediction: number
  readonly conditionalMean: number
}

type World = (seed: number) => () => Draw

const runs = proofSize(300, 1000)

/** Share of runs in which the claimed lower bound ever exceeds the true running conditional mean. */
function errorRate(world: World, claimant: () => Claimant, runs: number, steps: number): number {
  let wrong = 0
  for (let seed = 0; seed < runs; seed++) {
    const draw = world(seed)
    const claim = claimant()
    let truth = 0
    for (let t = 1; t <= steps; t++) {
      const { value, prediction, conditionalMean } = draw()
      claim.add(value, prediction)
      truth += conditionalMean
      if (claim.lower() > truth / t) {
        wrong += 1
        break
      }
    }
  }
  return wrong / runs
}

/** Labels whose mean is moved by an adversary who has seen all labels so far. */
const adaptiveWorld: World = seed => {
  const random = createRandom(`adaptive-${seed}`)
  let count = 0
  let sum = 0
  let truth = 0
  return () => {
    const estimate = count === 0 ? 0.85 : sum / count
    const conditionalMean = estimate > truth / Math.max(1, count) ? 0.8 : 0.9
    const value = random.next() < conditionalMean ? 1 : 0
    count += 1
    sum += value
    truth += conditionalMean
    return { value, prediction: estimate, conditionalMean }
  }
}

/** Audits of one decision in fifty under an over-confident prediction: rare and heavy corrections. */
const rareAudits: World = seed => {
  const random = createRandom(`audits-${seed}`)
  const [probability, prediction, conditionalMean] = [0.02, 0.98, 0.85]
  return () => {
    const label = random.next() < conditionalMean ? 1 : 0
    const audited = random.next() < probability
    const value = prediction + (audited ? (label - prediction) / probability : 0)
    return { value, prediction, conditionalMean }
  }
}

describe('stitchedBoundary', () => {
  it('equals the formula worked out by hand at its start', () => {
    // v = scale^2 = 1: l = ln(3.1055 / 0.05) = 4.12891; u = sqrt(1.43550^2 l + 1.20711^2 l^2) + 1.20711 l = 10.7589.
    expect(stitchedBoundary(0, 1, 0.05)).toBeCloseTo(10.7589, 3)
  })

  it('scales with the unit of the values', () => {
    expect(stitchedBoundary(400, 5, 0.1)).toBeCloseTo(5 * stitchedBoundary(16, 1, 0.1), 9)
  })

  it('grows with variance and with confidence', () => {
    expect(stitchedBoundary(100, 1, 0.05)).toBeGreaterThan(stitchedBoundary(50, 1, 0.05))
    expect(stitchedBoundary(100, 1, 0.01)).toBeGreaterThan(stitchedBoundary(100, 1, 0.05))
  })
})

describe('the lower bound holds at all times with probability 1 - delta', () => {
  const tolerance = 3 * Math.sqrt((0.05 * 0.95) / 300)

  it('under means chosen by an adversary', () => {
    expect(errorRate(adaptiveWorld, () => anytimeBound(1), runs, 1500)).toBeLessThanOrEqual(0.05)
  })

  it('under rare audits with the scale of their weight', () => {
    expect(errorRate(rareAudits, () => anytimeBound(1 / 0.02), runs, 1500)).toBeLessThanOrEqual(0.05)
  })

  it('and the check rejects a fixed-time interval read at every time', () => {
    expect(errorRate(adaptiveWorld, fixedTimeNormal, runs, 1500)).toBeGreaterThan(0.05 + tolerance)
  })

  it('and the check rejects a scale without the weight of the audits', () => {
    expect(errorRate(rareAudits, () => anytimeBound(1), runs, 1500)).toBeGreaterThan(0.05 + tolerance)
  })

  it('and the check rejects a prediction that has seen the label', () => {
    expect(errorRate(adaptiveWorld, peeking, runs, 1500)).toBeGreaterThan(0.05 + tolerance)
  })
})

describe('createConfidenceSequence', () => {
  it('knows nothing before the first value', () => {
    const { bounds, countNeeded } = createConfidenceSequence(options)
    expect(bounds()).toEqual({
      estimate: null,
      lower: Number.NEGATIVE_INFINITY,
      upper: Number.POSITIVE_INFINITY,
    })
    expect(countNeeded(0.5)).toBeNull()
  })

  it('is symmetric: mirrored values give mirrored bounds', () => {
    const plain = createConfidenceSequence(options)
    const mirrored = createConfidenceSequence(options)
    const random = createRandom('mirror')
    for (let i = 0; i < 200; i++) {
      const value = random.next()
      plain.add(value, 0.4)
      mirrored.add(1 - value, 0.6)
    }
    expect(mirrored.bounds().lower).toBeCloseTo(1 - plain.bounds().upper, 12)
    expect(mirrored.bounds().upper).toBeCloseTo(1 - plain.bounds().lower, 12)
  })

  it('continues from its state as if it had never stopped', () => {
    const whole = createConfidenceSequence(options)
    const random = createRandom('state')
    const values = Array.from({ length: 50 }, () => random.next())
    for (const value of values) whole.add(value, 0.5)
    const first = createConfidenceSequence(options)
    for (const value of values.slice(0, 20)) first.add(value, 0.5)
    const second = createConfidenceSequence(options, JSON.parse(JSON.stringify(first.state())))
    for (const value of values.slice(20)) second.add(value, 0.5)
    expect(second.state()).toEqual(whole.state())
    expect(second.bounds()).toEqual(whole.bounds())
  })

  it('foretells the count at which a steady stream passes a target', () => {
    const sequence = createConfidenceSequence(options)
    const add = (count: number): void => {
      // Nine satisfied of ten, in turn; the prediction is the mean.
      for (let i = 0; i < count; i++) sequence.add(sequence.state().count % 10 === 0 ? 0 : 1, 0.9)
    }
    add(500)
    const needed = sequence.countNeeded(0.85) ?? 0
    expect(needed).toBeGreaterThan(100)
    add(needed - 60)
    expect(sequence.bounds().lower).toBeLessThan(0.85)
    add(120)
    expect(sequence.bounds().lower).toBeGreaterThanOrEqual(0.85)
    expect(sequence.countNeeded(0.85)).toBe(0)
    expect(sequence.countNeeded(sequence.bounds().estimate ?? 0)).toBeNull()
  })

  it('refuses what would poison it', () => {
    expect(() => createConfidenceSequence(options).add(Number.NaN, 0.5)).toThrow('finite')
    expect(() => createConfidenceSequence({ ...options, delta: 1 })).toThrow('delta is 1')
    expect(() => createConfidenceSequence({ ...options, upperScale: 0 })).toThrow('scales')
  })
})
