import { expect, test } from 'vitest'
import { costUsd } from '../../inference/usage.ts'
import { failureOf, retryAfterOf, usageOf } from './from-wire.ts'

const shapes: readonly (readonly [
  string,
  object,
  readonly [number, number, number | null, number | null] | null,
])[] = [
  [
    'cached and reasoning as subsets',
    {
      usage: {
        prompt_tokens: 120,
        completion_tokens: 40,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: { reasoning_tokens: 24 },
      },
    },
    [120, 40, 64, null],
  ],
  ['no details', { usage: { prompt_tokens: 9, completion_tokens: 5 } }, [9, 5, null, null]],
  [
    'details that are null',
    { usage: { prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: null } },
    [9, 5, null, null],
  ],
  [
    'cache hits and misses beside cached tokens',
    {
      usage: {
        prompt_tokens: 339,
        prompt_cache_hit_tokens: 320,
        prompt_cache_miss_tokens: 19,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 320 },
      },
    },
    [339, 5, 320, null],
  ],
  [
    'cache hits alone',
    { usage: { prompt_tokens: 339, prompt_cache_hit_tokens: 320, completion_tokens: 5 } },
    [339, 5, 320, null],
  ],
  [
    'reasoning outside, told by the total',
    {
      usage: {
        prompt_tokens: 12,
        completion_tokens: 1,
        total_tokens: 303,
        completion_tokens_details: { reasoning_tokens: 290 },
      },
    },
    [12, 291, null, null],
  ],
  [
    'reasoning inside, told by the total',
    {
      usage: {
        prompt_tokens: 500,
        completion_tokens: 500,
        total_tokens: 1000,
        completion_tokens_details: { reasoning_tokens: 200 },
      },
    },
    [500, 500, null, null],
  ],
  [
    'a reported cost',
    { usage: { prompt_tokens: 194, completion_tokens: 20, cost: 0.0012 } },
    [194, 20, null, 0.0012],
  ],
  [
    'the same usage twice',
    {
      usage: { prompt_tokens: 9, completion_tokens: 5 },
      x_groq: { usage: { prompt_tokens: 9, completion_tokens: 5 } },
    },
    [9, 5, null, null],
  ],
  ['negative counts', { usage: { prompt_tokens: -9, completion_tokens: 5 } }, [0, 5, null, null]],
  ['null', { usage: null }, null],
  ['no counts', { usage: {} }, null],
  ['none', {}, null],
]

test.each(shapes)('usage with %s', (_, message, expected) => {
  const usage = usageOf(message as Readonly<Record<string, unknown>>)
  expect(
    usage && [usage.promptTokens, usage.completionTokens, usage.cachedTokens, usage.reportedCostUsd],
  ).toEqual(expected)
})

test('cost: cached tokens at their own price, a reported cost above all, an unknown price unknown', () => {
  const usage = {
    promptTokens: 100,
    completionTokens: 10,
    cachedTokens: 60,
    reportedCostUsd: null,
    estimated: false,
  }
  expect(costUsd(usage, { input: 2, output: 4, cachedInput: 1 })).toBeCloseTo((40 * 2 + 60 + 40) / 1e6, 15)
  expect(costUsd(usage, { input: 2, output: 4 })).toBeCloseTo((200 + 40) / 1e6, 15)
  expect(costUsd({ ...usage, reportedCostUsd: 0.5 }, { input: 2, output: 4 })).toBe(0.5)
  expect(costUsd(usage, null)).toBeNull()
  expect(costUsd({ ...usage, reportedCostUsd: 0 }, null)).toBe(0)
})

test('retry-after in milliseconds, seconds, fractions and dates', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(retryAfterOf({ 'retry-after': '2' }, now)).toBe(2000)
  expect(retryAfterOf({ 'retry-after': '0.5' }, now)).toBe(500)
  expect(retryAfterOf({ 'retry-after-ms': '12.5', 'retry-after': '9' }, now)).toBe(12.5)
  expect(retryAfterOf({ 'retry-after': 'Thu, 01 Jan 2026 00:00:03 GMT' }, now)).toBe(3000)
  expect(retryAfterOf({ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, now)).toBe(0)
  expect(retryAfterOf({ 'retry-after': 'soon' }, now)).toBeNull()
  expect(retryAfterOf({}, now)).toBeNull()
})

const verdicts: readonly (readonly [number, unknown, string, boolean, boolean])[] = [
  [400, { error: { message: 'bad temperature' } }, 'upstream_rejected', false, false],
  [400, { error: { message: 'x', code: 'context_length_exceeded' } }, 'context_length_exceeded', false, true],
  [
    400,
    { error: { message: 'Please reduce the length of the messages' } },
    'context_length_exceeded',
    false,
    true,
  ],
  [401, { error: { message: 'Incorrect API key sk-abc' } }, 'upstream_credentials', false, true],
  [402, {}, 'upstream_credentials', false, true],
  [403, {}, 'upstream_credentials', false, true],
  [404, {}, 'upstream_not_found', false, true],
  [408, {}, 'upstream_unavailable', true, true],
  [429, { error: { message: 'slow down', type: 'rate_limit' } }, 'upstream_rate_limited', true, true],
  [429, { error: { message: 'x', type: 'insufficient_quota' } }, 'upstream_rate_limited', false, true],
  [500, [{ error: { message: 'wrapped' } }], 'upstream_error', true, true],
  [503, {}, 'upstream_unavailable', true, true],
  [504, {}, 'upstream_timeout', true, true],
  [529, {}, 'upstream_unavailable', true, true],
]

test.each(verdicts)('status %i with %j means %s', (status, body, code, retryable, fallback) => {
  const failure = failureOf(status, body, null)
  expect([failure.code, failure.retryable, failure.fallback]).toEqual([code, retryable, fallback])
  expect(failure.message).not.toContain('sk-abc')
})
