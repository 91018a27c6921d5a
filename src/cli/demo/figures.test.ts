import { describe, expect, it } from 'vitest'
import {
  bar,
  formatCount,
  formatDuration,
  formatPercent,
  formatPerThousand,
  formatShare,
  formatUsd,
} from './figures.ts'

describe('figures', () => {
  it.each([
    [4.8312, '$4.83'],
    [15.01, '$15.0'],
    [1234.5, '$1235'],
    [0.02134, '$0.0213'],
    [0.0000002, '$0.000000200'],
    [0, '$0'],
    [-0.5, '$-0.500'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('%s USD as %s', (amount, text) => {
    expect(formatUsd(amount)).toBe(text)
  })

  it('shows the mean cost of a request as that of a thousand', () => {
    expect(formatPerThousand(0.000412)).toBe('$0.412')
    expect(formatPerThousand(null)).toBe('–')
  })

  it('shows shares, counts and times', () => {
    expect([formatShare(0.85), formatShare(null)]).toEqual(['0.850', '–'])
    expect([0, 0.001, 0.4149, 1].map(formatPercent)).toEqual(['0%', '<1%', '41%', '100%'])
    expect([7, 1234, 1234567].map(formatCount)).toEqual(['7', '1,234', '1,234,567'])
    expect([999, 61_000, 605_000].map(formatDuration)).toEqual(['0:00', '1:01', '10:05'])
  })

  it('draws bars to an eighth of a character and never beyond their width', () => {
    expect([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(7, 4), bar(-1, 4)]).toEqual(['', '██', '████', '████', ''])
    expect(bar(1 / 32, 4)).toBe('▏')
    expect(bar(0.28125, 4)).toBe('█▏')
  })
})
