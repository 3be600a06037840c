// Names of reporters, apart from their code, which the help does not need.

export const REPORTER_NAMES = [
  'summary',
  'log',
  'junit',
  'tap',
  'json',
  'results',
  'html',
  'github',
  'cni',
  'cni-markdown',
] as const

export type ReporterName = (typeof REPORTER_NAMES)[number]

/** `auto` is `live`, except in pipelines: their logs would contain every frame. */
export const PROGRESS_KINDS = ['auto', 'live', 'plain'] as const

export type ProgressKind = (typeof PROGRESS_KINDS)[number]
