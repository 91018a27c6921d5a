import { expect, test } from 'vitest'
import { createCircuitBreaker } from './circuit-breaker.ts'

test('opens after failures in a row, lets one call through after the cool-down, and closes when it succeeds', () => {
  const breaker = createCircuitBreaker({ failures: 3, coolDownMs: 1000 })
  breaker.failed(0)
  breaker.failed(0)
  breaker.succeeded()
  breaker.failed(0)
  breaker.failed(0)
  expect(breaker.state(0)).toBe('closed')
  breaker.failed(10)
  expect([breaker.state(10), breaker.allows(1009), breaker.waitMs(510)]).toEqual(['open', false, 500])
  expect(breaker.enter(1009)).toBe(false)
  expect(breaker.enter(1010)).toBe(true)
  expect(breaker.state(1010)).toBe('half-open')
  expect(breaker.enter(1010)).toBe(false)
  breaker.failed(1020)
  expect([breaker.enter(2019), breaker.enter(2020)]).toEqual([false, true])
  breaker.left()
  expect(breaker.enter(2021)).toBe(true)
  breaker.succeeded()
  expect([breaker.state(2021), breaker.enter(2021), breaker.enter(2021)]).toEqual(['closed', true, true])
})
