import type { PluginConfig } from '../network.ts'

/** A network of one plugin that connects the PODs of a test. */
export interface PodNetwork {
  readonly name: string
  /** `{{subnet4}}` and `{{subnet6}}` are the networks of a node's PODs. */
  readonly plugin: PluginConfig
  /** Titles of the steps, for the summary. */
  readonly titles: { readonly configure: string; readonly start: string }
  /** A shell command for each node, before plugins are called. */
  readonly before?: string
}
