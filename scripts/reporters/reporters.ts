import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import { suggest } from '../errors/suggest.ts'
import type { Listener } from '../events/events.ts'
import { shownPath } from '../host/shown-path.ts'
import { REPORTER_NAMES, type ReporterName } from './names.ts'
import { fileTarget, type Output, streamTarget, type Target } from './output.ts'
import type { ReporterSpec, Reporting } from './reporting.ts'
import type { Streams } from './streams.ts'

interface Reporter {
  /** The default target. */
  readonly target: string
  /** Useful only as a whole: its file appears when it is complete. */
  readonly isDocument: boolean
  /** Loaded on demand: most runs need two reporters. The directory is that of its file, or the working directory. */
  readonly make: (output: Output, reporting: Reporting, directory: string) => Promise<Listener>
}

const [STDOUT, STDERR] = ['stdout', 'stderr'] as const

/** For all targets except stderr. */
const NO_TERMINAL = { color: false, progress: false }

/** All reporters, by name. */
const REPORTERS: Readonly<Record<ReporterName, Reporter>> = {
  summary: {
    target: STDERR,
    isDocument: false,
    make: async (output, { terminal }) => (await import('./summary.ts')).summary(output, terminal),
  },
  log: { target: STDOUT, isDocument: false, make: async output => (await import('./log.ts')).log(output) },
  junit: { target: STDOUT, isDocument: true, make: async output => (await import('./junit.ts')).junit(output) },
  tap: { target: STDOUT, isDocument: false, make: async output => (await import('./tap.ts')).tap(output) },
  json: { target: STDOUT, isDocument: false, make: async output => (await import('./json.ts')).json(output) },
  results: {
    target: 'results.json',
    isDocument: true,
    make: async output => (await import('./results.ts')).results(output),
  },
  html: {
    target: 'report.html',
    isDocument: true,
    make: async (output, _, directory) => (await import('./html/html.ts')).html(output, directory),
  },
  cni: {
    target: 'conformance.json',
    isDocument: true,
    make: async output => (await import('./cni.ts')).cni(output),
  },
  'cni-markdown': {
    target: 'conformance.md',
    isDocument: true,
    make: async output => (await import('./cni.ts')).cniMarkdown(output),
  },
  github: {
    // GitHub reads both streams; stderr has the summary, and stdout may be redirected.
    target: STDERR,
    isDocument: false,
    make: async (output, { stepSummary }) => {
      const [{ github }, { stepSummaryFile }] = await Promise.all([
        import('./github/github.ts'),
        import('./github/step-summary.ts'),
      ])
      return github(output, stepSummary === undefined ? undefined : stepSummaryFile(stepSummary))
    },
  },
}

/**
 * Opens the requested reporters and the default ones. At most one reporter writes to stdout.
 * @throws Failure NO_SUCH_REPORTER, BAD_TARGET (exit 2); REPORT_NOT_WRITABLE (exit 3)
 */
export async function openReporters(reporting: Reporting, streams: Streams): Promise<readonly Listener[]> {
  const wanted = placeAll(reporting)
  refuseSharedTargets(wanted)
  const opened: { target: Target; listener: Listener }[] = []
  try {
    for (const { reporter, to } of wanted) {
      const target = openTarget(to, reporter.isDocument, streams)
      const how = to === STDERR ? reporting : { ...reporting, terminal: NO_TERMINAL }
      opened.push({ target, listener: ending(await reporter.make(target, how, path.dirname(to)), target) })
    }
    return opened.map(({ listener }) => listener)
  } catch (error) {
    for (const { target } of opened) target.discard()
    throw error
  }
}

/**
 * Paths of reports with default targets, as lines for the end of a run: `results: /…/results (report.html, …)`.
 */
export function describePlaces(reporting: Reporting): readonly string[] {
  const { resultsDirectory, logFile } = reporting
  if (resultsDirectory) return [`results: ${resultsDirectory} (${Object.values(IN_RESULTS).join(', ')})`]
  const isOurs = logFile !== undefined && placeAll(reporting).some(({ to }) => to === logFile)
  return isOurs ? [`log: ${logFile}`] : []
}

/** Reports in the results directory. */
const IN_RESULTS = { html: 'report.html', log: 'log.txt', results: 'results.json' } as const

/** Whether a reporter is a module of the user. */
const isModule = (name: string): boolean => /[/.]/.test(name) && /\.(ts|mts|js|mjs)$/.test(name)

