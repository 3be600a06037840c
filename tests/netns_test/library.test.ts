import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { TREE } from './shell.ts'

const LIBRARY = path.join(TREE, 'usr/lib/netns')
/** Sourced for every command. */
const ALWAYS = ['log', 'environment']

const texts = new Map(
  (fs.readdirSync(LIBRARY, { recursive: true }) as string[])
    .filter(file => file.endsWith('.sh'))
    .map(file => {
      const text = fs.readFileSync(path.join(LIBRARY, file), 'utf8')
      return [file.replace(/\.sh$/, ''), text.replaceAll(/^\s*#.*$/gm, '')] as const
    }),
)
const functionsOf = (text: string) => [...text.matchAll(/^(\w+)\(\)/gm)].map(([, name = '']) => name)
const needsIn = (text: string) =>
  [...text.matchAll(/^\s*need ([\w ]+)$/gm)].flatMap(([, parts = '']) => parts.split(' '))

/** The code before the first function, which runs when the part is sourced. */
const headerOf = (text: string) => text.slice(0, text.search(/^\w+\(\)/m))

/** Parts with their transitive `need`s. */
function withTheirNeeds(parts: readonly string[], found = new Set<string>()): ReadonlySet<string> {
  for (const part of parts.filter(one => !found.has(one))) {
    found.add(part)
    withTheirNeeds(needsIn(headerOf(texts.get(part) ?? '')), found)
  }
  return found
}

const constantsOf = (text: string) => [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name)

/** Functions and constants of other parts that a text uses. */
const callsIn = (text: string, own: string) =>
  [...texts].flatMap(([part, other]) => {
    if (part === own) return []
    const functions = functionsOf(other).filter(name => new RegExp(`(?<![\\w$./{-])${name}(?![\\w.-])`).test(text))
    const constants = constantsOf(other).filter(name => new RegExp(`\\$\\{?${name}\\b`).test(text))
    return [...functions, ...constants].map(name => ({ name, part }))
  })

test('every part of the library needs the parts that it uses', t => {
  for (const [part, text] of texts) {
    const header = headerOf(text)
    const ofAll = [...ALWAYS, part, ...needsIn(header)]
    // A function may need more than its part.
    for (const body of text.slice(header.length).split(/(?<=^\})$/m)) {
      const own = needsIn(body)
      const there = withTheirNeeds([...ofAll, ...own])
      for (const { name, part: from } of callsIn(body, part))
        t.true(there.has(from), `${part}: ${body.trim().split('\n')[0]} calls ${name} of ${from}`)
    }
  }
})

test('the dispatcher knows every command of the library', t => {
  const program = fs.readFileSync(path.join(LIBRARY, '../../../bin/netns_test'), 'utf8')
  const table = /need_for\(\) \{[\s\S]*?\n\}/.exec(program)?.[0] ?? ''
  for (const [part, text] of texts) {
    if (ALWAYS.includes(part)) continue
    // The dispatcher finds steps by their file names.
    for (const name of functionsOf(text).filter(one => one.startsWith('cmd_')))
      if (part !== `steps/${name.slice(4)}`) t.regex(table, new RegExp(`\\b${name.slice(4)}\\b`), `${name} of ${part}`)
  }
})
