import { existsSync, readFileSync } from 'node:fs'

/** The package's version; src/cli and dist/src/cli lie at different depths below package.json. */
export function packageVersion(): string {
  const found = ['../../package.json', '../../../package.json']
    .map(path => new URL(path, import.meta.url))
    .find(url => existsSync(url))
  if (found === undefined) throw new Error('package.json is missing beside the installed program')
  const { version } = JSON.parse(readFileSync(found, 'utf8')) as { readonly version: string }
  return version
}
