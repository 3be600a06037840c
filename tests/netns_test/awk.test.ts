import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { tool } from '../needs.ts'
import { temporaryDirectory } from '../ovl/fixtures/archives.ts'
import { TREE } from './shell.ts'

const LIBRARY = path.join(TREE, 'usr/lib/netns')

/** Nodes have busybox awk or mawk; `gawk --lint` warns on stderr. */
const AWKS = [['gawk', '--lint'], ['mawk'], ['busybox', 'awk']] as const

interface Case {
  readonly programs: readonly string[]
  readonly variables?: Readonly<Record<string, string>>
  readonly input?: string
  /** Files in the working directory before it runs. */
  readonly files?: Readonly<Record<string, string>>
  readonly operands?: readonly string[]
}

/** Warnings about intended, portable behavior: counters start at 0, "" is a subscript, files are closed at exit. */
const INTENDED =
  /reference to uninitialized element|subscript of array .* is null string|no explicit close of file|data file .* is empty/

/** Runs a program; `-v work` is the working directory. Returns its output, exit status, warnings and files. */
function runAwk([awk, ...options]: (typeof AWKS)[number], directory: string, one: Case) {
  for (const [name, text] of Object.entries(one.files ?? {})) fs.writeFileSync(path.join(directory, name), text)
  const variables = Object.entries({ work: '.', ...one.variables }).flatMap(([name, value]) => [
    '-v',
    `${name}=${value}`,
  ])
  const programs = one.programs.flatMap(name => ['-f', path.join(LIBRARY, `${name}.awk`)])
  const words = [...options, ...variables, ...programs, ...(one.operands ?? [])]
  const { status, stdout, stderr } = spawnSync(tool(awk), words, {
    cwd: directory,
    encoding: 'utf8',
    input: one.input ?? '',
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
  })
  const left = fs.readdirSync(directory).map(name => [name, fs.readFileSync(path.join(directory, name), 'utf8')])
  const complaints = stderr.split('\n').filter(line => line && !INTENDED.test(line))
  return { status, stdout, complaints, files: Object.fromEntries(left) as Record<string, string> }
}

/** Runs a case with every awk, without warnings. */
function everyAwk(
  title: string,
  one: Case,
  check: (ran: ReturnType<typeof runAwk>) => readonly [unknown, unknown],
): void {
  for (const awk of AWKS)
    test(`${awk.join(' ')}: ${title}`, t => {
      const ran = runAwk(awk, temporaryDirectory(t), one)
      t.deepEqual(ran.complaints, [])
      const [found, expected] = check(ran)
      t.deepEqual(found, expected)
    })
}

const sorted = (text = '') => text.split('\n').filter(Boolean).toSorted()

everyAwk(
  'lists the targets of all PODs once; counts a forbidden address once, and not for its owner',
  {
    programs: ['matrix-silences', 'matrix-targets'],
    variables: { pairs: 'no', here: ' a b ' },
    input:
      'a 10.0.0.1 fd::1\nb 10.0.0.2\nc 10.0.0.3\n!d 10.0.0.4\n!b 10.0.0.5\n=a 10.0.0.1\n+a 1400 10.0.0.2\n+c 1400 10.0.0.2\n',
  },
  ({ stdout, files }) => [
    [
      stdout,
      files['all.first'],
      sorted(files.targets),
      files.controls,
      files.large,
      sorted(files.silences),
      files.forbidden,
    ],
    [
      '5 2\n',
      '10.0.0.1\nfd::1\n10.0.0.2\n10.0.0.3\n10.0.0.4\n10.0.0.5\n',
      ['a 10.0.0.1', 'a fd::1', 'b 10.0.0.2', 'c 10.0.0.3'],
      'a 10.0.0.1\n',
      'a 1400 10.0.0.2\n',
      ['* 2', 'b -1'],
      '!d 10.0.0.4\n!b 10.0.0.5\n',
    ],
  ],
)

