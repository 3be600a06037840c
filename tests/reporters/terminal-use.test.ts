import test from 'ava'
import { readProgress, readTerminalUse } from '../../scripts/reporters/terminal-use.ts'

const terminal = { isTTY: true }
const file = {}

test('uses color and progress on a terminal, neither in a file', t => {
  t.deepEqual(readTerminalUse({}, terminal), { color: true, progress: true })
  t.deepEqual(readTerminalUse({}, file), { color: false, progress: false })
  t.deepEqual(readTerminalUse({ TERM: 'dumb' }, terminal), { color: false, progress: false })
})

test('NO_COLOR overrides FORCE_COLOR, unless it is empty', t => {
  t.false(readTerminalUse({ NO_COLOR: '1', FORCE_COLOR: '1' }, terminal).color)
  t.true(readTerminalUse({ NO_COLOR: '', FORCE_COLOR: '1' }, file).color)
  t.false(readTerminalUse({ FORCE_COLOR: '0' }, file).color)
  t.false(readTerminalUse({ FORCE_COLOR: 'false' }, terminal).color)
  t.false(readTerminalUse({ FORCE_COLOR: '' }, file).color, 'empty is as if it were not set')
  t.true(readTerminalUse({ FORCE_COLOR: '1', TERM: 'dumb' }, terminal).color)
})

test('shows live progress on a terminal, plain in a pipeline or on request', t => {
  const isLive = (environment: Record<string, string>, how?: string, stream = terminal) =>
    readTerminalUse(environment, stream, readProgress(how)).progress
  t.true(isLive({}))
  t.false(isLive({ CI: 'true' }))
  t.true(isLive({ CI: 'false' }))
  t.true(isLive({ CI: 'true' }, 'live'))
  t.false(isLive({}, 'plain'))
  t.false(isLive({ TERM: 'dumb' }, 'live'))
  t.false(readTerminalUse({}, file, 'live').progress, 'nothing draws into a file')
  t.true(readTerminalUse({}, terminal, 'plain').color)
})

test('refuses an invalid kind of progress, with its origin', t => {
  const wrong = (said: string, option?: string) => t.throws(() => readProgress(said, option))
  t.like(wrong('lively'), { code: 'BAD_VALUE', exitCode: 2 })
  t.regex(wrong('lively')?.message ?? '', /^--progress=lively: .*auto, live, plain/)
  t.regex(wrong('')?.message ?? '', /^--progress=: /)
  t.regex(wrong('x', 'XCLUSTER_NETNS_PROGRESS')?.message ?? '', /^XCLUSTER_NETNS_PROGRESS=x: /)
})
