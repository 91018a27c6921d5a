import { describe, expect, it } from 'vitest'
import { estimateTokens, promptText } from './prompt-text.ts'

describe('promptText', () => {
  it('is the text of a single message, exactly', () => {
    expect(promptText([{ role: 'user', content: '  Why?\n' }])).toBe('  Why?\n')
  })

  it('joins messages and text parts by line breaks and leaves out everything else', () => {
    const text = promptText([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [{ type: 'text', text: 'See:' }, { type: 'image_url', image_url: {} }, null, 'raw'],
      },
      { role: 'assistant', content: null },
      { role: 'tool', content: 3 },
    ])
    expect(text).toBe('Be brief.\nSee:\nraw')
  })

  it('is empty without text', () => {
    expect(promptText([])).toBe('')
  })
})

describe('estimateTokens', () => {
  it.each([
    ['', 0],
    ['a', 1],
    ['abcdefgh', 2],
    ['abcdefghi', 3],
    ['水火', 2],
    ['水火abcd', 3],
  ])('%j has %i', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens)
  })
})
