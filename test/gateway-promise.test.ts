import { expect, test } from 'vitest'
import { bodyOf, chat, type SlaBody, start, type TestGateway, testConfig } from './running-gateway.ts'
import { answer, type ScriptedUpstream } from './scripted-upstream.ts'

interface PromiseBody extends SlaBody {
  readonly promise: {
    readonly kind: string
    readonly margin?: number
    readonly extraCostUsd?: number
    readonly labelsNeeded?: number | null
    readonly remark: string | null
  }
}

interface Explained {
  readonly chosen: string
  readonly estimates: readonly {
    readonly model: string
    readonly satisfaction: number
    readonly cost_usd: number
  }[]
}

const question = (i: number) =>
  chat({ messages: [{ role: 'user', content: `Question ${i % 7} about ${['ships', 'seas'][i % 2]}` }] })

/** Asks `count` questions one after the other and says of each answer whether it satisfied; counts who answered. */
async function serve(
  gateway: TestGateway,
  count: number,
  judge: (i: number, model: string) => boolean | null,
) {
  const calls: Record<string, number> = {}
  for (let i = 0; i < count; i++) {
    const response = await gateway.post('/v1/chat/completions', question(i))
    await response.text()
    const model = response.headers.get('x-plimsoll-model') ?? ''
    calls[model] = (calls[model] ?? 0) + 1
    const value = judge(i, model)
    if (value === null) continue
    const statement = { decision_id: response.headers.get('x-plimsoll-decision-id'), value }
    expect((await gateway.post('/v1/feedback', statement)).status).toBe(202)
  }
  return calls
}

const stateOf = (gateway: TestGateway) => bodyOf<PromiseBody>(gateway.get('/v1/sla/gold'))

