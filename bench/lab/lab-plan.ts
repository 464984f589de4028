import { labNames } from './lab-names.ts';

/** `router`: client and server are in two networks; `bridge`: in one. */
export type LabMode = 'router' | 'bridge';

/** An end of the laboratory with a kernel stack of its own: the client or the server. */
export interface LabHost {
  readonly namespace: string;
  readonly device: string;
  readonly mac: string;
  readonly ip: string;
  readonly prefixLength: number;
  /** Router mode only: the engine's address on this host's network. */
  readonly gateway?: string;
}

/** One of the engine's two devices. The kernel gives it no address; in router mode the engine is to use `ip`. */
export interface LabEngineSide {
  readonly device: string;
  readonly mac: string;
  readonly ip?: string;
}

export interface LabEngine {
  /** Undefined when the engine runs in the namespace of the caller. */
  readonly namespace: string | undefined;
  readonly clientSide: LabEngineSide;
  readonly serverSide: LabEngineSide;
}

/** Names and addresses of a laboratory, before anything of it exists. */
export interface LabPlan {
  readonly mode: LabMode;
  readonly client: LabHost;
  readonly server: LabHost;
  readonly engine: LabEngine;
}

export interface LabPlanOptions {
  readonly mode?: LabMode | undefined;
  readonly engineNamespace?: boolean | undefined;
  /** See `labNames`. */
  readonly suffix?: string | undefined;
}

/** The addresses are the same in every run: namespaces keep them apart. */
export function planLab(options: LabPlanOptions = {}): LabPlan {
  const names = labNames(options.suffix);
  const routed = options.mode !== 'bridge';
  return {
    mode: routed ? 'router' : 'bridge',
    client: {
      namespace: names.client,
      device: 'client0',
      mac: '02:00:0a:01:00:02',
      ip: '10.1.0.2',
      prefixLength: 24,
      ...(routed && { gateway: '10.1.0.1' }),
    },
    server: {
      namespace: names.server,
      device: 'server0',
      mac: '02:00:0a:02:00:02',
      ip: routed ? '10.2.0.2' : '10.1.0.3',
      prefixLength: 24,
      ...(routed && { gateway: '10.2.0.1' }),
    },
    engine: {
      namespace: options.engineNamespace === true ? names.engine : undefined,
      clientSide: { device: names.clientSide, mac: '02:00:0a:01:00:01', ...(routed && { ip: '10.1.0.1' }) },
      serverSide: { device: names.serverSide, mac: '02:00:0a:02:00:01', ...(routed && { ip: '10.2.0.1' }) },
    },
  };
}
