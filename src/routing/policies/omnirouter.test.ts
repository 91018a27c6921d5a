import { expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { omnirouter } from './omnirouter.ts'
import { coldStart, decideAndLearn } from './small-zoo.fixture.ts'
import { pairContext, pairPrompts, pairRows } from './two-kinds.fixture.ts'

it('solves the program anew over every full batch, and only then', () => {
  const policy = omnirouter.create({ ...coldStart, training: pairRows(), parameters: { batch: 50 } }, null)
  const probes = pairPrompts(60, 'hard').slice(40)
  // How many hard prompts the large model would answer.
  const share = (): number =>
    probes.reduce((sum, features) => {
      const { probabilities } = policy.decide(pairContext(features, 0.72), createRandom('x'))
      return sum + (probabilities[1] ?? Number.NaN)
    }, 0)
  const first = share()
  const serve = (kind: 'easy' | 'hard', count: number): void => {
    pairPrompts(count, kind).forEach((features, i) => {
      decideAndLearn(policy, pairContext(features, 0.8), `${kind}-${i}`)
    })
  }
  serve('hard', 49)
  expect(share()).toBe(first)
  serve('easy', 1)
  const afterHard = share()
  expect(afterHard).toBeGreaterThan(first)
  // Easy prompts are predicted to satisfy whoever answers: nothing need be paid.
  serve('easy', 50)
  expect(share()).toBeLessThan(afterHard)
})
