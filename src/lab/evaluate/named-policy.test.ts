import { describe, expect, it } from 'vitest'
import { namedPolicy } from './named-policy.ts'

describe('namedPolicy', () => {
  it('reads a name, with its argument, and parameters', () => {
    expect(namedPolicy('lr')).toEqual({ policy: 'lr', parameters: {} })
    expect(namedPolicy('fixed:p/m')).toEqual({ policy: 'fixed:p/m', parameters: {} })
    expect(namedPolicy('lr?learntCost=1&c=1e-2')).toEqual({
      policy: 'lr',
      parameters: { learntCost: 1, c: 0.01 },
    })
  })

  it.each(['lr?', 'lr?c', 'lr?c=', 'lr?=1', 'lr?c=one', 'lr?c=1&'])('refuses %s', text => {
    expect(() => namedPolicy(text)).toThrow('expected name=number')
  })
})
