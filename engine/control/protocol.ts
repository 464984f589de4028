/**
 * What goes over the control socket: lines of JSON in UTF-8, each ended by a newline.
 *
 *   → {"id":1,"method":"read","params":{"path":"c.count"}}
 *   ← {"id":1,"result":"1234"}
 *   ← {"id":1,"error":{"code":"HC_NO_SUCH_ELEMENT","message":"…","hint":"…","details":{}}}
 *   ← {"id":1,"event":{…}}                      any number of them before the result: steps of an upgrade, hops of a trace
 *   → {"id":2,"method":"cancel","params":{"id":1}}
 *
 * Requests of one connection run side by side and are answered in the order they end. Closing the connection
 * cancels what it asked for.
 */

import type { ErrorCode } from '../errors.ts';
import { errorTable, HotclickError } from '../errors.ts';
import { plainObject, requestError } from './schema.ts';

/** Bytes a request line may have. Answers have no bound: a client chose the engine it asks. */
export const longestRequest = 1024 * 1024;

/** Requests of one connection that may be under way at a time. */
export const mostRequests = 64;

export type RequestId = string | number;

export interface Request {
  readonly id: RequestId;
  readonly method: string;
  readonly params: unknown;
}

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type Response =
  /** `id` is null when the request had none that could be read. */
  | { readonly id: RequestId | null; readonly error: WireError }
  | { readonly id: RequestId; readonly result: unknown }
  | { readonly id: RequestId; readonly event: unknown };

/** A request that cannot be carried out, with its id as far as it could be read. */
export interface BadRequest {
  readonly id: RequestId | null;
  readonly fault: HotclickError;
}

export function parseRequest(line: string): Request | BadRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    return { id: null, fault: requestError(`the request is not JSON: ${messageOf(cause)}`) };
  }
  let id: RequestId | null = null;
  try {
    const request = plainObject(value, 'the request');
    if (!isId(request.id)) throw requestError('the id of the request must be a number or a string');
    id = request.id;
    const unknown = Object.keys(request).find((name) => !['id', 'method', 'params'].includes(name));
    if (unknown !== undefined) throw requestError(`the request has an unknown field '${unknown}'`);
    if (typeof request.method !== 'string') throw requestError('the method of the request must be a string');
    return { id, method: request.method, params: request.params ?? {} };
  } catch (fault) {
    return { id, fault: asHotclickError(fault) };
  }
}

/** Undefined when the line is no response. */
export function parseResponse(line: string): Response | undefined {
  try {
    const value = plainObject(JSON.parse(line), 'the response');
    const known = isId(value.id) || value.id === null;
    return known && ('result' in value || 'event' in value || 'error' in value)
      ? (value as unknown as Response)
      : undefined;
  } catch {
    return undefined;
  }
}

export function encodeError(error: unknown): WireError {
  return asHotclickError(error).toJSON();
}

/** The error that the other side met. A code this version does not know keeps its message. */
export function decodeError({ code, message, hint, details }: WireError): HotclickError {
  return Object.hasOwn(errorTable, code)
    ? new HotclickError(code, message, { hint, details: { ...details } })
    : new HotclickError('HC_INTERNAL', `${code}: ${message}`, { hint, details: { ...details } });
}

export function asHotclickError(error: unknown): HotclickError {
  return error instanceof HotclickError
    ? error
    : new HotclickError('HC_INTERNAL', messageOf(error), { cause: error });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isId(value: unknown): value is RequestId {
  return typeof value === 'number' || typeof value === 'string';
}
