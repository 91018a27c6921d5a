import type { PolicyParameter } from '../policy.ts'
import type { resolveParameters } from './parameters.ts'

/** Parameters of PROTEUS; where the paper says a value, the default is it or the page says why not. */
export const proteusParameters = [
  {
    name: 'seed',
    default: 1,
    min: 0,
    max: 2 ** 31,
    meaning: 'of initial weights, batches, floors and preferences',
  },
  {
    name: 'steps',
    default: 0,
    min: 0,
    max: 100_000,
    meaning: 'batches that are trained on; 0: 600 passes over the rows, at most 4,000',
  },
  { name: 'batch', default: 64, min: 8, max: 1024, meaning: 'rows of a batch' },
  { name: 'width', default: 64, min: 4, max: 256, meaning: 'units of every hidden layer' },
  {
    name: 'headShare',
    default: 0.25,
    min: 0.01,
    max: 1,
    meaning: 'share of the steps in which encoder and performance head learn; the policy head learns in all',
  },
  { name: 'rate', default: 3e-4, min: 1e-6, max: 0.1, meaning: 'step size of AdamW' },
  { name: 'decay', default: 10, min: 0, max: 100, meaning: 'weight decay of encoder and performance head' },
  {
    name: 'lowFloor',
    default: 0,
    min: 0,
    max: 1,
    meaning: "least floor that training draws; 0: the cheapest model's mean, a tenth of the range lower",
  },
  {
    name: 'highFloor',
    default: 0,
    min: 0,
    max: 1,
    meaning: "highest floor that training draws; 0: the best model's mean, a tenth of the range higher",
  },
  {
    name: 'dearestScale',
    default: 0,
    min: 0,
    max: 1,
    meaning:
      "1: costs are relative to the dearest model's; 0: to half the price of the first step above the cheapest",
  },
  {
    name: 'relativeStep',
    default: 1,
    min: 0,
    max: 1,
    meaning: '1: the step of lambda is relative to 1 + lambda; 0: absolute, as published',
  },
  { name: 'costWeight', default: 1, min: 0, max: 100, meaning: 'alpha: weight of cost in the reward' },
  { name: 'lambdaStart', default: 1, min: 0, max: 100, meaning: 'lambda before the first batch' },
  {
    name: 'lambdaStep',
    default: 0.4,
    min: 0,
    max: 10,
    meaning: 'step of the dual ascent; with lambdaStart 0: no lambda',
  },
  {
    name: 'servedLambda',
    default: 1,
    min: -1,
    max: 10,
    meaning:
      'lambda that the policy head is told when it serves; below 0: the one that training found for the floor',
  },
  {
    name: 'lambdaKnots',
    default: 5,
    min: 1,
    max: 20,
    meaning:
      'floors that have a lambda of their own in training, lines between; 1: one lambda for all, as published',
  },
  {
    name: 'heldOut',
    default: 0.4,
    min: 0,
    max: 0.9,
    meaning:
      'share of rows that train the policy head and lambda only, never the performance head; 0: all train all',
  },
  {
    name: 'gamma',
    default: 0,
    min: 0,
    max: 8,
    meaning: 'gamma, fixed to this value of at least 2; 0: learned',
  },
  { name: 'reinforce', default: 0, min: 0, max: 1, meaning: '1: REINFORCE instead of clipped PPO' },
  {
    name: 'critic',
    default: 0,
    min: 0,
    max: 1,
    meaning: '1: a critic is the baseline; 0: the mean reward of the batch',
  },
  {
    name: 'passes',
    default: 2,
    min: 1,
    max: 20,
    meaning: 'steps of PPO on every batch; REINFORCE takes one',
  },
  { name: 'entropy', default: 0.01, min: 0, max: 10, meaning: 'weight of the entropy of preferences' },
] as const satisfies readonly PolicyParameter[]

/** Values of all parameters. */
export type ProteusSettings = ReturnType<typeof resolveParameters<typeof proteusParameters>>
