import { describe, expect, it } from 'vitest'
import { type PolicyContractOptions, policyContract } from '../policy.contract.ts'
import type { PolicyDefinition } from '../policy.ts'
import { trainingRows, zoo } from '../synthetic-stream.fixture.ts'
import { createPolicy, policyDefinitions } from './registry.ts'
import { coldStart } from './small-zoo.fixture.ts'

/** A training that takes long by default is as good when it is short: nothing here is about quality. */
const short: Readonly<Record<string, Readonly<Record<string, number>>>> = { proteus: { steps: 20 } }

/** Rows for the policies that refuse a cold start. */
function needsOf({ name, needsTraining }: PolicyDefinition): PolicyContractOptions {
  if (needsTraining !== true) return {}
  return { training: trainingRows(name === 'threshold' ? zoo.slice(0, 2) : zoo, 40) }
}

for (const definition of policyDefinitions) {
  const name = definition.name === 'fixed' ? 'fixed:test/middle' : definition.name
  const parameters = short[name] ?? {}
  policyContract(
    name,
    overrides => createPolicy(name, { ...coldStart, parameters, ...overrides }),
    needsOf(definition),
  )
}

policyContract('mess-plus with every option', overrides =>
  createPolicy('mess-plus', {
    ...coldStart,
    parameters: { single: 1, averageCost: 1, learnAlways: 1, exponent: 0.5 },
    ...overrides,
  }),
)

describe('createPolicy', () => {
  it('lists the known policies when the name is unknown', () => {
    expect(() => createPolicy('wishful', coldStart)).toThrow(/"wishful".*mess-plus.*fixed.*random/)
  })

  it('keeps colons inside the model of fixed, and needs one', () => {
    expect(createPolicy('fixed:local/llama:8b', coldStart).name).toBe('fixed:local/llama:8b')
    expect(() => createPolicy('fixed', coldStart)).toThrow('fixed:openai/gpt-4o')
    expect(() => createPolicy('fixed:', coldStart)).toThrow('needs a model')
  })

  it('refuses arguments where none is taken', () => {
    expect(() => createPolicy('random:x', coldStart)).toThrow('takes no argument')
  })

  it('refuses unknown parameters by name', () => {
    expect(() => createPolicy('random', { ...coldStart, parameters: { speed: 1 } })).toThrow(
      /random.*no parameter speed/,
    )
  })

  it('refuses a cold start where rows are needed, and says how to give them', () => {
    const needy = policyDefinitions.filter(definition => definition.needsTraining)
    expect(needy.map(definition => definition.name)).toContain('lr')
    for (const { name } of needy) {
      expect(() => createPolicy(name, coldStart)).toThrow(new RegExp(`${name} needs .*--warm-start`))
    }
  })

  it('has a default within its range and a meaning for every parameter, and unique names', () => {
    expect(new Set(policyDefinitions.map(definition => definition.name)).size).toBe(policyDefinitions.length)
    for (const definition of policyDefinitions) {
      const { name, parameters } = definition
      expect(new Set(parameters.map(parameter => parameter.name)).size).toBe(parameters.length)
      for (const parameter of parameters) {
        expect(parameter.default).toBeGreaterThanOrEqual(parameter.min)
        expect(parameter.default).toBeLessThanOrEqual(parameter.max)
        expect(parameter.meaning.length).toBeGreaterThan(10)
        const build = (value: number) =>
          createPolicy(name, {
            ...coldStart,
            ...needsOf(definition),
            parameters: { ...short[name], [parameter.name]: value },
          })
        const long = parameter.name in (short[name] ?? {})
        for (const value of [parameter.min, parameter.max])
          if (name !== 'fixed' && !long) expect(build(value).name).toBe(name)
        for (const value of [parameter.min - 1, parameter.max + 1, Number.NaN]) {
          expect(() => build(value)).toThrow(
            new RegExp(`${parameter.name}.*${parameter.min}, ${parameter.max}`),
          )
        }
      }
    }
  })
})
