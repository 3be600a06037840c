import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { tool } from '../../needs.ts'

const TOP = path.resolve(import.meta.dirname, '../../..')
const NETNS = path.join(TOP, 'netns.ts')

/** An interactive shell on a terminal. */
class Typist {
  readonly #child: ChildProcessWithoutNullStreams
  #shown = ''

  /** @param command of the shell; script(1) provides its terminal */
  constructor(t: ExecutionContext, command: string) {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-shell-'))
    this.#child = spawn(tool('script'), ['--quiet', '--command', command, '/dev/null'], {
      cwd: TOP,
      env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, TERM: 'xterm', LANG: 'C.UTF-8' },
    })
    this.#child.stdout.on('data', chunk => {
      this.#shown += chunk
    })
    const ended = new Promise(resolve => this.#child.once('close', resolve))
    t.teardown(async () => {
      // The shell exits when its terminal is closed.
      this.#child.kill('SIGKILL')
      await ended
      fs.rmSync(home, { recursive: true, force: true, maxRetries: 10 })
    })
  }

  /** Types, and waits until the new output matches. */
  async type(text: string, wanted: RegExp): Promise<void> {
    this.#shown = ''
    this.#child.stdin.write(text)
    const patience = AbortSignal.timeout(90_000)
    while (!wanted.test(plain(this.#shown))) {
      try {
        await once(this.#child.stdout, 'data', { signal: patience })
      } catch (cause) {
        throw new Error(`no ${wanted}, but ${JSON.stringify(plain(this.#shown))}`, { cause })
      }
    }
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals get bells
const plain = (shown: string) => stripVTControlCharacters(shown).replaceAll(/[\x07\r]/g, '')

/** Clears the line. */
const CLEAR = '\x15'

const SHELLS = {
  bash: { start: 'bash --norc --noprofile -i', source: 'source <(./netns.ts completion bash)' },
  zsh: {
    start: 'zsh -f -i',
    source: 'autoload -Uz compinit && compinit -u -D && source <(./netns.ts completion zsh)',
  },
  fish: { start: 'fish --no-config -i', source: './netns.ts completion fish | source' },
} as const

for (const [shell, { start, source }] of Object.entries(SHELLS)) {
  test(`${shell} completes commands, options, tests and reporters at Tab`, async t => {
    if (shell !== 'bash') tool(shell)
    const typist = new Typist(t, start)
    await typist.type(`${source}; echo rea''dy\n`, /ready/)
    await typist.type('./netns.ts sta\t', /status /)
    await typist.type(`${CLEAR}./netns.ts test cni_b\t`, /cni_bridge /)
    await typist.type(`${CLEAR}./netns.ts test bridge --until\t`, /--until-failure /)
    await typist.type(`${CLEAR}./netns.ts test --reporter ju\t`, /junit /)
    await typist.type(`${CLEAR}./netns.ts test --reporter=ju\t`, /--reporter=junit /)
    await typist.type(`${CLEAR}./netns.ts tar pack\t`, /package/)
    t.pass()
  })
}

test('refuses an unknown shell, with the known ones', t => {
  const { status, stdout, stderr } = spawnSync(NETNS, ['completion', 'tcsh'], { encoding: 'utf8' })
  t.deepEqual([status, stdout], [2, ''])
  t.regex(stderr, /'tcsh'.*bash, zsh, fish/)
})

test('prints valid scripts, which call the program by its path', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-shell-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  for (const shell of Object.keys(SHELLS)) {
    const script = execFileSync(NETNS, ['completion', shell], { encoding: 'utf8', cwd: '/' })
    t.true(script.includes(`${NETNS} completion-server`), shell)
    const file = path.join(directory, shell)
    fs.writeFileSync(file, script)
    const { status, stderr } = spawnSync(shell === 'bash' ? shell : tool(shell), ['-n', file], { encoding: 'utf8' })
    t.deepEqual([status, stderr], [0, ''], shell)
  }
})

test('never prints a message while the user types', t => {
  const line = './netns.ts exec '
  const environment = { PATH: process.env.PATH, COMP_LINE: line, COMP_POINT: String(line.length), SHELL: 'zsh' }
  for (const wrong of [{ XCLUSTER_NETNS_NAME: '/' }, { SHELL: 'tcsh' }, { COMP_LINE: '' }, { COMP_POINT: 'x' }]) {
    const env = { ...environment, HOME: '/nonexistent', ...wrong }
    const { status, stdout, stderr } = spawnSync(NETNS, ['completion-server', '--', 'x'], { env, encoding: 'utf8' })
    t.deepEqual([status, stderr], [0, ''], JSON.stringify(wrong))
    if (!('COMP_LINE' in wrong || 'COMP_POINT' in wrong)) t.is(stdout, '')
  }
})
