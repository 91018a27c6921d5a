import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig, readConfigFile } from './config.ts'
import { configJsonSchema } from './config-schema.ts'

type Document = Readonly<Record<string, unknown>>

const model = { id: 'small', provider: 'vllm', baseUrl: 'http://127.0.0.1:8000/v1' }
const gold = { name: 'gold', satisfaction: { floor: 0.9 }, policy: 'mess-plus' }
const valid: Document = { models: [model], classes: [gold] }

const audited = (audits: Document | undefined, more: Document = {}): Document => ({
  ...valid,
  classes: [{ ...gold, auditBudget: 0.05, ...more, ...(audits === undefined ? {} : { audits }) }],
})
const http = { kind: 'http', url: 'http://127.0.0.1:9/judge' }
const byModel = { kind: 'model', baseUrl: 'http://127.0.0.1:9/v1', model: 'judge' }

const faultsOf = (document: unknown): readonly string[] => {
  const result = parseConfig(document, { SET: 'sk-1' })
  return result.ok ? [] : result.faults.map(fault => fault.path)
}

const broken: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['nothing', null, ['(the whole file)']],
  ['a list', [], ['(the whole file)']],
  ['an empty object', {}, ['models', 'classes']],
  ['no models', { ...valid, models: [] }, ['models']],
  ['an unknown key', { ...valid, colour: 1 }, ['colour']],
  [
    'two unknown keys of a model',
    { ...valid, models: [{ ...model, a: 1, b: 2 }] },
    ['models[0].a', 'models[0].b'],
  ],
  ['a port that is none', { ...valid, listen: { port: 70000 } }, ['listen.port']],
  ['one port for both', { ...valid, listen: { port: 4000, admin: 4000 } }, ['listen.admin']],
  ['an open address without keys', { ...valid, listen: { host: '0.0.0.0' } }, ['listen.host']],
  ['an open admin address', { ...valid, listen: { adminHost: '0.0.0.0' } }, ['listen.adminHost']],
  ['a store of another kind', { ...valid, store: 'mysql://x' }, ['store']],
  [
    'a URL that is none',
    { ...valid, models: [{ ...model, baseUrl: 'localhost:80' }] },
    ['models[0].baseUrl'],
  ],
  ['another protocol', { ...valid, models: [{ ...model, protocol: 'smtp' }] }, ['models[0].protocol']],
  [
    'a negative price',
    { ...valid, models: [{ ...model, priceUsdPerMillion: { input: -1, output: 1 } }] },
    ['models[0].priceUsdPerMillion.input'],
  ],
  [
    'half a price list',
    { ...valid, models: [{ ...model, priceUsdPerMillion: { input: 1 } }] },
    ['models[0].priceUsdPerMillion.output'],
  ],
  [
    'an unknown capability',
    { ...valid, models: [{ ...model, capabilities: ['tools', 'smell'] }] },
    ['models[0].capabilities[1]'],
  ],
  [
    'a time of zero',
    { ...valid, models: [{ ...model, timeoutMs: { connect: 0 } }] },
    ['models[0].timeoutMs.connect'],
  ],
  ['a name twice', { ...valid, models: [model, model] }, ['models[1].id']],
  ['a reserved provider', { ...valid, models: [{ ...model, provider: 'auto' }] }, ['models[0].provider']],
  ['an unset variable', { ...valid, models: [{ ...model, apiKeyEnv: 'UNSET' }] }, ['models[0].apiKeyEnv']],
  [
    'a floor of one',
    { ...valid, classes: [{ ...gold, satisfaction: { floor: 1 } }] },
    ['classes[0].satisfaction.floor'],
  ],
  ['no floor', { ...valid, classes: [{ ...gold, satisfaction: {} }] }, ['classes[0].satisfaction.floor']],
  ['an unknown policy', { ...valid, classes: [{ ...gold, policy: 'nope' }] }, ['classes[0].policy']],
  [
    'a policy for an unknown model',
    { ...valid, classes: [{ ...gold, policy: 'fixed:huge' }] },
    ['classes[0].policy'],
  ],
  [
    'an unknown parameter',
    { ...valid, classes: [{ ...gold, policyParameters: { zeal: 1 } }] },
    ['classes[0].policyParameters.zeal'],
  ],
  [
    'an unknown kind of feedback',
    { ...valid, classes: [{ ...gold, feedback: { kind: 'full' } }] },
    ['classes[0].feedback.kind'],
  ],
  ['an unknown proven model', { ...valid, classes: [{ ...gold, proven: 'huge' }] }, ['classes[0].proven']],
  [
    'an unknown model of a class',
    { ...valid, classes: [{ ...gold, models: ['small', 'huge'] }] },
    ['classes[0].models[1]'],
  ],
  [
    'floors the wrong way round',
    { ...valid, classes: [{ ...gold, floors: { min: 0.95, max: 0.8 } }] },
    ['classes[0].floors'],
  ],
  [
    'a floor outside its range',
    { ...valid, classes: [{ ...gold, floors: { min: 0.1, max: 0.2 } }] },
    ['classes[0].satisfaction.floor'],
  ],
  [
    'a certificate from a policy that holds the mean',
    {
      ...valid,
      classes: [{ ...gold, policy: 'mess-plus', satisfaction: { floor: 0.9, promise: 'certified' } }],
    },
    ['classes[0].satisfaction.promise'],
  ],
  [
    'a certificate from complaints alone',
    {
      ...valid,
      classes: [
        { ...gold, feedback: { kind: 'one-sided' }, satisfaction: { floor: 0.9, promise: 'certified' } },
      ],
    },
    ['classes[0].satisfaction.promise'],
  ],
  ['a class twice', { ...valid, classes: [gold, gold] }, ['classes[1].name']],
  ['an unknown default class', { ...valid, defaultClass: 'silver' }, ['defaultClass']],
  ['an alias for an unknown class', { ...valid, aliases: { best: 'silver' } }, ['aliases.best']],
  [
    'an alias that means something else',
    { ...valid, aliases: { 'auto/gold': 'gold' } },
    ['aliases.auto/gold'],
  ],
  ['a budget without a judge', audited(undefined), ['classes[0].audits']],
  ['a judge without a budget', audited({ judge: http }, { auditBudget: 0 }), ['classes[0].auditBudget']],
  ['audits by nobody', audited({}), ['classes[0].audits.judge']],
  ['a judge of an unknown kind', audited({ judge: { kind: 'oracle' } }), ['classes[0].audits.judge.kind']],
  [
    'a callback that is no URL',
    audited({ judge: { ...http, url: 'file:///x' } }),
    ['classes[0].audits.judge.url'],
  ],
  [
    'a rubric without words',
    audited({ judge: { ...byModel, rubric: '' } }),
    ['classes[0].audits.judge.rubric'],
  ],
  [
    'an unset key of a judge',
    audited({ judge: { ...byModel, apiKeyEnv: 'UNSET' } }),
    ['classes[0].audits.judge.apiKeyEnv'],
  ],
  [
    'dollars that no judge could spend',
    audited({ judge: byModel, usdPerDay: 5 }),
    ['classes[0].audits.usdPerDay'],
  ],
  ['a negative budget', audited({ judge: http, usdPerDay: -1 }), ['classes[0].audits.usdPerDay']],
  [
    'humans beside humans',
    audited({ judge: { kind: 'human' }, humanShare: 0.1 }),
    ['classes[0].audits.humanShare'],
  ],
  [
    'an answer kept for a year',
    audited({ judge: { kind: 'human' }, keepMs: 365 * 86_400_000 }),
    ['classes[0].audits.keepMs'],
  ],
  ['a signal window of zero', { ...valid, signals: { windowMs: 0 } }, ['signals.windowMs']],
  ['a hash that is none', { ...valid, keys: [{ name: 'web', sha256: 'abc' }] }, ['keys[0].sha256']],
  [
    'a key for an unknown class',
    { ...valid, keys: [{ name: 'web', sha256: '0'.repeat(64), classes: ['silver'] }] },
    ['keys[0].classes[0]'],
  ],
  [
    'a key twice',
    {
      ...valid,
      keys: [
        { name: 'web', sha256: '0'.repeat(64) },
        { name: 'web', sha256: '0'.repeat(64) },
      ],
    },
    ['keys[1].name', 'keys[1].sha256'],
  ],
  [
    'many faults at once',
    {
      models: [{ ...model, apiKeyEnv: 'UNSET' }, model],
      classes: [{ ...gold, proven: 'huge', policy: 'nope' }],
      defaultClass: 'silver',
      listen: { host: '0.0.0.0' },
    },
    [
      'models[0].apiKeyEnv',
      'models[1].id',
      'classes[0].proven',
      'defaultClass',
      'classes[0].policy',
      'listen.host',
    ],
  ],
]

