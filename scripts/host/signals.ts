import process from 'node:process'

/** SigIgn of /proc/<pid>/status (proc(5)) before Node started and reset these signals: set by launch/run.sh. */
const VARIABLE = 'NETNS_SIGIGN'

const mask = BigInt(/^[0-9a-f]{1,16}$/.test(process.env[VARIABLE] ?? '') ? `0x${process.env[VARIABLE]}` : 0)
// Not for child processes.
delete process.env[VARIABLE]

/**
 * Filters out signals that were ignored when this program started: `nohup` ignores SIGHUP, and a shell without job
 * control ignores SIGINT and SIGQUIT for background commands.
 */
export function withoutIgnored<Name extends NodeJS.Signals>(names: readonly Name[], ignored = mask): readonly Name[] {
  // getBuiltinModule: see launch/start.mjs; help loads this file, too.
  const numbers = process.getBuiltinModule('node:os').constants.signals
  return names.filter(name => (ignored & (1n << BigInt(numbers[name] - 1))) === 0n)
}

/** Cannot be caught, report faults of the program itself, or are used by Node (SIGCHLD, SIGPROF, SIGPIPE). */
const UNHANDLED = new Set(
  'SIGKILL SIGSTOP SIGSEGV SIGBUS SIGFPE SIGILL SIGTRAP SIGABRT SIGIOT SIGSYS SIGCHLD SIGPROF SIGPIPE'.split(' '),
)

/** Ignores the signals again that were ignored when this program started. */
export function restoreIgnoredSignals(): void {
  if (mask === 0n) return
  const names = Object.keys(process.getBuiltinModule('node:os').constants.signals) as NodeJS.Signals[]
  const candidates = names.filter(name => !UNHANDLED.has(name))
  const handled = withoutIgnored(candidates)
  for (const name of candidates) if (!handled.includes(name)) process.on(name, () => {})
}
