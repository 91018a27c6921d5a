import { describe, expect, it } from 'vitest'
import { parseArguments } from '../arguments.ts'
import { demoCommand, readDemoOptions } from './demo-command.ts'

function read(...args: readonly string[]) {
  const given = parseArguments(demoCommand, args)
  if (given === 'help') throw new Error('no help was asked for')
  return readDemoOptions(given)
}

describe('demo command line', () => {
  it('has a default for everything', () => {
    expect(read()).toMatchObject({
      tracePath: null,
      floor: 0.9,
      satisfiedAt: null,
      feedback: { name: 'chosen' },
      policy: 'plimsoll',
      requests: null,
      seed: 1,
      json: false,
    })
  })

  it('takes what it is given', () => {
    const args =
      '--trace t.jsonl --satisfied-at 0.9 --floor 0.7 --feedback one-sided:0.3 --policy mess-plus --requests 17 --seed 9'
    expect(read(...args.split(' '), '--json', '--no-browser')).toMatchObject({
      tracePath: 't.jsonl',
      floor: 0.7,
      satisfiedAt: 0.9,
      feedback: { name: 'one-sided:0.3', kind: 'one-sided' },
      policy: 'mess-plus',
      requests: 17,
      seed: 9,
      json: true,
    })
  })

  it.each([
    [['--floor', '1.2'], '--floor must lie between 0 and 1, but 1.2 was given'],
    [['--floor', '0'], '--floor must lie between 0 and 1, but 0 was given'],
    [['--requests', '0'], '--requests must be at least 1'],
    [['--requests', '900000'], '--requests must be at most 200000'],
    [['--feedback', 'full'], 'only a replay knows the label of every model'],
    [['--feedback', 'sparse:2'], "'sparse:2' was given"],
    [['--satisfied-at', '0.5'], 'give --trace as well'],
    [['--trace', 't', '--satisfied-at', '0'], '--satisfied-at must lie above 0'],
  ] as const)('refuses %j', (args, words) => {
    expect(() => read(...args)).toThrow(words)
    try {
      read(...args)
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 64 })
    }
  })
})
