import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findPrices, pricesForAll, readPriceList, tokenCostUsd } from './price-list.ts'

const folder = mkdtempSync(join(tmpdir(), 'price-list-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'cost.json')
const entry = { input_token_price_per_million: 2, output_token_price_per_million: 10 }

describe('readPriceList', () => {
  it('prices tokens per million', async () => {
    writeFileSync(path, JSON.stringify({ 'lab/model': entry }))
    const list = await readPriceList(path)
    expect(findPrices([list], 'lab/model')).toEqual({ inputUsd: 2, outputUsd: 10 })
    // 500 x 2 + 100 x 10 USD per million.
    expect(tokenCostUsd({ inputUsd: 2, outputUsd: 10 }, 500, 100)).toBeCloseTo(0.002, 12)
  })

  it('finds a name written with an underscore, after exact names of any list', async () => {
    const list = new Map([['lab/model', { inputUsd: 1, outputUsd: 1 }]])
    const exact = new Map([['lab_model', { inputUsd: 2, outputUsd: 2 }]])
    expect(findPrices([list], 'lab_model')?.inputUsd).toBe(1)
    expect(findPrices([list, exact], 'lab_model')?.inputUsd).toBe(2)
    expect(() => pricesForAll([list], ['lab/model', 'other'])).toThrow('no price is known for other')
  })

  it.each([
    ['[1]', 'expected the price list to be an object'],
    ['{"m": {"input_token_price_per_million": -1}}', "'input_token_price_per_million' of 'm'"],
    ['{"m": {"input_token_price_per_million": 1}}', "'output_token_price_per_million' of 'm'"],
    ['{', 'does not parse as JSON'],
  ])('refuses %s', async (text, fault) => {
    writeFileSync(path, text)
    await expect(readPriceList(path)).rejects.toThrow(fault)
  })
})
