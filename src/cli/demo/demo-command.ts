import type { FeedbackModel } from '../../simulation/feedback-model.ts'
import { parseFeedbackModel } from '../../simulation/feedback-model.ts'
import { MAX_SYNTHETIC_ROWS } from '../../simulation/synthetic-world.ts'
import type { CommandSpec, ParsedArguments } from '../arguments.ts'
import { wrongUsage } from '../exit.ts'

/** The command line of `plimsoll demo`. */
export const demoCommand: CommandSpec = {
  name: 'demo',
  summary: 'watch the gateway keep a promise: simulated models and users, real HTTP, no key, no network',
  options: [
    {
      name: 'trace',
      kind: 'text',
      value: 'FILE',
      meaning: 'let the models answer as recorded in this trace',
    },
    {
      name: 'floor',
      kind: 'number',
      value: 'X',
      default: '0.9',
      meaning: 'share of answers that must satisfy',
    },
    { name: 'satisfied-at', kind: 'number', value: 'X', meaning: 'scores of at least X count as satisfied' },
    {
      name: 'feedback',
      kind: 'text',
      value: 'KIND',
      default: 'chosen',
      meaning: 'chosen, sparse:p, one-sided:r or none',
    },
    {
      name: 'audit',
      kind: 'share',
      value: 'Q',
      default: '0',
      meaning: 'largest share of the decisions to audit',
    },
    { name: 'policy', kind: 'text', value: 'NAME', default: 'plimsoll', meaning: 'policy that decides' },
    {
      name: 'requests',
      kind: 'count',
      value: 'N',
      meaning: 'requests to send (default 3000, or all rows of a shorter trace)',
    },
    {
      name: 'seed',
      kind: 'count',
      value: 'S',
      default: '1',
      meaning: 'seed of prompts, order, answers and users',
    },
    { name: 'json', kind: 'flag', meaning: 'one closing JSON object on standard output, no display' },
    {
      name: 'no-browser',
      kind: 'flag',
      meaning: 'open no browser (none is opened: the display is in the terminal)',
    },
  ],
  notes: [
    'While it runs: + and - move the floor by 0.01, q ends it. It leaves nothing running.',
    'Example: plimsoll demo --floor 0.95 --policy mess-plus',
  ],
}

/** What a demo was asked to do. */
export interface DemoOptions {
  readonly tracePath: string | null
  readonly floor: number
  readonly satisfiedAt: number | null
  readonly feedback: FeedbackModel
  readonly auditBudget: number
  readonly policy: string
  /** `null`: as many as are usual and there are rows. */
  readonly requests: number | null
  readonly seed: number
  readonly json: boolean
}

/** Requests of a demo that was not told how many. */
export const USUAL_REQUESTS = 3000

/** Checks and collects the options of `plimsoll demo`. Throws with exit code 64. */
export function readDemoOptions(given: ParsedArguments): DemoOptions {
  const floor = given.number('floor') ?? Number.NaN
  if (!(floor > 0 && floor < 1)) throw wrongUsage(`--floor must lie between 0 and 1, but ${floor} was given`)
  const satisfiedAt = given.number('satisfied-at') ?? null
  if (satisfiedAt !== null && !(satisfiedAt > 0 && satisfiedAt <= 1)) {
    throw wrongUsage(`--satisfied-at must lie above 0 and not above 1, but ${satisfiedAt} was given`)
  }
  const tracePath = given.text('trace') ?? null
  if (satisfiedAt !== null && tracePath === null) {
    throw wrongUsage('--satisfied-at cuts the scores of a trace, and there is none; give --trace as well')
  }
  return {
    tracePath,
    floor,
    satisfiedAt,
    feedback: feedbackOf(given.text('feedback') ?? ''),
    auditBudget: given.number('audit') ?? 0,
    policy: given.text('policy') ?? '',
    requests: requestsOf(given.number('requests') ?? null, tracePath),
    seed: given.number('seed') ?? 1,
    json: given.flag('json'),
  }
}

function feedbackOf(text: string): FeedbackModel {
  const feedback = parseFeedbackModel(text)
  if (feedback !== null) return feedback
  const hint = text === 'full' ? '; only a replay knows the label of every model' : ''
  throw wrongUsage(`--feedback must be chosen, sparse:p, one-sided:r or none, but '${text}' was given${hint}`)
}

function requestsOf(requests: number | null, tracePath: string | null): number | null {
  if (requests === 0) throw wrongUsage('--requests must be at least 1, but 0 was given')
  if (tracePath === null && requests !== null && requests > MAX_SYNTHETIC_ROWS) {
    throw wrongUsage(
      `--requests must be at most ${MAX_SYNTHETIC_ROWS} without a trace, but ${requests} was given`,
    )
  }
  return requests
}
