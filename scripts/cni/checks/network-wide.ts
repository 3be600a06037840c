import type { Bench } from '../bench.ts'
import { watchIpam } from '../ipam.ts'
import { Inapplicable, requireThat } from '../violation.ts'
import { type Checks, needsIpam } from './check.ts'
import { requireFailure, requireSuccess, requireWorking } from './outcomes.ts'
import { exhaustible, shrunk } from './pool.ts'
import { has, listState, newReservations } from './verify.ts'

const NOT_READY: readonly number[] = [50, 51]

/** Checks of the operations on a whole network: GC and STATUS. */
export const networkWide: Checks<
  | 'GC frees stale reservations'
  | 'GC keeps valid attachments'
  | 'GC calls IPAM'
  | 'GC returns the error of IPAM'
  | 'GC continues after an error'
  | 'STATUS when ready'
  | 'STATUS when IPAM is not ready'
  | 'STATUS with an exhausted pool'
> = {
  'GC frees stale reservations': {
    applies: has('GC', needsIpam),
    run: async bench => {
      const runtime = bench.runtime()
      const { keep, stale } = await reservations(bench)
      await runtime.gc([keep.attachment])
      const left = (await listState(bench)).find(file => stale.files.includes(file))
      requireThat(left === undefined, `the reservation of ${stale.attachment.containerId} is left: ${left}`)
    },
  },
  'GC keeps valid attachments': {
    applies: has('GC'),
    run: async bench => {
      const runtime = bench.runtime()
      const { keep } = await reservations(bench, { isOptional: true })
      const before = await bench.kernel(keep.attachment.netns)
      requireSuccess(await runtime.gc([keep.attachment]))
      const files = await listState(bench)
      const freed = keep.files.find(file => !files.includes(file))
      requireThat(freed === undefined, `the reservation of a valid attachment was freed: ${freed}`)
      const after = await bench.kernel(keep.attachment.netns)
      requireThat(JSON.stringify(before) === JSON.stringify(after), 'GC changed a valid attachment')
    },
  },
  'GC calls IPAM': {
    applies: has('GC', needsIpam),
    run: async bench => {
      const { cniPath, calls } = await watchIpam(bench)
      await bench.runtime(bench.network, { cniPath }).gc([])
      requireThat((await calls()).includes('GC'), 'GC did not call the IPAM plugin')
    },
  },
  'GC returns the error of IPAM': {
    applies: has('GC', needsIpam),
    run: async bench => {
      const { cniPath, fail, calls } = await watchIpam(bench)
      const runtime = bench.runtime(bench.network, { cniPath })
      requireWorking('GC fails also when nothing is wrong', await runtime.gc([]))
      await fail('GC')
      const outcome = await runtime.gc([])
      if (!(await calls()).includes('GC')) throw new Inapplicable('GC does not call the IPAM plugin')
      requireFailure(outcome, 'GC succeeded, and its IPAM plugin had failed')
    },
  },
  'GC continues after an error': {
    applies: has('GC', needsIpam),
    run: async bench => {
      const first = await reservations(bench)
      await bench.runtime().gc([first.keep.attachment])
      const [unfreed] = (await listState(bench)).filter(file => first.stale.files.includes(file))
      if (unfreed !== undefined) throw new Inapplicable(`GC does not free ${unfreed} without an error, either`)
      const { keep, stale } = await reservations(bench)
      // A reservation that cannot be read, before the stale one in any order.
      const [file = ''] = stale.files
      const directory = file.slice(0, file.lastIndexOf('/'))
      await bench.mustRun('mkdir "$1/0-bench" && mkdir "$1/0-bench/in-the-way"', directory)
      await bench.runtime().gc([first.keep.attachment, keep.attachment])
      const left = (await listState(bench)).find(each => stale.files.includes(each))
      requireThat(left === undefined, `GC stopped at an error: the reservation ${left} is left`)
    },
  },
  'STATUS when ready': {
    applies: has('STATUS'),
    run: async bench => {
      requireSuccess(await bench.runtime().status())
    },
  },
  'STATUS when IPAM is not ready': {
    applies: has('STATUS', needsIpam),
    run: async bench => {
      const { cniPath, fail } = await watchIpam(bench)
      await fail('STATUS', 50)
      const outcome = await bench.runtime(bench.network, { cniPath }).status()
      requireFailure(outcome, 'STATUS succeeded, and its IPAM plugin is not ready')
      const code = outcome.failure?.error?.code
      requireThat(code !== undefined && NOT_READY.includes(code), `STATUS failed with code ${code ?? 'none'}`)
    },
  },
  'STATUS with an exhausted pool': {
    applies: has('STATUS', exhaustible),
    run: async bench => {
      const runtime = bench.runtime(shrunk(bench.network))
      requireWorking('STATUS fails also when nothing is wrong', await runtime.status())
      await bench.attach(runtime)
      requireFailure(await runtime.status(), 'STATUS succeeded, and no address is free')
    },
  },
}

/** Attaches two containers, and finds the files of their reservations. */
async function reservations(bench: Bench, { isOptional = false } = {}) {
  const runtime = bench.runtime()
  const attached = []
  let known = await listState(bench)
  for (let count = 0; count < 2; count++) {
    const one = await bench.attach(runtime)
    const now = await listState(bench)
    const files = newReservations(known, now)
    if (files.length === 0 && !isOptional) throw new Inapplicable('ADD left no reservation in /var/lib/cni')
    attached.push({ ...one, files })
    known = now
  }
  const [keep, stale] = attached
  if (!keep || !stale) throw new Error('two containers were attached')
  bench.note('reservation of the valid attachment', keep.files.join('\n') || 'none')
  bench.note('reservation of the stale attachment', stale.files.join('\n') || 'none')
  return { keep, stale }
}
