import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { type Call, changes, readCalls, recordedCalls, rndAddresses, scriptFor } from './contract.ts'
import { differences } from './contract-differences.ts'
import { program } from './program.ts'

/**
 * Calls that need a kind of interface that not every host's kernel has. Where it lacks one, only VMs show these calls
 * (npm run test:long).
 */
const NEEDS: Readonly<Record<string, RegExp>> = {
  'type dummy': / type dummy/,
  'type ip6tnl': /setup_overlay/,
  'link eth1 type ipvlan': /ipvlan/,
  'link eth1 type macvlan': /macvlan/,
  'link eth1 type vlan id 7': /create_vlans/,
}

/** Makes one of the two shells the node's /bin/sh. */
const SHELLS = { dash: 'ln -sf dash /bin/sh', ash: 'ln -sf busybox /bin/sh' }

for (const [shell, choose] of Object.entries(SHELLS))
  test(`every recorded call behaves like the original on ${shell}, except for the listed differences`, async t => {
    const { run, state } = program(t)
    const started = await run('test', 'start_empty', '--nvm=1', '--nets-vm=0,1,2', '--no-stop')
    t.is(started.status, 0, started.stderr)
    const lacking: RegExp[] = []
    for (const [device, calls] of Object.entries(NEEDS)) {
      const probe = `ip link add name probe ${device} && ip link delete probe`
      if ((await run('exec', 'vm-001', '--', 'sh', '-c', probe)).status !== 0) lacking.push(calls)
    }
    const wanted = recordedCalls.filter(
      ({ setup, command }) => !lacking.some(calls => calls.test(`${setup} ${command}`)),
    )
    fs.writeFileSync(path.join(state, 'rnd'), rndAddresses())
    fs.writeFileSync(path.join(state, 'calls'), `${choose}\n${scriptFor(wanted)}`)
    for (const [file, there] of [
      ['rnd', '/etc/rnd-addresses'],
      ['calls', '/run/calls'],
    ] as const)
      t.is((await run('cp', file, `vm-001:${there}`)).status, 0)
    const { stdout, stderr } = await run('exec', 'vm-001', '--', 'dash', '/run/calls')
    const [before, ...calls] = readCalls(stdout)
    t.is(calls.length, wanted.length, `${stdout.slice(-2000)}${stderr}`)
    for (const recorded of wanted) {
      const call = calls.find(({ name }) => name === recorded.case) as Call
      const { stdout, exit, state } = call
      const change = changes(before?.state ?? [], state)
      const deviation = {
        ...(exit !== recorded.exit && { exit }),
        ...(recorded.stdout !== undefined && stdout !== recorded.stdout && { stdout }),
        ...(recorded.state && changes(recorded.state, change).length > 0 && { state: changes(recorded.state, change) }),
      }
      const { why: _, ...listed } = differences[recorded.case] ?? { why: '' }
      t.deepEqual(deviation, listed, `${recorded.case}: ${recorded.command}\n${call.stderr}`)
      // PODs keep the kernel's defaults for SLAAC and DAD.
      for (const values of call.podDefaults) t.is(values, 'dad 1 ra 1 gen 0', recorded.case)
    }
  })

test('every listed difference refers to a recorded call, and has a reason', t => {
  for (const [name, { why, ...difference }] of Object.entries(differences)) {
    t.true(
      recordedCalls.some(recorded => recorded.case === name),
      name,
    )
    t.true(why.length > 20 && Object.keys(difference).length > 0, name)
  }
})