/** The state once so many labels have been learned. */
async function stateAfter(gateway: TestGateway, labels: number): Promise<PromiseBody> {
  for (;;) {
    const state = await stateOf(gateway)
    if (state.constraints[0]?.labels === labels) return state
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
const explain = (gateway: TestGateway) => bodyOf<Explained>(gateway.post('/v1/router/explain', question(1)))

/** Models p/m0, p/m1, … at these prices per million tokens. */
function priced(upstreams: readonly ScriptedUpstream[], prices: readonly number[]) {
  return upstreams.flatMap(({ baseUrl }, i) => {
    const price = prices[i]
    if (price === undefined || price === 0) return []
    return [{ id: `m${i}`, provider: 'p', baseUrl, priceUsdPerMillion: { input: price, output: price } }]
  })
}

const plimsollClass = (extra: Readonly<Record<string, unknown>>) => ({
  classes: [{ name: 'gold', satisfaction: { floor: 0.8 }, feedback: { kind: 'chosen' }, ...extra }],
})

test('a certified promise is stated in the file, and what it takes is shown', async () => {
  const { gateway } = await start(
    [[answer('x')], [answer('y')]],
    plimsollClass({ satisfaction: { floor: 0.8, promise: 'certified', delta: 0.1 } }),
  )
  expect((await stateOf(gateway)).promise).toEqual({ kind: 'certified', remark: null })
  await serve(gateway, 40, i => i % 8 !== 0)
  const { promise, constraints } = await stateAfter(gateway, 40)
  expect(promise).toMatchObject({ kind: 'certified', remark: null })
  expect(promise.margin).toBeGreaterThanOrEqual(0)
  expect(promise.extraCostUsd).toBeGreaterThanOrEqual(0)
  expect(constraints[0]).toMatchObject({ state: 'undecided', delta: 0.1 })
})

test('where users only complain and nothing is audited nothing is claimed, and the state says what audits would take', async () => {
  const { gateway } = await start(
    [[answer('x')], [answer('y')]],
    plimsollClass({ feedback: { kind: 'one-sided' }, proven: 'm1' }),
  )
  const calls = await serve(gateway, 30, () => null)
  // The proven model serves while nothing can be known.
  expect(calls).toEqual({ 'p/m1': 30 })
  const { promise, constraints } = await stateOf(gateway)
  expect(constraints[0]?.state).toBe('undecided')
  expect(promise.remark).toMatch(/^users only complain and nothing is audited.*takes about \d+ audits/)
  const response = await gateway.post('/v1/chat/completions', question(0))
  expect(response.headers.get('x-plimsoll-sla-status')).toBe('learning')
})

test('a ceiling in USD per extra satisfied request is kept, class by class', async () => {
  const policyParameters = { maxPriceUsd: 1e-5 }
  const prices = async (extra: Readonly<Record<string, unknown>>) => {
    const { gateway, upstreams } = await start([[answer('x')], [answer('y')]])
    await gateway.reload(
      testConfig(
        upstreams.map(({ baseUrl }) => baseUrl),
        { models: priced(upstreams, [1, 100]), ...plimsollClass(extra) },
      ),
    )
    await serve(gateway, 40, () => false)
    return (await stateAfter(gateway, 40)).constraints[0]?.priceUsd as number
  }
  expect(await prices({ policyParameters })).toBeLessThanOrEqual(1e-5)
  expect(await prices({})).toBeGreaterThan(1e-3)
})

test('the outlay guard limits calls of a ruinously dear model whose advantage has not shown', async () => {
  const dearCalls = async (outlayGuard: number) => {
    const { gateway, upstreams } = await start([[answer('x')], [answer('y')]])
    await gateway.reload(
      testConfig(
        upstreams.map(({ baseUrl }) => baseUrl),
        {
          models: priced(upstreams, [1, 100]),
          ...plimsollClass({ satisfaction: { floor: 0.1 }, policyParameters: { outlayGuard } }),
        },
      ),
    )
    const dear = (await serve(gateway, 120, () => false))['p/m1'] ?? 0
    const debt = (await stateAfter(gateway, 120)).constraints[0]?.debt as number
    return { dear, allowed: 10 + debt + 120 / 100 }
  }
  // No answer ever satisfies: without the guard the dear model is called in vain again and again.
  const [unguarded, guarded] = [await dearCalls(0), await dearCalls(1)]
  expect(unguarded.dear).toBeGreaterThan(unguarded.allowed + 5)
  // One more while the last call has not been learned.
  expect(guarded.dear).toBeLessThanOrEqual(guarded.allowed + 5)
})

test('a model that goes, comes back or changes its price leaves what was learned as it was', async () => {
  const { gateway, upstreams } = await start([[answer('x')], [answer('y')], [answer('z')]])
  const reload = (prices: readonly number[]) =>
    gateway.reload(
      testConfig(
        upstreams.map(({ baseUrl }) => baseUrl),
        { models: priced(upstreams, prices), ...plimsollClass({}) },
      ),
    )
  const of = async (model: string) => (await explain(gateway)).estimates.find(each => each.model === model)
  await reload([1, 4])
  await serve(gateway, 80, (i, model) => (model === 'p/m1' ? i % 10 !== 0 : i % 3 === 0))
  const before = await stateAfter(gateway, 80)
  const [small, large] = [await of('p/m0'), await of('p/m1')]
  expect(small?.satisfaction).toBeLessThan(0.7)

  // Ten times dearer, and a newcomer.
  await reload([1, 40, 4])
  expect((await of('p/m1'))?.satisfaction).toBe(large?.satisfaction)
  expect((await of('p/m1'))?.cost_usd).toBeCloseTo(10 * (large?.cost_usd ?? 0), 9)
  expect(await of('p/m2')).toBeDefined()
  const after = await stateOf(gateway)
  expect([after.requests, after.constraints[0]?.labels, after.constraints[0]?.debt]).toEqual([
    before.requests,
    before.constraints[0]?.labels,
    before.constraints[0]?.debt,
  ])

  // Without the first model, and with it again.
  await reload([0, 40, 4])
  const calls = await serve(gateway, 60, i => i % 10 !== 0)
  expect(calls['p/m0']).toBeUndefined()
  expect(calls['p/m2']).toBeGreaterThan(0)
  await reload([1, 40, 4])
  expect((await of('p/m0'))?.satisfaction).toBeLessThan(0.75)
  expect((await stateAfter(gateway, 140)).requests).toBe(before.requests + 60)
})
