import test from 'ava'
import { readTerminalUse } from '../../scripts/settings/terminal.ts'

const terminal = { isTTY: true }
const file = {}

test('a terminal has colour and progress, a file neither', t => {
  t.deepEqual(readTerminalUse({}, terminal), { colour: true, progress: true })
  t.deepEqual(readTerminalUse({}, file), { colour: false, progress: false })
  t.deepEqual(readTerminalUse({ TERM: 'dumb' }, terminal), { colour: false, progress: false })
})

test('NO_COLOR wins over FORCE_COLOR, unless it is empty', t => {
  t.false(readTerminalUse({ NO_COLOR: '1', FORCE_COLOR: '1' }, terminal).colour)
  t.true(readTerminalUse({ NO_COLOR: '', FORCE_COLOR: '1' }, file).colour)
  t.false(readTerminalUse({ FORCE_COLOR: '0' }, file).colour)
})
