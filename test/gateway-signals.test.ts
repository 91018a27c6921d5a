import { expect, test } from 'vitest'
import { ask, type Document, eventOf, gatewayWith, until } from './audited-gateway.ts'
import { bodyOf } from './running-gateway.ts'

test('repeated, rephrased and edited requests are hypotheses, logged as such and never as satisfaction', async () => {
  const gateway = await gatewayWith({
    classes: [
      { name: 'gold', satisfaction: { floor: 0.8 }, feedback: { kind: 'chosen' }, policy: 'fixed:m0' },
    ],
  })
  const inSession = { 'x-session-id': 's1' }
  const first = await ask(gateway, {}, inSession)
  await new Promise(resolve => setTimeout(resolve, 5))
  const second = await ask(gateway, {}, inSession)
  await new Promise(resolve => setTimeout(resolve, 5))
  const rephrased = [{ role: 'user', content: 'Tell me please: why is the sky blue?' }]
  const third = await ask(gateway, { messages: rephrased }, inSession)
  await ask(gateway)
  await ask(gateway)
  expect(await eventOf(gateway, first, 'feedback', 'regenerated')).toMatchObject({
    value: 1,
    source: 'system',
  })
  await eventOf(gateway, second, 'feedback', 'rephrased')
  const edited = { decision_id: third, metric: 'edit-distance', value: 0.8 }
  expect((await gateway.post('/v1/feedback', edited)).status).toBe(202)
  for (const [body, param] of [
    [{ ...edited, metric: 'regenerated' }, 'metric'],
    [{ ...edited, idempotency_key: 'plimsoll:audit' }, 'idempotency_key'],
  ] as const) {
    const refused = await gateway.post('/v1/feedback', body)
    expect([refused.status, await bodyOf<{ error: Document }>(refused)]).toMatchObject([
      400,
      { error: { param } },
    ])
  }
  for (const [id, value] of [
    [first, 0],
    [second, 1],
    [third, 0],
  ] as const)
    await gateway.post('/v1/feedback', { decision_id: id, value })
  const state = await until(async () => {
    const found = await bodyOf<{ labels: number; labelSources: { signals: readonly Document[] } }>(
      gateway.admin('/admin/classes/gold'),
    )
    return found.labels === 3 ? found : null
  })
  const rates = state.labelSources.signals.map(({ metric, seen, unsatisfiedWith: found, state: verdict }) => [
    metric,
    seen,
    (found as { estimate: number } | null)?.estimate ?? null,
    verdict,
  ])
  // The two strangers at the end asked the same as well: nobody can say that it was one person.
  expect(rates).toEqual([
    ['regenerated', 1, 1, 'unproven'],
    ['rephrased', 1, 0, 'unproven'],
    ['abandoned', 0, null, 'unproven'],
    ['edit-distance', 1, 1, 'unproven'],
  ])
  const metrics = await (await gateway.admin('/metrics')).text()
  expect(metrics).toContain('plimsoll_signals_total{class="gold",metric="regenerated"} 1')
  expect(metrics).toContain('plimsoll_signal_unsatisfied{class="gold",metric="regenerated",seen="yes"} 1')
})
