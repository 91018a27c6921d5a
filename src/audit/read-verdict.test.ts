import { expect, test } from 'vitest'
import { readVerdict } from './read-verdict.ts'

const verdicts: readonly (readonly [string, number | null])[] = [
  ['{"satisfied": true}', 1],
  ['{"satisfied":false}', 0],
  ['{"score": 0.25}', 0.25],
  ['{"score": 1, "reason": "says no more than that"}', 1],
  ['```json\n{"satisfied": false}\n```', 0],
  ['```\n{"score": 0}\n```', 0],
  ['Yes', 1],
  ['no.', 0],
  ['TRUE!', 1],
  ['not satisfied', 0],
  ['0.7', 0.7],
  ['.5', 0.5],
  ['1', 1],
  ['1.0', 1],
  // A scale is not guessed, prose is not read, and contradictions are not settled.
  ['8', null],
  ['8/10', null],
  ['1.5', null],
  ['-0.5', null],
  ['80%', null],
  ['{"score": 8}', null],
  ['{"score": "0.8"}', null],
  ['{"satisfied": "yes"}', null],
  ['{"satisfied": true, "score": 0}', null],
  ['{"verdict": true}', null],
  ['{"satisfied": true', null],
  ['{"satisfied": true} {"satisfied": false}', null],
  ['[true]', null],
  ['Yes, but it forgets the second part', null],
  ['The answer is fine: {"satisfied": true}', null],
  ['yes no', null],
  ['', null],
  ['null', null],
]

test.each(verdicts)('%j reads as %j', (text, verdict) => {
  expect(readVerdict(text)).toBe(verdict)
})
