import { always, type Checks } from './check.ts'
import { leavesNothing } from './leftovers.ts'
import { detach, requireDelWith } from './outcomes.ts'
import { listState } from './verify.ts'

/** Prints what of /var/lib/cni is on disk. */
const SAVE = 'tar c -C /var/lib/cni . | base64'
const RESTORE = 'base64 -d | tar x -C /var/lib/cni'

/**
 * A node that lost its power: the kernel's network, /run and the containers are gone, files in /var/lib/cni are not.
 * Nodes have no disk that they write to: a second sandbox is the node after it. tests/long/cni/power-cut.test.ts cuts
 * the power of a VM with a disk.
 */
export const reboot: Checks<'DEL after a reboot: leaves nothing'> = {
  'DEL after a reboot: leaves nothing': {
    applies: always,
    run: async bench => {
      const { attachment, result, disk, files } = await bench.within(async before => {
        // The first name is that of another container, after the reboot.
        const [, container] = await before.containers(2)
        if (!container) throw new Error('there are two containers')
        const found = await before.addTo(before.runtime(), container)
        const disk = await before.mustRun(SAVE)
        return { attachment: container, result: found, disk, files: await listState(before) }
      })
      bench.note('files that survive the reboot', files.join('\n') || 'none')
      await bench.within(async after => {
        const runtime = after.runtime()
        const other = await after.container()
        await after.addTo(runtime, other)
        await detach(runtime, other)
        await leavesNothing(after, [], 'ADD, a reboot, and DEL', async () => {
          await after.shell.run(['sh', '-c', RESTORE], disk)
          await requireDelWith(runtime, attachment, result)
        })
      })
    },
  },
}
