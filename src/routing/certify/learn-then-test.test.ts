import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import {
  binomialPValue,
  hoeffdingBentkusPValue,
  labelsForFloor,
  largestFloor,
  learnThenTest,
} from './learn-then-test.ts'

const claim = { floor: 0.9, delta: 0.1 }
const runs = proofSize(400, 1000)
const tolerance = 3 * Math.sqrt((claim.delta * (1 - claim.delta)) / runs)

/** Prompts of a world: how hard each is, and how hard it looks. */
interface Prompt {
  readonly difficulty: number
  readonly looks: number
}

const drawPrompt = (random: Random): Prompt => {
  const difficulty = random.next()
  return { difficulty, looks: difficulty + 0.3 * random.normal() }
}

/** The cheap model fails as often as the prompt is hard, the dear one in one of twenty-five prompts. */
const failure = ({ difficulty }: Prompt, dear: boolean): number => (dear ? 0.04 : difficulty ** 3 / 1.25)

/** Labelled prompts: whether the cheap and the dear model failed. */
interface Row extends Prompt {
  readonly failed: readonly [cheap: boolean, dear: boolean]
}

function drawRows(random: Random, count: number): readonly Row[] {
  return Array.from({ length: count }, () => {
    const prompt = drawPrompt(random)
    return {
      ...prompt,
      failed: [random.next() < failure(prompt, false), random.next() < failure(prompt, true)],
    }
  })
}

/** Sends a prompt to the dear model? One step of a path. */
type Router = (prompt: Prompt) => boolean

/** Step j sends what looks harder than its threshold to the dear model, and below it what the nearest training prompt says. */
function trainedPath(training: readonly Row[]): readonly Router[] {
  const sorted = [...training].sort((a, b) => a.looks - b.looks)
  return Array.from({ length: 25 }, (_, j) => {
    const threshold = -0.6 + 0.08 * j
    return ({ looks }) => looks > threshold || nearest(sorted, looks)?.failed[0] === true
  })
}

function nearest(sorted: readonly Row[], looks: number): Row | undefined {
  let [low, high] = [0, sorted.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((sorted[middle]?.looks ?? 0) <= looks) low = middle
    else high = middle
  }
  const distance = (row: number): number => Math.abs((sorted[row]?.looks ?? 0) - looks)
  return sorted[distance(low) <= distance(high) ? low : high]
}

const lossesOf = (router: Router, rows: readonly Row[]): Float64Array =>
  Float64Array.from(rows, row => (row.failed[router(row) ? 1 : 0] ? 1 : 0))

/** Prompts by which the true risk of a router is told. */
const population = (() => {
  const random = createRandom('truth')
  return Array.from({ length: 4000 }, () => drawPrompt(random))
})()

const riskOf = (router: Router): number =>
  population.reduce((total, prompt) => total + failure(prompt, router(prompt)), 0) / population.length

/** Names the router that is to be used, trained on one split and judged on another; `null`: none. */
type Procedure = (training: readonly Row[], calibration: readonly Row[]) => Router | null

/** Share of the runs in which a procedure names a router that does not keep the floor. */
function falseCertification(procedure: Procedure): number {
  let wrong = 0
  for (let run = 0; run < runs; run++) {
    const random = createRandom(`calibration-${run}`)
    const router = procedure(drawRows(random, 300), drawRows(random, 300))
    if (router !== null && riskOf(router) > 1 - claim.floor) wrong++
  }
  return wrong / runs
}

const onItsOwnSplit: Procedure = (training, calibration) => {
  const path = trainedPath(training)
  const { certified } = learnThenTest(
    path.map(router => lossesOf(router, calibration)),
    claim,
  )
  return path[certified?.step ?? -1] ?? null
}

/** Wrong on purpose: the rows that the routers were trained on certify them. */
const onTheSplitOfItsTraining: Procedure = training => onItsOwnSplit(training, training)

/** Wrong on purpose: the cheapest step whose failures on the calibration rows are few enough, without a test. */
const withoutTest: Procedure = (training, calibration) => {
  const path = trainedPath(training)
  const fine = path.filter(
    router => sum(lossesOf(router, calibration)) <= (1 - claim.floor) * calibration.length,
  )
  return fine.at(-1) ?? null
}

const sum = (losses: Float64Array): number => losses.reduce((total, loss) => total + loss, 0)

