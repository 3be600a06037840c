import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ExecutionContext } from 'ava'

/** A fake xcluster command that can fail in various ways. It starts no VMs. */
export interface FakeXcluster {
  readonly directory: string
  /** $XCLUSTER */
  readonly command: string
  /** Arguments of all calls so far. */
  calls(): readonly string[]
}

/**
 * @param branches of a shell's `case` on the first argument, which override the successful ones: `stop) exit 1 ;;`
 */
export function fakeXcluster(t: ExecutionContext, branches = ''): FakeXcluster {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-xcluster-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  const command = path.join(directory, 'xcluster.sh')
  fs.mkdirSync(path.join(directory, 'tmp'))
  fs.writeFileSync(path.join(directory, 'hd.img'), '')
  const script = `#!/bin/sh
directory='${directory}'
echo "$*" >>"$directory/calls"
env >"$directory/env-of-$1"
case $1 in
${branches}
env)
  echo "XCLUSTER_HOME='$directory'"
  echo "XCLUSTER_TMP='$directory/tmp'"
  echo "XCLUSTER_OVLPATH='$directory/ovl'"
  echo "__mem='128'" ;;
ovld) echo "$directory/ovl/$2" ;;
esac
`
  fs.writeFileSync(command, script, { mode: 0o755 })
  const calls = () => {
    const file = path.join(directory, 'calls')
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  }
  return { directory, command, calls }
}
