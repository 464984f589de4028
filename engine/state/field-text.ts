/** How values of state fields are written for people, and read back. */
import { Buffer } from 'node:buffer';
import ipaddr from 'ipaddr.js';
import { HotclickError } from '../errors.ts';

const nanosecondsPerUnit: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};
const second = 1_000_000_000n;

/** A 64-bit number as JSON can carry it: a number while that is exact, else its digits. */
export function exactNumber(value: bigint): number | string {
  const safe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
  return safe ? Number(value) : value.toString();
}

/** '10.0.0.1' for an address whose first byte is the highest. */
export function formatIp4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

export function parseIp4(text: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = match?.slice(1).map(Number);
  if (bytes === undefined || bytes.some((byte) => byte > 255))
    return refuse(text, 'an IPv4 address like 10.0.0.1');
  return bytes.reduce((address, byte) => address * 256 + byte, 0);
}

/** '10.0.0.0/8'; a mask with holes is written as an address. */
export function formatPrefix4(address: number, mask: number): string {
  const length = mask === 0 ? 0 : Math.clz32(~mask);
  return `${formatIp4(address)}/${maskOf(length) === mask ? length : formatIp4(mask)}`;
}

export function parsePrefix4(text: string): { address: number; mask: number } {
  const [head, tail, more] = text.split('/');
  if (head === undefined || more !== undefined) return refuse(text, 'an IPv4 prefix like 10.0.0.0/8');
  const address = parseIp4(head);
  if (tail === undefined) return { address, mask: maskOf(32) };
  if (tail.includes('.')) return { address, mask: parseIp4(tail) };
  const length = Number(tail);
  if (!/^\d+$/.test(tail) || length > 32) return refuse(text, 'an IPv4 prefix like 10.0.0.0/8');
  return { address, mask: maskOf(length) };
}

function maskOf(length: number): number {
  return length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
}

/** In the form of RFC 5952. */
export function formatIp6(bytes: Uint8Array): string {
  return ipaddr.fromByteArray([...bytes]).toString();
}

export function parseIp6(text: string): Uint8Array {
  if (!ipaddr.IPv6.isValid(text)) return refuse(text, 'an IPv6 address like 2001:db8::1');
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
}

/** An IPv6 prefix as its first address and its length in bits. */
export function parsePrefix6(text: string): { address: Uint8Array; length: number } {
  const [head = '', tail = '128', more] = text.split('/');
  const length = Number(tail);
  if (more !== undefined || !/^\d+$/.test(tail) || length > 128)
    return refuse(text, 'an IPv6 prefix like 2001:db8::/32');
  return { address: parseIp6(head), length };
}

export function formatEther(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function parseEther(text: string): Uint8Array {
  const groups = text.split(/[:-]/);
  if (groups.length !== 6 || groups.some((group) => !/^[0-9a-f]{1,2}$/i.test(group))) {
    return refuse(text, 'an Ethernet address like 02:00:00:00:00:01');
  }
  return Uint8Array.from(groups, (group) => Number.parseInt(group, 16));
}

/** Bytes as hex digits. */
export function parseHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) return refuse(text, 'bytes as hex digits');
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/** Nanoseconds as '1.5s', '20ms', '0s'. */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  const unit =
    (['s', 'ms', 'us'] as const).find((name) => nanoseconds >= (nanosecondsPerUnit[name] ?? 1n)) ?? 'ns';
  return `${formatDecimal(nanoseconds, nanosecondsPerUnit[unit] ?? 1n)}${unit}`;
}

/** '1.5s', '20ms', '2h'; a bare number is seconds, as in a configuration. */
export function parseDuration(text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,9}))?(ns|us|ms|s|m|min|h|d)?$/.exec(text);
  if (match === null) return refuse(text, 'a duration like 1.5s or 20ms');
  const [, whole = '0', fraction = '', unit = 's'] = match;
  const factor = nanosecondsPerUnit[unit === 'min' ? 'm' : unit] ?? second;
  return BigInt(whole) * factor + (BigInt(fraction.padEnd(9, '0')) * factor) / second;
}

/** Nanoseconds since the epoch as an ISO date; null for 0, which means never. */
export function formatTime(nanoseconds: bigint): string | null {
  if (nanoseconds === 0n) return null;
  const seconds = new Date(Number(nanoseconds / second) * 1000);
  if (Number.isNaN(seconds.getTime())) return nanoseconds.toString();
  const fraction = (nanoseconds % second).toString().padStart(9, '0').replace(/0+$/, '');
  const date = seconds.toISOString().slice(0, 19);
  return fraction === '' ? `${date}Z` : `${date}.${fraction}Z`;
}

/** An ISO date, 'never', or nanoseconds since the epoch. */
export function parseTime(text: string): bigint {
  if (text === 'never') return 0n;
  if (/^\d+$/.test(text) && text.length > 4) return BigInt(text);
  const match = /^(.*?:\d{2})\.(\d{1,9})(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  const milliseconds = Date.parse(match === null ? text : `${match[1]}${match[3] ?? ''}`);
  if (Number.isNaN(milliseconds)) return refuse(text, 'a date like 2026-11-20T12:00:00Z');
  return BigInt(milliseconds) * 1_000_000n + BigInt((match?.[2] ?? '').padEnd(9, '0'));
}

/** '50k', '1.5M' or a number: per second. */
export function parseRate(text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,9}))?([kMG])?$/.exec(text);
  if (match === null) return refuse(text, 'a rate like 50k or 1.5M');
  const factor = { k: 1000n, M: 1_000_000n, G: second }[match[3] ?? ''] ?? 1n;
  return BigInt(match[1] ?? '0') * factor + (BigInt((match[2] ?? '').padEnd(9, '0')) * factor) / second;
}

/** A whole number, decimal or 0x…. */
export function parseInteger(text: string): bigint {
  if (!/^(-?\d+|0x[0-9a-f]+)$/i.test(text)) return refuse(text, 'a whole number');
  return BigInt(text);
}

export function parseBoolean(text: string): boolean {
  if (text === 'true' || text === '1' || text === 'yes') return true;
  if (text === 'false' || text === '0' || text === 'no') return false;
  return refuse(text, 'true or false');
}

function formatDecimal(value: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/, '');
  return value % unit === 0n ? `${value / unit}` : `${value / unit}.${fraction}`;
}

export function refuse(text: string, wanted: string): never {
  throw new HotclickError('HC_ARGUMENT', `'${text}' is not ${wanted}`);
}
