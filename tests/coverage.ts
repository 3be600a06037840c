/** Whether coverage is measured, which changes bundles, the environment of processes and their memory. */
export const isCovered = process.env.NODE_V8_COVERAGE !== undefined
