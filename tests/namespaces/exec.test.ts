import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import test from 'ava'
import { program } from './program.ts'

const netns = path.resolve(import.meta.dirname, '../../netns.ts')

test('exec runs commands in VMs and PODs, with streams, exit status and signals', async t => {
  const { run, runWith, start, state } = program(t)
  t.is((await run('test', 'bridge', '--nvm=2', '--no-stop')).status, 0)

  const inVm = await run('exec', 'vm-002', '--', 'sh', '-c', 'hostname; echo complaint >&2; exit 7')
  t.deepEqual(inVm, { status: 7, stdout: 'vm-002\n', stderr: 'complaint\n' })
  const inPod = await run('exec', 'vm-002-ns03', 'sh', '-c', 'hostname; ip -br address show eth0')
  t.regex(inPod.stdout, /^vm-002-ns03\neth0\S* +UP +172\.16\.2\.3\/24 1000::1:ac10:203\/120/)
  t.is((await run('exec', 'vm-001', "it's", 'no command')).status, 127)
  t.is((await run('exec', 'vm-001-ns01', 'nothing-of-this-name')).status, 127)
  t.is((await run('exec', 'vm-001', 'printf', '%s|', 'a b', "c'd", '$HOME', '')).stdout, "a b|c'd|$HOME||")

  // dropbear closes the connection for a command of 9,000 bytes.
  const words = Array.from({ length: 4000 }, (_, index) => `word-${index}`)
  for (const target of ['vm-001', 'vm-001-ns02'])
    t.is((await run('exec', target, '--', 'printf', '%s\\n', ...words)).stdout, `${words.join('\n')}\n`, target)

  const loop = 'printf "1\\n2\\n3\\n" | while read -r n; do "$0" exec $1 vm-001 -- sh -c "echo $n; cat"; done'
  const looped = (option: string) =>
    spawnSync('/bin/sh', ['-c', loop, netns, option], {
      env: { ...process.env, XDG_STATE_HOME: state },
      encoding: 'utf8',
    })
  t.is(looped('-n').stdout, '1\n2\n3\n')
  t.is(looped('').stdout, '1\n2\n3\n', 'without -n the first one takes the rest')
  const noInput = await run('exec', '-n', 'vm-001')
  t.is(noInput.status, 2)
  t.regex(noInput.stderr, /a command is required/)

  for (const target of ['vm-001', 'vm-001-ns02']) {
    const child = start([
      'exec',
      target,
      '--',
      'sh',
      '-c',
      'trap "echo terminated; exit 9" TERM; echo ready; while :; do sleep 0.1; done',
    ])
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    child.kill('SIGTERM')
    const { status, stdout } = await child.ended
    t.deepEqual([status, stdout], [9, 'ready\nterminated\n'], target)
  }

  const piped = spawn('/bin/sh', ['-c', 'seq 1 100000 | "$0" exec vm-001-ns01 -- wc -l', netns], {
    env: { ...process.env, XDG_STATE_HOME: state },
  })
  const [output] = await once(piped.stdout, 'data')
  t.is(String(output).trim(), '100000')

  const completed = async (line: string) => {
    const environment = { COMP_LINE: line, COMP_POINT: String(line.length), SHELL: 'bash' }
    return (await runWith(environment, 'completion-server', '--')).stdout.split('\n').filter(Boolean)
  }
  t.deepEqual(await completed('netns.ts exec vm-'), ['vm-001', 'vm-002'])
  const pods = [1, 2, 3, 4].map(number => `vm-002-ns0${number}`)
  t.deepEqual(await completed('netns.ts exec vm-002'), ['vm-002', ...pods], 'the VM tells its PODs')
  t.deepEqual(await completed('netns.ts exec --name other vm-002'), [])

  for (const [words, status, says] of [
    [['exec', 'vm-009', 'true'], 2, /'vm-009' is not a node or POD.*vm-001 vm-002/],
    [['exec', 'nobody', 'true'], 2, /'nobody' is not a node or POD/],
    [['exec', 'vm-001-ns99', 'true'], 2, /'vm-001-ns99' is not a POD of vm-001 .*vm-001-ns01/],
    [['exec', 'vm-001'], 2, /a command is required/],
    [['exec', '--name', 'other', 'vm-001', 'true'], 3, /no cluster 'other' is running/],
  ] as const) {
    const refused = await run(...words)
    t.is(refused.status, status, words.join(' '))
    t.regex(refused.stderr, says)
  }
})
