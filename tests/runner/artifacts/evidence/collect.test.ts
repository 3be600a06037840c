import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import type { RunningCluster } from '../../../../scripts/cluster/cluster.ts'
import type { NewEvent } from '../../../../scripts/events/events.ts'
import { collectEvidence, removeEvidence } from '../../../../scripts/runner/artifacts/evidence/collect.ts'
import type { Node } from '../../../../scripts/ssh/node.ts'
import { archiveOf, nodeOf } from './node.ts'

const clusterOf = (...nodes: Node[]): RunningCluster => ({
  name: 'default',
  nodes,
  keep: async () => {},
  verify: async () => {},
  stop: async () => {},
  console: async ({ name }) => `${'booting\n'.repeat(100)}console of ${name}\n`,
  diagnose: async () => ({ gone: false, how: 'lives', console: [] }),
})

const failureOn = (node: string, why: string, lastLines: readonly string[] = []) => ({
  ...{ test: 'bridge', step: 'bridge_ping', index: 3 },
  ...{ node, why, lastLines },
})

async function collect(t: ExecutionContext, cluster: RunningCluster, failures: ReturnType<typeof failureOn>[]) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-evidence-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  const events: NewEvent[] = []
  const emit = (event: NewEvent) => events.push(event)
  const target = path.join(directory, 'evidence')
  const signal = new AbortController().signal
  await collectEvidence({
    cluster,
    test: 'bridge',
    directory: target,
    failures,
    reasons: ['likely cause: vm-002-ns03: eth0 is down'],
    emit,
    signal,
  })
  return { directory: target, events, read: (file: string) => fs.readFileSync(path.join(target, file), 'utf8') }
}

/** Records its input, and answers with files. */
const answering = (name: string, asked: string[], files: Readonly<Record<string, string>>) =>
  nodeOf(name, async ({ stdin, stdout }) => {
    asked.push(
      `${name}: ${String((stdin as Readable).read())
        .trim()
        .replaceAll('\n', '; ')}`,
    )
    stdout.write(archiveOf(files))
    return 0
  })

test('inspects only the node of a failed step and the PODs that it named', async t => {
  const asked: string[] = []
  const cluster = clusterOf(
    answering('vm-001', asked, {}),
    answering('vm-002', asked, { 'vm-002/routes.txt': 'default', 'vm-002-ns03/addresses.txt': 'x'.repeat(20_000) }),
  )
  const silent = 'no answer to ping: vm-002-ns03, address 172.16.2.3'
  const lastLines = ['vm-002-ns01 172.16.2.1 answers', `12:00:00 (vm-002): FAILED: ${silent}`]
  const failures = [failureOn('vm-002', silent, lastLines)]
  const { directory, events, read } = await collect(t, cluster, failures)
  t.deepEqual(asked, ['vm-002: pod vm-002-ns03; end'])
  t.is(read('vm-002/routes.txt'), 'default')
  t.is(read('vm-002-ns03/addresses.txt').length, 20_000)
  t.regex(read('vm-002/console.txt'), /^(booting\n){59}console of vm-002\n$/)
  t.regex(
    read('evidence.txt'),
    /^likely cause: vm-002-ns03: eth0 is down\nbridge_ping on vm-002: no answer to ping: vm-002-ns03/,
  )
  t.deepEqual(events.at(-1), { type: 'artefact', test: 'bridge', path: directory, what: 'evidence' })
  const shown = events.flatMap(event => (event.type === 'evidence' ? [event] : []))
  t.deepEqual(
    shown.map(({ node, subject, what }) => [node, subject, what]),
    [
      ['vm-002', 'vm-002', 'routes'],
      ['vm-002', 'vm-002-ns03', 'addresses'],
      ['vm-002', 'vm-002', 'console'],
    ],
  )
  t.regex(shown[1]?.text ?? '', /^x{8192}\n… and 11808 characters more, in the file$/)
  removeEvidence(directory)
  t.false(fs.existsSync(directory))
})

test('inspects some of many nodes, and counts the rest', async t => {
  const asked: string[] = []
  const names = Array.from({ length: 20 }, (_, index) => `vm-${String(index + 1).padStart(3, '0')}`)
  const cluster = clusterOf(...names.map(name => answering(name, asked, { [`${name}/fdb.txt`]: '' })))
  const { read } = await collect(
    t,
    cluster,
    names.map(name => failureOn(name, 'it failed')),
  )
  t.is(asked.length, 8)
  t.regex(read('evidence.txt'), /^not inspected: 12 more nodes$/m)
})

test('keeps the console of a lost node, and the reason for missing evidence', async t => {
  const lost = nodeOf('vm-001', async () => {
    throw new Error('the connection was closed')
  })
  const { events, read } = await collect(t, clusterOf(lost), [failureOn('vm-001', 'lost')])
  t.regex(read('evidence.txt'), /^no evidence from vm-001: the connection was closed$/m)
  t.regex(read('vm-001/console.txt'), /console of vm-001/)
  t.is(events.filter(({ type }) => type === 'evidence').length, 1)
})
