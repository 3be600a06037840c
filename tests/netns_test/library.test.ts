import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { TREE } from './shell.ts'

const LIBRARY = path.join(TREE, 'usr/lib/netns')
/** Read whatever the command is. */
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

/** What is read at once: before the first function. */
const headerOf = (text: string) => text.slice(0, text.search(/^\w+\(\)/m))

/** The parts, and those that they need in turn when they are read. */
function withTheirNeeds(parts: readonly string[], found = new Set<string>()): ReadonlySet<string> {
  for (const part of parts.filter(one => !found.has(one))) {
    found.add(part)
    withTheirNeeds(needsIn(headerOf(texts.get(part) ?? '')), found)
  }
  return found
}

const constantsOf = (text: string) => [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name)

/** What a text calls of other parts: functions and constants, and their parts. */
const callsIn = (text: string, own: string) =>
  [...texts].flatMap(([part, other]) => {
    if (part === own) return []
    const functions = functionsOf(other).filter(name => new RegExp(`(?<![\\w$./{-])${name}(?![\\w.-])`).test(text))
    const constants = constantsOf(other).filter(name => new RegExp(`\\$\\{?${name}\\b`).test(text))
    return [...functions, ...constants].map(name => ({ name, part }))
  })

test('every part of the library needs what it calls', t => {
  for (const [part, text] of texts) {
    const header = headerOf(text)
    const ofAll = [...ALWAYS, part, ...needsIn(header)]
    // A function that needs more says so itself; what has none of it is called by those that have.
    for (const body of text.slice(header.length).split(/(?<=^\})$/m)) {
      const own = needsIn(body)
      const there = withTheirNeeds([...ofAll, ...own])
      for (const { name, part: from } of callsIn(body, part))
        t.true(there.has(from), `${part}: ${body.trim().split('\n')[0]} calls ${name} of ${from}`)
    }
  }
})

test('every command is found by the name that help tells', t => {
  const program = fs.readFileSync(path.join(LIBRARY, '../../../bin/netns_test'), 'utf8')
  const table = /need_for\(\) \{[\s\S]*?\n\}/.exec(program)?.[0] ?? ''
  for (const [part, text] of texts) {
    if (ALWAYS.includes(part)) continue
    // Steps are found by their files' names.
    for (const name of functionsOf(text).filter(one => one.startsWith('cmd_')))
      if (part !== `steps/${name.slice(4)}`) t.regex(table, new RegExp(`\\b${name.slice(4)}\\b`), `${name} of ${part}`)
  }
})
