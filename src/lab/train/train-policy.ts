import { createPolicy, createTrainer } from '../../routing/policies/registry.ts'
import type { Policy, PolicySetup, TrainingCurve } from '../../routing/policy.ts'

/** Where a training in steps stands. */
export interface TrainingNews {
  readonly done: number
  readonly steps: number
  readonly curve: TrainingCurve
  /** The state, for going on from here. */
  checkpoint(): Uint8Array
}

/** Looks on while a policy is trained; policies that are trained at one go never call it. */
export interface TrainingWatch {
  /** Where to go on from; `null`: from the beginning. */
  readonly checkpoint: Uint8Array | null
  /** Called about every two hundredth of the training, at its end too. */
  onSteps(news: TrainingNews): 'go on' | 'stop'
}

/** A training was stopped before its end. */
export class TrainingStopped extends Error {
  readonly done: number
  readonly steps: number
  readonly checkpoint: Uint8Array

  constructor({ done, steps, checkpoint }: TrainingNews) {
    super(`the training was stopped at step ${done} of ${steps}`)
    this.name = 'TrainingStopped'
    this.done = done
    this.steps = steps
    this.checkpoint = checkpoint()
  }
}

const LOOKS = 200

/**
 * Trains a policy, in steps where it has them. Throws a RangeError as `createPolicy` does, for a checkpoint that does not fit and for
 * one of a policy without steps; `TrainingStopped` where the watch says so before the end.
 */
export function trainPolicy(policy: string, setup: PolicySetup, watch: TrainingWatch | null = null): Policy {
  const trainer = createTrainer(policy, setup, watch?.checkpoint ?? null)
  if (trainer === null) {
    if ((watch?.checkpoint ?? null) === null) return createPolicy(policy, setup)
    throw new RangeError(
      `policy ${policy} is trained at one go: there is nothing to go on from; train it anew`,
    )
  }
  const stretch = Math.max(1, Math.ceil(trainer.steps / LOOKS))
  while (trainer.done < trainer.steps) {
    trainer.advance(stretch)
    const { done, steps, curve } = trainer
    const news = { done, steps, curve, checkpoint: () => trainer.checkpoint() }
    if (watch?.onSteps(news) === 'stop' && done < steps) throw new TrainingStopped(news)
  }
  return trainer.finish()
}
