/** The public names of hotclick. */
export { flattenClick, parseClick } from '../click-compat/index.ts';
export { ControlClient } from './control/client.ts';
export { ControlServer } from './control/server.ts';
export { Engine, type EngineEvents, type StartOptions } from './engine.ts';
export type * from './engine-types.ts';
export { type ErrorCode, errorTable, HotclickError } from './errors.ts';
export type * from './graph/element-class.ts';
export type * from './graph/router-graph.ts';
export { HostProcess } from './succession/host-process.ts';
export { buildElement } from './upgrade/build-element.ts';
export type * from './watch-types.ts';
