import type { CommandSpec } from '../arguments.ts'
import { encoderOption } from '../trace-preparer.ts'

/** The command line of `plimsoll train`. */
export const trainCommand: CommandSpec = {
  name: 'train',
  summary: 'train a policy on a fully labelled trace and keep it as a file',
  options: [
    {
      name: 'trace',
      kind: 'text',
      value: 'FILE',
      required: true,
      meaning: 'recorded trace, JSON Lines, plain or .gz; its rows are trained on',
    },
    { name: 'out', kind: 'text', value: 'FILE', required: true, meaning: 'the artefact' },
    { name: 'policy', kind: 'text', value: 'NAME', default: 'plimsoll', meaning: 'policy to train' },
    { name: 'satisfied-at', kind: 'number', value: 'X', meaning: 'scores of at least X count as satisfied' },
    encoderOption,
    {
      name: 'seed',
      kind: 'count',
      value: 'S',
      meaning: 'take the rows in an order of this seed (default: the order of the file)',
    },
    { name: 'param', kind: 'text', value: 'NAME=X', repeatable: true, meaning: 'parameter of the policy' },
    {
      name: 'certify',
      kind: 'text',
      value: 'X[,Y…]',
      meaning: 'certify these floors on rows that are kept out of the training',
    },
    {
      name: 'delta',
      kind: 'number',
      value: 'D',
      default: '0.05',
      meaning: 'probability of any wrong certificate, with --certify',
    },
    {
      name: 'calibration',
      kind: 'share',
      value: 'SHARE',
      default: '0.3',
      meaning: 'share of the rows that is kept for the certificate, with --certify',
    },
    {
      name: 'resume',
      kind: 'flag',
      meaning: 'go on from FILE.checkpoint, which an interrupted training leaves beside --out FILE',
    },
    {
      name: 'curve',
      kind: 'text',
      value: 'FILE',
      meaning: 'learning curve as CSV, of a policy that is trained in steps',
    },
    { name: 'json', kind: 'flag', meaning: 'one JSON object instead of the table' },
  ],
  notes: [
    'replay --artefact FILE and serve --artefact FILE start from what was trained. Equal input gives equal bytes.',
    'Example: plimsoll train --trace trace.jsonl.gz --satisfied-at 0.9 --out zoo.plimsoll',
  ],
}
