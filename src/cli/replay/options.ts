import type { CommandSpec } from '../arguments.ts'
import { encoderOption } from '../trace-preparer.ts'

/** The command line of `plimsoll replay`. */
export const replayCommand: CommandSpec = {
  name: 'replay',
  summary: 'run a policy online over a recorded trace and measure what it did',
  options: [
    {
      name: 'trace',
      kind: 'text',
      value: 'FILE',
      required: true,
      meaning: 'recorded trace, JSON Lines, plain or .gz',
    },
    { name: 'policy', kind: 'text', value: 'NAME', default: 'plimsoll', meaning: 'policy, or oracle' },
    {
      name: 'floor',
      kind: 'text',
      value: 'SPEC',
      required: true,
      meaning: 'floor a, list a,b,…, uniform:a:b, step:a:b@f, drift:a:b or cycle:a:b:n (n swings)',
    },
    {
      name: 'feedback',
      kind: 'text',
      value: 'CHANNEL',
      default: 'chosen',
      meaning: 'full, chosen, sparse:p, one-sided:r, one-sided-by-model:r1,r2,… or none',
    },
    {
      name: 'audit',
      kind: 'share',
      value: 'Q',
      default: '0',
      meaning: 'largest share of the decisions to audit',
    },
    {
      name: 'judge-error',
      kind: 'text',
      value: 'FP,FN',
      meaning: 'audits call unsatisfied answers satisfied at rate FP, satisfied ones unsatisfied at FN',
    },
    {
      name: 'human',
      kind: 'share',
      value: 'Q2',
      meaning: 'share of the audits that is labelled truly as well',
    },
    { name: 'delay', kind: 'count', value: 'N', default: '0', meaning: 'labels arrive N decisions late' },
    {
      name: 'warm-start',
      kind: 'share',
      value: 'F',
      default: '0',
      meaning: 'first share of the rows, given fully labelled',
    },
    {
      name: 'warm-start-trace',
      kind: 'text',
      value: 'FILE',
      meaning: 'rows of another trace, given fully labelled',
    },
    {
      name: 'artefact',
      kind: 'text',
      value: 'FILE',
      meaning: 'start from what plimsoll train wrote; policy and parameters are those of the file',
    },
    {
      name: 'proven',
      kind: 'text',
      value: 'MODEL',
      meaning:
        'a model known to satisfy (default after a warm start or with an artefact: the dearest; else none)',
    },
    {
      name: 'drift',
      kind: 'text',
      value: 'CHANGE',
      repeatable: true,
      meaning: 'MODEL@f:quality*k, cost*k, gone or new; MODEL may be @cheapest-used or @dearest',
    },
    { name: 'seeds', kind: 'count', value: 'N', meaning: 'run seeds 1 to N' },
    { name: 'seed', kind: 'count', value: 'S', default: '1', meaning: 'run this seed' },
    { name: 'limit', kind: 'count', value: 'N', meaning: 'use N rows of the shuffled trace' },
    { name: 'satisfied-at', kind: 'number', value: 'X', meaning: 'scores of at least X count as satisfied' },
    encoderOption,
    {
      name: 'delta',
      kind: 'number',
      value: 'D',
      default: '0.05',
      meaning: 'probability of a wrong certificate',
    },
    {
      name: 'promise',
      kind: 'text',
      value: 'KIND',
      default: 'on-average',
      meaning: 'on-average, or certified: aim above the floor by what the certificate needs',
    },
    { name: 'param', kind: 'text', value: 'NAME=X', repeatable: true, meaning: 'parameter of the policy' },
    { name: 'steps', kind: 'text', value: 'FILE', meaning: 'write one JSON line per decision' },
    { name: 'json', kind: 'flag', meaning: 'one JSON object per floor and seed instead of the table' },
  ],
  notes: [
    'Rows are shuffled by the seed. Nothing of a row but its prompt reaches a policy before its model is called.',
    'Example: plimsoll replay --trace trace.jsonl.gz --satisfied-at 0.9 --floor 0.7,0.8 --seeds 5',
  ],
}