test.each(broken)('%s is refused, with its place in the file', (_, document, paths) => {
  expect(faultsOf(document)).toEqual(paths)
})

test('faults say what was given and what was expected', () => {
  const result = parseConfig({ ...valid, listen: { port: 'http' }, store: 7 }, {})
  if (result.ok) throw new Error('accepted')
  expect(result.faults.map(fault => fault.message)).toEqual([
    expect.stringMatching(/expected number.*"http" was given/),
    expect.stringMatching(/expected string.*7 was given/),
  ])
})

test('defaults, names and secrets of a minimal configuration', () => {
  const result = parseConfig(
    { ...valid, models: [{ ...model, apiKeyEnv: 'SET' }], classes: [{ ...gold, proven: 'small' }] },
    { SET: 'sk-1' },
  )
  if (!result.ok) throw new Error('refused')
  const { config } = result
  expect(config.listen).toEqual({ host: '127.0.0.1', port: 4000, adminHost: '127.0.0.1', admin: 4001 })
  expect(config.defaultClass).toBe('gold')
  expect(config.models[0]?.spec).toEqual({ id: 'vllm/small', priceUsdPerMillion: null, typicalCostUsd: null })
  expect(config.models[0]?.upstreamModel).toBe('small')
  expect(config.classes[0]?.sla).toEqual({
    name: 'gold',
    floor: 0.9,
    feedback: 'chosen',
    promise: 'on-average',
    delta: 0.05,
    proven: 'vllm/small',
  })
  expect(config.models[0]?.apiKey?.reveal()).toBe('sk-1')
  expect(JSON.stringify(config)).not.toContain('sk-1')
  expect(Object.isFrozen(config.classes[0]?.sla)).toBe(true)
})

