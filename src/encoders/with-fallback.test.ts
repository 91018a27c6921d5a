import { describe, expect, it } from 'vitest'
import type { Encoder } from './encoder.ts'
import { type EncodeResult, type FallbackOptions, withFallback } from './with-fallback.ts'

/** An encoder whose calls end when the test says so, and a clock that the test moves. */
function underControl(changes: Partial<FallbackOptions> = {}) {
  const calls: {
    readonly text: string
    readonly signal: AbortSignal
    end(answer: number[] | Error): void
  }[] = []
  const encoder: Encoder = {
    name: 'scripted@2',
    dimensions: 2,
    encode([text = ''], signal) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Float32Array[]>()
      const end = (answer: number[] | Error): void =>
        answer instanceof Error ? reject(answer) : resolve([Float32Array.from(answer)])
      calls.push({ text, signal, end })
      return promise
    },
    close: async () => {},
  }
  const clock = { ms: 0 }
  const heard: EncodeResult[] = []
  const prompts = withFallback(encoder, {
    timeoutMs: 60_000,
    maxInFlight: 2,
    failures: 3,
    coolDownMs: 1000,
    now: () => clock.ms,
    report: result => heard.push(result),
    ...changes,
  })
  const failOnce = async (): Promise<void> => {
    const asked = prompts.embed('text')
    calls.at(-1)?.end(new Error('down'))
    expect(await asked).toBeNull()
  }
  return { prompts, calls, clock, heard, failOnce }
}

describe('withFallback', () => {
  it('gives the embedding and who made it', async () => {
    const { prompts, calls, heard } = underControl()
    const asked = prompts.embed('a text')
    calls[0]?.end([0.5, -1])
    expect(await asked).toEqual({ encoder: 'scripted@2', values: Float32Array.of(0.5, -1) })
    expect(calls[0]?.text).toBe('a text')
    expect(heard).toEqual(['encoded'])
  })

  it('does without after the time limit, and cancels the call', async () => {
    const { prompts, calls, heard } = underControl({ timeoutMs: 1 })
    expect(await prompts.embed('slow')).toBeNull()
    expect(calls[0]?.signal.aborted).toBe(true)
    expect(heard).toEqual(['timeout'])
    // What comes afterwards, good or bad, is nobody's.
    calls[0]?.end(new Error('cancelled'))
  })

  it('does without where the encoder fails, throws at once or gives nothing', async () => {
    const { failOnce, heard } = underControl()
    await failOnce()
    expect(heard).toEqual(['error'])
    const throwing: Encoder = {
      name: 'throwing@1',
      dimensions: 1,
      encode() {
        throw new Error('not even a promise')
      },
      close: async () => {},
    }
    const options = { timeoutMs: 60_000, maxInFlight: 1, failures: 1, coolDownMs: 1, now: () => 0 }
    expect(await withFallback(throwing, options).embed('text')).toBeNull()
    const empty: Encoder = { ...throwing, encode: async () => [] }
    expect(await withFallback(empty, options).embed('text')).toBeNull()
  })

  it('has a bound on the calls under way, those included that timed out but did not end', async () => {
    const { prompts, calls, heard } = underControl({ timeoutMs: 1, failures: 100 })
    await Promise.all([prompts.embed('a'), prompts.embed('b')])
    expect(await prompts.embed('c')).toBeNull()
    expect(calls.length).toBe(2)
    expect(heard).toEqual(['timeout', 'timeout', 'busy'])
    calls[0]?.end([1, 2])
    await Promise.resolve()
    await new Promise(resolve => setImmediate(resolve))
    await prompts.embed('d')
    expect(calls.length).toBe(3)
  })

  it('makes no call while the encoder is down, one per cool-down to find out, and all again once one works', async () => {
    const { prompts, calls, clock, heard, failOnce } = underControl()
    for (let i = 0; i < 3; i++) await failOnce()
    clock.ms = 999
    expect(await prompts.embed('x')).toBeNull()
    expect(calls.length).toBe(3)
    clock.ms = 1000
    await failOnce()
    expect(await prompts.embed('x')).toBeNull()
    expect(calls.length).toBe(4)
    clock.ms = 2000
    const probe = prompts.embed('probe')
    expect(await prompts.embed('beside the probe')).toBeNull()
    calls.at(-1)?.end([1, 0])
    expect(await probe).not.toBeNull()
    const next = prompts.embed('x')
    calls.at(-1)?.end([0, 1])
    expect(await next).not.toBeNull()
    expect(heard).toEqual([
      ...['error', 'error', 'error', 'down', 'error', 'down', 'down', 'encoded', 'encoded'],
    ])
  })

  it('does not take calls that it could not make for failures', async () => {
    const { prompts, calls, heard, failOnce } = underControl({ maxInFlight: 1, failures: 2 })
    await failOnce()
    const under = prompts.embed('x')
    for (let i = 0; i < 5; i++) expect(await prompts.embed('y')).toBeNull()
    calls.at(-1)?.end([1, 1])
    expect(await under).not.toBeNull()
    expect(heard.filter(result => result === 'busy')).toHaveLength(5)
    await failOnce()
    const after = prompts.embed('z')
    calls.at(-1)?.end([1, 1])
    expect(await after).not.toBeNull()
  })

  it('encodes no empty text, and says how long a call took', async () => {
    const times: number[] = []
    const clock = { ms: 5 }
    const { prompts, calls } = underControl({
      now: () => clock.ms,
      report: (_, latencyMs) => times.push(latencyMs),
    })
    expect(await prompts.embed(' \n')).toBeNull()
    expect(calls).toEqual([])
    const asked = prompts.embed('x')
    clock.ms = 12
    calls[0]?.end([1, 1])
    await asked
    expect(times).toEqual([7])
  })
})
