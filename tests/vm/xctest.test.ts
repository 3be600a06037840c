import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { type Ended, processesIn, program } from './program.ts'

const TOP = path.resolve(import.meta.dirname, '../..')
const OVLS = path.join(TOP, 'tests/xctest/ovl')
const MODEL = path.join(OVLS, 'model/model.sh')
const XCLUSTER = path.join(TOP, 'scripts/xctest/xcluster-embedded')

/** The model ovl's own test, on the embedded cluster, with a temporary state directory. */
function ovl(t: ExecutionContext) {
  const { state } = program(t)
  const call = (command: string, words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    new Promise<Ended>(resolve => {
      const environment = {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? '',
        XDG_STATE_HOME: state,
        XCLUSTER,
        XCLUSTER_OVLPATH: OVLS,
        XCTEST_HOOK: path.join(TOP, 'scripts/xctest/hook.sh'),
        __nvm: '2',
        __nrouters: '1',
        ...more,
      }
      const child = spawn(command, words, { cwd: state, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
      child.stdout.on('data', chunk => stdout.push(chunk))
      child.stderr.on('data', chunk => stderr.push(chunk))
      child.once('close', status =>
        resolve({ status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
      )
    })
  return {
    state,
    call,
    run: (words: readonly string[], more = {}) => call(MODEL, ['test', ...words], more),
  }
}

/** Processes of a state directory: VMs, switches, and ssh clients, whose arguments contain it. */
function processesOf(state: string): readonly string[] {
  const named = fs.readdirSync('/proc').flatMap(pid => {
    try {
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return /^ssh\b/.test(command) && command.includes(state) ? [command] : []
    } catch {
      return [] // none, or ended meanwhile
    }
  })
  return [...processesIn(state).map(String), ...named]
}

test('an ovl tests itself: sequential and concurrent steps, files, captures, nodes that join and leave', async t => {
  const { state, run, call } = ovl(t)
  const started = await run(['--no-stop', 'start'], { xcluster_WORDS: "it's two", SETUP: 'mine' })
  t.is(started.status, 0, started.stderr)
  t.regex(started.stdout, /SETUP=mine/)
  for (const name of ['files', 'captures', 'scaling']) {
    const { status, stdout, stderr } = await run([name])
    t.is(status, 0, `${name}: ${stdout}\n${stderr}`)
  }
  const rsh = async (node: string, command: string) => (await call(XCLUSTER, ['rsh', node, command])).stdout
  const variables = await rsh('1', '. /etc/profile; echo "$WORDS $PREFIX $DOMAIN $__mode $__nvm $__nrouters"')
  t.is(variables, "it's two fd00: xcluster dual-stack 2 1\n")
  t.regex(await rsh('1', 'cat /etc/hosts'), /^192\.168\.1\.201 vm-201$/m)
  const atOnce = `. "$XCTEST_HOOK"
    for round in 1 2 3 4 5 6 7 8 9 10; do
      for n in 1 2 3 4 5 6; do
        { answer=$(rsh 1 "echo $n; exit $n" </dev/null); echo "$answer $?"; } &
      done
      wait
    done`
  const answers = (await call('/bin/sh', ['-c', atOnce])).stdout.trim().split('\n')
  const expected = Array.from({ length: 60 }, (_, index) => Math.floor(index / 10) + 1).map(n => `${n} ${n}`)
  t.deepEqual(answers.sort(), expected, 'commands that run at once on one node')
  const { stdout: capture } = await call('/bin/sh', [
    '-c',
    `tcpdump -nr ${state}/xcluster-netns/xctest/default/captures/vm-001-eth1.pcap`,
  ])
  t.regex(capture, /192\.168\.1\.1 > 192\.168\.1\.2: ICMP echo request/)
  t.is((await call(XCLUSTER, ['stop'])).status, 0)
  await delay(1000)
  t.deepEqual(processesOf(state), [])
})

test('a complete test passes, and fails if a step fails on one node', async t => {
  const { run, call } = ovl(t)
  const passed = await run(['steps'])
  t.is(passed.status, 0, passed.stdout + passed.stderr)
  const parallel = await run(['failing_in_parallel'])
  t.is(parallel.status, 1)
  t.regex(parallel.stderr, /FAILED: fail_on 2: failed on vm-002 \(1\)/)
  const turn = await run(['failing_in_turn'])
  t.is(turn.status, 1)
  t.regex(turn.stderr, /FAILED: vm-001: exit 7: exit status 7/)
  t.notRegex(parallel.stdout + turn.stdout, /NOT-REACHED/)
  t.is((await call(XCLUSTER, ['stop'])).status, 0)
})
