import test from 'ava'
import ssh2 from 'ssh2'
import { makeSshKey } from '../../../scripts/cluster/embedded/keys.ts'

test('every key of a thousand can be read', t => {
  for (let count = 0; count < 1000; count++) {
    const pair = makeSshKey()
    for (const text of [pair.private, pair.public]) if (ssh2.utils.parseKey(text) instanceof Error) return t.fail(text)
  }
  return t.pass()
})
