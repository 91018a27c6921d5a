/** What a piece of text means; the palette says how it looks. */
export type Tone = 'plain' | 'title' | 'strong' | 'dim' | 'good' | 'bad' | 'floor' | 'accent' | 'water'

/** Text with one tone. Never holds control characters. */
export interface Span {
  readonly text: string
  readonly tone: Tone
  /** Below the waterline: painted on a dark blue ground. */
  readonly submerged?: boolean
}

/** One line of a screen. */
export type Line = readonly Span[]

/** SGR parameters of each tone, 256 colours. */
const COLOURS: Readonly<Record<Tone, string>> = {
  plain: '',
  title: '1;38;5;231',
  strong: '1',
  dim: '38;5;245',
  good: '38;5;78',
  bad: '38;5;209',
  floor: '38;5;80',
  accent: '38;5;221',
  water: '38;5;31',
}

/** Without colour only weight tells tones apart. */
const MONOCHROME: Readonly<Record<Tone, string>> = {
  plain: '',
  title: '1',
  strong: '1',
  dim: '',
  good: '',
  bad: '1',
  floor: '',
  accent: '',
  water: '',
}

const SUBMERGED = '48;5;17'

/** A span of the plain tone, or of another. */
export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone }
}

/** How many columns a line takes; every character that the demo draws is one column wide. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + [...text].length, 0)
}

/** Cuts a line to a width, or fills it up with spaces. */
export function fitLine(line: Line, width: number): Line {
  const fitted: Span[] = []
  let left = width
  for (const part of line) {
    if (left <= 0) break
    const characters = [...part.text].slice(0, left)
    fitted.push({ ...part, text: characters.join('') })
    left -= characters.length
  }
  return left > 0 ? [...fitted, span(' '.repeat(left))] : fitted
}

/** A line with one part at the left and one at the right edge; the right part wins where both do not fit. */
export function spread(left: Line, right: Line, width: number): Line {
  return [...fitLine(left, Math.max(0, width - lineWidth(right))), ...right]
}

/** A line as text for a terminal, with or without colours. */
export function paintLine(line: Line, colour: boolean): string {
  return line
    .map(({ text, tone, submerged }) => {
      const ground = submerged && colour ? SUBMERGED : ''
      const codes = [(colour ? COLOURS : MONOCHROME)[tone], ground].filter(code => code !== '').join(';')
      return codes === '' ? text : `\u001b[${codes}m${text}\u001b[0m`
    })
    .join('')
}

/** Whether to use colours: `NO_COLOR` (any value but the empty one) and dumb terminals say no. */
export function wantsColour(environment: Readonly<Record<string, string | undefined>>): boolean {
  return (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb'
}
