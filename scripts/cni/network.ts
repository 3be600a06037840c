/** One plugin of a network: the keys that the runtime knows; all others are the plugin's own. */
export interface PluginConfig {
  /** The name of its executable. */
  readonly type: string
  readonly capabilities?: Readonly<Record<string, boolean>>
  readonly ipam?: { readonly type?: string; readonly [key: string]: unknown }
  readonly [key: string]: unknown
}

/** A network configuration: the plugins that connect a container, in order. */
export interface Network {
  readonly cniVersion: string
  /** Since 1.1.0: the versions that the runtime may choose from. */
  readonly cniVersions?: readonly string[]
  readonly name: string
  readonly disableCheck?: boolean
  readonly disableGC?: boolean
  readonly plugins: readonly PluginConfig[]
}
