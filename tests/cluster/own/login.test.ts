import test from 'ava'
import { logIn } from '../../../scripts/cluster/own/login.ts'
import type { Failure } from '../../../scripts/errors/failure.ts'
import { temporaryDirectory } from '../../ovl/fixtures/archives.ts'

test("names the cluster's key if it is gone", async t => {
  const directory = temporaryDirectory(t)
  const node = { number: 1, name: 'vm-001', role: 'worker', nets: [0, 1], port: 1 } as const
  const failure = (await t.throwsAsync(logIn(directory, node, 'AAAA'))) as Failure
  t.is(failure.code, 'CLUSTER_DAMAGED')
  t.true(failure.message.startsWith(`${directory}/id_ed25519 is gone`), failure.message)
})