test('audits have a judge, bounds and a secret key', () => {
  const result = parseConfig(
    audited({
      judge: { ...byModel, apiKeyEnv: 'SET', priceUsdPerMillion: { input: 1, output: 2 } },
      usdPerDay: 5,
    }),
    { SET: 'sk-1' },
  )
  if (!result.ok) throw new Error('refused')
  const { audits, auditBudget } = result.config.classes[0] ?? { audits: null, auditBudget: 0 }
  expect(auditBudget).toBe(0.05)
  expect(audits).toMatchObject({ usdPerDay: 5, humanShare: 0, maxWaiting: 200, deadlineMs: 60_000 })
  expect(audits?.judge).toMatchObject({ kind: 'model', parameters: { temperature: 0, max_tokens: 300 } })
  expect(JSON.stringify(result.config)).not.toContain('sk-1')
  expect(result.config.classes[0]?.sla).not.toHaveProperty('auditDeadlineMs')
})

test('where humans judge, a label is waited for as long as an answer is kept for them', () => {
  const slaOf = (audits: Document, more: Document = {}) => {
    const result = parseConfig(audited(audits, more), {})
    return result.ok ? result.config.classes[0]?.sla : null
  }
  const week = 7 * 86_400_000
  expect(slaOf({ judge: { kind: 'human' } })).toMatchObject({ auditDeadlineMs: week })
  expect(slaOf({ judge: http, humanShare: 0.1, keepMs: 5000 })).toMatchObject({ auditDeadlineMs: 5000 })
  expect(slaOf({ judge: { kind: 'human' } }, { auditDeadline: '2h' })).toMatchObject({
    auditDeadlineMs: 7_200_000,
  })
})

test('the example file is valid, and covers every key that clients of the schema may use', () => {
  const path = new URL('../../plimsoll.example.yaml', import.meta.url).pathname
  const result = readConfigFile(path, { OPENAI_API_KEY: 'sk-1' })
  expect(result.ok ? [] : result.faults).toEqual([])
  const schema = configJsonSchema() as { properties: Readonly<Record<string, unknown>> }
  for (const key of Object.keys(parse(readFileSync(path, 'utf8'))))
    expect(schema.properties).toHaveProperty(key)
})

test('a file that is missing or no YAML is a fault like any other', () => {
  const missing = readConfigFile('/nowhere/plimsoll.yaml', {})
  expect(missing.ok ? [] : missing.faults[0]?.message).toMatch(/cannot be read \(ENOENT\)/)
})

test('times are read as people write them, or in milliseconds', () => {
  const classOf = (extra: Document, satisfaction: Document = {}): unknown =>
    parseConfig(
      { ...valid, classes: [{ ...gold, ...extra, satisfaction: { floor: 0.9, ...satisfaction } }] },
      {},
    )
  const sla = (extra: Document, satisfaction?: Document) =>
    (classOf(extra, satisfaction) as { config: { classes: { sla: object }[] } }).config.classes[0]?.sla
  expect(sla({}, { window: '30d' })).toMatchObject({ windowMs: 30 * 86_400_000 })
  expect(sla({ auditDeadline: '90m' }, { window: 5000 })).toMatchObject({
    windowMs: 5000,
    auditDeadlineMs: 5_400_000,
  })
  expect(sla({})).not.toHaveProperty('windowMs')
  for (const window of ['month', '0d', '1.5', -1, '12']) {
    expect(classOf({}, { window })).toMatchObject({
      ok: false,
      faults: [{ path: 'classes[0].satisfaction.window', message: expect.stringContaining('such as 30d') }],
    })
  }
})