everyAwk(
  'with pairs each POD has its own list',
  {
    programs: ['matrix-silences', 'matrix-targets'],
    variables: { pairs: 'yes', here: ' a b ' },
    input: 'a 10.0.0.2 10.0.0.3\nb 10.0.0.1\n!b 10.0.0.3\n!b 10.0.0.3\n',
  },
  ({ stdout, files }) => [
    [stdout, files['a.first'], files['b.first'], sorted(files.silences)],
    ['2 2\n', '10.0.0.2\n10.0.0.3\n', '10.0.0.1\n10.0.0.3\n', ['! 1', 'b 1']],
  ],
)

everyAwk(
  'marks an address that is expected for one POD and forbidden for another',
  {
    programs: ['matrix-silences', 'matrix-targets'],
    variables: { pairs: 'no', here: ' a ' },
    input: 'a 10.0.0.1\n!b 10.0.0.1\n',
  },
  ({ files }) => [sorted(files.silences), ['! 1', '* 1']],
)
everyAwk(
  'writes nothing without targets',
  { programs: ['matrix-silences', 'matrix-targets'], variables: { pairs: 'no', here: ' ' } },
  ({ stdout, files }) => [
    [stdout, files],
    ['0 0\n', {}],
  ],
)

const LISTS = {
  targets: 'a 10.0.0.1\nb 10.0.0.2\nc 10.0.0.3\n',
  silences: '* 2\nb -1\n',
  forbidden: '!d 10.0.0.4\n!b 10.0.0.5\n',
  controls: 'a 10.0.0.1\n',
}

everyAwk(
  'the first round prints answers, unanswered addresses, the number of silent ones, and a forbidden answer',
  {
    programs: ['matrix-silences', 'matrix-read'],
    variables: { pairs: 'no', sent: '1', again: 'no' },
    files: {
      ...LISTS,
      'a.said': '10.0.0.1 (0.05 ms)\n10.0.0.2 (1.5 ms)\n10.0.0.4 (2 ms)\nICMP Host Unreachable from 10.0.0.9\n',
    },
    operands: ['a'],
  },
  ({ stdout, files }) => [
    [stdout, sorted(files.results), files['a.to']],
    ['1 1\n', ['a ! 1', 'a 10.0.0.2 1 1 1.5 1.5 1.5', 'a 10.0.0.4 1 1 2 2 2'], '10.0.0.3\n'],
  ],
)

everyAwk(
  'a POD whose control did not answer must ping again',
  {
    programs: ['matrix-silences', 'matrix-read'],
    variables: { pairs: 'no', sent: '1', again: 'yes' },
    files: { ...LISTS, 'a.said': '', 'b.said': '10.0.0.1 (1 ms)\n10.0.0.3 (1 ms)\n' },
    operands: ['a', 'b'],
  },
  ({ stdout, files }) => [
    [stdout, sorted(files.results), files['a.to']],
    ['2 0 a\n', ['b ! 1', 'b 10.0.0.1 1 1 1 1 1', 'b 10.0.0.3 1 1 1 1 1'], undefined],
  ],
)
everyAwk(
  'reports the missed controls of a POD after the last attempt',
  {
    programs: ['matrix-silences', 'matrix-read'],
    variables: { pairs: 'no', sent: '1', again: 'no' },
    files: { ...LISTS, 'a.said': '' },
    operands: ['a'],
  },
  ({ files }) => [sorted(files.results).includes('a ? 10.0.0.1'), true],
)

everyAwk(
  'later rounds read the addresses that were left',
  {
    programs: ['matrix-silences', 'matrix-read'],
    variables: { pairs: 'no', sent: '2', again: 'no' },
    files: { 'a.to': '10.0.0.2\n10.0.0.3\n', 'a.said': '10.0.0.3 (4 ms)\n' },
    operands: ['a'],
  },
  ({ stdout, files }) => [
    [stdout, files.results, files['a.to']],
    ['1 1\n', 'a 10.0.0.3 2 1 4 4 4\n', '10.0.0.2\n'],
  ],
)

