import { readFileSync } from 'node:fs'
import { type ESTree, parseSync } from 'rolldown/utils'

/** One import, re-export, dynamic import or worker reference, as written. */
export interface ImportStatement {
  readonly specifier: string
  readonly line: number
  /** Nothing of it is left at run time. */
  readonly typeOnly: boolean
  /** Names that are imported as values; `*` for a whole module. */
  readonly valueNames: readonly string[]
}

/** A function, method or arrow function with its extent. */
export interface FunctionSpan {
  readonly name: string
  readonly line: number
  readonly lines: number
  /** Without the lines of the functions inside it: what one has to follow to follow this one. */
  readonly ownLines: number
}

/** A declaration that a module exports under its own name. */
export interface ExportedDeclaration {
  readonly name: string
  readonly kind: 'interface' | 'type' | 'function' | 'class' | 'const'
  readonly line: number
  /** The docstring without its asterisks; `null` where there is none. */
  readonly docstring: string | null
}

/** A mention of a global by name. */
export interface NameUse {
  readonly name: string
  readonly line: number
}

/** What the checks know of one TypeScript file. */
export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lineCount: number
  readonly imports: readonly ImportStatement[]
  readonly functions: readonly FunctionSpan[]
  readonly exports: readonly ExportedDeclaration[]
  /** Free-standing identifiers and `object.property` pairs of plain names. */
  readonly names: readonly NameUse[]
  /** Names of `let` and `var` at the top level. */
  readonly mutableAtTopLevel: readonly NameUse[]
}

/** Reads and parses one file; throws when it is no TypeScript. */
export function readSourceFile(root: string, path: string): SourceFile {
  return parseSourceFile(path, readFileSync(`${root}/${path}`, 'utf8'))
}

/** Parses the text of one file; throws when it is no TypeScript. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text, { lang: 'ts', sourceType: 'module' })
  const [error] = parsed.errors
  if (error) throw new SyntaxError(`${path}: ${error.message}`)
  const lineAt = lineCounter(text)
  const found = collect(parsed.program, lineAt)
  return {
    path,
    text,
    lineCount: text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: [...readImports(parsed.module, text, lineAt), ...found.references],
    functions: found.functions,
    exports: readExports(parsed.program, parsed.comments, text, lineAt),
    names: found.names,
    mutableAtTopLevel: readMutable(parsed.program, lineAt),
  }
}

type LineAt = (offset: number) => number
type ParsedModule = ReturnType<typeof parseSync>['module']
type Comment = ReturnType<typeof parseSync>['comments'][number]

function lineCounter(text: string): LineAt {
  const starts = [0]
  for (let i = 0; i < text.length; i++) if (text[i] === '\n') starts.push(i + 1)
  return offset => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}

function readImports(module: ParsedModule, text: string, lineAt: LineAt): readonly ImportStatement[] {
  const statics = module.staticImports.map(({ start, moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    line: lineAt(start),
    typeOnly: entries.length > 0 && entries.every(entry => entry.isType),
    valueNames: entries.filter(entry => !entry.isType).map(entry => entry.importName.name ?? '*'),
  }))
  const reexports = module.staticExports.flatMap(({ start, entries }) =>
    entries.flatMap(entry =>
      entry.moduleRequest === null
        ? []
        : [
            {
              specifier: entry.moduleRequest.value,
              line: lineAt(start),
              typeOnly: entry.isType,
              valueNames: entry.isType ? [] : [entry.importName.name ?? '*'],
            },
          ],
    ),
  )
  const dynamics = module.dynamicImports.flatMap(({ start, moduleRequest }) => {
    const literal = /^(['"])(.*)\1$/s.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2]
    return literal === undefined
      ? []
      : [{ specifier: literal, line: lineAt(start), typeOnly: false, valueNames: ['*'] }]
  })
  return [...statics, ...reexports, ...dynamics]
}

interface Collected {
  readonly functions: FunctionSpan[]
  readonly names: NameUse[]
  readonly references: ImportStatement[]
}

function collect(program: ESTree.Program, lineAt: LineAt): Collected {
  const found: Collected = { functions: [], names: [], references: [] }
  visit(program, null, (node, parent) => {
    const line = lineAt(node.start)
    if (isFunction(node) && node.body) {
      const lines = lineAt(node.end - 1) - line + 1
      found.functions.push({
        name: nameOf(node, parent),
        line,
        lines,
        ownLines: lines - innerLines(node, lineAt),
      })
    } else if (node.type === 'Identifier' && !isLabel(node, parent)) {
      found.names.push({ name: node.name, line })
    } else if (node.type === 'MemberExpression' && node.object.type === 'Identifier' && !node.computed) {
      if (node.property.type === 'Identifier') {
        found.names.push({ name: `${node.object.name}.${node.property.name}`, line })
      }
    } else if (node.type === 'TSImportType' && node.source.type === 'Literal') {
      found.references.push({ specifier: node.source.value, line, typeOnly: true, valueNames: [] })
    } else if (node.type === 'NewExpression') {
      const specifier = workerReference(node)
      if (specifier) found.references.push({ specifier, line, typeOnly: false, valueNames: ['*'] })
    }
  })
  return found
}

/** `new URL('./worker.ts', import.meta.url)` starts a module as surely as an import does. */
function workerReference(node: ESTree.NewExpression): string | null {
  const [path, base] = node.arguments
  if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL' || base?.type !== 'MemberExpression')
    return null
  return path?.type === 'Literal' &&
    typeof path.value === 'string' &&
    /^\.\.?\/.*\.[cm]?[jt]s$/.test(path.value)
    ? path.value
    : null
}

