// Asks the PROTEUS paper's own questions of recorded traces and prints the results of docs/policies/proteus.md:
//   node bench/proteus.ts TRACE [--satisfied-at x] [--seeds 211,212,213,214,215] [--only main,ablations,leaks,baselines]
// Every seed is another split of the prompts, 70% trained on. Progress goes to standard error.
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { planEvaluation } from '../src/lab/evaluate/evaluation-plan.ts'
import { prepareTrace } from '../src/lab/prepare-trace.ts'
import { readTrace } from '../src/lab/read-trace.ts'
import { createHashedFeaturizer } from '../src/routing/features/hashed-ngrams.ts'
import { printAblations } from './proteus/ablations.ts'
import { printBaselines } from './proteus/baselines.ts'
import { printLeaks } from './proteus/leaks.ts'
import { printMain } from './proteus/main-questions.ts'

const parts = { main: printMain, ablations: printAblations, leaks: printLeaks, baselines: printBaselines }
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'satisfied-at': { type: 'string' },
    seeds: { type: 'string', default: '211,212,213,214,215' },
    only: { type: 'string', default: Object.keys(parts).join(',') },
  },
})
const [path] = positionals
if (path === undefined) {
  process.stderr.write(
    'usage: node bench/proteus.ts TRACE [--satisfied-at x] [--seeds 211,...] [--only main,...]\n',
  )
  process.exit(64)
}
const threshold = values['satisfied-at']
const trace = await readTrace(path, { satisfiedAt: threshold === undefined ? null : Number(threshold) })
const plan = planEvaluation({
  prepared: prepareTrace(trace, createHashedFeaturizer()),
  policies: ['proteus'],
  floors: { kind: 'auto' },
  rows: { kind: 'random', trainingShare: 0.7, seeds: values.seeds.split(',').map(Number) },
})
process.stdout.write(`### ${basename(path).replace(/\.jsonl(\.gz)?$/, '')}\n\n`)
for (const [name, print] of Object.entries(parts)) if (values.only.split(',').includes(name)) print(plan)