/** A reporter that a module exports: `./mine.ts`, to stdout by default. */
const ofModule = (name: string): Reporter => ({
  target: STDOUT,
  isDocument: false,
  make: async output => {
    const { importModule } = await import('../test-files/module.ts')
    const file = path.resolve(name)
    const module = await importModule(file, shownPath(file))
    const wrong = (why: string) => usageFailure('BAD_REPORTER', why)
    if ('issues' in module)
      throw wrong(module.issues.map(({ location, message }) => `${location}: ${message}`).join('\n'))
    if (typeof module.value !== 'function') throw wrong(`${name}: its default export is not a function`)
    const listener: Partial<Listener> | undefined = await module.value(output)
    if (typeof listener?.on !== 'function') throw wrong(`${name}: its function returned no object with a method on`)
    return { name: path.basename(name), on: event => listener.on?.(event), close: async () => await listener.close?.() }
  },
})

/** All reporters, requested or default, with their targets. */
function placeAll({ specs, resultsDirectory, logFile }: Reporting): readonly Placed[] {
  const named = specs.map(place)
  const beside = Object.entries(resultsDirectory ? IN_RESULTS : {})
    .map(([name, file]) => place({ name, target: path.join(resultsDirectory ?? '', file) }))
    // The user may have requested the same file.
    .filter(({ name, to }) => !named.some(other => other.name === name && other.to === to))
  return [...withDefaults(named, resultsDirectory !== undefined, logFile), ...beside]
}

interface Placed {
  readonly name: string
  readonly reporter: Reporter
  /** `stdout`, `stderr`, or an absolute path. */
  readonly to: string
}

/** Aliases of the streams. */
const STREAM_NAMES: Readonly<Record<string, string>> = {
  '-': STDOUT,
  stdout: STDOUT,
  '/dev/stdout': STDOUT,
  '/dev/fd/1': STDOUT,
  stderr: STDERR,
  '/dev/stderr': STDERR,
  '/dev/fd/2': STDERR,
}

function place({ name, target }: ReporterSpec): Placed {
  const known = REPORTER_NAMES.find(each => each === name)
  const reporter = known ? REPORTERS[known] : isModule(name) ? ofModule(name) : undefined
  if (!reporter) {
    const hint = suggest(name, REPORTER_NAMES, `reporters are ${REPORTER_NAMES.join(', ')}, and modules: ./mine.ts`)
    throw usageFailure('NO_SUCH_REPORTER', `no reporter is named '${name}'`, { hint })
  }
  if (target === '') {
    throw usageFailure('BAD_TARGET', `--reporter ${name}=: the target is empty`, {
      hint: `a file, stdout or stderr; without =, ${name} goes to ${reporter.target}`,
    })
  }
  const wanted = target ?? reporter.target
  return { name, reporter, to: STREAM_NAMES[wanted] ?? path.resolve(wanted) }
}

/** On a terminal, the log would repeat the summary: it goes to a file, in the results directory if there is one. */
function withDefaults(named: readonly Placed[], hasResults: boolean, logFile: string | undefined): readonly Placed[] {
  const isNamed = (name: string) => named.some(placed => placed.name === name)
  const stdoutIsTaken = named.some(({ to }) => to === STDOUT)
  const summary = isNamed('summary') ? [] : [place({ name: 'summary', target: undefined })]
  const isElsewhere =
    isNamed('log') || (stdoutIsTaken && logFile === undefined) || (hasResults && logFile !== undefined)
  return [...summary, ...(isElsewhere ? [] : [place({ name: 'log', target: logFile })]), ...named]
}

/** Only stderr can be shared: it is read by the user. */
function refuseSharedTargets(wanted: readonly Placed[]): void {
  for (const [index, { name, to }] of wanted.entries()) {
    const other = wanted.slice(0, index).find(placed => placed.to === to)
    if (!other || (to === STDERR && other.name !== name)) continue
    throw usageFailure('BAD_TARGET', `the reporters ${other.name} and ${name} both write to ${to}`, {
      hint: `give one of them a file: --reporter ${name}=<file>`,
    })
  }
}

function openTarget(to: string, isDocument: boolean, { stdout, stderr }: Streams): Target {
  if (to === STDOUT) return streamTarget(stdout)
  return to === STDERR ? streamTarget(stderr) : fileTarget(to, isDocument)
}

/** Ends the target of a listener, or discards it if the report failed. */
function ending(listener: Listener, target: Target): Listener {
  let isUseless = false
  return {
    name: listener.name,
    on: event => {
      try {
        listener.on(event)
      } catch (error) {
        isUseless = true
        throw error
      }
    },
    close: async () => {
      try {
        if (isUseless) return target.discard()
        await listener.close?.()
        await target.finish()
      } catch (error) {
        target.discard()
        throw error
      }
    },
  }
}
