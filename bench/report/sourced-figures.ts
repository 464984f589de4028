/**
 * What others cost, as published, or as measured by us where this benchmark cannot run them. They are in the report
 * beside what it measures, marked as such.
 */
export interface SourcedFigure {
  readonly system: string;
  readonly how: string;
  /** ms without forwarding. */
  readonly from: number;
  readonly to: number;
  readonly state: string;
  readonly source: string;
}

const here =
  'measured in November 2026 on a 2-core x86-64 VM (AMD EPYC, Debian 12, Linux 6.18), 50,000–200,000 packets/s';

export const sourcedFigures: readonly SourcedFigure[] = [
  {
    system: 'Click hotconfig',
    how: 'new router initialised on the packet thread, sockets opened again',
    from: 82,
    to: 92,
    state: 'queues and ARP kept; counters and NAT bindings gone',
    source: `${here}; 2,900 to 16,000 packets lost, up to 1,310 duplicated and reordered`,
  },
  {
    system: 'Click, FastClick restart',
    how: 'kill and start',
    from: 41,
    to: 88,
    state: 'gone',
    source: `${here}; 3,700 to 12,000 packets lost`,
  },
  {
    system: 'Snap, Andromeda',
    how: 'parallel process, engine by engine',
    from: 250,
    to: 270,
    state: 'serialised',
    source: 'published medians (Marty et al., SOSP 2019; Dalton et al., NSDI 2018)',
  },
  {
    system: 'VPP restart',
    how: 'process restart',
    from: 814,
    to: 814,
    state: 'lost',
    source: 'published',
  },
  {
    system: 'CLICK-UP',
    how: 'kill, generate, compile, link, start; 1 to 50 modules',
    from: 660,
    to: 11_600,
    state: 'two text files, written by a destructor that kill -9 never runs',
    source: 'published, Raspberry Pi 3B',
  },
  {
    system: 'Click restart (CLICK-UP paper)',
    how: 'rebuild and start; 1 to 50 modules',
    from: 3800,
    to: 16_600,
    state: 'gone',
    source: 'published with CLICK-UP, Raspberry Pi 3B',
  },
];

/** Baidu's four solutions, published without figures. */
export const baidu: readonly { readonly how: string; readonly outage: string; readonly here: string }[] = [
  { how: 'restart', outage: '"too long"', here: 'restart' },
  { how: 'two processes', outage: '"seconds"', here: 'two-process' },
  { how: 'dual main process', outage: '"milliseconds"', here: 'dual-main' },
  { how: 'thread restart and library replacement', outage: '"nearly zero"', here: 'thread' },
];

/** CLICK-UP's outage by number of replaced modules, ms. */
export const clickUpByModules: readonly { readonly replaced: number; readonly ms: number }[] = [
  { replaced: 1, ms: 660 },
  { replaced: 50, ms: 11_600 },
];