describe('learn then test', () => {
  it('certifies a step that does not keep the floor in at most delta of the runs', () => {
    expect(falseCertification(onItsOwnSplit)).toBeLessThanOrEqual(claim.delta)
  })

  it('and the check rejects a calibration on the split of the training', () => {
    expect(falseCertification(onTheSplitOfItsTraining)).toBeGreaterThan(claim.delta + tolerance)
  })

  it('and the check rejects taking the cheapest step that looks good enough', () => {
    expect(falseCertification(withoutTest)).toBeGreaterThan(claim.delta + tolerance)
  })

  it('finds with 2,000 labels a step that costs little more than the cheapest that keeps the floor', () => {
    const random = createRandom('power')
    const path = trainedPath(drawRows(random, 300))
    const best = path.findLastIndex(router => riskOf(router) <= 1 - claim.floor)
    const calibration = drawRows(random, 2000)
    const { certified } = learnThenTest(
      path.map(router => lossesOf(router, calibration)),
      claim,
    )
    expect(certified?.step).toBeGreaterThanOrEqual(best - 3)
    expect(certified?.step).toBeLessThanOrEqual(best)
    expect(best).toBeLessThan(path.length - 1)
  })

  it('reads the path no further than it walks, and passes every step before the last', () => {
    let read = 0
    function* path() {
      for (const failures of [0, 2, 60, 0]) {
        read++
        yield Float64Array.from({ length: 100 }, (_, i) => (i < failures ? 1 : 0))
      }
    }
    const { certified, stopped } = learnThenTest(path(), claim)
    expect([certified?.step, certified?.failures, stopped?.step, stopped?.failures]).toEqual([1, 2, 2, 60])
    expect(read).toBe(3)
    expect(learnThenTest([Float64Array.of(1)], claim).certified).toBeNull()
    expect(learnThenTest([], claim)).toEqual({ certified: null, stopped: null })
  })
})

describe('p-values', () => {
  it('are those of the binomial distribution, worked out by hand', () => {
    expect(binomialPValue(0, 10, 0.1)).toBeCloseTo(0.9 ** 10, 12)
    expect(binomialPValue(1, 10, 0.1)).toBeCloseTo(0.9 ** 10 + 10 * 0.1 * 0.9 ** 9, 12)
    expect(binomialPValue(10, 10, 0.1)).toBe(1)
    // 29 satisfied without a failure certify .9 at .05 (0.9^29 = .0471), 28 do not.
    expect(binomialPValue(0, 29, 0.1)).toBeLessThan(0.05)
    expect(binomialPValue(0, 28, 0.1)).toBeGreaterThan(0.05)
  })

  it('of fractions bound the chance of losses so small', () => {
    // R = 0: exp(-n h(0, r)) = (1 - r)^n, and e (1 - r)^n is larger.
    expect(hoeffdingBentkusPValue(0, 10, 0.1)).toBeCloseTo(0.9 ** 10, 12)
    // R above r: no evidence.
    expect(hoeffdingBentkusPValue(5, 10, 0.1)).toBe(1)
    let below = 0
    for (let run = 0; run < runs; run++) {
      const random = createRandom(`fractions-${run}`)
      // Mean loss .1: half of the losses are 0 or .4 in turn of a coin, half are 0.
      let total = 0
      for (let i = 0; i < 400; i++) total += random.next() < 0.25 ? 0.4 : 0
      if (hoeffdingBentkusPValue(total, 400, 0.1) <= claim.delta) below++
    }
    expect(below / runs).toBeLessThanOrEqual(claim.delta)
  })
})

describe('the largest floor', () => {
  it('is the exact lower bound of the mean satisfaction', () => {
    // No failure in 29: (floor)^29 = .05.
    expect(largestFloor(new Float64Array(29), 0.05)).toBeCloseTo(0.05 ** (1 / 29), 9)
    expect(largestFloor(Float64Array.of(1, 1), 0.05)).toBe(0)
  })

  it('is claimed wrongly in at most delta of the runs', () => {
    let wrong = 0
    for (let run = 0; run < runs; run++) {
      const random = createRandom(`floor-${run}`)
      const losses = Float64Array.from({ length: 200 }, () => (random.next() < 0.15 ? 1 : 0))
      if (largestFloor(losses, claim.delta) > 0.85) wrong++
    }
    expect(wrong / runs).toBeLessThanOrEqual(claim.delta + tolerance)
    expect(wrong / runs).toBeGreaterThan(claim.delta / 4)
  })
})

describe('the labels that a floor needs', () => {
  it('are as many as certify it at the same mean loss', () => {
    expect(labelsForFloor(new Float64Array(5), { floor: 0.9, delta: 0.05 })).toBe(29)
    const losses = Float64Array.from({ length: 100 }, (_, i) => (i < 5 ? 1 : 0))
    const labels = labelsForFloor(losses, { floor: 0.93, delta: 0.05 }) ?? 0
    expect(labels).toBeGreaterThan(200)
    expect(binomialPValue(Math.ceil(labels * 0.05), labels, 0.07)).toBeLessThanOrEqual(0.05)
    expect(labelsForFloor(losses, { floor: 0.95, delta: 0.05 })).toBeNull()
  })

  it('refuses losses outside [0, 1]', () => {
    expect(() => largestFloor([0, 1.5], 0.05)).toThrow('loss 1 is 1.5')
  })
})
