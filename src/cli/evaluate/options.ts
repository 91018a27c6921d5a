import type { CommandSpec } from '../arguments.ts'
import { encoderOption } from '../trace-preparer.ts'

/** The command line of `plimsoll evaluate`. */
export const evaluateCommand: CommandSpec = {
  name: 'evaluate',
  summary: 'train policies on one part of a trace and compare them on the other',
  options: [
    {
      name: 'trace',
      kind: 'text',
      value: 'FILE',
      required: true,
      meaning: 'recorded trace, JSON Lines, plain or .gz',
    },
    {
      name: 'policies',
      kind: 'text',
      value: 'P1,P2,…',
      required: true,
      meaning:
        'policies, or oracle; the others are compared with the first; parameters as in lr?learntCost=1&c=2',
    },
    {
      name: 'floors',
      kind: 'text',
      value: 'SPEC',
      default: 'auto',
      meaning: 'auto (11 equal steps from the cheapest model to the best in training) or FROM:TO:STEP',
    },
    { name: 'seeds', kind: 'count', value: 'N', meaning: 'N random splits, each with its seed (default 5)' },
    { name: 'first-seed', kind: 'count', value: 'S', meaning: 'the first of the seeds (default 1)' },
    { name: 'train', kind: 'share', value: 'F', meaning: 'share of the rows to train on (default 0.7)' },
    {
      name: 'test-trace',
      kind: 'text',
      value: 'FILE',
      meaning: 'train on all of --trace and test on this one; errors by resampling its prompts',
    },
    { name: 'satisfied-at', kind: 'number', value: 'X', meaning: 'scores of at least X count as satisfied' },
    encoderOption,
    {
      name: 'json',
      kind: 'text',
      value: 'FILE',
      meaning: 'write everything as one JSON object; - is standard output',
    },
    {
      name: 'csv',
      kind: 'text',
      value: 'FILE',
      meaning: 'write runs and metrics as CSV, one figure per line',
    },
    { name: 'report', kind: 'text', value: 'FILE', meaning: 'write a report with pictures, one HTML file' },
  ],
  notes: [
    'Policies learn nothing from test rows. No prompt stands on both sides of a split.',
    'Example: plimsoll evaluate --trace trace.jsonl.gz --policies plimsoll,static-mixture --report out.html',
  ],
}
