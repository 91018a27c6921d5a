import { proofSize } from '../../../test/proof-size.ts'
import { createRandom, type Random } from '../numeric/random.ts'

/** Runs of a proof, and the length of each. */
export const runs = proofSize(100, 1000)
export const steps = proofSize(1200, 4000)
export const delta = 0.05
/** Three standard errors of a rate of delta: what a wrong variant must exceed, so that chance does not convict it. */
export const convicted = delta + 3 * Math.sqrt((delta * (1 - delta)) / runs)

/** One decision of a world: what a certificate may know of it before the label, and what only the world knows. */
export interface WorldDecision {
  /** Mean of the label given everything before it. */
  readonly conditionalMean: number
  readonly label: number
  /** Made without the label. */
  readonly prediction: number
  readonly floor: number
  /** Probability of an audit. */
  readonly probability: number
  readonly drawn: boolean
  /** Further decisions after which the label comes. */
  readonly delay: number
}

/** Draws one decision after the other; it hears of every decision's label, as an online policy does. */
export type World = (seed: number) => () => WorldDecision

interface Move {
  readonly conditionalMean: number
  readonly prediction: number
  readonly floor?: number
  readonly probability?: number
  readonly delay?: (label: number, random: Random) => number
}

/** A world from the move of each step; `seen` holds all labels before. */
function world(name: string, move: (step: number, seen: Seen, random: Random) => Move): World {
  return seed => {
    const random = createRandom(`${name}/${seed}`)
    const seen = { count: 0, sum: 0, truth: 0 }
    return () => {
      const {
        conditionalMean,
        prediction,
        floor = 0.85,
        probability = 1,
        delay,
      } = move(seen.count, seen, random)
      const label = random.next() < conditionalMean ? 1 : 0
      seen.count += 1
      seen.sum += label
      seen.truth += conditionalMean
      const drawn = random.next() < probability
      return {
        conditionalMean,
        label,
        prediction,
        floor,
        probability,
        drawn,
        delay: delay?.(label, random) ?? 0,
      }
    }
  }
}

interface Seen {
  readonly count: number
  readonly sum: number
  readonly truth: number
}

const meanOf = ({ count, sum }: Seen): number => (count === 0 ? 0.85 : sum / count)

/**
 * A policy that saves as soon as the labels look well, and pays when they do not, just under the floor on average: the running
 * conditional mean never reaches .85.
 */
export const adaptive = world('adaptive', (_, seen) => {
  const slack = seen.truth - 0.849 * seen.count
  const wanted = meanOf(seen) > 0.85 ? 0.75 : 0.93
  // What it may do without lifting the running mean over .849.
  return { conditionalMean: Math.min(wanted, 0.849 - slack), prediction: meanOf(seen) }
})

/** A model that wears out: from .9 to .7 along the stream, under a floor that moves along just above it. */
export const drifting = world('drifting', step => {
  const conditionalMean = 0.9 - 0.2 * Math.min(1, step / 1500)
  return { conditionalMean, prediction: 0.9, floor: conditionalMean + 0.001 }
})

/** Floors that differ from request to request, each missed by a hair. */
export const mixedFloors = world('mixed', (step, _, random) => {
  const floor = step % 2 === 0 ? 0.9 : 0.7 + 0.1 * random.next()
  return { conditionalMean: floor - 0.001, prediction: 0.85, floor }
})

/** Labels that take their time: complaints a hundred decisions and more, praise a few. */
export const delayed = world('delayed', () => ({
  conditionalMean: 0.849,
  prediction: 0.85,
  delay: (label, random) => (label === 0 ? 100 + random.integer(200) : random.integer(5)),
}))

/** Audits of a fifth, of the policy's own probabilities, rarer where it believes to know. */
export const audited = world('audited', (step, seen, random) => {
  const hard = random.next() < 0.4
  const wanted = hard ? 0.72 : 0.935
  const slack = seen.truth - 0.849 * seen.count
  return {
    conditionalMean: Math.min(wanted, 0.849 - slack),
    prediction: hard ? 0.8 : 0.97,
    probability: hard ? 0.3 : 0.2,
    delay: label => (label === 0 ? 40 : step % 3),
  }
})

/** One audit in fifty under an over-confident prediction: rare and heavy corrections. */
export const heavyTailed = world('heavy', () => ({
  conditionalMean: 0.849,
  prediction: 0.98,
  probability: 0.02,
}))

/** A stream that lies exactly on its floor, mirrored for the upper side. */
export const onTheFloor = world('on', (_, seen) => ({ conditionalMean: 0.851, prediction: meanOf(seen) }))

/** Audits of one in twenty in a world just above its floor. */
export const thinlyAudited = world('thin', () => ({
  conditionalMean: 0.851,
  prediction: 0.85,
  probability: 0.05,
}))

/** Labels of one mean, as in the table of the widths. */
export const steady = (mean: number, probability = 1, floor = 0.85): World =>
  world(`steady-${mean}-${probability}`, () => ({
    conditionalMean: mean,
    prediction: mean,
    probability,
    floor,
  }))
