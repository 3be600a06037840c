import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { commandsOf } from '../../scripts/command-line/finish.ts'
import { theProgram } from '../command-line/program.ts'

const TOP = path.resolve(import.meta.dirname, '../..')
const PAGES = [
  ...fs.readdirSync(TOP),
  ...['docs', 'scripts/connections', 'examples'].flatMap(directory =>
    fs
      .readdirSync(path.join(TOP, directory), { recursive: true, encoding: 'utf8' })
      .map(file => `${directory}/${file}`),
  ),
].filter(file => file.endsWith('.md'))
const read = (page: string): string => fs.readFileSync(path.join(TOP, page), 'utf8')

/** The anchors that GitHub gives to the headings of a page. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )

/** The relative links of a page that lead nowhere. */
function deadLinks(page: string, text: string): readonly string[] {
  const links = [...text.matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g)].map(([, link = '']) => link)
  return links.filter(link => {
    const [file = '', anchor] = link.split('#')
    const target = path.join(TOP, path.dirname(page), file || path.basename(page))
    if (!fs.existsSync(target)) return true
    return anchor !== undefined && !anchorsOf(fs.readFileSync(target, 'utf8')).includes(anchor)
  })
}

const commands = new Map(commandsOf(await theProgram()).map(command => [command.name(), command]))

/** Options for a single node, as in `--mem1=512`: the help describes them once for all nodes. */
const OF_NODES = /^--(mem|smp|nets)(\d+|-vm|-router)$/

/** The calls of this program in a page that name an unknown command or option. */
function unknownWords(text: string): readonly string[] {
  const calls = text.matchAll(/(?:\.\/netns\.ts|npx xcluster-netns) ([a-z][\w-]*)((?: [^`|>#;&)\n]+)?)/g)
  return [...calls].flatMap(([, name = '', rest = '']) => {
    const command = commands.get(name)
    if (!command) return name === 'help' ? [] : [name]
    const own = rest.split(' -- ')[0] ?? ''
    const used = [...own.matchAll(/(?<=\s)--?[a-zA-Z][\w-]*/g)].map(([option]) => option)
    const known = command.options.flatMap(({ short, long }) => [short, long])
    return used.filter(option => !known.includes(option) && !OF_NODES.test(option)).map(option => `${name} ${option}`)
  })
}

test('all relative links and anchors of the pages exist', t => {
  t.true(PAGES.includes('README.md') && PAGES.length > 15)
  t.deepEqual(
    PAGES.flatMap(page => deadLinks(page, read(page)).map(link => `${page}: ${link}`)),
    [],
  )
  const text =
    '# One `page`\n[a](#one-page) [b](missing.md) [c](hosts.md#nowhere) [d](guests.md#packages) [e](https://e.org)'
  t.deepEqual(deadLinks('docs/hosts.md', text), ['#one-page', 'missing.md', 'hosts.md#nowhere'])
})

test('the pages that sources cite exist', t => {
  const sources = fs.readdirSync(path.join(TOP, 'scripts'), { recursive: true, encoding: 'utf8' })
  const cited = sources
    .filter(file => /\.(?:ts|mjs|sh|pl)$/.test(file))
    .flatMap(file => read(`scripts/${file}`).match(/\bdocs\/[\w-]+\.(?:md|json)\b/g) ?? [])
  t.true(cited.includes('docs/xcluster.md'))
  t.deepEqual(
    [...new Set(cited)].filter(file => !fs.existsSync(path.join(TOP, file))),
    [],
  )
})

test('all commands and options in the pages exist', t => {
  t.deepEqual(
    PAGES.flatMap(page => unknownWords(read(page)).map(word => `${page}: ${word}`)),
    [],
  )
  const text = './netns.ts test bridge --mem3=512 --colour\n./netns.ts start\n./netns.ts exec vm-001 -- ip --no-such'
  t.deepEqual(unknownWords(text), ['test --colour', 'start'])
})
