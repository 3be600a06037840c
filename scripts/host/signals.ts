import process from 'node:process'

/** The line SigIgn of /proc/<pid>/status (proc(5)), as launch/run.sh found it: Node resets these signals when it starts. */
const VARIABLE = 'NETNS_SIGIGN'

const mask = BigInt(/^[0-9a-f]{1,16}$/.test(process.env[VARIABLE] ?? '') ? `0x${process.env[VARIABLE]}` : 0)
// Nobody else's matter.
delete process.env[VARIABLE]

/**
 * The signals among some that were not ignored when this program was started. `nohup` ignores SIGHUP, and a shell without job control
 * ignores SIGINT and SIGQUIT in what it runs in the background: those stay ignored.
 */
export function notIgnored<Name extends NodeJS.Signals>(names: readonly Name[], ignored = mask): readonly Name[] {
  // As in launch/start.mjs: help reads this file, too.
  const numbers = process.getBuiltinModule('node:os').constants.signals
  return names.filter(name => (ignored & (1n << BigInt(numbers[name] - 1))) === 0n)
}

/** No listener is for what cannot be caught, and for faults of the program itself; Node needs SIGCHLD and SIGPROF, and ignores SIGPIPE. */
const NEVER = new Set(
  'SIGKILL SIGSTOP SIGSEGV SIGBUS SIGFPE SIGILL SIGTRAP SIGABRT SIGIOT SIGSYS SIGCHLD SIGPROF SIGPIPE'.split(' '),
)

/** Keeps all signals ignored that were when this program was started, for as long as it runs. */
export function leaveIgnored(): void {
  if (mask === 0n) return
  const names = Object.keys(process.getBuiltinModule('node:os').constants.signals) as NodeJS.Signals[]
  const caught = names.filter(name => !NEVER.has(name))
  const heeded = notIgnored(caught)
  for (const name of caught) if (!heeded.includes(name)) process.on(name, () => {})
}
