// What options of reports choose among. Apart from what it names, which help does not need.

export const REPORTER_NAMES = ['summary', 'log', 'junit', 'tap', 'json', 'results', 'html', 'github'] as const

export type ReporterName = (typeof REPORTER_NAMES)[number]

/** `auto` is `live`, but for a pipeline, whose terminal nobody sees: it keeps every frame in its log. */
export const PROGRESS_KINDS = ['auto', 'live', 'plain'] as const

export type ProgressKind = (typeof PROGRESS_KINDS)[number]