type FunctionNode = ESTree.Function | ESTree.ArrowFunctionExpression

function isFunction(node: ESTree.Node): node is FunctionNode {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  )
}

function nameOf(node: FunctionNode, parent: ESTree.Node | null): string {
  if (node.type !== 'ArrowFunctionExpression' && node.id) return node.id.name
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name
  if (
    (parent?.type === 'Property' ||
      parent?.type === 'MethodDefinition' ||
      parent?.type === 'PropertyDefinition') &&
    (parent.key.type === 'Identifier' || parent.key.type === 'PrivateIdentifier')
  ) {
    return parent.key.name
  }
  return 'anonymous function'
}

/** Lines that the functions inside a function take up; the line on which one starts stays with the outer one. */
function innerLines(node: FunctionNode, lineAt: LineAt): number {
  let lines = 0
  const count = (inner: ESTree.Node): boolean => {
    if (inner === node || !isFunction(inner)) return true
    lines += lineAt(inner.end - 1) - lineAt(inner.start)
    return false
  }
  visitWhile(node, count)
  return lines
}

/** Visits a node and what is below it, as long as `enter` says to go deeper. */
function visitWhile(node: ESTree.Node, enter: (node: ESTree.Node) => boolean): void {
  if (enter(node)) for (const child of childrenOf(node)) visitWhile(child, enter)
}

/** The name of a property or a key, which refers to no variable. */
function isLabel(node: ESTree.Node, parent: ESTree.Node | null): boolean {
  if (parent?.type === 'MemberExpression') return parent.property === node && !parent.computed
  if (parent?.type === 'Property') return parent.key === node && !parent.shorthand
  return (
    parent?.type === 'MethodDefinition' ||
    parent?.type === 'PropertyDefinition' ||
    parent?.type === 'TSPropertySignature' ||
    parent?.type === 'TSMethodSignature' ||
    parent?.type === 'TSTypeReference'
  )
}

function visit(
  node: ESTree.Node,
  parent: ESTree.Node | null,
  enter: (node: ESTree.Node, parent: ESTree.Node | null) => void,
): void {
  enter(node, parent)
  for (const child of childrenOf(node)) visit(child, node, enter)
}

function childrenOf(node: ESTree.Node): readonly ESTree.Node[] {
  return Object.values(node).flatMap(value => (Array.isArray(value) ? value : [value]).filter(isNode))
}

function isNode(value: unknown): value is ESTree.Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function readExports(
  program: ESTree.Program,
  comments: readonly Comment[],
  text: string,
  lineAt: LineAt,
): readonly ExportedDeclaration[] {
  const found: ExportedDeclaration[] = []
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || !statement.declaration) continue
    const docstring = docstringBefore(statement.start, comments, text)
    for (const { name, kind } of declaredNames(statement.declaration)) {
      // Overloads are one function: the first signature carries the docstring.
      if (!found.some(other => other.name === name)) {
        found.push({ name, kind, line: lineAt(statement.start), docstring })
      }
    }
  }
  return found
}

function declaredNames(
  declaration: ESTree.Declaration,
): readonly Pick<ExportedDeclaration, 'name' | 'kind'>[] {
  switch (declaration.type) {
    case 'TSInterfaceDeclaration':
      return [{ name: declaration.id.name, kind: 'interface' }]
    case 'TSTypeAliasDeclaration':
      return [{ name: declaration.id.name, kind: 'type' }]
    case 'ClassDeclaration':
      return declaration.id ? [{ name: declaration.id.name, kind: 'class' }] : []
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
      return declaration.id ? [{ name: declaration.id.name, kind: 'function' }] : []
    case 'VariableDeclaration':
      return declaration.declarations.flatMap(({ id }) =>
        id.type === 'Identifier' ? [{ name: id.name, kind: 'const' as const }] : [],
      )
    default:
      return []
  }
}

function docstringBefore(start: number, comments: readonly Comment[], text: string): string | null {
  const comment = comments.findLast(({ end }) => end <= start)
  if (comment?.type !== 'Block' || !comment.value.startsWith('*')) return null
  if (text.slice(comment.end, start).trim() !== '') return null
  return comment.value
    .slice(1)
    .split('\n')
    .map(line => line.replace(/^\s*\*? ?/, '').trimEnd())
    .join('\n')
    .trim()
}

function readMutable(program: ESTree.Program, lineAt: LineAt): readonly NameUse[] {
  return program.body.flatMap(statement => {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration?.type !== 'VariableDeclaration') return []
    if (declaration.kind !== 'let' && declaration.kind !== 'var') return []
    return declaration.declarations.flatMap(({ id, start }) =>
      id.type === 'Identifier' ? [{ name: id.name, line: lineAt(start) }] : [],
    )
  })
}
