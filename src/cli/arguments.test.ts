import { describe, expect, it } from 'vitest'
import { type CommandSpec, commandHelp, nearestName, parseArguments } from './arguments.ts'
import { CommandError } from './exit.ts'

const spec: CommandSpec = {
  name: 'sail',
  summary: 'leave the harbour',
  positionals: ['SHIP', '[PORT]'],
  options: [
    { name: 'load', kind: 'share', meaning: 'how full', default: '0.5' },
    { name: 'crew', kind: 'count', meaning: 'how many', required: true },
    { name: 'via', kind: 'text', value: 'PORT', meaning: 'stops', repeatable: true },
    { name: 'drift', kind: 'number', meaning: 'degrees' },
    { name: 'night', kind: 'flag', meaning: 'after dark' },
  ],
}

function parsed(...args: string[]) {
  const result = parseArguments(spec, args)
  if (result === 'help') throw new Error('help was not asked for')
  return result
}

describe('parseArguments', () => {
  it('reads values in both forms, defaults, repetitions, flags and names without dashes', () => {
    const given = parsed('mary', '--crew', '3', '--via=cork', '--via', 'brest', '--drift', '-2.5', '--night')
    expect(given.positionals).toEqual(['mary'])
    expect(given.number('crew')).toBe(3)
    expect(given.number('load')).toBe(0.5)
    expect(given.number('drift')).toBe(-2.5)
    expect(given.texts('via')).toEqual(['cork', 'brest'])
    expect(given.flag('night')).toBe(true)
  })

  it('leaves what was not given absent', () => {
    const given = parsed('--crew', '3', '--', '--mary')
    expect(given.positionals).toEqual(['--mary'])
    expect(given.number('drift')).toBeUndefined()
    expect(given.texts('via')).toEqual([])
    expect(given.flag('night')).toBe(false)
    expect(() => given.text('cargo')).toThrow('does not declare')
  })

  it('knows help in every place', () => {
    expect(parseArguments(spec, ['--help'])).toBe('help')
    expect(parseArguments(spec, ['mary', '--night', '-h'])).toBe('help')
  })

  it.each([
    [['m', '--crew', '3', '--crw', '3'], 'unknown option --crw; did you mean --crew?'],
    [['m', '--crew', '3', '--zeppelin'], 'unknown option --zeppelin; see plimsoll sail --help'],
    [['m', '--crew'], '--crew needs a value: --crew count'],
    [['m', '--crew', '--night'], '--crew needs a value'],
    [['m', '--crew', '2.5'], "--crew must be a whole number, 0 or more, but '2.5' was given"],
    [['m', '--crew', '3', '--load', '1.5'], "--load must be a number from 0 to 1, but '1.5' was given"],
    [['m', '--crew', '3', '--drift', 'left'], "--drift must be a number, but 'left' was given"],
    [['m', '--crew', '3', '--drift='], "--drift must be a number, but '' was given"],
    [['m', '--crew', '3', '--via='], "--via must be non-empty text, but '' was given"],
    [['m', '--crew', '3', '--crew', '4'], '--crew was given twice'],
    [['m', '--crew', '3', '--night=yes'], "--night takes no value, but 'yes' was given"],
    [['m'], '--crew count is required'],
    [['--crew', '3'], 'SHIP is required: plimsoll sail SHIP [PORT]'],
    [['m', 'cork', 'brest', '--crew', '3'], "unexpected argument 'brest'"],
  ])('refuses %j as wrong usage', (args, message) => {
    const error = (() => {
      try {
        return parsed(...args)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({ exitCode: 64 })
    expect((error as Error).message).toContain(message)
    expect((error as Error).message).not.toContain('\n')
  })
})

describe('commandHelp', () => {
  it('lists every option with its default and duties', () => {
    const help = commandHelp(spec)
    expect(help).toContain('plimsoll sail SHIP [PORT]: leave the harbour')
    expect(help).toMatch(/--load share +how full \(default 0\.5\)/)
    expect(help).toMatch(/--crew count +how many \(required\)/)
    expect(help).toMatch(/--via PORT +stops \(repeatable\)/)
    expect(help).toMatch(/--help +show this help/)
  })
})

describe('nearestName', () => {
  it('forgives slips, completes beginnings, and does not guess wildly', () => {
    expect(nearestName('florr', ['floor', 'feedback'])).toBe('floor')
    expect(nearestName('feed', ['floor', 'feedback'])).toBe('feedback')
    expect(nearestName('quux', ['floor', 'feedback'])).toBeUndefined()
  })
})
