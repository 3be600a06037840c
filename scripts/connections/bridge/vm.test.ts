import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { processesIn, program } from '../../../tests/vm/program.ts'

test('bridge passes with four VMs; summary and log are each complete; nothing is left', async t => {
  const { run, state } = program(t)
  const { status, stdout, stderr } = await run('test', 'bridge', '--results', 'results')
  t.is(status, 0, stderr)
  t.regex(stderr, /^\d\d:\d\d:\d\d \(0\): TEST CASE: bridge: /m)
  t.regex(stderr, /^ {2}\d\d:\d\d:\d\d \(4 nodes\): TEST CASE: Ping PODs.*: ok, [\d.]+ s$/m)
  for (const vm of ['vm-001', 'vm-002', 'vm-003', 'vm-004']) {
    const number = Number(vm.slice(-1))
    for (const pod of [1, 2, 3, 4]) {
      t.true(stdout.includes(`${vm}-ns0${pod} 172.16.${number}.${pod} answers`))
      t.true(stdout.includes(`${vm}-ns0${pod} 1000::1:ac10:${number}0${pod} answers`))
    }
    const brought = path.join(state, 'results/bridge', vm)
    const addresses = JSON.parse(fs.readFileSync(path.join(brought, 'addresses.json'), 'utf8'))
    t.true(JSON.stringify(addresses).includes(`172.16.${number}.0`))
    const { pods } = JSON.parse(fs.readFileSync(path.join(brought, 'status.json'), 'utf8'))
    t.is(pods.length, 4)
    t.true(JSON.stringify(pods[2]).includes(`172.16.${number}.3`))
    t.true(fs.existsSync(path.join(brought, 'console.log')))
  }
  t.regex(stderr, /passed: bridge\n(?:.*results: .*\n)?.*Total time: \d+ s\n$/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
  t.notRegex(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f]/)
  t.deepEqual(processesIn(state), [])
  t.deepEqual(fs.readdirSync(path.join(state, 'xcluster-netns/clusters')), [])
})