everyAwk(
  'an address that never answered has no times',
  { programs: ['matrix-rest'], variables: { sent: '3' }, files: { 'a.to': '10.0.0.2\n' }, operands: ['./a.to'] },
  ({ stdout }) => [stdout, 'a 10.0.0.2 3 0 - - -\n'],
)

everyAwk(
  'prints which large packets were answered',
  {
    programs: ['matrix-large'],
    files: { 'a.said': '10.0.0.2 (1 ms)\n', 'b.said': '' },
    input: 'a 1400 10.0.0.2 10.0.0.3\nb 1400 10.0.0.2\n',
  },
  ({ stdout }) => [stdout, 'a + 10.0.0.2 1\na + 10.0.0.3 0\nb + 10.0.0.2 0\n'],
)

everyAwk(
  'status is valid JSON with control characters in interface names',
  {
    programs: ['status-json'],
    variables: { npods: '4' },
    input: 'node\nvm-001\n[{"ifname":"a\u0001b"}]\n[]\npod\np1\n[]\n[1]\npod\np2\n[]\n[]\nstale\ns\n[]\n[]\n',
  },
  ({ stdout }) => [
    JSON.parse(stdout),
    {
      node: 'vm-001',
      npods: 4,
      interfaces: [{ ifname: 'a\u0001b' }],
      routes: [],
      pods: [
        { name: 'p1', interfaces: [], routes: [1] },
        { name: 'p2', interfaces: [], routes: [] },
      ],
      foreign: [],
      stale: ['s'],
    },
  ],
)

const versions = (...lists: string[]) =>
  lists.map(list => `{ "cniVersion": "1.0.0",\n "supportedVersions": ${list} }\n`).join('')
everyAwk(
  'selects the newest version that three plugins support',
  {
    programs: ['cni-versions'],
    variables: { plugins: '3' },
    input: versions('["0.3.1", "0.4.0", "1.0.0", "1.1.0"]', '["0.4.0","1.0.0","1.1.0"]', '["0.4.0","1.0.0"]'),
  },
  ({ stdout, status }) => [
    [stdout, status],
    ['1.0.0\n', 0],
  ],
)
for (const lists of [['["0.4.0"]', '["1.0.0"]'], ['["1.0.0"]', '"1.0.0"'], ['["1.0.0"]'], ['[]', '[]']])
  everyAwk(
    `finds no common version: ${lists.join(' and ')}`,
    { programs: ['cni-versions'], variables: { plugins: '2' }, input: versions(...lists) },
    ({ stdout, status }) => [
      [stdout, status],
      ['', 1],
    ],
  )

everyAwk(
  'reads the addresses from CNI results',
  {
    programs: ['cni-addresses'],
    variables: { targets: 'targets' },
    files: {
      'a.json': '{ "ips": [{ "address": "10.0.0.1/24" },\n { "address": "fd::1/64" }] }\n',
      'b.json': '{"ips":[{"address":"fd::2/64"},{"address":"10.0.0.2/24"}]}',
    },
    operands: ['a.json', 'b.json'],
  },
  ({ status, files }) => [
    [status, files.targets],
    [0, '10.0.0.1 a\nfd::1 a\nfd::2 b\n10.0.0.2 b\n'],
  ],
)
everyAwk(
  'refuses a result with only one family',
  {
    programs: ['cni-addresses'],
    variables: { targets: 'targets' },
    files: { 'a.json': '{"ips":[{"address":"10.0.0.1/24"}]}' },
    operands: ['a.json'],
  },
  ({ stdout, status }) => [
    [stdout, status],
    ['CNI gave a no address of each family, but: 10.0.0.1\n', 1],
  ],
)
