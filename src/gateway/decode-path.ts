/** A path segment with its escapes resolved; one that is escaped wrongly stays as it is. */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
