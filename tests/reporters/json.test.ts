import test from 'ava'
import fc from 'fast-check'
import type { NewEvent } from '../../scripts/events/events.ts'
import { json } from '../../scripts/reporters/json.ts'
import { conforms, schemaNamed } from '../schema.ts'
import { broken, failing, flaky, interrupted, play, writing } from './fixtures/runs.ts'

test('writes every event as a line, in order, with the version in the first one', async t => {
  const lines = (await play(failing, json)).trimEnd().split('\n')
  const events = lines.map(line => JSON.parse(line))
  t.deepEqual(
    events.map(({ type }) => type),
    failing.map(({ type }) => type),
  )
  t.is(events[0].version, 1)
  t.is(events[1].at - events[0].at, 1000)
})

test('conforms to the published schema, which rejects invalid lines', async t => {
  for (const run of [failing, flaky, interrupted, broken]) {
    for (const line of (await play(run, json)).trimEnd().split('\n')) conforms(t, 'event', JSON.parse(line))
  }
  const [first = ''] = (await play(failing, json)).split('\n')
  t.false(schemaNamed('event')({ ...JSON.parse(first), tests: 'bridge' }))
})

test('escapes control characters without loss', async t => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async said => {
      const text = await play(writing([said]), json)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      t.notRegex(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
      const output = text
        .split('\n')
        .map(line => JSON.parse(line || '{}'))
        .find(({ type }) => type === 'output')
      t.is(output.line, said)
    }),
  )
})

test('writes a matrix in the format of matrix.json', async t => {
  const pod = { pod: 'vm-001-ns01', node: 'vm-001' }
  const other = { pod: 'vm-001-ns02', node: 'vm-001', interface: 'eth0', address: '172.16.1.2', family: 4 } as const
  const matrix: NewEvent = {
    type: 'matrix',
    test: 'bridge',
    text: '1 of 1 pairs answer',
    matrix: { reach: 'all', sources: [pod], destinations: [other], rows: [[{ sent: 1, received: 1 }]] },
  }
  const event = JSON.parse(await play([matrix], json))
  t.is(event.text, '1 of 1 pairs answer')
  t.deepEqual(event.matrix.rows, [[[1, 1]]])
})
