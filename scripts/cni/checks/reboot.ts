import { Bench, describeFailure } from '../bench.ts'
import { createSandbox } from '../runtime/sandbox.ts'
import { Inapplicable, requireThat } from '../violation.ts'
import { always, type Checks } from './check.ts'
import { leavesNothing } from './leftovers.ts'
import { listState } from './verify.ts'

/** Prints what of /var/lib/cni is on disk. */
const SAVE = 'tar c -C /var/lib/cni . | base64'
const RESTORE = 'base64 -d | tar x -C /var/lib/cni'

/**
 * A node that lost its power: the kernel's network, /run and the containers are gone, files in /var/lib/cni are not. VMs
 * have no disk that they write to, so that a real power cut would show less: a second sandbox is the node after it.
 */
export const reboot: Checks<'DEL after a reboot: leaves nothing'> = {
  'DEL after a reboot: leaves nothing': {
    applies: always,
    run: async bench => {
      const { attachment, result, disk, files } = await within(bench, async before => {
        // The first name is that of another container, after the reboot.
        const [, container] = await before.containers(2)
        if (!container) throw new Error('there are two containers')
        const found = await before.addTo(before.runtime(), container)
        const disk = await before.mustRun(SAVE)
        return { attachment: container, result: found, disk, files: await listState(before) }
      })
      bench.note('files that survive the reboot', files.join('\n') || 'none')
      await within(bench, async after => {
        const runtime = after.runtime()
        const other = await after.container()
        await after.addTo(runtime, other)
        const [ended] = await runtime.del([other])
        if (ended?.failure) throw new Inapplicable(`DEL failed: ${describeFailure(ended)}`)
        await leavesNothing(after, [], 'ADD, a reboot, and DEL', async () => {
          await after.shell.run(['sh', '-c', RESTORE], disk)
          for (const plugin of [...bench.network.plugins].reverse()) {
            const { answer } = await runtime.call('DEL', plugin, attachment, result)
            requireThat(answer.ok, `the plugin ${plugin.type} ${answer.ok ? '' : answer.why}`)
          }
        })
      })
    },
  },
}

/** Calls a function in a sandbox within that of the check. */
async function within<T>(bench: Bench, run: (inner: Bench) => Promise<T>): Promise<T> {
  const sandbox = await createSandbox(bench.shell)
  const inner = new Bench(bench.network, sandbox.shell, bench.programs)
  try {
    if (bench.prepare !== undefined) await inner.mustRun(bench.prepare)
    return await run(inner)
  } finally {
    bench.evidence.push(...inner.evidence)
    await sandbox.remove()
  }
}
