/** The part of a chat message that routing reads. */
export interface MessageText {
  readonly role: string
  /** A string, or a list of parts of which those with a `text` string count. */
  readonly content: unknown
}

/**
 * The text that routers see of a conversation: every string content and text part, joined by line breaks.
 * A single user message with a string content yields exactly that string.
 *
 * @example
 * promptText([{ role: 'user', content: 'Why?' }]) // 'Why?'
 */
export function promptText(messages: readonly MessageText[]): string {
  const texts: string[] = []
  for (const message of messages) {
    if (typeof message.content === 'string') texts.push(message.content)
    else if (Array.isArray(message.content)) collectParts(message.content, texts)
  }
  return texts.join('\n')
}

function collectParts(parts: readonly unknown[], texts: string[]): void {
  for (const part of parts) {
    if (typeof part === 'string') texts.push(part)
    else if (typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string') {
      texts.push(part.text)
    }
  }
}

/**
 * Estimates the tokens of a text where no tokenizer is at hand: a quarter token per character,
 * one for a character of a script written without spaces (U+2E80 to U+9FFF). At least 1 for a non-empty text.
 */
export function estimateTokens(text: string): number {
  let ideographs = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x2e80 && unit <= 0x9fff) ideographs++
  }
  return Math.ceil(ideographs + (text.length - ideographs) / 4)
}
